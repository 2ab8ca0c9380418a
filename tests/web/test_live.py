"""The live feed over real WebSockets: snapshot and entries, cut off and taken up again, within what one may see."""

import asyncio
import contextlib
import json
import random
import socket
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.dispatch import actions as dispatch
from jieying.incidents import actions as incidents
from jieying.incidents.model import AssignmentState, IncidentState
from jieying.journal.actions import record
from jieying.journal.model import Position
from jieying.kit.clock import ManualClock
from jieying.kit.errors import Conflict
from jieying.units.actions import Sighting, take_positions
from jieying.web import live, live_api
from tests.conftest import NOON, SignIn
from tests.incidents import acts
from tests.minicity import spot

OVER = ("closed", "merged", "diverted")


@dataclass
class Console:
    """What a console does: takes a snapshot, replaces what entries bring, connects again where it was cut off."""

    url: str
    headers: dict[str, str]
    position: str = ""
    entries: list[dict[str, Any]] = field(default_factory=list)
    incidents: dict[str, Any] = field(default_factory=dict)
    units: dict[str, Any] = field(default_factory=dict)
    reports: dict[str, Any] = field(default_factory=dict)
    snapshots: int = 0

    def connect(self, **options: Any) -> Any:
        url = f"{self.url}?since={self.position}" if self.position else self.url
        return connect(url, additional_headers=self.headers, proxy=None, **options)

    def take(self, text: str | bytes) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(text)
        if message["type"] == "snapshot":
            self.snapshots += 1
            self.incidents, self.units, self.reports = {}, {}, {}
        if message["type"] in ("snapshot", "entries"):
            self.position = message["position"]
            self.entries += message.get("entries", [])
            self.incidents |= {one["id"]: one for one in message["incidents"]}
            self.units |= {one["code"]: one for one in message["units"]}
            self.reports |= {one["id"]: one for one in message["reports"]}
            self.incidents = {id_: one for id_, one in self.incidents.items() if one["state"] not in OVER}
            self.reports = {id_: one for id_, one in self.reports.items() if one["needs_person"]}
        return message

    def shown(self) -> tuple[dict[str, Any], ...]:
        return self.incidents, self.units, self.reports

    async def read_until(self, socket: ClientConnection, last: str) -> None:
        """Read until an entry about, or by, `last` has come."""
        async with asyncio.timeout(30):
            while not any(last in (entry["subject"], entry["actor"]) for entry in self.entries):
                self.take(await socket.recv())


async def fence(platform: Platform) -> str:
    """An entry that every console of the city sees, written when everything else is done; who wrote it."""
    await idle(platform)
    async with platform.site.db.transaction() as connection:
        await record(platform.site, connection, "unit.status", "unit", "U8", "fence", unit="U8", status="available")
    return "fence"


async def idle(platform: Platform) -> None:
    """Until the loops of the server have nothing left to do."""
    busy = (
        "SELECT 1 FROM report WHERE steps_due_at <= :now UNION ALL SELECT 1 FROM incident WHERE dispatch_due_at <= :now"
    )
    async with asyncio.timeout(30):
        while await acts.fetch(platform, busy, now=platform.site.clock.now()):  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.05)


async def a_busy_hour(platform: Platform, dice: random.Random, rounds: int) -> None:
    """Reports come in and people act on whatever there is."""
    words = [acts.FIGHT, acts.ROBBERY, acts.NOISE, acts.CRASH, "嗯嗯嗯"]
    for _ in range(rounds):
        await acts.report(platform, dice.choice(words), (dice.randint(0, 2900), dice.randint(0, 2900)))
        await asyncio.sleep(dice.uniform(0, 0.03))
        live_ones = await acts.fetch(
            platform, "SELECT id, state FROM assignment WHERE state IN ('offered','accepted','en_route','on_scene')"
        )
        known = await acts.fetch(platform, "SELECT id, state FROM incident")
        for row in dice.sample(live_ones, min(2, len(live_ones))):
            with contextlib.suppress(Conflict):
                await _on(platform, row.id, row.state, dice)
        if known:
            with contextlib.suppress(Conflict):
                await _decide(platform, dice.choice(known), dice)


async def _on(platform: Platform, id_: Any, state: str, dice: random.Random) -> None:
    site = platform.site
    if state == "offered":
        if dice.random() < 0.2:
            await dispatch.turn_down(site, id_, AssignmentState.DECLINED, "o", "")
        else:
            await dispatch.accept(site, id_, "o")
    elif state == "on_scene":
        await dispatch.clear(site, id_, "o")
    else:
        target = AssignmentState.EN_ROUTE if state == "accepted" else AssignmentState.ON_SCENE
        await dispatch.go_on(site, id_, target, "o")


