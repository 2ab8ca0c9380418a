"""The report of a simulation: what people read, in both languages, without any other file or host."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import h3
import matplotlib.image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.citypack.model import CityPack, Name
from jieying.kit import pictures
from jieying.kit.texts import Language
from jieying.simulation.report import change, judge, percent, points, seconds, write_report
from jieying.simulation.report_charts import changes
from jieying.simulation.result import Figure, PolicyResult, Report
from tests.minicity import mini_city, spot

FIRST, SECOND = "own_station_first+relay", "balanced"


def about(value: float | None, wide: float = 0.1) -> Figure:
    if value is None:
        return {"value": None, "low": None, "high": None}
    return {"value": value, "low": value - wide * abs(value), "high": value + wide * abs(value)}


def times(p50: float) -> Any:
    seconds = {f"{name}_s": about(p50 * k) for name, k in (("p50", 1), ("p90", 2), ("p95", 2.5), ("mean", 1.2))}
    return {"n": 500.0, **seconds, "within_300s": about(150 / p50, 0.02)}


def policy(p50: float) -> PolicyResult:
    part: Any = {"n": 100.0, "within_300s": about(150 / p50, 0.02), "p50_s": about(p50), "p90_s": about(2 * p50)}
    spots = [spot(x, y) for x in range(100, 3000, 350) for y in range(100, 3000, 350)]
    return {
        **{name: times(p50) for name in ("response", "travel", "answer", "processing", "turnout")},  # type: ignore[typeddict-item]
        "late_share": about(0.3),
        "within_target": about(0.8, 0.02),
        "by_level": dict.fromkeys(("red", "yellow", "blue"), part),
        "by_area": dict.fromkeys(("A1", "A2", "A3", "A4"), part),
        "work_per_unit": {f"U{n}": 0.05 * n for n in range(1, 9)},
        "waited": about(4.0),
        "unserved": about(0.0),
        "moves": about(7.0),
        "drive_s": about(90000.0),
        "histogram": {"edges_s": [0.0, 150.0, 300.0, 600.0, 1200.0], "share": [0.2, 0.3, 0.3, 0.15, 0.05]},
        "cells": [
            {"cell": h3.latlng_to_cell(*here, 9), "n": 2.0, "mean_s": p50 + 40 * (i % 3), "late_share": 0.2}
            for i, here in enumerate(spots)
        ],
        "events": 9000.0,
        "events_per_s": 100000.0,
        "seconds": 0.09,
    }  # fmt: skip


def a_result() -> Report:
    difference: Any = {key: about(-0.2) for key in ("p50_s", "p90_s", "mean_s", "late_share")}
    return {
        "pack": "mini",
        "calls": {"n": 500.0, "source": "calls.csv", "first": "2026-11-01T00:00:00+00:00",
                  "last": "2026-11-08T00:00:00+00:00", "refused": [{"line": 3, "code": "fields", "params": {}}]},
        "units": 8,
        "replications": 10,
        "seed": 1,
        "relay": "drawn",
        "said": ["Nothing but invented calls."],
        "recorded": {"response": {"n": 480, "p50_s": 400, "p90_s": 900, "mean_s": 450, "within_300s": 0.3},
                     "travel": {"n": 480, "p50_s": 200, "p90_s": 500, "mean_s": 250, "within_300s": 0.7}},
        "policies": {FIRST: policy(400), SECOND: policy(250)},
        "differences": [{"from": FIRST, "to": SECOND, "within_300s": about(12.5), **difference}],
        "sweep": {SECOND: [{"units": n, "within_300s": about(1 - 1 / n, 0.02)} for n in (4, 8, 60)]},
        "units_for_98": {SECOND: {"units": 60, "best": 0.99, "best_units": 60}},
    }  # fmt: skip


class Page(HTMLParser):
    """What matters in a page: its tags with their attributes in order, and its text."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.source = file.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module", params=["zh", "en"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Language, Page]:
    folder = tmp_path_factory.mktemp("report")
    return request.param, Page(write_report(a_result(), mini_city(), folder, request.param))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "new"
    write_report(a_result(), mini_city(), folder, "en")
    return folder


def page_of(result: Report, folder: Path, pack: CityPack | None = None, language: Language = "en") -> Page:
    return Page(write_report(result, pack or mini_city(), folder, language))


