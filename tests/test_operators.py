import pytest

from aire_katas.dev.operators import mutants


def changes(body: str, signature: str = "x, y") -> set[str]:
    """What the operators make of a function's body, each change as the text that it puts in."""
    return {mutant.after for mutant in mutants(f"def f({signature}):\n    {body}\n")}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x + y", {"(x - y)"}),
        ("return x - y", {"(x + y)", "(y - x)"}),
        ("return x @ y", {"(y @ x)"}),
        ("return -x", {"(x)"}),
        ("return x < y", {"(x <= y)", "(x >= y)"}),
        ("return x is y", {"(x is not y)"}),
        ("return x and y", {"(x or y)"}),
        ("return x if y else 3", {"(x)", "(3)", "4", "2"}),
        ("return x.sum(axis=0)", {"x.sum()", "1"}),
        ("return g(x, y)", {"g(y, x)"}),
        ("return x.mT", {"(x)"}),
        ("return x.transpose(y)", {"(x)"}),
        ("return True", {"False"}),
        ("return 0.5", {"1.0"}),
        ("x += y", {"pass", "x -= y", "x = y"}),
        ("x[y] = y", {"pass"}),
        ("x = x.g", {"pass"}),
        ("z = y", set()),
        ("raise x", {"pass"}),
        ("'a docstring 1 + 1'", set()),
        ("return f'{x + y}'", set()),
        ("z: 'x + y' = y", set()),
    ],
)
def test_every_operator_makes_its_changes(body: str, expected: set[str]) -> None:
    assert changes(body) == expected


def test_defaults_are_changed_and_module_constants_are_not() -> None:
    assert {mutant.after for mutant in mutants("N = 3\n\n\ndef f(x=7):\n    return x\n")} == {"8", "6"}


def test_a_mutant_knows_its_place_and_is_a_whole_program() -> None:
    source = "def f(é, y):\n    return 'é', é + y\n"
    [mutant] = mutants(source)
    assert (mutant.line, mutant.before, mutant.after) == (2, "é + y", "(é - y)")
    assert mutant.source == "def f(é, y):\n    return 'é', (é - y)\n"
