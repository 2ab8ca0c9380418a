"""`python -m benchmarks.report FOLDER`: docs/benchmarks.md from the JSON files that `make bench` wrote there."""

import json
import sys
from pathlib import Path
from typing import Any

HEAD = """# Benchmarks

Every figure here was measured by `make bench` (or by the command that is named) and written into this page by
`python -m benchmarks.report`. Nothing is estimated. One run; the spread within a run is given where it was taken: over
windows of five seconds for a rate, over the three thirds of a run for P50 and P99. The machine is a virtual one whose
cores are at times half as fast as at others: the yardstick in a table says how fast they were just before. Run it on
your own machine: read ratios rather than absolutes. Tables without a yardstick are of an earlier day: 2 cores (x86_64),
25 GB, Python 3.11.7; load before the first: 1.09.
"""

# file, what it is, (figure, its words, the target of the project or "")
PARTS: list[tuple[str, str, str, list[tuple[str, str, str]]]] = [
    (
        "decision",
        "A decision",
        "Words and position in, all units ranked by road with ETA and reasons out. One process, no database; the very "
        "functions the live steps call. Sample city; ten units move before each decision.",
        [
            ("units", "units", "120"),
            ("decisions", "decisions", ""),
            ("p50_ms", "P50, ms", ""),
            ("p99_ms", "P99, ms", "under 10"),
            ("p99_ms_thirds", "P99 of the thirds, ms", ""),
            ("rss_mb", "memory, MB", ""),
        ],
    ),
    (
        "roads",
        "Road times",
        "San Francisco (TIGER), Porto (OpenStreetMap, forbidden turns and limits), New York (DIMACS challenge 9). A "
        "query: one of 200 units has moved and is snapped to the road, the incident is snapped, the units are sorted "
        "by ETA. Peers get the same units and incidents, snapped already. *Swapped*: the times of all roads computed "
        "for other speeds while another thread keeps asking.",
        [
            *(
                row
                for city, name, target in (
                    ("san_francisco", "San Francisco", ""),
                    ("porto", "Porto", "under 1"),
                    ("new_york", "New York", "under 3"),
                )
                for row in (
                    (f"{city}.nodes", f"{name}: nodes", ""),
                    (f"{city}.differences", "of 10,000 ETAs other than Dijkstra's", "0"),
                    (f"{city}.p50_ms", "1 incident to 200 units P50, ms", ""),
                    (f"{city}.p99_ms", "the same P99, ms", target),
                    (f"{city}.units_100_prepared.p50_ms", "to 100 units prepared and snapped P50, ms", ""),
                    (f"{city}.units_2000.p99_ms", "to 2,000 units P99, ms", "under 10"),
                    (f"{city}.swap.ms", "other speeds swapped in, ms", ""),
                    (f"{city}.swap.longest_answer_meanwhile_ms", "longest answer meanwhile, ms", ""),
                    (f"{city}.build_from_cache_s", "start from the cache, s", ""),
                    (f"peers.{city}.scipy_dijkstra.p50_ms", "peer: scipy's Dijkstra P50, ms", ""),
                    (f"peers.{city}.pyroutingkit.p50_ms", "peer: pyroutingkit P50, ms", ""),
                    (f"peers.{city}.pyroutingkit.swap_ms", "peer: pyroutingkit, other speeds, ms", ""),
                )
            ),
            ("porto.turn_bans", "Porto: forbidden turns", ""),
            ("porto.bans.changed", "of 10,000 ETAs wrong if they were not heeded", ""),
            ("porto.bans.p50_s", "of these by, P50, s", ""),
            ("porto.bans.changed_by_30_s", "wrong by 30 s or more", ""),
            ("porto.bans.most_s", "at most by, s", ""),
        ],
    ),
    (
        "reach",
        "Reach",
        "The ground that a unit reaches in 5, 10 and 15 minutes, as three GeoJSON polygons. Peers: a bounded Dijkstra "
        "and shapely's concave hull of the junctions reached, by networkx (as OSMnx's example of isochrones does) and "
        "by scipy; they know neither forbidden turns nor parts of a road. *Cover*: how many of 100 units reach each H3 "
        "cell in 5 minutes.",
        [
            row
            for city, name in (("san_francisco", "San Francisco"), ("porto", "Porto"))
            for row in (
                (f"{city}.cells", f"{name}: cells with a street", ""),
                (f"{city}.p50_ms", "three polygons P50, ms", ""),
                (f"{city}.p99_ms", "three polygons P99, ms", "under 50"),
                (f"{city}.five_minutes_alone.p99_ms", "5 minutes alone P99, ms", ""),
                (f"{city}.cover_of_100_units.p99_ms", "cover of 100 units P99, ms", ""),
                (f"{city}.first_made_s", "made ready at the first question, s", ""),
                (f"peers.{city}.networkx_and_concave_hull.p50_ms", "peer: networkx and concave hull P50, ms", ""),
                (f"peers.{city}.scipy_and_concave_hull.p50_ms", "peer: scipy and concave hull P50, ms", ""),
            )
        ],
    ),
    (
        "simulator",
        "The simulator",
        "A month of 2,000 calls a day for 100 units on the roads of San Francisco; each call takes one unit for some "
        "20 minutes, drawn like the recorded fire and medical calls; road times exact; one core, processor seconds. "
        "*Growth*: 3 days; with the units the calls grow alike. Peer: the same model in SimPy, which shares road times "
        "and ranking, over the same 3 days.",
        [
            ("calls", "calls", ""),
            ("cpu_s", "seconds (the first with all times from posts to places)", "under 10"),
            ("events_per_s", "events/s", ""),
            ("memory_mb", "memory of the whole process, MB", "under 1,000"),
            ("work_per_unit", "share of its time that a unit is busy", ""),
            ("prepare_s", "reading pack and record, roads made ready, s", ""),
            ("draw_s", "drawing the month's calls and durations, s", ""),
            *((f"growth_units.{n}.events_per_s", f"{n} units: events/s", "") for n in (50, 100, 178, 400)),
            *((f"growth_calls.{n}.events_per_s", f"{n} calls a day: events/s", "") for n in (250, 500, 1000, 2000)),
            ("peers.simpy.cpu_s", "peer: SimPy, 3 days, s", ""),
            ("peers.simpy.ours_cpu_s", "ours, the same 3 days, s", ""),
            ("peers.simpy.largest_difference_s", "largest difference of an arrival between the two, s", "0"),
        ],
    ),
    (
        "intake",
        "Intake",
        "Reports over HTTP, each committed durably before its answer, 32 clients for a minute, the steps that follow "
        "running at the same time in their own process. Client, our two processes and PostgreSQL share the cores. "
        "*Sustained*: 100 reports/s at random moments; the time is from receipt to the end of the last step (incident "
        "decided, joined, or a person has it).",
        [
            ("rate_per_s", "1 worker: acknowledged reports/s", "at least 250"),
            ("rate_per_s_windows", "its windows of 5 s", ""),
            ("acknowledged", "acknowledged", ""),
            ("lost", "of these lost", "0"),
            ("p50_ms", "answer P50, ms", ""),
            ("p99_ms", "answer P99, ms", ""),
            ("cores_used", "cores used", ""),
            ("rss_mb", "most memory of both processes together, MB", "under 600"),
            ("sustained.rate_per_s", "sustained: reports/s", "100"),
            ("sustained.p50_ms", "sustained: all steps P50, ms", ""),
            ("sustained.p99_ms", "sustained: all steps P99, ms", "under 2,000"),
            ("sustained.p99_ms_thirds", "sustained: P99 of the thirds, ms", ""),
            ("sustained.unfinished", "sustained: not finished", "0"),
            ("sustained.cores_used", "sustained: cores used", ""),
            ("workers_2.rate_per_s", "2 workers: acknowledged reports/s", ""),
            ("workers_2.p99_ms", "2 workers: answer P99, ms", ""),
            ("workers_2.rss_mb", "2 workers: memory together, MB", ""),
            ("workers_2.sustained.p99_ms", "2 workers: sustained, all steps P99, ms", ""),
            ("peers.bare_driver_commits_per_s", "floor, same run: single-row commits/s of the bare driver", ""),
        ],
    ),
    (
        "positions",
        "Positions",
        "2,000 units, each every 5 s, handed in by a gateway in batches of 50; one console listens.",
        [
            ("rate_per_s", "positions/s", "400"),
            ("cores_used", "cores used", "together under 0.5"),
            ("p99_ms", "answer P99, ms", ""),
            ("console_p99_ms", "from the unit's own time to the console P99, ms", ""),
            ("units_seen_by_console", "units the console heard of", "2,000"),
        ],
    ),
    (
        "live",
        "The live feed",
        "Ten reports a second with all that follows, 50 consoles over WebSocket. Counted from the entry's own "
        "time, a little before its commit, to the arrival: an upper bound.",
        [
            ("entries", "entries", ""),
            ("missed", "missed", "0"),
            ("repeated", "repeated", "0"),
            ("p50_ms", "P50, ms", ""),
            ("p99_ms", "P99, ms", "under 300"),
            ("p99_ms_thirds", "P99 of the thirds, ms", ""),
            ("cores_used", "cores used", ""),
        ],
    ),
    (
        "browser",
        "A console in a real browser",
        "One page in headless Chromium, 2,000 units moving, four reports a second. Rendered in software: "
        "the drawing of the map takes cores from the browser and from the service, which a graphics card would not. "
        "Counted to the frame that paints the incident, from the report's receipt and from the incident's opening.",
        [
            ("rendering", "rendering", ""),
            ("main_thread_busy", "main thread busy, units moving only", ""),
            ("main_thread_busy_with_reports", "main thread busy, with reports", ""),
            ("frames_per_s", "frames/s", ""),
            ("incidents", "incidents", ""),
            ("p50_ms", "report received to painted P50, ms", ""),
            ("p99_ms", "report received to painted P99, ms", ""),
            ("opened_p50_ms", "incident opened to painted P50, ms", ""),
            ("opened_p99_ms", "incident opened to painted P99, ms", ""),
        ],
    ),
    (
        "crash",
        "Being killed",
        "SIGKILL of the web process, of PostgreSQL and of both in turn, at random moments, while citizens report and "
        "officers work; what is impossible is looked for by the queries in benchmarks/crash.py.",
        [
            ("kills", "kills", "20"),
            ("acknowledged", "acknowledged reports", ""),
            ("lost", "of these lost", "0"),
            ("twice", "stored twice", "0"),
            ("undone", "left undone", "0"),
            ("impossible_states", "impossible states", "0"),
            ("journal_entries", "journal entries", ""),
            ("journal_faults", "journal faults", "0"),
            ("back.p50_ms", "answering again after P50, ms", ""),
            ("back.p99_ms", "answering again after P99, ms", ""),
        ],
    ),
    (
        "replay",
        "San Francisco replayed",
        "`jieying replay CALLS.csv --pack PACK --json var/benchmarks/replay.json`: eight recorded days (fire and "
        "medical calls, not police) through the real platform. Call handling, turnout and time on scene are taken from "
        "the record; the choice of units and the road times are the platform's, at the pack's own speeds by class: do "
        "not read the difference in travel and response as a gain. What a calibrated model says stands in "
        "[validation.md](validation.md).",
        [
            ("calls", "calls", ""),
            ("unaccounted", "unaccounted", "0"),
            *(
                (f"{side}.{name}.{figure}", f"{side} {name}, {figure.removesuffix('_s').upper()} s", "")
                for name in ("answer", "processing", "turnout", "travel", "response")
                for side in ("recorded", "achieved")
                for figure in ("p50_s", "p90_s")
            ),
            ("journal.entries", "journal entries", ""),
            ("real_s", "seconds it took", ""),
        ],
    ),
    (
        "start",
        "Start of the demo",
        "`make demo` from a new clone with nothing installed but Python, make and Git, and empty caches of "
        "pip, uv and npm, and again when all is there; until the console answers. Downloads are most of the first.",
        [
            ("cold_s", "new clone, empty caches, s", "under 360"),
            ("warm_starts", "starts after that", ""),
            ("warm_s", "each of them, s", "under 15"),
        ],
    ),
]


