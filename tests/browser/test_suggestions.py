"""While a call-taker types, the console suggests; every suggestion is accepted by the key that is printed on it."""

import pytest
from playwright.sync_api import Locator, Response, expect

from tests.browser.city import eventually
from tests.browser.conftest import NewDesk
from tests.browser.desk import Desk

SMALL_SCREEN = (1366, 768)


def _type(desk: Desk, words: str) -> None:
    """Open the form, type, and wait until the platform has judged just these words, not half of them."""
    desk.page.keyboard.press("F2")
    with desk.page.expect_response(lambda r: _judges(r, words)) as judged:
        desk.page.keyboard.type(words)
    judged.value.finished()
    expect(desk.panel.locator(".what .why")).to_be_visible()


def _judges(response: Response, words: str) -> bool:
    asked = response.request
    return response.url.endswith("/understand") and response.status == 200 and asked.post_data_json["words"] == words


def _words(desk: Desk) -> Locator:
    return desk.panel.get_by_label("报警内容")


def _level(desk: Desk) -> Locator:
    return desk.panel.locator(".levels [aria-checked=true]")


def test_a_whole_report_is_taken_without_leaving_the_text(desk: Desk) -> None:
    place = desk.city.place()
    keyboard = desk.page.keyboard
    _type(desk, f"{place.name}门口两伙人打起来了")
    keyboard.press("Alt+1")
    expect(desk.panel.locator(".place").first).to_have_class("place chosen")
    keyboard.press("Alt+7")
    expect(desk.panel.locator(".chip.first")).to_have_attribute("aria-pressed", "true")
    expect(_level(desk)).to_have_text("橙色")
    keyboard.press("Alt+ArrowUp")
    expect(_level(desk)).to_have_text("✓ 红色")
    expect(_words(desk)).to_be_focused()
    keyboard.press("Control+Enter")
    expect(desk.panel.get_by_text("候选警力")).to_be_visible()
    incident = desk.city.incident(desk.page.url.rpartition("incident=")[2])
    assert (incident["category"], incident["level"]) == ("2001", "red")
    assert abs(incident["lat"] - place.position.lat) < 1e-6


def test_the_same_key_takes_a_choice_back(desk: Desk) -> None:
    _type(desk, f"{desk.city.place().name}门口两伙人打起来了")
    chip = desk.panel.locator(".chip.first")
    for pressed in ("true", "false"):
        desk.page.keyboard.press("Alt+7")
        expect(chip).to_have_attribute("aria-pressed", pressed)


def test_the_words_that_decided_are_marked_where_they_stand(desk: Desk) -> None:
    _type(desk, "😀😀家门口有人持刀抢劫")
    marks = desk.panel.locator(".mirror mark.alarm")
    expect(marks.first).to_be_visible()
    assert "😀" not in "".join(marks.all_inner_texts())
    assert "持刀" in "".join(marks.all_inner_texts())
    assert desk.panel.locator(".mirror").inner_text().rstrip("\u200b") == _words(desk).input_value()


def test_the_marks_lie_under_the_words_in_a_long_text_too(desk: Desk) -> None:
    """The mirror breaks its lines as the text field does, or the marks would stand elsewhere."""
    _type(desk, "我叫某某，账号6222020200112233445。" * 12 + "有人持刀抢劫")
    heights = "(e) => [e.querySelector('.mirror').scrollHeight, e.querySelector('textarea').scrollHeight]"
    mirror, field = desk.panel.locator(".field").evaluate(heights)
    assert abs(mirror - field) <= 2


def test_an_answer_changes_the_level_and_goes_with_the_report(desk: Desk) -> None:
    _type(desk, f"{desk.city.place().name}门口两伙人打起来了")
    expect(_level(desk)).to_have_text("橙色")
    weapon = desk.panel.locator(".one.first", has_text="手里有没有刀")
    while not weapon.count():  # questions before it
        first = desk.panel.locator(".one.first").inner_text()
        desk.page.keyboard.press("Alt+I")
        expect(desk.panel.locator(".one.first")).not_to_have_text(first)
    desk.page.keyboard.press("Alt+U")
    expect(_level(desk)).to_have_text("红色")
    expect(desk.panel.locator(".why .answered", has_text="有刀或枪")).to_be_visible()
    desk.page.keyboard.press("Alt+1")
    desk.page.keyboard.press("Control+Enter")
    expect(desk.panel.get_by_text("候选警力")).to_be_visible()
    incident = desk.city.incident(desk.page.url.rpartition("incident=")[2])
    assert incident["level"] == "red"
    assert "answered" in {reason["code"] for reason in incident["level_reasons"]}


def test_an_answer_can_be_taken_back(desk: Desk) -> None:
    _type(desk, f"{desk.city.place().name}门口两伙人打起来了")
    desk.page.keyboard.press("Alt+U")
    done = desk.panel.locator(".done")
    expect(done).to_have_count(1)
    done.get_by_role("button").click()
    expect(done).to_have_count(0)


