"""Places told by others, by parts of the city, by exits and posts; other cities; what to ask."""

from dataclasses import replace

import pytest

from jieying.citypack.model import Place
from jieying.kit.geo import distance_m
from jieying.kit.texts import LANGUAGES, text
from jieying.places.ask import question
from jieying.places.locate import Locator, PlaceCandidate
from tests.minicity import crossings, road_lines, spot
from tests.places.test_locate import PACK, best, is_at, locate
from tests.said import codes, unsaid

METRO = (
    Place("柳河地铁站", ("地铁柳河站",), "metro", spot(1000, 1000)),
    Place("柳河地铁站A口", ("地铁柳河站A口",), "metro_exit", spot(1045, 1040)),
    Place("柳河地铁站B口", ("地铁柳河站B口",), "metro_exit", spot(1045, 960)),
)
WITH_METRO = Locator(replace(PACK, places=METRO), crossings(), road_lines())


@pytest.mark.parametrize(
    ("words", "x", "y"),
    [
        ("文昌路与夏荷街路口往北两百米", 500, 1700),
        ("文昌路与夏荷街路口以东150米", 650, 1500),
        ("文昌路和夏荷街交叉口向南大概一公里", 500, 500),
        ("文昌路夏荷街路口西边半公里", 0, 1500),
        ("文昌路与夏荷街路口北侧有人打架", 500, 1560),
    ],
)
def test_so_many_metres_from_a_place_is_worked_out(words: str, x: float, y: float) -> None:
    found = best(words)
    assert is_at(found, x, y, within_m=5)
    assert "moved_from" in codes(found.reasons)
    assert found.confidence < best("文昌路与夏荷街路口").confidence


def test_a_place_named_again_with_a_direction_is_meant_there() -> None:
    (found,) = locate("离人名医院不远，人名医院往北两百米")
    assert "moved_from" in codes(found.reasons)


def test_between_two_places_is_their_middle() -> None:
    one, other = best("人民医院"), best("火车站")
    found = best("在人民医院和火车站之间")
    assert codes(found.reasons) >= {"between_two"}
    apart = distance_m(one.position, other.position)
    assert distance_m(found.position, one.position) == pytest.approx(apart / 2, rel=0.02)


def test_on_the_way_from_one_to_another_says_how_little_that_is() -> None:
    found = locate("从人民医院到火车站的路上有人打架")
    assert all(c.confidence < 0.5 for c in found)
    assert {code for c in found for code in codes(c.reasons)} >= {"on_the_way", "end_of_way"}


def test_a_stretch_of_road_between_two_others_is_found() -> None:
    assert is_at(best("文昌路上，夏荷街和秋实街之间"), 750, 1500, within_m=2)
    assert is_at(best("夏荷街与秋实街之间的文昌路"), 750, 1500, within_m=2)


def test_the_road_behind_a_place_gives_the_roads_there_are() -> None:
    found = locate("人民医院后面那条路")
    assert found[0].name == "人民医院"
    assert any(c.kind == "road" and "road_beside_place" in codes(c.reasons) for c in found)


@pytest.mark.parametrize("word", ["对面", "旁边", "附近", "隔壁"])
def test_beside_a_place_is_that_place_and_says_so(word: str) -> None:
    found = best(f"人民医院{word}")
    assert found.name == "人民医院"
    assert "beside_place" in codes(found.reasons)


@pytest.mark.parametrize(
    "words", ["柳河地铁站A口", "地铁柳河站a出口", "柳河地铁站的A出口", "柳河地铁站A号口", "柳何地铁站A口"]
)
def test_an_exit_of_a_station_is_found(words: str) -> None:
    assert WITH_METRO.locate(words)[0].name == "柳河地铁站A口"


def test_an_exit_that_is_not_known_gives_the_station_and_says_so() -> None:
    found = WITH_METRO.locate("柳河地铁站F口")[0]
    assert found.name == "柳河地铁站"
    assert "exit_unknown" in codes(found.reasons)


@pytest.mark.parametrize("building", ["3号楼2单元", "12栋501", "5幢", "二单元302"][:3])
def test_building_and_unit_are_kept_beside_the_place(building: str) -> None:
    found = best(f"人民医院{building}")
    assert (found.kind, found.name) == ("place", "人民医院")
    (reason,) = [r for r in found.reasons if r.code == "building_named"]
    assert reason.params["building"] == building


def test_downstairs_of_a_number_is_that_number() -> None:
    assert best("文昌路22号楼下").kind == "address"
    assert best("文昌路22号楼").kind == "road"


def test_a_house_number_in_words_is_read() -> None:
    assert best("文昌路二十二号").name == "文昌路22号"


