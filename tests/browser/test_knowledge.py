"""The knowledge page: an answer is found, the base is kept, and the pool is worked on."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.city import eventually
from tests.browser.conftest import NewDesk
from tests.browser.desk import Desk


def _found(desk: Desk, question: str) -> Locator:
    """The first of the entries that a question finds."""
    desk.go("knowledge")
    desk.page.get_by_label("按平常说话的方式提问").fill(question)
    expect(desk.page.locator(".found")).to_be_visible()
    return desk.page.get_by_role("option").first


def _put(desk: Desk, words: str) -> Locator:
    """A question that the base does not answer, and its card in the pool."""
    answer = desk.city.dispatcher.post("/api/knowledge/asked", json={"words": words}).raise_for_status().json()
    assert answer["state"] == "waiting"
    desk.go("knowledge?tab=pool")
    card = desk.page.locator("article", has_text=answer["words"])
    expect(card).to_be_visible()
    return card


def test_a_question_in_everyday_words_finds_its_answer_and_source(desk: Desk) -> None:
    _found(desk, "找工作要开没犯过事的证明去哪里").click()
    expect(desk.page.locator(".entry h2")).to_have_text("无犯罪记录证明怎么开？")
    expect(desk.page.locator(".entry")).to_contain_text("公安机关办理犯罪记录查询工作规定")


def test_what_the_base_does_not_know_goes_to_the_pool(desk: Desk) -> None:
    words = "派出所门口那只石狮子是哪一年立的"
    expect(_found(desk, words)).to_be_visible()
    desk.press("都不是，转待解答", desk.page.locator(".found"))
    expect(desk.page.locator("article", has_text=words)).to_be_visible()


def test_a_question_is_claimed_and_answered(desk: Desk) -> None:
    card = _put(desk, "你们食堂对外开放吗")
    desk.press("认领", card)
    desk.press("解答", card)
    desk.write("答案", "不对外开放。")
    desk.write("依据", "内部管理规定")
    desk.send()
    expect(card).to_have_count(0)
    desk.press("已解答", desk.page.locator(".pool"))
    expect(desk.page.locator("article", has_text="你们食堂对外开放吗")).to_contain_text("不对外开放。")


def test_who_claims_a_question_reads_what_the_pool_masks(desk: Desk) -> None:
    card = _put(desk, "我叫王小明，手机13812345678，你们食堂几点开饭")
    expect(card).not_to_contain_text("13812345678")
    desk.press("认领", card)
    expect(desk.page.locator("article", has_text="13812345678")).to_be_visible()


def test_a_claim_is_given_back(desk: Desk) -> None:
    card = _put(desk, "院子里能不能放风筝")
    desk.press("认领", card)
    desk.press("退回", card)
    expect(card.get_by_role("button", name="认领", exact=True)).to_be_visible()


def test_an_editor_changes_an_answer_and_the_old_one_is_kept(new_desk: NewDesk) -> None:
    desk = new_desk()
    desk.sign_in("commander")
    desk.go("knowledge?entry=l09")
    entry = desk.page.locator(".entry")
    desk.press("修改", entry)
    entry.get_by_label("答案").fill("典当行由地方金融监管部门核准。")
    desk.press("保存", entry)
    expect(entry.locator(".answer")).to_have_text("典当行由地方金融监管部门核准。")
    entry.get_by_text(re.compile("以前的答案")).click()
    expect(entry.locator("details").last).to_contain_text("典当业的特种行业许可已改由")


def test_an_editor_adds_a_question_and_it_is_found(new_desk: NewDesk) -> None:
    desk = new_desk()
    desk.sign_in("commander")
    desk.go("knowledge")
    desk.press("新增问题", desk.page.locator(".page"))
    form = desk.page.get_by_role("form", name="新增问题")
    for label, said in (
        ("编号", "x-open-day"),
        ("问题", "警营开放日怎么报名？"),
        ("答案", "在公众号里报名。"),
        ("依据", "市局通知"),
    ):
        form.get_by_label(label, exact=True).fill(said)
    desk.press("保存", form)
    expect(desk.page.locator(".entry h2")).to_have_text("警营开放日怎么报名？")
    hits = eventually(
        lambda: desk.city.dispatcher.get("/api/knowledge/search", params={"q": "警营开放日在哪报名"}).json()["hits"],
        "hits",
    )
    assert hits[0]["entry"] == "x-open-day"


def test_of_two_editors_the_second_is_told(new_desk: NewDesk) -> None:
    desk = new_desk()
    desk.sign_in("commander")
    desk.go("knowledge?entry=l08")
    entry = desk.page.locator(".entry")
    desk.press("修改", entry)
    other = new_desk()
    other.sign_in("commander")
    other.go("knowledge?entry=l08")
    other.press("修改", other.page.locator(".entry"))
    for editor, said in ((desk, "第一位的答案。"), (other, "第二位的答案。")):
        editor.page.locator(".entry").get_by_label("答案").fill(said)
        editor.press("保存", editor.page.locator(".entry"))
    expect(entry.locator(".answer")).to_have_text("第一位的答案。")
    expect(other.page.locator(".el-message--error")).to_be_visible()


def test_the_page_fits_a_phone(new_desk: NewDesk) -> None:
    desk = new_desk(size=(390, 844))
    desk.sign_in()
    desk.go("knowledge")
    desk.page.get_by_role("option").first.click()
    expect(desk.page.locator(".entry h2")).to_be_visible()
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= 390
    desk.press("返回列表", desk.page.locator(".page"))
    expect(desk.page.get_by_role("option").first).to_be_visible()
