"""Roads as files of a pack: nodes.csv, edges.csv, turns.csv and the picture roads.png, all of them or none."""

from collections.abc import Iterable, Sequence
from errno import EDQUOT, ENOSPC
from pathlib import Path
from tempfile import TemporaryDirectory

from jieying.citypack.roadsource.model import Roads
from jieying.citypack.roadsource.picture import draw
from jieying.citypack.write import line_text, write_csv
from jieying.kit.errors import Conflict, Unavailable
from jieying.kit.geo import Point

PICTURE = "roads.png"


def check_folder(folder: Path, source: Path) -> None:
    """Raises Conflict where writing would destroy something: the source itself, or what is no pack and no roads."""
    tables = source.resolve().parent if source.suffix == ".csv" else source.resolve()
    if folder.resolve() == tables:
        raise Conflict("roads_onto_source", folder=str(folder))
    known = ("pack.toml", "turns.csv")
    if folder.exists() and not (folder.is_dir() and (not any(folder.iterdir()) or _any(folder, known))):
        raise Conflict("folder_not_empty", folder=str(folder))


def _any(folder: Path, names: Iterable[str]) -> bool:
    return any((folder / name).is_file() for name in names)


def write_roads(roads: Roads, folder: Path, route: Sequence[Point] = ()) -> None:
    """Write the files beside what else is in the folder; former ones are replaced once all are written.

    Raises Unavailable("disk_full" | "roads_unwritable"), and has changed nothing then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".roads-", dir=folder) as temporary:
            write_tables(roads, Path(temporary))
            draw(roads, Path(temporary) / PICTURE, route)
            for file in sorted(Path(temporary).iterdir()):
                file.replace(folder / file.name)
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise Unavailable("disk_full", folder=str(folder)) from error
        raise Unavailable("roads_unwritable", folder=str(folder), reason=error.strerror or str(error)) from error


def write_tables(roads: Roads, folder: Path) -> None:
    """Write nodes.csv, edges.csv and turns.csv; raises OSError."""
    rows = ((n.id, round(n.position.lat, 6), round(n.position.lon, 6)) for n in roads.nodes)
    write_csv(folder / "nodes.csv", "id,lat,lon", rows)
    edges = (
        (
            number, e.tail, e.head, max(0.1, round(e.length_m, 1)), e.road_class, int(e.oneway), e.name,
            "" if e.kmh is None else f"{e.kmh:g}", line_text((p.lon, p.lat) for p in e.line),
        )
        for number, e in enumerate(roads.edges)
    )  # fmt: skip
    write_csv(folder / "edges.csv", "id,tail,head,length_m,class,oneway,name,kmh,line", edges)
    bans = ((b.from_edge, b.via, b.to_edge) for b in roads.turn_bans)
    write_csv(folder / "turns.csv", "from_edge,via,to_edge", bans)
