"""Whatever is sent: a clear RFC 9457 problem in the caller's language, nothing changes, nothing leaks."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.kit.clock import ManualClock
from jieying.kit.ids import new_id
from tests.conftest import SignIn
from tests.incidents import acts
from tests.minicity import spot

HERE = spot(1000, 1000)
GOOD: dict[str, Any] = {"channel": "wechat", "words": "有人打架", "position": {"lat": HERE.lat, "lon": HERE.lon}}
TABLES = ("report", "incident", "assignment", "journal", "unit_position", "media", "intake_key", "notification_read")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)

Send = Callable[[dict[str, str]], Awaitable[httpx.Response]]


async def counts(platform: Platform) -> dict[str, int]:
    return {t: (await acts.fetch(platform, f"SELECT count(*) AS n FROM {t}"))[0].n for t in TABLES}  # noqa: S608


async def state_of_things(platform: Platform) -> list[Any]:
    """All that a refused request must leave as it is."""
    rows = [await acts.fetch(platform, f"SELECT * FROM {t} ORDER BY 1, 2") for t in ("incident", "assignment", "unit")]  # noqa: S608
    return [await counts(platform), rows]


@pytest.fixture
def refused(platform: Platform) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Send it in both languages, see that nothing changed, give back the problem in English."""

    async def check(send: Send, status: int, code: str) -> dict[str, Any]:
        before = await state_of_things(platform)
        said = {}
        for language in ("zh-CN,zh;q=0.9", "en-GB,en;q=0.8"):
            answer = await send({"Accept-Language": language})
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            problem = answer.json()
            assert problem["type"] == f"urn:jieying:problem:{code}"
            assert (problem["status"], problem["code"]) == (status, code)
            for part in ("title", "detail"):
                assert problem[part].strip()
                assert "problem." not in problem[part], "a key, not words"
                assert "problem_title." not in problem[part]
                assert "{" not in problem[part], "a placeholder that was not filled in"
            assert "Traceback" not in answer.text
            assert "SELECT" not in answer.text
            assert answer.headers["content-language"] == language[:2]
            said[language[:2]] = problem
        assert said["zh"]["title"] != said["en"]["title"]
        assert said["zh"]["detail"] != said["en"]["detail"]
        assert any("\u4e00" <= c <= "\u9fff" for c in said["zh"]["detail"])
        assert await state_of_things(platform) == before
        return dict(said["en"])

    return check


Refused = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def dispatcher(sign_in: SignIn) -> dict[str, str]:
    return await sign_in(Role.DISPATCHER)


def posting(client: httpx.AsyncClient, path: str, headers: dict[str, str], **what: Any) -> Send:
    """The request, to be sent with more headers."""
    return lambda more: client.post(path, headers=headers | more, **what)


def report(client: httpx.AsyncClient, headers: dict[str, str], **changes: Any) -> Send:
    return posting(client, "/api/reports", headers, json=GOOD | changes)


# --- the body ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"{", b'{"channel": "wechat",}', b"\xff\xfe"])
async def test_malformed_json(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused, body: bytes
) -> None:
    headers = dispatcher | {"Content-Type": "application/json"}
    await refused(posting(client, "/api/reports", headers, content=body), 400, "malformed_json")


async def test_json_nested_beyond_reason(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused
) -> None:
    headers = dispatcher | {"Content-Type": "application/json"}
    await refused(posting(client, "/api/reports", headers, content=b"[" * 100_000), 400, "malformed_body")


async def test_no_body_at_all(client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused) -> None:
    await refused(posting(client, "/api/reports", dispatcher), 422, "invalid_field")


async def test_a_body_beyond_its_limit(client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused) -> None:
    await refused(report(client, dispatcher, words="x" * 1_100_000), 413, "body_too_large")


