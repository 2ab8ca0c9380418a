"""A made-up record of calls in the mini city, in the form that DataSF publishes."""

import csv
from pathlib import Path

from jieying.kit.geo import Point
from jieying.replay.calls import COLUMNS
from tests.minicity import spot


def at(clock: str) -> str:
    """`10:02:30` on New Year's Day, as the record writes it; afternoon hours too."""
    hour, rest = clock.split(":", 1)
    return f"01/01/2017 {(int(hour) - 1) % 12 + 1:02}:{rest} {'AM' if int(hour) < 12 else 'PM'}"


def row(number: str, unit: str, times: str, *, place: Point | None = None, **changed: str) -> dict[str, str]:
    """One unit on one call. `times`: received, entry, dispatch, response, on scene, available; `-` where empty."""
    stages = dict(zip(COLUMNS[7:], ("" if t == "-" else at(t) for t in times.split()), strict=True))
    point = place or spot(0, 500)
    return {
        "Call Number": number,
        "Unit ID": unit,
        "Call Type": "Noise",
        "Final Priority": "3",
        "Address": "0 Block of NOWHERE ST",
        "Call Final Disposition": "Mediated",
        "Location": f"({point.lat}, {point.lon})",
        **stages,
        **changed,
    }


def write(file: Path, rows: list[dict[str, str]], columns: tuple[str, ...] = COLUMNS) -> Path:
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return file
