"""Pictures, sound and film of a report: checked by their content, stored under its hash, never changed."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import filetype

from jieying.intake import store
from jieying.journal.actions import Site
from jieying.kit.errors import Invalid, TooLarge, Unavailable, UnsupportedType

TAKEN = ("image/", "audio/", "video/")


@dataclass(frozen=True)
class Medium:
    sha256: str
    type: str
    size: int


def path_of(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


async def take_medium(
    site: Site, folder: Path, chunks: AsyncIterator[bytes], declared: str, max_bytes: int, sender: str
) -> Medium:
    """Store an upload and note it. Written beside its place and renamed when whole and on the disk.

    Raises TooLarge beyond `max_bytes`, UnsupportedType when the content is not what is taken or not what it was
    declared as, Invalid when empty, Unavailable("disk_full") when it can't be written.
    """
    partial = folder / f".{uuid4().hex}.part"
    try:
        digest, head, size = await _write(partial, chunks, max_bytes)
        kind = _type_of(head, declared)
        await asyncio.to_thread(_keep, partial, path_of(folder, digest))
    except OSError as error:
        raise Unavailable("disk_full") from error
    finally:
        with suppress(OSError):
            partial.unlink()
    async with site.db.transaction() as connection:
        await store.add_media(
            connection, region=site.region, sha256=digest, type=kind, size=size, added_by=sender, at=site.clock.now()
        )
    return Medium(digest, kind, size)


async def _write(partial: Path, chunks: AsyncIterator[bytes], max_bytes: int) -> tuple[str, bytes, int]:
    digest, head, size = hashlib.sha256(), b"", 0
    with partial.open("wb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > max_bytes:
                raise TooLarge("media_too_large", max_mb=max_bytes // 1024**2)
            if len(head) < 8192:
                head += chunk[:8192]
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
    if not size:
        raise Invalid("media_empty")
    return digest.hexdigest(), head, size


def _type_of(head: bytes, declared: str) -> str:
    """The type by the content's own signature; what the sender calls it must be of the same family."""
    kind = filetype.guess(head)
    found: str | None = kind.mime if kind else None
    family = declared.split("/")[0] + "/"
    if found is None or not found.startswith(TAKEN) or not found.startswith(family):
        raise UnsupportedType("media_type", declared=declared, found=found or "?")
    return found


def _keep(partial: Path, target: Path) -> None:
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(exist_ok=True)
    os.replace(partial, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
