"""`jieying doctor`: looks at everything the system needs on this machine, and says what to do about what is wrong."""

from rich.table import Table

from jieying.commands.terminal import (
    DataDirOption,
    JsonOption,
    PackOption,
    PortOption,
    out,
    say,
    settings,
    words,
    write_json,
)


def doctor(
    pack: PackOption = None,
    data_dir: DataDirOption = None,
    port: PortOption = None,
    json: JsonOption = None,
) -> int:
    from jieying.commands.checks import CHECKS

    chosen = settings(pack=pack, data_dir=data_dir, port=port)
    table = Table(words("column.check"), words("column.state"), words("column.found"))
    found = []
    for name, check in CHECKS.items():
        for finding in check(chosen):
            said = words(finding.key, **finding.params)
            table.add_row(words(f"doctor.{name}"), words(f"doctor.state.{finding.state}"), said)
            found.append({"check": name, "state": finding.state, "found": said})
    out.print(table)
    write_json(json, {"checks": found})
    bad = sum(row["state"] == "bad" for row in found)
    say("doctor.sick" if bad else "doctor.well", count=bad)
    return 1 if bad else 0
