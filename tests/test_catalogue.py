import os
from pathlib import Path

import pytest

from aire_katas.catalogue import Catalogue, UnknownKata, find_root, id_of
from aire_katas.kata import BrokenKata
from tests.conftest import CHECKOUT, SOLUTION, STUB, needing, solve, write_kata, write_suite


@pytest.fixture
def catalogue(tiny_tree: Path) -> Catalogue:
    return Catalogue(tiny_tree)


def refusal(catalogue: Catalogue, text: str) -> str:
    with pytest.raises(UnknownKata) as caught:
        catalogue.resolve(text)
    return str(caught.value)


def test_the_order_is_that_of_the_readme_links(tiny_tree: Path) -> None:
    readme = tiny_tree / "katas/phase1/README.md"
    readme.write_text(
        "First [Echo](words/echo.py), *then* [Step](numbers/step.py).\n\n- [Double](numbers/double.py)\n"
    )
    ids = [entry.id for entry in Catalogue(tiny_tree).entries]
    assert ids == ["phase1/words/echo", "phase1/numbers/step", "phase1/numbers/double"]


def test_katas_without_a_link_come_last_and_phases_in_order(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase2/apart/alone", listed=False)
    write_kata(tiny_tree, "phase1/apart/unlisted", listed=False)
    ids = [entry.id for entry in Catalogue(tiny_tree).entries]
    assert ids[-2:] == ["phase1/apart/unlisted", "phase2/apart/alone"]
    assert ids[:3] == ["phase1/numbers/double", "phase1/numbers/step", "phase1/words/echo"]


def test_links_to_nothing_or_twice_to_one_kata_do_no_harm(tiny_tree: Path) -> None:
    with (tiny_tree / "katas/phase1/README.md").open("a") as readme:
        readme.write("[gone](numbers/gone.py) and again [Double](numbers/double.py)\n")
    assert [entry.name for entry in Catalogue(tiny_tree).entries] == ["double", "step", "echo"]


def test_an_entry_knows_its_files(tiny_tree: Path, catalogue: Catalogue) -> None:
    entry = catalogue.by_id["phase1/words/echo"]
    assert (entry.phase, entry.topic, entry.name) == ("phase1", "phase1/words", "echo")
    assert entry.stub == tiny_tree / "katas/phase1/words/echo.py"
    assert entry.tests == tiny_tree / "katas/phase1/words/test_echo.py"
    assert entry.solution == tiny_tree / "solutions/phase1/words/echo.py"


@pytest.mark.parametrize(
    ("docstring", "title"),
    [
        ('"""Twice a number\n\nMore.\n"""', "Twice a number"),
        ('"""Twice a number"""', "Twice a number"),
        ('r"""The matrix $\\theta$\n\nMore.\n"""', "The matrix $\\theta$"),
        ("import os", "step"),
        ('"""\nLate\n"""', "step"),
        ("", "step"),
    ],
)
def test_an_unlisted_kata_is_called_by_the_first_line_of_its_stub(
    tiny_tree: Path, docstring: str, title: str
) -> None:
    write_kata(tiny_tree, "phase1/numbers/aside", stub=docstring, listed=False)
    assert Catalogue(tiny_tree).resolve("aside").title == title.replace("step", "aside")


def test_the_readme_names_a_kata_whatever_becomes_of_its_stub(tiny_tree: Path) -> None:
    solve(tiny_tree, "phase1/numbers/step")
    assert Catalogue(tiny_tree).resolve("step").title == "Step"
    (tiny_tree / "katas/phase1/numbers/step.py").unlink()
    assert Catalogue(tiny_tree).resolve("step").title == "Step"


def test_hints_are_read_from_the_solution(catalogue: Catalogue) -> None:
    hints = catalogue.resolve("echo").hints
    assert len(hints) == 3
    assert hints[0] == "Try x = 0 first."


@pytest.mark.parametrize(
    ("hints", "expected"),
    [("HINTS = 'only one'", ("only one",)), ("HINTS = ['a', 'b']", ("a", "b")), ("pass", ())],
)
def test_one_hint_or_none_will_do(tiny_tree: Path, hints: str, expected: tuple[str, ...]) -> None:
    write_kata(tiny_tree, "phase1/words/bare", solution=hints)
    assert Catalogue(tiny_tree).resolve("bare").hints == expected


@pytest.mark.parametrize(
    ("solution", "message"),
    [("HINTS = (\n  'a'\n  b c\n", r"bare\.py:\d: "), ("HINTS = hints()", "no HINTS can be read")],
)
def test_a_broken_solution_is_named(tiny_tree: Path, solution: str, message: str) -> None:
    write_kata(tiny_tree, "phase1/words/bare", solution=solution)
    with pytest.raises(BrokenKata, match=message):
        _ = Catalogue(tiny_tree).resolve("bare").hints


def test_a_missing_solution_is_named(tiny_tree: Path, catalogue: Catalogue) -> None:
    (tiny_tree / "solutions/phase1/words/echo.py").unlink()
    with pytest.raises(BrokenKata, match=r"solutions/phase1/words/echo\.py: no HINTS can be read"):
        _ = catalogue.resolve("echo").hints


@pytest.mark.parametrize(
    "text",
    [
        "phase1/words/echo",
        "phase1/words/echo/",
        "words/echo",
        "echo",
        "katas/phase1/words/echo.py",
        "katas/phase1/words/test_echo.py",
        "solutions/phase1/words/echo.py",
        "katas/phase1/numbers/../words/echo.py",
    ],
)
def test_a_kata_answers_to_id_name_and_path(catalogue: Catalogue, text: str) -> None:
    assert catalogue.resolve(text).id == "phase1/words/echo"


def test_paths_are_those_of_the_working_directory(
    tiny_tree: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_tree / "katas/phase1/words")
    assert catalogue.resolve("echo.py").id == "phase1/words/echo"
    assert catalogue.resolve(str(tiny_tree / "katas/phase1/words/echo.py")).id == "phase1/words/echo"


def test_a_name_of_two_katas_says_both(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase2/words/echo")
    write_kata(tiny_tree, "phase2/sounds/echo")
    catalogue = Catalogue(tiny_tree)
    ids = "phase1/words/echo, phase2/words/echo, phase2/sounds/echo"
    assert refusal(catalogue, "echo") == f"`echo` is one of {ids}: say which"
    assert (
        refusal(catalogue, "words/echo")
        == "`words/echo` is one of phase1/words/echo, phase2/words/echo: say which"
    )
    assert catalogue.resolve("sounds/echo").id == "phase2/sounds/echo"


def test_the_short_name_is_the_shortest_that_is_unique(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase2/words/echo")
    write_kata(tiny_tree, "phase2/sounds/echo")
    catalogue = Catalogue(tiny_tree)
    short = [catalogue.short_name(entry) for entry in catalogue.entries]
    assert short == ["double", "step", "phase1/words/echo", "phase2/words/echo", "sounds/echo"]
    assert all(catalogue.resolve(name) == entry for name, entry in zip(short, catalogue.entries, strict=True))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rpoe", "rope"),
        ("rop", "rope"),
        ("ROPE", "rope"),
        ("roope", "rope"),
        ("multi-head", "multi_head"),
        ("head", "multi_head"),
        ("attention/rpoe", "attention/rope"),
        ("phase4/attention/rpoe", "phase4/attention/rope"),
        ("soft", "stable_softmax_ce"),
    ],
)
def test_a_misspelt_kata_is_guessed(tmp_path: Path, typed: str, meant: str) -> None:
    write_suite(tmp_path)
    for id in ("attention/rope", "attention/multi_head", "mlp/stable_softmax_ce", "mlp/linear_backward"):
        write_kata(tmp_path, f"phase4/{id}")
    assert refusal(Catalogue(tmp_path), typed) == f"no kata `{typed}`, did you mean `{meant}`?"


@pytest.mark.parametrize("typed", ["rope", "rpoe"])
def test_a_word_of_several_names_suggests_them_all(tmp_path: Path, typed: str) -> None:
    write_suite(tmp_path)
    for name in ("rope_complex", "rope_real", "sinusoidal"):
        write_kata(tmp_path, f"phase4/positions/{name}")
    expected = f"no kata `{typed}`, did you mean `rope_complex` or `rope_real`?"
    assert refusal(Catalogue(tmp_path), typed) == expected


@pytest.mark.parametrize("text", ["zzz", "", "/etc/passwd", "../x.py"])
def test_what_resembles_nothing_gets_no_guess(catalogue: Catalogue, text: str) -> None:
    assert refusal(catalogue, text) == f"no kata `{text}`; `aire-katas list` shows all"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("phase1", ["double", "step", "echo"]),
        ("numbers", ["double", "step"]),
        ("phase1/numbers/", ["double", "step"]),
        ("katas/phase1/words", ["echo"]),
        ("step", ["step"]),
    ],
)
def test_phases_and_topics_select_their_katas(catalogue: Catalogue, text: str, names: list[str]) -> None:
    assert [entry.name for entry in catalogue.select(text)] == names


