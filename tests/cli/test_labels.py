"""`jieying understand labels` writes what call-takers decided, for others to learn from."""

import orjson

from tests.cli.running import Machine, Serving

REPORT = """
    INSERT INTO report (region, id, channel, state, received_at, words, handed_in_by)
    SELECT region, uuidv7(), 'phone', 'answered', now(), '我的电话13912345678', 'x' FROM journal LIMIT 1
"""
LABEL = """
    INSERT INTO label (region, id, report_id, act, at, by, model, proposed, decided)
    SELECT region, id, id, 'settled', now(), 'x', 'words', '{}', '{"ours": "enquiry"}' FROM report
"""


def test_labels_are_written_masked_for_their_owner_alone(shared: Machine, service: Serving) -> None:
    file = shared.folder / "mine.jsonl"
    shared.done("understand", "labels", "--out", str(file))  # and the journal has an entry now
    assert file.read_bytes() == b""
    shared.sql(REPORT, LABEL)
    shared.done("understand", "labels", "--out", str(file))
    (line,) = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    assert (line["text"], line["ours"], line["category"]) == ("我的电话139****5678", "enquiry", None)
    assert file.stat().st_mode & 0o077 == 0
