"""The entropy of a grammar, against every story it can write."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from aire_katas.data.grammar import EOS, Grammar
from aire_katas.data.stories import little_stories

AMBIGUOUS = Grammar(
    {"STORY": [("A end", 2), ("a B", 1)], "A": [("a b", 1), ("a", 3)], "B": [("b end", 1), ("end", 5)]}
)
AGREEING = Grammar(
    {
        "STORY": [("WHO#hero came . WHAT#hero WHO left .", 1), ("WHAT#hero left . WHO#hero came .", 2)],
        "WHO": [("ann", 3), ("bob", 1), ("old bob", 2)],
        "WHAT": [("she", 1), ("he", 1), ("he", 7)],
    }
)
PLAIN = Grammar({"STORY": [("HEAD HEAD", 1)], "HEAD": [("a", 1), ("b", 1), ("c", 2)]})
CERTAIN = Grammar({"STORY": [("once upon a time", 5)]})
GRAMMARS = pytest.mark.parametrize("grammar", [AMBIGUOUS, AGREEING, PLAIN, CERTAIN])


def derivations(
    grammar: Grammar, items: list[str], rows: dict[str, int]
) -> Iterator[tuple[list[str], Fraction]]:
    """Every derivation of all items, by the rules and from left to right."""
    if not items:
        yield [EOS], Fraction(1)
        return
    name, _, tag = items[0].partition("#")
    if name not in grammar.rules:
        for story, p in derivations(grammar, items[1:], rows):
            yield [name, *story], p
        return
    sides = grammar.rules[name]
    for row, (side, weight) in enumerate(sides):
        if tag in rows and rows[tag] != row:
            continue
        chance = Fraction(1) if tag in rows else Fraction(weight, sum(w for _, w in sides))
        for story, p in derivations(
            grammar, [*side.split(), *items[1:]], {**rows, **({tag: row} if tag else {})}
        ):
            yield story, p * chance


def language(grammar: Grammar) -> dict[tuple[str, ...], Fraction]:
    """Every story with its probability, over all of its derivations."""
    stories: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
    for story, p in derivations(grammar, [grammar.start], {}):
        stories[tuple(story)] += p
    assert sum(stories.values()) == 1
    return stories


@GRAMMARS
def test_the_entropy_is_that_of_all_stories(grammar: Grammar) -> None:
    by_definition = -sum(float(p) * math.log(p) for p in language(grammar).values())
    assert grammar.entropy() == pytest.approx(by_definition, rel=1e-12, abs=1e-15)


@GRAMMARS
def test_the_probability_of_a_story_is_over_its_derivations(grammar: Grammar) -> None:
    for story, p in language(grammar).items():
        assert grammar.logprob(story) == pytest.approx(math.log(p), abs=1e-12)


def test_a_story_with_two_derivations_is_more_likely_than_either() -> None:
    """a b end: 2/3 * 1/4 through A, and 1/3 * 1/6 through B."""
    assert len(list(derivations(AMBIGUOUS, ["STORY"], {}))) > len(language(AMBIGUOUS))
    assert AMBIGUOUS.logprob(["a", "b", "end", EOS]) == pytest.approx(math.log(2 / 3 / 4 + 1 / 3 / 6))


@GRAMMARS
def test_the_length_is_the_mean_over_all_stories_with_their_eos(grammar: Grammar) -> None:
    assert grammar.mean_length() == pytest.approx(
        sum(len(s) * float(p) for s, p in language(grammar).items())
    )
    assert grammar.floor() == grammar.entropy() / grammar.mean_length()


def test_what_shares_a_tag_takes_the_same_row() -> None:
    told = {" ".join(story[:-1]) for story in language(AGREEING)}
    assert "he left . ann came ." not in told
    for story in itertools.product(["she", "he"], ["ann", "bob", "old bob"]):
        words = f"{story[0]} left . {story[1]} came .".split()
        agree = (story[0] == "she") == (story[1] == "ann")
        assert (AGREEING.logprob([*words, EOS]) > -math.inf) == agree
    untagged = ["ann", "came", ".", "she", "old", "bob", "left", "."]
    assert AGREEING.logprob([*untagged, EOS]) > -math.inf


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a", "a"],
        ["a", EOS],
        ["a", "a", EOS, EOS],
        [EOS],
        ["a", "a", "a", EOS],
        ["a", "z", EOS],
        ["a", EOS, "a", EOS],
    ],
)
def test_what_is_no_whole_story_has_no_probability(words: list[str]) -> None:
    assert PLAIN.logprob(words) == -math.inf


@GRAMMARS
def test_the_stream_begins_with_a_story_and_goes_on_with_the_next(grammar: Grammar) -> None:
    rows = grammar.stream(np.random.default_rng(0), rows=200, length=25)
    for row in rows:
        text = [grammar.words[i] for i in row]
        ends = [i for i, word in enumerate(text) if word == EOS]
        for begin, end in itertools.pairwise([-1, *ends]):
            assert grammar.logprob(text[begin + 1 : end + 1]) > -math.inf


@GRAMMARS
def test_samples_follow_the_language(grammar: Grammar) -> None:
    """Pearson's chi-square of 3000 stories, with five standard deviations to spare."""
    rng, told, n = np.random.default_rng(1), language(grammar), 3000
    counts: dict[tuple[str, ...], int] = defaultdict(int)
    for _ in range(n):
        counts[tuple(grammar.sample(rng))] += 1
    assert counts.keys() <= told.keys()
    chi = sum((counts[s] - n * float(p)) ** 2 / (n * float(p)) for s, p in told.items())
    freedom = len(told) - 1
    assert chi <= freedom + 5 * math.sqrt(2 * freedom) + 1e-9


