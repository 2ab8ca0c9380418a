"""The bounds of docs/safeguards.md: it starts with a victim, there is no list of suspects, nothing leaks."""

import logging
import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.incidents.model import Channel
from jieying.intake.actions import NewReport, take_report
from jieying.kit.ids import new_id
from tests.conftest import SignIn
from tests.diversion_antifraud.desk import CARD, CONTACT, OWN, WORDS, DeskAt, said
from tests.incidents import acts
from tests.minicity import spot

SECRETS = (CARD, OWN, CONTACT, "张小云", "128000", "5000.00")


@pytest.fixture
async def desk(platform: Platform, client: httpx.AsyncClient, sign_in: SignIn) -> DeskAt:
    return await DeskAt.signed_in(platform, client, sign_in)


async def insert(platform: Platform, statement: str, **values: Any) -> None:
    async with platform.site.db.transaction() as connection:
        await connection.execute(text(statement), {"id": new_id(platform.site.clock.now())} | values)


async def test_there_is_no_case_without_a_report(platform: Platform) -> None:
    with pytest.raises(IntegrityError):
        await insert(
            platform,
            "INSERT INTO fraud_case (region, id, report_id, state, made_by, acting_as, opened_at)"
            " VALUES ('mini', :id, :report, 'open', 'victim', '', now())",
            report=new_id(platform.site.clock.now()),
        )


async def test_there_is_no_request_without_a_case(platform: Platform) -> None:
    with pytest.raises(IntegrityError):
        await insert(
            platform,
            "INSERT INTO fraud_stop (region, id, case_id, state, fields) VALUES ('mini', :id, :id, 'draft', '{}')",
        )


async def test_nobody_but_a_victim_or_who_speaks_for_one_starts_a_case(platform: Platform, desk: DeskAt) -> None:
    report = await acts.report(platform)
    with pytest.raises(IntegrityError):
        await insert(
            platform,
            "INSERT INTO fraud_case (region, id, report_id, state, made_by, acting_as, opened_at)"
            " VALUES ('mini', :id, :report, 'open', 'police', '', now())",
            report=report,
        )


@pytest.mark.parametrize("channel", [Channel.LEAD, Channel.ALARM])
async def test_a_lead_or_a_device_starts_none(
    platform: Platform, desk: DeskAt, client: httpx.AsyncClient, sign_in: SignIn, channel: Channel
) -> None:
    new = NewReport(channel, WORDS, point=spot(1000, 1000), accuracy_m=10)
    await take_report(platform.site, platform.city, new, "gateway", None)
    await platform.run_due()
    assert await desk.lines() == []


async def test_who_speaks_for_a_victim_has_to_say_as_what(desk: DeskAt) -> None:
    await desk.requested()
    case = await desk.case()
    await desk.post(f"requests/{case['stops'][0]['id']}/take-back")
    after = (await desk.post(f"cases/{case['id']}/reporter", {"made_by": "for_victim"})).json()
    assert after["stops"][0]["faults"] == [{"field": "acting_as", "code": "missing"}]
    assert (await desk.post(f"cases/{case['id']}/reporter", {"made_by": "police"})).status_code == 422


def test_no_route_asks_for_an_account_or_a_person(app: FastAPI) -> None:
    paths = {path: item for path, item in app.openapi()["paths"].items() if path.startswith("/api/antifraud")}
    asked = {
        (path, parameter["name"])
        for path, item in paths.items()
        for one in item.values()
        for parameter in one.get("parameters", [])
        if parameter["in"] == "query"
    }
    assert asked == {("/api/antifraud/cases", "state"), ("/api/antifraud/exports/{id}", "format")}
    names = {parameter for path in paths for parameter in re.findall(r"{(\w+)}", path)}
    assert names == {"id"}


