"""The server that comes with us, on a real folder, killed in every way a machine kills a program."""

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import asyncpg
import psutil
import pytest

from jieying.kit import postgres, postgres_processes, postgres_user
from jieying.kit.errors import Conflict, Unavailable
from jieying.kit.postgres import EmbeddedPostgres
from jieying.kit.postgres_cluster import binary

NOBODY = 65534
SOURCE = Path(postgres.__file__).parents[2]

# A process that owns a server until its input ends or it is killed.
OWNER = """
import sys
from functools import cache
from pathlib import Path
from jieying.kit.errors import Refused
from jieying.kit.postgres import EmbeddedPostgres
try:
    with EmbeddedPostgres(Path(sys.argv[1]), durable=False) as server:
        print(server.pid, flush=True)
        sys.stdin.read()
except Refused as refused:
    print(refused.code, flush=True)
"""

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change users and mount")


def query(server: EmbeddedPostgres, statement: str) -> str:
    command = [binary("psql"), "-XqAt", "--set=ON_ERROR_STOP=1", "-c", statement, server.dsn]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def start_owner(folder: Path, python: str = sys.executable, user: int | None = None) -> subprocess.Popen[str]:
    packages = Path(psutil.__file__).parents[1]
    return subprocess.Popen(
        [python, "-c", OWNER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{SOURCE}:{packages}"},
        start_new_session=True,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )


def first_line(owner: subprocess.Popen[str]) -> str:
    assert owner.stdout is not None
    return owner.stdout.readline().strip()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can pass through; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="jieying-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after a first start and an orderly stop."""
    folder = tmp_path_factory.mktemp("made") / "data"
    with EmbeddedPostgres(folder, durable=False):
        pass
    return folder


@pytest.fixture
def used(cluster: Path, tmp_path: Path) -> Path:
    """A copy of it, so that a test may do to it what it likes."""
    return Path(shutil.copytree(cluster, tmp_path / "data"))


def test_first_start_makes_a_database_that_is_safe_and_reads_chinese(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "data") as server:
        assert query(server, "SELECT current_database(), current_user, usesuper FROM pg_user").startswith(
            "jieying|jieying|"
        )
        for setting, value in {
            "data_checksums": "on",
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "server_encoding": "UTF8",
            "listen_addresses": "",
            "TimeZone": "UTC",
        }.items():
            assert query(server, f"SHOW {setting}") == value, setting
        query(server, "CREATE EXTENSION pg_trgm")
        assert query(server, "SELECT similarity('云洲市人民路', '云洲市人民路') > 0") == "t"


def test_the_role_of_the_service_is_no_superuser(used: Path) -> None:
    with EmbeddedPostgres(used, durable=False) as server:
        assert query(server, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "f"


def test_only_its_user_can_reach_the_server(used: Path) -> None:
    with EmbeddedPostgres(used, durable=False) as server:
        assert stat.S_IMODE((used / "postgres" / "socket").stat().st_mode) == 0o700
        assert server.pid is not None
        assert psutil.Process(server.pid).net_connections("inet") == []


def test_interrupting_the_terminal_does_not_reach_the_server(used: Path) -> None:
    with EmbeddedPostgres(used, durable=False) as server:
        assert server.pid is not None
        assert os.getsid(server.pid) != os.getsid(0)


def test_restart_keeps_the_data(used: Path) -> None:
    server = EmbeddedPostgres(used, durable=False)
    server.start()
    query(server, "CREATE TABLE kept AS SELECT 7 AS number")
    server.stop()
    assert not server.alive()
    with server:
        assert query(server, "SELECT number FROM kept") == "7"


@pytest.mark.parametrize("killed", ["the server only", "every process of it"])
async def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path, killed: str) -> None:
    acknowledged: list[int] = []
    enough = asyncio.Event()

    async def write(first: int) -> None:
        connection = await asyncpg.connect(server.dsn)
        try:
            for number in range(first, first + 1_000_000):
                await connection.execute("INSERT INTO written VALUES ($1)", number)
                acknowledged.append(number)
                if len(acknowledged) == 300:
                    enough.set()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            connection.terminate()  # the server is gone: this is what we are here for

    server = EmbeddedPostgres(tmp_path / "data")
    await asyncio.to_thread(server.start)
    try:
        query(server, "CREATE TABLE written (number int PRIMARY KEY)")
        assert server.pid is not None
        victim = psutil.Process(server.pid)
        writers = asyncio.gather(*(write(k * 1_000_000) for k in range(4)))
        await enough.wait()
        victim.suspend()  # or it would start again those killed before it
        for process in [*(victim.children() if killed == "every process of it" else ()), victim]:
            process.kill()
        await writers
        await asyncio.to_thread(wait_until, lambda: not server.alive())
        assert await asyncio.to_thread(server.ensure)
        found = {int(row) for row in query(server, "SELECT number FROM written").split()}
        assert set(acknowledged) <= found
    finally:
        await asyncio.to_thread(server.stop)


def test_a_server_stopped_in_the_middle_of_its_recovery_keeps_what_it_had(used: Path) -> None:
    server = EmbeddedPostgres(used)
    server.start()
    query(server, "CREATE TABLE kept AS SELECT 7 AS number")
    assert server.pid is not None
    for child in psutil.Process(server.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    server.stop()
    with server:
        assert query(server, "SELECT number FROM kept") == "7"


def test_ensure_leaves_a_running_server_alone(used: Path) -> None:
    with EmbeddedPostgres(used, durable=False) as server:
        before = server.pid
        assert server.ensure() is False
        assert server.pid == before


def test_a_working_process_of_a_killed_server_does_not_keep_the_next_from_starting(
    used: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_processes, "_PATIENCE_S", 0.5)
    with EmbeddedPostgres(used, durable=False) as server:
        endless = subprocess.Popen(
            [binary("psql"), "-Xc", "SELECT count(*) FROM generate_series(1, 1e12)", server.dsn],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        working = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%1e12%' AND pid <> pg_backend_pid()"
        wait_until(lambda: query(server, working) != "")
        busy = psutil.Process(int(query(server, working)))
        assert server.pid is not None
        psutil.Process(server.pid).kill()
        wait_until(lambda: not server.alive())
        assert server.ensure()
        assert not busy.is_running() or busy.status() == psutil.STATUS_ZOMBIE
        assert query(server, "SELECT 1") == "1"
        endless.wait()


def test_a_second_owner_is_refused_and_told_who_the_first_is(used: Path) -> None:
    owner = start_owner(used)
    try:
        first_line(owner)
        with pytest.raises(Conflict) as refused:
            EmbeddedPostgres(used, durable=False).start()
        assert refused.value.code == "postgres_running"
        assert refused.value.params["pid"] == str(owner.pid)
    finally:
        owner.communicate()


def test_a_server_whose_owner_was_killed_is_taken_over(used: Path) -> None:
    owner = start_owner(used)
    pid = int(first_line(owner))
    owner.kill()
    owner.communicate()
    with EmbeddedPostgres(used, durable=False) as server:
        assert server.pid == pid
        assert query(server, "SELECT 1") == "1"
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_server_with_unsafe_settings_is_not_taken_over_but_replaced(used: Path) -> None:
    owner = start_owner(used)
    pid = int(first_line(owner))
    owner.kill()
    owner.communicate()
    with EmbeddedPostgres(used) as server:
        assert server.pid != pid
        assert query(server, "SHOW fsync") == "on"


def test_a_hanging_server_whose_owner_was_killed_is_replaced(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_SILENCE_S", 0.5)
    monkeypatch.setattr(postgres_processes, "_PATIENCE_S", 0.5)
    owner = start_owner(used)
    pid = int(first_line(owner))
    owner.kill()
    owner.communicate()
    (used / "postgres" / "socket" / ".s.PGSQL.5432").unlink()
    psutil.Process(pid).suspend()
    with EmbeddedPostgres(used, durable=False) as server:
        assert server.pid != pid
        assert query(server, "SELECT 1") == "1"


def test_a_killed_first_start_leaves_nothing_half_done(tmp_path: Path) -> None:
    home = tmp_path / "postgres"
    owner = start_owner(tmp_path)
    wait_until(lambda: any(home.glob("new-*/base")))
    os.killpg(owner.pid, signal.SIGKILL)
    owner.communicate()
    assert not (home / "cluster").exists()
    with EmbeddedPostgres(tmp_path, durable=False) as server:
        assert query(server, "SELECT current_database()") == "jieying"
        assert list(home.glob("new-*")) == []


@pytest.mark.parametrize("content", ["", "{pid}\n{cluster}\n1700000000\n5432\n{socket}\n\n  5432001  0\nready\n"])
def test_the_notes_of_a_killed_server_do_not_keep_the_next_from_starting(used: Path, content: str) -> None:
    home = used / "postgres"
    with subprocess.Popen(["sleep", "60"]) as other:  # took over the process id of the killed server
        noted = content.format(pid=other.pid, cluster=home / "cluster", socket=home / "socket")
        (home / "cluster" / "postmaster.pid").write_text(noted)
        (home / "socket" / ".s.PGSQL.5432.lock").write_text(noted)
        with EmbeddedPostgres(used, durable=False) as server:
            assert query(server, "SELECT 1") == "1"
        assert other.poll() is None
        other.kill()


def test_a_folder_moved_under_a_running_server_gets_no_second_one(used: Path) -> None:
    with EmbeddedPostgres(used, durable=False) as server:
        moved = used.with_name("moved")
        shutil.copytree(used / "postgres" / "cluster", moved / "postgres" / "cluster")
        with pytest.raises(Unavailable) as refused:
            EmbeddedPostgres(moved, durable=False).start()
        assert refused.value.code == "postgres_failed"
        assert "postmaster.pid" in str(refused.value.params["lines"])
        assert query(server, "SELECT 1") == "1"


def test_a_long_path_with_blanks_and_chinese_works(cluster: Path, tmp_path: Path) -> None:
    folder = tmp_path / "接应 数据" / ('long, "quoted" ' * 8)
    shutil.copytree(cluster, folder)
    with EmbeddedPostgres(folder, durable=False) as server:
        assert query(server, "SELECT 1") == "1"
        assert server.url.startswith("postgresql+asyncpg://jieying@/jieying?host=")


def test_a_socket_folder_of_somebody_else_is_not_used(
    cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 20)
    shutil.copytree(cluster, folder)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    server = EmbeddedPostgres(folder, durable=False)
    trap = Path(server.dsn.partition("host=")[2].replace("%2F", "/"))
    trap.symlink_to(tmp_path)
    with pytest.raises(Unavailable) as refused:
        server.start()
    assert refused.value.code == "postgres_socket_taken"


def test_data_of_another_version_is_refused(used: Path) -> None:
    (used / "postgres" / "cluster" / "PG_VERSION").write_text("16\n")
    with pytest.raises(Unavailable) as refused:
        EmbeddedPostgres(used, durable=False).start()
    assert (refused.value.code, refused.value.params["found"]) == ("postgres_wrong_version", "16")


def test_a_server_that_cannot_start_says_why_at_once(used: Path) -> None:
    with (used / "postgres" / "cluster" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(Unavailable) as refused:
        EmbeddedPostgres(used, durable=False).start()
    assert "no_such_setting" in str(refused.value.params["lines"])


def test_a_failed_start_lets_the_folder_go(used: Path) -> None:
    settings = used / "postgres" / "cluster" / "postgresql.conf"
    good = settings.read_text()
    settings.write_text("no_such_setting = 1\n")
    server = EmbeddedPostgres(used, durable=False)
    with pytest.raises(Unavailable):
        server.start()
    settings.write_text(good)
    with EmbeddedPostgres(used, durable=False):
        pass


def test_a_file_in_place_of_the_data_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(Unavailable) as refused:
        EmbeddedPostgres(tmp_path / "data").start()
    assert refused.value.code == "folder_not_writable"


def test_the_log_does_not_grow_for_ever(used: Path) -> None:
    (used / "postgres.log").write_bytes(b"." * (11 * 1024**2))
    with EmbeddedPostgres(used, durable=False):
        assert (used / "postgres.log").stat().st_size < 1024**2
        assert (used / "postgres.log.1").exists()


@only_root
def test_root_gets_a_full_disk_said_and_may_go_on_when_there_is_room(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", folder], check=False).returncode:
        pytest.skip("cannot mount a small disk here")
    try:
        with pytest.raises(Unavailable) as refused:
            EmbeddedPostgres(folder).start()
        assert refused.value.code == "disk_full"
        assert list((folder / "postgres").iterdir()) == []
        subprocess.run(["mount", "-o", "remount,size=300m", folder], check=True)
        with EmbeddedPostgres(folder) as server:
            assert query(server, "SELECT 1") == "1"
    finally:
        subprocess.run(["umount", folder], check=True)


@only_root
def test_root_serves_a_folder_as_the_user_who_owns_it(open_folder: Path) -> None:
    home = open_folder / "data" / "postgres"
    home.mkdir(parents=True)
    os.chown(home, NOBODY, NOBODY)
    with EmbeddedPostgres(open_folder / "data", durable=False) as server:
        assert server.pid is not None
        assert psutil.Process(server.pid).uids().effective == NOBODY
        assert {path.stat().st_uid for path in home.rglob("*")} == {NOBODY}
        assert (open_folder / "data").stat().st_uid == 0
        assert query(server, "SELECT 1") == "1"


@only_root
def test_root_without_user_namespaces_runs_it_as_nobody(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_user, "_works", lambda user: False)
    with EmbeddedPostgres(open_folder, durable=False) as server:
        assert server.pid is not None
        assert psutil.Process(server.pid).uids().effective != 0
        assert query(server, "SELECT 1") == "1"


@only_root
def test_root_is_told_which_folder_is_closed_and_it_stays_closed(open_folder: Path) -> None:
    closed = open_folder / "closed"
    home = closed / "data" / "postgres"
    home.mkdir(parents=True)
    closed.chmod(0o700)
    os.chown(home, NOBODY, NOBODY)
    with pytest.raises(Unavailable) as refused:
        EmbeddedPostgres(closed / "data", durable=False).start()
    assert refused.value.code == "postgres_folder_closed"
    assert refused.value.params["folder"] == str(closed)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@only_root
def test_an_ordinary_user_can_do_it_all(open_folder: Path) -> None:
    python = python_of_everybody()
    os.chown(open_folder, NOBODY, NOBODY)
    owner = start_owner(open_folder / "data", python, NOBODY)
    pid = int(first_line(owner))
    assert psutil.Process(pid).uids().effective == NOBODY
    owner.communicate()
    assert owner.returncode == 0
    assert not psutil.pid_exists(pid)


@only_root
def test_an_ordinary_user_is_told_that_the_folder_is_not_writable(open_folder: Path) -> None:
    owner = start_owner(open_folder / "data", python_of_everybody(), NOBODY)
    assert first_line(owner) == "folder_not_writable"
    owner.communicate()


@cache
def python_of_everybody() -> str:
    """A Python that another user may run with our packages; the test is skipped when there is none."""
    packages = Path(psutil.__file__).parents[1]
    check = "import jieying.kit.postgres, asyncpg"
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            subprocess.run(
                [python, "-c", check],
                env={"PYTHONPATH": f"{SOURCE}:{packages}"},
                capture_output=True,
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                check=True,
            )
        except (subprocess.CalledProcessError, PermissionError):
            continue
        return python
    pytest.skip("no Python here that another user may run with our packages")


def wait_until(condition: Callable[[], bool]) -> None:
    """At most a minute, which is no measure of anything but of a test that hangs."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
