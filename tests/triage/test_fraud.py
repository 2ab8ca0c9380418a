"""The fields of a stop-payment request, read from what a victim says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.triage.fraud import Payment, is_card_number, read_payment

CARD = "6222020200112230004"  # invented, with a right check digit


def test_a_full_story_gives_all_fields() -> None:
    words = (
        f"我叫张小云，昨天下午3点被骗，刷单返利，从我的卡6217001234567890128转到对方卡号{CARD}，工商银行，一共12万8千"
    )
    found = read_payment(words)
    assert found.missing == ()
    values = {
        name: getattr(found, name).value for name in ("victim", "counter_account", "bank", "amount", "time", "method")
    }
    assert values == {
        "victim": "张小云", "counter_account": CARD, "bank": "工商银行", "amount": "128000",
        "time": "昨天下午3点", "method": "part_time",
    }  # fmt: skip


def test_every_field_says_where_it_stands() -> None:
    words = "刚才被骗转了３万元到支付宝"
    found = read_payment(words)
    assert found.amount is not None
    assert (found.amount.value, words[found.amount.start : found.amount.end]) == ("30000", "３万")
    assert found.time is not None
    assert words[found.time.start : found.time.end] == "刚才"


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("被骗了12万8千", "128000"), ("先转了3000，又转了5000，一共八千", "8000"), ("转账4.6万", "46000"),
        ("充值了两千三百块", "2300"), ("损失1200元", "1200"), ("先返两百块，后来投了三万", "30000"),
    ],
)  # fmt: skip
def test_the_total_or_the_largest_sum_is_the_amount(words: str, amount: str) -> None:
    found = read_payment(words).amount
    assert found is not None
    assert found.value == amount


@pytest.mark.parametrize("words", ["我在3号楼", "下午3点到的", "我电话13800001111", "他20岁", "刚才", "3号"])
def test_what_is_no_money_is_no_amount(words: str) -> None:
    assert read_payment(words).amount is None


def test_a_telephone_number_is_no_account() -> None:
    assert read_payment("我手机13812345678，被骗了").counter_account is None


def test_an_identity_number_is_no_account() -> None:
    assert read_payment("我身份证110101199003078515被冒用").counter_account is None


def test_a_wrong_check_digit_is_said() -> None:
    right, wrong = read_payment(f"转到对方{CARD}"), read_payment(f"转到对方{CARD[:-1]}{(int(CARD[-1]) + 1) % 10}")
    assert right.counter_account is not None
    assert wrong.counter_account is not None
    assert (right.counter_account.certain, wrong.counter_account.certain) == (True, False)


def test_the_last_figures_of_a_card_are_kept_as_such() -> None:
    found = read_payment("钱转给骗子了，对方尾号3321")
    assert found.counter_account is not None
    assert found.counter_account.value == "*3321"


def test_what_is_not_said_is_missing() -> None:
    assert set(Payment().missing) == {"victim", "account", "counter_account", "bank", "amount", "time", "method"}


@given(
    st.text(alphabet=st.sampled_from(list("0123456789万千百元块我转到卡号对方，. x@刚才号楼点")), max_size=80)
    | st.text()
)
def test_any_text_is_taken(words: str) -> None:
    found = read_payment(words)
    assert all(0 <= s.start < s.end <= len(words) for name in vars(found) if (s := getattr(found, name)))


@given(st.integers(10**14, 10**18 - 1))
def test_one_wrong_figure_is_always_noticed(number: int) -> None:
    digits = next(d for d in (f"{number}{last}" for last in range(10)) if is_card_number(d))
    for at in (0, len(digits) // 2, len(digits) - 1):
        other = digits[:at] + str((int(digits[at]) + 1) % 10) + digits[at + 1 :]
        assert not is_card_number(other)
