"""One file that holds a whole database, and the way back from it; for the embedded and for any other server."""

import os
import subprocess
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from jieying.kit.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from jieying.kit.postgres_cluster import binary, folder_errors, sync_folder

_LOCK_WAIT_S = 10

# Whatever is in the database, a later version's tables included, so that what the file holds is all there is.
_EMPTY = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP;
END $$;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""

_COUNT_RELATIONS = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""


def backup(url: str, file: Path) -> None:
    """Write the database to `file`, in the state of one moment, while work goes on.

    The file appears under its name only when it is whole and on the disk; an older one is replaced then.
    Raises Unavailable when the server cannot be reached or the disk is full.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    with folder_errors(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        part.touch(mode=0o600)
    try:
        _run(url, "pg_dump", "--format=custom", f"--file={part}")
        with folder_errors(file.parent):
            with part.open("rb+") as written:
                os.fsync(written.fileno())
            part.replace(file)
            sync_folder(file.parent)
    finally:
        part.unlink(missing_ok=True)


def restore(url: str, file: Path, *, force: bool = False) -> None:
    """Make the database what it was when `file` was written; in one transaction, so wholly or not at all.

    Raises NotFound when there is no such file, Invalid when it is not a whole backup, Conflict when the
    database holds anything and `force` is not set, or when the service still works in it.
    """
    if not file.is_file():
        raise NotFound("backup_missing", file=str(file))
    _check(file)
    if not force and int(_run(url, "psql", "-XAtc", _COUNT_RELATIONS)):
        raise Conflict("database_not_empty", database=str(make_url(url).database))
    _replay(url, file)


def _check(file: Path) -> None:
    """Read the file to its end: the table of contents alone stays readable in one that was cut off."""
    command = [binary("pg_restore"), "--file=/dev/null", str(file)]
    done = subprocess.run(command, env={"LC_ALL": "C"}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Invalid("backup_unreadable", file=str(file), said=done.stderr.strip())


def _replay(url: str, file: Path) -> None:
    """Feed the file to psql between our own BEGIN and COMMIT: if we are killed on the way, nothing is changed."""
    psql = subprocess.Popen(
        [binary("psql"), "-Xq", "--set=ON_ERROR_STOP=1"],
        env=_environment(url),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert psql.stdin is not None
    try:
        psql.stdin.write(
            f"BEGIN; SET LOCAL lock_timeout = '{_LOCK_WAIT_S}s'; SET LOCAL client_min_messages = error; {_EMPTY}"
        )
        psql.stdin.flush()
        script = subprocess.run(
            [binary("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(file)],
            env={"LC_ALL": "C"},
            stdout=psql.stdin,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if script.returncode == 0:
            psql.stdin.write("\nCOMMIT;\n")
    except BrokenPipeError:
        pass  # psql ended early; what it said follows
    said = psql.communicate()[1]
    if psql.returncode:
        raise _problem(url, said)
    if script.returncode:
        raise Invalid("backup_unreadable", file=str(file), said=script.stderr.strip())


def _run(url: str, program: str, *arguments: str) -> str:
    done = subprocess.run(
        [binary(program), *arguments], env=_environment(url), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise _problem(url, done.stderr)
    return done.stdout


def _environment(url: str) -> dict[str, str]:
    """The server as libpq reads it; not as arguments, which everybody on the machine can see."""
    parsed: URL = make_url(url)
    query = {name: value for name, value in parsed.query.items() if isinstance(value, str)}
    found = {
        "PGHOST": parsed.host or query.get("host"),
        "PGPORT": str(parsed.port) if parsed.port else query.get("port"),
        "PGUSER": parsed.username,
        "PGPASSWORD": parsed.password,
        "PGDATABASE": parsed.database,
        "PGSSLMODE": query.get("sslmode") or query.get("ssl"),
        "PGSSLROOTCERT": query.get("sslrootcert"),
        "PGSSLCERT": query.get("sslcert"),
        "PGSSLKEY": query.get("sslkey"),
    }
    fixed = {"LC_ALL": "C", "PATH": os.defpath, "PGCONNECT_TIMEOUT": "10"}
    return fixed | {name: value for name, value in found.items() if value}


def _problem(url: str, said: str) -> Refused:
    server = make_url(url).render_as_string(hide_password=True)
    if "No space left on device" in said:
        return Unavailable("backup_disk_full", said=said.strip())
    if "lock timeout" in said:
        return Conflict("database_in_use")
    if "connection to server" in said:
        return Unavailable("database_unreachable", server=server, said=said.strip())
    return Unavailable("database_refused", server=server, said=said.strip())
