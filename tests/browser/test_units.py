"""The page of units: who is there, and who is not."""

from playwright.sync_api import Locator, expect

from tests.browser.city import eventually
from tests.browser.desk import Desk


def _unit(desk: Desk, name: str) -> Locator:
    desk.go("units")
    desk.page.get_by_label("名称、单位、车牌、电话").fill(name)
    return desk.page.get_by_role("listitem").first


def _status(desk: Desk, code: str) -> str:
    units = desk.city.dispatcher.get("/api/units").json()["units"]
    return str(next(u["status"] for u in units if u["code"] == code))


def test_a_unit_is_taken_out_of_service_with_a_reason_and_put_back(desk: Desk) -> None:
    units = desk.city.dispatcher.get("/api/units").json()["units"]
    unit = [u for u in units if u["status"] == "available"][-1]
    line = _unit(desk, unit["name"]["zh"])
    line.get_by_role("button", name="改状态").click()
    desk.page.get_by_role("menuitem", name="不可用").click()
    desk.write("原因", "车辆送修")
    desk.send()
    expect(line).to_contain_text("车辆送修")
    eventually(lambda: _status(desk, unit["code"]) == "unavailable", "unit that is unavailable")
    line.get_by_role("button", name="改状态").click()
    desk.page.get_by_role("menuitem", name="待命").click()
    eventually(lambda: _status(desk, unit["code"]) == "available", "unit that is available")


def test_kinds_and_skills_are_said_in_words(desk: Desk) -> None:
    desk.go("units")
    expect(desk.page.get_by_role("listitem").first).to_be_visible()
    assert desk.raw_keys() == []
