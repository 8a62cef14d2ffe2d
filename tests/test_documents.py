"""What the documents say is so."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "katas").glob("*/README.md")]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(document: Path) -> None:
    prose = re.sub(r"`[^`]*`", "", document.read_text(encoding="utf-8"))
    targets = re.findall(r"\]\(([^)#:]+)\)", prose)
    broken = [target for target in targets if not (document.parent / target).exists()]
    assert broken == []


def test_ci_sets_up_and_tests_as_the_readme_says() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    for command in (
        "pip install -e '.[dev]'",
        "pytest katas tests --impl solutions -n 2",
        "aire-katas dev check",
    ):
        assert f"$ {command}" in README
    assert "\npytest katas tests --impl solutions -n 2\n" in script
    assert "-e '.[dev]'" in script


def test_the_readme_opens_with_two_commands() -> None:
    commands = re.findall(r"^\$ (.*)", README.split("```")[1], re.M)
    assert commands == ["pip install -e .", "pytest katas/phase4"]


def test_the_tree_in_the_readme_is_the_tree() -> None:
    tree = README.split("## The tree")[1].split("```")[1]
    for line in filter(None, tree.splitlines()):
        name = line.split()[0].rstrip(",")
        places = [ROOT / name, ROOT / "katas" / name, ROOT / "aire_katas" / name]
        assert any(place.exists() for place in places), name


def test_the_number_of_katas_is_right() -> None:
    for phase, count in re.findall(r"\[(\d)\]\(katas/phase\d/README.md\) \|[^|]*\| (\d+) \|", README):
        assert len(list((ROOT / f"katas/phase{phase}").glob("*/test_*.py"))) == int(count)


@pytest.mark.parametrize("file", [*ROOT.glob("*.toml"), *ROOT.glob(".github/workflows/*"), ROOT / ".ci/run"])
def test_no_registry_host_is_named(file: Path) -> None:
    assert not re.search(r"pypi|pytorch\.org|pythonhosted|index-url|npmjs", file.read_text(encoding="utf-8"))