@pytest.mark.parametrize("post", ["K12+300", "k12", "12公里300米处", "12公里处"])
def test_a_kilometre_post_without_posts_names_the_road_and_says_what_is_missing(post: str) -> None:
    found = best(f"文昌路{post}有车祸")
    assert (found.kind, found.name) == ("road", "文昌路")
    assert "kilometre_post_unknown" in codes(found.reasons)
    assert found.confidence <= 0.3


def test_a_kilometre_post_between_two_known_ones_is_worked_out() -> None:
    posts = (
        Place("文昌路K12", (), "kilometre_post", spot(1000, 1500)),
        Place("文昌路K13", (), "kilometre_post", spot(2000, 1500)),
    )
    found = Locator(replace(PACK, places=posts), crossings(), road_lines()).locate("文昌路K12+300处")[0]
    assert is_at(found, 1300, 1500)
    assert found.confidence > 0.5


@pytest.mark.parametrize("part", ["城东派出所辖区", "城东街道", "城东那边", "东北片区"])
def test_the_part_of_the_city_decides_between_two_of_one_name(part: str) -> None:
    twins = (
        Place("华联超市", (), "shop", spot(520, 2480)),
        Place("华联超市", (), "shop", spot(2520, 2480)),
    )
    found = Locator(replace(PACK, places=twins), crossings(), road_lines()).locate(f"{part}的华联超市")
    assert is_at(found[0], 2520, 2480)
    assert found[0].confidence > 0.6
    assert "in_named_district" in codes(found[0].reasons)


def test_a_place_outside_the_named_part_stays_and_says_so() -> None:
    found = best("城东派出所辖区的人民医院")
    assert found.name == "人民医院"
    assert "outside_named_district" in codes(found.reasons)
    assert found.confidence < best("人民医院").confidence


def test_a_police_station_is_a_place_but_its_area_is_none() -> None:
    assert best("在城东派出所门口").name == "城东派出所"
    assert locate("在城东派出所辖区") == []


@pytest.mark.parametrize(
    "words", ["我在广州天河区文昌路22号", "在深圳市文昌路与夏荷街路口", "人在上海，人民医院门口", "广州市人民医院"]
)
def test_a_place_in_another_city_is_not_ours_with_confidence(words: str) -> None:
    found = locate(words)
    assert all(c.confidence <= 0.25 for c in found)
    assert all("other_city_named" in codes(c.reasons) for c in found)
    asked = question(found)
    assert asked is not None
    assert asked.code == "which_city"


@pytest.mark.parametrize(
    "words", ["广州打来的电话，人民医院有人打架", "一个上海人在人民医院门口", "沪上海牌照的车在人民医院"]
)
def test_a_city_that_somebody_only_comes_from_changes_nothing(words: str) -> None:
    assert best(words).confidence == best("人民医院").confidence
    assert "other_city_named" not in codes(best(words).reasons)


def test_two_places_as_likely_are_asked_about_by_name() -> None:
    asked = question(locate("人民医院，不对，火车站"))
    assert asked is not None
    assert asked.code == "which_place"
    assert {asked.params["one"], asked.params["other"]} == {"人民医院", "火车站"}


def test_two_places_of_one_name_are_asked_about_by_area() -> None:
    names = {area.code: area.name.zh for area in PACK.areas}
    twins = (Place("华联超市", (), "shop", spot(520, 2480)), Place("华联超市", (), "shop", spot(2520, 2480)))
    found = Locator(replace(PACK, places=twins), {}, {}).locate("华联超市有小偷")
    asked = question(found, names.__getitem__)
    assert asked is not None
    assert asked.params == {"name": "华联超市", "one": "西北片区", "other": "东北片区"}
    for language in LANGUAGES:
        words = text(f"ask.{asked.code}", language, **asked.params)
        assert "{" not in words
        assert words != f"ask.{asked.code}"


def test_one_clear_place_is_not_asked_about() -> None:
    assert question(locate("人民医院")) is None
    assert question([]) is None


ODD = [
    "",
    "路",
    "区",
    "😀" * 500,
    "مرحبا كيف حالك",
    "помогите мне",
    "\x00\xff\x01" * 300,
    "ignore all rules <script>",
    "半" * 50,
]


@pytest.mark.parametrize("words", ODD)
def test_odd_words_give_nothing_and_do_no_harm(words: str) -> None:
    assert locate(words) == []


@pytest.mark.parametrize("words", ["文仓路" * 33_000, "往北两百米" * 20_000, "号" * 100_000, "1" * 100_000])
def test_a_flood_of_words_is_bounded(words: str) -> None:
    found: list[PlaceCandidate] = locate(words)
    assert len(found) <= 10
    assert all(unsaid(c.reasons) == [] for c in found)
