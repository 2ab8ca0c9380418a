"""A page at the console, by what a person does there and sees there."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

from tests.browser.city import PASSWORD, City

expect.set_options(timeout=20_000)

# What a catalogue answers when it has no words for a key.
RAW_KEY = re.compile(
    r"\b(journal|reason|state|stage|level|channel|role|problem|reply|notification|skill|unit_kind|end_reason|actor|stop_state|stop_field|stop_fault|refusal)"
    r"\.[a-z_]+|\b[a-z]+_[a-z_]+\b|undefined|\bNaN\b|\{\w+\}"
)


class Desk:
    """One page. `check` holds at the end that it asked no other host and logged no error."""

    def __init__(self, page: Page, city: City) -> None:
        self.page, self.city = page, city
        self.strangers: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._asked)
        page.on("console", self._logged)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(city.url)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.city.url, "data:", "blob:")):
            self.strangers.append(request.url)

    def _logged(self, message: ConsoleMessage) -> None:
        # The browser itself logs each refusal; that a session is asked for before log-in is one.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def check(self) -> None:
        assert not self.strangers, self.strangers
        assert not self.errors, self.errors

    def sign_in(self, username: str = "dispatcher") -> None:
        """With the cookie of a session; the log-in page has tests of its own."""
        cookie = {"name": "jieying_session", "value": self.city.token(username), "url": self.city.url, "httpOnly": True}
        self.page.context.add_cookies([cookie])  # type: ignore[list-item]
        self.page.reload()
        self.wait_live()

    def fill_log_in(self, password: str) -> None:
        self.page.fill("input[name=username]", "dispatcher")
        self.page.fill("input[name=password]", password)
        self.page.keyboard.press("Enter")

    def log_in(self) -> None:
        self.fill_log_in(PASSWORD)
        self.wait_live()

    def wait_live(self) -> None:
        expect(self.page.locator(".connection.live")).to_be_attached()

    def go(self, page: str) -> None:
        self.page.evaluate(f"location.hash = '#/{page}'")

    def row(self, incident: dict[str, Any]) -> Locator:
        return self.page.locator(f"[id='row-{incident['id']}']")

    def open(self, incident: dict[str, Any]) -> None:
        self.go(f"?incident={incident['id']}")
        expect(self.panel).to_contain_text(incident["number"])

    @property
    def panel(self) -> Locator:
        return self.page.locator("aside.panel")

    @property
    def dialog(self) -> Locator:
        return self.page.locator(".el-dialog")

    def press(self, name: str, within: Locator | None = None) -> None:
        """A button by its words."""
        (within or self.panel).get_by_role("button", name=name, exact=True).first.click()

    def choose(self, label: str, option: str | re.Pattern[str]) -> None:
        """An option of a choice in the open dialogue, by its words."""
        box = self.dialog.get_by_label(label).first
        box.click()
        self.page.locator(".el-select-dropdown__item:visible").filter(has_text=option).first.click()

    def write(self, label: str, words: str) -> None:
        self.dialog.get_by_label(label).first.fill(words)

    def send(self) -> None:
        """Send the open dialogue, which closes when its answer is taken."""
        self.dialog.locator("button[type=submit]").click()
        expect(self.page.locator(".el-dialog")).to_have_count(0)

    def tab(self, name: str) -> None:
        self.panel.get_by_role("tab", name=re.compile(name)).click()

    def on_map(self, layer: str, name: str, value: str) -> bool:
        """Whether the map has drawn a feature of this layer with this property."""
        script = """([layer, name, value]) => {
            const map = document.querySelector('.canvas')?.map
            return map?.getLayer(layer) !== undefined
                && map.queryRenderedFeatures({ layers: [layer] }).some((f) => f.properties[name] === value)
        }"""
        return bool(self.page.evaluate(script, [layer, name, value]))

    def wait_on_map(self, layer: str, name: str, value: str) -> None:
        self.wait_until(lambda: self.on_map(layer, name, value), f"the map shows no {name} {value}")

    def wait_until(self, look: Callable[[], bool], otherwise: str) -> None:
        """Look at the page until it is so."""
        for _ in range(200):
            if look():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(otherwise)

    def words(self) -> str:
        return self.page.locator("body").inner_text()

    def raw_keys(self) -> list[str]:
        """Keys and codes that stand on the page where words should."""
        return [found.group() for found in RAW_KEY.finditer(self.words())]
