"""The exchange files: requests that go out, answers that come back. Pure. docs/antifraud.md describes both.

There is no public description of the interface between police and banks: these are our own, and simple on purpose.
"""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson

from jieying.diversion.antifraud.model import FIELDS, Answer, Format, Refusal
from jieying.diversion.antifraud.rules import AnswerRow

REQUEST_COLUMNS = ("request_id", "batch_id", "number", *FIELDS, "made_by", "acting_as", "requested_at")
ANSWER_COLUMNS = ("request_id", "batch_id", "answer", "at", "stopped_amount", "reason")
ROWS_MOST = 5_000
BOM = "\ufeff"


@dataclass(frozen=True)
class RowFault:
    """A line of a file that cannot be taken; the words stand under `answer_fault.<code>`."""

    line: int
    code: str


def render(rows: Sequence[Mapping[str, Any]], format: Format) -> bytes:
    """The file of these requests; the same rows always give the same bytes."""
    if format is Format.JSONL:
        return b"".join(orjson.dumps({c: row.get(c) for c in REQUEST_COLUMNS}) + b"\n" for row in rows)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, REQUEST_COLUMNS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return (BOM + out.getvalue()).encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_answers(content: bytes) -> tuple[list[AnswerRow], list[RowFault]]:
    """The answers of a file, CSV or JSON Lines, and the lines that are none. Takes any bytes."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [RowFault(content[: error.start].count(b"\n") + 1, "not_utf8")]
    if not text.strip():
        return [], [RowFault(1, "empty")]
    raw, wrong = _json_lines(text) if text.lstrip().startswith("{") else _csv_lines(text)
    rows: list[AnswerRow] = []
    for line, given in raw:
        found = _row(line, given)
        if isinstance(found, AnswerRow):
            rows.append(found)
        else:
            wrong.append(RowFault(line, found))
    if len(raw) > ROWS_MOST:
        wrong.append(RowFault(ROWS_MOST + 1, "too_many"))
    return rows, sorted(wrong, key=lambda fault: fault.line)


Raw = list[tuple[int, dict[str, Any]]]


def _json_lines(text: str) -> tuple[Raw, list[RowFault]]:
    raw: Raw = []
    wrong: list[RowFault] = []
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        try:
            given = orjson.loads(content)
        except orjson.JSONDecodeError:
            given = None
        if isinstance(given, dict):
            raw.append((line, given))
        else:
            wrong.append(RowFault(line, "not_json"))
    return raw, wrong


def _csv_lines(text: str) -> tuple[Raw, list[RowFault]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    raw: Raw = []
    try:
        names = reader.fieldnames or []
        if not {"request_id", "batch_id", "answer", "at"} <= set(names):
            return [], [RowFault(1, "no_header")]
        for given in reader:
            raw.append((reader.line_num, {name: value for name, value in given.items() if name is not None}))
    except csv.Error:
        return raw, [RowFault(reader.line_num, "not_csv")]
    return raw, []


def _row(line: int, given: Mapping[str, Any]) -> AnswerRow | str:
    """The answer, or the code of what is wrong with it."""
    said = {name: str(value).strip() for name, value in given.items() if value is not None}
    if said.keys() - set(ANSWER_COLUMNS):
        return "unknown_column"
    request, batch = _uuid(said.get("request_id", "")), _uuid(said.get("batch_id", ""))
    if request is None:
        return "no_request_id"
    if batch is None:
        return "no_batch_id"
    if said.get("answer") not in set(Answer):
        return "no_such_answer"
    answer, at = Answer(said["answer"]), _moment(said.get("at", ""))
    if at is None:
        return "at_unreadable"
    reason = said.get("reason") or None
    if answer is Answer.REFUSED and reason not in set(Refusal):
        return "no_such_reason"
    amount = None
    if answer is Answer.STOPPED:
        amount = _amount(said.get("stopped_amount", ""))
        if amount is None:
            return "amount_unreadable"
    return AnswerRow(line, request, batch, answer, at, amount, reason if answer is Answer.REFUSED else None)


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount < 0 or amount >= Decimal(10) ** 12:
        return None
    rounded = round(amount, 2)
    return rounded if rounded == amount else None
