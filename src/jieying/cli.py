"""The command `jieying`. What is refused is said in the reader's language, with what to do, and never a traceback."""

import sys

import typer
from pydantic import ValidationError

from jieying.citypack.faults import PackFaults
from jieying.commands import antifraud, db, help, journal, knowledge, pack, run, simulate, understand, user
from jieying.commands.doctor import doctor
from jieying.commands.posting import posting
from jieying.commands.serve import serve
from jieying.commands.terminal import LANGUAGE, complain, words
from jieying.kit.errors import Refused
from jieying.kit.logs import set_up

USAGE_WRONG = 2
INTERRUPTED = 130  # as shells count: 128 + SIGINT

help.install()
app = typer.Typer(
    name="jieying",
    help=words("help.jieying"),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command(help=words("help.serve"))(serve)
app.command(help=words("help.demo"))(run.demo)
app.command(help=words("help.replay"))(run.replay)
app.command(help=words("help.doctor"))(doctor)
app.command(help=words("help.posting"))(posting)
app.add_typer(simulate.app, name="simulate", help=words("help.simulate"))
app.add_typer(pack.app, name="pack", help=words("help.pack"))
app.add_typer(db.app, name="db", help=words("help.db"))
app.add_typer(user.app, name="user", help=words("help.user"))
app.add_typer(knowledge.app, name="knowledge", help=words("help.knowledge"))
app.add_typer(understand.app, name="understand", help=words("help.understand"))
app.add_typer(antifraud.app, name="antifraud", help=words("help.antifraud"))
app.add_typer(journal.app, name="journal", help=words("help.journal"))


def main() -> None:
    """What the installed program `jieying` runs."""
    set_up("warning")
    sys.exit(_run())


def _run() -> int:
    try:
        return app(prog_name="jieying", standalone_mode=False) or 0
    except Refused as refused:
        complain(words(f"problem.{refused.code}", **refused.params))
    except PackFaults as found:
        for fault in found.faults:
            complain(fault.text(LANGUAGE))
        complain(words("problem.pack_faults", count=len(found.faults)))
    except ValidationError as wrong:
        for error in wrong.errors():
            name = "JIEYING_" + "_".join(str(part) for part in error["loc"]).upper()
            complain(words("problem.bad_setting", name=name, value=error["input"], reason=error["msg"]))
    except typer.TyperException as misused:
        return _explain(misused)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    return 1


def _explain(misused: typer.TyperException) -> int:
    """Say what is wrong with the command line, and how to get help."""
    if type(misused).__name__ == "NoArgsIsHelpError":  # the help has been shown
        return USAGE_WRONG
    context = getattr(misused, "ctx", None)
    command = context.command_path if context else "jieying"
    complain(words("problem.usage", reason=misused.format_message(), command=command))
    return USAGE_WRONG
