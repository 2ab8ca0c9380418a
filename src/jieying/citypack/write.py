"""Writing the files of a pack: the same content gives the same bytes."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import shapely


def write_csv(path: Path, columns: str, rows: Iterable[Iterable[object]]) -> None:
    """`columns` comma-separated; numbers are written as Python shows them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns.split(","))
        writer.writerows(rows)


def write_features(path: Path, features: Iterable[tuple[Mapping[str, Any], shapely.Geometry]]) -> None:
    """A GeoJSON FeatureCollection with one feature on each line, so that a fault can name it."""
    lines = [
        f'{{"type": "Feature", "properties": {json.dumps(dict(properties), ensure_ascii=False)}, '
        f'"geometry": {shapely.to_geojson(shape)}}}'
        for properties, shape in features
    ]
    head = '{"type": "FeatureCollection", "features": [\n'
    path.write_text(head + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def line_text(lonlat: Iterable[Iterable[float]]) -> str:
    """`lon lat;lon lat;…` with 6 digits (0.1 m)."""
    return ";".join(f"{lon:.6f} {lat:.6f}" for lon, lat in lonlat)
