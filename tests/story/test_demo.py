"""The whole story at once: a city at work around the real service, and every report accounted for at the end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jieying.demo.start import empty
from jieying.kit.errors import Conflict

PROGRAM = """
import sys
from pathlib import Path
from jieying.demo import DemoOptions, run
pack, folder, minutes, speed, headless = sys.argv[1:]
sys.exit(run(DemoOptions(
    headless=headless == "headless", minutes=float(minutes) or None, speed=float(speed), port=0, language="en",
    pack=Path(pack), data_dir=Path(folder) / "demo", json=Path(folder) / "account.json",
)))
"""
Start = Callable[[float, float, str], subprocess.Popen[str]]
BORED = 300  # seconds after which something hangs


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Open to others, as root may have to start the database as one of them."""
    made = Path(tempfile.mkdtemp(prefix="jieying-demo-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def start(yunzhou: Path, folder: Path) -> Start:
    """`start(minutes, speed, "headless" or "shown")` starts a demo; 0 minutes: until it is told to end."""

    def begin(minutes: float, speed: float, how: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROGRAM, str(yunzhou), str(folder), str(minutes), str(speed), how]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    return begin


@pytest.fixture(scope="module")
def account(start: Start, folder: Path) -> dict[str, Any]:
    """What a demo of 20 seconds, 40 minutes of the city, says at its end."""
    demo = start(1 / 3, 120, "headless")
    said, _ = demo.communicate(timeout=BORED)
    assert demo.returncode == 0, said
    found: dict[str, Any] = json.loads((folder / "account.json").read_text(encoding="utf-8"))
    return found


def test_every_report_is_accounted_for(account: dict[str, Any]) -> None:
    reports = account["reports"]
    assert account["unaccounted"] == 0
    assert reports["received"] == sum(reports.values()) - reports["received"] > 0


def test_incidents_are_worked_on_from_the_report_to_the_arrival(account: dict[str, Any]) -> None:
    assert 0 < account["intervals"]["response"]["n"] <= account["incidents"]["opened"]
    assert account["intervals"]["response"]["p50_s"] >= account["intervals"]["travel"]["p50_s"] > 0


def test_incidents_are_closed(account: dict[str, Any]) -> None:
    incidents = account["incidents"]
    assert incidents["closed"] > 0
    assert incidents["opened"] == sum(incidents.values()) - incidents["opened"]


def test_the_journal_is_whole(account: dict[str, Any]) -> None:
    assert account["journal"]["entries"] > account["reports"]["received"]
    assert account["journal"]["faults"] == 0


def test_what_is_not_for_the_police_is_at_the_hotline_once(account: dict[str, Any]) -> None:
    assert account["hotline"]["handed_over"] >= account["reports"]["diverted"] > 0
    assert account["hotline"]["twice"] == 0


def test_nobody_in_the_demo_was_refused_for_anything_but_being_too_late(account: dict[str, Any]) -> None:
    assert account["demo_faults"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_it_leaves_nothing_running(start: Start, number: signal.Signals) -> None:
    demo = start(0, 10, "shown")
    assert demo.stdout is not None
    children: list[psutil.Process] = []
    for line in demo.stdout:  # until it says where to look
        if "http://" in line:
            children = psutil.Process(demo.pid).children(recursive=True)
            break
    demo.send_signal(number)
    said, _ = demo.communicate(timeout=BORED)
    assert demo.returncode == 0, said
    assert children
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_web_process_that_is_killed_loses_no_report(start: Start) -> None:
    demo = start(1 / 4, 120, "headless")
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if "http://" in line:
            break
    time.sleep(5)  # some have reported by now
    workers = [p for p in psutil.Process(demo.pid).children() if "jieying.web.worker" in p.cmdline()]
    assert workers
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
    said += demo.communicate(timeout=BORED)[0]
    assert demo.returncode == 0, said


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(Conflict, match="demo_folder_taken"):
        empty(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"
