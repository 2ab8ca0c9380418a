"""A stop-payment request from the draft to its end: its states, at most two times, and two people at once."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jieying.bootstrap import Platform
from jieying.kit.clock import ManualClock
from jieying.kit.ids import new_id
from tests.conftest import SignIn
from tests.diversion_antifraud.desk import CARD, DeskAt, luhn, said, whole
from tests.incidents import acts

HOURS = 3600


@pytest.fixture
async def desk(platform: Platform, client: httpx.AsyncClient, sign_in: SignIn) -> DeskAt:
    return await DeskAt.signed_in(platform, client, sign_in)


async def states(platform: Platform) -> list[tuple[int, str]]:
    rows = await acts.fetch(platform, "SELECT number, state FROM fraud_stop ORDER BY id")
    return [(row.number, row.state) for row in rows]


async def told(platform: Platform, kind: str) -> list[str]:
    rows = await acts.fetch(platform, "SELECT role FROM notification WHERE kind = :kind ORDER BY id", kind=kind)
    return [row.role for row in rows]


async def test_a_checked_draft_is_requested_sent_and_stopped(platform: Platform, desk: DeskAt) -> None:
    stop = await desk.requested()
    assert (stop["state"], stop["number"]) == ("requested", 1)
    batch, (row,) = await desk.export()
    assert (row["request_id"], row["counter_account"], row["amount"]) == (stop["id"], CARD, "128000")
    await desk.answers(said(stop["id"], batch, "accepted", desk.now()))
    await desk.answers(said(stop["id"], batch, "stopped", desk.now(), stopped_amount="5000.00"))
    (after,) = (await desk.case())["stops"]
    assert (after["state"], after["stopped_amount"]) == ("stopped", "5000.00")


async def test_every_missing_or_wrong_field_is_named_at_once_and_nothing_is_requested(
    platform: Platform, desk: DeskAt
) -> None:
    await desk.report()
    stop = await desk.fill((await desk.case())["stops"][0], **whole(amount="-5", victim="", time="2026-11-23T12:00Z"))
    answer = await desk.post(f"requests/{stop['id']}/request", {"version": stop["version"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "stop_faults")
    named = {fault["field"]: fault["code"] for fault in answer.json()["params"]["faults"]}
    assert named == {"victim": "missing", "amount": "amount_not_positive", "time": "time_in_future"}
    assert "受害人姓名、金额（元）、转账时间" in answer.json()["detail"]
    assert await states(platform) == [(1, "draft")]


async def test_of_two_who_request_at_once_the_second_is_told_what_the_first_did(desk: DeskAt) -> None:
    await desk.report()
    stop = await desk.fill((await desk.case())["stops"][0], **whole())
    path, body = f"requests/{stop['id']}/request", {"version": stop["version"]}
    answers = await asyncio.gather(desk.post(path, body), desk.post(path, body))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = next(answer for answer in answers if answer.status_code == 409).json()
    assert (loser["code"], loser["params"]["stop_now"]) == ("stop_transition", "requested")
    assert "待发送" in loser["detail"]


async def test_who_has_not_seen_the_last_change_does_not_request_it(desk: DeskAt) -> None:
    await desk.report()
    seen = (await desk.case())["stops"][0]
    await desk.fill(seen, **whole())
    answer = await desk.post(f"requests/{seen['id']}/request", {"version": seen["version"]})
    assert answer.json()["code"] == "stop_changed_meanwhile"


async def test_a_second_draft_for_the_same_account_is_told_of_the_first(desk: DeskAt) -> None:
    stop = await desk.requested()
    case = await desk.case()
    added = (await desk.post(f"cases/{case['id']}/requests")).json()["stops"][1]
    second = await desk.fill(added, **whole())
    answer = await desk.post(f"requests/{second['id']}/request", {"version": second["version"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "stop_already")
    assert answer.json()["params"]["stop_now"] == stop["state"]


async def test_a_further_account_of_the_same_victim_gets_a_request_of_its_own(desk: DeskAt) -> None:
    await desk.requested()
    case = await desk.case()
    added = (await desk.post(f"cases/{case['id']}/requests")).json()["stops"][1]
    assert set(added["fields"]) == {"victim", "contact", "account"}
    second = await desk.fill(added, **whole(counter_account=luhn("622848001234567890")))
    answer = await desk.post(f"requests/{second['id']}/request", {"version": second["version"]})
    assert [stop["state"] for stop in answer.json()["stops"]] == ["requested", "requested"]


async def test_before_it_ends_it_is_said_and_at_48_hours_it_lapses(
    platform: Platform, desk: DeskAt, clock: ManualClock
) -> None:
    await desk.stopped()
    clock.advance(42 * HOURS - 1)
    await platform.run_due()
    assert await told(platform, "fraud.expiring") == []
    clock.advance(1)
    await platform.run_due()
    assert await told(platform, "fraud.expiring") == ["fraud_desk", "dispatcher"]
    clock.advance(6 * HOURS - 1)
    await platform.run_due()
    assert await states(platform) == [(1, "stopped")]
    clock.advance(1)
    await platform.run_due()
    assert await states(platform) == [(1, "lapsed")]
    assert await told(platform, "fraud.lapsed") == ["fraud_desk", "dispatcher"]


async def test_an_answer_that_comes_when_the_48_hours_are_over_lapses_at_once(
    platform: Platform, desk: DeskAt, clock: ManualClock
) -> None:
    stop = await desk.requested()
    batch, _ = await desk.export()
    took_effect = desk.now()
    clock.advance(50 * HOURS)
    await desk.answers(said(stop["id"], batch, "stopped", took_effect, stopped_amount="1"))
    await platform.run_due()
    assert await states(platform) == [(1, "lapsed")]
    assert await told(platform, "fraud.expiring") == []


@pytest.mark.parametrize("after_hours", [1, 43, 49])
async def test_it_is_renewed_once_and_not_twice(
    platform: Platform, desk: DeskAt, clock: ManualClock, after_hours: int
) -> None:
    stop = await desk.stopped()
    clock.advance(after_hours * HOURS)
    await platform.run_due()
    renewed = await desk.post(f"requests/{stop['id']}/renew")
    assert renewed.status_code == 200, renewed.text
    assert [(one["number"], one["state"]) for one in renewed.json()["stops"]] == [(1, "renewed"), (2, "requested")]
    second = renewed.json()["stops"][1]
    batch, (row,) = await desk.export()
    assert row["number"] == "2"
    await desk.answers(said(second["id"], batch, "stopped", desk.now(), stopped_amount="5000"))
    for again in (stop, second):
        answer = await desk.post(f"requests/{again['id']}/renew")
        assert answer.status_code == 409
    assert answer.json()["code"] == "stop_twice"


async def test_a_draft_for_an_account_that_was_stopped_twice_is_refused(
    platform: Platform, desk: DeskAt, clock: ManualClock
) -> None:
    stop = await desk.stopped()
    await desk.post(f"requests/{stop['id']}/renew")
    case = await desk.case()
    added = (await desk.post(f"cases/{case['id']}/requests")).json()["stops"][2]
    third = await desk.fill(added, **whole())
    answer = await desk.post(f"requests/{third['id']}/request", {"version": third["version"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "stop_twice")


async def test_of_two_who_renew_at_once_one_does(platform: Platform, desk: DeskAt) -> None:
    stop = await desk.stopped()
    answers = await asyncio.gather(*(desk.post(f"requests/{stop['id']}/renew") for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await states(platform) == [(1, "renewed"), (2, "requested")]


@pytest.mark.parametrize(("number", "refused"), [(1, True), (2, False), (3, True)])
async def test_the_database_itself_holds_an_account_to_two_times(
    platform: Platform, desk: DeskAt, number: int, refused: bool
) -> None:
    stop = await desk.requested()
    insert = text(
        "INSERT INTO fraud_stop (region, id, case_id, state, number, fields, counter_account)"
        " SELECT region, :new, case_id, 'requested', :number, '{}', counter_account FROM fraud_stop WHERE id = :id"
    )

    async def add() -> None:
        async with platform.site.db.transaction() as connection:
            values = {"new": new_id(platform.site.clock.now()), "number": number, "id": stop["id"]}
            await connection.execute(insert, values)

    if refused:
        with pytest.raises(IntegrityError):
            await add()
    else:
        await add()


async def test_a_refused_request_is_corrected_and_does_not_count(platform: Platform, desk: DeskAt) -> None:
    stop = await desk.requested()
    batch, _ = await desk.export()
    await desk.answers(said(stop["id"], batch, "refused", desk.now(), reason="name_differs"))
    back = (await desk.post(f"requests/{stop['id']}/take-back")).json()["stops"][0]
    fixed = await desk.fill(back, counter_name="李四")
    await desk.post(f"requests/{stop['id']}/request", {"version": fixed["version"]})
    second_batch, (row,) = await desk.export()
    assert (row["number"], row["counter_name"], second_batch != batch) == ("1", "李四", True)


async def test_what_is_requested_can_be_taken_back_and_what_is_sent_cannot(platform: Platform, desk: DeskAt) -> None:
    stop = await desk.requested()
    assert (await desk.post(f"requests/{stop['id']}/take-back")).status_code == 200
    version = (await desk.case())["stops"][0]["version"]
    await desk.post(f"requests/{stop['id']}/request", {"version": version})
    await desk.export()
    for step in ("take-back", "withdraw"):
        answer = await desk.post(f"requests/{stop['id']}/{step}")
        assert (answer.status_code, answer.json()["params"]["stop_now"]) == (409, "sent")


async def test_a_case_is_closed_only_when_nothing_runs_and_is_opened_again(platform: Platform, desk: DeskAt) -> None:
    stop = await desk.requested()
    case = (await desk.case())["id"]
    refused = await desk.post(f"cases/{case}/close", {"reason": "done"})
    assert (refused.status_code, refused.json()["code"]) == (409, "fraud_stop_runs")
    await desk.post(f"requests/{stop['id']}/withdraw")
    assert (await desk.post(f"cases/{case}/close", {"reason": "done"})).json()["state"] == "closed"
    assert (await desk.post(f"cases/{case}/requests")).json()["code"] == "fraud_case_is"
    assert [line["id"] for line in await desk.lines("closed")] == [case]
    assert (await desk.post(f"cases/{case}/reopen")).json()["state"] == "open"


async def test_a_draft_that_nobody_works_on_is_told_rung_by_rung(
    platform: Platform, desk: DeskAt, clock: ManualClock
) -> None:
    await desk.report()
    for _ in range(2):
        clock.advance(600)
        await platform.run_due()
    assert await told(platform, "fraud.waiting") == ["fraud_desk", "dispatcher", "fraud_desk", "commander"]


async def test_a_request_that_is_left_lying_or_unanswered_is_told(
    platform: Platform, desk: DeskAt, clock: ManualClock
) -> None:
    await desk.requested()
    clock.advance(300)
    await platform.run_due()
    await desk.export()
    clock.advance(1800)
    await platform.run_due()
    rows = await acts.fetch(platform, "SELECT data FROM journal WHERE kind = 'fraud.waiting' ORDER BY at")
    assert [row.data["stop_state"] for row in rows] == ["requested", "sent"]


async def test_a_restart_loses_no_clock(platform: Platform, desk: DeskAt, clock: ManualClock) -> None:
    await desk.stopped()
    due = await acts.fetch(platform, "SELECT due_at FROM fraud_stop")
    assert due[0].due_at == clock.now() + timedelta(hours=42)


async def test_the_list_shows_the_freshest_money_first(platform: Platform, desk: DeskAt) -> None:
    await desk.report(contact="13900000001", words="我被骗了，昨天下午3点转账5000元")
    await desk.report(contact="13900000002", words="我被骗了，10分钟前转账300元")
    assert [line["amount"] for line in await desk.lines()] == ["300", "5000"]


def history(case: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["kind"], entry["actor"].split(":")[0]) for entry in case["history"]]


async def test_the_record_says_who_did_what(desk: DeskAt) -> None:
    await desk.stopped()
    kinds = [one for one in history(await desk.case()) if one[0] not in ("fraud.looked_up", "plan.told")]
    assert kinds == [
        ("fraud.opened", "system"), ("fraud.fields", "account"), ("fraud.requested", "account"),
        ("fraud.sent", "account"), ("fraud.stopped", "account"),
    ]  # fmt: skip
