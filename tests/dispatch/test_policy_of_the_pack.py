"""The live platform sends whom the policy of the pack puts first, and says why in the words of that policy."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from jieying.bootstrap import Platform
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from tests.incidents import acts
from tests.minicity import mini_city

HERE = (1450, 1000)  # in the west, 450 m from U3; U7 of the east is 550 m away, U1 of the west nearly 1.5 km


@pytest.fixture
async def platform(
    request: pytest.FixtureRequest, own_database_url: str, clock: ManualClock, tmp_path: Path
) -> AsyncIterator[Platform]:
    pack = mini_city()
    settings = replace(pack.dispatch, policy=request.param, cover_s=150)
    made = Platform(Database(own_database_url, pool=5), clock, replace(pack, dispatch=settings), tmp_path)
    await made.prepare()
    yield made
    await made.site.db.close()


@pytest.mark.parametrize(
    ("platform", "first", "says"),
    [
        ("own_station_first", "U1", {"own_station"}),
        ("nearest_by_air", "U7", {"distance_air"}),
        ("nearest_by_road", "U7", {"eta"}),
        ("dmexclp_nearest", "U7", {"in_time"}),
    ],
    indirect=["platform"],
)
async def test_who_is_asked_first_follows_from_the_policy(platform: Platform, first: str, says: set[str]) -> None:
    await acts.only(platform, "U1", "U7")
    here = await acts.incident(platform, at=HERE)
    (offered,) = await acts.given(platform, here)
    assert offered.unit == first
    assert says <= {reason["code"] for reason in offered.reasons}