def test_an_enquiry_is_answered_from_the_knowledge_base_and_settled(desk: Desk) -> None:
    words = "身份证丢了怎么补办，要带什么"
    _type(desk, words)
    base = desk.panel.locator(".base")
    expect(base.locator(".answer")).to_contain_text("派出所")
    expect(base).to_contain_text("依据")
    desk.page.keyboard.press("Alt+A")
    expect(desk.panel.locator("footer")).to_contain_text("作为咨询办结")
    desk.page.keyboard.press("Control+Enter")
    expect(desk.panel).to_have_count(0)
    reports = desk.city.dispatcher.get("/api/reports?limit=20").json()["reports"]
    assert [r["state"] for r in reports if r["words"] == words] == ["enquiry"]


def test_none_of_the_answers_puts_them_away(desk: Desk) -> None:
    _type(desk, "身份证丢了怎么补办")
    expect(desk.panel.locator(".base")).to_be_visible()
    desk.page.keyboard.press("Alt+X")
    expect(desk.panel.locator(".base")).to_have_count(0)


def test_a_second_call_joins_the_incident_of_the_first(desk: Desk) -> None:
    incident = desk.city.new_incident()
    _type(desk, f"{incident['place']}有人打架，流血了")
    same = desk.panel.locator(".same", has_text=incident["number"])
    expect(same).to_be_visible()
    desk.page.keyboard.press("Alt+J")
    expect(desk.panel.locator("footer")).to_contain_text(incident["number"])
    desk.page.keyboard.press("Control+Enter")
    eventually(lambda: desk.city.incident(incident["id"])["reports_count"] == 2, "second report")


def test_what_a_victim_says_of_a_payment_is_read_out_of_it(desk: Desk) -> None:
    _type(desk, "我被骗了12万8千，刚刚转到对方账号6222020200112233445工商银行，冒充客服退款")
    fraud = desk.panel.locator(".fraud")
    for words in ("128,000", "6222020200112233445", "工商银行", "冒充客服", "未提到"):
        expect(fraud).to_contain_text(words)


def test_place_candidates_have_the_numbers_of_the_list_on_the_map(desk: Desk) -> None:
    desk.wait_until(
        lambda: bool(desk.page.evaluate("!!document.querySelector('.canvas')?.map?.getLayer('spots')")), "map"
    )
    _type(desk, f"{desk.city.place().name}有人打架")
    desk.wait_on_map("spots", "number", "1")


def test_of_two_places_that_are_as_likely_it_says_what_to_ask_until_one_is_chosen(desk: Desk) -> None:
    one, other = desk.city.place(), desk.city.place()
    _type(desk, f"{one.name}，不对，{other.name}，有人打架")
    which = desk.panel.locator(".which")
    expect(which).to_contain_text(other.name)
    desk.panel.locator(".place").first.click()
    expect(which).to_have_count(0)


def test_what_no_report_may_hold_is_said_at_the_text(desk: Desk) -> None:
    desk.page.keyboard.press("F2")
    _words(desk).fill("有人打架" * 2600)
    expect(desk.panel.get_by_role("alert")).to_contain_text("10000")


def test_the_keys_are_listed_and_escape_brings_the_text_back(desk: Desk) -> None:
    desk.page.keyboard.press("F2")
    desk.page.keyboard.press("F1")
    expect(desk.panel.get_by_role("dialog")).to_contain_text("Alt")
    desk.page.keyboard.press("Escape")
    expect(desk.panel.get_by_role("dialog")).to_have_count(0)
    expect(_words(desk)).to_be_focused()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_matters_is_seen_on_a_small_screen_without_scrolling(new_desk: NewDesk, language: str) -> None:
    desk = new_desk(language, SMALL_SCREEN)
    desk.sign_in()
    desk.page.keyboard.press("F2")
    desk.page.keyboard.type(f"{desk.city.place().name}门口两伙人打起来了，有人流血")
    expect(desk.panel.locator(".ask .answers").first).to_be_visible()
    for part in ("textarea", ".place", ".chip.first", ".levels", ".why", ".ask", "footer button"):
        expect(desk.panel.locator(part).first).to_be_in_viewport(ratio=1)
    assert desk.raw_keys() == []


def test_the_form_fits_a_phone(new_desk: NewDesk) -> None:
    desk = new_desk(size=(390, 844))
    desk.sign_in()
    desk.page.get_by_role("button", name="接警登记").click()
    _words(desk).fill(f"{desk.city.place().name}门口两伙人打起来了")
    expect(desk.panel.locator(".ask")).to_be_visible()
    assert desk.page.evaluate("document.querySelector('.fields').scrollWidth <= 390")


def test_a_report_that_waits_is_opened_as_proposed_by_one_key(desk: Desk) -> None:
    place = desk.city.place()
    words = "有人打架，具体在哪我也说不清"
    roughly = {"lat": place.position.lat, "lon": place.position.lon, "accuracy_m": 5000}
    report = desk.city.hand_in(words, position=roughly)
    desk.go("reports")
    card = desk.page.locator("article", has_text=words)
    expect(card.locator(".as-proposed")).to_be_visible()
    proposed = desk.city.report(report)["proposal"]
    desk.page.keyboard.press("ArrowDown")
    expect(card).to_be_focused()
    desk.page.keyboard.press("o")
    expect(card).to_have_count(0)
    incident = desk.city.incident(eventually(lambda: desk.city.report(report)["incident"], "incident"))
    assert (incident["category"], incident["lat"]) == (proposed["categories"][0]["code"], place.position.lat)
    assert incident["level"] == proposed["level"]
