"""What the platform could not settle by itself is settled by a person on the page of reports."""

import itertools

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.city import eventually
from tests.browser.desk import Desk

_numbers = itertools.count(1)


def _waiting(desk: Desk, **more: object) -> tuple[str, Locator]:
    """A report that nobody understands, and its card."""
    words = f"喂喂喂听得到吗{next(_numbers)}"
    report = desk.city.hand_in(words, **more)
    desk.go("reports")
    card = desk.page.locator("article", has_text=words)
    expect(card).to_be_visible()
    return report, card


def _wait_state(desk: Desk, report: str, state: str) -> None:
    eventually(lambda: desk.city.report(report)["state"] == state, f"report that is {state}")


def test_a_call_is_answered(desk: Desk) -> None:
    report = desk.city.hand_in("", channel="phone", reporter={"contact": "13755550001"})
    desk.go("reports")
    card = desk.page.locator("article", has_text="13755550001")
    desk.press("应答", card)
    _wait_state(desk, report, "answered")
    expect(desk.panel.get_by_label("联系电话")).to_have_value("13755550001")  # and is written down
    desk.panel.get_by_label("报警内容").fill("身份证丢了怎么补办")
    expect(desk.panel.locator(".base .answer")).to_be_visible()
    desk.page.keyboard.press("Alt+A")
    desk.page.keyboard.press("Control+Enter")
    _wait_state(desk, report, "enquiry")


def test_a_call_that_rings_leaves_the_draft_of_another_alone(desk: Desk) -> None:
    desk.page.keyboard.press("F2")
    desk.page.keyboard.type("还没说完")
    desk.city.hand_in("", channel="phone", reporter={"contact": "13755550002"})
    desk.go("reports")
    desk.press("应答", desk.page.locator("article", has_text="13755550002"))
    expect(desk.panel.get_by_label("报警内容")).to_have_value("")
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("F2")
    expect(desk.panel.get_by_label("报警内容")).to_have_value("还没说完")


def test_a_report_is_described_and_becomes_an_incident(desk: Desk) -> None:
    report, card = _waiting(desk)
    desk.press("补充描述", card)
    desk.panel.get_by_label("报警内容").fill(f"{desk.city.place().name}有人打架")
    expect(desk.panel.locator(".place")).not_to_have_count(0)
    desk.page.keyboard.press("Control+Enter")
    expect(desk.panel.get_by_text("候选警力")).to_be_visible()
    _wait_state(desk, report, "linked")


def test_an_incident_is_opened_by_hand(desk: Desk) -> None:
    place = desk.city.place().position
    report, card = _waiting(desk, position={"lat": place.lat, "lon": place.lon})
    desk.press("人工立警", card)
    desk.choose("警情类别", "求助")
    desk.choose("警情等级", "蓝色")
    desk.send()
    expect(card).to_have_count(0)
    incident = desk.city.report(report)["incident"]
    assert desk.city.incident(incident)["level"] == "blue"


def test_a_report_without_a_place_gets_one_from_the_map(desk: Desk) -> None:
    report, card = _waiting(desk)
    desk.press("人工立警", card)
    expect(desk.page.get_by_text("请在地图上点选位置")).to_be_visible()
    is_drawn = "document.querySelector('.canvas')?.map?.isStyleLoaded() ?? false"
    desk.wait_until(lambda: bool(desk.page.evaluate(is_drawn)), "the map is not drawn")
    desk.page.locator(".canvas").click(position={"x": 500, "y": 400})
    desk.choose("警情类别", "求助")
    desk.send()
    _wait_state(desk, report, "linked")


@pytest.mark.parametrize(("words", "state"), [("咨询", "enquiry"), ("无效", "unfounded")])
def test_a_report_that_is_no_incident_is_settled(desk: Desk, words: str, state: str) -> None:
    report, card = _waiting(desk)
    desk.press("另行办理", card)
    desk.choose("办理为", words)
    desk.write("原因", "误拨")
    desk.send()
    expect(card).to_have_count(0)
    _wait_state(desk, report, state)


def test_a_report_is_diverted_and_what_became_of_it_is_seen_and_said(desk: Desk) -> None:
    """No hotline is connected here: it waits to be handed over by hand."""
    report, card = _waiting(desk)
    desk.press("分流", card)
    desk.write("原因", "停水归水务")
    desk.send()
    expect(card).to_have_count(0)
    _wait_state(desk, report, "diverted")
    eventually(lambda: desk.city.report(report)["diversion"]["state"] == "by_hand", "request by hand")
    desk.page.get_by_role("tab", name="已分流").click()
    words = desk.city.report(report)["words"]
    shown = desk.page.locator("article", has_text=words)
    expect(shown).to_contain_text("人工转办")
    expect(shown).to_contain_text("停水归水务")
    assert desk.raw_keys() == []
    desk.press("对方已受理", shown)
    expect(shown).to_contain_text("已受理")
    desk.press("对方退回", shown)
    desk.write("原因", "属于治安事项")
    desk.send()
    expect(shown).to_contain_text("已退回")
    _wait_state(desk, report, "answered")
    desk.page.get_by_role("tab", name="待人工处理").click()
    expect(desk.page.locator("article", has_text=words)).to_contain_text("12345 退回：属于治安事项")


def test_a_report_is_linked_to_an_incident(desk: Desk) -> None:
    incident = desk.city.new_incident()
    report, card = _waiting(desk)
    desk.press("关联警情", card)
    desk.choose("警情", incident["number"])
    desk.send()
    expect(card).to_have_count(0)
    assert desk.city.report(report)["incident"] == incident["id"]


def test_all_reports_are_listed_with_the_way_to_their_incident(desk: Desk) -> None:
    incident = desk.city.new_incident()
    desk.go("reports")
    desk.page.get_by_role("tab", name="全部").click()
    card = desk.page.locator("article", has_text=incident["reports"][0]["words"])
    desk.press("查看警情", card)
    expect(desk.panel).to_contain_text(incident["number"])
