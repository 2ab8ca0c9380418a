"""Why the platform decided something, as a code and its data; the words stand under `reason.<code>`."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reason:
    """One ground of a level, a place, a ranking: shown to a dispatcher, who can check it."""

    code: str
    params: dict[str, str | int | float] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The form that the journal, the database and the API carry."""
        return {"code": self.code, "params": dict(self.params)}