PAGE = Path("docs/benchmarks.md")


def main() -> int:
    """Write the page; a part that was not measured anew stays as it stands there."""
    folder, standing = Path(sys.argv[1]), PAGE.read_text(encoding="utf-8").split("\n## ")
    kept = {part.split("\n", 1)[0]: f"\n## {part}" for part in standing[1:]}
    for name, title, text, figures in PARTS:
        file, notes = folder / f"{name}.json", folder / f"{name}.md"
        if not file.is_file():
            continue
        found = json.loads(file.read_text(encoding="utf-8"))
        machine = found.pop("machine", {})
        rows = [(words, _value(found, key), target) for key, words, target in figures]
        rows = rows or [(key, value, "") for key, value in _flat(found)]
        rows.append(("machine", _machine(machine), ""))
        rows.append(("yardstick: 3 million additions in Python, s", _value(machine, "additions_s"), ""))
        kept[title] = _part(title, text, rows, notes.read_text(encoding="utf-8") if notes.is_file() else "")
    PAGE.write_text(HEAD + "".join(part.rstrip("\n") + "\n" for part in kept.values()), encoding="utf-8")
    return 0


def _part(title: str, text: str, rows: list[tuple[str, str, str]], notes: str) -> str:
    with_targets = any(target for *_, target in rows)
    head = "| figure | measured | to reach |\n|---|---|---|\n" if with_targets else "| figure | measured |\n|---|---|\n"
    lines = [f"| {w} | {v} | {t} |" if with_targets else f"| {w} | {v} |" for w, v, t in rows]
    return f"\n## {title}\n\n{text}\n\n{head}" + "\n".join(lines) + "\n" + (f"\n{notes}" if notes else "")


def _value(found: dict[str, Any], path: str) -> str:
    value: Any = found
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items())
    if isinstance(value, bool) or value is None:
        return "–" if value is None else str(value)
    if isinstance(value, int | float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
    return str(value)


def _flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        rows += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, _shown(value))]
    return rows


def _machine(found: dict[str, Any]) -> str:
    return (
        f"{found.get('cores')} cores ({found.get('processor')}), {found.get('memory_gb')} GB, "
        f"Python {found.get('python')}, load before it {found.get('load_before')}"
    )


if __name__ == "__main__":
    sys.exit(main())
