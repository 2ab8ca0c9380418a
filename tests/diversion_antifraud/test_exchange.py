"""The exchange files: what goes out, what comes back, late, twice, broken, or about something else."""

import csv
import hashlib
import io
import json
from datetime import UTC
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.bootstrap import Platform
from jieying.diversion.antifraud.exchange import ANSWER_COLUMNS, BOM, REQUEST_COLUMNS, read_answers, render
from jieying.diversion.antifraud.model import Format
from jieying.kit.clock import ManualClock
from tests.conftest import SignIn
from tests.diversion_antifraud.desk import DeskAt, said
from tests.incidents import acts

R, B, AT = str(uuid4()), str(uuid4()), "2026-11-22T12:00:00+08:00"


@pytest.fixture
async def desk(platform: Platform, client: httpx.AsyncClient, sign_in: SignIn) -> DeskAt:
    return await DeskAt.signed_in(platform, client, sign_in)


async def stops(platform: Platform) -> list[Any]:
    return await acts.fetch(platform, "SELECT * FROM fraud_stop ORDER BY id")


async def test_the_file_has_its_columns_its_hash_and_is_the_same_again(desk: DeskAt) -> None:
    await desk.requested()
    made = (await desk.post("exports")).json()
    assert made["count"] == 1
    for format, first in (("csv", BOM + ",".join(REQUEST_COLUMNS)), ("jsonl", '{"request_id":')):
        one, two = [await desk.get(f"exports/{made['batch']}?format={format}") for _ in range(2)]
        assert one.content == two.content
        assert one.content.decode().startswith(first)
        assert one.headers["X-Content-SHA256"] == hashlib.sha256(one.content).hexdigest() == made["sha256"][format]


async def test_both_formats_say_the_same(desk: DeskAt) -> None:
    await desk.requested()
    batch, (row,) = await desk.export()
    (line,) = (await desk.get(f"exports/{batch}?format=jsonl")).content.splitlines()
    said_there = {name: "" if value is None else str(value) for name, value in json.loads(line).items()}
    assert said_there == row


async def test_what_was_sent_is_not_sent_again(desk: DeskAt) -> None:
    await desk.requested()
    await desk.export()
    again = await desk.post("exports")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_send")


async def test_that_a_file_was_fetched_is_on_record(platform: Platform, desk: DeskAt) -> None:
    await desk.requested()
    batch, _ = await desk.export()
    assert await acts.kinds(platform, batch) == ["fraud.exported", "fraud.export_read"]


async def test_the_same_answer_twice_changes_nothing_the_second_time(platform: Platform, desk: DeskAt) -> None:
    stop = await desk.requested()
    batch, _ = await desk.export()
    answer = said(stop["id"], batch, "stopped", desk.now(), stopped_amount="12.50")
    assert (await desk.answers(answer)).json() == {"taken": 1, "repeated": 0, "late": 0}
    before = await stops(platform)
    assert (await desk.answers(answer, answer)).json() == {"taken": 0, "repeated": 2, "late": 0}
    assert await stops(platform) == before


async def test_an_acceptance_that_comes_after_the_outcome_is_late(platform: Platform, desk: DeskAt) -> None:
    stop = await desk.requested()
    batch, _ = await desk.export()
    await desk.answers(said(stop["id"], batch, "nothing_left", desk.now()))
    assert (await desk.answers(said(stop["id"], batch, "accepted", desk.now()))).json()["late"] == 1
    assert [row.state for row in await stops(platform)] == ["nothing_left"]


async def test_an_answer_to_what_was_corrected_since_is_late(platform: Platform, desk: DeskAt) -> None:
    stop = await desk.requested()
    first, _ = await desk.export()
    refusal = said(stop["id"], first, "refused", desk.now(), reason="name_differs")
    await desk.answers(refusal)
    back = (await desk.post(f"requests/{stop['id']}/take-back")).json()["stops"][0]
    assert (await desk.answers(refusal)).json()["repeated"] == 1
    await desk.post(f"requests/{stop['id']}/request", {"version": back["version"]})
    await desk.export()
    assert (await desk.answers(refusal)).json() == {"taken": 0, "repeated": 0, "late": 1}
    assert [row.state for row in await stops(platform)] == ["sent"]


async def test_an_answer_that_contradicts_an_earlier_one_is_refused(platform: Platform, desk: DeskAt) -> None:
    stop = await desk.requested()
    batch, _ = await desk.export()
    await desk.answers(said(stop["id"], batch, "stopped", desk.now(), stopped_amount="12.50"))
    for other in (
        said(stop["id"], batch, "stopped", desk.now(), stopped_amount="13"),
        said(stop["id"], batch, "nothing_left", desk.now()),
        said(stop["id"], batch, "refused", desk.now(), reason="other"),
    ):
        answer = await desk.answers(other)
        assert (answer.status_code, answer.json()["params"]["rows"]) == (422, [{"line": 1, "code": "contradicts"}])