async def test_there_is_no_table_of_persons_or_accounts_and_nothing_scores_anybody(platform: Platform) -> None:
    rows = await acts.fetch(
        platform,
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND (table_name LIKE 'fraud%' OR column_name LIKE '%score%')"
        " AND table_name !~ '_[0-9]{6}$'",
    )
    assert {row.table_name for row in rows if row.table_name.startswith("fraud")} == {
        "fraud_case", "fraud_stop", "fraud_batch",
    }  # fmt: skip
    assert {row.table_name for row in rows if "score" in row.column_name} == {
        "assignment"
    }  # of units, for one incident


async def test_lists_show_the_last_figures_only(desk: DeskAt) -> None:
    await desk.report()
    (line,) = await desk.lines()
    assert (line["counter_account"], line["victim"]) == ("****0004", "张**")
    shown = str(line)
    assert not [secret for secret in (CARD, OWN, CONTACT, "张小云") if secret in shown]


async def test_every_opening_of_a_case_is_on_record_and_the_list_is_not(desk: DeskAt) -> None:
    await desk.report()
    await desk.lines()
    await desk.case()
    case = await desk.case()
    looked = [entry["actor"] for entry in case["history"] if entry["kind"] == "fraud.looked_up"]
    assert len(looked) == 2
    assert all(actor.startswith("account:") for actor in looked)


async def test_a_station_opens_only_cases_of_its_own(
    platform: Platform, desk: DeskAt, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    await desk.report()  # in the area of S1
    case = (await desk.case())["id"]
    west = await DeskAt.signed_in(platform, client, sign_in, "S1")
    east = await DeskAt.signed_in(platform, client, sign_in, "S2")
    assert (await west.get(f"cases/{case}")).status_code == 200
    answer = await east.get(f"cases/{case}")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_fraud_case")
    assert await east.lines() == []
    stop = (await west.case())["stops"][0]["id"]
    assert (await east.post(f"requests/{stop}/withdraw")).status_code == 404


async def test_only_the_desk_of_the_city_sends_and_receives_files(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn, desk: DeskAt
) -> None:
    await desk.requested()
    west = await DeskAt.signed_in(platform, client, sign_in, "S1")
    assert (await west.post("exports")).json()["code"] == "exchange_is_of_city"
    assert (await west.answers()).json()["code"] == "exchange_is_of_city"


async def test_the_desk_sees_no_other_incident_and_no_other_report(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    headers = await sign_in(Role.FRAUD_DESK)
    report = await acts.report(platform)
    await platform.run_due()
    assert (await client.get("/api/incidents", headers=headers)).status_code == 403
    assert (await client.get("/api/reports", headers=headers)).status_code == 403
    assert (await client.get(f"/api/reports/{report}", headers=headers)).status_code == 404


async def test_a_commander_reads_a_case_and_changes_nothing(
    platform: Platform, desk: DeskAt, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    await desk.report()
    stop = (await desk.case())["stops"][0]
    desk.headers = await sign_in(Role.COMMANDER)
    assert (await desk.case())["stops"][0]["id"] == stop["id"]
    answer = await desk.post(f"requests/{stop['id']}/fields", {"version": stop["version"], "amount": "1"})
    assert answer.status_code == 403


async def test_no_value_gets_into_the_journal_or_a_log(
    platform: Platform, desk: DeskAt, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stop = await desk.stopped()
    await desk.answers(said(stop["id"], stop["id"], "stopped", desk.now(), stopped_amount="7"))  # refused
    await desk.post(f"requests/{stop['id']}/fields", {"version": 0, "amount": CARD})  # refused
    await platform.run_due()
    kept = [str(row.data) for row in await acts.fetch(platform, "SELECT data FROM journal")]
    kept += [str(row.params) for row in await acts.fetch(platform, "SELECT params FROM notification")]
    own = [
        record.getMessage() for record in caplog.records if record.name.startswith(("jieying", "uvicorn", "sqlalchemy"))
    ]
    assert [(secret, line) for line in [*kept, *own] for secret in SECRETS if secret in line] == []
