"""A backup is one whole file, and a restore happens wholly or not at all."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from jieying.kit.backup import backup, restore
from jieying.kit.errors import Conflict, Invalid, NotFound, Unavailable
from jieying.kit.postgres_cluster import binary


def query(url: str, statement: str) -> str:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = [binary("psql"), "-XqAt", "--set=ON_ERROR_STOP=1", "-c", statement, plain]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def filled(database_url: str) -> str:
    """A database with something of every kind that we use in it."""
    query(
        database_url,
        """
        DROP SCHEMA public CASCADE; CREATE SCHEMA public;
        CREATE EXTENSION pg_trgm;
        CREATE TABLE incident (region text, id bigint, words text, PRIMARY KEY (region, id));
        CREATE TABLE assignment (region text, incident bigint, FOREIGN KEY (region, incident) REFERENCES incident);
        CREATE INDEX ON incident USING gin (words gin_trgm_ops);
        INSERT INTO incident SELECT '云洲', i, '人民路有人打架 \\ ''' || i FROM generate_series(1, 2000) i;
        INSERT INTO assignment SELECT '云洲', i FROM generate_series(1, 100) i;
        """,
    )
    return database_url


CONTENT = """SELECT (SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM incident t),
             (SELECT count(*) FROM assignment), to_regclass('later')"""


def test_what_was_backed_up_comes_back(filled: str, tmp_path: Path) -> None:
    before = query(filled, CONTENT)
    backup(filled, tmp_path / "one.backup")
    query(filled, "DROP TABLE assignment, incident")
    query(filled, "DROP EXTENSION pg_trgm")
    restore(filled, tmp_path / "one.backup")
    assert query(filled, CONTENT) == before


def test_a_backup_is_for_its_owner_only_and_replaces_an_older_one(filled: str, tmp_path: Path) -> None:
    file = tmp_path / "daily" / "one.backup"
    backup(filled, file)
    first = file.read_bytes()
    query(filled, "DELETE FROM assignment")
    backup(filled, file)
    assert file.read_bytes() != first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_database_that_holds_anything_is_not_overwritten_unasked(filled: str, tmp_path: Path) -> None:
    backup(filled, tmp_path / "one.backup")
    query(filled, "DELETE FROM assignment")
    changed = query(filled, CONTENT)
    with pytest.raises(Conflict) as refused:
        restore(filled, tmp_path / "one.backup")
    assert refused.value.code == "database_not_empty"
    assert query(filled, CONTENT) == changed


def test_with_force_the_backup_is_all_there_is_afterwards(filled: str, tmp_path: Path) -> None:
    before = query(filled, CONTENT)
    backup(filled, tmp_path / "one.backup")
    query(
        filled, "CREATE TABLE later (a int); CREATE SCHEMA other; CREATE TABLE other.t (a int); DELETE FROM assignment"
    )
    restore(filled, tmp_path / "one.backup", force=True)
    assert query(filled, CONTENT) == before
    assert query(filled, "SELECT to_regnamespace('other') IS NULL") == "t"


@pytest.mark.parametrize("damage", ["cut off", "changed inside", "something else", "empty"])
def test_a_damaged_file_changes_nothing(filled: str, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "one.backup"
    backup(filled, file)
    whole = file.read_bytes()
    middle = whole.index(b"\x78", len(whole) // 2)
    damaged = {
        "cut off": whole[:-2000],
        "changed inside": whole[:middle] + b"\0" * 500 + whole[middle + 500 :],
        "something else": b"not a backup at all\n" * 100,
        "empty": b"",
    }
    file.write_bytes(damaged[damage])
    before = query(filled, CONTENT)
    with pytest.raises(Invalid) as refused:
        restore(filled, file, force=True)
    assert refused.value.code == "backup_unreadable"
    assert query(filled, CONTENT) == before


def test_a_missing_file_is_named(filled: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refused:
        restore(filled, tmp_path / "none.backup", force=True)
    assert refused.value.params["file"] == str(tmp_path / "none.backup")


def test_a_database_in_use_is_left_as_it_is(filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jieying.kit.backup._LOCK_WAIT_S", 0.2)
    file = tmp_path / "one.backup"
    backup(filled, file)
    before = query(filled, CONTENT)
    plain = make_url(filled).set(drivername="postgresql").render_as_string(hide_password=False)
    with subprocess.Popen(
        [binary("psql"), "-XqAt", plain], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as working:
        assert working.stdin is not None
        assert working.stdout is not None
        working.stdin.write("BEGIN; SELECT count(*) FROM incident;\n")
        working.stdin.flush()
        working.stdout.readline()
        with pytest.raises(Conflict) as refused:
            restore(filled, file, force=True)
        working.communicate()
    assert refused.value.code == "database_in_use"
    assert query(filled, CONTENT) == before


def test_a_restore_that_is_killed_on_the_way_changes_nothing(filled: str, tmp_path: Path) -> None:
    query(filled, "CREATE TABLE bulk AS SELECT i, md5(i::text) FROM generate_series(1, 300000) i")
    file = tmp_path / "one.backup"
    backup(filled, file)
    query(filled, "DELETE FROM assignment")
    before = query(filled, CONTENT)
    script = "import sys, pathlib; from jieying.kit.backup import restore\n"
    script += "restore(sys.argv[1], pathlib.Path(sys.argv[2]), force=True)"
    killed = subprocess.Popen([sys.executable, "-c", script, filled, str(file)])
    running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'psql' AND pid <> pg_backend_pid()"
    while query(filled, f"{running} AND query LIKE 'COPY%'") == "0":
        assert killed.poll() is None
    killed.kill()
    assert killed.wait() < 0
    while query(filled, running) != "0":  # psql reads on to the end of what it gets
        pass
    assert query(filled, CONTENT) == before


def test_an_unreachable_server_is_said_without_its_password(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://duty:geheim@127.0.0.1:1/jieying"
    with pytest.raises(Unavailable) as refused:
        backup(url, tmp_path / "one.backup")
    assert refused.value.code == "database_unreachable"
    assert "geheim" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_keeps_the_older_backup(filled: str, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", small], check=False).returncode:
        pytest.skip("cannot mount a small disk here")
    try:
        file = small / "one.backup"
        backup(filled, file)
        older = file.read_bytes()
        query(filled, "INSERT INTO incident SELECT '云洲', i, md5(i::text) FROM generate_series(3000, 20000) i")
        with pytest.raises(Unavailable) as refused:
            backup(filled, file)
        assert refused.value.code == "backup_disk_full"
        assert file.read_bytes() == older
        assert list(small.iterdir()) == [file]
    finally:
        subprocess.run(["umount", small], check=True)
