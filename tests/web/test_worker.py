"""The two processes of a server: how the one tells the other, and how they end."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from jieying.bootstrap import Due, Platform, Share
from jieying.web.worker import SOCKET_ENV, _walk_loops
from tests.incidents import acts


def test_what_a_request_makes_due_is_told_to_the_process_of_the_loops(
    platform: Platform,
) -> None:
    told: list[bytes] = []
    platform.tell_loops = lambda due: told.append(due.value)
    for path in ("/api/reports", "/api/reports", "/api/assignments/1/accept", "/api/roads/speeds", "/api/positions"):
        platform.kick_after(path)
    assert told == [Due.STEPS.value, Due.STEPS.value, Due.OFFERS.value, Due.SPEEDS.value]


async def test_news_from_the_requests_wake_the_loops_long_before_they_would_look_by_themselves(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Platform._loop, "__defaults__", (3600.0,))  # seconds that a loop sleeps unless woken
    platform.share = Share.LOOPS
    told, tells = os.pipe()
    walking = asyncio.create_task(_walk_loops(platform, told))
    await asyncio.sleep(1)  # all loops have looked once and sleep
    id_ = await acts.report(platform)
    os.write(tells, Due.STEPS.value)
    async with asyncio.timeout(30):
        while (await acts.report_row(platform, id_)).state == "received":  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.05)
    os.close(tells)
    await walking
    signal.alarm(0)
    os.close(told)


def test_without_a_database_it_ends_with_an_error_and_does_not_abort(yunzhou: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings = {
            "JIEYING_DATABASE_URL": f"postgresql+asyncpg://nobody@/nowhere?host={tmp_path}",
            "JIEYING_PACK": str(yunzhou),
            "JIEYING_DATA_DIR": str(tmp_path),
            SOCKET_ENV: str(listening.fileno()),
        }
        worker = subprocess.Popen(
            [sys.executable, "-m", "jieying.web.worker"],
            stdin=subprocess.PIPE,  # stays open: the parent lives
            stderr=subprocess.PIPE,
            pass_fds=[listening.fileno()],
            env=os.environ | settings,
        )
        assert worker.stderr is not None
        said = worker.stderr.read().decode()
        assert worker.wait() > 0, said  # below zero: ended by a signal
