"""`jieying journal verify` finds what was done to the journal behind the back of the program."""

import json

import pytest

from tests.cli.running import Machine, Serving


def test_an_untouched_journal_has_no_faults(shared: Machine, service: Serving) -> None:
    report = shared.folder / "journal.json"
    shared.add_user("anna", "auditor")
    shared.done("journal", "verify", "--json", str(report))
    found = json.loads(report.read_text())
    assert found["entries"] >= 1
    assert found["faults"] == []


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE journal SET actor = 'somebody else' WHERE subject = '{}'", "changed"),
        ("DELETE FROM journal WHERE subject = '{}'", "removed"),
    ],
)
def test_a_row_that_was_tampered_with_is_named(shared: Machine, service: Serving, statement: str, problem: str) -> None:
    username, report = f"victim-{problem}", shared.folder / "journal.json"
    shared.add_user(username, "auditor")
    shared.sql("SET session_replication_role = replica", statement.format(username))  # the journal's guard is off
    ended = shared.run("journal", "verify", "--json", str(report))
    faults = [fault for fault in json.loads(report.read_text())["faults"] if fault["subject"] == username]
    assert ended.returncode == 1
    assert username in ended.stdout
    assert [(fault["problem"], fault["number"]) for fault in faults] == [(problem, 1)]
