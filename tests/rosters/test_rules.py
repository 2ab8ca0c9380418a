"""Who is on duty when: local time, weekdays, past midnight."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jieying.bootstrap import Platform
from jieying.citypack.model import Duty
from jieying.dispatch import actions as dispatch
from jieying.incidents.model import AssignmentState
from jieying.kit.clock import ManualClock
from jieying.rosters.rules import is_on, units_on_duty
from tests.incidents import acts
from tests.minicity import mini_city

ALL = frozenset(range(1, 8))
SUNDAY, MONDAY = 22, 23  # of November 2026


def on(duty: Duty, day: int, hour: int, minute: int = 0) -> bool:
    return is_on(duty, datetime(2026, 11, day, hour, minute))  # noqa: DTZ001 - a local time


def test_a_turn_begins_with_its_first_minute_and_is_over_at_its_last() -> None:
    early = Duty("U1", ALL, 8 * 60, 16 * 60)
    seen = [on(early, SUNDAY, hour, minute) for hour, minute in ((7, 59), (8, 0), (15, 59), (16, 0))]
    assert seen == [False, True, True, False]


def test_a_turn_past_midnight_belongs_to_the_day_on_which_it_began() -> None:
    night = Duty("U1", frozenset({7}), 22 * 60, 6 * 60)  # Sunday night
    assert on(night, SUNDAY, 22)
    assert on(night, MONDAY, 5, 59)
    assert not on(night, MONDAY, 6)
    assert not on(night, MONDAY, 22)
    assert not on(night, SUNDAY, 5)


def test_a_turn_that_ends_when_it_began_lasts_a_day() -> None:
    assert all(on(Duty("U1", ALL, 480, 480), SUNDAY, hour) for hour in range(24))
    once = Duty("U1", frozenset({7}), 480, 480)
    assert [on(once, day, hour) for day, hour in ((SUNDAY, 7), (SUNDAY, 8), (MONDAY, 7), (MONDAY, 8))] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(("utc_hour", "there"), [(0, True), (8, False)])  # 08:00 and 16:00 in the city
def test_the_citys_own_time_counts(utc_hour: int, there: bool) -> None:
    pack = replace(mini_city(), duties=(Duty("U1", ALL, 8 * 60, 16 * 60),))
    assert ("U1" in units_on_duty(pack, datetime(2026, 11, 22, utc_hour, tzinfo=UTC))) is there


def test_a_unit_without_any_duty_is_always_on() -> None:
    pack = replace(mini_city(), duties=(Duty("U1", ALL, 0, 1),))
    assert units_on_duty(pack, datetime(2026, 11, 22, 4, tzinfo=UTC)) == set(pack.units) - {"U1"}


async def test_duties_begin_and_end_by_the_clock_and_whoever_works_finishes_first(
    platform: Platform, clock: ManualClock
) -> None:
    duties = tuple(Duty(code, ALL, 12 * 60, 13 * 60) for code in ("U1", "U3"))  # an hour from now
    site = replace(platform.site, pack=replace(platform.site.pack, duties=duties))
    platform.site = site
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    assert offered.unit == "U3"
    await acts.go(platform, offered.id, "en_route")
    clock.advance(timedelta(hours=1).total_seconds())
    await platform.keep_house()
    assert (await acts.unit_row(platform, "U1")).status == "off_duty"
    assert (await acts.unit_row(platform, "U3")).status == "en_route"

    await dispatch.turn_down(site, offered.id, AssignmentState.RELEASED, "d", "")
    assert (await acts.unit_row(platform, "U3")).status == "off_duty"
    assert (await acts.kinds(platform, "U3"))[-1] == "duty.ended"
    clock.advance(timedelta(hours=23).total_seconds())
    await platform.keep_house()
    assert (await acts.unit_row(platform, "U3")).status == "available"
