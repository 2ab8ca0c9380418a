"""The anti-fraud desk: a victim's report is there while it is looked at, is put right, requested, sent and answered."""

import csv
import itertools
import json
import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewDesk
from tests.browser.desk import Desk
from tests.browser.test_accessible import _check, axe  # noqa: F401
from tests.diversion_antifraud.desk import CARD, OWN

_numbers = itertools.count(1)
PHONE = (390, 844)


@pytest.fixture
def page(new_desk: NewDesk) -> Desk:
    """Somebody at the anti-fraud desk, in Chinese, on a wide screen."""
    made = new_desk()
    made.sign_in("fraud-desk")
    return made


def reported(desk: Desk) -> Locator:
    """A victim reports; the line of the case, which comes without reloading."""
    number = next(_numbers)
    amount = 12_000 + number
    desk.city.hand_in(
        f"我叫张小云，10分钟前刷单返利被骗，从我的卡{OWN}转到对方卡号{CARD}，一共{amount}元",
        reporter={"contact": f"139{number:08d}"},
    )
    line = desk.page.locator(".line", has_text=str(amount))
    expect(line).to_be_visible()
    return line


def test_a_report_is_at_the_desk_put_right_and_requested(page: Desk) -> None:
    line = reported(page)
    expect(line).to_contain_text("待核对")
    expect(line).to_contain_text("****0004")
    line.press("Enter")
    form = page.page.locator("form.stop")
    expect(form.locator("input[name=counter_account]")).to_have_value(CARD)
    expect(page.page.locator("mark", has_text=CARD)).to_be_visible()
    form.locator("input[name=bank]").press("Tab")
    expect(form.locator(".fault", has_text="未填")).to_be_visible()
    page.press("核对无误，申请止付", form)
    expect(page.page.locator(".el-message", has_text="请先补正：开户行")).to_be_visible()
    form.locator("input[name=bank]").fill("工商银行")
    form.locator("input[name=bank]").press("Enter")
    expect(line).to_contain_text("待发送")
    expect(form).to_contain_text("退回核对")
    assert not page.raw_keys()


def hand_in(page: Desk, name: str, content: str) -> None:
    """A file of answers, chosen on the page."""
    file = {"name": name, "mimeType": "text/plain", "buffer": content.encode()}
    page.page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]


def request(page: Desk) -> Locator:
    """A case whose stop is requested and open on the page; its line."""
    line = reported(page)
    line.click()
    form = page.page.locator("form.stop")
    expect(form.locator("input[name=counter_account]")).to_have_value(CARD)
    form.locator("input[name=bank]").fill("工商银行")
    page.press("核对无误，申请止付", form)
    expect(line).to_contain_text("待发送")
    return line


def test_requests_go_out_as_a_file_and_the_answers_come_back(page: Desk) -> None:
    line = request(page)
    with page.page.expect_download() as download:
        page.press("发送：导出文件", page.page.locator("header"))
    amount = re.search(r"¥ (\d+)", line.inner_text())
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        ours = next(row for row in csv.DictReader(file) if amount and row["amount"] == amount[1])
    expect(line).to_contain_text("已发送")
    at = page.city.fraud_desk.get("/api/pack").json()["now"]
    answer = {name: ours[name] for name in ("request_id", "batch_id")}
    answer |= {"answer": "stopped", "at": at, "stopped_amount": "8000.5"}
    hand_in(page, "answers.jsonl", json.dumps(answer))
    expect(line).to_contain_text("已止付")
    expect(line).to_contain_text(re.compile(r"止付剩余 4[78]:\d\d:\d\d"))
    expect(page.page.locator("form.stop")).to_contain_text("8000.50")
    assert not page.raw_keys()


def test_a_bad_file_of_answers_is_refused_in_words(page: Desk) -> None:
    hand_in(page, "answers.csv", "request_id,batch_id,answer,at\n1,2,3,4\n")
    expect(page.page.locator(".el-message", has_text="第2行：request_id 不对")).to_be_visible()


def test_a_dispatcher_reads_a_case_and_cannot_change_it(desk: Desk) -> None:
    desk.go("antifraud")
    reported(desk).click()
    form = desk.page.locator("form.stop")
    expect(form.locator("input[name=amount]")).to_have_attribute("readonly", "")
    expect(form.get_by_role("button")).to_have_count(0)


def test_the_desk_is_shown_nothing_of_other_work(page: Desk) -> None:
    expect(page.page.locator("h1")).to_have_text("反诈专席")
    expect(page.page.locator("nav a")).to_have_count(1)


def test_on_a_phone_list_and_case_take_turns(new_desk: NewDesk) -> None:
    desk = new_desk("en", PHONE)
    desk.sign_in("fraud-desk")
    line = reported(desk)
    line.click()
    expect(desk.page.locator("form.stop")).to_be_visible()
    expect(line).to_be_hidden()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert desk.page.evaluate(overflow) == 0
    desk.press("Close", desk.page.locator("article.case > header"))
    expect(line).to_be_visible()


def test_the_page_keeps_the_rules_of_access(page: Desk, axe: str) -> None:  # noqa: F811
    reported(page).click()
    expect(page.page.locator("form.stop")).to_be_visible()
    _check(page, axe)
