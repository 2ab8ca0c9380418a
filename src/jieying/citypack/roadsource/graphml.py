"""GraphML, as osmnx and networkx write it: its nodes and edges as rows of a table."""

from collections.abc import Iterator
from pathlib import Path

# Entities that expand without end are stopped by expat itself since 2.4.1; nothing outside the file is fetched.
from xml.etree.ElementTree import Element, ParseError, iterparse

from jieying.citypack.roadsource.model import Draft
from jieying.citypack.roadsource.tables import EDGE_COLUMNS, NODE_COLUMNS, Row, draft
from jieying.kit.errors import Invalid


def read_graphml(file: Path) -> Draft:
    """The roads of a GraphML file. Raises Invalid("roads_unreadable") when it is none."""
    nodes: list[Row] = []
    edges: list[Row] = []
    try:
        for row, columns in _elements(file):
            (nodes if columns is NODE_COLUMNS else edges).append(row)
    except (ParseError, OSError) as error:
        raise Invalid("roads_unreadable", file=str(file), reason=str(error)) from error
    return draft(nodes, edges)


def _elements(file: Path) -> Iterator[tuple[Row, dict[str, tuple[str, ...]]]]:
    keys: dict[str, str] = {}
    for _, element in iterparse(file):  # noqa: S314 - see above; the engineer's own file
        kind = element.tag.rpartition("}")[2]
        if kind == "key":
            keys[element.get("id", "")] = element.get("attr.name", "")
        elif kind == "node":
            number = element.get("id", "")
            cells = _cells(element, keys, NODE_COLUMNS) | {"id": number}
            yield (f"{file.name} node {number}", cells), NODE_COLUMNS
            element.clear()
        elif kind == "edge":
            tail, head = element.get("source", ""), element.get("target", "")
            # osmnx's own number of an edge, of several between the same nodes, is no id
            cells = _cells(element, keys, EDGE_COLUMNS) | {"tail": tail, "head": head, "id": ""}
            yield (f"{file.name} edge {tail}-{head}", cells), EDGE_COLUMNS
            element.clear()


def _cells(element: Element, keys: dict[str, str], columns: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """By our own names for the columns."""
    data = {keys.get(one.get("key", ""), ""): (one.text or "").strip() for one in element}
    found = ((ours, next((data[name] for name in names if name in data), None)) for ours, names in columns.items())
    return {ours: value for ours, value in found if value is not None}
