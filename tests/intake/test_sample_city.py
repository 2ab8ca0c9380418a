"""The way of a report with a real model, the sample city's: the mini city has no vectors and few categories."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from jieying.bootstrap import Platform
from jieying.citypack.read import read_pack
from jieying.incidents.model import Channel
from jieying.incidents.tables import incident
from jieying.intake.actions import NewReport, take_report
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from jieying.triage.same_event import projection


@pytest.fixture
async def sample(own_database_url: str, clock: ManualClock, yunzhou: Path, tmp_path: Path) -> AsyncIterator[Platform]:
    made = Platform(Database(own_database_url, pool=5), clock, read_pack(yunzhou), tmp_path)
    await made.prepare()
    yield made
    await made.site.db.close()


async def test_two_witnesses_of_one_event_open_an_incident_and_are_brought_together(sample: Platform) -> None:
    place = sample.site.pack.places[0].name
    for said in (f"{place}门口有人打架，好几个人，有人流血了", f"快来{place}，一群人在打一个人，头都打破了"):
        await take_report(sample.site, sample.city, NewReport(Channel.SMS, said), "gateway", None)
        await sample.run_due()
    async with sample.site.db.transaction() as connection:
        reports = (await connection.execute(text("SELECT state, category, vector FROM report ORDER BY id"))).all()
        _, similar = (await connection.execute(select(incident.c.similar).order_by(incident.c.id))).scalars()
    assert [one.state for one in reports] == ["linked", "linked"]
    assert {one.category for one in reports} <= {"1001", "2001"}
    by = projection()
    assert all(one.vector.startswith(by.mark) for one in reports)
    assert {len(one.vector) for one in reports} == {len(by.mark) + 2 * len(by.spread)}  # two bytes a number
    assert similar, "the second witness's incident is not told that there is another"
