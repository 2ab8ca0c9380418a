"""The result of a replay for people: the two columns side by side, and what each figure is made of."""

from collections import Counter
from typing import Any

from rich import box
from rich.table import Table

from jieying.commands.terminal import out, say, words

REFUSALS_SHOWN = 10


def show(result: dict[str, Any]) -> None:
    """Print a result (run.py) in words and tables."""
    _refusals(result)
    say("replay.rows", **result["rows"])
    say("replay.calls", **result["file"], replayed=result["calls"])
    out.print(_intervals(result))
    within = result["arrived_within_300_s"]
    say("replay.five_minutes", recorded=_percent(within["recorded"]), achieved=_percent(within["achieved"]))
    for key in ("not_police", "inputs", "units", "own", "speeds"):
        say(f"replay.{key}", **result["units"])
    out.print(_spent(result))
    counts = Counter(result["counts"])
    by_hand = sum(number for key, number in counts.items() if key.startswith("by_hand."))
    say(
        "replay.counts", assignments=counts["assignments"], amended=counts["amended"], declined=counts["declined"],
        waited=counts["waited"], by_hand=by_hand, turnout=counts["turnout_median"], stay=counts["stay_median"],
    )  # fmt: skip
    say("replay.journal", entries=result["journal"]["entries"], faults=len(result["journal"]["faults"]))
    missing = ", ".join(result["missing"][:REFUSALS_SHOWN])
    key = "replay.unaccounted" if result["unaccounted"] else "replay.accounted"
    say(key, calls=result["calls"], unaccounted=result["unaccounted"], missing=missing)
    say("replay.took", seconds=result["real_s"])


def _refusals(result: dict[str, Any]) -> None:
    """The first refused rows, each with its line; of the rest how many for each reason."""
    refused = result["refused"]
    for one in refused[:REFUSALS_SHOWN]:
        reason = words(f"replay.refused.{one['code']}", **one["params"])
        say("replay.refused", line=one["line"], reason=reason)
    rest = Counter(one["code"] for one in refused[REFUSALS_SHOWN:])
    if rest:
        reasons = ", ".join(f"{code} {number}" for code, number in rest.most_common())
        say("replay.refused_rest", reasons=reasons)


def _intervals(result: dict[str, Any]) -> Table:
    table = Table(title=words("replay.table"), box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    table.add_column("")
    for column in ("n", *(f"{side}.{one}" for side in ("recorded", "achieved") for one in ("p50", "p90", "within"))):
        table.add_column(words(f"replay.{column}"), justify="right")
    for name in result["recorded"]:
        cells = [str(result["recorded"][name]["n"])]
        for side in ("recorded", "achieved"):
            one = result[side][name]
            cells += [_number(one["p50_s"]), _number(one["p90_s"]), _percent(one["within_target"])]
        table.add_row(words(f"interval.{name}"), *cells)
    return table


def _spent(result: dict[str, Any]) -> Table:
    table = Table(title=words("replay.spent"), box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for column in ("action", "n", "mean_ms", "p99_ms", "total_s"):
        table.add_column(words(f"replay.spent.{column}"), justify="left" if column == "action" else "right")
    for name, one in sorted(result["ms"].items(), key=lambda item: -item[1]["total_s"]):
        table.add_row(name, str(one["n"]), f"{one['mean_ms']:.1f}", f"{one['p99_ms']:.1f}", f"{one['total_s']:.1f}")
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
