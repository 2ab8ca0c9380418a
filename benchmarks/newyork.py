"""New York's roads of the 9th DIMACS challenge (264,346 nodes, 733,846 arcs), from the shared data folder."""

import gzip

import numpy as np

from jieying.citypack.model import SpeedTable
from jieying.roads.graph import Ints, RoadGraph
from jieying.settings import Settings

# In these files time is distance (decimetres) divided by 1, 0.8, 0.6 or 0.4, by the class of the road.
CLASSES = (1.0, 0.8, 0.6, 0.4)
SPEEDS = SpeedTable(kmh={f"{c}": 100 * c for c in CLASSES}, default_kmh=50)


def load() -> RoadGraph:
    """The graph; raises FileNotFoundError when the files are not there.

    Two arcs there and back of one length and class become one two-way edge; a pair given twice is one.
    """
    lon, lat = _rows("USA-road-d.NY.co.gz", b"v")[:, 1:].T / 1e6
    tail, head, length = _rows("USA-road-d.NY.gr.gz", b"a").T
    time = _rows("USA-road-t.NY.gr.gz", b"a")[:, 2]
    road_class = np.abs(length[:, None] / time[:, None] - np.array(CLASSES)).argmin(axis=1)
    ends = np.sort(np.stack([tail, head], axis=1), axis=1)
    edges, count = np.unique(np.column_stack([ends, length, road_class]), axis=0, return_counts=True)
    if (count % 2).any():
        raise ValueError("New York is expected to have only two-way roads")
    tail, head, length, road_class = edges.T
    tail, head = tail - 1, head - 1
    return RoadGraph(
        lat=lat,
        lon=lon,
        tail=tail,
        head=head,
        length_m=length / 10,
        oneway=np.zeros(len(tail), bool),
        road_class=road_class,
        classes=tuple(str(c) for c in CLASSES),
        kmh=np.full(len(tail), np.nan),
        area=np.full(len(tail), -1),
        areas=(),
        turn_bans=np.empty((0, 3), np.int64),
        name=np.zeros(len(tail), np.int64),
        names=("",),
        line_lat=np.column_stack([lat[tail], lat[head]]).ravel(),
        line_lon=np.column_stack([lon[tail], lon[head]]).ravel(),
        line_start=np.arange(len(tail) + 1) * 2,
    )


def _rows(file: str, kind: bytes) -> Ints:
    text = gzip.decompress((Settings().shared_data / "ny" / file).read_bytes())
    start = text.index(b"\n" + kind + b" ") + 1
    columns = text[start : text.index(b"\n", start)].count(b" ")
    numbers = text[start:].replace(kind + b" ", b"")
    return np.fromstring(numbers, np.int64, sep=" ").reshape(-1, columns)