def test_a_pattern_matches_ids_and_titles_whatever_the_case(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/words/bare", stub=STUB.replace("TITLE", "Rotary Positions"), listed=False)
    catalogue = Catalogue(tiny_tree)
    assert [entry.name for entry in catalogue.matching("rotary")] == ["bare"]
    assert [entry.name for entry in catalogue.matching("NUMBERS")] == ["double", "step"]
    assert [entry.name for entry in catalogue.matching("")] == ["double", "step", "echo", "bare"]


def test_prerequisites_come_in_the_order_to_solve_them(catalogue: Catalogue) -> None:
    assert [one.name for one in catalogue.prerequisites(catalogue.resolve("echo"))] == [
        "double",
        "step",
        "echo",
    ]
    assert [one.name for one in catalogue.prerequisites(catalogue.resolve("double"))] == ["double"]


def test_a_prerequisite_shared_by_two_comes_once(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/words/other", test=needing("phase1/numbers/step"))
    both = needing("phase1/words/other").replace("other',", "other', 'phase1/words/echo'")
    write_kata(tiny_tree, "phase1/words/last", test=both)
    catalogue = Catalogue(tiny_tree)
    chain = [one.name for one in catalogue.prerequisites(catalogue.resolve("last"))]
    assert chain == ["double", "step", "other", "echo", "last"]


def test_a_ladder_of_prerequisites_is_climbed_once(tiny_tree: Path) -> None:
    """Each of 60 katas needs the two before it: trying every way up would take 10^12 steps."""
    for n in range(60):
        needs = tuple(f"phase2/ladder/rung{m}" for m in range(max(n - 2, 0), n))
        kata = f"KATA = Kata(difficulty=1, minutes=5, needs={needs})\n"
        write_kata(tiny_tree, f"phase2/ladder/rung{n}", test=kata)
    catalogue = Catalogue(tiny_tree)
    chain = [one.name for one in catalogue.prerequisites(catalogue.resolve("rung59"))]
    assert chain == [f"rung{n}" for n in range(60)]


def test_a_circle_of_prerequisites_is_shown(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/numbers/double", test=needing("phase1/words/echo"), listed=False)
    catalogue = Catalogue(tiny_tree)
    circle = "phase1/numbers/double -> phase1/words/echo -> phase1/numbers/step -> phase1/numbers/double"
    with pytest.raises(BrokenKata, match=f"^prerequisites in a circle: {circle}$"):
        catalogue.prerequisites(catalogue.resolve("double"))


def test_an_unknown_prerequisite_is_named(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/words/lost", test=needing("phase9/no/where"))
    catalogue = Catalogue(tiny_tree)
    with pytest.raises(
        BrokenKata, match=r"^phase1/words/lost needs `phase9/no/where`, and there is no such kata$"
    ):
        catalogue.prerequisites(catalogue.resolve("lost"))


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("katas/phase1/words/echo.py", "phase1/words/echo"),
        ("katas/phase1/words/test_echo.py", "phase1/words/echo"),
        ("solutions/phase1/words/echo.py", "phase1/words/echo"),
        ("katas/phase1/README.md", None),
        ("katas/__init__.py", None),
        ("tests/phase1/words/echo.py", None),
        ("katas/extra/words/echo.py", None),
        ("../elsewhere/katas/phase1/words/echo.py", None),
    ],
)
def test_a_file_belongs_to_a_kata_or_to_none(tiny_tree: Path, path: str, id: str | None) -> None:
    assert id_of(path, tiny_tree) == id


def test_the_root_is_found_from_any_folder_below_it(tiny_tree: Path, tmp_path: Path) -> None:
    assert find_root(tiny_tree / "katas/phase1/words") == tiny_tree
    assert find_root() == tiny_tree
    assert find_root(tmp_path) == CHECKOUT


def test_reading_the_catalogue_imports_no_kata(tiny_tree: Path) -> None:
    write_kata(
        tiny_tree, "phase1/words/trap", stub="raise SystemExit\n", solution=f"raise SystemExit\n{SOLUTION}"
    )
    entry = Catalogue(tiny_tree).resolve("trap")
    assert (entry.title, entry.kata.minutes) == ("Trap", 5)
    assert os.listdir(tiny_tree / "katas/phase1/words").count("__pycache__") == 0
