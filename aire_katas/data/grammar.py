"""A probabilistic grammar without recursion: a language of stories whose entropy is known exactly.

The entropy of a language is that of its strings, not of its derivations: all derivations of one story share
its probability. `Grammar` therefore turns its rules into an automaton of beliefs: a state is the exact law of
what may still be written, given the words so far. Equal beliefs are one state, so there are few of them, and
the law of the next word in a state is the best prediction that any reader can make.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

EOS = "<eos>"

Choices = tuple[tuple[str, int], ...]  # tag -> the row it has chosen, sorted by tag
Rest = tuple[tuple[str, ...], Choices]  # the items still to be written, and the choices that bind them
Belief = tuple[tuple[Rest, Fraction], ...]  # the law of the rest, sorted


@dataclass(frozen=True)
class Automaton:
    """What a perfect reader goes through: state 0 begins a story, and `<eos>` leads back to it."""

    law: np.ndarray  # (states, words): the probability of the next word
    leads: np.ndarray  # (states, words): the state after that word

    @cached_property
    def surprise(self) -> np.ndarray:
        """The entropy of the next word in each state, in nats; (states,)."""
        return -np.sum(self.law * np.log(np.where(self.law > 0, self.law, 1)), axis=1)

    def step(self, occupied: np.ndarray, law: np.ndarray) -> np.ndarray:
        """How likely each state is one word later; (states,) to (states,)."""
        flow = (occupied[:, None] * law).ravel()
        return np.bincount(self.leads.ravel(), weights=flow, minlength=len(occupied))


@dataclass(frozen=True)
class Grammar:
    """Stories that begin at `start`, each closed by `<eos>`.

    `rules` maps a symbol to its right sides with their weights: positive integers, so that equal beliefs are
    equal fractions. The items of a right side are set apart by spaces: one with a rule is a symbol and is
    expanded in turn, any other is a word. Agreement: `NAME#hero` and `PRONOUN#hero` share the tag `hero`, so
    the first of them in a story chooses a row by its weights, and all others take the right side in that row.

    Raises ValueError where a symbol leads back to itself, a right side is empty, a weight is no positive
    integer, the start or a tagged symbol has no rule, or the symbols of a tag have different numbers of rows.
    """

    rules: Mapping[str, Sequence[tuple[str, int]]]
    start: str = "STORY"

    def __post_init__(self) -> None:
        if self.start not in self.rules:
            raise ValueError(f"there is no rule for the start, {self.start}")
        rows: dict[str, int] = {}
        for symbol, sides in self.rules.items():
            for side, weight in sides:
                if not side.split() or not isinstance(weight, int) or weight < 1:
                    raise ValueError(
                        f"{symbol} -> {side!r}, weight {weight!r}: give words and an integer above 0"
                    )
                for name, tag in (_parse(item) for item in side.split()):
                    if tag and name not in self.rules:
                        raise ValueError(f"{symbol} -> {side!r}: {name} has a tag and no rule")
                    if tag and rows.setdefault(tag, len(self.rules[name])) != len(self.rules[name]):
                        raise ValueError(f"{symbol} -> {side!r}: the symbols of #{tag} differ in their rows")
        for symbol in self.rules:
            self._tags_below(symbol, ())

    def _tags_below(self, item: str, above: tuple[str, ...]) -> frozenset[str]:
        """The tags that an expansion of `item` may ask for."""
        name, tag = _parse(item)
        if name in above:
            raise ValueError(f"{' -> '.join((*above, name))}: a symbol must not lead back to itself")
        below = (
            self._tags_below(i, (*above, name)) for side, _ in self.rules.get(name, ()) for i in side.split()
        )
        return frozenset({tag} - {""}).union(*below)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The vocabulary in alphabetical order, `<eos>` among it: a word's id is its place."""
        items = {item for sides in self.rules.values() for side, _ in sides for item in side.split()}
        return tuple(sorted({EOS} | {item for item in items if _parse(item)[0] not in self.rules}))

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each word."""
        return {word: i for i, word in enumerate(self.words)}

    def entropy(self) -> float:
        """Nats per story, exactly."""
        return float(self._visits @ self.automaton.surprise)

    def mean_length(self) -> float:
        """Words per story in the mean, `<eos>` counted."""
        return float(self._visits.sum())

    def floor(self) -> float:
        """Nats per word in a long stream of stories: no model can have a lower loss."""
        return self.entropy() / self.mean_length()

    def stream_entropy(self, length: int) -> np.ndarray:
        """Nats of each of the first words of a stream of stories, given all words before it; (length,)."""
        occupied = np.eye(len(self.automaton.law))[0]
        entropies = []
        for _ in range(length):
            entropies.append(occupied @ self.automaton.surprise)
            occupied = self.automaton.step(occupied, self.automaton.law)
        return np.array(entropies)

    def logprob(self, words: Sequence[str]) -> float:
        """The log probability of a story, `<eos>` at its end: -inf if the grammar does not write it."""
        if EOS not in words or list(words).index(EOS) != len(words) - 1:
            return -math.inf
        state, total = 0, 0.0
        for word in words:
            p = self.automaton.law[state, self.ids[word]] if word in self.ids else 0.0
            if p == 0:
                return -math.inf
            total += math.log(p)
            state = self.automaton.leads[state, self.ids[word]]
        return total

    def sample(self, rng: np.random.Generator) -> list[str]:
        """A story, `<eos>` at its end."""
        story, state = [], 0
        while not story or story[-1] != EOS:
            i = rng.choice(len(self.words), p=self.automaton.law[state])
            story.append(self.words[i])
            state = self.automaton.leads[state, i]
        return story

    def stream(self, rng: np.random.Generator, rows: int, length: int) -> np.ndarray:
        """Ids of stories end to end, each row from the beginning of a story; (rows, length)."""
        cumulative = self.automaton.law.cumsum(axis=1)
        cumulative /= cumulative[:, -1:]
        state, ids = np.zeros(rows, int), np.empty((rows, length), int)
        for t in range(length):
            ids[:, t] = (cumulative[state] <= rng.random((rows, 1))).sum(axis=1)
            state = self.automaton.leads[state, ids[:, t]]
        return ids

    @cached_property
    def automaton(self) -> Automaton:
        """The beliefs that the words of a story can lead to."""
        start: Belief = ((((self.start,), ()), Fraction(1)),)
        found: dict[Belief, int] = {start: 0}
        moves: list[dict[str, tuple[Fraction, int]]] = []
        beliefs: list[Belief] = [start]
        for belief in beliefs:  # grows while it is read
            moves.append({})
            for word, (p, after) in self._next(belief).items():
                if word != EOS and after not in found:
                    found[after] = len(beliefs)
                    beliefs.append(after)
                moves[-1][word] = p, 0 if word == EOS else found[after]
        law = np.zeros((len(beliefs), len(self.words)))
        leads = np.zeros(law.shape, int)
        for state, move in enumerate(moves):
            for word, (p, after) in move.items():
                law[state, self.ids[word]], leads[state, self.ids[word]] = float(p), after
        return Automaton(law, leads)

    def _next(self, belief: Belief) -> dict[str, tuple[Fraction, Belief]]:
        """The words that may come next, each with its probability and the belief it leads to."""
        joint: dict[str, dict[Rest, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        for rest, p in belief:
            for word, after, q in self._derive(rest):
                joint[word][after] += p * q
        return {
            word: (
                total := sum(law.values(), Fraction(0)),
                tuple(sorted((r, p / total) for r, p in law.items())),
            )
            for word, law in joint.items()
        }

    def _derive(self, rest: Rest) -> Iterator[tuple[str, Rest, Fraction]]:
        """The derivations of the next word: the word, what is left, the probability."""
        items, choices = rest
        if not items:
            yield EOS, rest, Fraction(1)
            return
        name, tag = _parse(items[0])
        if name not in self.rules:
            yield name, self._without_spent(items[1:], choices), Fraction(1)
            return
        sides, chosen = self.rules[name], dict(choices)
        total = sum(weight for _, weight in sides)
        for row in [chosen[tag]] if tag in chosen else range(len(sides)):
            side, weight = sides[row]
            bound = tuple(sorted({**chosen, tag: row}.items())) if tag else choices
            for word, after, p in self._derive(((*side.split(), *items[1:]), bound)):
                yield word, after, p if tag in chosen else p * Fraction(weight, total)

    def _without_spent(self, items: tuple[str, ...], choices: Choices) -> Rest:
        """Without the choices that no item to come can ask for: beliefs that differ only there are one."""
        asked = frozenset[str]().union(*(self._tags[item] for item in items))
        return items, tuple(choice for choice in choices if choice[0] in asked)

    @cached_property
    def _tags(self) -> dict[str, frozenset[str]]:
        items = {item for sides in self.rules.values() for side, _ in sides for item in side.split()}
        return {item: self._tags_below(item, ()) for item in items}

    @cached_property
    def _visits(self) -> np.ndarray:
        """How often a story comes by each state in the mean; (states,)."""
        within = self.automaton.law * (np.array(self.words) != EOS)
        alive = np.eye(len(within))[0]
        visits = np.zeros(len(within))
        while alive.any():
            visits += alive
            alive = self.automaton.step(alive, within)
        return visits


def _parse(item: str) -> tuple[str, str]:
    """`NAME#hero` is the symbol NAME with the tag hero; without `#` the tag is empty."""
    name, _, tag = item.partition("#")
    return name, tag
