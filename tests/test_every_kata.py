"""The rules that can be checked by reading, on every kata; what takes running is `aire-katas dev check`."""

import re
from pathlib import Path

import pytest

from aire_katas.catalogue import Catalogue, Entry
from aire_katas.dev.rules import faults

CATALOGUE = Catalogue(Path(__file__).parents[1])


@pytest.mark.parametrize("entry", CATALOGUE.entries, ids=lambda entry: entry.id)
def test_the_kata_obeys_the_rules(entry: Entry) -> None:
    assert faults(entry, CATALOGUE) == []


def test_every_link_leads_to_a_kata() -> None:
    phases = sorted(folder.name for folder in (CATALOGUE.root / "katas").glob("phase*"))
    linked = {f"{phase}/{link}" for phase in phases for _, link in CATALOGUE.links(phase)}
    assert linked == set(CATALOGUE.by_id)


def test_every_file_under_solutions_belongs_to_a_kata() -> None:
    files = (CATALOGUE.root / "solutions").rglob("*.py")
    ids = {str(file.relative_to(CATALOGUE.root / "solutions").with_suffix("")) for file in files}
    assert ids == set(CATALOGUE.by_id)


def test_what_triton_judges_is_known_to_be_for_a_gpu() -> None:
    """By the name DEVICE; see aire_katas.tested.is_for_a_gpu."""
    texts = {entry.id: entry.tests.read_text("utf-8") for entry in CATALOGUE.entries}
    judged = {id for id, text in texts.items() if "aire_katas.checks.triton import" in text}
    assert judged
    assert judged == {id for id, text in texts.items() if re.search(r"\bDEVICE\b", text)}


def test_the_katas_folder_has_one_init() -> None:
    assert len(list((CATALOGUE.root / "katas").rglob("__init__.py"))) == 1