async def _decide(platform: Platform, row: Any, dice: random.Random) -> None:
    site = platform.site
    match dice.choice(["outcome", "close", "amend", "divert", "nothing"]):
        case "outcome":
            await dispatch.record_outcome(site, row.id, "d", "handled", "")
        case "close":
            await incidents.close_incident(site, row.id, "d", dice.choice(["satisfied", "dissatisfied"]), "")
        case "amend":
            await dispatch.amend(site, row.id, "d", {"level": dice.choice(["red", "white"])})
        case "divert":
            await dispatch.leave_to_others(site, row.id, "d", IncidentState.DIVERTED, "fire_119")


async def journal_after(platform: Platform, position: str) -> list[str]:
    """Positions of all entries of incidents, reports and units behind a position, in reading order."""
    begun = Position.parse(position)
    rows = await acts.fetch(
        platform,
        "SELECT epoch, xid::text::bigint AS x, seq FROM journal WHERE subject_kind IN ('incident', 'report', 'unit') "
        "ORDER BY epoch, journal.xid, seq",
    )
    every = [Position(row.epoch, row.x, row.seq) for row in rows]
    return [str(one) for one in every if one > begun]


async def fresh(url: str, headers: dict[str, str]) -> Console:
    console = Console(url, headers)
    async with console.connect() as socket:
        console.take(await socket.recv())
    return console


async def test_a_console_gets_what_is_and_then_what_happens(server: str, sign_in: SignIn, platform: Platform) -> None:
    before = await acts.report(platform)
    await idle(platform)
    console = Console(server, await sign_in())
    async with console.connect() as socket:
        first = console.take(await socket.recv())
        assert (first["type"], len(first["incidents"]), len(first["units"])) == ("snapshot", 1, 8)
        after = await acts.report(platform)
        await idle(platform)
        await console.read_until(socket, str((await acts.report_row(platform, after)).incident_id))
    kinds = [entry["kind"] for entry in console.entries if entry["subject"] == str(after)]
    assert kinds[0] == "report.received"
    assert str(before) not in {entry["subject"] for entry in console.entries}


@pytest.mark.parametrize("seed", [1, 2])
async def test_cut_off_at_any_moment_nothing_is_missed_and_nothing_repeated(
    server: str, sign_in: SignIn, platform: Platform, seed: int
) -> None:
    dice, headers = random.Random(seed), await sign_in()
    console = Console(server, headers)
    async with console.connect() as socket:
        console.take(await socket.recv())
    begun, cuts = console.position, 0
    work = asyncio.create_task(a_busy_hour(platform, dice, 25))
    while not work.done():
        socket = await console.connect()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(dice.uniform(0.0, 0.12)):
                while True:
                    console.take(await socket.recv())
        socket.transport.abort()  # not closed: gone, with whatever was on its way
        cuts += 1
    await work
    last = await fence(platform)
    async with console.connect() as socket:
        await console.read_until(socket, last)
    got = [entry["position"] for entry in console.entries]
    assert cuts > 5
    assert console.snapshots == 1
    assert len(got) > 100
    assert got == await journal_after(platform, begun)
    assert console.shown() == (await fresh(server, headers)).shown()


async def test_consoles_see_their_part_of_the_city_only(server: str, sign_in: SignIn, platform: Platform) -> None:
    consoles = {org: Console(server, await sign_in(Role.COMMANDER, org)) for org in ("S1", "S2", "C")}
    await acts.only(platform, "U1", "U5")
    sockets = {org: await console.connect() for org, console in consoles.items()}
    for org, console in consoles.items():
        console.take(await sockets[org].recv())
    ids = {}
    for org, x in (("S1", 500), ("S2", 2500)):
        report = await acts.report(platform, at=(x, 500))
        await idle(platform)
        ids[org] = str((await acts.report_row(platform, report)).incident_id)
    for org, unit in (("S1", "U1"), ("S2", "U5")):
        await dispatch.set_unit_status(platform.site, unit, f"end of {org}", "unavailable", None)
    for org, last in (("S1", "U1"), ("S2", "U5"), ("C", "U5")):
        await consoles[org].read_until(sockets[org], last)
        await sockets[org].close()
    assert {org: set(console.incidents) for org, console in consoles.items()} == {
        "S1": {ids["S1"]}, "S2": {ids["S2"]}, "C": set(ids.values()),
    }  # fmt: skip
    for org, other in (("S1", "S2"), ("S2", "S1")):
        assert set(consoles[org].units) == {f"U{n}" for n in (range(1, 5) if org == "S1" else range(5, 9))}
        assert ids[other] not in json.dumps(consoles[org].entries)