async def test_a_body_of_unknown_length(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused
) -> None:
    headers = dispatcher | {"Content-Type": "application/json", "Transfer-Encoding": "Chunked"}
    await refused(posting(client, "/api/reports", headers, content=b"{}"), 413, "body_too_large")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "pigeon"}, "channel"), ({"channel": None}, "channel"), ({"words": 7}, "words"),
        ({"position": "here"}, "position"), ({"position": {"lat": "x", "lon": 1}}, "position.lat"),
        ({"position": {"lat": 91, "lon": 1}}, "position.lat"), ({"level": "purple"}, "level"),
        ({"media": ["../../etc/passwd"]}, "media.0"), ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2026-11-22T04:00:00"}, "occurred_at"),  # whose noon?
        ({"nobody_knows_this": 1}, "nobody_knows_this"), ({"reporter": {"name": "x" * 101}}, "reporter.name"),
    ],
)  # fmt: skip
async def test_a_wrong_type(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused, changes: dict[str, Any], field: str
) -> None:
    problem = await refused(report(client, dispatcher, **changes), 422, "invalid_field")
    assert problem["params"]["field"] == field


async def test_a_number_that_is_none(client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused) -> None:
    body = b'{"channel": "wechat", "words": "x", "position": {"lat": NaN, "lon": 1e999}}'
    headers = dispatcher | {"Content-Type": "application/json"}
    await refused(posting(client, "/api/reports", headers, content=body), 422, "invalid_field")


async def test_a_field_whose_name_cannot_be_written_back(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused
) -> None:
    body = json.dumps(GOOD)[:-1].encode() + b', "\\ud800": 1}'
    headers = dispatcher | {"Content-Type": "application/json"}
    await refused(posting(client, "/api/reports", headers, content=body), 422, "invalid_field")


async def test_a_value_is_never_repeated_in_the_answer(client: httpx.AsyncClient, dispatcher: dict[str, str]) -> None:
    answer = await report(client, dispatcher, channel="secret-13800000000")({})
    assert "13800000000" not in answer.text


# --- what a report says --------------------------------------------------------------------------------------


async def test_a_position_outside_the_city(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused
) -> None:
    await refused(report(client, dispatcher, position={"lat": 48.85, "lon": 2.35}), 422, "outside_city")


async def test_a_time_in_the_future(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused, clock: ManualClock
) -> None:
    later = (clock.now() + timedelta(minutes=5)).isoformat()
    await refused(report(client, dispatcher, occurred_at=later), 422, "time_in_future")


@pytest.mark.parametrize("words", ["", "  \n\t "])
async def test_empty_text(client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused, words: str) -> None:
    await refused(report(client, dispatcher, words=words, position=None), 422, "empty_report")


async def test_100_kB_of_text(client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused) -> None:
    problem = await refused(report(client, dispatcher, words="救" * 34_000), 422, "words_too_long")
    assert problem["params"] == {"max": 10_000, "length": 34_000}


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85"])
@pytest.mark.parametrize("field", ["words", "name", "contact"])
async def test_control_characters(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused, character: str, field: str
) -> None:
    said = f"有人{character}打架"
    changes: dict[str, Any] = {"words": said} if field == "words" else {"reporter": {field: said}}
    await refused(report(client, dispatcher, **changes), 422, "control_character")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("amend", {"place": "a\x00b"}),
        ("divert", {"to": "fire_119", "reason": "a\x00b"}), ("reopen", {"reason": "\x00"}),
        ("resolve", {"outcome": "handled", "notes": "\x00"}), ("resolve", {"outcome": "\x00"}),
        ("offer", {"unit": "\x00"}), ("hand-over", {"unit": "\x00"}),
        ("close", {"call_back": "satisfied", "notes": "\x00"}),
    ],
)  # fmt: skip
async def test_control_characters_in_what_a_dispatcher_writes(
    client: httpx.AsyncClient, dispatcher: dict[str, str], platform: Platform, path: str, body: dict[str, str]
) -> None:
    here = await acts.incident(platform)
    before = await state_of_things(platform)
    answer = await client.post(f"/api/incidents/{here}/{path}", headers=dispatcher, json=body)
    assert answer.status_code in (404, 409, 422), answer.text
    assert await state_of_things(platform) == before


