"""Signing in and out: nothing tells which of name and password was wrong, and a session ends when it should."""

from datetime import timedelta

import httpx
import pytest

from jieying.access import actions as access
from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.kit.clock import ManualClock
from jieying.kit.errors import Conflict, Invalid
from tests.conftest import PASSWORD, SignIn
from tests.incidents import acts

WRONG = "wrong-password"


@pytest.fixture
async def li(platform: Platform) -> str:
    await access.add_account(platform.site, username="li", name="李", password=PASSWORD, role=Role.DISPATCHER, org="C")
    return "li"


async def try_to(client: httpx.AsyncClient, username: str, password: str = WRONG) -> httpx.Response:
    return await client.post("/api/session", json={"username": username, "password": password})


async def test_the_right_password_begins_a_session(client: httpx.AsyncClient, li: str, clock: ManualClock) -> None:
    answer = await try_to(client, li, PASSWORD)
    assert answer.status_code == 200
    begun = answer.json()
    assert begun["expires_at"].startswith((clock.now() + timedelta(hours=12)).isoformat()[:19])
    assert (begun["account"]["username"], begun["account"]["org_path"]) == ("li", "/P/C/")
    assert "password" not in answer.text
    who = await client.get("/api/session", headers={"Authorization": f"Bearer {begun['token']}"})
    assert who.json() == begun["account"]


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(client: httpx.AsyncClient, li: str) -> None:
    cookie = (await try_to(client, li, PASSWORD)).headers["set-cookie"].lower()
    assert cookie.startswith("jieying_session=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie  # over http; else the console could not sign in on one machine


async def test_over_https_the_cookie_stays_there(client: httpx.AsyncClient, li: str) -> None:
    answer = await client.post("https://test/api/session", json={"username": li, "password": PASSWORD})
    assert "; secure" in answer.headers["set-cookie"].lower()


async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(client: httpx.AsyncClient, li: str) -> None:
    wrong_password, wrong_name = await try_to(client, li), await try_to(client, "nobody")
    assert (wrong_password.status_code, wrong_password.text) == (401, wrong_name.text)
    assert wrong_password.headers.get("set-cookie") is None


async def test_five_wrong_passwords_lock_the_account_for_five_minutes(
    client: httpx.AsyncClient, li: str, clock: ManualClock, platform: Platform
) -> None:
    assert [(await try_to(client, li)).status_code for _ in range(6)] == [401] * 5 + [429]
    locked = await try_to(client, li, PASSWORD)
    assert (locked.status_code, locked.json()["code"]) == (429, "account_locked")
    clock.advance(299)
    assert (await try_to(client, li, PASSWORD)).status_code == 429
    clock.advance(2)
    assert (await try_to(client, li, PASSWORD)).status_code == 200
    assert (await acts.kinds(platform, li)).count("account.sign_in_failed") == 5


async def test_a_right_password_forgives_the_wrong_ones_before(client: httpx.AsyncClient, li: str) -> None:
    for _ in range(3):
        assert [(await try_to(client, li)).status_code for _ in range(4)] == [401] * 4
        assert (await try_to(client, li, PASSWORD)).status_code == 200


async def test_a_session_ends_by_the_clock_and_by_signing_out(
    client: httpx.AsyncClient, sign_in: SignIn, clock: ManualClock
) -> None:
    one, other = await sign_in(), await sign_in()
    assert (await client.delete("/api/session", headers=one)).status_code == 204
    assert (await client.get("/api/session", headers=one)).json()["code"] == "session_over"
    assert (await client.get("/api/session", headers=other)).status_code == 200
    clock.advance(12 * 3600)
    assert (await client.get("/api/session", headers=other)).json()["code"] == "session_over"


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic eDp5"}, {"Cookie": "other=1"}]
)
async def test_without_a_token_nobody_is_signed_in(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get("/api/session", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_a_token_that_was_never_given_out_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/session", headers={"Authorization": "Bearer made-up"})
    assert answer.json()["code"] == "session_over"


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://test", 201), (None, 201), ("http://evil.example", 403), ("null", 403), ("http://test.evil.example", 403)],
)
async def test_a_page_of_another_site_cannot_act_with_the_users_cookie(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform, origin: str | None, status: int
) -> None:
    headers = await sign_in() | ({"Origin": origin} if origin else {})
    before = await acts.fetch(platform, "SELECT count(*) AS n FROM report")
    answer = await client.post("/api/reports", headers=headers, json={"channel": "wechat", "words": "打架"})
    assert answer.status_code == status
    after = await acts.fetch(platform, "SELECT count(*) AS n FROM report")
    assert after[0].n - before[0].n == (1 if status == 201 else 0)
    if status == 403:
        assert answer.json()["code"] == "foreign_origin"


async def test_passwords_and_tokens_are_not_in_the_database(platform: Platform, sign_in: SignIn) -> None:
    token = (await sign_in())["Authorization"].removeprefix("Bearer ")
    everything = ""
    for table in ("account", "session", "journal"):
        everything += str([tuple(row) for row in await acts.fetch(platform, f"SELECT * FROM {table}")])  # noqa: S608
    assert PASSWORD not in everything
    assert token not in everything
    assert "$argon2id$" in everything


async def test_an_account_needs_a_known_place_and_a_password_worth_the_name(platform: Platform, li: str) -> None:
    async def add(**changes: object) -> None:
        given = {"username": "x", "name": "x", "password": PASSWORD, "role": Role.OFFICER, "org": "S1", "unit": None}
        await access.add_account(platform.site, **(given | changes))  # type: ignore[arg-type]

    for changes, code in (
        ({"org": "S9"}, "no_such_org"), ({"unit": "U99"}, "no_such_unit"), ({"password": "short"}, "password_length"),
        ({"password": "x" * 129}, "password_length"),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=code):
            await add(**changes)
    with pytest.raises(Conflict, match="username_taken"):
        await add(username=li)
