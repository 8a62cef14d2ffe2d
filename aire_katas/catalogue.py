"""The katas there are, in the order of the curriculum

An id is a path: `phase4/attention/sdpa`. The order is that of the links in `katas/phaseN/README.md`. Nothing
here imports a kata.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from aire_katas import cpp
from aire_katas.kata import BrokenKata, Kata, read_kata

LINK = re.compile(r"\[([^\]]+)\]\(([a-z0-9_]+/[a-z0-9_]+)\.py\)")
TITLE = re.compile(r'r?"""(.+?)(?:""")?$')


class UnknownKata(LookupError):
    """An id or pattern that names no kata; the message says what was meant, perhaps."""


@dataclass(frozen=True)
class Entry:
    """One kata: its id, where its files are, and how its phase's README calls it."""

    id: str
    root: Path
    link_text: str = field(default="", compare=False)

    @property
    def phase(self) -> str:
        return self.id.split("/")[0]

    @property
    def topic(self) -> str:
        """Phase and topic: phase4/attention."""
        return self.id.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.id.rpartition("/")[2]

    @cached_property
    def stub(self) -> Path:
        return self.root / "katas" / f"{self.id}.py"

    @cached_property
    def tests(self) -> Path:
        return self.stub.with_name(f"test_{self.name}.py")

    @property
    def solution(self) -> Path:
        return self.root / "solutions" / f"{self.id}.py"

    @cached_property
    def suffixes(self) -> tuple[str, ...]:
        """Of the files that stub and solution consist of; one that has kernels in CUDA C++ has a .cu file."""
        has_kernels = any(one.with_suffix(cpp.SUFFIX).is_file() for one in (self.stub, self.solution))
        return (".py", cpp.SUFFIX) if has_kernels else (".py",)

    @property
    def stubs(self) -> tuple[Path, ...]:
        """The files that the learner edits."""
        return tuple(map(self.stub.with_suffix, self.suffixes))

    @property
    def solutions(self) -> tuple[Path, ...]:
        return tuple(map(self.solution.with_suffix, self.suffixes))

    @cached_property
    def kata(self) -> Kata:
        return read_kata(self.tests)

    @property
    def title(self) -> str:
        """What the README calls it, which no learner edits, else what the stub does."""
        return self.link_text or self.stub_title

    @cached_property
    def stub_title(self) -> str:
        """First line of the stub's docstring; the name where a learner has broken that line."""
        try:
            with self.stub.open(encoding="utf-8", errors="replace") as lines:
                first = TITLE.match(lines.readline().strip())
        except OSError:
            first = None
        return first[1].strip() if first else self.name

    @cached_property
    def hints(self) -> tuple[str, ...]:
        """The literal `HINTS` of the solution, from nudge to nearly the code."""
        try:
            for statement in ast.parse(self.solution.read_text(encoding="utf-8")).body:
                if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "HINTS":
                    hints = ast.literal_eval(statement.value)
                    return (hints,) if isinstance(hints, str) else tuple(hints)
        except SyntaxError as error:
            raise BrokenKata(f"{self.solution}:{error.lineno}: {error.msg}") from None
        except (OSError, TypeError, ValueError) as error:
            raise BrokenKata(f"{self.solution}: no HINTS can be read from it: {error}") from None
        return ()


def find_root(start: Path | None = None) -> Path:
    """The checkout that `start` (default: the working directory) lies in, else the one installed."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "katas" / "__init__.py").is_file():
            return folder
    return Path(__file__).resolve().parents[1]


def id_of(path: Path | str, root: Path) -> str | None:
    """The id of the kata that a stub, test or solution file belongs to; None for any other file."""
    try:
        parts = (root / path).resolve().relative_to(root.resolve()).parts
    except ValueError:
        return None
    if len(parts) != 4 or parts[0] not in ("katas", "solutions") or not parts[1].startswith("phase"):
        return None
    return "/".join((*parts[1:3], Path(parts[3]).stem.removeprefix("test_")))


class Catalogue:
    """All katas of a checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every kata that has a test file: phases, then README order, then what no README lists."""
        found: list[Entry] = []
        for phase in sorted((self.root / "katas").glob("phase*")):
            present = {
                f"{tests.parent.name}/{tests.stem.removeprefix('test_')}"
                for tests in phase.glob("*/test_*.py")
            }
            texts = {link: text for text, link in self.links(phase.name) if link in present}
            found += (
                Entry(f"{phase.name}/{link}", self.root, texts.get(link, ""))
                for link in dict.fromkeys([*texts, *sorted(present)])
            )
        return tuple(found)

    def links(self, phase: str) -> list[tuple[str, str]]:
        """(title, topic/name) of the links of a phase's README, in order."""
        readme = self.root / "katas" / phase / "README.md"
        return LINK.findall(readme.read_text(encoding="utf-8")) if readme.is_file() else []

    @cached_property
    def by_id(self) -> dict[str, Entry]:
        return {entry.id: entry for entry in self.entries}

    @cached_property
    def names(self) -> dict[str, list[Entry]]:
        """Every way to name a kata (id, topic/name, name) -> the katas it could mean."""
        names: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for name in (entry.id, entry.id.partition("/")[2], entry.name):
                names.setdefault(name, []).append(entry)
        return names

    def short_name(self, entry: Entry) -> str:
        """The shortest way to name this kata and no other."""
        return next(
            name for name in (entry.name, entry.id.partition("/")[2], entry.id) if len(self.names[name]) == 1
        )

    def resolve(self, text: str) -> Entry:
        """The kata called `text`: an id, a unique short name, or a path to one of its files."""
        name = (
            id_of(Path.cwd() / text, self.root) if text.endswith((".py", cpp.SUFFIX)) else None
        ) or text.strip("/")
        match self.names.get(name, []):
            case [entry]:
                return entry
            case []:
                raise UnknownKata(f"no kata `{text}`{self._suggestion(name.lower())}")
            case several:
                raise UnknownKata(f"`{text}` is one of {', '.join(entry.id for entry in several)}: say which")

    def select(self, text: str) -> list[Entry]:
        """The katas of a phase or topic (`phase4`, `attention`, `phase4/attention`), or the one named."""
        part = text.strip("/").removeprefix("katas/")
        inside = [
            entry
            for entry in self.entries
            if part in (entry.phase, entry.topic, entry.topic.partition("/")[2])
        ]
        return inside or [self.resolve(text)]

    def matching(self, pattern: str) -> Iterator[Entry]:
        """Katas whose id or title contains `pattern`, whatever the case."""
        pattern = pattern.lower()
        return (entry for entry in self.entries if pattern in entry.id or pattern in entry.title.lower())

    def prerequisites(self, entry: Entry) -> list[Entry]:
        """The whole chain that leads to a kata, first things first, the kata itself last."""
        chain: dict[str, Entry] = {}

        def visit(one: Entry, trail: tuple[str, ...]) -> None:
            if one.id in trail:
                raise BrokenKata(f"prerequisites in a circle: {' -> '.join((*trail, one.id))}")
            if one.id in chain:
                return
            for need in one.kata.needs:
                if need not in self.by_id:
                    raise BrokenKata(f"{one.id} needs `{need}`, and there is no such kata")
                visit(self.by_id[need], (*trail, one.id))
            chain[one.id] = one

        visit(entry, ())
        return list(chain.values())

    def _suggestion(self, name: str) -> str:
        from difflib import get_close_matches

        last = name.rpartition("/")[2]
        words: dict[str, list[str]] = {}  # rope -> rope_complex, rope_real
        for entry in self.entries:
            for word in entry.name.split("_"):
                words.setdefault(word, []).append(self.short_name(entry))
        close = (
            get_close_matches(name, self.names, n=1, cutoff=0.75)
            or [kata for word in get_close_matches(last, words, n=1, cutoff=0.75) for kata in words[word]][:3]
            or get_close_matches(name, self.names, n=1, cutoff=0.5)
            or sorted((one for one in self.names if len(last) > 2 and last in one), key=len)[:1]
        )
        meant = " or ".join(f"`{one}`" for one in close)
        return f", did you mean {meant}?" if close else "; `aire-katas list` shows all"