def test_the_page_needs_no_other_host_and_no_other_file(report: tuple[Language, Page]) -> None:
    _, page = report
    assert page.all("script") == []
    assert page.all("link") == []
    assert all((image["src"] or "").startswith("data:image/png;base64,") for image in page.all("img"))
    assert re.findall(r"(?:https?:)?//[a-z]", re.sub(r"base64,[^\"]*", "", page.source)) == []


def test_every_text_of_the_page_has_its_words(report: tuple[Language, Page]) -> None:
    _, page = report
    assert re.findall(r"report\.[a-z_]+|\{[a-z_]+\}", page.text.replace("result.json", "")) == []


def test_the_page_says_in_which_language_it_is(report: tuple[Language, Page]) -> None:
    language, page = report
    assert page.all("html") == [{"lang": "zh-CN" if language == "zh" else "en"}]


def test_who_cannot_see_the_pictures_is_told_what_they_show(report: tuple[Language, Page]) -> None:
    _, page = report
    assert len(page.all("img")) == 6
    assert all(len(image["alt"] or "") > 15 for image in page.all("img"))


def test_tables_can_be_read_aloud(report: tuple[Language, Page]) -> None:
    _, page = report
    assert len(page.all("caption")) == len(page.all("table")) >= 4
    assert all("scope" in cell for cell in page.all("th"))


def test_headings_come_in_order(report: tuple[Language, Page]) -> None:
    _, page = report
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels == [1] + [2] * (len(levels) - 1)


def test_links_of_the_contents_lead_to_a_section(report: tuple[Language, Page]) -> None:
    _, page = report
    sections = {f"#{section['id']}" for section in page.all("section")}
    assert {link["href"] for link in page.all("a")} == sections


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_words_stand_out_from_the_paper_as_wcag_aa_wants(report: tuple[Language, Page]) -> None:
    _, page = report
    colours = dict(re.findall(r"--(ink|soft|accent|good|bad): (#[0-9a-f]{6})", page.source))
    assert len(colours) == 5
    assert all(1.05 / (luminance(colour) + 0.05) >= 4.5 for colour in colours.values())


def test_figures_come_with_their_intervals(report: tuple[Language, Page]) -> None:
    _, page = report
    assert "400 360 … 440" in page.text


def test_a_difference_is_called_better_only_when_it_is_certain(tmp_path: Path) -> None:
    result = a_result()
    result["differences"][0]["p90_s"] = {"value": -0.05, "low": -0.2, "high": 0.1}
    page = page_of(result, tmp_path)
    verdicts = [span["class"] for span in page.all("span")]
    assert (verdicts.count("better"), verdicts.count("uncertain"), verdicts.count("worse")) == (4, 1, 0)


def test_what_was_recorded_stands_beside(report: tuple[Language, Page]) -> None:
    language, page = report
    assert {"zh": "实际记录", "en": "Recorded"}[language] in page.text


def test_names_are_those_of_the_language(report: tuple[Language, Page]) -> None:
    language, page = report
    assert {"zh": "西南片区", "en": "South-west"}[language] in page.text
    assert {"zh": "South-west", "en": "西南片区"}[language] not in page.text


def test_names_cannot_smuggle_markup_into_the_page(tmp_path: Path) -> None:
    pack = mini_city()
    areas = tuple(replace(area, name=Name("<img src=x>", "<img src=x>")) for area in pack.areas)
    page = page_of(a_result(), tmp_path, replace(pack, areas=areas))
    assert all("alt" in image for image in page.all("img"))
    assert "&lt;img src=x&gt;" in page.source


def test_the_result_lies_beside_for_machines(written: Path) -> None:
    assert json.loads((written / "result.json").read_text(encoding="utf-8")) == a_result()


@pytest.mark.parametrize("name", ["response", "levels", "areas", "work", "sweep", "map-1"])
def test_this_picture_lies_beside_and_shows_something(written: Path, name: str) -> None:
    picture = matplotlib.image.imread(written / f"{name}.png")
    height, width = picture.shape[:2]
    assert 400 < width < 2000
    assert 300 < height < 2000
    assert (picture[..., :3] < 0.9).any(axis=2).mean() > 0.005  # not just paper


