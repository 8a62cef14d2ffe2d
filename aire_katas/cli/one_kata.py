"""A kata's tests in a process of their own, for commands that want what the tests note on the way."""

import os
import subprocess
import sys

from aire_katas.catalogue import Entry


def run_tests(entry: Entry, impl: str | None, *options: str, **environment: str) -> str:
    """What pytest prints; nothing is recorded as progress. `impl` names the tree that is tested."""
    command = [sys.executable, "-m", "pytest", str(entry.tests.relative_to(entry.root)), "-q"]
    command += ["--no-record", "-p", "no:xdist", *([f"--impl={impl}"] if impl else []), *options]
    return subprocess.run(
        command,
        cwd=entry.root,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout
