"""The fields of a stop-payment request: when a victim says the money left, and every way a field can be wrong."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.diversion.antifraud.fields import (
    Field,
    as_json,
    corrected,
    faults,
    from_json,
    masked,
    read_fields,
)
from jieying.diversion.antifraud.model import FIELDS
from jieying.diversion.antifraud.when import moment_of
from tests.diversion_antifraud.desk import CARD, OWN, luhn, whole

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
HERE = NOON.astimezone(ZoneInfo("Asia/Shanghai"))  # Sunday 22 November, 12:00


def wrong(**fields: str) -> dict[str, str]:
    """What is wrong with a request whose other fields are right, by field."""
    given = {name: Field(value, "person", True, True) for name, value in whole(**fields).items() if value}
    return {fault.field: fault.code for fault in faults(given, "victim", "", NOON)}


def test_a_whole_request_has_nothing_wrong() -> None:
    assert wrong() == {}


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in ("counter_name", "method")])
def test_a_field_that_is_not_there_is_named(name: str) -> None:
    assert wrong(**{name: ""}) == {name: "missing"}


@pytest.mark.parametrize("name", ["counter_name", "method"])
def test_a_request_may_go_without_these(name: str) -> None:
    assert wrong(**{name: ""}) == {}


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ("*3321", "last_figures_only"), (CARD[:-1] + "5", "card_check_digit"), ("62220202", "card_length"),
        ("62" + "0" * 20, "card_length"), ("4" * 16, "card_check_digit"), ("12345678", "account_length"),
        ("1" * 33, "account_length"), ("zhang san", "no_account"), ("账号", "no_account"), (OWN, "same_account"),
        ("=1+1", "unreadable"), ("@x", "unreadable"), ("1\x002", "unreadable"), ("1" * 101, "unreadable"),
    ],
)  # fmt: skip
def test_a_wrong_account(account: str, code: str) -> None:
    assert wrong(counter_account=account) == {"counter_account": code}


@pytest.mark.parametrize("account", [CARD, luhn("436742123456789"), "1202020109900012345", "110001234567890123456"])
def test_cards_and_accounts_of_companies_are_taken(account: str) -> None:
    assert wrong(counter_account=account) == {}


@pytest.mark.parametrize("account", ["13900001111", "wx_zhang88", "zhang@example.com"])
def test_an_account_of_a_payment_service_may_be_a_telephone_number_or_a_name(account: str) -> None:
    assert wrong(counter_account=account, bank="支付宝") == {}


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0", "amount_not_positive"), ("-5", "amount_not_positive"), ("一万", "amount_unreadable"),
        ("1.234", "amount_unreadable"), ("NaN", "amount_unreadable"), ("Infinity", "amount_unreadable"),
        ("1e3000000", "amount_too_large"), ("100000000.01", "amount_too_large"),
    ],
)  # fmt: skip
def test_a_wrong_amount(amount: str, code: str) -> None:
    assert wrong(amount=amount) == {"amount": code}


@pytest.mark.parametrize(
    ("time", "code"),
    [
        ("昨天", "time_unreadable"), ("2026-11-22T11:50", "time_unreadable"),
        ("2026-11-22T12:02+08:00", "time_in_future"),
        ("2026-10-23T11:59+08:00", "time_too_old"), ("2026-13-01T00:00Z", "time_unreadable"),
    ],
)  # fmt: skip
def test_a_wrong_time(time: str, code: str) -> None:
    assert wrong(time=time) == {"time": code}


@pytest.mark.parametrize("contact", ["abc", "12", "139000011112345678901234"])
def test_a_wrong_telephone_number(contact: str) -> None:
    assert wrong(contact=contact) == {"contact": "no_telephone"}


def test_what_was_read_without_certainty_has_to_be_looked_at() -> None:
    fields, made_by, _ = read_fields("我被骗了，卡号6222020200112230004", "", "", NOON, "Asia/Shanghai")
    assert ("counter_account", "unchecked") in [(f.field, f.code) for f in faults(fields, made_by, "", NOON)]
    after, changed = corrected(fields, {"counter_account": "６２２２ 0202 0011 2230 004"})
    assert changed == []
    assert ("counter_account", "unchecked") not in [(f.field, f.code) for f in faults(after, made_by, "", NOON)]


def test_a_corrected_field_is_the_persons_and_an_empty_one_goes() -> None:
    before = {"victim": Field("张", "read", True, False), "bank": Field("工行", "read", False, False)}
    after, changed = corrected(before, {"victim": "张三", "bank": " ", "method": ""})
    assert after == {"victim": Field("张三", "person", True, True)}
    assert changed == ["victim", "bank"]


@pytest.mark.parametrize(
    ("said", "minutes_ago", "certain"),
    [
        ("刚刚", 0, False), ("10分钟前", 10, False), ("半小时前", 30, False), ("两个小时前", 120, False),
        ("今天10:30", 90, False), ("今天上午10点半", 90, True), ("昨天下午3点", 21 * 60, True),
        ("昨天15:20", 20 * 60 + 40, True), ("11月20日晚上8点", 40 * 60, True), ("凌晨1点", 11 * 60, False),
        ("晚上11点", 13 * 60, False), ("今天中午12点", 0, True), ("前天上午9点15分", 50 * 60 + 45, True),
    ],
)  # fmt: skip
def test_when_the_money_left(said: str, minutes_ago: int, certain: bool) -> None:
    assert moment_of(said, HERE) == (HERE - timedelta(minutes=minutes_ago), certain)


@pytest.mark.parametrize("said", ["昨天", "上周", "去年", "", "2月30日3点", "今天99点", "今天10:75"])
def test_without_an_hour_there_is_no_time(said: str) -> None:
    assert moment_of(said, HERE) is None


def test_in_january_a_day_of_december_is_of_last_year() -> None:
    found = moment_of("12月31日晚上9点", datetime(2027, 1, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert found is not None
    assert found[0].isoformat() == "2026-12-31T21:00:00+08:00"


@given(
    st.text(alphabet="0123456789零一二两三十半百万个年月日号天昨今前刚点分:上下午晚早中凌晨小时钟头 ", max_size=30)
    | st.text()
)
def test_any_words_are_taken_as_a_time_or_not(said: str) -> None:
    found = moment_of(said, HERE)
    assert found is None or found[0].tzinfo is not None


@given(st.text(), st.text(max_size=300), st.text(max_size=300))
def test_any_report_is_read_and_what_is_read_comes_back(words: str, name: str, contact: str) -> None:
    fields, made_by, relation = read_fields(words, name, contact, NOON, "Asia/Shanghai")
    assert from_json(as_json(fields)) == fields
    faults(fields, made_by, relation, NOON)


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=120)))
def test_whatever_a_person_types_is_kept_and_judged(given_: dict[str, str]) -> None:
    fields, _ = corrected({}, given_)
    named = {fault.field for fault in faults(fields, "for_victim", "", NOON)}
    assert "acting_as" in named
    assert named <= {*FIELDS, "acting_as"}


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("counter_account", CARD, "****0004"),
        ("contact", "123", "***"),
        ("victim", "张小云", "张**"),
        ("victim", "", ""),
    ],
)
def test_what_lists_show(name: str, value: str, shown: str) -> None:
    assert masked(name, value) == shown
