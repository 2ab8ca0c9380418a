"""On the map: how far a unit gets, and where how many of the free ones would be in time."""

from typing import Any

import httpx
from shapely.geometry import Point as Dot
from shapely.geometry import shape

from jieying.bootstrap import Platform
from jieying.dispatch.actions import set_unit_status
from tests.conftest import SignIn
from tests.minicity import spot


async def get(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> dict[str, Any]:
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    collection: dict[str, Any] = answer.json()
    assert collection["type"] == "FeatureCollection"
    return collection


def dot(x: float, y: float) -> Dot:
    point = spot(x, y)
    return Dot(point.lon, point.lat)


async def test_the_ground_that_a_unit_reaches_grows_with_the_minutes(
    client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    found = await get(client, "/api/units/U1/reach?minutes=1,2.5", await sign_in())
    assert (found["unit"], found["lat"], found["lon"]) == ("U1", *spot(500, 500))
    larger, smaller = found["features"]
    assert [f["properties"]["minutes"] for f in (larger, smaller)] == [2.5, 1.0]
    assert shape(larger["geometry"]).contains(shape(smaller["geometry"]))
    assert shape(smaller["geometry"]).contains(dot(500, 500))
    # From a crossing, 500 m along each of its four roads at 30 km/h.
    assert smaller["properties"]["road_km"] == 2.0
    assert smaller["properties"]["streets"] == sorted(["夏荷街", "长乐路"])
    assert larger["properties"]["area_km2"] > smaller["properties"]["area_km2"] > 0.3


async def test_minutes_that_are_none_are_refused(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    headers = await sign_in()
    for minutes in ("", "0", "61", "five", "5,", "nan", "inf", "1,2,3,4,5,6,7"):
        answer = await client.get("/api/units/U1/reach", params={"minutes": minutes}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_minutes"), minutes


async def test_a_unit_out_of_sight_looks_like_one_that_is_not_there(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    headers = await sign_in(org="S1")
    answers = [await client.get(f"/api/units/{code}/reach", headers=headers) for code in ("U5", "U99")]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "no_such_unit")] * 2


async def test_cover_counts_the_free_units_that_reach_each_cell(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    headers = await sign_in()
    everywhere = await get(client, "/api/map/cover?minutes=30", headers)
    assert [f["properties"]["units"] for f in everywhere["features"]] == [8]
    await set_unit_status(platform.site, "U1", "account:test", "unavailable", "test")
    found = await get(client, "/api/map/cover?minutes=1", headers)
    assert (found["units"], found["minutes"]) == (7, 1.0)
    by_number = {f["properties"]["units"]: shape(f["geometry"]) for f in found["features"]}
    assert by_number[0].contains(dot(500, 500)), "where U1 stood"
    assert by_number[1].contains(dot(2500, 2500)), "U6 alone"
    assert sum(f["properties"]["cells"] for f in found["features"]) == everywhere["features"][0]["properties"]["cells"]


async def test_a_station_sees_the_cover_by_its_own_units_of_its_own_ground(
    client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    found = await get(client, "/api/map/cover?minutes=1", await sign_in(org="S1"))
    assert found["units"] == 4
    nobody = next(f for f in found["features"] if f["properties"]["units"] == 0)
    assert not shape(nobody["geometry"]).contains(dot(2900, 2900))
