"""Names of streets, villages and estates: invented, from the characters such names are made of."""

from random import Random

ARTERIALS_EW = (
    "迎春",
    "南京",
    "建业",
    "长江",
    "人民",
    "中山",
    "和平",
    "新华",
    "文化",
    "朝阳",
    "青云",
    "科技",
    "北苑",
    "桃源",
)
ARTERIALS_NS = (
    "西苑",
    "民族",
    "五一",
    "黄河",
    "胜利",
    "建设",
    "解放",
    "友谊",
    "文昌",
    "光明",
    "学府",
    "创业",
    "金山",
    "汉水",
    "长兴",
)
RADIALS = ("东湖", "望京", "迎宾", "青山", "石桥", "钟祥", "江南", "凤凰", "临港", "高新")

_FIRST = (
    "云江青凤龙金玉文景明春福和永泰安康宁长兴锦绣翠兰桂梅竹松柏杏桃柳荷莲清碧紫丹秀虹星月晨晓阳瑞嘉祥乐华昌盛德仁义礼信"
    "雅静远望东南西北新古白银铁石沙平宏富广惠庆喜双三九百千万大小前后上下高荣善同顺利天朝旭雪霞彩枫槐樟榆棠蔷芳芸苏"
)
_SECOND = (
    "山水泉溪林苑庭园湖塘洲岸桥亭台楼阁井坊门源谷峰岭岗坡湾渡港浦沙石田陌里仓集营墩堰河滩渠"
    "柏柳枫梅兰竹荷莲鹤雁凤霞云月阳晖光华安宁乐平康和盛兴"
)

SECOND = _SECOND


def word(dice: Random) -> str:
    """Two characters that could begin a name."""
    return dice.choice(_FIRST) + dice.choice(_SECOND)


class StreetNames:
    """Gives each street a name of its own; long ones are 路 and 街, short ones 巷."""

    def __init__(self, dice: Random) -> None:
        words = [a + b for a in _FIRST for b in _SECOND if a != b]
        dice.shuffle(words)
        self._words = words
        self._dice = dice
        self._taken: set[str] = set()
        self._next = 0

    def next(self, road_class: str, length: float) -> str:
        """A name that no other street has."""
        if length < 260 and road_class == "residential":
            endings = ("巷", "巷", "里", "支路", "胡同")
        else:
            endings = ("路", "街") if road_class == "residential" else ("路", "路", "大街")
        while True:
            base = self._words[self._next % len(self._words)]
            lap = self._next // len(self._words)
            self._next += 1
            name = base + ("", "一", "二", "三", "四")[min(lap, 4)] + self._dice.choice(endings)
            if name not in self._taken:
                self._taken.add(name)
                return name
