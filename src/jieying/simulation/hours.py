"""The hour of the local week at each moment of a simulation, quickly: clocks change by quarters of an hour at least."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from jieying.roads.network import hour_of_week

_QUARTER_S = 900


class Hours:
    """From `start` on, for so many seconds and longer."""

    def __init__(self, start: datetime, seconds: float, zone: ZoneInfo) -> None:
        stamp = start.timestamp()
        self._zone = zone
        self._first = int(stamp // _QUARTER_S)
        self._offset_s = stamp - self._first * _QUARTER_S
        self._hours = [self._hour(quarter) for quarter in range(int(seconds // _QUARTER_S) + 2 * 96)]

    def of_week(self, moment: float) -> int:
        quarter = int((moment + self._offset_s) // _QUARTER_S)
        return self._hours[quarter] if quarter < len(self._hours) else self._hour(quarter)

    def _hour(self, quarter: int) -> int:
        moment = datetime.fromtimestamp((self._first + quarter) * _QUARTER_S, UTC)
        return hour_of_week(moment.astimezone(self._zone))
