"""Small OpenStreetMap files written by hand, on a grid of 100 m at the equator."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from jieying.citypack.roadsource.model import Odd, Roads
from tests.roads.towns import at

Place = tuple[float, float]


def node(number: int, x: float, y: float, **tags: str) -> str:
    lat, lon = at(x, y)
    return f'<node id="{number}" lat="{lat:.7f}" lon="{lon:.7f}">{_tags(tags)}</node>'


def way(number: int, refs: Sequence[int], highway: str = "residential", **tags: str) -> str:
    """Keys with a colon are written with two underscores."""
    body = "".join(f'<nd ref="{ref}"/>' for ref in refs) + _tags({"highway": highway, **tags})
    return f'<way id="{number}">{body}</way>'


def relation(number: int, members: Sequence[tuple[str, str, int]], **tags: str) -> str:
    """Members as (role, type, id)."""
    body = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for role, kind, ref in members)
    return f'<relation id="{number}">{body}{_tags({"type": "restriction", **tags})}</relation>'


def turn(number: int, kind: str, before: int, via: int, after: int, **tags: str) -> str:
    """A restriction from one way over a node into another."""
    members = (("from", "way", before), ("via", "node", via), ("to", "way", after))
    return relation(number, members, restriction=kind, **tags)


def osm(file: Path, *parts: str) -> Path:
    file.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">' + "\n".join(parts) + "</osm>", "utf-8"
    )
    return file


def grid(places: Mapping[int, Place]) -> list[str]:
    return [node(number, *place) for number, place in places.items()]


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(k.replace('__', ':'))} v={quoteattr(v)}/>" for k, v in tags.items())


def oddities(roads: Roads) -> dict[Odd, list[str]]:
    return {one.code: one.examples for one in roads.oddities}


def arcs(roads: Roads) -> set[tuple[int, int]]:
    """From node to node, as one may drive."""
    both = {(e.head, e.tail) for e in roads.edges if not e.oneway}
    return {(e.tail, e.head) for e in roads.edges} | both
