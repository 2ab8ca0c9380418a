"""Commands beside a running service: they use its database and do not disturb it."""

import json
import re
import time

import httpx
import pytest

from jieying.access.api import REMEMBER_S
from tests.cli.running import PASSWORD, Machine, Serving


def test_an_added_account_can_sign_in_and_is_listed(shared: Machine, service: Serving) -> None:
    shared.add_user("anna", "dispatcher")
    with service.client("anna") as client:
        assert client.get("/api/session").json()["org"] == "C"
    assert re.search(r"anna\s.*Anna\s.*Dispatcher\s.*C\s.*active", shared.done("user", "list"))


def test_a_new_password_ends_the_sessions_of_the_account(shared: Machine, service: Serving) -> None:
    shared.add_user("berta", "dispatcher")
    with service.client("berta") as client:
        shared.done("user", "password", "berta", "--password-stdin", given="another-password\n")
        time.sleep(REMEMBER_S)
        assert client.get("/api/session").status_code == 401
    with service.client("berta", "another-password") as client:
        assert client.get("/api/session").status_code == 200


def test_a_disabled_account_cannot_sign_in(shared: Machine, service: Serving) -> None:
    shared.add_user("carl", "auditor")
    shared.done("user", "disable", "carl")
    refused = httpx.post(f"{service.url}/api/session", json={"username": "carl", "password": PASSWORD}, trust_env=False)
    assert refused.status_code == 401


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("user", "add", "dora", "--name", "D", "--role", "officer", "--org", "NOWHERE", "--password-stdin"),
            "NOWHERE",
        ),
        (("user", "add", "dora", "--name", "D", "--role", "officer", "--org", "C"), "--password-stdin"),
        (("user", "add", "dora", "--name", "D", "--role", "king", "--org", "C", "--password-stdin"), "king"),
        (("user", "disable", "nobody"), "nobody"),
        (("db", "restore", "/nowhere.backup"), "in use by process"),
        (("db", "backup"), "jieying db backup --help"),
        (("pack", "validate", "/nowhere"), "/nowhere"),
        (("pack", "new", "/usr", "--region", "here"), "/usr"),
        (("nonsense",), "nonsense"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(
    shared: Machine, service: Serving, words: tuple[str, ...], said: str
) -> None:
    ended = shared.run(*words, given=f"{PASSWORD}\n")
    assert ended.returncode in (1, 2)
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_setting_that_makes_no_sense_is_named(shared: Machine) -> None:
    ended = shared.run("user", "list", JIEYING_PORT="a lot")
    assert ended.returncode == 1
    assert "JIEYING_PORT" in ended.stderr


def test_the_doctor_finds_nothing_bad_beside_the_running_service(shared: Machine, service: Serving) -> None:
    report = shared.folder / "doctor.json"
    shared.run("doctor", "--port", service.port, "--json", str(report))
    states = {row["check"]: row["state"] for row in json.loads(report.read_text())["checks"]}
    assert states.pop("console") in ("ok", "bad")  # it is built by make, not by this test
    assert states.pop("room") in ("ok", "warn")
    assert states.pop("pack") == "warn"  # the starter pack has no map yet
    assert set(states.values()) == {"ok"}


def test_the_doctor_says_what_is_wrong_with_a_pack(fresh: Machine) -> None:
    (fresh.pack / "units.csv").unlink()
    report = fresh.folder / "doctor.json"
    assert fresh.run("doctor", "--port", "0", "--json", str(report)).returncode == 1
    (found,) = [row for row in json.loads(report.read_text())["checks"] if row["check"] == "pack"]
    assert found["state"] == "bad"
    assert "jieying pack validate" in found["found"]


def test_a_new_pack_has_no_faults(fresh: Machine) -> None:
    mine = fresh.folder / "mine"
    fresh.done("pack", "new", str(mine), "--region", "mine")
    assert str(mine) in fresh.done("pack", "validate", str(mine))


def test_faults_of_a_pack_are_told_with_file_and_line(fresh: Machine) -> None:
    with (fresh.pack / "officers.csv").open("a") as officers:
        officers.write("900001,王敏,NOWHERE,\n")
    report = fresh.folder / "faults.json"
    ended = fresh.run("pack", "validate", str(fresh.pack), "--json", str(report))
    (fault,) = json.loads(report.read_text())["faults"]
    assert ended.returncode == 1
    assert f"{fresh.pack}/officers.csv:{fault['line']}: " in ended.stderr


def test_messages_are_in_the_language_of_the_reader(shared: Machine) -> None:
    assert "没有账号" in shared.run("user", "disable", "nobody", JIEYING_LANGUAGE="zh").stderr
