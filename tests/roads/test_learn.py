"""Speeds learned from recorded drives: drives are made up at speeds that we know, and these have to be found again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from jieying.citypack.model import HOURS_OF_WEEK, Area, Name, SpeedTable
from jieying.citypack.new import new_pack
from jieying.citypack.read import read_pack
from jieying.kit.errors import Invalid
from jieying.roads.learn import Learned, Trip, error_of, learn_speeds, predict, write_speeds
from jieying.roads.network import RoadNetwork

from .towns import STEP, at, road, town

SIDE = 8  # crossings each way, 500 m apart
PACK = SpeedTable({"avenue": 50.0}, 36.0)
RUSH = np.array([0.8 if 7 <= hour % 24 < 10 or 16 <= hour % 24 < 19 else 1.05 for hour in range(HOURS_OF_WEEK)])
TRUE = SpeedTable({"avenue": 60.0, "street": 27.0}, 36.0, tuple(RUSH.tolist()), {"east": 0.85})
START_S = 20.0


@pytest.fixture(scope="module")
def network() -> RoadNetwork:
    """A grid, every third line an avenue; its eastern half is an area of its own. At the speeds of the pack."""
    places = [(5.0 * x, 5.0 * y) for y in range(SIDE) for x in range(SIDE)]
    roads = []
    for y in range(SIDE):
        for x in range(SIDE):
            here = y * SIDE + x
            if x + 1 < SIDE:
                roads.append(road(here, here + 1, 500.0, road_class="avenue" if y % 3 == 0 else "street"))
            if y + 1 < SIDE:
                roads.append(road(here, here + SIDE, 500.0, road_class="avenue" if x % 3 == 0 else "street"))
    east = Area("east", "S", Name("东"), box(17.5 * STEP, -STEP, 40 * STEP, 40 * STEP))
    return RoadNetwork(town(places, roads, areas=[east]), PACK)


def drives(network: RoadNetwork, n: int, noise: float = 0.15, seed: int = 1) -> list[Trip]:
    """Drives between random crossings in random hours, at the true speeds, more or less."""
    random = np.random.default_rng(seed)
    places = random.integers(SIDE, size=(n, 4)).tolist()
    hours = random.integers(HOURS_OF_WEEK, size=n).tolist()
    plain = [
        Trip(at(5 * a, 5 * b), at(5 * c, 5 * d), hour, 0.0)
        for (a, b, c, d), hour in zip(places, hours, strict=True)
        if (a, b) != (c, d)
    ]
    lasting = predict(network.with_speeds(TRUE), 0.0, plain) * np.exp(random.normal(0, noise, len(plain))) + START_S
    return [trip._replace(seconds=seconds) for trip, seconds in zip(plain, lasting.tolist(), strict=True)]


@pytest.fixture(scope="module")
def learned(network: RoadNetwork) -> Learned:
    return learn_speeds(network, drives(network, 1200))


def test_the_speeds_that_drives_were_made_with_are_found_again(learned: Learned) -> None:
    # A constant may move from the classes to the hours: what is driven at, on average over the week, has to be right.
    usual = float(np.mean(learned.speeds.hour_factor) / RUSH.mean())
    assert learned.speeds.kmh["avenue"] * usual == pytest.approx(60.0, rel=0.08)
    assert learned.speeds.kmh["street"] * usual == pytest.approx(27.0, rel=0.08)
    assert learned.speeds.area_factor["east"] == pytest.approx(0.85, abs=0.07)
    assert learned.start_s == pytest.approx(START_S, abs=12)
    assert learned.spread == pytest.approx(0.15, abs=0.03)


def test_rush_hours_are_slower_than_the_night(learned: Learned) -> None:
    factors = learned.speeds.hour_factor
    assert len(factors) == HOURS_OF_WEEK
    tuesday, sunday = factors[24:48], factors[144:168]
    assert tuesday[8] < tuesday[2] - 0.1
    assert sunday[17] < sunday[2] - 0.1


def test_drives_not_seen_before_are_told_better_than_by_the_pack(network: RoadNetwork, learned: Learned) -> None:
    unseen = drives(network, 300, seed=2)
    before = error_of(predict(network, 0.0, unseen), unseen)
    after = error_of(predict(network.with_speeds(learned.speeds), learned.start_s, unseen), unseen)
    assert after.mdape < 0.14 < before.mdape
    assert abs(after.bias) < 0.03
    assert after.r2 > 0.85


def test_a_tenth_of_nonsense_does_not_move_the_speeds_much(network: RoadNetwork) -> None:
    good = drives(network, 400)
    wrong = [trip._replace(seconds=trip.seconds * 8) for trip in good[::10]]
    with_wrong = [*wrong, *(trip for i, trip in enumerate(good) if i % 10)]
    clean, spoilt = (learn_speeds(network, trips).speeds.kmh["street"] for trips in (good, with_wrong))
    assert spoilt == pytest.approx(clean, rel=0.15)


def test_what_no_drive_tells_stays_as_the_pack_says(network: RoadNetwork) -> None:
    pack = replace(PACK, kmh={**PACK.kmh, "motorway": 90.0})
    learned = learn_speeds(RoadNetwork(network.graph, pack), drives(network, 300))
    assert learned.speeds.kmh["motorway"] == 90.0
    assert learned.speeds.default_kmh == PACK.default_kmh


def test_a_handful_of_drives_is_refused(network: RoadNetwork) -> None:
    with pytest.raises(Invalid, match="speeds_too_few"):
        learn_speeds(network, drives(network, 30))


def test_speeds_written_into_a_pack_are_those_it_is_read_with(tmp_path: Path) -> None:
    new_pack(tmp_path / "pack", "testville")
    area = read_pack(tmp_path / "pack").areas[0].code
    speeds = SpeedTable(
        {"primary": 47.3, 'odd "class"': 20.0}, 31.0, tuple((RUSH * 0.987).round(3).tolist()), {area: 0.912}
    )
    write_speeds(tmp_path / "pack" / "speeds.toml", speeds, ["learned from nothing"])
    assert read_pack(tmp_path / "pack").speeds == speeds
