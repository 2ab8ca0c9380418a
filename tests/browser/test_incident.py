"""One incident, worked on with the panel's buttons alone."""

from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.city import eventually
from tests.browser.desk import Desk


def _offer_first(desk: Desk) -> str:
    """Offer to the best candidate that has not been asked; the unit's name."""
    candidate = (
        desk.panel.locator(".body > section", has=desk.page.locator("h3", has_text="候选警力")).locator("article").first
    )
    name = candidate.locator("b").first.inner_text()
    desk.press("派警", candidate)
    return name


def _assignment(desk: Desk, unit: str) -> Locator:
    section = desk.panel.locator(".body > section", has=desk.page.locator("h3", has_text="派警 "))
    return section.locator("article", has=desk.page.locator("b", has_text=unit))


def _accepted(desk: Desk) -> tuple[dict[str, Any], str]:
    incident = desk.city.new_incident()
    desk.open(incident)
    unit = _offer_first(desk)
    desk.press("代为接受", _assignment(desk, unit))
    expect(_assignment(desk, unit)).to_contain_text("已接受")
    return incident, unit


def _resolve(desk: Desk) -> None:
    desk.press("登记处警结果")
    desk.choose("处警结果", "现场调解")
    desk.write("说明", "双方已调解")
    desk.send()


def test_from_offer_to_close_with_reasons_and_timeline_in_words(desk: Desk) -> None:
    incident, unit = _accepted(desk)
    for button, then in (("出发", "赶赴中"), ("到场", "到场")):
        desk.press(button, _assignment(desk, unit))
        expect(_assignment(desk, unit).locator(".state")).to_have_text(then)
    _clear_others(desk, incident["id"], unit)
    _resolve(desk)
    desk.press("撤离", _assignment(desk, unit))
    desk.city.wait_state(incident["id"], "resolved")
    desk.press("回访并办结")
    desk.choose("回访结果", "不需回访")
    desk.send()
    expect(desk.panel.locator("header .state")).to_have_text("已办结")
    assert desk.city.incident(incident["id"])["call_back"] == "not_wanted"
    desk.tab("时间线")
    for said in ("立为警情", f"{unit} 接受", f"{unit} 出发赶赴现场", f"{unit} 到达现场", "填写处警结果", "警情办结"):
        expect(desk.panel).to_contain_text(said)
    assert desk.raw_keys() == []


def _clear_others(desk: Desk, incident: str, name: str) -> None:
    """The platform asks units by itself; those who were asked beside ours are let go."""
    for assignment in desk.city.incident(incident)["assignments"]:
        unit = desk.city.pack.units[assignment["unit"]].name.zh
        if unit != name and assignment["state"] in ("offered", "accepted"):
            step = "decline" if assignment["state"] == "offered" else "release"
            desk.city.dispatcher.post(f"/api/assignments/{assignment['id']}/{step}", json={"reason": "多余"})


def test_candidates_say_why_in_words(desk: Desk) -> None:
    desk.open(desk.city.new_incident("有人拿刀抢劫"))
    candidate = desk.panel.locator("article", has=desk.page.get_by_role("button", name="派警", exact=True)).first
    expect(candidate).to_contain_text("预计")
    expect(candidate).to_contain_text("所需专长：")
    assert desk.raw_keys() == []


def test_an_offer_is_declined_with_a_reason(desk: Desk) -> None:
    incident = desk.city.new_incident()
    desk.open(incident)
    unit = _offer_first(desk)
    desk.press("拒绝", _assignment(desk, unit))
    desk.write("原因", "车辆故障")
    desk.send()
    expect(_assignment(desk, unit)).to_have_count(0)
    states = {a["state"] for a in desk.city.incident(incident["id"])["assignments"] if a["end_reason"] == "车辆故障"}
    assert states == {"declined"}


def test_a_unit_is_released_with_a_reason(desk: Desk) -> None:
    incident, unit = _accepted(desk)
    desk.press("解除", _assignment(desk, unit))
    desk.write("原因", "另有任务")
    desk.send()
    expect(_assignment(desk, unit)).to_have_count(0)
    states = {a["state"] for a in desk.city.incident(incident["id"])["assignments"] if a["end_reason"] == "另有任务"}
    assert states == {"released"}


def test_caller_and_unit_are_put_through(desk: Desk) -> None:
    incident, unit = _accepted(desk)
    desk.press("直通报警人", _assignment(desk, unit))
    expect(_assignment(desk, unit)).to_contain_text("已直通")
    assert desk.city.incident(incident["id"])["handed_over_at"]


def test_category_level_and_units_are_amended(desk: Desk) -> None:
    incident = desk.city.new_incident("楼下一直放音乐，吵得睡不着")
    desk.open(incident)
    desk.press("更正")
    desk.choose("警情等级", "橙色")
    desk.write("需要警力数", "2")
    desk.send()
    expect(desk.panel.locator("header .level")).to_have_text("橙色")
    now = desk.city.incident(incident["id"])
    assert (now["level"], now["units_needed"], now["category"]) == ("orange", 2, incident["category"])