async def test_control_characters_in_a_user_name(client: httpx.AsyncClient, refused: Refused) -> None:
    send = posting(client, "/api/session", {}, json={"username": "a\x00", "password": "password"})
    await refused(send, 422, "invalid_field")


async def test_line_breaks_are_no_control_characters(client: httpx.AsyncClient, dispatcher: dict[str, str]) -> None:
    assert (await report(client, dispatcher, words="有人打架\r\n\t快来")({})).status_code == 201


async def test_an_idempotency_key_with_another_body(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused
) -> None:
    headers = dispatcher | {"Idempotency-Key": "k"}
    assert (await report(client, headers)({})).status_code == 201
    await refused(report(client, headers, words="别的事"), 409, "key_reused")


# --- media ---------------------------------------------------------------------------------------------------


async def test_oversize_media(
    client: httpx.AsyncClient, app: FastAPI, dispatcher: dict[str, str], refused: Refused, platform: Platform
) -> None:
    app.state.media_max_bytes = 50
    headers = dispatcher | {"Content-Type": "image/png"}
    await refused(posting(client, "/api/media", headers, content=PNG), 413, "media_too_large")
    assert list(platform.media_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "declared"),
    [(PNG, "audio/mpeg"), (PNG, "text/html"),
     (b"<script>alert(1)</script>", "image/png"), (b"MZ" + bytes(99), "image/png"),
     (b"%PDF-1.7 " + bytes(99), "application/pdf"), (PNG, "")],
)  # fmt: skip
async def test_media_of_a_wrong_type(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused, platform: Platform, content: bytes,
    declared: str,
) -> None:  # fmt: skip
    headers = dispatcher | {"Content-Type": declared}
    await refused(posting(client, "/api/media", headers, content=content), 415, "media_type")
    assert list(platform.media_dir.iterdir()) == []


async def test_media_without_content(client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused) -> None:
    send = posting(client, "/api/media", dispatcher | {"Content-Type": "image/png"}, content=b"")
    await refused(send, 422, "media_empty")


async def test_media_that_nobody_handed_in(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused
) -> None:
    await refused(report(client, dispatcher, media=["0" * 64]), 422, "no_such_media")


# --- what dispatchers ask for --------------------------------------------------------------------------------


async def test_an_unknown_unit(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused, platform: Platform
) -> None:
    here = await acts.incident(platform)
    offer = posting(client, f"/api/incidents/{here}/offer", dispatcher, json={"unit": "U99"})
    await refused(offer, 404, "no_such_unit")
    status = posting(client, "/api/units/U99/status", dispatcher, json={"status": "available"})
    await refused(status, 404, "no_such_unit")


async def test_an_illegal_transition(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused, platform: Platform
) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    close = posting(client, f"/api/incidents/{here}/close", dispatcher, json={"call_back": "satisfied"})
    problem = await refused(close, 409, "illegal_transition")
    assert problem["params"] == {"current": "open", "target": "closed"}
    clear = posting(client, f"/api/assignments/{offered.id}/clear", dispatcher, json={})
    problem = await refused(clear, 409, "illegal_transition")
    assert problem["params"] == {"current": "offered", "target": "cleared"}


async def test_two_dispatchers_at_once(
    client: httpx.AsyncClient, sign_in: SignIn, dispatcher: dict[str, str], platform: Platform
) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    other = await sign_in(Role.DISPATCHER)
    path = f"/api/assignments/{offered.id}/accept"
    answers = await asyncio.gather(*(client.post(path, headers=who, json={}) for who in (dispatcher, other)))
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    assert lost.json()["code"] == "illegal_transition"
    assert lost.json()["params"]["current"] == "accepted"


async def test_a_status_that_follows_from_assignments_is_not_set_by_hand(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused
) -> None:
    send = posting(client, "/api/units/U1/status", dispatcher, json={"status": "en_route"})
    await refused(send, 422, "status_follows")


async def test_a_state_that_there_is_not(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused
) -> None:
    await refused(lambda more: client.get("/api/incidents?state=lost", headers=dispatcher | more), 422, "invalid_field")


