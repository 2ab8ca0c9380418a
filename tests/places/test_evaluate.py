"""The evaluation: its mentions are what it says, and a small sample is found as docs/places.md says."""

import re
from pathlib import Path
from random import Random

import pytest

from benchmarks.places import FUTIAN, futian
from jieying.citypack.read import read_pack
from jieying.places.evaluate import evaluate
from jieying.places.mentions import Mentions, _lines
from jieying.places.streets import Streets
from jieying.roads.graph import from_pack
from jieying.roads.names import crossings, named_lines
from tests.minicity import crossings as mini_crossings
from tests.minicity import mini_city, road_lines

PACK = Path(__file__).parents[2] / "var" / "packs" / "yunzhou"


def test_at_least_eighty_wordings_are_written_and_none_is_on_both_sides() -> None:
    tune, held = ({line.split(" ", 1)[1] for line in _lines(f"mentions_{side}.txt")} for side in ("tune", "held_back"))
    assert len(tune) + len(held) >= 80
    assert min(len(tune), len(held)) >= 40
    assert tune & held == set()


def test_the_same_seed_gives_the_same_mentions() -> None:
    streets = Streets(mini_city(), mini_crossings(), road_lines())
    one, other = (Mentions(mini_city(), streets, Random(1)).draw("tune", 60) for _ in range(2))
    assert one == other
    assert all(said.spots and not re.search(r"[{}]", said.text) for said in one)


@pytest.mark.skipif(not PACK.is_dir(), reason=f"the sample city is not built at {PACK}")
def test_of_two_hundred_mentions_nine_in_ten_are_found_first() -> None:
    city = read_pack(PACK)
    graph = from_pack(city)
    found = evaluate(city, crossings(graph), named_lines(graph), "held_back", 205)
    assert found["typo_mentions"] > found["mentions"] / 2
    assert found["top1"] >= 0.90
    assert found["top3"] >= 0.94
    assert found["top1"] > found["character_pairs_top1"] + 0.2
    assert found["top1"] > found["exact_names_top1"] + 0.2


@pytest.mark.skipif(not FUTIAN.is_dir(), reason=f"Futian's streets are not at {FUTIAN}")
def test_on_real_street_names_nine_in_ten_are_found_first() -> None:
    found = evaluate(*futian(mini_city()), "held_back", 150)
    assert found["top1"] >= 0.90
    assert found["top3"] >= 0.94
