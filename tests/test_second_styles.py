"""A kata judges what is computed, not how: right solutions in another style, `second_styles`, pass."""

from pathlib import Path

import pytest

from aire_katas import cpp
from aire_katas.catalogue import Catalogue
from aire_katas.runner import Job, Run, run_all
from aire_katas.verdicts import State

ROOT = Path(__file__).parents[1]
STYLES = Path(__file__).with_name("second_styles")
CATALOGUE = Catalogue(ROOT)
IDS = sorted(
    {
        path.relative_to(STYLES).with_suffix("").as_posix()
        for suffix in (".py", cpp.SUFFIX)
        for path in STYLES.rglob(f"*{suffix}")
    }
)


def judged(kata: str, tree: Path) -> Run:
    """The kata's tests on the file of `tree`; what it builds on comes from the references."""
    [run] = run_all([Job(CATALOGUE.by_id[kata], (tree, ROOT / "solutions"))])
    return run


@pytest.mark.parametrize("kata", IDS)
def test_a_right_solution_in_another_style_passes(kata: str) -> None:
    run = judged(kata, STYLES)
    assert run.state == State.PASSING, run.output


def test_it_is_the_second_style_that_is_judged(tmp_path: Path) -> None:
    kata = "phase4/attention/sdpa"
    spoilt = tmp_path / f"{kata}.py"
    spoilt.parent.mkdir(parents=True)
    text = (STYLES / f"{kata}.py").read_text(encoding="utf-8")
    spoilt.write_text(text.replace("weights / torch.where", "weights * torch.where"), encoding="utf-8")
    assert judged(kata, tmp_path).state == State.FAILING
