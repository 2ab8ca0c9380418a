"""A backup brought to another machine: what was accepted is there, and work goes on."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.cli.running import PATIENCE_S, Machine, Serving, eventually

HERE = {"lat": 30.0, "lon": 110.0}

# A server that has worked for a while is ahead in transaction ids of a new one, and the journal is read in their order.
LONG_AT_WORK = """
DO $$ BEGIN FOR number IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$
"""


def report(client: httpx.Client, words: str) -> str:
    answer = client.post("/api/reports", json={"channel": "wechat", "words": words, "position": HERE})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def incident_of(client: httpx.Client, report_id: str) -> dict[str, Any]:
    """The incident of a report, once a unit has been offered it and its clocks run."""

    def look() -> dict[str, Any] | None:
        incident_id = client.get(f"/api/reports/{report_id}").json()["incident"]
        incident = client.get(f"/api/incidents/{incident_id}").json() if incident_id else {}
        return incident if incident.get("assignments") and incident.get("clocks") else None

    found: dict[str, Any] = eventually(look)
    return found


@pytest.fixture(scope="module")
def backed_up(shared: Machine) -> tuple[Path, str]:
    """A backup made beside the running service, which has ended now, and the report that the backup holds."""
    file = shared.folder / "a" / "jieying.backup"
    with shared.serving() as service:
        shared.sql(LONG_AT_WORK)
        shared.add_user("dispatcher", "dispatcher")
        with service.client("dispatcher") as client:
            taken = report(client, "有人打架")
            incident_of(client, taken)
        shared.done("db", "backup", str(file))
    return file, taken


def test_what_the_database_holds_is_replaced_only_by_force(backed_up: tuple[Path, str], shared: Machine) -> None:
    file, _ = backed_up
    refused = shared.run("db", "restore", str(file))
    assert refused.returncode == 1
    assert "holds data" in refused.stderr
    shared.done("db", "restore", str(file), "--force")


def test_on_another_machine_old_reports_are_there_and_new_ones_are_worked_on(
    backed_up: tuple[Path, str], fresh: Machine
) -> None:
    file, old = backed_up
    fresh.done("db", "restore", str(file))
    with fresh.serving() as service, service.client("dispatcher") as client:
        assert client.get(f"/api/reports/{old}").json()["words"] == "有人打架"
        seen = _seen_live(service, client)
        assert incident_of(client, seen)["state"] == "open"
        eventually(lambda: _told_that_nobody_answers(client))
    report_file = fresh.folder / "journal.json"
    fresh.done("journal", "verify", "--json", str(report_file))
    assert json.loads(report_file.read_text())["faults"] == []


def _told_that_nobody_answers(client: httpx.Client) -> bool:
    """Whether a report that nobody understands rang: its clock is set by a subscriber of the journal."""
    unclear = client.post(
        "/api/reports", headers={"Idempotency-Key": "unclear"}, json={"channel": "phone", "words": "喂"}
    )
    notifications = client.get("/api/notifications").json()["notifications"]
    return any(one["report"] == unclear.json()["id"] for one in notifications)


def _seen_live(service: Serving, client: httpx.Client) -> str:
    """Hand in a report and wait until the live feed tells of it."""
    address = f"{service.url.replace('http', 'ws', 1)}/api/live"
    authorization = {"Authorization": client.headers["Authorization"]}
    with connect(address, additional_headers=authorization, proxy=None) as socket:
        assert json.loads(socket.recv(PATIENCE_S))["type"] == "snapshot"
        new = report(client, "有人打架，快来")
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            message = json.loads(socket.recv(PATIENCE_S))
            if any(entry["subject"] == new for entry in message.get("entries", [])):
                return new
    raise AssertionError("the live feed told nothing of the new report")