@pytest.mark.parametrize("method", ["get", "post", "delete"])
async def test_an_unknown_route(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused, method: str
) -> None:
    def send(more: dict[str, str]) -> Awaitable[httpx.Response]:
        return client.request(method, "/api/nothing-here", headers=dispatcher | more)

    answer = await send({})
    await refused(send, answer.status_code, answer.json()["code"])
    assert answer.status_code in (404, 405)


# --- who asks ------------------------------------------------------------------------------------------------


async def test_nobody_signed_in(client: httpx.AsyncClient, refused: Refused) -> None:
    await refused(lambda more: client.get("/api/incidents", headers=more), 401, "not_signed_in")


async def test_an_expired_session(
    client: httpx.AsyncClient, dispatcher: dict[str, str], refused: Refused, clock: ManualClock
) -> None:
    assert (await client.get("/api/incidents", headers=dispatcher)).status_code == 200
    clock.advance(12 * 3600)
    await refused(report(client, dispatcher), 401, "session_over")


async def test_an_incident_of_a_foreign_organisation_looks_like_one_that_is_not_there(
    client: httpx.AsyncClient, sign_in: SignIn, refused: Refused, platform: Platform, clock: ManualClock
) -> None:
    foreign = await acts.incident(platform)  # of S1
    stranger = await sign_in(Role.DISPATCHER, "S2")
    unknown = new_id(clock.now())
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("get", "", {}), ("get", "/timeline", {}), ("get", "/candidates", {}), ("post", "/offer", {"unit": "U5"}),
        ("post", "/amend", {"level": "red"}), ("post", "/resolve", {"outcome": "handled"}),
        ("post", "/close", {"call_back": "satisfied"}), ("post", "/reopen", {"reason": "x"}),
        ("post", "/merge", {"into": str(uuid4())}), ("post", "/divert", {"to": "fire_119"}), ("post", "/hand-over", {}),
        ("post", "/refused", {"reason": "x"}),
    ]  # fmt: skip
    for method, path, body in calls:

        def send(more: dict[str, str], of: object = foreign) -> Awaitable[httpx.Response]:
            what = {"json": body} if method == "post" else {}  # noqa: B023 - called within this round
            return client.request(method, f"/api/incidents/{of}{path}", headers=stranger | more, **what)  # noqa: B023

        await refused(send, 404, "no_such_incident")
        theirs, nobodys = (await send({})).text, (await send({}, unknown)).text
        assert theirs.replace(str(foreign), "ID") == nobodys.replace(str(unknown), "ID"), path


async def test_an_assignment_or_report_of_a_foreign_organisation_looks_like_one_that_is_not_there(
    client: httpx.AsyncClient, sign_in: SignIn, refused: Refused, platform: Platform, clock: ManualClock
) -> None:
    mine = await acts.report(platform)
    await platform.run_due()
    incident = (await acts.report_row(platform, mine)).incident_id
    (offered,) = await acts.given(platform, incident)
    stranger, unknown = await sign_in(Role.DISPATCHER, "S2"), new_id(clock.now())

    def accept(of: object) -> Send:
        return posting(client, f"/api/assignments/{of}/accept", stranger, json={})

    def read(of: object) -> Send:
        return lambda more: client.get(f"/api/reports/{of}", headers=stranger | more)

    for ask, foreign, code in ((accept, offered.id, "no_such_assignment"), (read, mine, "no_such_report")):
        await refused(ask(foreign), 404, code)
        theirs, nobodys = (await ask(foreign)({})).text, (await ask(unknown)({})).text
        assert theirs.replace(str(foreign), "ID") == nobodys.replace(str(unknown), "ID")
    gateway = await sign_in(Role.GATEWAY)
    theirs = (await client.get(f"/api/reports/{mine}", headers=gateway)).text
    nobodys = (await client.get(f"/api/reports/{unknown}", headers=gateway)).text
    assert theirs.replace(str(mine), "ID") == nobodys.replace(str(unknown), "ID")
