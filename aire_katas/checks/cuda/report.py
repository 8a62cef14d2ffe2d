"""What a run of a kernel has shown: faults with their place, and what each line costs"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

KINDS = {
    "bounds": "out of bounds",
    "misaligned": "misaligned access",
    "unset": "read before written",
    "race": "race",
    "barrier": "diverged barrier",
    "warp": "incomplete warp operation",
    "launch": "illegal launch",
    "timeout": "timed out",
    "crash": "crashed",
    "overflow": "integer overflow",
    "division": "division by zero",
    "constant": "write to __constant__",
    "host": "host code",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fault. `kind` is a key of KINDS; block and thread are as printed, "-" where there is none."""

    kind: str
    kernel: str
    file: str
    line: int  # 0: no line of the source
    block: str
    thread: str
    count: int  # how often it happened
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        again = f" (and {self.count - 1} more times)" if self.count > 1 else ""
        return f"{place}: {KINDS[self.kind]} in {self.kernel}: {self.text}{again}"


@dataclass(frozen=True, kw_only=True)
class Access:
    """What one line does to one kind of memory, in all the launch.

    A request is one instruction of a warp. The lanes are those that took part, the slots those that the warps
    have. Sectors are 32 bytes of global memory; passes are how often the banks of shared memory had to be
    gone over, for an atomic how many lanes had to wait for one another.
    """

    file: str
    line: int
    space: str  # global, shared, constant
    kind: str  # read, write, atomic
    requests: int
    lanes: int
    slots: int
    bytes: int  # different bytes that each request asks for
    sectors: int
    least_sectors: int  # the fewest that hold as many bytes
    passes: int
    worst: int  # most passes of one request

    @property
    def sectors_per_request(self) -> float:
        return self.sectors / self.requests

    @property
    def passes_per_request(self) -> float:
        return self.passes / self.requests

    @property
    def active(self) -> float:
        """Share of the warps' lanes that take part."""
        return self.lanes / self.slots

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind} of {self.space} memory"


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """What happened to one buffer. Loads, stores and atomics count lanes; no cache is modelled."""

    name: str
    space: str
    loads: int
    stores: int
    atomics: int
    bytes_read: int  # in sectors
    bytes_written: int
    least_bytes: int  # in sectors, if each had been read once and written once
    fewest_writes: int  # of an element
    most_writes: int


@dataclass(frozen=True)
class Grid:
    """The shape of one launch; `shared` in bytes, as given to it."""

    kernel: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared: int
    requests: int  # to global memory, loads and stores
    of_busiest: int  # those of the block that made most

    @property
    def blocks(self) -> int:
        return math.prod(self.grid)

    @property
    def threads(self) -> int:
        """Of one block."""
        return math.prod(self.block)

    def __str__(self) -> str:
        shared = f", {self.shared}" if self.shared else ""
        return f"{self.kernel}<<<{_short(self.grid)}, {_short(self.block)}{shared}>>>"


@dataclass(frozen=True, kw_only=True)
class Report:
    """A run: launches and faults in their order, costs by line and by buffer, barriers of blocks by line."""

    source: Path
    kernel: str
    launches: tuple[Grid, ...]
    findings: tuple[Finding, ...]
    accesses: tuple[Access, ...]
    buffers: Mapping[str, Buffer]
    barriers: Mapping[int, int]  # line -> times that a block passed it
    output: str  # what the kernel printed
    returned: int | None = None  # of a host function that returns an integer
    judged: bool = True

    def at(self, line: int, *, space: str | None = None, kind: str | None = None) -> Access:
        """All accesses of a line, of one space and kind if given; KeyError where there are none."""
        found = [one for one in self.accesses if one.line == line]
        return _sum(one for one in found if space in (None, one.space) and kind in (None, one.kind))

    def total(self, *, space: str, kind: str | None = None) -> Access:
        """All accesses of a kind of memory; KeyError where there are none."""
        return _sum(one for one in self.accesses if one.space == space and kind in (None, one.kind))

    @property
    def bytes_moved(self) -> int:
        """To and from global memory, in whole sectors."""
        return sum(one.bytes_read + one.bytes_written for one in self._global())

    @property
    def least_bytes(self) -> int:
        """If every sector had been read once and written once."""
        return sum(one.least_bytes for one in self._global())

    @property
    def traffic(self) -> float:
        """Bytes moved over the least."""
        return self.bytes_moved / self.least_bytes if self.least_bytes else 1.0

    def _global(self) -> list[Buffer]:
        return [one for one in self.buffers.values() if one.space == "global"]


def _short(sizes: tuple[int, int, int]) -> str:
    x, y, z = sizes
    return str(sizes if z > 1 else (x, y) if y > 1 else x)


def merged(accesses: Iterable[Access]) -> tuple[Access, ...]:
    """One for each line, space and kind, by line."""
    groups: dict[tuple[str, int, str, str], list[Access]] = {}
    for one in accesses:
        groups.setdefault((one.file, one.line, one.space, one.kind), []).append(one)
    return tuple(_sum(group) for _, group in sorted(groups.items()))


def _sum(accesses: Iterable[Access]) -> Access:
    group = list(accesses)
    if not group:
        raise KeyError("no such access was made")
    counted = ("requests", "lanes", "slots", "bytes", "sectors", "least_sectors", "passes")
    first = group[0]
    return Access(
        file=first.file,
        line=first.line,
        space=first.space,
        kind=first.kind,
        worst=max(one.worst for one in group),
        **{name: sum(getattr(one, name) for one in group) for name in counted},
    )
