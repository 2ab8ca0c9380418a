"""The live feed: one reader of the journal per process, and a queue for each console that listens.

A console gets a snapshot and then every entry after the snapshot's position, each once and in order; with `since` it
gets what it missed instead of the snapshot. Entries carry the whole current view of what they speak of.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.access.rules import Account, Permission
from jieying.incidents import store as incidents
from jieying.incidents.rights import may_see
from jieying.journal import store as journal
from jieying.journal.actions import Site
from jieying.journal.model import Entry, Position
from jieying.kit.errors import Refused
from jieying.supervise import store as supervise
from jieying.supervise.api import NotificationView, sees_unit, show_notification, shown_to, told
from jieying.supervise.views import (
    masked_entry,
    masked_incident,
    masked_report,
    show_entry,
    show_incidents,
    show_reports,
    show_unit,
)
from jieying.units import store as units

log = logging.getLogger(__name__)

BATCH = 1000
QUEUE = 200  # messages a slow console may be behind before it must connect anew with `since`
IDLE_S = 1.0
GATHER_S = 0.05  # in busy times consoles get what happened meanwhile in one message
CLOCK_S = 15.0
SNAPSHOT_MOST = 2000


def encode(message: dict[str, Any]) -> str:
    return orjson.dumps(message, default=_plain).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.__dict__
    if isinstance(value, UUID):  # asyncpg's own kind, which orjson doesn't take for one
        return str(value)
    raise TypeError(type(value))


@dataclass(eq=False)
class Listener:
    """One console. `lost` is set when it was too slow and its queue ran over."""

    account: Account
    queue: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    lost: bool = False

    @property
    def group(self) -> tuple[str, str]:
        """Listeners of the same scope and role get the same messages, made once."""
        return self.account.org, str(self.account.role)

    def put(self, message: str) -> None:
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            self.lost = True


class Hub:
    """Reads the journal once for all consoles of this process."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.position = Position(0, 0, 0)
        self._change = 0
        self._listeners: set[Listener] = set()
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        # Held while a batch is handed out, so that a console joins between two batches.
        self._handing = asyncio.Lock()

    def wake(self) -> None:
        self._news.set()

    async def start(self) -> None:
        async with self.site.db.transaction() as connection:
            self.position = await journal.end_position(connection)
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._ticks())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    async def join(self, account: Account, since: Position | None) -> tuple[Listener, list[str]]:
        """A console joins: the messages that bring it to the hub's position, after which its queue goes on."""
        listener = Listener(account)
        async with self._handing, self.site.db.transaction() as connection:
            if not self._listeners:
                self.position = await journal.end_position(connection)
            if since is not None and since <= self.position and await journal.position_is_known(connection, since):
                first = await self._missed(connection, account, since)
            else:
                first = [await self._snapshot(connection, account)]
            self._listeners.add(listener)
        return listener, first

    async def _missed(self, connection: AsyncConnection, account: Account, since: Position) -> list[str]:
        messages: list[str] = []
        while since < self.position:
            entries = [e for e in await journal.read_after(connection, since, BATCH) if e.position <= self.position]
            if not entries:
                break
            batch = await self._views(connection, entries)
            messages.append(encode(self._message(account, entries, batch, await told(self.site, connection, account))))
            since = entries[-1].position
        return messages

    async def _snapshot(self, connection: AsyncConnection, account: Account) -> str:
        site = self.site
        rows = await incidents.running_incidents(connection, site.region, account.org_path, SNAPSHOT_MOST)
        shown = await show_incidents(site, connection, rows) if account.may(Permission.INCIDENT_READ) else []
        shown = shown_to(account, shown, masked_incident)
        unit_views = [show_unit(site.pack, row) for row in await units.list_units(connection, site.region)]
        reports = []
        if account.may(Permission.REPORT_READ):
            waiting = await incidents.list_reports(connection, site.region, waiting=True, limit=500)
            reports = shown_to(account, await show_reports(site, connection, waiting), masked_report)
        return encode(
            {
                "type": "snapshot",
                "position": str(self.position),
                "now": site.clock.now(),
                "speed": site.clock.speed,
                "incidents": shown,
                "units": [view for view in unit_views if view and sees_unit(site, account, view)],
                "reports": reports,
                "notifications": await told(site, connection, account),
            }
        )

    async def _follow(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), IDLE_S)
            self._news.clear()
            try:
                while await self._hand_out():  # noqa: ASYNC110 - it hands out, it does not look whether
                    await asyncio.sleep(GATHER_S)
            except Refused as refused:
                log.warning("the live feed waits: %s", refused)
                await asyncio.sleep(IDLE_S)
            except Exception:
                log.exception("the live feed failed, trying again")
                await asyncio.sleep(IDLE_S)

    async def _hand_out(self) -> bool:
        if not self._listeners:  # the first to join finds its own position
            return False
        async with self._handing, self.site.db.transaction() as connection:
            entries = await journal.read_after(connection, self.position, BATCH)
            if not entries:
                return False
            batch = await self._views(connection, entries)
            groups: dict[tuple[str, str], list[Listener]] = defaultdict(list)
            for listener in self._listeners:
                groups[listener.group].append(listener)
            for members in groups.values():
                account = members[0].account
                own = batch.told[str(account.role), account.org]  # new to all of them, therefore unread
                message = encode(self._message(account, entries, batch, own))
                for member in members:
                    member.put(message)
            self.position = entries[-1].position
            return True

    async def _views(self, connection: AsyncConnection, entries: Sequence[Entry]) -> "Batch":
        site = self.site
        incident_ids = {e.incident for e in entries if e.incident}
        report_ids = {UUID(e.subject) for e in entries if e.subject_kind == "report"}
        codes = {str(e.data["unit"]) for e in entries if e.data.get("unit")}
        rows = await incidents.incidents_by_ids(connection, site.region, list(incident_ids)) if incident_ids else []
        reports = await incidents.reports_by_ids(connection, site.region, list(report_ids)) if report_ids else []
        unit_rows = await units.list_units(connection, site.region, list(codes)) if codes else []
        rung = [UUID(e.data["notification"]) for e in entries if "notification" in e.data]
        told = await supervise.notifications_by_ids(connection, site.region, rung) if rung else []
        numbers = {row.id: row.number for row in rows}
        own: dict[tuple[str, str], list[NotificationView]] = defaultdict(list)
        for row in told:
            own[row.role, row.org].append(show_notification(row, numbers.get(row.incident_id), None))
        return Batch(
            {row.id: (row, view) for row, view in zip(rows, await show_incidents(site, connection, rows), strict=True)},
            {view.id: view for view in await show_reports(site, connection, reports)},
            {view.code: view for row in unit_rows if (view := show_unit(site.pack, row))},
            own,
        )

    def _message(
        self, account: Account, entries: Sequence[Entry], batch: "Batch", own: Sequence[NotificationView]
    ) -> dict[str, Any]:
        """What of a batch an account may see; an entry about something out of its sight is left out."""
        site = self.site
        seen = {id_: view for id_, (row, view) in batch.incidents.items() if may_see(account, row)}
        unit_views = {code: view for code, view in batch.units.items() if sees_unit(site, account, view)}
        reads = account.may(Permission.REPORT_READ)
        reports = {
            id_: view
            for id_, view in batch.reports.items()
            if reads and (view.incident is None or view.incident in seen or view.incident not in batch.incidents)
        }

        def visible(entry: Entry) -> bool:
            if entry.subject_kind == "fraud":
                return account.may(Permission.FRAUD_READ) and self._covers(account, str(entry.data["org"]))
            if entry.incident is not None:
                return entry.incident in seen
            if entry.subject_kind == "report":
                return UUID(entry.subject) in reports
            return entry.subject_kind == "unit" and entry.subject in unit_views

        return {
            "type": "entries",
            "position": str(entries[-1].position),
            "now": site.clock.now(),
            "entries": shown_to(account, [show_entry(entry) for entry in entries if visible(entry)], masked_entry),
            "incidents": shown_to(account, list(seen.values()), masked_incident),
            "units": list(unit_views.values()),
            "reports": shown_to(account, list(reports.values()), masked_report),
            "notifications": own,
        }

    def _covers(self, account: Account, org: str) -> bool:
        found = self.site.pack.orgs.get(org)
        return found is not None and found.path.startswith(account.org_path)

    async def _ticks(self) -> None:
        """Once a second the positions that changed, now and then the time."""
        ticks = 0
        while True:
            await asyncio.sleep(1.0)
            ticks += 1
            try:
                if self._listeners:
                    await self._hand_positions()
                if ticks % CLOCK_S == 0:
                    self._to_all(encode({"type": "clock", "now": self.site.clock.now()}))
            except Refused:
                continue  # the database is away; _follow says so
            except Exception:
                log.exception("handing out positions failed")

    def _to_all(self, message: str) -> None:
        for listener in self._listeners:
            listener.put(message)

    async def _hand_positions(self) -> None:
        async with self.site.db.transaction() as connection:
            moved = await units.positions_since(connection, self.site.region, self._change)
        if not moved:
            return
        self._change = moved[-1][4]
        now = self.site.clock.now()
        groups: dict[str, list[Listener]] = defaultdict(list)
        for listener in self._listeners:
            groups[listener.account.org_path].append(listener)
        pack = self.site.pack
        for path, members in groups.items():
            seen = [
                {"code": code, "lat": lat, "lon": lon, "at": at}
                for code, lat, lon, at, _ in moved
                if code in pack.units and pack.orgs[pack.units[code].org].path.startswith(path)
            ]
            message = encode({"type": "positions", "now": now, "units": seen})
            for member in members:
                member.put(message)


@dataclass(frozen=True)
class Batch:
    """The current views of everything that a batch of entries speaks of."""

    incidents: dict[UUID, tuple[Any, Any]]
    reports: dict[UUID, Any]
    units: dict[str, Any]
    told: dict[tuple[str, str], list[NotificationView]]  # by role and organisation
