"""Tests of katas in a process of their own, for commands that want what the tests note on the way."""

import os
import subprocess
import sys
from collections.abc import Sequence

from aire_katas.catalogue import Entry


def run_tests(entries: Sequence[Entry], impl: str | None, *options: str, **environment: str) -> str:
    """What pytest prints; nothing is recorded as progress. `impl` names the tree that is tested."""
    root = entries[0].root
    targets = [str(entry.tests.relative_to(root)) for entry in entries]
    command = [sys.executable, "-m", "pytest", *targets, "-q"]
    command += ["--no-record", "-p", "no:xdist", *([f"--impl={impl}"] if impl else []), *options]
    return subprocess.run(
        command,
        cwd=root,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout
