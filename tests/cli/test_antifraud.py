"""The exchange files as commands: what the desk has requested goes out, and the answers come back."""

import csv
import json
import time
from pathlib import Path
from typing import Any

from tests.cli.running import Machine, Serving
from tests.diversion_antifraud.desk import CARD, OWN


def requested(service: Serving) -> str:
    """A stop that was requested in the service: its id."""
    with service.client("gate") as gateway:
        words = f"我叫张小云，10分钟前被骗，从我的卡{OWN}转到对方卡号{CARD}，工商银行，一共5000元"
        body = {"channel": "wechat", "words": words, "reporter": {"contact": "13900001111"}}
        assert gateway.post("/api/reports", json=body).status_code == 201
    with service.client("desk") as desk:
        while not (lines := desk.get("/api/antifraud/cases").json()["cases"]):
            time.sleep(0.1)
        stop: dict[str, Any] = desk.get(f"/api/antifraud/cases/{lines[0]['id']}").json()["stops"][0]
        fields = {name: field["value"] for name, field in stop["fields"].items()} | {"version": stop["version"]}
        after = desk.post(f"/api/antifraud/requests/{stop['id']}/fields", json=fields).json()["stops"][0]
        made = desk.post(f"/api/antifraud/requests/{stop['id']}/request", json={"version": after["version"]})
        assert made.status_code == 200, made.text
    return str(stop["id"])


def test_requests_go_out_and_answers_come_back_by_command(shared: Machine, service: Serving) -> None:
    for name, role in (("gate", "gateway"), ("desk", "fraud_desk"), ("boss", "commander")):
        shared.add_user(name, role)
    stop = requested(service)
    out, result = shared.folder / "out.csv", shared.folder / "out.json"

    refused = shared.run("antifraud", "export", str(out), "--as", "boss")
    assert (refused.returncode, "not permitted" in refused.stderr or "may not" in refused.stderr) == (1, True)
    assert shared.run("antifraud", "export", str(out), "--as", "nobody").returncode == 1
    assert not out.exists()

    shared.done("antifraud", "export", str(out), "--as", "desk", "--json", str(result))
    (row,) = csv.DictReader(out.open(encoding="utf-8-sig", newline=""))
    assert row["request_id"] == stop
    assert out.stat().st_mode & 0o077 == 0
    again = shared.folder / "again.csv"
    shared.done("antifraud", "export", str(again), "--as", "desk", "--batch", json.loads(result.read_text())["batch"])
    assert again.read_bytes() == out.read_bytes()
    assert "No request waits" in shared.run("antifraud", "export", str(out), "--as", "desk").stderr

    answer = {"request_id": stop, "batch_id": row["batch_id"], "answer": "stopped", "at": _now(service)}
    answer |= {"stopped_amount": "4999.5"}
    file = write(shared, answer)
    assert "1 answers taken" in shared.done("antifraud", "answers", str(file), "--as", "desk")
    assert "1 known already" in shared.done("antifraud", "answers", str(file), "--as", "desk")
    with service.client("desk") as desk:
        (line,) = desk.get("/api/antifraud/cases").json()["cases"]
    assert line["stop_state"] == "stopped"

    bad = shared.run("antifraud", "answers", str(write(shared, answer, {"request_id": "?"})), "--as", "desk")
    assert bad.returncode == 1
    assert "request_id is wrong" in bad.stdout
    assert "Traceback" not in bad.stderr


def write(machine: Machine, *answers: dict[str, str]) -> Path:
    file = machine.folder / "answers.jsonl"
    file.write_text("\n".join(json.dumps(answer) for answer in answers), encoding="utf-8")
    return file


def _now(service: Serving) -> str:
    with service.client("desk") as desk:
        return str(desk.get("/api/pack").json()["now"])
