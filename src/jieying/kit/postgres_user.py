"""As whom the embedded database server runs: PostgreSQL refuses root, and we never widen anybody's rights."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from jieying.kit.errors import Unavailable

# The server must not pick up PGDATA, PGPORT or the locale of whoever starts us.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True)
class ServerUser:
    """`wrapper` starts a program in a user namespace; else `uid` and `gid` say whose rights (None: ours)."""

    wrapper: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def run(self, command: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program to its end; its messages are in stdout, its exit code is not judged."""
        return subprocess.run(
            [*self.wrapper, *command],
            input=text,
            text=True,
            errors="replace",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **self._rights(),
        )

    def spawn(self, command: Sequence[str], log: IO[bytes]) -> psutil.Popen:
        """Start a server in a session of its own, so that Ctrl-C in the terminal reaches us and not it."""
        return psutil.Popen(
            [*self.wrapper, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **self._rights(),
        )

    def own(self, folder: Path) -> None:
        """Give the folder and what is in it to the server's user; its parents stay as they are."""
        if self.uid is None or self.gid is None:
            return
        for path in [folder, *folder.rglob("*")]:
            if path.lstat().st_uid != self.uid:
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def _rights(self) -> dict[str, Any]:
        rights: dict[str, Any] = {"env": _ENVIRONMENT, "umask": 0o077, "cwd": "/"}
        if self.uid is not None:
            rights |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return rights


def server_user(home: Path) -> ServerUser:
    """Whom to run as for this folder: us; for root, the owner of the folder, or a namespace, or nobody.

    A folder of root's is served from a user namespace where the kernel allows it: the server is then an
    ordinary user to itself and files stay root's. Raises Unavailable when no way is left.
    """
    if os.geteuid() != 0:
        return ServerUser()
    owner = home.stat().st_uid
    if owner != 0:
        return ServerUser(uid=owner, gid=home.stat().st_gid)
    nobody = _account("nobody")
    namespace = ServerUser(("unshare", "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}", "--"))
    if _works(namespace):
        return namespace
    account = _account("postgres", "nobody")
    return ServerUser(uid=account.pw_uid, gid=account.pw_gid)


def require_access(user: ServerUser, folder: Path) -> None:
    """Raise Unavailable, naming the folder in the way, when the server's user cannot get there."""
    for step in [*reversed(folder.parents), folder]:
        if user.run(["test", "-x", str(step)]).returncode:
            raise Unavailable("postgres_folder_closed", folder=str(step), uid=user.uid)


def _works(user: ServerUser) -> bool:
    try:
        return user.run(["true"]).returncode == 0
    except FileNotFoundError:
        return False


def _account(*names: str) -> pwd.struct_passwd:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable("postgres_no_account", names=", ".join(names))