def test_the_place_is_moved_on_the_map(desk: Desk) -> None:
    incident = desk.city.new_incident()
    desk.open(incident)
    desk.wait_on_map("incidents", "id", incident["id"])
    desk.press("更正位置")
    desk.page.locator(".canvas").click(position={"x": 200, "y": 300})

    def moved() -> bool:
        now = desk.city.incident(incident["id"])
        return bool((now["lat"], now["lon"]) != (incident["lat"], incident["lon"]))

    eventually(moved, "new position")


def test_an_incident_is_merged_into_another(desk: Desk) -> None:
    incident, other = desk.city.new_incident(), desk.city.new_incident()
    desk.open(incident)
    expect(desk.row(other)).to_be_attached()
    desk.press("合并")
    desk.choose("合并到", other["number"])
    desk.send()
    expect(desk.panel.locator("header .state")).to_have_text("已合并")
    assert desk.city.incident(incident["id"])["merged_into"] == other["id"]
    expect(desk.row(incident)).to_have_count(0)


def test_a_merge_is_undone(desk: Desk) -> None:
    incident, other = desk.city.new_incident(), desk.city.new_incident()
    desk.city.dispatcher.post(f"/api/incidents/{incident['id']}/merge", json={"into": other["id"]}).raise_for_status()
    desk.page.get_by_role("button", name="历史").click()
    desk.row(incident).click()
    desk.press("撤销合并")
    desk.write("原因", "两起不同的警情")
    desk.send()
    expect(desk.panel.locator("header .state")).not_to_have_text("已合并")
    assert desk.city.incident(incident["id"])["merged_into"] is None
    assert desk.city.incident(other["id"])["reports_count"] == 1


def test_a_report_that_was_linked_wrongly_is_unlinked_with_a_reason(desk: Desk) -> None:
    incident = desk.city.new_incident()
    report = desk.city.hand_in("嗯嗯嗯")
    waiting = eventually(lambda: desk.city.report(report)["needs_person"], "reason to wait")
    desk.open(incident)
    desk.tab("报警")
    expect(desk.panel.locator("article")).to_have_count(1)
    desk.city.dispatcher.post(f"/api/reports/{report}/link", json={"incident": incident["id"]}).raise_for_status()
    expect(desk.panel.locator("article")).to_have_count(2)
    expect(desk.page.get_by_role("button", name="解除关联")).to_have_count(1)  # not for the one that opened it
    desk.press("解除关联")
    desk.write("为什么", "说的是另一件事")
    desk.send()
    expect(desk.panel.locator("article")).to_have_count(1)
    now = desk.city.report(report)
    assert (now["incident"], now["needs_person"]) == (None, waiting)
    assert desk.raw_keys() == []


def test_what_may_be_the_same_event_says_why(desk: Desk) -> None:
    place = desk.city.place()
    position = {"lat": place.position.lat, "lon": place.position.lon, "accuracy_m": 10}
    found = []
    for words, contact in (("有人打架，流血了，拿酒瓶砸", "139"), ("两伙人打架，一个头上流血", "138")):
        report = desk.city.hand_in(f"{place.name}{words}", position=position, reporter={"contact": contact})
        found.append(desk.city.incident(eventually(lambda r=report: desk.city.report(r)["incident"], "incident")))
    desk.open(found[1])
    desk.tab("报警")
    section = desk.panel.locator(".body > section", has=desk.page.locator("h3", has_text="可能是同一警情"))
    expect(section).to_contain_text(found[0]["number"])
    for said in ("可能性", "相距", "相隔", "说的像是同一件事"):
        expect(section).to_contain_text(said)
    assert desk.raw_keys() == []


def test_a_diverted_incident_that_the_other_service_refuses_is_open_again(desk: Desk) -> None:
    incident = desk.city.new_incident("楼下一直放音乐，吵得睡不着")
    desk.open(incident)
    desk.press("分流")
    desk.choose("分流到", "12345")
    desk.write("原因", "噪声归城管")
    desk.send()
    expect(desk.panel.locator("header .state")).to_have_text("已分流")
    expect(desk.row(incident)).to_have_count(0)
    desk.press("对方退回")
    desk.write("原因", "属于治安事项")
    desk.send()
    expect(desk.row(incident)).to_be_attached()
    assert desk.city.incident(incident["id"])["state"] in ("open", "active")


def test_a_closed_incident_is_found_in_the_history_and_reopened(desk: Desk) -> None:
    incident, unit = _accepted(desk)
    _clear_others(desk, incident["id"], unit)
    for button in ("出发", "到场"):
        desk.press(button, _assignment(desk, unit))
    _resolve(desk)
    desk.press("撤离", _assignment(desk, unit))
    desk.press("回访并办结")
    desk.choose("回访结果", "满意")
    desk.send()
    expect(desk.row(incident)).to_have_count(0)
    desk.press("关闭")
    desk.page.get_by_role("button", name="历史").click()
    expect(desk.row(incident)).to_contain_text("已办结")
    desk.row(incident).click()
    desk.press("重新打开")
    desk.write("原因", "报警人又来电")
    desk.send()
    expect(desk.row(incident)).to_have_count(0)
    desk.page.get_by_role("button", name="进行中").click()
    expect(desk.row(incident)).to_be_attached()
