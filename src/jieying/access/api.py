"""Signing in and out over HTTP, and what every route needs to know of its request."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Protocol, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.requests import HTTPConnection
from pydantic import BaseModel, Field

from jieying.access import actions
from jieying.access.rules import PERMISSIONS, Account, Permission
from jieying.journal.actions import Site
from jieying.kit.errors import NotSignedIn

router = APIRouter(tags=["access"])

COOKIE = "jieying_session"
# A session is looked up once in so many seconds; signing out on one process ends it on others within that time.
REMEMBER_S = 3.0
REMEMBER_MOST = 10_000


class State(Protocol):
    """What the web app hands to the routes (web/app.py sets it)."""

    site: Site
    session_hours: float
    sessions: dict[str, tuple[float, Account, datetime]]
    kick: Callable[[], None]
    show_incident: Callable[[UUID, Account], Awaitable[Any]]


def state_of(connection: HTTPConnection) -> State:
    return cast(State, connection.app.state)


def site_of(connection: HTTPConnection) -> Site:
    return state_of(connection).site


# Routes that depend on a function that isn't async would wait for a thread each time.
async def _site(connection: HTTPConnection) -> Site:
    return site_of(connection)


def token_of(connection: HTTPConnection) -> str:
    """The session token of a request, from its Authorization header or its cookie; NotSignedIn without one."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    found = token if scheme.lower() == "bearer" else connection.cookies.get(COOKIE, "")
    if not found:
        raise NotSignedIn("not_signed_in")
    return found


async def account_of(connection: HTTPConnection) -> Account:
    """Who sends this request; raises NotSignedIn."""
    return await account_by(state_of(connection), token_of(connection))


async def account_by(state: State, token: str) -> Account:
    """Whose session this is; raises NotSignedIn."""
    now = time.monotonic()
    known = state.sessions.get(token)
    if known and now - known[0] < REMEMBER_S and known[2] > state.site.clock.now():
        return known[1]
    state.sessions.pop(token, None)
    account, expires_at = await actions.account_of(state.site, token)
    if len(state.sessions) >= REMEMBER_MOST:
        state.sessions.clear()
    state.sessions[token] = (now, account, expires_at)
    return account


SiteNow = Annotated[Site, Depends(_site)]
SignedIn = Annotated[Account, Depends(account_of)]


def needs(permission: Permission) -> Any:
    """A parameter that is the account, if it has the permission."""

    async def check(account: SignedIn) -> Account:
        account.need(permission)
        return account

    return Depends(check)


class Credentials(BaseModel):
    username: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
    password: str = Field(min_length=1, max_length=200)


class AccountView(BaseModel):
    id: UUID
    username: str
    name: str
    role: str
    org: str
    org_path: str
    unit: str | None
    permissions: list[str]

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        return cls(
            id=account.id, username=account.username, name=account.name, role=account.role, org=account.org,
            org_path=account.org_path, unit=account.unit,
            permissions=sorted(str(permission) for permission in PERMISSIONS[account.role]),
        )  # fmt: skip


class SessionView(BaseModel):
    token: str
    expires_at: datetime
    account: AccountView


@router.post("/session")
async def sign_in(given: Credentials, request: Request, response: Response) -> SessionView:
    state = state_of(request)
    begun = await actions.sign_in(state.site, given.username, given.password, state.session_hours)
    response.set_cookie(
        COOKIE, begun.token, httponly=True, samesite="strict", secure=request.url.scheme == "https",
        max_age=int(state.session_hours * 3600),
    )  # fmt: skip
    return SessionView(token=begun.token, expires_at=begun.expires_at, account=AccountView.of(begun.account))


@router.get("/session")
async def who_am_i(account: SignedIn) -> AccountView:
    return AccountView.of(account)


@router.delete("/session", status_code=204)
async def sign_out(request: Request, response: Response, account: SignedIn) -> None:
    token = token_of(request)
    state_of(request).sessions.pop(token, None)
    await actions.sign_out(site_of(request), account, token)
    response.delete_cookie(COOKIE)
