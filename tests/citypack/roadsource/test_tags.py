"""What tags mean for a police car."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.citypack.roadsource import tags as rules


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("50", 50.0),
        ("50 km/h", 50.0),
        ("30 mph", 48.3),
        ("30mph", 48.3),
        ("CN:urban", 50.0),
        ("CN:motorway", 120.0),
        ("RO:rural", 90.0),
        ("RO:motorway", 130.0),
        ("DE:zone:30", 30.0),
        ("DE:zone30", 30.0),
        ("walk", 7.0),
        ("DE:walk", 7.0),
        ("60;40", 40.0),
        ("none", None),
        ("DE:none", None),
        ("signals", None),
        ("", None),
    ],
)
def test_a_limit_is_read(words: str, expected: float | None) -> None:
    assert rules.kmh(words) == expected


@pytest.mark.parametrize("words", ["500", "3", "0", "-50", "fast", "50;fast", "XX:nowhere", "50 knots", "1e3"])
def test_a_limit_that_cannot_be_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="maxspeed="):
        rules.kmh(words)


@given(st.text(max_size=12))
def test_a_limit_is_a_possible_speed_or_none_or_refused(words: str) -> None:
    try:
        found = rules.kmh(words)
    except ValueError:
        return
    assert found is None or 5 <= found <= 150


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, 0),
        ({"oneway": "yes"}, 1),
        ({"oneway": "-1"}, -1),
        ({"oneway": "no", "highway": "motorway"}, 0),
        ({"highway": "motorway"}, 1),
        ({"highway": "motorway_link"}, 0),
        ({"junction": "roundabout"}, 1),
        ({"oneway": "reversible"}, None),
    ],
)
def test_a_direction_is_read_or_implied(tags: dict[str, str], expected: int | None) -> None:
    assert rules.direction(tags) == expected


@pytest.mark.parametrize(
    ("tags", "driven"),
    [
        ({"highway": "service"}, True),
        ({"highway": "footway"}, False),
        ({"highway": "track"}, False),
        ({"highway": "service", "access": "private"}, True),
        ({"highway": "service", "access": "no"}, False),
        ({"highway": "service", "access": "no", "motor_vehicle": "destination"}, True),
        ({"highway": "service", "access": "yes", "motor_vehicle": "no"}, False),
        ({"highway": "service", "motor_vehicle": "no", "emergency": "yes"}, True),
        ({"highway": "service", "emergency": "no"}, False),
        ({"highway": "service", "area": "yes"}, False),
        ({"building": "yes"}, False),
    ],
)
def test_a_way_is_driven_on_or_not(tags: dict[str, str], driven: bool) -> None:
    assert (rules.road_class(tags) is not None) is driven


@pytest.mark.parametrize(
    ("tags", "stops"),
    [
        ({"barrier": "bollard"}, True),
        ({"barrier": "block"}, True),
        ({"barrier": "gate"}, True),
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "gate", "access": "yes"}, False),
        ({"barrier": "gate", "motor_vehicle": "destination"}, False),
        ({"barrier": "bollard", "emergency": "yes"}, False),
        ({"barrier": "lift_gate"}, False),
        ({"barrier": "lift_gate", "access": "no"}, True),
        ({"barrier": "toll_booth"}, False),
        ({"highway": "crossing"}, False),
    ],
)
def test_a_barrier_stops_a_police_car_or_not(tags: dict[str, str], stops: bool) -> None:
    assert rules.stops_traffic(tags) is stops


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({"name": "深南大道", "name:en": "Shennan Avenue"}, "深南大道"),
        ({"name:zh": "景田路", "name:en": "Jingtian Road"}, "景田路"),
        ({"name:en": "Jingtian Road", "ref": "G4"}, "Jingtian Road"),
        ({"name": " ", "ref": "G4"}, "G4"),
        ({}, ""),
    ],
)
def test_a_road_is_called_by_the_best_name_there_is(tags: dict[str, str], name: str) -> None:
    assert rules.name_of(tags) == name
