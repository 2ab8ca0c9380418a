"""When a victim says the money left, as a moment. Pure; a time without an hour is none."""

import re
from datetime import datetime, timedelta

from jieying.triage.text import number

_COUNT = r"(\d+|[一二两三四五六七八九十半]+)"
_AGO = re.compile(_COUNT + r"个?(分钟|小时|钟头|天)前")
_UNIT = {"分钟": timedelta(minutes=1), "小时": timedelta(hours=1), "钟头": timedelta(hours=1), "天": timedelta(days=1)}
_DAYS_AGO = {"前天": 2, "昨": 1, "今": 0}
_DATE = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})[日号]")
_HOUR = re.compile(r"(\d{1,2}):(\d{2})|(\d{1,2}|[一二两三四五六七八九十]{1,3})点(半|\d{1,2})?")
_AFTERNOON = re.compile(r"下午|傍晚|晚|夜里")
_NIGHT = "凌晨"


def moment_of(said: str, heard: datetime) -> tuple[datetime, bool] | None:
    """(moment, certain) of words such as 昨天下午3点 or 10分钟前; None when they name no hour.

    `heard`: when they were said, in the zone of the city. Certain only where day, hour and half of the day are said.
    """
    ago = _AGO.search(said)
    if ago:
        count = 0.5 if ago[1] == "半" else number(ago[1])
        return (heard - count * _UNIT[ago[2]], False) if count is not None and count <= 1000 else None
    if said.startswith("刚"):
        return heard, False
    found = _HOUR.search(said)
    if not found:
        return None
    day, day_said = _day(said, heard)
    hour = int(found[1]) if found[1] else int(number(found[3]) or 0)
    minute = int(found[2] or 0) if found[1] else 30 if found[4] == "半" else int(found[4] or 0)
    afternoon, night = bool(_AFTERNOON.search(said)), _NIGHT in said
    if (afternoon and hour < 12) or ("中午" in said and hour < 3):
        hour += 12
    if day is None or hour > 24 or minute > 59:
        return None
    moment = day.replace(hour=hour % 24, minute=minute, second=0, microsecond=0)
    if not day_said and moment > heard:
        moment -= timedelta(days=1)
    half_said = hour > 12 or night or re.search(r"早|上午|中午", said) is not None
    return moment, day_said and half_said


def _day(said: str, heard: datetime) -> tuple[datetime | None, bool]:
    date = _DATE.search(said)
    if date:
        try:
            day = heard.replace(year=int(date[1] or heard.year), month=int(date[2]), day=int(date[3]), hour=0)
        except ValueError:
            return None, True
        if not date[1] and day > heard:  # in January somebody speaks of December
            day = day.replace(year=day.year - 1)
        return day, True
    for word, days in _DAYS_AGO.items():
        if word in said:
            return heard - timedelta(days=days), True
    return heard, False
