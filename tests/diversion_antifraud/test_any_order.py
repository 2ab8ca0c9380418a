"""The desk, the exchange, the banks and the clock act in any order: what docs/antifraud.md says holds after each."""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

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
from sqlalchemy import text

from jieying.bootstrap import Platform
from jieying.diversion.antifraud import actions, batches
from jieying.diversion.antifraud.model import (
    LASTS,
    NOT_COUNTED,
    RUNNING,
    STOP_TRANSITIONS,
    Answer,
    CloseReason,
    StopState,
)
from jieying.incidents.model import Channel
from jieying.intake.actions import NewReport, take_report
from jieying.journal import store as journal
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from jieying.kit.errors import Conflict, Invalid
from tests.conftest import NOON
from tests.diversion_antifraud.desk import WORDS, luhn, whole
from tests.minicity import mini_city, spot

T = TypeVar("T")
ACCOUNTS = (luhn("622202020011223000"), luhn("622848001234567890"))
_regions = count()
_any = st.integers(0, 1000)


class Desk(RuleBasedStateMachine):
    """One victim, two accounts; every rule is somebody's next action, legal or not."""

    url: str
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = ManualClock(NOON)
        pack = replace(mini_city(), region=f"f{next(_regions)}")
        self.platform = Platform(Database(self.url, pool=2), self.clock, pack, self.folder)
        self.site = self.platform.site
        self.before: dict[str, str] = {}

    def do(self, action: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(action)

    def rows(self, table: str) -> list[Any]:
        async def read() -> list[Any]:
            async with self.site.db.transaction() as connection:
                query = text(f"SELECT * FROM {table} WHERE region = :region ORDER BY id")  # noqa: S608
                return list((await connection.execute(query, {"region": self.site.region})).all())

        return self.do(read())

    def stops(self) -> list[Any]:
        return self.rows("fraud_stop")

    def one(self, which: int) -> Any:
        found = self.stops()
        return found[which % len(found)]

    @property
    def case(self) -> Any:
        return self.rows("fraud_case")[0]

    def attempt(self, action: Coroutine[Any, Any, Any], legal: bool | None = None) -> bool:
        """Do it; what is refused has changed nothing. `legal`: what has to come of it, where that is known."""
        before, done = (self.stops(), self.rows("fraud_case"), self.rows("journal")), True
        try:
            self.do(action)
        except (Conflict, Invalid):
            done = False
        assert legal is None or done == legal
        if not done:
            assert (self.stops(), self.rows("fraud_case"), self.rows("journal")) == before
        return done

    def may(self, row: Any, target: StopState) -> bool:
        return self.case.state == "open" and target in STOP_TRANSITIONS[StopState(row.state)]

    @initialize()
    def a_victim_reports(self) -> None:
        self.do(self.platform.prepare())
        new = NewReport(Channel.WECHAT, WORDS, point=spot(1000, 1000), accuracy_m=10)
        self.do(take_report(self.site, self.platform.city, new, "gateway", None))
        self.do(self.platform.run_due())

    def teardown(self) -> None:
        async def verify() -> Any:
            async with self.site.db.transaction() as connection:
                return await journal.verify(connection)

        _, faults = self.do(verify())
        self.do(self.site.db.close())
        self.runner.close()
        assert not faults

    # --- what happens ------------------------------------------------------------------------------------

    @rule(which=_any, account=st.sampled_from(ACCOUNTS), amount=st.sampled_from(["300", "0"]))
    def fill(self, which: int, account: str, amount: str) -> None:
        row = self.one(which)
        given = whole(counter_account=account, amount=amount, time=self.clock.now().isoformat())
        legal = self.case.state == "open" and row.state == "draft"
        self.attempt(actions.correct_fields(self.site, row.id, given, row.version, "d"), legal)

    @rule(which=_any)
    def request(self, which: int) -> None:
        row = self.one(which)
        done = self.attempt(actions.request(self.site, row.id, row.version, "d"))
        assert not done or self.may(row, StopState.REQUESTED)

    @rule(which=_any)
    def take_back(self, which: int) -> None:
        row = self.one(which)
        self.attempt(actions.take_back(self.site, row.id, "d"), self.may(row, StopState.DRAFT))

    @precondition(lambda self: len(self.stops()) > 1)
    @rule(which=_any)
    def withdraw(self, which: int) -> None:
        row = self.one(which)
        self.attempt(actions.withdraw(self.site, row.id, "d"), self.may(row, StopState.WITHDRAWN))

    @rule(which=_any, account=st.sampled_from(ACCOUNTS), answer=st.sampled_from(Answer), hours=st.sampled_from([1, 49]))
    def the_next_step(self, which: int, account: str, answer: Answer, hours: float) -> None:
        """What usually comes next for a request: without it chance would seldom get far."""
        row = self.one(which)
        if row.state == "draft":
            self.fill(which, account, "300")
            self.request(which)
        elif row.state == "requested":
            self.export()
        elif row.state in ("sent", "accepted"):
            batches_ = [one.id for one in self.rows("fraud_batch")]
            self.answered(which, batches_.index(row.batch_id), answer, 0)
        elif row.state == "refused":
            self.take_back(which)
        elif row.state == "stopped":
            self.time_passes(hours)
        elif row.state == "lapsed":
            self.renew(which)
        else:
            self.reopen()
            self.add()

    @rule(which=_any)
    def renew(self, which: int) -> None:
        row = self.one(which)
        done = self.attempt(actions.renew(self.site, row.id, "d"))
        assert not done or (self.may(row, StopState.RENEWED) and row.number == 1)

    @precondition(lambda self: len(self.stops()) < 5)
    @rule()
    def add(self) -> None:
        self.attempt(actions.add_draft(self.site, self.case.id, "d"), self.case.state == "open")

    @rule()
    def export(self) -> None:
        self.attempt(batches.export(self.site, "d"), any(row.state == "requested" for row in self.stops()))

    @rule(which=_any, batch=_any, answer=st.sampled_from(Answer), ago=st.sampled_from([0, 1, 100_000]))
    def answered(self, which: int, batch: int, answer: Answer, ago: int) -> None:
        row, sent = self.one(which), self.rows("fraud_batch")
        said = {
            "request_id": str(row.id), "batch_id": str(sent[batch % len(sent)].id if sent else row.id),
            "answer": str(answer), "at": (self.clock.now() - timedelta(seconds=ago)).isoformat(),
            "stopped_amount": "5" if answer is Answer.STOPPED else "", "reason": "other",
        }  # fmt: skip
        content = json.dumps(said).encode()
        if self.attempt(batches.take_answers(self.site, content, "d")):
            before = self.stops()
            assert self.do(batches.take_answers(self.site, content, "d")).taken == 0  # the same once more
            assert self.stops() == before

    @rule(hours=st.sampled_from([0.02, 1, 6, 43, 49]))
    def time_passes(self, hours: float) -> None:
        self.clock.advance(hours * 3600)
        self.do(self.platform.run_due())

    @precondition(lambda self: len(self.stops()) > 2)
    @rule()
    def close(self) -> None:
        legal = self.case.state == "open" and not any(row.state in RUNNING for row in self.stops())
        self.attempt(actions.close(self.site, self.case.id, CloseReason.DONE, "d"), legal)

    @rule()
    def reopen(self) -> None:
        self.attempt(actions.reopen(self.site, self.case.id, "d"), self.case.state == "closed")

    # --- what holds --------------------------------------------------------------------------------------

    @invariant()
    def no_account_is_stopped_more_than_twice_or_twice_at_once(self) -> None:
        for account in ACCOUNTS:
            counted = [row for row in self.stops() if row.counter_account == account and row.state not in NOT_COUNTED]
            assert sorted(row.number for row in counted) in ([], [1], [2], [1, 2])
            assert sum(row.state in RUNNING for row in counted) <= 1

    @invariant()
    def every_step_is_one_of_the_table(self) -> None:
        after = {str(row.id): row.state for row in self.stops()}
        for id_, was in self.before.items():
            reached, found = {StopState(was)}, {StopState(was)}
            while found:  # a rule may take several steps: an answer and the lapse of its 48 hours
                found = {target for state in found for target in STOP_TRANSITIONS[state]} - reached
                reached |= found
            assert after[id_] in reached
        self.before = after

    @invariant()
    def a_stop_in_force_rings_and_ends_with_its_48_hours(self) -> None:
        for row in self.stops():
            if row.state == "stopped":
                assert row.due_at is not None
                assert row.due_at <= row.answer_at + LASTS
            assert (row.answer_at is not None) == (row.answer is not None)

    @invariant()
    def a_closed_case_has_nothing_running(self) -> None:
        for case in self.rows("fraud_case"):
            if case.state == "closed":
                assert not [row for row in self.stops() if row.state in RUNNING or row.state == "draft"]


def test_whatever_happens_in_whatever_order_the_rules_hold(database_url: str, tmp_path: Path) -> None:
    Desk.url, Desk.folder = database_url, tmp_path
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=15, stateful_step_count=50, deadline=None, derandomize=True, report_multiple_bugs=False,
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
