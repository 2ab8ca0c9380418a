"""`read_roads`: any source of roads becomes Roads for a pack."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jieying.citypack.roadsource.clean import clean
from jieying.citypack.roadsource.graphml import read_graphml
from jieying.citypack.roadsource.model import Draft, Roads
from jieying.citypack.roadsource.tables import read_tables
from jieying.kit.errors import Invalid, NotFound

OSM = (".pbf", ".osm", ".osm.gz", ".osm.bz2")


def read_roads(source: Path) -> Roads:
    """The roads of an OpenStreetMap extract, a GraphML file, or tables (a folder, or edges.csv with nodes.csv beside).

    What can't be used is left out and stands in `oddities`. Raises NotFound("roads_missing"), and Invalid with the
    file and the place in it when it is empty, cut short, of another format, or holds no roads.
    """
    with _no_search_for_rings():
        return clean(_draft(source))


@contextmanager
def _no_search_for_rings() -> Iterator[None]:
    """Objects are made here by the hundred thousand, and no rings of them: the search costs a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _draft(source: Path) -> Draft:
    name = source.name.lower()
    if source.is_dir():
        return read_tables(source / "edges.csv")
    if not source.is_file():
        raise NotFound("roads_missing", file=str(source))
    if not source.stat().st_size:
        raise Invalid("roads_empty", file=str(source))
    if name.endswith(OSM):
        # Imported only when needed: it takes a while to load.
        from jieying.citypack.roadsource.osm import read_osm

        return read_osm(source)
    if name.endswith(".graphml"):
        return read_graphml(source)
    if name.endswith(".csv"):
        return read_tables(source)
    raise Invalid("roads_format", file=str(source))
