"""A pack from its recipe: a folder with hand-written TOML and a `build.py` that generates the rest.

A recipe's `build.py` has `build(out, source, progress)`: it writes files into `out`, from the outside data in
`source` if it needs any, and tells how far it is.
"""

import importlib.util
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from jieying.citypack.check import validate_pack
from jieying.citypack.faults import PackFaults
from jieying.citypack.read import read_pack
from jieying.citypack.tiles import MAP_FILE, make_tiles
from jieying.kit.errors import Conflict, NotFound

Progress = Callable[[str], None]


def build_pack(recipe: Path, out: Path, source: Path | None, progress: Progress) -> None:
    """Build the pack of `recipe` into the folder `out`, which is replaced only when all has gone well.

    A folder without build.py is a pack written by hand: it is copied and gets its map.
    Raises NotFound when the recipe or its data is not there, Conflict when `out` holds something that is no
    pack, PackFaults when what came out has faults, Unavailable when the map cannot be made.
    """
    if not (recipe / "pack.toml").is_file():
        raise NotFound("no_recipe", folder=str(recipe))
    if out.resolve() == recipe.resolve():
        raise Conflict("pack_onto_itself", folder=str(out))
    if out.exists() and not (out / "pack.toml").exists() and any(out.iterdir()):
        raise Conflict("folder_not_empty", folder=str(out))
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
        folder = Path(temporary) / "pack"
        folder.mkdir()
        for file in sorted(f for f in recipe.iterdir() if f.suffix in (".toml", ".csv", ".geojson")):
            shutil.copyfile(file, folder / file.name)
        if (recipe / "build.py").is_file():
            _load(recipe).build(folder, source, progress)
        faults = validate_pack(folder)
        if faults:
            raise PackFaults(faults)
        make_tiles(read_pack(folder), folder / MAP_FILE)
        progress(MAP_FILE)
        if out.exists():
            out.rename(Path(temporary) / "old")
        folder.rename(out)


def _load(recipe: Path) -> ModuleType:
    """The recipe's build.py as a package of its own, so that it can import its neighbours by `from . import`."""
    name = "jieying_recipe_" + recipe.resolve().name.replace("-", "_")
    for stale in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
        del sys.modules[stale]
    places = [str(recipe.resolve())]
    spec = importlib.util.spec_from_file_location(name, recipe / "build.py", submodule_search_locations=places)
    assert spec is not None
    assert spec.loader is not None  # a .py file always has one
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
