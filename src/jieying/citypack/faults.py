"""What is wrong with a city pack: every fault with file and line, all of them at once."""

from dataclasses import dataclass, field

from jieying.kit.texts import Language, text


@dataclass(frozen=True)
class Fault:
    """One fault. `line` counts from 1; 0 means the file as a whole. Words under `fault.<code>`."""

    file: str
    line: int
    code: str
    params: dict[str, object] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """`file:line: what is wrong`, the way editors understand it."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {text(f'fault.{self.code}', language, **self.params)}"

    def __str__(self) -> str:
        return self.text("en")


class PackFaults(Exception):
    """The pack cannot be used; `faults` names each reason, by file and line."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults
