"""Every fault of a pack is named with its file and line: the starter pack, with one thing broken at a time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jieying.citypack.check import validate_pack
from jieying.citypack.faults import PackFaults
from jieying.citypack.model import TurnBan
from jieying.citypack.new import new_pack
from jieying.citypack.read import read_pack
from jieying.kit.geo import Point
from jieying.kit.texts import LANGUAGES, catalogue

Break = Callable[[Path], None]


def swap(file: str, old: str, new: str) -> Break:
    """Replace the first `old` of a file."""

    def apply(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return apply


def append(file: str, text: str) -> Break:
    def apply(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as end:
            end.write(text)

    return apply


def remove(file: str) -> Break:
    return lambda folder: (folder / file).unlink()


def replace(file: str, content: bytes) -> Break:
    def apply(folder: Path) -> None:
        (folder / file).write_bytes(content)

    return apply


ONE = '[[category]]\ncode = "a"\nparent = "b"\nname = {zh = "甲"}\nkind = "police"\nlevel = "red"\n'
OTHER = ONE.replace('"a"', '"c"').replace('"b"', '"a"').replace('"c"', '"b"').replace("甲", "乙")

CHEAP = {
    "a missing file": (remove("duties.csv"), ("duties.csv", 0, "missing_file")),
    "a file in GBK": (
        replace("officers.csv", "code,name,org,unit\n1,警员,S1,U1\n".encode("gbk")),
        ("officers.csv", 2, "not_utf8"),
    ),
    "an unknown column": (swap("units.csv", "plate", "plate,colour"), ("units.csv", 1, "unknown_column")),
    "a missing column": (swap("units.csv", "phone,plate", "phone"), ("units.csv", 1, "missing_column")),
    "a row too short": (append("officers.csv", "100005,警员五\n"), ("officers.csv", 6, "cell_count")),
    "a quote never closed": (append("officers.csv", '"100005,警员五\n'), ("officers.csv", 6, "csv_syntax")),
    "TOML that is none": (swap("plans.toml", "units = 2", "units = = 2"), ("plans.toml", 7, "toml_syntax")),
    "GeoJSON that is no JSON": (swap("areas.geojson", '"S1-2"', '"S1-2'), ("areas.geojson", 3, "json_syntax")),
    "JSON that is no GeoJSON": (replace("areas.geojson", b'{"type": "Topology"}'), ("areas.geojson", 0, "not_geojson")),
    "an unknown key": (swap("plans.toml", "preempt", "prempt"), ("plans.toml", 3, "unknown_key")),
    "an unknown table": (append("outcomes.toml", "[[result]]\n"), ("outcomes.toml", 17, "unknown_key")),
    "an unknown setting": (swap("pack.toml", "nearness", "closeness"), ("pack.toml", 11, "unknown_key")),
    "no table of speeds": (replace("pack.toml", b""), ("pack.toml", 0, "missing_table")),
    "a table where an array belongs": (replace("plans.toml", b"[plan]\n"), ("plans.toml", 1, "not_array")),
    "an empty name": (swap("orgs.csv", "城西派出所", ""), ("orgs.csv", 5, "empty")),
    "a number as a text": (swap("outcomes.toml", '"handled"', "7"), ("outcomes.toml", 2, "not_text")),
    "words that are no list": (
        swap("alarm_words.toml", '["拿刀", "持刀"]', "[1]"),
        ("alarm_words.toml", 6, "not_texts"),
    ),
    "a flag that is none": (swap("plans.toml", "preempt = true", 'preempt = "yes"'), ("plans.toml", 3, "not_flag")),
    "a bad number": (swap("addresses.csv", "人民路,41", "人民路,四十一"), ("addresses.csv", 4, "bad_number")),
    "a position that is no number": (swap("places.csv", "30.005", "30.0.5"), ("places.csv", 3, "bad_number")),
    "a number out of range": (swap("targets.toml", "answer = 3", "answer = -3"), ("targets.toml", 2, "number_range")),
    "a position off the earth": (
        swap("units.csv", "29.995,109.99", "109.99,29.995"),
        ("units.csv", 2, "position_range"),
    ),
    "no such level": (swap("categories.toml", '"orange"', '"purple"'), ("categories.toml", 3, "bad_level")),
    "no such kind of org": (swap("orgs.csv", "K,C,county", "K,C,district"), ("orgs.csv", 4, "not_one_of")),
    "no such role": (swap("targets.toml", '"dispatcher"', '"boss"'), ("targets.toml", 38, "not_one_of")),
    "an area of an unknown org": (
        swap("areas.geojson", '"org": "S2"', '"org": "S9"'),
        ("areas.geojson", 4, "unknown_org"),
    ),
    "an unknown parent": (swap("orgs.csv", "S1,K", "S1,X"), ("orgs.csv", 5, "unknown_org")),
    "a duty of an unknown unit": (swap("duties.csv", "U2", "U9"), ("duties.csv", 4, "unknown_unit")),
    "an unknown parent category": (
        swap("categories.toml", 'parent = "crime"', 'parent = "krime"'),
        ("categories.toml", 10, "unknown_category"),
    ),
    "a plan for an unknown category": (
        swap("plans.toml", '"*"\nunits = 1', '"x"\nunits = 1'),
        ("plans.toml", 12, "unknown_category"),
    ),
    "an alarm word of an unknown category": (
        swap("alarm_words.toml", '"fight"', '"fite"'),
        ("alarm_words.toml", 6, "unknown_category"),
    ),
    "orgs in a ring": (swap("orgs.csv", "P,,province", "P,S1,province"), ("orgs.csv", 2, "parent_ring")),
    "categories in a ring": (append("categories.toml", ONE + OTHER), ("categories.toml", 67, "parent_ring")),
    "a third tier": (append("categories.toml", ONE.replace('"b"', '"theft"')), ("categories.toml", 67, "third_tier")),
    "a code twice": (swap("units.csv", "\nU2", "\nU1"), ("units.csv", 3, "duplicate_code")),
    "two units of one name": (swap("units.csv", "城西巡逻2组", "城西巡逻1组"), ("units.csv", 3, "duplicate_name")),
    "a slash in a code": (append("orgs.csv", "S/3,K,station,城北派出所,North,,\n"), ("orgs.csv", 7, "code_sign")),
    "no outcome at all": (replace("outcomes.toml", b""), ("outcomes.toml", 0, "nothing_in_it")),
    "no such time zone": (swap("pack.toml", "Asia/Shanghai", "Asia/Nowhere"), ("pack.toml", 4, "unknown_timezone")),
    "23 hours": (
        swap("pack.toml", "default_kmh = 30", f"default_kmh = 30\nhour_factor = {[1.0] * 23}"),
        ("pack.toml", 18, "hour_factors"),
    ),
    "a shape that crosses itself": (
        swap("areas.geojson", "[109.98,30.0],[110.0,30.0]", "[110.0,30.0],[109.98,30.0]"),
        ("areas.geojson", 2, "bad_shape"),
    ),
    "a day that is none": (swap("duties.csv", "1-5;7", "1-5;8"), ("duties.csv", 6, "bad_days")),
    "an impossible time": (swap("duties.csv", "19:00", "25:00"), ("duties.csv", 6, "bad_time")),
    "no general plan": (
        swap("plans.toml", 'category = "*"\nunits = 1', 'category = "help"\nunits = 1'),
        ("plans.toml", 0, "no_general_plan"),
    ),
    "a level without targets": (
        swap("targets.toml", "[level.blue]", "[level.azure]"),
        ("targets.toml", 0, "level_missing"),
    ),
    "an edge to a missing node": (swap("edges.csv", "\n0,1,", "\n0,99,"), ("edges.csv", 2, "unknown_node")),
    "a road of no length": (swap("edges.csv", "\n0,1,481.5,", "\n0,1,0,"), ("edges.csv", 2, "not_positive")),
    "a line of one point": (swap("edges.csv", "109.985000 29.990000;", ""), ("edges.csv", 2, "bad_line")),
    "a ban on an edge that is not there": (
        replace("turns.csv", b"from_edge,via,to_edge\n0,1,999\n"),
        ("turns.csv", 2, "unknown_edge"),
    ),
    "a ban at a node that its edge does not touch": (
        replace("turns.csv", b"from_edge,via,to_edge\n0,5,1\n"),
        ("turns.csv", 2, "edge_not_at_node"),
    ),
    "a post for an unknown unit": (
        replace("posting.csv", b"unit,lat,lon\nU9,30,110\n"),
        ("posting.csv", 2, "unknown_unit"),
    ),
    "two posts for one unit": (
        replace("posting.csv", b"unit,lat,lon\nU1,30,110\nU1,30,110\n"),
        ("posting.csv", 3, "duplicate_code"),
    ),
    "a demand that is negative": (
        replace("demand.csv", b"lat,lon,weight\n30,110,-1\n"),
        ("demand.csv", 2, "number_range"),
    ),
    "a policy that nobody wrote": (
        swap("pack.toml", 'policy = "balanced"', 'policy = "nearest"'),
        ("pack.toml", 11, "not_one_of"),
    ),
    "move-up neither on nor off": (
        swap("pack.toml", "offer_timeout_s = 30", "move_up = 1"),
        ("pack.toml", 11, "not_flag"),
    ),
    "learned speeds of an unknown area": (
        replace("speeds.toml", b"[speeds]\ndefault_kmh = 30\n[speeds.area_factor]\nX = 0.9\n"),
        ("speeds.toml", 1, "unknown_area"),
    ),
}

ON_THE_MAP = {
    "areas that overlap": (
        swap("areas.geojson", "[110.0,30.0],[110.0,29.985]", "[110.01,30.0],[110.01,29.985]"),
        ("areas.geojson", 4, "areas_overlap"),
    ),
    "a post outside": (swap("units.csv", "30.005,110.01", "31.005,110.01"), ("units.csv", 5, "post_outside")),
}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    new_pack(tmp_path / "pack", "test")
    return tmp_path / "pack"


@pytest.mark.parametrize(("apply", "expected"), CHEAP.values(), ids=CHEAP.keys())
def test_reading_names_file_line_and_fault(pack: Path, apply: Break, expected: tuple[str, int, str]) -> None:
    apply(pack)
    with pytest.raises(PackFaults) as caught:
        read_pack(pack)
    assert expected in {(f.file, f.line, f.code) for f in caught.value.faults}


@pytest.mark.parametrize(("apply", "expected"), ON_THE_MAP.values(), ids=ON_THE_MAP.keys())
def test_validation_names_faults_of_the_map(pack: Path, apply: Break, expected: tuple[str, int, str]) -> None:
    apply(pack)
    assert [(f.file, f.line, f.code) for f in validate_pack(pack)] == [expected]


def test_a_hole_between_areas_is_found_and_placed(pack: Path) -> None:
    """The north-east area gives up a piece that only areas surround."""
    ring = "[[110.0,30.0],[110.0,30.015],[110.02,30.015],[110.02,30.0],[110.0,30.0]]"
    dented = (
        "[[110.005,30.0],[110.005,30.005],[110.0,30.005],[110.0,30.015],[110.02,30.015],[110.02,30.0],[110.005,30.0]]"
    )
    swap("areas.geojson", ring, dented)(pack)
    (fault,) = validate_pack(pack)
    assert (fault.code, fault.params["lat"], fault.params["lon"]) == ("areas_gap", "30.00250", "110.00250")


def test_all_faults_are_told_at_once(pack: Path) -> None:
    swap("units.csv", "\nU2,S1", "\nU2,S9")(pack)
    swap("duties.csv", "08:00", "8 o'clock")(pack)
    with pytest.raises(PackFaults) as caught:
        read_pack(pack)
    assert [(f.file, f.line) for f in caught.value.faults] == [("duties.csv", 2), ("units.csv", 3)]


def test_a_fault_of_the_areas_does_not_hide_the_others(pack: Path) -> None:
    swap("areas.geojson", '"org": "S2"', '"org": "S9"')(pack)
    swap("units.csv", "\nU2,S1", "\nU2,S9")(pack)
    assert {f.file for f in validate_pack(pack)} == {"areas.geojson", "units.csv"}


def test_a_fault_reads_like_an_editor_shows_it(pack: Path) -> None:
    swap("units.csv", "\nU2,S1", "\nU2,S9")(pack)
    (fault,) = validate_pack(pack)
    assert fault.text("en") == "units.csv:3: org names an org that is not in orgs.csv: S9"
    assert fault.text("zh") == "units.csv:3: org 指向不存在的单位 S9"


def test_every_fault_has_words_in_both_languages() -> None:
    codes = {expected[2] for _, expected in (*CHEAP.values(), *ON_THE_MAP.values())}
    for language in LANGUAGES:
        assert codes <= {key.removeprefix("fault.") for key in catalogue(language)}


def test_a_posting_plan_moves_the_posts_of_the_units_it_names(pack: Path) -> None:
    before = read_pack(pack).units
    replace("posting.csv", b"unit,lat,lon\nU1,30.001,110.002\n")(pack)
    after = read_pack(pack).units
    assert after["U1"].post == Point(30.001, 110.002)
    assert after["U2"] == before["U2"]


def test_turn_bans_name_edges_by_their_id(pack: Path) -> None:
    header, *rows = (pack / "edges.csv").read_text(encoding="utf-8").splitlines()
    numbered = [f"id,kmh,{header}", *(f"{100 - i},,{row}" for i, row in enumerate(rows))]
    (pack / "edges.csv").write_text("\n".join(numbered) + "\n", encoding="utf-8")
    via = int(rows[0].split(",")[1])
    replace("turns.csv", f"from_edge,via,to_edge\n100,{via},100\n".encode())(pack)
    assert read_pack(pack).turn_bans == (TurnBan(0, via, 0),)


def test_learned_speeds_stand_before_those_of_the_pack(pack: Path) -> None:
    replace("speeds.toml", b"[speeds]\ndefault_kmh = 17\n")(pack)
    speeds = read_pack(pack).speeds
    assert (speeds.default_kmh, len(speeds.hour_factor)) == (17, 168)


def test_a_byte_order_mark_and_blank_lines_are_no_fault(pack: Path) -> None:
    text = (pack / "units.csv").read_bytes()
    (pack / "units.csv").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n") + b"\r\n")
    assert len(read_pack(pack).units) == 4


def test_a_pack_names_its_policy_and_may_ask_for_move_up(tmp_path: Path) -> None:
    new_pack(tmp_path / "pack", "test")
    swap("pack.toml", 'policy = "balanced"', 'policy = "dmexclp"\nmove_up = true\nbusy_share = 0.4\ncover_s = 480')(
        tmp_path / "pack"
    )
    dispatch = read_pack(tmp_path / "pack").dispatch
    assert (dispatch.policy, dispatch.move_up, dispatch.busy_share, dispatch.cover_s) == ("dmexclp", True, 0.4, 480)
