"""No request is ever nowhere: random histories of us, of the hotline, and of a network that loses, repeats and is late.

What is assumed of the network: what was sent arrives within a minute, or never. (A try is repeated after a minute at
the soonest.) The hotline is of the simple sort: the same request sent twice is two.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jieying.bootstrap import Platform
from jieying.demo.hotline import Peer
from jieying.diversion.hotline import actions, rules
from jieying.diversion.hotline.client import Away, Hotline, Wrong
from jieying.diversion.hotline.model import HotlineState, Told
from jieying.incidents.model import Channel
from jieying.intake import actions as intake
from jieying.intake.actions import ByHand, NewReport, take_report
from jieying.intake.steps import take_next
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from tests.conftest import NOON
from tests.diversion.conftest import KEY, PACK
from tests.incidents import acts
from tests.minicity import spot

T = TypeVar("T")
HERE = spot(1000, 1000)
WITHIN_S = 59  # the network's promise
FATES = ("whole", "whole", "request lost", "answer lost", "late", "broken", "turned down")
# How far a request has come; "by hand" and "to send" may change with each other.
RANK = {"by_hand": 0, "to_send": 0, "sent": 1, "taken": 2, "done": 3, "refused": 3}

_regions = count()
_any = st.integers(0, 1000)


class Network(httpx.AsyncBaseTransport):
    """Between us and the hotline. `fate` is that of the next message."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.fate = "whole"
        self.late: list[httpx.Request] = []
        self._line = httpx.ASGITransport(peer.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fate, self.fate = self.fate, "whole"
        match fate:
            case "request lost":
                raise httpx.ConnectTimeout("lost")
            case "late":
                self.late.append(request)
                raise httpx.ReadTimeout("late")
            case "broken":
                return httpx.Response(502, text="<html>bad gateway</html>")
        self.peer.turn_down = fate == "turned down"
        answer = await self._line.handle_async_request(request)
        await answer.aread()
        self.peer.turn_down = False
        if fate == "answer lost":
            raise httpx.ReadTimeout("lost")
        return answer

    async def deliver_late(self) -> None:
        late, self.late = self.late, []
        for request in late:
            await self._line.handle_async_request(request)


class Both(RuleBasedStateMachine):
    """Each rule is the next thing that one of the two sides, a person, the network or the clock does."""

    url: str
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = ManualClock(NOON)
        self.peer = Peer(self.clock.now, key=KEY)
        self.network = Network(self.peer)
        self.hotline = Hotline("http://hotline", KEY, "", self.network)
        pack = replace(PACK, region=f"hotline{next(_regions)}")
        self.platform = Platform(Database(self.url, pool=2), self.clock, pack, self.folder, self.hotline)
        self.site = self.platform.site
        # Spoken with the hotline, not noted yet: the process may die.
        self.speaking: list[tuple[UUID, Told | Wrong | Away]] = []
        self.heard: list[tuple[UUID, Told]] = []  # may be heard once more, later
        self.ranks: dict[UUID, int] = {}
        self.times: dict[UUID, tuple[Any, ...]] = {}

    def do(self, action: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(action)

    def fetch(self, query: str) -> list[Any]:
        return self.do(acts.fetch(self.platform, query, region=self.site.region))

    def rows(self) -> list[Any]:
        return self.fetch("SELECT * FROM hotline_diversion WHERE region = :region ORDER BY id")

    def reports(self, state: str) -> list[Any]:
        return self.fetch(f"SELECT * FROM report WHERE region = :region AND state = '{state}' ORDER BY id")  # noqa: S608

    def incidents(self, state: str) -> list[Any]:
        return self.fetch(f"SELECT * FROM incident WHERE region = :region AND state = '{state}' ORDER BY id")  # noqa: S608

    def steps(self) -> None:
        while self.do(take_next(self.site, self.platform.city)):
            pass

    @initialize()
    def begin(self) -> None:
        self.do(self.platform.prepare())

    # --- our side ----------------------------------------------------------------------------------------

    @rule(words=st.sampled_from(["小区停水了", "有人打架，快来"]))
    def somebody_reports(self, words: str) -> None:
        new = NewReport(Channel.WECHAT, words, point=HERE, accuracy_m=10)
        self.do(take_report(self.site, self.platform.city, new, "gateway", None))
        self.steps()

    @precondition(lambda self: self.reports("answered"))
    @rule(which=_any)
    def a_report_is_diverted(self, which: int) -> None:
        waiting = self.reports("answered")
        chosen = waiting[which % len(waiting)]
        self.times.setdefault(chosen.id, (chosen.received_at, chosen.answered_at))
        self.do(intake.divert(self.site, self.platform.city, chosen.id, "taker", actions.SERVICE, ""))

    @precondition(lambda self: self.incidents("open"))
    @rule(which=_any)
    def an_incident_is_diverted(self, which: int) -> None:
        waiting = self.incidents("open")
        chosen = waiting[which % len(waiting)]
        self.times.setdefault(chosen.id, (chosen.received_at, chosen.answered_at, chosen.opened_at))
        self.do(actions.divert_incident(self.site, chosen.id, "d", actions.SERVICE, ""))

    @precondition(lambda self: [r for r in self.reports("answered") if r.needs_person["code"] == "hotline_refused"])
    @rule()
    def what_came_back_becomes_an_incident(self) -> None:
        back = next(r for r in self.reports("answered") if r.needs_person["code"] == "hotline_refused")
        by_hand = ByHand("noise", None, HERE, "")
        self.do(intake.open_by_hand(self.site, self.platform.city, back.id, "taker", by_hand))

    @rule(fate=st.sampled_from(FATES))
    def a_process_speaks_with_the_hotline(self, fate: str) -> None:
        claimed = self.do(actions.claim(self.site))
        if claimed is None:
            return
        self.network.fate = fate
        try:
            outcome: Told | Wrong | Away = self.do(actions.talk(self.site, self.hotline, claimed))
        except (Wrong, Away) as error:
            outcome = error
        self.network.fate = "whole"
        self.speaking.append((claimed.row.id, outcome))

    @precondition(lambda self: self.speaking)
    @rule(which=_any, dies=st.booleans())
    def it_notes_what_was_said_or_dies_before(self, which: int, dies: bool) -> None:
        id_, outcome = self.speaking.pop(which % len(self.speaking))
        if dies and which % 2:
            return
        self.note(id_, outcome)

    def note(self, id_: UUID, outcome: Told | Wrong | Away) -> None:
        match outcome:
            case Told():
                self.do(actions.heard(self.site, id_, outcome))
                self.heard.append((id_, outcome))
            case Wrong():
                self.do(actions.turned_down(self.site, id_, str(outcome)))
            case Away():
                self.do(actions.failed(self.site, id_, str(outcome)))

    @precondition(lambda self: self.heard)
    @rule(which=_any)
    def something_is_heard_once_more(self, which: int) -> None:
        self.do(actions.heard(self.site, *self.heard[which % len(self.heard)]))

    @precondition(lambda self: [row for row in self.rows() if row.needs_person or row.state == "by_hand"])
    @rule(which=_any, sends_again=st.booleans(), they_take_it=st.booleans())
    def a_person_who_was_told_telephones(self, which: int, sends_again: bool, they_take_it: bool) -> None:
        """He asks whether they have it; if not, he says what it is, and they take it or don't."""
        told = [row for row in self.rows() if row.needs_person or row.state == "by_hand"]
        row = told[which % len(told)]
        if row.busy_until is not None and row.busy_until > self.clock.now():
            return
        self.deliver()
        if sends_again and row.state == "by_hand":
            self.do(actions.mark(self.site, row.id, HotlineState.TO_SEND, "taker"))
        elif self.peer.about(str(row.id)) or they_take_it:
            if not self.peer.about(str(row.id)):
                given = {"service_code": row.service_code, "description": "", "address_string": row.address}
                self.peer.add(given | {"attribute[jieying_id]": str(row.id)}).status = "accepted"
            if row.state != "taken":
                self.do(actions.mark(self.site, row.id, HotlineState.TAKEN, "taker"))
        else:
            self.do(actions.mark(self.site, row.id, HotlineState.REFUSED, "taker", "no"))

    # --- their side, the network, the clock --------------------------------------------------------------

    @precondition(lambda self: self.peer.cases)
    @rule(which=_any, status=st.sampled_from(["accepted", "closed", "refused"]), tells=st.booleans())
    def a_clerk_goes_on_with_a_case(self, which: int, status: str, tells: bool) -> None:
        case = list(self.peer.cases.values())[which % len(self.peer.cases)]
        later = {"submitted": ("accepted", "refused"), "accepted": ("closed", "refused")}
        if status in later.get(case.status, ()):
            case.status = status
        if tells:
            self.do(actions.hurry(self.site, [case.id]))

    @precondition(lambda self: self.network.late)
    @rule()
    def what_was_late_arrives(self) -> None:
        self.deliver()

    def deliver(self) -> None:
        self.do(self.network.deliver_late())

    @rule(seconds=st.sampled_from([WITHIN_S, 61, 700, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.deliver()
        self.clock.advance(seconds)
        if seconds > actions.BUSY_S:  # by then a process has noted what it heard, or it is dead
            self.speaking.clear()

    # --- what holds --------------------------------------------------------------------------------------

    @invariant()
    def every_request_is_in_one_place(self) -> None:
        rows = self.rows()
        latest = {row.report_id or row.incident_id: row for row in rows}
        for row in rows:
            there = len(self.peer.about(str(row.id)))
            assert there <= 1
            match row.state:
                case "to_send":
                    assert row.due_at is not None
                case "sent" | "taken":
                    assert there == 1
                    assert row.due_at is not None or row.their_id is None  # taken by telephone: they are telephoned
                case "done":
                    assert there == 1
                case "refused":
                    assert row.due_at is None
        away = {one.id for one in (*self.reports("diverted"), *self.incidents("diverted"))}
        assert away == {subject for subject, row in latest.items() if row.state != "refused"}
        assert len([row for row in rows if row.state != "refused"]) == len(away)

    @invariant()
    def what_came_back_is_somebodys_business_within_its_old_clocks(self) -> None:
        refused = {row.report_id or row.incident_id for row in self.rows() if row.state == "refused"}
        for report in self.reports("answered"):
            assert report.needs_person is not None
            if report.id in refused:
                assert (report.received_at, report.answered_at) == self.times[report.id]
        for incident in self.incidents("open"):
            assert incident.dispatch_due_at is not None
            if incident.id in refused:
                assert (incident.received_at, incident.answered_at, incident.opened_at) == self.times[incident.id]
                assert incident.reopened_at is None

    @invariant()
    def nothing_goes_back(self) -> None:
        for row in self.rows():
            assert RANK[row.state] >= self.ranks.get(row.id, 0)
            self.ranks[row.id] = RANK[row.state]

    def teardown(self) -> None:
        """The network heals, the loops run, and both sides agree."""
        self.deliver()
        self.speaking.clear()
        for _ in range(3):
            self.clock.advance(rules.ASK_LATEST_S)
            while self.do(actions.hand_on(self.site, self.hotline)):
                pass
        self.every_request_is_in_one_place()
        self.nothing_goes_back()
        said = {"submitted": "sent", "accepted": "taken", "closed": "done", "refused": "refused"}
        for row in self.rows():
            assert row.state != "to_send"
            if row.their_id is not None:
                (case,) = self.peer.about(str(row.id))
                assert said[case.status] == row.state
        self.do(self.hotline.close())
        self.do(self.site.db.close())
        self.runner.close()


def test_whatever_either_side_and_the_network_do_no_request_is_nowhere(database_url: str, tmp_path: Path) -> None:
    Both.url, Both.folder = database_url, tmp_path
    run_state_machine_as_test(
        Both,
        settings=settings(
            max_examples=40, stateful_step_count=40, deadline=None, derandomize=True, report_multiple_bugs=False,
            # Each step is a dozen queries: a failure is shown as it was found, not made smaller for minutes.
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
