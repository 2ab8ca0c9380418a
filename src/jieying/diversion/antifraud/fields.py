"""The fields of a stop-payment request: filled from what was said, and what is missing or wrong about them. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from jieying.diversion.antifraud.model import FIELD_MOST, FIELDS, OPTIONAL, MadeBy
from jieying.diversion.antifraud.when import moment_of
from jieying.kit.normal import plain
from jieying.triage.fraud import Said, is_card_number, read_payment

AMOUNT_MOST = Decimal(100_000_000)  # yuan; more in one transfer is a slip of the key
OLDEST = timedelta(days=30)  # what left longer ago is not stopped in an emergency but frozen by a case
FUTURE = timedelta(minutes=1)  # a bank's clock may be ahead

_DIGITS = re.compile(r"\d+")
_PAYMENT_ACCOUNT = re.compile(r"[\w.+@-]{5,64}")
_PAYMENT_SERVICE = re.compile("支付宝|微信|财付通|云闪付")
_CONTACT = re.compile(r"\+?[\d -]{7,20}")


@dataclass(frozen=True)
class Field:
    """A value, who it comes from (`read` in the words, or a `person`), and whether a person has looked at it.

    `start`, `end`: where in the report's words it stands.
    """

    value: str
    source: str
    certain: bool
    checked: bool
    start: int | None = None
    end: int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Fields = dict[str, Field]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field; the words stand under `stop_fault.<code>`."""

    field: str
    code: str


def from_json(stored: Mapping[str, Mapping[str, Any]]) -> Fields:
    return {name: Field(**stored[name]) for name in FIELDS if name in stored}


def as_json(fields: Fields) -> dict[str, dict[str, Any]]:
    return {name: field.as_json() for name, field in fields.items()}


def read_fields(
    words: str, name: str, contact: str, received_at: datetime, timezone: str
) -> tuple[Fields, MadeBy, str]:
    """(fields, whose report it is, in which relation): as far as the words and the reporter's own data give them."""
    payment = read_payment(words)
    fields: Fields = {}

    def put(name: str, said: Said | None, value: str | None = None, certain: bool | None = None) -> None:
        if said is not None:
            sure = said.certain if certain is None else certain
            fields[name] = Field(value or said.value, "read", sure, False, said.start, said.end)

    relation = ""
    if payment.victim is not None and not payment.victim.certain:  # "my mother": who speaks acts for the victim
        relation = payment.victim.value
    elif payment.victim is not None:
        put("victim", payment.victim)
    elif name.strip():
        fields["victim"] = Field(name.strip()[:FIELD_MOST], "read", False, False)
    if contact.strip():
        fields["contact"] = Field(contact.strip()[:FIELD_MOST], "read", True, False)
    put("account", payment.account)
    put("counter_account", payment.counter_account)
    put("bank", payment.bank, certain=False)  # whose bank is meant is not said
    put("amount", payment.amount)
    put("method", payment.method, certain=True)
    moment = moment_of(payment.time.value, received_at.astimezone(ZoneInfo(timezone))) if payment.time else None
    if moment:
        put("time", payment.time, moment[0].isoformat(timespec="minutes"), moment[1])
    return fields, MadeBy.FOR_VICTIM if relation else MadeBy.VICTIM, relation


def corrected(fields: Fields, given: Mapping[str, str]) -> tuple[Fields, list[str]]:
    """The fields after a person has looked at those given, and the names of those whose value is another now."""
    after, changed = dict(fields), []
    for name, value in given.items():
        tidy, before = _tidy(name, value), fields.get(name)
        if before is not None and before.value == tidy:
            after[name] = Field(tidy, before.source, before.certain, True, before.start, before.end)
            continue
        if tidy:
            after[name] = Field(tidy, "person", True, True)
        elif after.pop(name, None) is None:
            continue
        changed.append(name)
    return after, changed


def _tidy(name: str, value: str) -> str:
    value = unicodedata.normalize("NFKC", value).strip()
    if name in ("account", "counter_account") and re.fullmatch(r"[\d -]+", value):
        return re.sub(r"\D", "", value)
    return value.replace(",", "") if name == "amount" else value


def faults(fields: Fields, made_by: str, acting_as: str, now: datetime) -> list[Fault]:
    """Everything that stands against requesting it, in the order of the fields."""
    found = [Fault(name, "missing") for name in FIELDS if name not in OPTIONAL and name not in fields]
    for name, field in fields.items():
        code = _wrong(name, field.value, fields, now)
        if code is None and field.source == "read" and not field.certain and not field.checked:
            code = "unchecked"
        if code is not None:
            found.append(Fault(name, code))
    if made_by == MadeBy.FOR_VICTIM and not acting_as.strip():
        found.append(Fault("acting_as", "missing"))
    order = {name: i for i, name in enumerate((*FIELDS, "acting_as"))}
    return sorted(found, key=lambda fault: order[fault.field])


def _wrong(name: str, value: str, fields: Fields, now: datetime) -> str | None:
    formula = value[0] in "=@" or (
        value[0] in "+-" and name not in ("contact", "amount")
    )  # a spreadsheet would reckon with it
    if len(value) > FIELD_MOST or not value.isprintable() or formula:
        return "unreadable"
    if name in ("account", "counter_account"):
        bank = fields.get("bank")
        code = _wrong_account(value, bank.value if bank and name == "counter_account" else "")
        other = fields.get("account")
        if code is None and name == "counter_account" and other and plain(other.value) == plain(value):
            return "same_account"
        return code
    if name == "amount":
        return _wrong_amount(value)
    if name == "time":
        return _wrong_time(value, now)
    if name == "contact" and not _CONTACT.fullmatch(value):
        return "no_telephone"
    return None


def _wrong_account(value: str, bank: str) -> str | None:
    """A card by length and check digit (ISO/IEC 7812-1), another bank account by its length.

    A payment service's account may be a name, a telephone number or a mail address.
    """
    if value.startswith("*"):
        return "last_figures_only"
    if not _DIGITS.fullmatch(value) or _PAYMENT_SERVICE.search(bank):
        return None if _PAYMENT_ACCOUNT.fullmatch(value) else "no_account"
    if value.startswith("62") and not 16 <= len(value) <= 19:
        return "card_length"
    if not 9 <= len(value) <= 32:
        return "account_length"
    # Cards begin so and are as long; accounts of companies, which have no check digit, seldom do both.
    is_card = value.startswith("62") or (len(value) in (16, 19) and value[0] in "34569")
    return "card_check_digit" if is_card and not is_card_number(value) else None


def _wrong_amount(value: str) -> str | None:
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return "amount_unreadable"
    if not amount.is_finite():
        return "amount_unreadable"
    if amount <= 0:
        return "amount_not_positive"
    if amount > AMOUNT_MOST:
        return "amount_too_large"
    return None if amount == round(amount, 2) else "amount_unreadable"


def _wrong_time(value: str, now: datetime) -> str | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return "time_unreadable"
    if moment.tzinfo is None:
        return "time_unreadable"
    if moment > now + FUTURE:
        return "time_in_future"
    return "time_too_old" if moment < now - OLDEST else None


def masked(name: str, value: str) -> str:
    """As lists show it: of accounts and telephone numbers the last four, of names the first character."""
    if name in ("account", "counter_account", "contact"):
        return "*" * 4 + value[-4:] if len(value) > 4 else "*" * len(value)
    return value[:1] + "*" * max(0, len(value) - 1)
