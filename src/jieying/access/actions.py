"""Signing in and out, and adding accounts. Passwords are kept as argon2id hashes, tokens as SHA-256."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from jieying.access import store
from jieying.access.rules import Account, Role
from jieying.journal.actions import SYSTEM, Site, record
from jieying.kit.errors import Conflict, Invalid, NotFound, NotSignedIn, TooMany
from jieying.kit.ids import new_id

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106 (low memory)
# Checked when there is no such account, so that the answer takes as long as for one that exists.
_NOBODY = _hasher.hash(secrets.token_hex(8))

TRIES, LOCK = 5, timedelta(minutes=5)
PASSWORD_MIN, PASSWORD_MAX = 8, 128


@dataclass(frozen=True)
class SignedIn:
    token: str
    expires_at: datetime
    account: Account


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _account(site: Site, row: Row[Any]) -> Account:
    org = site.pack.orgs.get(row.org)
    if org is None:  # the pack has changed and no longer knows the organisation
        raise NotSignedIn("org_unknown", org=row.org)
    return Account(row.id, row.username, row.name, Role(row.role), row.org, org.path, row.unit)


async def add_account(
    site: Site, *, username: str, name: str, password: str, role: Role, org: str, unit: str | None = None
) -> Account:
    """Add an account. Raises Invalid for an unknown organisation or unit or a poor password, Conflict if taken."""
    if org not in site.pack.orgs:
        raise Invalid("no_such_org", org=org)
    if unit is not None and unit not in site.pack.units:
        raise Invalid("no_such_unit", unit=unit)
    hashed = await _hash_password(password)
    account_id = new_id(site.clock.now())
    try:
        async with site.db.transaction() as connection:
            await store.add_account(
                connection,
                id=account_id,
                region=site.region,
                username=username,
                name=name,
                password_hash=hashed,
                role=str(role),
                org=org,
                unit=unit,
            )
            await record(
                site, connection, "account.added", "account", username, SYSTEM, role=str(role), org=org, unit=unit
            )
    except IntegrityError as error:
        raise Conflict("username_taken", username=username) from error
    return Account(account_id, username, name, role, org, site.pack.orgs[org].path, unit)


async def _hash_password(password: str) -> str:
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise Invalid("password_length", min=PASSWORD_MIN, max=PASSWORD_MAX)
    return await asyncio.to_thread(_hasher.hash, password)


async def set_password(site: Site, username: str, password: str) -> None:
    """Give the account a new password and end its sessions. Raises NotFound, Invalid for a poor password."""
    hashed = await _hash_password(password)
    await _change(site, username, "account.password_set", password_hash=hashed, failures=0, locked_until=None)


async def disable_account(site: Site, username: str) -> None:
    """Let nobody sign in with the account any more, and end its sessions. Raises NotFound."""
    await _change(site, username, "account.disabled", disabled=True)


async def _change(site: Site, username: str, kind: str, **changes: Any) -> None:
    async with site.db.transaction() as connection:
        row = await store.find_account(connection, site.region, username, lock=True)
        if row is None:
            raise NotFound("no_such_account", username=username)
        await store.change_account(connection, row.id, **changes)
        await store.end_sessions_of(connection, row.id)
        await record(site, connection, kind, "account", username, SYSTEM)


async def sign_in(site: Site, username: str, password: str, hours: float) -> SignedIn:
    """Begin a session. Five wrong passwords lock the account for five minutes.

    Raises NotSignedIn("wrong_password") without telling which of the two was wrong, TooMany("account_locked").
    """
    now = site.clock.now()
    async with site.db.transaction() as connection:
        row = await store.find_account(connection, site.region, username)
    if row is not None and row.locked_until is not None and row.locked_until > now:
        raise TooMany("account_locked", minutes=int(LOCK.total_seconds() // 60))
    right = await asyncio.to_thread(_fits, row.password_hash if row else _NOBODY, password)
    if row is None or row.disabled or not right:
        if row is not None:
            await _count_failure(site, username)
        raise NotSignedIn("wrong_password")
    return await _begin(site, row, hours)


def _fits(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password[:PASSWORD_MAX])
    except (VerifyMismatchError, InvalidHashError):
        return False


async def _count_failure(site: Site, username: str) -> None:
    async with site.db.transaction() as connection:
        row = await store.find_account(connection, site.region, username, lock=True)
        if row is None:
            return
        failures = row.failures + 1
        locked = failures >= TRIES
        await store.change_account(
            connection,
            row.id,
            failures=0 if locked else failures,
            locked_until=site.clock.now() + LOCK if locked else row.locked_until,
        )
        await record(site, connection, "account.sign_in_failed", "account", username, SYSTEM, locked=locked)


async def _begin(site: Site, row: Row[Any], hours: float) -> SignedIn:
    account = _account(site, row)
    token = secrets.token_urlsafe(32)
    expires_at = site.clock.now() + timedelta(hours=hours)
    async with site.db.transaction() as connection:
        if row.failures:
            await store.change_account(connection, row.id, failures=0)
        await store.add_session(connection, _hash(token), row.id, expires_at)
        await record(site, connection, "account.signed_in", "account", row.username, account.actor)
    return SignedIn(token, expires_at, account)


async def sign_out(site: Site, account: Account, token: str) -> None:
    async with site.db.transaction() as connection:
        await store.end_session(connection, _hash(token))
        await record(site, connection, "account.signed_out", "account", account.username, account.actor)


async def account_named(site: Site, username: str) -> Account:
    """For commands of the machine's owner that are done as somebody; raises NotFound when there is none or disabled."""
    async with site.db.transaction() as connection:
        row = await store.find_account(connection, site.region, username)
    if row is None or row.disabled:
        raise NotFound("no_such_account", username=username)
    return _account(site, row)


async def account_of(site: Site, token: str) -> tuple[Account, datetime]:
    """The account of a session token and when the session ends; raises NotSignedIn("session_over")."""
    async with site.db.transaction() as connection:
        row = await store.find_session(connection, _hash(token), site.clock.now())
    if row is None:
        raise NotSignedIn("session_over")
    return _account(site, row), row.expires_at
