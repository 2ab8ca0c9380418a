"""A report of fraud is at the desk with the very commit that understood it, whatever else becomes of it."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.incidents.model import Channel
from jieying.intake import steps
from jieying.intake.actions import NewReport, take_report
from tests.conftest import SignIn
from tests.diversion_antifraud.desk import CARD, CONTACT, OWN, VAGUE, WORDS, DeskAt
from tests.incidents import acts
from tests.minicity import spot


@pytest.fixture
async def desk(platform: Platform, client: httpx.AsyncClient, sign_in: SignIn) -> DeskAt:
    return await DeskAt.signed_in(platform, client, sign_in)


async def cases(platform: Platform) -> list[Any]:
    return await acts.fetch(platform, "SELECT * FROM fraud_case ORDER BY id")


async def test_it_is_there_with_the_transaction_that_understood_it(platform: Platform) -> None:
    report = await acts.report(platform, WORDS, contact=CONTACT)
    await steps.take_next(platform.site, platform.city)
    (row,) = await acts.fetch(
        platform,
        "SELECT a.xid = b.xid AS same FROM journal a, journal b WHERE a.kind = 'fraud.opened'"
        " AND b.kind = 'report.answered' AND b.subject = :id",
        id=str(report),
    )
    assert row.same


async def test_an_incident_is_opened_and_dispatched_besides(platform: Platform, desk: DeskAt) -> None:
    report = await desk.report()
    incident = (await acts.report_row(platform, report)).incident_id
    assert [a.state for a in await acts.given(platform, incident)][:1] == ["offered"]
    case = await desk.case()
    assert (case["report"], case["incident"]) == (str(report), str(incident))


async def test_the_fields_are_filled_from_the_words_and_say_where_they_stand(desk: DeskAt) -> None:
    await desk.report()
    case = await desk.case()
    (stop,) = case["stops"]
    read = {name: field["value"] for name, field in stop["fields"].items()}
    assert read == {
        "victim": "张小云", "contact": CONTACT, "account": OWN, "counter_account": CARD, "bank": "工商银行",
        "amount": "128000", "time": "2026-11-22T11:50+08:00", "method": "part_time",
    }  # fmt: skip
    amount = stop["fields"]["amount"]
    assert case["words"][amount["start"] : amount["end"]] == "12万8千"
    assert [fault["code"] for fault in stop["faults"]] == ["unchecked", "unchecked"]  # whose bank, and "10 minutes ago"


async def test_what_was_not_said_is_named_as_missing(desk: DeskAt) -> None:
    await desk.report(VAGUE, contact="")
    (stop,) = (await desk.case())["stops"]
    missing = {fault["field"] for fault in stop["faults"] if fault["code"] == "missing"}
    assert missing == {"victim", "contact", "account", "counter_account", "bank", "amount", "time"}


async def test_without_a_place_a_call_taker_gets_it_and_the_desk_too(platform: Platform, desk: DeskAt) -> None:
    new = NewReport(Channel.WECHAT, WORDS, reporter_contact=CONTACT)
    report = (await take_report(platform.site, platform.city, new, "gateway", None)).id
    await platform.run_due()
    assert (await acts.report_row(platform, report)).needs_person["code"] == "place_unknown"
    assert (await desk.case())["report"] == str(report)


async def test_what_a_call_taker_says_is_fraud_comes_to_the_desk(
    platform: Platform, desk: DeskAt, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    taker, here = await sign_in(Role.CALL_TAKER), spot(1000, 1000)
    report = await desk.report("喂喂喂")
    assert await cases(platform) == []
    opening = {"category": "fraud", "position": {"lat": here.lat, "lon": here.lon}}
    assert (await client.post(f"/api/reports/{report}/open", headers=taker, json=opening)).status_code == 201
    await platform.run_due()
    assert (await desk.case())["report"] == str(report)


async def test_an_incident_that_is_amended_to_fraud_comes_to_the_desk(
    platform: Platform, desk: DeskAt, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    dispatcher = await sign_in(Role.DISPATCHER)
    incident = await acts.incident(platform)
    amended = await client.post(f"/api/incidents/{incident}/amend", headers=dispatcher, json={"category": "fraud"})
    assert amended.status_code == 200
    await platform.run_due()
    assert len(await desk.lines()) == 1


async def test_what_a_call_taker_says_is_something_else_does_not_come_to_the_desk(
    platform: Platform, desk: DeskAt, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    taker, here = await sign_in(Role.CALL_TAKER), spot(1000, 1000)
    body = {
        "channel": "wechat", "words": WORDS, "category": "theft", "position": {"lat": here.lat, "lon": here.lon},
    }  # fmt: skip
    await client.post("/api/reports", headers=taker, json=body)
    await platform.run_due()
    assert await desk.lines() == []


async def test_what_a_victim_adds_is_read_and_what_a_person_confirmed_stays(
    platform: Platform, desk: DeskAt, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    taker = await sign_in(Role.CALL_TAKER)
    new = NewReport(Channel.WECHAT, VAGUE, reporter_contact=CONTACT)  # no place: it waits for a call-taker
    report = (await take_report(platform.site, platform.city, new, "gateway", None)).id
    await platform.run_due()
    await desk.fill((await desk.case())["stops"][0], amount="5000")
    words = {"words": f"{VAGUE}，一共8000元，转到对方{CARD}"}
    await client.post(f"/api/reports/{report}/describe", headers=taker, json=words)
    await platform.run_due()
    fields = (await desk.case())["stops"][0]["fields"]
    assert (fields["counter_account"]["value"], fields["amount"]["value"]) == (CARD, "5000")


async def test_the_same_message_sent_twice_is_one_case(desk: DeskAt) -> None:
    await desk.report()
    await desk.report()
    assert len(await desk.lines()) == 1


async def test_two_victims_with_the_same_words_are_two_cases(desk: DeskAt) -> None:
    await desk.report()
    await desk.report(contact="13900002222")
    assert len(await desk.lines()) == 2


async def test_who_speaks_for_the_victim_is_noted(desk: DeskAt) -> None:
    await desk.report("我妈被骗转账了，刚刚转给骗子3万元")
    case = await desk.case()
    assert (case["made_by"], case["acting_as"]) == ("for_victim", "我妈")
    assert "victim" not in case["stops"][0]["fields"]


async def test_the_desk_is_told_at_once(
    platform: Platform, desk: DeskAt, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    await desk.report()
    told = (await client.get("/api/notifications", headers=desk.headers)).json()["notifications"]
    assert [one["kind"] for one in told] == ["fraud.opened"]


async def test_a_step_that_fails_hands_the_report_to_a_person(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: steps.Work) -> None:
        raise RuntimeError

    monkeypatch.setattr(steps, "STEPS", (steps.understand, fails))
    report = await acts.report(platform, WORDS)
    await platform.run_due()
    assert (await acts.report_row(platform, report)).needs_person["code"] == "step_failed"


async def test_a_sure_model_is_enough_whatever_the_category(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    understand = platform.city.understanding.understand
    monkeypatch.setattr(
        platform.city.understanding, "understand",
        lambda words, hint: replace(understand("有人打架", hint), fraud=0.9),
    )  # fmt: skip
    await acts.report(platform, "让我把钱转到安全账户")
    await platform.run_due()
    assert len(await cases(platform)) == 1
