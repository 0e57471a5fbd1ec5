"""The user that runs PostgreSQL, which refuses root, and a folder that this user can access."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .errors import LocalCloudError

UNPRIVILEGED = "nobody"
PACKAGES_COPY = "packages"  # the folder below the home, if there is a copy of the installation
_SHARED_FOLDERS = ("/var/tmp", "/tmp")  # noqa: S108 - only as parents of a private folder with a random name

# initdb starts the server through a shell, with its path in double quotes, where these are special.
_SHELL_CHARACTERS = frozenset('"$`\\')


@dataclass(frozen=True, kw_only=True)
class DatabaseUser:
    """The account that owns PostgreSQL's processes and files; without ids the current user."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def choose(cls) -> DatabaseUser:
        """The current user, or `nobody` if that is root."""
        if os.geteuid() != 0:
            return cls()
        try:
            account = pwd.getpwnam(UNPRIVILEGED)
        except KeyError:
            raise LocalCloudError(
                f"PostgreSQL refuses to run as root and this machine has no user {UNPRIVILEGED!r}: "
                "run as an ordinary user instead"
            ) from None
        return cls(uid=account.pw_uid, gid=account.pw_gid)

    def popen_arguments(self) -> dict[str, object]:
        """Arguments of subprocess that switch to this user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def chown(self, path: Path) -> None:
        """Give a file, or a folder and its contents, to this user."""
        if self.uid is None or self.gid is None:
            return
        for each in (path, *path.rglob("*")):
            os.chown(each, self.uid, self.gid, follow_symlinks=False)

    def can_reach(self, path: Path) -> bool:
        """Whether this user may read `path` and enter every folder above it."""
        if self.uid is None:
            return True
        resolved = path.resolve()
        wanted = stat.S_IROTH | (stat.S_IXOTH if resolved.is_dir() else 0)
        return resolved.stat().st_mode & wanted == wanted and self.can_enter(resolved.parent)

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may enter `folder` and every folder above it."""
        if self.uid is None:
            return True
        resolved = folder.resolve()
        return all(each.stat().st_mode & stat.S_IXOTH for each in (resolved, *resolved.parents))


def make_home(user: DatabaseUser, preferred: Path) -> Path:
    """`preferred`, or a private folder for temporary files if PostgreSQL can't use it.

    It can't if `user` can't access it (such as a checkout below /root) or if initdb does not accept its characters.
    """
    preferred.mkdir(parents=True, exist_ok=True)
    if initdb_accepts(preferred) and user.can_enter(preferred.parent):
        return preferred
    for shared in map(Path, _SHARED_FOLDERS):
        if shared.is_dir() and user.can_enter(shared):
            home = Path(tempfile.mkdtemp(prefix="local-cloud-postgres-", dir=shared))
            home.chmod(0o711)
            return home
    raise LocalCloudError(
        f"the user {UNPRIVILEGED!r}, which must run PostgreSQL here, can't access {preferred}: "
        "let every user enter the folders above the checkout (chmod o+x), or don't run as root"
    )


def reachable_installation(user: DatabaseUser, installation: Path, home: Path) -> Path:
    """The PostgreSQL installation, copied below `home` if `user` or initdb can't use it in place."""
    needed = (installation / "bin" / "postgres", installation / "share" / "postgresql")
    if initdb_accepts(installation) and all(map(user.can_reach, needed)):
        return installation
    packages = installation.parent.parent
    copy = home / PACKAGES_COPY
    # The programs find their libraries two folders up, so the copy has the same layout.
    for part in (installation.relative_to(packages), Path(f"{installation.parent.name}.libs")):
        if not (copy / part).exists():
            shutil.copytree(packages / part, copy / part, symlinks=True)
    user.chown(copy)
    return copy / installation.relative_to(packages)


def initdb_accepts(path: Path) -> bool:
    """Whether initdb can start a server from this path."""
    return _SHELL_CHARACTERS.isdisjoint(str(path))
