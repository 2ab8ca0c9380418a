"""Other cities that a text says it speaks of: in 广州天河区人民路, our 人民路 is not meant."""

import re
from importlib.resources import files

from jieying.citypack.model import CityPack, OrgKind
from jieying.kit.normal import WordFinder, plain

# Before the name: somebody is there. After it: the name is only part of another word, or where somebody comes from.
_BEFORE = re.compile(r"(?:在|到了?|位于|地址是?|^|[,，。;；:：!！?？ ]|这里是|这边是|是)$")
_NO_PLACE = re.compile(
    r"市?(?:人(?!民)|话|口音|牌照|牌|车牌|籍|号码|电话|手机|打来|来的|过来|回来|银行|"
    r"火锅|烤鸭|小吃|饭店|菜|面|拉面|酒楼|大厦|宾馆|酒店|商会|路|街|大道|大街|东路|西路|南路|北路|中路|方向|的|旅行|出差)"
)
_PLACE = re.compile(r"(?:市|省|那边|这边|(?:.{1,4}[区县镇]))")


class Elsewhere:
    """The larger cities and provinces of the country, without those that the pack is in."""

    def __init__(self, pack: CityPack) -> None:
        source = (files("jieying") / "places" / "other_cities.txt").read_text(encoding="utf-8")
        names = {name for line in source.splitlines() if not line.startswith("#") for name in line.split()}
        ours = [plain(pack.name.zh)] + [
            plain(org.name.zh) for org in pack.orgs.values() if org.kind in (OrgKind.PROVINCE, OrgKind.CITY)
        ]
        self._finder = WordFinder(name for name in names if not any(name in mine or mine in name for mine in ours))

    def find(self, text: str, known: list[tuple[int, int]]) -> str | None:
        """The other city where the text says it is, if it says so; `known` stretches are names of our own."""
        for name, start, end in self._finder.find(text):
            if any(low < end and start < high for low, high in known) or _NO_PLACE.match(text, end):
                continue
            if _BEFORE.search(text[max(0, start - 4) : start]) or _PLACE.match(text, end):
                return name
        return None
