"""What is kept of the compiled kernels, and for how long."""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from aire_katas.checks.cuda import cache


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "aire-katas" / "cuda"


def kept(name: str) -> Path:
    def make(folder: Path) -> None:
        (folder / "text").write_text(name)

    return cache.cached("program", [name], make)


def aged(folder: Path, seconds: float) -> Path:
    then = time.time() - seconds
    os.utime(folder, (then, then))
    return folder


def test_what_is_there_is_not_made_again() -> None:
    first = kept("a")

    def again(_folder: Path) -> None:
        raise AssertionError("made twice")

    assert cache.cached("program", ["a"], again) == first


def test_beyond_the_bound_the_oldest_use_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [aged(kept(name), (9 - i) * cache.GRACE) for i, name in enumerate("abcd")]
    kept("a")
    monkeypatch.setattr(cache, "MOST", 3)
    last = kept("e")
    assert [folder.exists() for folder in folders] == [True, False, False, True]
    assert last.exists()


def test_what_was_used_lately_stays_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 1)
    folders = [kept(name) for name in "abc"]
    assert all(folder.exists() for folder in folders)


def test_a_run_from_the_cache_looks_at_no_other_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    kept("a")
    monkeypatch.setattr(cache, "prune", lambda: pytest.fail("pruned without need"))
    kept("a")


def test_what_a_killed_process_has_left_goes(root: Path) -> None:
    kept("a")
    (root / ".program-old").mkdir()
    (root / ".program-new").mkdir()
    aged(root / ".program-old", 2 * cache.GRACE)
    cache.prune()
    assert sorted(one.name for one in root.iterdir() if one.is_dir())[0] == ".program-new"
    assert not (root / ".program-old").exists()


def test_what_another_process_takes_away_is_left_to_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 0)
    monkeypatch.setattr(cache.shutil, "rmtree", lambda *_args, **_options: None)  # it has only begun
    aged(kept("a"), 2 * cache.GRACE)
    cache.prune()
    [hidden] = [one for one in root.iterdir() if one.name.startswith(".gone-")]
    cache.prune()
    assert hidden.exists()


def test_what_is_taken_away_meanwhile_is_no_fault(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = aged(kept("a"), 2 * cache.GRACE)
    monkeypatch.setattr(cache, "MOST", 0)
    monkeypatch.setattr(cache, "_folders", lambda _root: [(root / ".gone-b-1", 0.0), (folder, 0.0)])
    cache.prune()
    assert not folder.exists()
    monkeypatch.undo()
    monkeypatch.setattr(Path, "iterdir", lambda _self: [root / ".gone-b-1"])
    assert list(cache._folders(root)) == []


def use_at_random(seed: int) -> int:
    """Uses of 12 names in a cache that keeps two: each finds its own text, whoever prunes meanwhile."""
    cache.MOST, cache.GRACE = 2, 0.4
    for step in range(80):
        time.sleep(0.02)
        name = str((seed * 7 + step * step) % 12)
        assert (kept(name) / "text").read_text() == name
    return seed


def test_processes_that_prune_at_once_take_nothing_in_use(root: Path) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("fork")) as pool:
        assert list(pool.map(use_at_random, range(3))) == [0, 1, 2]
    assert len([one for one in root.iterdir() if one.name.startswith(".gone")]) == 0
