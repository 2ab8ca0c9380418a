"""What the demo shows in the terminal: the intervals, what stands where, where to look and how to log in."""

from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jieying.citypack.model import CityPack
from jieying.demo.people import PASSWORD, guests
from jieying.kit.texts import Language, text

INTERVALS = ("answer", "processing", "turnout", "travel", "response")
REPORTS = ("waiting", "received", "answered", "linked", "enquiry", "diverted", "unfounded")
INCIDENTS = ("open", "active", "resolved", "closed", "merged", "diverted")
UNITS = ("available", "offered", "committed", "en_route", "on_scene", "unavailable", "off_duty")


def intervals_table(intervals: dict[str, Any], language: Language) -> Table:
    """Count, P50, P90 and share within target of each interval; seconds of the city."""
    say = partial(text, language=language)
    table = Table(title=say("demo.intervals"), title_justify="left")
    table.add_column("", no_wrap=True)
    for column in ("n", "p50", "p90", "within_target"):
        table.add_column(say(f"demo.{column}"), justify="right", no_wrap=True)
    for name in INTERVALS:
        found = intervals[name]
        table.add_row(
            say(f"interval.{name}"), str(found["n"]), _seconds(found["p50_s"]), _seconds(found["p90_s"]),
            _share(found["within_target"]),
        )  # fmt: skip
    return table


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def counts_table(
    reports: dict[str, int], incidents: dict[str, int], units: dict[str, int], language: Language
) -> Table:
    """How many reports, incidents and units are in which state."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, counted, states in (
        ("reports", reports, REPORTS),
        ("incidents", incidents, INCIDENTS),
        ("units", units, UNITS),
    ):
        shown = [f"{_state(state, language)} {counted[state]}" for state in states if counted.get(state)]
        table.add_row(Text(text(f"demo.{name}", language), style="bold"), "  ".join(shown) or "–")
    return table


def _state(state: str, language: Language) -> str:
    return text("demo.waiting" if state == "waiting" else f"state.{state}", language)


def how_to_log_in(url: str, pack: CityPack, language: Language) -> RenderableType:
    """The address, and an account for each role."""
    say = partial(text, language=language)
    people = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for person in guests(pack):
        org = pack.orgs[person.org].name
        where = org.zh if language == "zh" else org.en or org.zh
        people.add_row(Text(person.username, style="bold"), say(f"role.{person.role}"), f"{where} {person.unit or ''}")
    return Group(
        Text(say("demo.look", url=url), style="bold green"), Text(say("demo.log_in", password=PASSWORD)), people
    )


def headline(now: str, speed: float, pack: CityPack, language: Language) -> Text:
    local = datetime.fromisoformat(now).astimezone(ZoneInfo(pack.timezone))
    city = pack.name.zh if language == "zh" else pack.name.en or pack.name.zh
    shown = text("demo.headline", language, city=city, time=f"{local:%Y-%m-%d %H:%M:%S}", speed=f"{speed:g}")
    return Text(shown, style="bold")


def account_lines(account: dict[str, Any], language: Language) -> str:
    """The account of the end in words."""
    return text(
        "demo.account", language, received=account["reports"]["received"], unaccounted=account["unaccounted"],
        opened=account["incidents"]["opened"], closed=account["incidents"]["closed"],
        merged=account["incidents"]["merged"], open=account["incidents"]["open"],
        entries=account["journal"]["entries"], faults=account["journal"]["faults"],
    )  # fmt: skip