def test_one_replication_without_record_and_sweep_is_a_report_too(tmp_path: Path) -> None:
    result = a_result()
    del result["sweep"], result["units_for_98"]
    result["recorded"], result["replications"] = None, 1
    for found in result["policies"].values():
        found["response"]["p50_s"] = {"value": 77.0, "low": None, "high": None}
    page = page_of(result, tmp_path)
    assert " 77 " in page.text
    assert "Recorded" not in page.text


def test_nothing_known_is_a_dash(tmp_path: Path) -> None:
    result = a_result()
    for found in result["policies"].values():
        found["by_level"]["red"] = {"n": 0.0, **{key: about(None) for key in ("within_300s", "p50_s", "p90_s")}}  # type: ignore[typeddict-item]
    assert "Red 0 – – – – – –" in page_of(result, tmp_path).text


def test_a_machine_without_chinese_font_gets_english_pictures_not_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "findSystemFonts", lambda: [])
    pictures._chinese_font.cache_clear()
    try:
        assert pictures.picture_language("zh") == "en"
    finally:
        monkeypatch.undo()
        pictures._chinese_font.cache_clear()


def test_the_map_leaves_out_cells_with_so_few_calls_that_chance_alone_would_colour_them() -> None:
    result = a_result()
    rare = result["policies"][FIRST]["cells"][0]
    rare["n"] = 0.1
    found = changes(result, SECOND)
    assert rare["cell"] not in found
    assert {round(change) for change, _ in found.values()} == {-150}


def coloured(file: Path) -> float:
    """The share of a picture that is not grey."""
    picture = matplotlib.image.imread(file)[..., :3]
    return float((picture.max(axis=2) - picture.min(axis=2) > 0.15).mean())


def test_the_map_colours_both_what_is_earlier_and_what_is_later(tmp_path: Path) -> None:
    result = a_result()
    write_report(result, mini_city(), tmp_path / "earlier", "en")
    for cell in result["policies"][SECOND]["cells"]:
        cell["mean_s"] += 300
    write_report(result, mini_city(), tmp_path / "later", "en")
    assert all(coloured(tmp_path / name / "map-1.png") > 0.1 for name in ("earlier", "later"))


VALIDATION: dict[str, Any] = {
    "policy": "balanced+relay",
    "calibrated_on": {"first": "2026-11-01", "last": "2026-11-05", "calls": 2000},
    "judged_on": {"first": "2026-11-06", "last": "2026-11-08", "calls": 1200},
    "recorded": {name: {"p50_s": 391.0, "p90_s": 900.0, "within_300s": 0.3} for name in ("response", "travel")},
    "predicted": {
        name: {"p50_s": about(385.0), "p90_s": about(950.0), "within_300s": about(0.31)}
        for name in ("response", "travel")
    },
    "ks_response": about(0.048),
    "ks_travel": about(0.046),
    "by_level": {},
    "by_day": {},
}


def test_the_page_tells_how_well_the_simulator_told_days_that_it_had_not_seen(tmp_path: Path) -> None:
    page = Page(write_report(a_result(), mini_city(), tmp_path, "en", VALIDATION))
    assert "the 1200 calls of 2026-11-06 to 2026-11-08" in page.text
    assert "Response time 391 385" in page.text
    assert "0.048" in page.text


def test_without_that_the_page_says_how_to_find_out(report: tuple[Language, Page]) -> None:
    _, page = report
    assert "jieying simulate validate" in page.text


@given(st.floats(-1, 1), st.floats(0, 1), st.booleans())
def test_a_verdict_needs_the_whole_interval_on_one_side_of_zero(low: float, width: float, more: bool) -> None:
    verdict = judge({"value": low + width / 2, "low": low, "high": low + width}, more)
    assert (verdict == "uncertain") is (low <= 0 <= low + width)
    if verdict != "uncertain":
        assert (verdict == "better") is ((low > 0) is more)


def test_numbers_are_written_with_their_signs() -> None:
    assert seconds(about(100)).striptags() == "100 90 … 110"
    assert percent(0.1234) == "12.3 %"
    assert change({"value": -0.25, "low": -0.3, "high": 0.01}).striptags() == "−25.0 % −30.0 % … +1.0 %"
    assert points({"value": 5.0, "low": None, "high": None}) == "+5.0"
    assert seconds(None) == "–"
