"""How alike two characters sound and look: for names that were misheard, mistyped or misread.

Readings are those of pypinyin. Looks are families of characters that share a part; most also share a sound.
"""

import os
import unicodedata
from functools import lru_cache
from itertools import combinations

os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # single characters are enough: 45 MB and 0.2 s less
from pypinyin.pinyin_dict import pinyin_dict

_SAME_SOUND, _NEAR_SOUND, _SAME_LOOK = 0.92, 0.82, 0.75
_READINGS = 3  # the commonest; rarer ones are in no name

# Sounds that many speakers, and recognition of speech, don't keep apart.
_BEGINNINGS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l"), ("f", "h"))

_LOOKS = """
青清请情晴睛静精靖 方芳房防访纺放仿 包抱跑炮饱泡苞 羊洋样祥详鲜群 交郊校胶较饺 令铃领岭玲龄冷零 马妈吗码骂 白百柏伯拍怕泊 古姑故固苦枯居胡湖
可何河荷阿柯 工江红虹功攻空 干平汗旱岸竿 木林森本末未禾术 日目曰自白旦 土士王玉主 大太犬夫天 人入八 已己巳 田由甲申电 石右古 刀力刃 千干于
兰三 云去运会 风凤冈 龙尤庞拢垄 永水冰泳 东车乐 金全 玉王主 文纹蚊 景影 明朋 福副富幅 和知利 泰秦奉春 康唐糖塘 宁字守 长张帐涨 兴光 锦绵棉 绣秀锈透
翠萃 桂挂娃佳 梅海悔侮霉 竹个 松讼枞 杏呆 桃逃挑姚 柳卿 莲连 碧珀 紫柴 丹舟 星是 月用 晨辰 晓烧浇绕 阳阴 瑞端喘 嘉喜 祥样 华毕化花 昌冒 盛成城诚 德得
仁任 义叉 礼札 信言 雅稚 静净 远近运 望忘 新亲斤 银很根 铁跌 沙莎纱抄炒 宏宠 广厂 惠思 庆床 双叹 前剪 后右 上土下卡 高亮 荣菜 善普 同周 顺须 朝潮 旭旮
雪雷雾霜 霞露 彩采菜 枫飒 槐愧魂 樟障漳 榆愉偷喻 棠堂常 蔷墙 芳芬 芸云 苏办 泉皇 溪奚 苑宛碗 庭廷挺 园圆元远完 湖糊 洲州 桥侨轿骄 亭停 台抬治 楼数搂
阁阅 井开并 坊妨 门闪问间闻 源原愿 谷合各 峰锋蜂 坡波破被皮 湾弯 渡度 港巷 浦铺捕 陌佰 里理埋 仓苍舱抢创 集焦 营莹萤 墩敦 堰偃 滩摊难 渠梁 鹤确 雁
辉挥晖 光先 安按案 业亚 友有 谊宜 建健键 设没 解触 放故 胜性 利刺 五丑 学字 府付附符 创仓 汉仅 南楠 京惊凉 中冲钟种 新薪 科料 技枝支 北比 迎仰 青责
西酒洒 民氏 族旅 黄横 路略洛络 街衔 巷港 道首 段假 医匡 院完 店占点 馆管官 校较 厂广 站战沾 场肠扬 市布 区匹 苑怨 村材 庄压 镇填慎 乡多 队认 所听 银很 行形
竹竺 新析 洪供 侨桥娇 蜜密 香番 梅每 农衣 轩车 润闰 泽译择 红江 荔荡 滨宾 深探 福逼 田由 嘉加 创 沙砂 椰耶 泰奏 然燃 景晾 莲涟 皇煌 岗冈纲刚钢 坂板版 尾屋 嘴
"""


def _families() -> set[frozenset[str]]:
    return {frozenset(pair) for family in _LOOKS.split() for pair in combinations(family, 2)}


_ALIKE_LOOKS = _families()


@lru_cache(maxsize=1 << 14)
def readings(char: str) -> tuple[str, ...]:
    """Syllables without tones, the commonest first; none for what is no Chinese character."""
    spelled = pinyin_dict.get(ord(char), "")
    return tuple(dict.fromkeys(_toneless(one) for one in spelled.split(",")[:_READINGS] if one))


@lru_cache(maxsize=1 << 14)
def sound(char: str) -> str:
    """The commonest reading as it is often heard; the character itself if it has none."""
    spoken = readings(char)
    return _heard(spoken[0]) if spoken else char


@lru_cache(maxsize=1 << 16)
def likeness(one: str, other: str) -> float:
    """1 for the same character, 0 for two that have nothing in common."""
    if one == other:
        return 1.0
    mine, yours = readings(one), readings(other)
    if set(mine) & set(yours):
        return _SAME_SOUND
    if {_heard(a) for a in mine} & {_heard(b) for b in yours}:
        return _NEAR_SOUND
    return _SAME_LOOK if frozenset((one, other)) in _ALIKE_LOOKS else 0.0


def _toneless(syllable: str) -> str:
    apart = unicodedata.normalize("NFD", syllable.replace("ü", "v"))
    return "".join(char for char in apart if not unicodedata.combining(char))


def _heard(syllable: str) -> str:
    for said, heard in _BEGINNINGS:
        if syllable.startswith(said):
            syllable = heard + syllable.removeprefix(said)
            break
    return syllable.removesuffix("g") if syllable.endswith(("ang", "eng", "ing")) else syllable
