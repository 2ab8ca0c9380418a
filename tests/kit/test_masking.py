"""What tells who somebody is gets stars; what is needed to help stays."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jieying.kit.masking import Kind, find, mask


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("13812345678", "138****5678"),
        ("138 1234 5678", "138 **** 5678"),
        ("138-1234-5678", "138-****-5678"),
        ("1381 2345 678", "138* ***5 678"),
        ("138，1234，5678", "138，****，5678"),
        ("+86 13812345678", "+86 138****5678"),
        ("１３８１２３４５６７８", "１３８****５６７８"),
        ("一三八一二三四五六七八", "一三八****五六七八"),
        ("幺三八幺二三四五六拐八", "幺三八****五六拐八"),
        ("1 3 8 1 2 3 4 5 6 7 8", "1 3 8 * * * * 5 6 7 8"),
        ("tel13812345678。", "tel138****5678。"),
        ("0871-65123456", "0871-****3456"),
        ("(010)65123456", "(010)****3456"),
        ("座机：65123456", "座机：65****56"),
        ("+852 6123 4567", "+852 **** 4567"),
    ],
)
def test_telephone_numbers(words: str, masked: str) -> None:
    assert mask(words) == masked
    assert [one.kind for one in find(words)] == [Kind.PHONE]


@pytest.mark.parametrize(
    ("words", "masked", "kind"),
    [
        ("53010219900307123X", "5****************X", Kind.IDENTITY),
        ("530102199003071238", "5****************8", Kind.IDENTITY),  # a wrong check digit
        ("530102 19900307 1238", "5***** ******** ***8", Kind.IDENTITY),
        ("五三零一零二一九九零零三零七一二三叉", "五****************叉", Kind.IDENTITY),
        ("530102900307123", "5*************3", Kind.IDENTITY),
        ("6222 0212 3456 7890 123", "**** **** **** ***0 123", Kind.CARD),
        ("6222021234567890123", "***************0123", Kind.CARD),
        ("999999999999999999", "**************9999", Kind.CARD),  # no birthday in it, no check digit
        ("账号 12345678", "账号 ******78", Kind.CARD),
        ("E12345678", "E******78", Kind.PASSPORT),
        ("回乡证H1234567890", "回乡证H********90", Kind.PASSPORT),
        ("微信：zhang_san88", "微信：z****_****8", Kind.CHAT),
        ("加我qq 12345678", "加我qq 1******8", Kind.CHAT),
        ("zhangsan@qq.com", "z*******@qq.com", Kind.EMAIL),
    ],
)
def test_documents_cards_and_accounts(words: str, masked: str, kind: Kind) -> None:
    assert mask(words) == masked
    assert [one.kind for one in find(words)] == [kind]


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("云A·12345", "云A·***45"),
        ("云A12345", "云A***45"),
        ("云Ａ１２３４５", "云Ａ***４５"),
        ("云AD12345", "云A****45"),
        ("云A·1234警", "云A·***4警"),
        ("云A·1234学", "云A·***4学"),
        ("云A·1234挂", "云A·***4挂"),
        ("云A幺二三四五", "云A***四五"),
    ],
)
def test_number_plates(words: str, masked: str) -> None:
    assert mask(words) == masked
    assert [one.kind for one in find(words)] == [Kind.PLATE]


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("我叫张三，快来", "我叫张*，快来"),
        ("我叫李四住在这里", "我叫李*住在这里"),
        ("我是李小明", "我是李**"),
        ("姓名：诺布次仁", "姓名：诺***"),
        ("联系人：王小二 3号楼", "联系人：王** 3号楼"),
        ("我老公张伟打我", "我老公张*打我"),
        ("张先生在门口", "张**在门口"),
        ("李女士", "李**"),
        ("王师傅的车", "王**的车"),
        ("欧阳修先生", "欧****"),
        ("隔壁老王和他老婆", "隔壁老*和他老婆"),
        ("阿依古丽·买买提", "阿***·***"),
        ("My name is John Smith.", "My name is J*** *****."),
    ],
)
def test_names(words: str, masked: str) -> None:
    assert mask(words) == masked


@pytest.mark.parametrize(
    "words",
    [
        "云岭路88号3栋2单元1502室",
        "三号楼二单元一五零二",
        "2026-11-26 12:30:45",
        "20261126123045",
        "今天下午3点20分",
        "被骗了12万8千，一共128000.50元",
        "转了15000000000元",
        "G56高速K1234+500处，320国道",
        "警情261126-000123",
        "工单编号：20261126000123456",
        "0199d3c4-7b1a-7123-8123-123456789012",
        "25.0389123,102.718345678901",
        "打110、12345或者95588",
        "我叫救护车了，你们叫人来",
        "我是高中生，我是路人",
        "马上来，高速上堵车，老高了，一辆小黄车",
        "孩子高烧，安全出口，金店门口，方向不明",
    ],
)
def test_what_is_needed_to_help_stays(words: str) -> None:
    assert mask(words) == words
    assert find(words) == []


PIECES = st.sampled_from(
    [
        *("13812345678", "138 1234 5678", "一三八", "53010219900307123X", "6222 0212 3456 7890 123", "云A·12345"),
        *("E12345678", "a@b.cn", "0871", "+86", "86", "我叫", "我是", "姓名：", "联系人", "老", "张", "三", "先生"),
        *("微信", "QQ", "电话", "账号"),
        *(" ", "-", "·", ".", "，", "*", "****", "(", ")", "号", "元", "X", "\u200b", "😀", "\ud800", "\n", "１", "9"),
    ]
)  # fmt: skip
WORDS = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.lists(st.one_of(PIECES, st.from_regex(r"\d{1,12}", fullmatch=True))).map("".join),
)


@given(WORDS)
@example("138 1234 5678 12345678901")
def test_a_masked_text_stays_as_it_is_and_is_as_long(words: str) -> None:
    masked = mask(words)
    assert len(masked) == len(words)
    assert mask(masked) == masked


@given(WORDS)
def test_spans_stand_in_order_within_the_text(words: str) -> None:
    ends = 0
    for span in find(words):
        assert ends <= span.start < span.end <= len(words)
        ends = span.end


@given(st.text("1234567890", min_size=13, max_size=19), st.sampled_from(["卡号", "，", "我的是", ""]))
def test_nothing_like_the_number_can_be_read_afterwards(number: str, before: str) -> None:
    words = f"{before}{number}。"
    for span in find(words):
        assert not re.search(r"\d{7}", mask(words)[span.start : span.end])


@given(st.integers(13000000000, 19999999999), st.text("的在 ，a。", max_size=3), st.text("的在 ，a。", max_size=3))
def test_every_mobile_number_is_found(number: int, before: str, after: str) -> None:
    span = next(one for one in find(f"{before}{number}{after}") if one.kind is Kind.PHONE)
    assert f"{before}{number}{after}"[span.start : span.end] == str(number)


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "1-", "a", "a@", "张", "我叫", "老", "·", "*", "云A1", "😀", "\ud800", "\x00", "138 "]
)
def test_a_hundred_kilobytes_of_anything(piece: str) -> None:
    assert len(mask(piece * (100_000 // len(piece)))) == 100_000 // len(piece) * len(piece)
