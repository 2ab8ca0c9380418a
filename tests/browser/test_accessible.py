"""Every page keeps the rules of WCAG 2.2, levels A and AA, that a machine can check (axe-core), in both languages."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT, NewDesk
from tests.browser.desk import Desk

AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `npm ci` in console/ (`make test` does it)")
    return Path(AXE).read_text(encoding="utf-8")


def _check(desk: Desk, axe: str) -> None:
    desk.page.wait_for_timeout(400)  # what fades in has no colours of its own yet
    desk.page.evaluate(f"() => {{ {axe}; window.axe = axe; }}")
    found = desk.page.evaluate("(tags) => axe.run({ runOnly: tags })", TAGS)
    faults = [f"{v['id']}: {node['html']} {node['failureSummary']}" for v in found["violations"] for node in v["nodes"]]
    assert not faults, "\n".join(faults)


def test_log_in(new_desk: NewDesk, axe: str) -> None:
    desk = new_desk()
    expect(desk.page.locator("input[name=password]")).to_be_visible()
    _check(desk, axe)


def test_situation(desk: Desk, axe: str) -> None:
    expect(desk.row(desk.city.new_incident())).to_be_attached()
    _check(desk, axe)


@pytest.mark.parametrize("tab", ["处置", "报警", "时间线"])
def test_incident(desk: Desk, axe: str, tab: str) -> None:
    desk.open(desk.city.new_incident())
    expect(desk.panel.get_by_text("候选警力")).to_be_visible()
    desk.tab(tab)
    _check(desk, axe)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("{place}有人打架，拿着刀", ".ask"),
        ("身份证丢了怎么补办", ".base"),
        ("我被骗了12万8千，刚刚转到对方账号6222020200112233445，冒充客服退款", ".fraud"),
    ],
)
def test_form_for_a_call(desk: Desk, axe: str, words: str, shown: str) -> None:
    desk.page.keyboard.press("F2")
    desk.page.keyboard.type(words.format(place=desk.city.place().name))
    expect(desk.panel.locator(shown)).to_be_visible()
    for key in ("Alt+1", "Alt+7", "Alt+L", "Alt+A"):  # accepted suggestions look different
        desk.page.keyboard.press(key)
    _check(desk, axe)


def test_keys_of_the_form(desk: Desk, axe: str) -> None:
    desk.page.keyboard.press("F2")
    desk.page.keyboard.press("F1")
    expect(desk.panel.get_by_role("dialog")).to_be_visible()
    _check(desk, axe)


def test_dialogue(desk: Desk, axe: str) -> None:
    desk.open(desk.city.new_incident())
    desk.press("更正")
    expect(desk.dialog).to_be_visible()
    _check(desk, axe)


@pytest.mark.parametrize(
    "page", ["reports", "units", "knowledge", "knowledge?tab=pool", "knowledge?entry=l01", "intervals"]
)
def test_page(new_desk: NewDesk, axe: str, page: str) -> None:
    desk = new_desk("en")
    desk.sign_in()
    desk.city.hand_in("喂喂喂")
    desk.go(page)
    expect(desk.page.locator(".page h1")).to_be_visible()
    desk.page.wait_for_timeout(500)
    _check(desk, axe)
