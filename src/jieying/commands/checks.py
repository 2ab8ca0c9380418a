"""What `jieying doctor` looks at. Each check gives what it found; the words say what to do when it is not well."""

import asyncio
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from jieying.citypack.check import validate_pack
from jieying.citypack.tiles import MAP_FILE
from jieying.commands.database import database_url
from jieying.kit.db import Database
from jieying.kit.errors import Refused
from jieying.kit.keyring import Keyring
from jieying.kit.postgres import owner
from jieying.settings import Settings
from jieying.vault.store import count_by_key
from jieying.web.app import STATIC

GIB = 1024**3
POSTGRES_LEAST = 17
PYTHON_LEAST = (3, 11)
CLOCKS_APART = timedelta(seconds=5)
# No machine runs this program before it was written.
WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)

State = Literal["ok", "warn", "bad"]


@dataclass(frozen=True)
class Finding:
    """What was found; the words stand under `key`, and say what to do when the state is not ok."""

    state: State
    key: str
    params: dict[str, object] = field(default_factory=dict)


def _python(chosen: Settings) -> Iterator[Finding]:
    state: State = "ok" if sys.version_info >= PYTHON_LEAST else "bad"
    yield Finding(state, "doctor.python.found", {"version": sys.version.split()[0]})


def _folder(chosen: Settings) -> Iterator[Finding]:
    folder = chosen.data_dir.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            yield Finding("ok", "doctor.folder.writable", {"folder": folder})
    except OSError as error:
        yield Finding("bad", "doctor.folder.closed", {"folder": folder, "reason": error.strerror})


def _room(chosen: Settings) -> Iterator[Finding]:
    folder = next(f for f in (chosen.data_dir.absolute(), *chosen.data_dir.absolute().parents) if f.is_dir())
    free = shutil.disk_usage(folder).free
    state: State = "bad" if free < GIB else "warn" if free < 10 * GIB else "ok"
    yield Finding(state, f"doctor.room.{state}", {"gib": f"{free / GIB:.1f}", "folder": folder})


def _database(chosen: Settings) -> Iterator[Finding]:
    try:
        with database_url(chosen) as url:
            version, apart = asyncio.run(_ask(url))
    except Refused as refused:
        yield Finding("bad", f"problem.{refused.code}", refused.params)
        return
    except (OSError, asyncpg.PostgresError) as error:
        yield Finding("bad", "doctor.database.unreachable", {"reason": error})
        return
    enough = version >= POSTGRES_LEAST
    found: dict[str, object] = {"version": version, "least": POSTGRES_LEAST}
    yield Finding("ok" if enough else "bad", "doctor.database.runs" if enough else "doctor.database.old", found)
    if abs(apart) > CLOCKS_APART:
        yield Finding("warn", "doctor.database.clock", {"seconds": apart.total_seconds()})


async def _ask(url: str) -> tuple[int, timedelta]:
    """The server's major version, and how far its clock is from ours."""
    connection = await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        told = await connection.fetchval("SELECT clock_timestamp()")
        return connection.get_server_version().major, told - datetime.now(UTC)
    finally:
        await connection.close()


def _pack(chosen: Settings) -> Iterator[Finding]:
    faults, params = validate_pack(chosen.pack), {"folder": chosen.pack.absolute()}
    if faults:
        yield Finding("bad", "doctor.pack.faults", {**params, "count": len(faults)})
    elif not (chosen.pack / MAP_FILE).is_file():
        yield Finding("warn", "doctor.pack.no_map", {**params, "file": MAP_FILE})
    else:
        yield Finding("ok", "doctor.pack.valid", {**params})


def _vault(chosen: Settings) -> Iterator[Finding]:
    keyring = Keyring(chosen.key_file)
    locked = _locked(chosen)
    params: dict[str, object] = {"file": keyring.file.absolute(), "count": sum(locked.values())}
    if not keyring.file.exists():
        yield Finding("bad" if locked else "ok", "doctor.vault.missing" if locked else "doctor.vault.new", params)
        return
    if keyring.file.stat().st_mode & 0o077:
        yield Finding("bad", "doctor.vault.open", params)
    try:
        known = keyring.keys()
    except Refused as refused:
        yield Finding("bad", f"problem.{refused.code}", refused.params)
        return
    lost = {key: count for key, count in locked.items() if key not in known}
    if lost:
        yield Finding("bad", "doctor.vault.other", {**params, "count": sum(lost.values()), "keys": ", ".join(lost)})
    else:
        yield Finding("ok", "doctor.vault.ok", params)


def _locked(chosen: Settings) -> dict[str, int]:
    """How much each key has locked; nothing where there is no database yet, which another check tells."""

    async def ask(url: str) -> dict[str, int]:
        db = Database(url, pool=1)
        try:
            async with db.transaction() as connection:
                return await count_by_key(connection)
        except ProgrammingError:  # no schema yet
            return {}
        finally:
            await db.close()

    try:
        with database_url(chosen) as url:
            return asyncio.run(ask(url))
    except (Refused, OSError):
        return {}


def _port(chosen: Settings) -> Iterator[Finding]:
    params: dict[str, object] = {"host": chosen.host, "port": chosen.port}
    try:
        socket.create_server((chosen.host, chosen.port)).close()
        yield Finding("ok", "doctor.port.free", params)
    except OSError as error:
        if owner(chosen.data_dir) is not None:
            yield Finding("ok", "doctor.port.ours", params)
        else:
            yield Finding("bad", "doctor.port.taken", {**params, "reason": error.strerror})


def _console(chosen: Settings) -> Iterator[Finding]:
    if (STATIC / "index.html").is_file():
        yield Finding("ok", "doctor.console.built", {"folder": STATIC})
    else:
        yield Finding("bad", "doctor.console.missing", {"folder": STATIC})


def _clock(chosen: Settings) -> Iterator[Finding]:
    now = datetime.now(UTC)
    log = chosen.data_dir / "postgres.log"
    last = datetime.fromtimestamp(log.stat().st_mtime, UTC) if log.is_file() else WRITTEN
    back = now < max(WRITTEN, last) - CLOCKS_APART
    params: dict[str, object] = {"now": now.isoformat(timespec="seconds"), "last": last.isoformat(timespec="seconds")}
    yield Finding("bad" if back else "ok", "doctor.clock.back" if back else "doctor.clock.sane", params)


def _locale(chosen: Settings) -> Iterator[Finding]:
    encodings = {sys.stdout.encoding.lower(), sys.getfilesystemencoding().lower()}
    plain = {name.replace("-", "") for name in encodings} == {"utf8"}
    found: dict[str, object] = {"encoding": ", ".join(sorted(encodings))}
    yield Finding("ok" if plain else "warn", "doctor.locale.utf8" if plain else "doctor.locale.other", found)


CHECKS: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "python": _python,
    "folder": _folder,
    "room": _room,
    "clock": _clock,
    "database": _database,
    "vault": _vault,
    "pack": _pack,
    "port": _port,
    "console": _console,
    "locale": _locale,
}