async def test_positions_come_within_the_scope_and_apart_from_entries(
    server: str, sign_in: SignIn, platform: Platform
) -> None:
    console = Console(server, await sign_in(Role.COMMANDER, "S1"))
    async with console.connect() as socket:
        console.take(await socket.recv())
        await take_positions(platform.site, [Sighting(code, spot(1, 1), NOON) for code in ("U1", "U5")])
        async with asyncio.timeout(20):
            while (message := console.take(await socket.recv()))["type"] != "positions":
                pass
    assert [unit["code"] for unit in message["units"]] == ["U1"]


@pytest.mark.parametrize("since", ["", "nonsense", "1.2", "0.0.0", "9.1.1", "1.99999999999.1", "-1.-1.-1"])
async def test_a_position_that_is_none_of_ours_gets_a_snapshot(
    server: str, sign_in: SignIn, platform: Platform, since: str
) -> None:
    console = Console(server, await sign_in(), position=since)
    async with console.connect() as socket:
        assert console.take(await socket.recv())["type"] == "snapshot"


async def closed_with(console: Console) -> int | None:
    async with console.connect() as socket, asyncio.timeout(30):
        with contextlib.suppress(ConnectionClosed):
            while True:
                console.take(await socket.recv())
        return socket.close_code


@pytest.mark.parametrize(
    ("role", "code"), [(Role.GATEWAY, live_api.NOT_PERMITTED), (Role.ADMINISTRATOR, live_api.NOT_PERMITTED)]
)
async def test_who_may_not_read_incidents_does_not_listen(server: str, sign_in: SignIn, role: Role, code: int) -> None:
    console = Console(server, await sign_in(role))
    assert (await closed_with(console), console.snapshots) == (code, 0)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer made-up"}])
async def test_without_a_session_the_socket_closes_with_4401(server: str, headers: dict[str, str]) -> None:
    console = Console(server, headers)
    assert (await closed_with(console), console.snapshots) == (4401, 0)


async def test_a_page_of_another_site_does_not_listen(server: str, sign_in: SignIn) -> None:
    console = Console(server, await sign_in() | {"Origin": "http://evil.example"})
    assert (await closed_with(console), console.snapshots) == (4401, 0)


async def test_a_session_that_ends_while_listening_closes_with_4401(
    server: str, sign_in: SignIn, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_api, "CHECK_S", 0.0)
    console = Console(server, await sign_in())
    closing = asyncio.create_task(closed_with(console))
    async with asyncio.timeout(20):
        while not console.snapshots:  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.01)
    clock.advance(12 * 3600)
    assert await closing == 4401


async def test_a_console_that_is_too_slow_is_told_4410_and_misses_nothing_when_it_comes_back(
    server: str, sign_in: SignIn, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "QUEUE", 2)
    console = Console(server, await sign_in())
    slow = socket.create_connection(("127.0.0.1", int(server.split(":")[2].split("/")[0])))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    async with console.connect(sock=slow, max_queue=1, compression=None) as connection:
        console.take(await connection.recv())
        begun = console.position
        await a_busy_hour(platform, random.Random(3), 40)  # and nobody reads
        last = await fence(platform)
        async with asyncio.timeout(30):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    console.take(await connection.recv())
        assert connection.close_code == live_api.TOO_SLOW
    monkeypatch.setattr(live, "QUEUE", 200)
    async with console.connect() as again:
        await console.read_until(again, last)
    assert [entry["position"] for entry in console.entries] == await journal_after(platform, begun)
    assert console.snapshots == 1


async def test_the_anti_fraud_desk_hears_of_cases_of_fraud_and_of_nothing_else(
    platform: Platform, server: str, sign_in: SignIn
) -> None:
    desk = Console(server, await sign_in(Role.FRAUD_DESK))
    async with desk.connect() as socket, asyncio.timeout(30):
        desk.take(await socket.recv())  # what is told from now on comes as entries
        await acts.report(platform)
        await acts.report(platform, "我被骗了，转账给骗子了")
        while not any(entry["kind"] == "fraud.opened" for entry in desk.entries):
            desk.take(await socket.recv())
    assert {entry["subject_kind"] for entry in desk.entries} == {"fraud"}
    assert desk.shown() == ({}, {}, {})


async def test_a_station_hears_only_of_cases_of_its_own(platform: Platform, server: str, sign_in: SignIn) -> None:
    station = Console(server, await sign_in(Role.FRAUD_DESK, "S2"))
    async with station.connect() as socket, asyncio.timeout(30):
        station.take(await socket.recv())  # what is told from now on comes as entries
        for org in ("C", "S1", "S2"):
            async with platform.site.db.transaction() as connection:
                await record(platform.site, connection, "fraud.fields", "fraud", f"case of {org}", "d", org=org)
        while not station.entries:
            station.take(await socket.recv())
    assert [entry["subject"] for entry in station.entries] == ["case of S2"]
