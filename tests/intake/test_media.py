"""Pictures, sound and film: known by their content, checked by it, stored once."""

import hashlib

import httpx
import pytest
from fastapi import FastAPI

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.intake.media import path_of
from tests.conftest import SignIn
from tests.incidents import acts

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
KINDS = [
    (PNG, "image/png", "image/png"),
    (PNG, "image/jpeg", "image/png"),  # the content says what it is, within its family
    (b"\xff\xd8\xff\xe0" + bytes(100), "image/jpeg", "image/jpeg"),
    (b"ID3\x03" + bytes(100), "audio/mpeg", "audio/mpeg"),
    (b"\x00\x00\x00\x18ftypmp42" + bytes(100), "video/mp4", "video/mp4"),
]


async def upload(client: httpx.AsyncClient, headers: dict[str, str], content: bytes, kind: str) -> httpx.Response:
    return await client.post("/api/media", headers=headers | {"Content-Type": kind}, content=content)


@pytest.mark.parametrize(("content", "declared", "found"), KINDS)
async def test_a_medium_is_kept_under_the_hash_of_its_content_and_read_back(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform, content: bytes, declared: str, found: str
) -> None:
    answer = await upload(client, await sign_in(Role.GATEWAY), content, declared)
    digest = hashlib.sha256(content).hexdigest()
    assert (answer.status_code, answer.json()) == (201, {"sha256": digest, "type": found, "size": len(content)})
    assert path_of(platform.media_dir, digest).read_bytes() == content
    read = await client.get(f"/api/media/{digest}", headers=await sign_in(Role.DISPATCHER))
    assert (read.content, read.headers["content-type"]) == (content, found)
    assert read.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in read.headers["content-security-policy"]


async def test_the_same_content_is_stored_once(client: httpx.AsyncClient, sign_in: SignIn, platform: Platform) -> None:
    gateway = await sign_in(Role.GATEWAY)
    for _ in range(2):
        assert (await upload(client, gateway, PNG, "image/png")).status_code == 201
    assert len(await acts.fetch(platform, "SELECT sha256 FROM media")) == 1
    assert len([path for path in platform.media_dir.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(("over", "status"), [(0, 201), (1, 413)])
async def test_the_limit_is_the_largest_size_that_is_taken(
    client: httpx.AsyncClient, sign_in: SignIn, app: FastAPI, over: int, status: int
) -> None:
    app.state.media_max_bytes = len(PNG)
    assert (await upload(client, await sign_in(Role.GATEWAY), PNG + bytes(over), "image/png")).status_code == status


async def test_a_report_refers_to_what_was_handed_in_before(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    gateway = await sign_in(Role.GATEWAY)
    digest = (await upload(client, gateway, PNG, "image/png")).json()["sha256"]
    body = {"channel": "app", "media": [digest]}  # a picture alone is a report
    taken = await client.post("/api/reports", headers=gateway, json=body)
    assert taken.status_code == 201
    read = await client.get(f"/api/reports/{taken.json()['id']}", headers=gateway)
    assert read.json()["media"] == [digest]


async def test_a_film_can_be_read_in_parts(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    digest = (await upload(client, await sign_in(Role.GATEWAY), PNG, "image/png")).json()["sha256"]
    headers = await sign_in(Role.DISPATCHER) | {"Range": "bytes=0-7"}
    part = await client.get(f"/api/media/{digest}", headers=headers)
    assert (part.status_code, part.content) == (206, PNG[:8])


async def test_a_disk_that_cannot_be_written_is_said_and_nothing_is_noted(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    platform.media_dir.rmdir()
    platform.media_dir.write_text("in the way")  # works for root too, whom permissions do not stop
    answer = await upload(client, await sign_in(Role.GATEWAY), PNG, "image/png")
    assert (answer.status_code, answer.json()["code"]) == (503, "disk_full")
    assert str(platform.media_dir) not in answer.text
    assert await acts.fetch(platform, "SELECT sha256 FROM media") == []
