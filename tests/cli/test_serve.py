"""`jieying serve`: it says where the console is, and ends without a trace."""

import signal

import httpx
import psutil
import pytest

from tests.cli.running import Machine, Serving, eventually


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_service_answers_and_a_signal_leaves_nothing_running(fresh: Machine, number: signal.Signals) -> None:
    with fresh.serving() as service:
        assert httpx.get(f"{service.url}/api/health", trust_env=False).json()["status"] == "ok"
        assert len(service.family) > 2  # web process and database server at least
        assert service.end(number) == 0
        assert [one for one in service.family if _runs(one)] == []
        assert fresh.processes() == []


@pytest.mark.parametrize("which", ["requests", "loops"])
def test_when_one_of_the_two_processes_is_killed_both_are_started_again(fresh: Machine, which: str) -> None:
    with fresh.serving() as service:
        fresh.add_user("gate", "gateway")
        before = _pair(service)
        (before[0] if which == "requests" else before[1]).kill()
        eventually(lambda: not any(map(_runs, before)))
        eventually(lambda: _answers(service) and len(_pair(service)) == 2)
        with service.client("gate") as gateway:
            taken = gateway.post("/api/reports", json={"channel": "sms", "words": "快来人"}).json()["id"]
            eventually(lambda: gateway.get(f"/api/reports/{taken}").json()["state"] == "answered")


def _pair(service: Serving) -> list[psutil.Process]:
    """The process that serves requests, and that which walks the loops."""
    try:
        parents = [one for one in service.process.children() if "jieying.web.worker" in one.cmdline()]
        return [*parents, *(child for parent in parents for child in parent.children())]
    except psutil.Error:  # just ended
        return []


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _answers(service: Serving) -> bool:
    try:
        return httpx.get(f"{service.url}/api/health", trust_env=False, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def test_a_second_start_says_that_one_is_running(fresh: Machine) -> None:
    with fresh.serving() as service:
        second = fresh.run("serve", "--port", service.port)
        assert second.returncode == 1
        assert f"in use by process {service.process.pid}" in second.stderr
        assert httpx.get(f"{service.url}/api/health", trust_env=False).status_code == 200


def test_a_faulty_pack_is_named_with_file_and_line_before_anything_starts(fresh: Machine) -> None:
    with (fresh.pack / "units.csv").open("a") as units:
        units.write("U9,NOWHERE,x,x,car,patrol,30.0,110.0,,\n")
    ended = fresh.run("serve", "--port", "0")
    assert ended.returncode == 1
    assert "units.csv:6" in ended.stderr
    assert not fresh.data_dir.exists()
