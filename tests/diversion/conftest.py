"""A platform that is connected to a hotline of our own, on a real socket."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jieying.bootstrap import Platform
from jieying.citypack.model import HotlineSettings
from jieying.demo.hotline import Peer, served
from jieying.diversion.hotline.client import Hotline
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from tests.minicity import mini_city

KEY = "key-of-a-test"
PACK = replace(mini_city(), hotline=HotlineSettings("minicity", "other", {"utility": "water"}))


@pytest.fixture
def peer(clock: ManualClock) -> Peer:
    """The city hotline."""
    return Peer(clock.now, key=KEY)


@pytest.fixture
def peer_url(peer: Peer) -> Iterator[str]:
    with served(peer.app) as url:
        yield url


@pytest.fixture
async def platform(own_database_url: str, clock: ManualClock, tmp_path: Path, peer_url: str) -> AsyncIterator[Platform]:
    hotline = Hotline(peer_url, KEY, PACK.hotline.jurisdiction)
    made = Platform(Database(own_database_url, pool=5), clock, PACK, tmp_path, hotline)
    await made.prepare()
    yield made
    await hotline.close()
    await made.site.db.close()
