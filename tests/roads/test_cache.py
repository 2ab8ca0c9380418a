"""The node order is kept in a file, and a file that isn't right is never believed."""

import logging
from pathlib import Path

import pytest

from jieying.roads.network import RoadNetwork

from .towns import WALK, on, road, seconds, town

GRAPH = town([(x, 0) for x in range(6)], [road(x, x + 1) for x in range(5)])
OTHER = town([(x, 0) for x in range(4)], [road(x, x + 1) for x in range(3)])


def eta(cache: Path | None) -> float | None:
    return seconds(RoadNetwork(GRAPH, WALK, cache=cache), on(GRAPH, 0, 0.5), on(GRAPH, 4, 0.5))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "roads" / "order"


def test_the_order_is_kept_and_used_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert eta(cache) == 40.0
    assert [p.name for p in cache.parent.iterdir()] == ["order"], "no half-written file stays behind"
    monkeypatch.delattr("jieying.roads.cch.compute_order_inertial")  # would raise if it were called
    assert eta(cache) == 40.0


@pytest.mark.parametrize("damage", ["foreign", "cut", "flipped", "empty", "text"])
def test_a_damaged_or_foreign_order_is_computed_anew_and_replaced(
    cache: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    RoadNetwork(GRAPH, WALK, cache=cache)
    good = cache.read_bytes()
    if damage == "foreign":
        RoadNetwork(OTHER, WALK, cache=cache)
    else:
        flipped = good[:-1] + bytes([good[-1] ^ 1])
        cache.write_bytes({"cut": good[:-4], "flipped": flipped, "empty": b"", "text": b"{}" * 40}[damage])
    with caplog.at_level(logging.WARNING):
        assert eta(cache) == 40.0
    assert "computing it anew" in caplog.text
    assert cache.read_bytes() == good


def test_a_cache_that_cannot_be_written_is_said_and_does_no_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert eta(tmp_path / "file" / "order") == 40.0
    assert "cannot keep the road order" in caplog.text
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
