"""How well places are found: written mentions with typing errors; beside it exact names alone, and character pairs."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random

import numpy as np

from jieying.citypack.model import CityPack
from jieying.kit.geo import Point, distance_m
from jieying.kit.normal import plain
from jieying.places.locate import Crossings, Locator, RoadLines
from jieying.places.mentions import Mentions, Said, Split
from jieying.places.streets import Streets

WITHIN_M = 100.0
_SEEDS: dict[Split, int] = {"tune": 4, "held_back": 2026}  # other places and other errors on either side
_RELATIONS = {"moved", "moved_crossing", "between", "stretch"}
_BINS = 10

Finder = Callable[[str], Sequence[tuple[Point, float]]]


def evaluate(
    pack: CityPack, crossings: Crossings, road_lines: RoadLines, split: Split = "held_back", count: int = 1000
) -> dict[str, float]:
    """Flat figures: shares found within 100 m as first and among three, by kind of mention, baselines, milliseconds."""
    streets = Streets(pack, crossings, road_lines)
    mentions = Mentions(pack, streets, Random(_SEEDS[split])).draw(split, count)  # noqa: S311 -- an evaluation's dice
    began = time.process_time()
    locator = Locator(pack, crossings, road_lines)
    loading = time.process_time() - began
    exact = Locator(pack, crossings, road_lines, near=False)
    ours, seconds = _ranks(mentions, lambda text: [(c.position, c.confidence) for c in locator.locate(text)])
    plainly, _ = _ranks(mentions, lambda text: [(c.position, c.confidence) for c in exact.locate(text)])
    pairs, _ = _ranks(mentions, CharacterPairs(pack, streets).locate)
    parts = {
        "": [True] * len(mentions),
        "exact_": [not m.errors for m in mentions],
        "typo_": [bool(m.errors) for m in mentions],
        "relation_": [m.kind in _RELATIONS for m in mentions],
    } | {f"kind_{kind}_": [m.kind == kind for m in mentions] for kind in sorted({m.kind for m in mentions})}
    figures: dict[str, float] = {}
    for name, chosen in parts.items():
        figures[f"{name}mentions"] = sum(chosen)
        for who, ranks in (("", ours), ("exact_names_", plainly), ("character_pairs_", pairs)):
            if who and name.startswith("kind"):
                continue
            mine = [rank for (rank, _), c in zip(ranks, chosen, strict=True) if c]
            figures[f"{who}{name}top1"] = _share(mine, 1)
            figures[f"{who}{name}top3"] = _share(mine, 3)
    milliseconds = np.array(seconds) * 1000
    for name, quantile in (("p50", 50), ("p99", 99), ("max", 100)):
        figures[f"ms_{name}"] = round(float(np.percentile(milliseconds, quantile)), 2)
    without = milliseconds[np.array(parts["exact_"])] if any(parts["exact_"]) else milliseconds
    figures["ms_exact_p50"] = round(float(np.median(without)), 2)
    figures["loading_ms"] = round(loading * 1000, 1)
    figures["calibration_error"] = _calibration([(sure, rank == 1) for rank, sure in ours])
    return figures


def _ranks(mentions: Sequence[Said], find: Finder) -> tuple[list[tuple[int, float]], list[float]]:
    """For each mention the rank of the first right candidate (0: none) and the confidence of the best; seconds."""
    ranks, seconds = [], []
    for mention in mentions:
        began = time.process_time()
        found = find(mention.text)
        seconds.append(time.process_time() - began)
        right = (
            k for k, (p, _) in enumerate(found, 1) if any(distance_m(p, spot) <= WITHIN_M for spot in mention.spots)
        )
        ranks.append((next(right, 0), found[0][1] if found else 0.0))
    return ranks, seconds


def _share(ranks: Sequence[int], within: int) -> float:
    return round(sum(0 < rank <= within for rank in ranks) / len(ranks), 4) if ranks else 0.0


def _calibration(answers: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error: what the best candidate's confidence differs from how often it is right."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for sure, right in answers:
        bins[min(_BINS - 1, int(sure * _BINS))].append((sure, right))
    off = sum(abs(sum(s for s, _ in b) - sum(r for _, r in b)) for b in bins.values())
    return round(off / max(1, len(answers)), 4)


class CharacterPairs:
    """The plain baseline: names by the pairs of characters they share with the text; the two best roads cross."""

    def __init__(self, pack: CityPack, streets: Streets) -> None:
        self._streets = streets
        self._entries: list[tuple[str, Point | None]] = [
            (name, p.position) for p in pack.places for name in (p.name, *p.aliases)
        ]
        self._entries += [(road, None) for road in sorted(streets.names)]
        self._holders: dict[str, list[int]] = defaultdict(list)
        self._sizes = []
        for k, (name, _) in enumerate(self._entries):
            grams = _pairs(name)
            self._sizes.append(max(1, len(grams)))
            for gram in grams:
                self._holders[gram].append(k)

    def locate(self, text: str) -> list[tuple[Point, float]]:
        """Positions by the share of a name's pairs that the text holds, rare pairs first."""
        scores: dict[int, float] = defaultdict(float)
        for gram in _pairs(text):
            for k in self._holders.get(gram, ()):
                scores[k] += 1 / self._sizes[k] ** 0.5
        best = [k for k, _ in sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:3]]
        roads = [self._entries[k][0] for k in best if self._entries[k][1] is None]
        crossed = [p for one, other in pairwise(roads) for p in self._streets.crossing(one, other)[:1]]
        spots = [self._entries[k][1] or self._streets.on_road(self._entries[k][0]) for k in best]
        return [(p, 0.5) for p in (*crossed, *spots) if p]


def _pairs(text: str) -> set[str]:
    text = plain(text)
    return {text[k : k + 2] for k in range(len(text) - 1)}
