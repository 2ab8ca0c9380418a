"""Who is on duty when. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jieying.citypack.model import CityPack, Duty


def is_on(duty: Duty, local: datetime) -> bool:
    """Whether a duty covers a local moment; one that ends at or before its start runs into the next day."""
    minute = local.hour * 60 + local.minute
    today, yesterday = local.isoweekday(), (local - timedelta(days=1)).isoweekday()
    if duty.end_minute > duty.start_minute:
        return today in duty.days and duty.start_minute <= minute < duty.end_minute
    return (today in duty.days and minute >= duty.start_minute) or (yesterday in duty.days and minute < duty.end_minute)


def units_on_duty(pack: CityPack, now: datetime) -> set[str]:
    """Codes of the units on duty at a moment. A unit without any duty in the pack is always on."""
    local = now.astimezone(ZoneInfo(pack.timezone))
    return set(pack.units) - {duty.unit for duty in pack.duties} | _on(pack.duties, local)


def _on(duties: Iterable[Duty], local: datetime) -> set[str]:
    return {duty.unit for duty in duties if is_on(duty, local)}
