"""The result of a simulation for people: a table of the variants, the differences between them, what was assumed."""

from typing import Any

from rich import box
from rich.table import Table

from jieying.commands.terminal import LANGUAGE, out, say, words
from jieying.simulation.result import Figure, Report

REFUSALS_SHOWN = 5


def show(result: Report) -> None:
    """Print a result in words and tables."""
    for one in result["calls"]["refused"][:REFUSALS_SHOWN]:
        reason = words(f"replay.refused.{one['code']}", **one["params"])
        say("replay.refused", line=one["line"], reason=reason)
    for line in result["said"]:
        out.print(line)
    say(
        "simulate.what", calls=round(result["calls"]["n"]), source=result["calls"]["source"], units=result["units"],
        replications=result["replications"], seed=result["seed"], relay=result["relay"],
    )  # fmt: skip
    out.print(_policies(result))
    _waited(result)
    if result["differences"]:
        out.print(_differences(result))
    if "sweep" in result:
        _sweep(result)
    spent = [policy["seconds"] for policy in result["policies"].values()]
    events = [policy["events_per_s"] for policy in result["policies"].values()]
    say("simulate.spent", seconds=f"{sum(spent):.1f}", events=f"{min(events):,.0f}")


def _policies(result: Report) -> Table:
    table = Table(title=words("simulate.table"), box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    table.add_column("", overflow="fold")
    for column in ("p50", "p90", "within", "travel", "work"):
        table.add_column(words(f"simulate.{column}"), justify="right", no_wrap=True)
    if result["recorded"]:
        response, travel = result["recorded"]["response"], result["recorded"]["travel"]
        table.add_row(
            words("simulate.recorded"), _plain(response["p50_s"]), _plain(response["p90_s"]),
            _plain_percent(response["within_300s"]), _plain(travel["p50_s"]), "–",
        )  # fmt: skip
    for name, policy in result["policies"].items():
        response = policy["response"]
        work = list(policy["work_per_unit"].values())
        table.add_row(
            name, _seconds(response["p50_s"]), _seconds(response["p90_s"]), _percent(response["within_300s"]),
            _seconds(policy["travel"]["p50_s"]), _plain_percent(sum(work) / len(work) if work else None),
        )  # fmt: skip
    return table


def _waited(result: Report) -> None:
    for name, policy in result["policies"].items():
        waited, unserved = policy["waited"]["value"], policy["unserved"]["value"]
        if waited or unserved:
            say("simulate.waited", policy=name, waited=_plain(waited), unserved=_plain(unserved))


def _differences(result: Report) -> Table:
    table = Table(title=words("simulate.differences"), box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    table.add_column("", overflow="fold")
    for column in ("p50", "p90", "within", "late"):
        table.add_column(words(f"simulate.{column}"), justify="right", no_wrap=True)
    for one in result["differences"]:
        table.add_row(
            f"{one['from']}\n→ {one['to']}",
            _percent(one["p50_s"]), _percent(one["p90_s"]), _points(one["within_300s"]), _percent(one["late_share"]),
        )  # fmt: skip
    return table


def _sweep(result: Report) -> None:
    for name, found in result["units_for_98"].items():
        key = "simulate.units_for" if found["units"] is not None else "simulate.units_never"
        best, most = f"{100 * found['best']:.1f}", found["best_units"]
        say(key, policy=name, units=found["units"], best=best, best_units=most)


def show_validation(found: dict[str, Any]) -> None:
    """Print how the prediction compares with the record."""
    table = Table(title=words("simulate.validation"), box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    table.add_column("", overflow="fold")
    for column in ("p50", "p90", "within"):
        table.add_column(words(f"simulate.{column}"), justify="right", no_wrap=True)
    for interval in ("travel", "response"):
        recorded, predicted = found["recorded"][interval], found["predicted"][interval]
        name = words(f"interval.{interval}")
        table.add_row(
            f"{name}, {words('simulate.recorded')}",
            _plain(recorded["p50_s"]), _plain(recorded["p90_s"]), _plain_percent(recorded["within_300s"]),
        )  # fmt: skip
        table.add_row(
            f"{name}, {words('simulate.predicted')}",
            _seconds(predicted["p50_s"]), _seconds(predicted["p90_s"]), _percent(predicted["within_300s"]),
        )  # fmt: skip
    out.print(table)
    speeds, demand = found["speeds"]["error"]["judged_on"], found["demand"]["judged_on"]
    say("simulate.validation.of", pack=found["name"][LANGUAGE], calls=found["judged_on"]["calls"])
    say(
        "simulate.validation.speeds", drives=speeds["n"], error=f"{100 * speeds['mdape']:.0f} %",
        bias=f"{100 * speeds['bias']:+.0f} %", r2=f"{speeds['r2']:.2f}",
    )  # fmt: skip
    say(
        "simulate.validation.demand", expected=round(demand["expected"]), calls=demand["calls"],
        dispersion=f"{demand['dispersion']:.2f}",
    )  # fmt: skip
    say("simulate.ks", travel=f"{_ks(found['ks_travel']):.3f}", response=f"{_ks(found['ks_response']):.3f}")


def _ks(found: Any) -> float:
    return float(found["value"] if isinstance(found, dict) else found)


def _figure(one: Figure, scale: float, digits: int, unit: str) -> str:
    if one["value"] is None:
        return "–"
    text = f"{scale * one['value']:,.{digits}f}"
    if one["low"] is not None and one["high"] is not None:
        text += f" ± {scale * (one['high'] - one['low']) / 2:,.{digits}f}"
    return text + unit


def _seconds(one: Figure) -> str:
    return _figure(one, 1, 0, "")


def _percent(one: Figure) -> str:
    return _figure(one, 100, 1, " %")


def _points(one: Figure) -> str:
    return _figure(one, 1, 1, "")


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _plain_percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
