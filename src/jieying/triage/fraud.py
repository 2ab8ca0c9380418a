"""The fields of a stop-payment request, as far as the words of a victim give them. Pure; nothing is guessed.

Every field carries where it stands in the words, so that the desk can check it. What is not said stays empty, and
`missing` names it. Card numbers are checked by their check digit (ISO/IEC 7812-1, Luhn).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

from jieying.kit.normal import Normalised, normalise
from jieying.triage.text import READ_CHARACTERS, numbers

_BANKS = (
    "工商银行|工行|农业银行|农行|中国银行|中行|建设银行|建行|交通银行|交行|邮政储蓄银行|邮储银行|邮储|邮政|招商银行|招行|中信银行|光大银行|"
    "民生银行|兴业银行|浦发银行|浦发|平安银行|华夏银行|广发银行|浙商银行|农商银行|农商行|农信社|信用社|城商行|支付宝|微信|财付通|云闪付"
)
_BANK = re.compile(_BANKS)
_ACCOUNT = re.compile(r"(?<![\d.])(?:\d[ -]?){11,18}\d(?![\d.])")
_TAIL = re.compile(r"(?:尾号|尾数|后四位|末四位)(?:是|为|:)? ?(\d{3,4})")
_HANDLE = re.compile(
    r"(?:支付宝|微信号|微信|qq号?|账号)(?:账号|账户)?(?:是|为|:|叫)? ?"
    r"([a-z][a-z0-9_-]{5,19}|[\w.]+@[\w.]+|\d{5,11}(?!\d))"
)
_PERSON = re.compile(
    r"(?:我叫|我是|本人|姓名(?:是|:)?|受害人(?:是|:)?|当事人(?:是|:)?) ?"
    r"([\u4e00-\u9fff]{2,3})(?=[,，。.;；\s、:]|$|的|身份|电话)"
)
_KIN = re.compile(
    r"我(?:的)?(?:老?妈|老?爸|爸爸|妈妈|母亲|父亲|奶奶|爷爷|外公|外婆|老公|老婆|丈夫|妻子|爱人|儿子|女儿|孩子|弟弟?|哥哥?|姐姐?|妹妹?|朋友|同事|室友|邻居|公司)"
)
_WHEN = re.compile(
    r"(?:(?:\d{1,4}年)?\d{1,2}月\d{1,2}[日号]|前天|昨天|昨晚|昨日|今天|今早|今晚|刚刚|刚才|刚|上周[一二三四五六日天]?|上个?月|去年|前几天|\d+天前|\d+分钟前|"
    r"[一二两三四五六七八九十半]+(?:个)?(?:分钟|小时|钟头|天)前)"
    r"(?:早上|上午|中午|下午|傍晚|晚上|夜里|凌晨)?(?:\d{1,2}(?::\d{2}|点(?:半|\d{1,2}分?)?)|[一二两三四五六七八九十]{1,3}点半?)?"
    r"|(?:早上|上午|中午|下午|傍晚|晚上|夜里|凌晨)(?:\d{1,2}(?::\d{2}|点(?:半|\d{1,2}分?)?)|[一二两三四五六七八九十]{1,3}点半?)"
)
_MONEY_BEFORE = re.compile(
    r"(?:转账?|汇款?|打|付|充值?|投资?|骗|损失|被骗|借|刷|交|划|扣|给|存|取|共计?|一共|总共|合计|一笔|余额|¥|￥)"
    r"[\u4e00-\u9fff]{0,6}$"
)
_MONEY_AFTER = re.compile(r"^ ?(?:多|余|来|几)?(?:块钱|块|元|圆|人民币|rmb|钱)")
_NOT_MONEY_AFTER = re.compile(r"^ ?(?:点|分钟|小时|天|岁|号|楼|栋|个|次|笔|人|年|月|日|层|单元|室|秒|%|:|家|单|条|遍)")
_TOTAL = re.compile(r"(?:一共|总共|共计|合计|总计|前后|加起来|累计|共)[\u4e00-\u9fff]{0,6}$")
_OTHERS_ACCOUNT = re.compile(
    r"(?:对方|他|她|骗子|客服|收款|转到|转给|转进|打到|打给|汇到|汇给|付给|账户是|转入|安全账户|指定)[^,，。;；]{0,14}$"
)
_OWN_ACCOUNT = re.compile(r"(?:我的?|本人|自己的?|从)[^,，。;；]{0,10}$")

# Said so: the method by which the victim was deceived, the more telling first; the code is translated under `fraud.`.
METHODS: tuple[tuple[str, str], ...] = (
    ("officials", r"公安|检察|法院|通缉|涉嫌|洗钱|安全账户|民警|刑警|通管局|银监|逮捕令|经侦"),
    (
        "superior",
        r"冒充.{0,4}(?:领导|老总|老板|校长|董事长)|(?:领导|老总|老板|董事长).{0,12}(?:转|打款|汇)|班主任|假群",
    ),
    ("part_time", r"刷单|做任务|点赞|返利|返佣|垫付|兼职|福利单"),
    ("investment", r"投资|炒股|荐股|虚拟币|数字货币|外汇|理财|内幕|导师|老师带|泰达|博彩|平台.{0,6}提现"),
    ("romance", r"网恋|网上(?:对象|男友|女友)|交友|相亲|军人男友|亲爱的"),
    ("service", r"客服|退款|理赔|会员|百万保障|退改签|改签|快递丢|注销"),
    ("loan", r"贷款|网贷|征信|解冻|工本费|流水|额度|放款"),
    ("relative", r"冒充.{0,4}(?:亲戚|熟人|孙子|儿子|朋友)|外甥|被盗号|换脸|换了号"),
    ("shopping", r"闲鱼|二手|定金|演唱会|门票|不发货|买.{0,8}拉黑|订盒饭|采购"),
    ("game", r"游戏|皮肤|装备|账号.{0,6}卖|防沉迷"),
    ("nude_chat", r"裸聊|通讯录|视频.{0,6}威胁"),
    ("phishing", r"链接|短信|etc|验证码|二维码|扫码|钓鱼|屏幕|远程"),
    ("prize", r"中奖|领奖|奖金|个人所得税"),
)
_METHODS = tuple((code, re.compile(words)) for code, words in METHODS)


@dataclass(frozen=True)
class Said:
    """A value and where the words say it; `certain` False where only its surroundings suggest what it is."""

    value: str
    start: int
    end: int
    certain: bool = True


@dataclass(frozen=True)
class Payment:
    """What a stop-payment request needs. Accounts in digits only; amount in yuan."""

    victim: Said | None = None
    account: Said | None = None
    counter_account: Said | None = None
    bank: Said | None = None
    amount: Said | None = None
    time: Said | None = None
    method: Said | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the fields that have to be asked for."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is None)


def read_payment(words: str) -> Payment:
    """The fields that the words give. Takes any text, reads its beginning only."""
    text = normalise(words[:READ_CHARACTERS])
    own, counter = _accounts(text)
    return Payment(
        victim=_victim(text),
        account=own,
        counter_account=counter,
        bank=_first(text, _BANK),
        amount=_amount(text),
        time=_first(text, _WHEN),
        method=_method(text),
    )


def is_card_number(digits: str) -> bool:
    """Whether the check digit of a card number of 12 to 19 figures is right."""
    if not digits.isascii() or not digits.isdigit() or not 12 <= len(digits) <= 19:
        return False
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _said(text: Normalised, value: str, start: int, end: int, certain: bool = True) -> Said:
    return Said(value, *text.span(start, end), certain)


def _first(text: Normalised, pattern: re.Pattern[str]) -> Said | None:
    found = pattern.search(text.text)
    return _said(text, found[0].strip(), found.start(), found.end()) if found else None


def _victim(text: Normalised) -> Said | None:
    named = _PERSON.search(text.text)
    if named:
        return _said(text, named[1], named.start(1), named.end(1))
    kin = _KIN.search(text.text)
    return _said(text, kin[0], kin.start(), kin.end(), certain=False) if kin else None


def _accounts(text: Normalised) -> tuple[Said | None, Said | None]:
    """(own, the other side's). A number whose owner is not said counts as the other side's, not certain."""
    own: Said | None = None
    counter: Said | None = None
    for value, start, end in _account_numbers(text.text):
        before = text.text[max(0, start - 24) : start]
        if _OTHERS_ACCOUNT.search(before):
            counter = counter or _said(text, value, start, end, is_card_number(value) or not value.isdigit())
        elif _OWN_ACCOUNT.search(before):
            own = own or _said(text, value, start, end, is_card_number(value))
        else:
            counter = counter or _said(text, value, start, end, certain=False)
    return own, counter


def _account_numbers(text: str) -> Iterator[tuple[str, int, int]]:
    taken: list[tuple[int, int]] = []
    for found in _ACCOUNT.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if not (len(digits) == 11 and digits.startswith("1")) and not _is_identity(digits, text[found.end() :]):
            taken.append(found.span())
            yield digits, found.start(), found.end()
    for pattern in (_TAIL, _HANDLE):
        for found in pattern.finditer(text):
            if not any(a < found.end(1) and found.start(1) < b for a, b in taken):
                yield ("*" if pattern is _TAIL else "") + found[1], found.start(1), found.end(1)


def _is_identity(digits: str, after: str) -> bool:
    """An identity number (GB 11643): 18 figures, or 17 and an X, with a date of birth inside."""
    long = len(digits) == 18 or (len(digits) == 17 and after.startswith("x"))
    return long and digits[6:8] in ("19", "20") and "01" <= digits[10:12] <= "12" and not is_card_number(digits)


def _amount(text: Normalised) -> Said | None:
    """The total if one is named, else the sum of money that is largest."""
    best: tuple[bool, float, int, int] | None = None
    accounts = [(start, end) for _, start, end in _account_numbers(text.text)]
    for found in numbers(text.text):
        before, after = text.text[max(0, found.start - 10) : found.start], text.text[found.end :]
        if any(a < found.end and found.start < b for a, b in accounts) or _NOT_MONEY_AFTER.match(after):
            continue
        money = bool(_MONEY_AFTER.match(after))
        if not money and not (_MONEY_BEFORE.search(before) and (found.units or found.value >= 100)):
            continue
        if found.value <= 0 or found.value >= 1e11 or (found.end - found.start >= 11 and not found.units):
            continue
        one = (bool(_TOTAL.search(before)), found.value, found.start, found.end)
        best = max(best, one) if best else one
    if best is None:
        return None
    total, value, start, end = best
    return _said(text, f"{value:.2f}".removesuffix(".00"), start, end, certain=total or _only_one(text, value))


def _only_one(text: Normalised, value: float) -> bool:
    return sum(1 for one in numbers(text.text) if one.units and one.value >= 100 and one.value != value) == 0


def _method(text: Normalised) -> Said | None:
    for code, pattern in _METHODS:
        found = pattern.search(text.text)
        if found:
            return _said(text, code, found.start(), found.end(), certain=False)
    return None
