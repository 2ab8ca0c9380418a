"""What is refused, and how it is said: a code, its data and a status (RFC 9457 problem details).

The words belonging to a code stand in the translation files under `problem.<code>`.
"""

from typing import ClassVar


class Refused(Exception):
    """Base of everything the platform refuses; nothing has changed when it is raised."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        return f"{self.code} {self.params}" if self.params else self.code


class NotSignedIn(Refused):
    """Nobody is signed in, or the session has ended."""

    status = 401


class Forbidden(Refused):
    """The account may not do this."""

    status = 403


class NotFound(Refused):
    """There is no such thing, or not for this account: the answer is the same, so that nothing leaks."""

    status = 404


class Conflict(Refused):
    """The state does not allow it (any more): somebody else was first, or the transition is not in the table."""

    status = 409


class TooLarge(Refused):
    """The body or the file is beyond its limit."""

    status = 413


class UnsupportedType(Refused):
    """The file is of a type that is not taken."""

    status = 415


class Invalid(Refused):
    """The content is wrong: a type, a range, a time, a place."""

    status = 422


class TooMany(Refused):
    """Too many tries in too short a time."""

    status = 429


class Unavailable(Refused):
    """A part that is needed is down or not set up; trying again later may help."""

    status = 503
