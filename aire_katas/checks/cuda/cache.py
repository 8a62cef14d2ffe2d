"""What the kernel lab has compiled, kept from run to run

A folder is named by a hash of everything that goes into it. It is never changed, only used, which its time of
change notes, and given up once many others have been used since. Several processes share the cache: what one
of them has used within GRACE seconds, no other takes away.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from aire_katas.timelimit import clock_stopped

MOST = 1000  # folders, of about 160 kB each
GRACE = 3600.0


def cache_folder() -> Path:
    """Where programs are kept: $XDG_CACHE_HOME/aire-katas/cuda, by default under ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aire-katas" / "cuda"


def cached(kind: str, parts: Sequence[str], make: Callable[[Path], None]) -> Path:
    """The folder that `make` has filled for these parts; made now, off the clock, unless it is there."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
    folder = cache_folder() / f"{kind}-{digest}"
    while not _used(folder):
        _make(folder, kind, make)
        prune()
    return folder


def write(file: Path, text: str) -> None:
    """At once, for another process may read it."""
    scratch = file.with_suffix(f".{os.getpid()}")
    scratch.write_text(text)
    scratch.replace(file)


def prune() -> None:
    """Give up what was not used for longest, down to MOST folders, and what killed processes have left."""
    root = cache_folder()
    with _locked(fcntl.LOCK_EX):
        stale = time.time() - GRACE
        used = dict(_folders(root))
        kept = sorted((one for one in used if not one.name.startswith(".")), key=lambda one: used[one])
        spare = [*kept[: max(0, len(kept) - MOST)], *(one for one in used if one.name.startswith("."))]
        gone = []
        for folder in spare:
            if used[folder] < stale:
                # Under a name that nobody asks for, so that no one meets a folder that is half gone.
                hidden = folder.with_name(f".gone-{folder.name.lstrip('.')}-{os.getpid()}")
                with suppress(FileNotFoundError):  # another process has just taken away what it had hidden
                    gone.append(folder.rename(hidden))
                    os.utime(hidden)  # it is not left behind: others need not see to it
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)


def _folders(root: Path) -> Iterator[tuple[Path, float]]:
    """Each with its time of change; another process may take hidden ones away meanwhile."""
    for folder in root.iterdir():
        with suppress(FileNotFoundError):
            status = folder.stat()
            if stat.S_ISDIR(status.st_mode):
                yield folder, status.st_mtime


def _used(folder: Path) -> bool:
    """Note that the folder is used now; False where there is none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(fcntl.LOCK_SH):
        try:
            os.utime(folder)
        except FileNotFoundError:
            return False
        return True


def _make(folder: Path, kind: str, make: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{kind}-") as scratch:
        fresh = Path(scratch) / kind
        fresh.mkdir()
        with clock_stopped():
            make(fresh)
        try:
            fresh.rename(folder)
        except OSError:
            if not folder.exists():  # else another process has made the same
                raise


@contextmanager
def _locked(how: int) -> Iterator[None]:
    """With the cache to oneself (LOCK_EX), or with nobody who has it to himself (LOCK_SH)."""
    with (cache_folder() / ".lock").open("w") as file:
        fcntl.flock(file, how)
        yield
