"""What is suggested while a call-taker types, by POST /api/understand; and how it is taken with the report."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.intake.understand_api import GONE
from tests.conftest import SignIn
from tests.incidents import acts
from tests.intake.suggesting import NO, YES, asking

__all__ = ["asking"]

FIGHT = "中心广场有人打架"


@pytest.fixture
async def taker(asking: Platform, client: httpx.AsyncClient, sign_in: SignIn) -> httpx.AsyncClient:
    client.headers.update(await sign_in())
    return client


async def understand(taker: httpx.AsyncClient, words: str, **more: Any) -> dict[str, Any]:
    answer = await taker.post("/api/understand", json={"words": words, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


# --- what the words say --------------------------------------------------------------------------------------


async def test_category_level_place_reasons_and_questions_come_in_one_answer(taker: httpx.AsyncClient) -> None:
    found = await understand(taker, FIGHT)
    assert (found["category"], found["level"], found["ours"]) == ("fight", "yellow", "police")
    assert found["reasons"]
    assert found["places"][0]["name"] == "中心广场"
    assert [one["code"] for one in found["questions"]] == ["weapon", "robbed", "over"]
    assert found["fraud"]["likely"] is False
    assert found["knowledge"]["hits"] == []


async def test_spans_count_an_emoji_as_one_character(taker: httpx.AsyncClient) -> None:
    words = "😀👨‍👩‍👧有人持刀"
    (alarm,) = (await understand(taker, words))["alarms"]
    assert words[alarm["start"] : alarm["end"]] == "持刀"


async def test_a_place_is_asked_for_until_it_is_known(taker: httpx.AsyncClient) -> None:
    assert "where" in [one["code"] for one in (await understand(taker, "有人打架"))["questions"]]
    assert "where" not in [one["code"] for one in (await understand(taker, FIGHT))["questions"]]


async def test_of_two_places_that_are_as_likely_it_says_what_to_ask(taker: httpx.AsyncClient) -> None:
    found = await understand(taker, "华联超市有人打架")  # there are two of that name
    assert "华联超市" in found["which_place"]["zh"]
    assert "华联超市" in found["which_place"]["en"]
    assert (await understand(taker, FIGHT))["which_place"] is None


# --- what answers change -------------------------------------------------------------------------------------


async def test_each_answer_says_what_it_makes_of_category_and_level(taker: httpx.AsyncClient) -> None:
    questions = {one["code"]: one["answers"] for one in (await understand(taker, FIGHT))["questions"]}
    outcomes = {code: [(a["category"], a["level"]) for a in answers] for code, answers in questions.items()}
    assert outcomes == {
        "weapon": [("fight", "red"), ("fight", "yellow")],
        "robbed": [("robbery", "orange"), ("fight", "yellow")],
        "over": [("fight", "white"), ("fight", "blue")],
    }


@pytest.mark.parametrize(
    ("answers", "category", "level"),
    [
        ({"weapon": YES}, "fight", "red"),
        ({"weapon": NO}, "fight", "yellow"),
        ({"robbed": YES}, "robbery", "orange"),
        ({"over": YES}, "fight", "white"),
        ({"over": YES, "weapon": YES}, "fight", "red"),  # the most urgent answer counts
        ({"over": YES, "robbed": YES}, "robbery", "white"),
    ],
)
async def test_an_answer_given_changes_category_and_level_and_is_the_first_reason(
    taker: httpx.AsyncClient, answers: dict[str, int], category: str, level: str
) -> None:
    found = await understand(taker, FIGHT, answers=answers)
    assert (found["category"], found["level"]) == (category, level)
    assert found["reasons"][0]["code"] == "answered"
    assert not {one["code"] for one in found["questions"]} & answers.keys()


async def test_no_answer_silences_an_alarm_word(taker: httpx.AsyncClient) -> None:
    found = await understand(taker, f"{FIGHT}，有枪", answers={"over": YES})
    assert found["level"] == "red"


@pytest.mark.parametrize("answers", [{"weapon": 2}, {"nonsense": 0}, {"where": 0}])
async def test_an_answer_that_the_pack_does_not_have_is_refused(
    taker: httpx.AsyncClient, answers: dict[str, int]
) -> None:
    refused = await taker.post("/api/understand", json={"words": FIGHT, "answers": answers})
    assert (refused.status_code, refused.json()["code"]) == (422, "no_such_answer")


# --- enquiries, fraud, the same event ------------------------------------------------------------------------


async def test_an_enquiry_brings_answers_with_their_source(taker: httpx.AsyncClient) -> None:
    found = await understand(taker, "身份证丢了怎么补办")
    best = found["knowledge"]["hits"][0]
    assert "身份证" in best["question"]
    assert best["answer"]
    assert best["source"]
    assert found["knowledge"]["sure"]


@pytest.mark.parametrize("words", ["我今天心情不错", "身份证丢了，有人持刀抢劫我，快来"])
async def test_what_is_off_topic_or_a_cry_for_help_brings_none(taker: httpx.AsyncClient, words: str) -> None:
    assert (await understand(taker, words))["knowledge"]["hits"] == []


async def test_where_the_call_taker_says_it_is_other_reports_are_looked_for(
    taker: httpx.AsyncClient, asking: Platform
) -> None:
    incident = await acts.incident(asking, "有人打架")
    row = await acts.incident_row(asking, incident)
    (unplaced,) = (await understand(taker, "有人打架"))["similar"]  # by words and time alone
    assert unplaced["distance_m"] is None
    found = await understand(taker, "有人打架", at={"lat": row.lat, "lon": row.lon})
    (similar,) = found["similar"]
    assert (similar["incident"], similar["number"]) == (str(incident), row.number)
    assert similar["reasons"]
    assert similar["distance_m"] == 0


# --- bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["", " ", "喂", "😀", "?!", "hello", "<script>alert(1)</script>", "刚才3号楼12万8千"])
async def test_anything_short_or_strange_gets_a_clear_answer(taker: httpx.AsyncClient, words: str) -> None:
    found = await understand(taker, words)
    assert found["reasons"]
    assert found["knowledge"]["hits"] == []


@pytest.mark.parametrize(
    ("words", "code"), [("着火，" * 33_000, "words_too_long"), ("有人\u0007打架", "control_character")]
)
async def test_what_no_report_may_hold_is_refused_in_words(taker: httpx.AsyncClient, words: str, code: str) -> None:
    refused = await taker.post("/api/understand", json={"words": words})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert "{" not in refused.json()["detail"]


async def test_the_longest_report_is_understood(taker: httpx.AsyncClient) -> None:
    assert (await understand(taker, "有人打架，" * 2_000))["category"] == "fight"


async def test_only_who_takes_calls_may_ask(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    refused = await client.post("/api/understand", json={"words": FIGHT}, headers=await sign_in(Role.GATEWAY))
    assert refused.status_code == 403


async def test_words_that_nobody_waits_for_any_more_are_not_worked_out(taker: httpx.AsyncClient, app: FastAPI) -> None:
    """She typed on: her console broke the request off before its turn came."""
    body = b'{"words": "x"}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers.append((b"authorization", taker.headers["Authorization"].encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/api/understand", "raw_path": b"/api/understand", "query_string": b"", "headers": headers,
        "client": ("test", 1), "server": ("test", 80), "root_path": "",
    }  # fmt: skip
    messages = iter([{"type": "http.request", "body": body}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    await asyncio.wait_for(app(scope, receive, send), 10)
    assert sent[0]["status"] == GONE


# --- taken with the report -----------------------------------------------------------------------------------


async def hand_in(taker: httpx.AsyncClient, platform: Platform, **given: Any) -> Any:
    answer = await taker.post("/api/reports", json={"channel": "phone", "answered": True, **given})
    assert answer.status_code == 201, answer.text
    await platform.run_due()
    return await acts.report_row(platform, answer.json()["id"])


async def test_answers_go_with_the_report_into_the_incident_and_its_reasons(
    taker: httpx.AsyncClient, asking: Platform
) -> None:
    row = await hand_in(taker, asking, words=FIGHT, answers={"weapon": YES})
    incident = await acts.incident_row(asking, row.incident_id)
    assert incident.level == "red"
    assert {"code": "answered", "params": {"answer": "weapon.0"}} in incident.level_reasons


async def test_a_report_of_an_event_that_is_known_joins_it_as_it_is_taken(
    taker: httpx.AsyncClient, asking: Platform
) -> None:
    incident = await acts.incident(asking)
    row = await hand_in(taker, asking, words="又有人说打架", same_as=str(incident))
    assert (row.state, row.incident_id) == ("linked", incident)
    assert (await acts.incident_row(asking, incident)).reports_count == 2


async def test_an_enquiry_that_was_answered_is_settled_as_it_is_taken(
    taker: httpx.AsyncClient, asking: Platform
) -> None:
    entry = (await understand(taker, "身份证丢了怎么补办"))["knowledge"]["hits"][0]["entry"]
    row = await hand_in(taker, asking, words="身份证丢了怎么补办", enquiry=entry)
    assert (row.state, row.needs_person) == ("enquiry", None)


async def test_a_call_that_rang_is_answered_described_and_settled_alike(
    taker: httpx.AsyncClient, asking: Platform
) -> None:
    incident = await acts.incident(asking)
    for given, state in (
        ({"words": "又有人说打架", "same_as": str(incident), "reporter": {"name": "张"}}, "linked"),
        ({"words": "身份证丢了怎么补办", "enquiry": "H-0001"}, "enquiry"),
        ({"words": FIGHT, "answers": {"weapon": YES}}, "linked"),
    ):
        rings = (await taker.post("/api/reports", json={"channel": "phone"})).json()["id"]
        await taker.post(f"/api/reports/{rings}/answer")
        if "enquiry" in given:
            found = await understand(taker, str(given["words"]))
            given = {**given, "enquiry": found["knowledge"]["hits"][0]["entry"]}
        answer = await taker.post(f"/api/reports/{rings}/describe", json=given)
        assert answer.status_code == 204, answer.text
        await asking.run_due()
        row = await acts.report_row(asking, rings)
        assert (row.state, row.words, row.needs_person) == (state, given["words"], None)
    assert (await acts.incident_row(asking, row.incident_id)).level == "red"


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"enquiry": "nonsense"}, 404, "no_such_entry"),
        ({"same_as": "01a20183-2740-703e-8e8e-d92213079a37"}, 404, "no_such_incident"),
        ({"answers": {"weapon": 9}}, 422, "no_such_answer"),
        ({"enquiry": "x", "same_as": "01a20183-2740-703e-8e8e-d92213079a37"}, 404, "no_such_incident"),
    ],
)
async def test_what_cannot_be_done_is_refused_and_nothing_is_stored(
    taker: httpx.AsyncClient, asking: Platform, given: dict[str, Any], status: int, code: str
) -> None:
    body = {"channel": "phone", "answered": True, "words": FIGHT, **given}
    refused = await taker.post("/api/reports", json=body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert await acts.fetch(asking, "SELECT id FROM report") == []


async def test_a_category_of_enquiries_chosen_by_hand_opens_no_incident(
    taker: httpx.AsyncClient, asking: Platform
) -> None:
    row = await hand_in(taker, asking, words="中心广场的事问一下", category="papers")
    assert (row.incident_id, row.needs_person["code"]) == (None, "ours_enquiry")


async def test_a_gateway_decides_nothing(client: httpx.AsyncClient, sign_in: SignIn, asking: Platform) -> None:
    gateway = await sign_in(Role.GATEWAY)
    for given in ({"answers": {"weapon": 0}}, {"enquiry": "x"}, {"same_as": "01a20183-2740-703e-8e8e-d92213079a37"}):
        body = {"channel": "web", "words": FIGHT, **given}
        assert (await client.post("/api/reports", json=body, headers=gateway)).status_code == 403


async def test_a_report_that_waits_says_what_the_platform_would_have_done(
    taker: httpx.AsyncClient, asking: Platform
) -> None:
    id_ = await acts.report(asking, "中心广场嗯嗯嗯，华联超市")
    await asking.run_due()
    shown = (await taker.get(f"/api/reports/{id_}")).json()
    assert shown["needs_person"]
    assert shown["proposal"]["level"] == "yellow"
    assert "中心广场" in [place["name"] for place in shown["proposal"]["places"]]
    done = await acts.report(asking, acts.FIGHT)
    await asking.run_due()
    assert (await taker.get(f"/api/reports/{done}")).json()["proposal"] is None
