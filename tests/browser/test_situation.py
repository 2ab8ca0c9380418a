"""The list and the map follow the city."""

import os
import signal

import httpx
from playwright.sync_api import expect

from tests.browser.city import City, eventually
from tests.browser.conftest import NewDesk
from tests.browser.desk import Desk

PHONE = (390, 844)


def test_a_report_appears_in_the_list_with_its_level_and_on_the_map(desk: Desk) -> None:
    incident = desk.city.new_incident("有人拿刀抢劫")
    expect(desk.row(incident)).to_contain_text(incident["number"])
    level = {"red": "红色", "orange": "橙色", "yellow": "黄色", "blue": "蓝色", "white": "白色"}[incident["level"]]
    expect(desk.row(incident).locator(".level")).to_have_text(level)
    desk.wait_on_map("incidents", "id", incident["id"])


def test_a_units_new_place_moves_it_on_the_map(desk: Desk) -> None:
    unit = next(u for u in desk.city.dispatcher.get("/api/units").json()["units"] if u["status"] == "available")
    desk.wait_on_map("units", "code", unit["code"])
    place = desk.city.place().position
    desk.city.send_position(unit["code"], place.lat, place.lon)
    script = """([code, lon, lat]) => document.querySelector('.canvas').map.querySourceFeatures('units')
        .some((f) => f.properties.code === code && Math.abs(f.geometry.coordinates[0] - lon) < 0.001
            && Math.abs(f.geometry.coordinates[1] - lat) < 0.001)"""
    there = [unit["code"], place.lon, place.lat]
    desk.wait_until(lambda: bool(desk.page.evaluate(script, there)), "the unit has not moved on the map")


def test_clocks_count(desk: Desk) -> None:
    incident = desk.city.new_incident()
    chip = desk.row(incident).locator(".chip")
    expect(chip).to_be_visible()
    before = chip.inner_text()
    expect(chip).not_to_have_text(before)


def test_levels_and_words_narrow_the_list(desk: Desk) -> None:
    loud = desk.city.new_incident("楼下一直放音乐，吵得睡不着")
    armed = desk.city.new_incident("有人拿刀抢劫")
    expect(desk.row(loud)).to_be_attached()
    desk.page.get_by_role("button", name="红色").click()
    expect(desk.row(loud)).to_have_count(0)
    expect(desk.row(armed)).to_be_attached()
    desk.page.get_by_role("button", name="红色").click()
    desk.page.get_by_label("编号、地点、内容").fill(loud["number"])
    expect(desk.row(armed)).to_have_count(0)
    expect(desk.row(loud)).to_be_attached()


def test_a_reload_shows_the_servers_state(desk: Desk) -> None:
    desk.city.new_incident()
    desk.page.reload()
    desk.wait_live()
    _same_as_server(desk)


def test_a_cut_connection_ends_with_the_servers_state(desk: Desk) -> None:
    desk.city.new_incident()
    (pid,) = desk.city.service.worker_pids
    os.kill(pid, signal.SIGKILL)
    expect(desk.page.get_by_text("实时连接已断开")).to_be_visible()
    eventually(lambda: desk.city.service.worker_pids != [pid] and _answers(desk.city), "new web process")
    incident = desk.city.new_incident()
    expect(desk.page.get_by_text("实时连接已断开")).to_have_count(0)
    expect(desk.row(incident)).to_be_attached()
    _same_as_server(desk)
    desk.errors.clear()  # the browser logs that it could not reconnect at once


def _answers(city: City) -> bool:
    try:
        return city.dispatcher.get("/api/health").is_success
    except httpx.TransportError:
        return False


def _same_as_server(desk: Desk) -> None:
    """Each incident that runs, and no other, with its state, is in the list."""
    url = "/api/incidents?state=open,active,resolved&limit=500"
    words = {"open": "待处警", "active": "处置中", "resolved": "待回访"}
    desk.page.set_viewport_size({"width": 1440, "height": 5000})  # a list in which every row is in sight

    def same() -> bool:
        there = desk.city.dispatcher.get(url).json()["incidents"]
        rows = "[...document.querySelectorAll('.incidents .rows [role=option]')]"
        shown = desk.page.evaluate(f"{rows}.map((row) => [row.id.slice(4), row.innerText])")
        expected = {i["id"]: "等待警力" if i["waiting"] else words[i["state"]] for i in there}
        return {id for id, _ in shown} == expected.keys() and all(expected[id] in text for id, text in shown)

    eventually(same, "list that equals the server's")


def test_a_phone_shows_list_map_and_incident_without_scrolling_sideways(new_desk: NewDesk) -> None:
    desk = new_desk("en", PHONE)
    desk.sign_in()
    incident = desk.city.new_incident()
    _fits(desk)
    desk.page.get_by_role("tab", name="Map").click()
    expect(desk.page.locator(".canvas canvas")).to_be_visible()
    desk.wait_on_map("incidents", "id", incident["id"])
    _fits(desk)
    desk.page.get_by_role("tab", name="List").click()
    desk.row(incident).click()
    expect(desk.panel).to_contain_text(incident["number"])
    _fits(desk)
    for page in ("reports", "units", "intervals"):
        desk.go(page)
        expect(desk.page.locator(".page h1")).to_be_visible()
        _fits(desk)


def _fits(desk: Desk) -> None:
    script = (
        "() => Math.max(...[...document.querySelectorAll('body, main, .page, .panel, .bar')].map((e) => e.scrollWidth))"
    )
    assert desk.page.evaluate(script) <= PHONE[0]