async def test_one_bad_line_is_named_and_nothing_of_the_file_is_taken(platform: Platform, desk: DeskAt) -> None:
    stop = await desk.requested()
    batch, _ = await desk.export()
    good = said(stop["id"], batch, "stopped", desk.now(), stopped_amount="1")
    answer = await desk.answers(good, said(str(uuid4()), batch, "accepted", desk.now()), {"request_id": "?"})
    assert (answer.status_code, answer.json()["code"]) == (422, "answers_bad")
    assert answer.json()["params"]["rows"] == [
        {"line": 2, "code": "unknown_request"}, {"line": 3, "code": "no_request_id"},
    ]  # fmt: skip
    assert "第2行：没有这个申请" in answer.json()["detail"]
    assert [row.state for row in await stops(platform)] == ["sent"]
    assert (await desk.answers(good)).json()["taken"] == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"batch_id": str(uuid4())}, "unknown_batch"), ({"at": "2026-11-22T12:06:00+08:00"}, "at_in_future"),
        ({"at": "2026-11-22T11:54:00+08:00"}, "at_before_sent"),
    ],
)  # fmt: skip
async def test_an_answer_that_cannot_be_is_named(desk: DeskAt, change: dict[str, str], code: str) -> None:
    stop = await desk.requested()
    batch, _ = await desk.export()
    answer = await desk.answers(said(stop["id"], batch, "accepted", desk.now()) | change)
    assert answer.json()["params"]["rows"] == [{"line": 1, "code": code}]


async def test_an_answer_to_what_was_never_sent_is_refused(desk: DeskAt) -> None:
    stop = await desk.requested()
    answer = await desk.answers(said(stop["id"], str(uuid4()), "accepted", desk.now()))
    assert answer.json()["params"]["rows"] == [{"line": 1, "code": "unknown_batch"}]


async def test_a_very_late_answer_still_tells_what_happened(
    platform: Platform, desk: DeskAt, clock: ManualClock
) -> None:
    stop = await desk.requested()
    batch, _ = await desk.export()
    then = desk.now()
    clock.advance(3 * 86_400)
    await desk.answers(said(stop["id"], batch, "nothing_left", then))
    assert [row.state for row in await stops(platform)] == ["nothing_left"]


# --- the files alone -------------------------------------------------------------------------------------

GOOD = {"request_id": R, "batch_id": B, "answer": "accepted", "at": AT}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (GOOD | {"request_id": "7"}, "no_request_id"), (GOOD | {"batch_id": ""}, "no_batch_id"),
        (GOOD | {"answer": "maybe"}, "no_such_answer"), (GOOD | {"at": "today"}, "at_unreadable"),
        (GOOD | {"at": "2026-11-22T12:00:00"}, "at_unreadable"), (GOOD | {"answer": "refused"}, "no_such_reason"),
        (GOOD | {"answer": "refused", "reason": "mood"}, "no_such_reason"),
        (GOOD | {"answer": "stopped"}, "amount_unreadable"),
        (GOOD | {"answer": "stopped", "stopped_amount": "-1"}, "amount_unreadable"),
        (GOOD | {"answer": "stopped", "stopped_amount": "NaN"}, "amount_unreadable"),
        (GOOD | {"answer": "stopped", "stopped_amount": "1.005"}, "amount_unreadable"),
        (GOOD | {"answer": "stopped", "stopped_amount": "1e99"}, "amount_unreadable"),
        (GOOD | {"note": "x"}, "unknown_column"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_by_line_and_reason(row: dict[str, str], code: str) -> None:
    rows, wrong = read_answers(json.dumps(GOOD).encode() + b"\n\n" + json.dumps(row).encode())
    assert len(rows) == 1
    assert [(fault.line, fault.code) for fault in wrong] == [(3, code)]


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (b"", 1, "empty"), (b"\n \n", 1, "empty"), (b"a,b\n1,2\n", 1, "no_header"), (b"\xff\xfe", 1, "not_utf8"),
        (b"{}\n{", 2, "not_json"), (b"request_id,batch_id,answer,at\n\xff", 2, "not_utf8"),
        (b"PK\x03\x04zip", 1, "no_header"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_named_too(content: bytes, line: int, code: str) -> None:
    _, wrong = read_answers(content)
    assert (line, code) in [(fault.line, fault.code) for fault in wrong]


@given(st.binary(max_size=300) | st.text(alphabet='{}",:\n\r request_idbatchanswer0-9', max_size=300).map(str.encode))
def test_any_bytes_are_answers_or_named_faults(content: bytes) -> None:
    rows, wrong = read_answers(content)
    assert rows or wrong


_cell = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(REQUEST_COLUMNS, _cell)), max_size=5))
def test_a_file_of_requests_reads_back_as_it_was(rows: list[dict[str, str]]) -> None:
    text = render(rows, Format.CSV).decode("utf-8-sig")
    assert [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""))] == rows
    assert [json.loads(line) for line in render(rows, Format.JSONL).split(b"\n") if line] == rows


_answer = st.fixed_dictionaries(
    {
        "request_id": st.uuids().map(str), "batch_id": st.uuids().map(str), "answer": st.just("stopped"),
        "at": st.datetimes(timezones=st.just(UTC)).map(lambda m: m.isoformat()),
        "stopped_amount": st.decimals(0, 10**8, places=2).map(str), "reason": st.just(""),
    }
)  # fmt: skip


@given(st.lists(_answer, min_size=1, max_size=5))
def test_answers_say_the_same_as_csv_and_as_json_lines(rows: list[dict[str, str]]) -> None:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, ANSWER_COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    from_csv, wrong = read_answers((BOM + out.getvalue()).encode())
    from_lines, also_wrong = read_answers("\n".join(json.dumps(row) for row in rows).encode())
    assert wrong == also_wrong == []
    assert [one.__dict__ | {"line": 0} for one in from_csv] == [one.__dict__ | {"line": 0} for one in from_lines]
