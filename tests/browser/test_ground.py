"""What the roads allow, laid under the units: a unit's reach, and the cover of the whole city."""

from playwright.sync_api import expect

from tests.browser.desk import Desk

DRAWN = """(name) => {
    const map = document.querySelector('.canvas').map
    return map.getLayer('ground-laid') !== undefined
        && map.queryRenderedFeatures({ layers: ['ground-laid'] }).some((f) => f.properties[name] !== undefined)
}"""
AT = """([code]) => {
    const map = document.querySelector('.canvas').map
    const found = map.querySourceFeatures('units').find((f) => f.properties.code === code)
    if (!found) return null
    map.jumpTo({ center: found.geometry.coordinates, zoom: 15 })
    const { x, y } = map.project(found.geometry.coordinates), box = map.getCanvas().getBoundingClientRect()
    return [box.left + x, box.top + y]
}"""


SHOWN = """(code) => {
    const map = document.querySelector('.canvas').map
    return map.loaded() && map.queryRenderedFeatures().some((f) => f.source === 'units' && f.properties.code === code)
}"""


def test_the_cover_of_the_city_is_laid_and_taken_away(desk: Desk) -> None:
    button = desk.page.get_by_role("button", name="5 分钟覆盖")
    button.click()
    desk.wait_until(lambda: bool(desk.page.evaluate(DRAWN, "units")), "no cover is drawn")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    desk.wait_until(lambda: not desk.page.evaluate(DRAWN, "units"), "the cover stays")


def test_a_units_reach_is_laid_from_its_card(desk: Desk) -> None:
    unit = next(u for u in desk.city.dispatcher.get("/api/units").json()["units"] if u["status"] == "available")
    desk.wait_on_map("units", "code", unit["code"])
    x, y = desk.page.evaluate(AT, [unit["code"]])
    desk.wait_until(lambda: bool(desk.page.evaluate(SHOWN, unit["code"])), "the unit is not drawn where the map went")
    desk.page.mouse.click(x, y)
    card = desk.page.get_by_role("dialog")
    expect(card).to_be_visible()
    desk.press("5、10、15 分钟可达范围", card)
    desk.wait_until(lambda: bool(desk.page.evaluate(DRAWN, "minutes")), "no reach is drawn")