@GRAMMARS
def test_the_stream_entropy_is_that_of_all_beginnings(grammar: Grammar) -> None:
    """H(first n words) by enumeration of the stories that follow one another."""
    length = 6
    told = language(grammar)
    beginnings: dict[tuple[str, ...], Fraction] = {(): Fraction(1)}
    whole: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
    while beginnings:
        longer: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
        for (text, p), (story, q) in itertools.product(beginnings.items(), told.items()):
            (whole if len(text) + len(story) >= length else longer)[(*text, *story)[:length]] += p * q
        beginnings = longer
    for n in range(1, length + 1):
        law: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
        for text, p in whole.items():
            law[text[:n]] += p
        joint = -sum(float(p) * math.log(p) for p in law.values())
        assert grammar.stream_entropy(length)[:n].sum() == pytest.approx(joint, abs=1e-12)


def test_a_long_stream_costs_the_floor_per_word() -> None:
    entropies = PLAIN.stream_entropy(3000)
    assert entropies.mean() == pytest.approx(PLAIN.floor(), rel=1e-3)
    assert PLAIN.stream_entropy(0).shape == (0,)


def test_the_seed_decides_the_samples() -> None:
    one, other, third = (AGREEING.stream(np.random.default_rng(s), 3, 40) for s in (5, 5, 6))
    assert (one == other).all()
    assert (one != third).any()


def test_the_vocabulary_is_in_order_and_ids_are_places() -> None:
    assert PLAIN.words == (EOS, "a", "b", "c")
    assert [PLAIN.ids[word] for word in PLAIN.words] == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_little_stories_cost_what_their_entropy_says(seed: int) -> None:
    """The mean of -log p over 1000 stories, within 4.5 standard errors."""
    grammar, rng = little_stories(seed), np.random.default_rng(seed)
    costs = np.array([-grammar.logprob(grammar.sample(rng)) for _ in range(1000)])
    assert abs(costs.mean() - grammar.entropy()) < 4.5 * costs.std() / math.sqrt(len(costs))


def test_little_stories_agree_from_beginning_to_end() -> None:
    grammar, rng = little_stories(0), np.random.default_rng(0)
    for _ in range(200):
        story = grammar.sample(rng)
        assert len({"lily", "mia", "tom", "ben"} & set(story)) == 1
        assert ("she" in story) == bool({"lily", "mia"} & set(story))
        assert not {"she", "he"} <= set(story)
        assert len({"garden", "forest", "house"} & set(story)) == 1


def test_a_reader_who_remembers_nothing_stays_far_above_the_floor() -> None:
    grammar = little_stories(0)
    ids = grammar.stream(np.random.default_rng(0), 400, 60)
    frequency = np.bincount(ids.ravel(), minlength=len(grammar.words)) / ids.size
    unigram = -(frequency * np.log(np.maximum(frequency, 1e-300))).sum()
    assert unigram > 5 * grammar.floor()


def test_each_seed_has_a_language_of_its_own() -> None:
    assert little_stories(3).rules == little_stories(3).rules
    assert len({round(little_stories(seed).entropy(), 6) for seed in range(8)}) == 8


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"S": [("a", 1)]}, "there is no rule for the start, STORY"),
        ({"STORY": [("", 1)]}, "give words and an integer above 0"),
        ({"STORY": [("a", 0)]}, "give words and an integer above 0"),
        ({"STORY": [("a", 0.5)]}, "give words and an integer above 0"),
        ({"STORY": [("a STORY", 1)]}, "STORY -> STORY: a symbol must not lead back to itself"),
        ({"STORY": [("A", 1)], "A": [("b B", 1)], "B": [("A", 1)]}, "STORY -> A -> B -> A"),
        ({"STORY": [("word#x", 1)]}, "word has a tag and no rule"),
        ({"STORY": [("A#x B#x", 1)], "A": [("a", 1)], "B": [("a", 1), ("b", 1)]}, "#x differ in their rows"),
    ],
)
def test_rules_that_make_no_language_are_refused(
    rules: dict[str, list[tuple[str, int]]], message: str
) -> None:
    with pytest.raises(ValueError) as refusal:
        Grammar(rules)
    assert message in str(refusal.value)
