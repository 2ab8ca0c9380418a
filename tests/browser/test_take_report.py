"""A call is taken with the keyboard alone."""

from playwright.sync_api import expect

from tests.browser.desk import Desk


def test_words_place_and_report_go_in_without_the_mouse(desk: Desk) -> None:
    place = desk.city.place()
    keyboard = desk.page.keyboard
    keyboard.press("F2")
    keyboard.type(f"{place.name}门口两伙人打起来了，有人流血")
    suggestion = desk.panel.locator(".place").first
    expect(suggestion).to_contain_text(place.name)
    expect(desk.panel.locator(".what .why")).to_be_visible()
    keyboard.press("Tab")
    keyboard.press("Space")
    expect(suggestion).to_have_class("place chosen")
    keyboard.press("Control+Enter")
    expect(desk.panel.get_by_text("候选警力")).to_be_visible()
    incident = desk.city.incident(desk.page.url.rpartition("incident=")[2])
    assert incident["channel"] == "phone"
    assert incident["answered_at"]
    assert abs(incident["lat"] - place.position.lat) < 0.01
    assert abs(incident["lon"] - place.position.lon) < 0.01


def test_what_the_call_taker_chooses_herself_is_kept(desk: Desk) -> None:
    place = desk.city.place()
    desk.page.keyboard.press("n")
    desk.panel.get_by_label("报警内容").fill(f"{place.name}楼下放音乐，吵得睡不着")
    expect(desk.panel.locator(".what .why")).to_be_visible()
    desk.panel.get_by_role("radio", name="红色").click()
    desk.panel.get_by_label("联系电话").fill("13911112222")
    desk.press("提交 Ctrl ↵")
    expect(desk.panel.locator("header .level")).to_have_text("红色")
    incident = desk.city.incident(desk.page.url.rpartition("incident=")[2])
    assert incident["level"] == "red"
    assert incident["reports"][0]["reporter"]["contact"] == "13911112222"


def test_a_draft_outlives_escape_and_reload(desk: Desk) -> None:
    desk.page.keyboard.press("F2")
    desk.page.keyboard.type("还没说完")
    desk.page.keyboard.press("Escape")
    expect(desk.panel).to_have_count(0)
    desk.page.reload()
    desk.wait_live()
    desk.page.keyboard.press("F2")
    expect(desk.panel.get_by_label("报警内容")).to_have_value("还没说完")


def test_a_report_taken_while_the_server_is_away_arrives_once_afterwards(desk: Desk) -> None:
    place = desk.city.place()
    desk.page.context.set_offline(True)
    desk.page.keyboard.press("F2")
    desk.page.keyboard.type(f"{place.name}有人偷电动车")
    desk.page.keyboard.press("Control+Enter")
    expect(desk.page.get_by_text("1 条报警待发送")).to_be_visible()
    desk.page.context.set_offline(False)
    expect(desk.page.get_by_text("1 条报警待发送")).to_have_count(0)
    reports = desk.city.dispatcher.get("/api/reports?limit=50").json()["reports"]
    assert len([r for r in reports if place.name in (r["words"] or "")]) == 1
    desk.errors.clear()  # the browser logs what it could not fetch meanwhile
