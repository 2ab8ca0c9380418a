"""What call-takers accept or change is kept as a label, and exported for others to learn from."""

from typing import Any

import httpx
import orjson
import pytest

from jieying.bootstrap import Platform
from jieying.intake import labels
from jieying.triage.corpus import read_jsonl
from tests.conftest import SignIn
from tests.incidents import acts
from tests.intake.suggesting import YES, asking
from tests.minicity import spot

__all__ = ["asking"]

SQUARE = {"lat": spot(1520, 1520).lat, "lon": spot(1520, 1520).lon}


@pytest.fixture
async def taker(asking: Platform, client: httpx.AsyncClient, sign_in: SignIn) -> httpx.AsyncClient:
    client.headers.update(await sign_in())
    return client


async def stored(platform: Platform) -> list[Any]:
    return await acts.fetch(platform, "SELECT * FROM label ORDER BY id")


async def take(taker: httpx.AsyncClient, words: str, **given: Any) -> str:
    answer = await taker.post("/api/reports", json={"channel": "phone", "answered": True, "words": words, **given})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_category_changed_while_taking_the_call_is_kept_beside_what_was_proposed(
    taker: httpx.AsyncClient, asking: Platform
) -> None:
    id_ = await take(taker, "中心广场有人打架", category="robbery", level="red")
    (one,) = await stored(asking)
    assert (str(one.report_id), one.act, one.model) == (id_, "handed_in", "words")
    assert one.by.startswith("account:")
    assert one.decided == {"category": "robbery", "level": "red"}
    assert one.proposed["categories"][0]["code"] == "fight"
    assert one.proposed["level"] == "yellow"


async def test_a_place_that_was_accepted_is_kept_with_its_name(taker: httpx.AsyncClient, asking: Platform) -> None:
    await take(taker, "中心广场有人打架", position={**SQUARE, "accuracy_m": 10})
    (one,) = await stored(asking)
    assert one.decided["place"] == {"name": "中心广场", **SQUARE}


async def test_what_was_left_to_the_platform_makes_no_label(taker: httpx.AsyncClient, asking: Platform) -> None:
    await take(taker, "中心广场有人打架", answers={"weapon": YES})
    assert await stored(asking) == []


async def test_what_a_gateway_sends_makes_no_label(asking: Platform) -> None:
    await acts.incident(asking)
    assert await stored(asking) == []


@pytest.mark.parametrize(
    ("path", "body", "act", "decided"),
    [
        ("open", {"category": "theft", "position": SQUARE}, "opened", {"category": "theft", "level": "blue"}),
        ("settle", {"as": "enquiry"}, "settled", {"ours": "enquiry"}),
        ("settle", {"as": "diverted"}, "settled", {"ours": "hotline"}),
        ("settle", {"as": "unfounded"}, "settled", {"ours": "unfounded"}),
        ("describe", {"words": "被偷了", "category": "theft"}, "described", {"category": "theft"}),
    ],
)
async def test_what_is_decided_on_a_report_that_waits_is_kept(
    taker: httpx.AsyncClient, asking: Platform, path: str, body: dict[str, Any], act: str, decided: dict[str, str]
) -> None:
    id_ = await acts.report(asking, "嗯嗯嗯")
    await asking.run_due()
    answer = await taker.post(f"/api/reports/{id_}/{path}", json=body)
    assert answer.is_success, answer.text
    (one,) = await stored(asking)
    assert (one.report_id, one.act) == (id_, act)
    assert decided.items() <= one.decided.items()


async def test_a_report_linked_by_hand_says_to_what(taker: httpx.AsyncClient, asking: Platform) -> None:
    incident = await acts.incident(asking)
    id_ = await acts.report(asking, "嗯嗯嗯", at=(2500, 2500))
    await asking.run_due()
    await taker.post(f"/api/reports/{id_}/link", json={"incident": str(incident)})
    (one,) = await stored(asking)
    assert one.decided == {"same_as": str(incident)}


async def test_a_refused_act_leaves_no_label(taker: httpx.AsyncClient, asking: Platform) -> None:
    incident = await acts.incident(asking)
    (report,) = await acts.fetch(asking, "SELECT id FROM report")
    refused = await taker.post(f"/api/reports/{report.id}/settle", json={"as": "unfounded"})
    assert (refused.status_code, incident is not None) == (409, True)
    assert await stored(asking) == []


async def test_an_incident_corrected_later_is_a_label_of_its_first_report(
    taker: httpx.AsyncClient, asking: Platform
) -> None:
    incident = await acts.incident(asking, "中心广场有人打架")
    await taker.post(f"/api/incidents/{incident}/amend", json={"category": "robbery", "level": "red"})
    await asking.run_due()
    (one,) = await stored(asking)
    assert (one.act, one.decided) == ("amended", {"category": "robbery", "level": "red"})
    assert one.proposed["categories"][0]["code"] == "fight"


async def test_a_label_is_not_worth_that_a_call_fails(
    taker: httpx.AsyncClient, asking: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(labels, "proposal_of", broken)
    await take(taker, "中心广场有人打架", category="robbery")
    assert [one.proposed for one in await stored(asking)] == [{}]


# --- export --------------------------------------------------------------------------------------------------


async def exported(platform: Platform) -> list[dict[str, Any]]:
    return await labels.export(platform.site, platform.city.questions, "shell:test")


async def test_the_export_reads_as_labelled_texts(taker: httpx.AsyncClient, asking: Platform, tmp_path: Any) -> None:
    await take(taker, "中心广场有人打架", category="robbery", level="red", position=SQUARE, answers={"weapon": YES})
    file = tmp_path / "mine.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(line) for line in await exported(asking)))
    (one,) = read_jsonl(file)
    assert one.text == "中心广场有人打架\nweapon?weapon-0"
    assert (one.category, one.level, one.place, one.ours) == ("robbery", "red", "中心广场", "police")


async def test_the_last_decision_on_a_report_counts(taker: httpx.AsyncClient, asking: Platform) -> None:
    id_ = await take(taker, "嗯嗯嗯", category="papers")
    await asking.run_due()
    await taker.post(f"/api/reports/{id_}/open", json={"category": "theft", "position": SQUARE})
    (line,) = await exported(asking)
    assert (line["category"], line["ours"]) == ("theft", "police")


async def test_nobody_can_be_told_from_the_export(taker: httpx.AsyncClient, asking: Platform) -> None:
    reporter = {"name": "李晓明", "contact": "0000-1234"}
    words = "我是李晓明，电话13912345678，车牌鲁A12345，卡号6222020200112233445，打0000-1234找我"
    await take(taker, words, category="theft", reporter=reporter)
    (line,) = await exported(asking)
    text = orjson.dumps(line).decode()
    for secret in ("李晓明", "13912345678", "A12345", "6222020200112233445", "0000-1234", "account:"):
        assert secret not in text


async def test_the_journal_says_who_exported_how_many(taker: httpx.AsyncClient, asking: Platform) -> None:
    await take(taker, "中心广场有人打架", category="robbery")
    await exported(asking)
    (entry,) = await acts.fetch(asking, "SELECT actor, data FROM journal WHERE kind = 'label.exported'")
    assert (entry.actor, entry.data["count"]) == ("shell:test", 1)
