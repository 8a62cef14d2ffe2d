"""The same random numbers for a test whatever runs before it

numpy and torch are seeded only where something has imported them already.
"""

import os
import random
import sys
import zlib
from pathlib import Path


def seed_everything(name: str, seed: int) -> None:
    """Seed random, numpy and torch for the test called `name` in the run with this `seed`."""
    value = zlib.crc32(f"{name}:{seed}".encode())
    random.seed(value)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(value)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(value)


def load_hypothesis_profile(folder: Path) -> None:
    """No deadlines, one bug at a time, state under `folder`; the same examples every time under CI.

    Called before test modules are imported: `@settings` takes its defaults from the profile of that moment.
    """
    try:
        import hypothesis
        from hypothesis.configuration import set_hypothesis_home_dir
    except ImportError:
        return
    set_hypothesis_home_dir(folder / "hypothesis")
    hypothesis.settings.register_profile(
        "aire-katas",
        deadline=None,
        max_examples=50,
        report_multiple_bugs=False,
        derandomize=bool(os.environ.get("CI")),
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("aire-katas")
