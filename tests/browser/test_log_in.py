"""Who may come in, and in which language the console speaks."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import NewDesk


def test_a_wrong_password_is_answered_in_the_servers_words(new_desk: NewDesk) -> None:
    desk = new_desk("en")
    desk.fill_log_in("not the password")
    said = desk.city.dispatcher.post(
        "/api/session", json={"username": "dispatcher", "password": "x"}, headers={"Accept-Language": "en"}
    ).json()
    expect(desk.page.get_by_role("alert")).to_have_text(said["detail"] or said["title"])
    expect(desk.page.locator(".shell")).to_have_count(0)


def test_the_right_password_leads_to_the_situation_and_log_out_back(new_desk: NewDesk) -> None:
    desk = new_desk()
    desk.log_in()
    expect(desk.page.locator(".incidents")).to_be_visible()
    desk.page.locator(".account").click()
    desk.page.get_by_role("menuitem", name="退出登录").click()
    expect(desk.page.locator("input[name=password]")).to_be_visible()


def test_the_language_changes_at_once_and_is_remembered(new_desk: NewDesk) -> None:
    desk = new_desk("zh")
    desk.log_in()
    expect(desk.page.get_by_role("link", name="态势")).to_be_visible()
    desk.page.get_by_role("button", name="English", exact=True).click()
    expect(desk.page.get_by_role("link", name="Situation")).to_be_visible()
    expect(desk.page.locator("html")).to_have_attribute("lang", "en")
    desk.page.reload()
    expect(desk.page.get_by_role("link", name="Situation")).to_be_visible()


def test_a_session_that_ended_leads_to_the_log_in_and_back_to_the_same_page(new_desk: NewDesk) -> None:
    desk = new_desk()
    desk.log_in()
    desk.go("units")
    desk.page.context.clear_cookies()
    desk.go("intervals")
    expect(desk.page.get_by_text("登录已过期")).to_be_visible()
    desk.log_in()
    expect(desk.page).to_have_url(re.compile("#/intervals"))
