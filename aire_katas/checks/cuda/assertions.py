"""Judges of a report

Each wants a judged run without faults: a kernel that stops half-way moves little.
"""

from collections.abc import Callable, Iterable

from aire_katas.checks.cuda.report import Access, Report

SHOWN = 4  # faults, lines


def assert_clean(report: Report) -> None:
    """Nothing was found."""
    __tracebackhide__ = True
    if report.findings:
        shown = [str(one) for one in report.findings[:SHOWN]]
        more = len(report.findings) - len(shown)
        raise AssertionError("\n".join([*shown, *([f"and {more} more"] if more else [])]))


def assert_coalesced(report: Report, *, line: int | None = None, at_most: float = 1.25) -> None:
    """Lanes that are neighbours use neighbouring addresses of global memory.

    No line takes more than `at_most` times the fewest 32-byte sectors that hold the bytes it asks for; 1.25
    allows rows that start between two sectors. `line` asks for that line alone.
    """
    __tracebackhide__ = True
    seen = _accesses(report, "global", line)
    _fail(
        f"{one} takes {one.sectors_per_request:.2f} sectors of 32 bytes a request, and "
        f"{one.least_sectors / one.requests:.2f} would hold what it asks for; "
        "let lane t + 1 use the address after lane t's"
        for one in seen
        if one.sectors > at_most * one.least_sectors
    )


def assert_no_bank_conflicts(report: Report, *, line: int | None = None, at_most: int = 1) -> None:
    """No request to shared memory has to go over the banks more than `at_most` times."""
    __tracebackhide__ = True
    seen = _accesses(report, "shared", line)
    _fail(
        f"{one} has {one.worst}-way bank conflicts, at most {at_most} allowed; "
        "lanes whose words are a multiple of 32 apart share a bank: pad the row by one"
        for one in seen
        if one.worst > at_most
    )


def assert_traffic(report: Report, *, at_most: float = 1.1, minimum: int | None = None) -> None:
    """Global memory moves at most `at_most` times the least bytes.

    The least is each sector that the kernel touches read once and written once; or `minimum`, in bytes, where
    the algorithm needs less than the kernel touches.
    """
    __tracebackhide__ = True
    _accesses(report, "global", None)
    least = report.least_bytes if minimum is None else minimum
    if report.bytes_moved <= at_most * least:
        return
    buffers = [
        one for one in report.buffers.values() if one.space == "global" and one.bytes_read + one.bytes_written
    ]
    table = [f"  {one.name}: {one.bytes_read} read, {one.bytes_written} written" for one in buffers]
    raise AssertionError(
        f"{report.kernel} moves {report.bytes_moved} bytes, "
        f"{report.bytes_moved / least:.2f} times the least of {least}; "
        f"at most {at_most:g} times allowed: keep what is used again in registers or shared memory\n"
        + "\n".join(table)
    )


def assert_spread(report: Report, *, at_most: float = 2.0) -> None:
    """In each launch the busiest block makes at most `at_most` times the mean's requests to global memory."""
    __tracebackhide__ = True
    _accesses(report, "global", None)
    _fail(
        f"of {one.blocks} blocks of {one} one makes {one.of_busiest} of {one.requests} requests to global "
        "memory: share the work among the blocks, or most of a GPU is idle"
        for one in report.launches
        if one.of_busiest * one.blocks > at_most * one.requests
    )


def assert_owner(launch: Callable[[], object], element: int, buffer: str, *, thread: int, block: int) -> None:
    """Of all threads of a grid of one dimension, this one comes for this element.

    `launch` runs the kernels on a buffer that ends before the element, and lets faults fail, which say who
    came.
    """
    __tracebackhide__ = True
    owner = f"thread ({thread},0,0) of block ({block},0,0)"
    try:
        launch()
    except AssertionError as error:
        place = f" element {element} of {buffer}"
        if any(owner in line and place in line for line in str(error).split("\n")):
            return
        raise AssertionError(f"{owner} is to come for element {element} of {buffer}\n{error}") from None
    raise AssertionError(f"{owner} is to come for element {element} of {buffer}, and nobody does")


def _accesses(report: Report, space: str, line: int | None) -> list[Access]:
    __tracebackhide__ = True
    if not report.judged:
        raise ValueError("the run was not judged: leave out judge=False")
    assert_clean(report)
    seen = [
        one
        for one in report.accesses
        if one.space == space and one.kind != "atomic" and line in (None, one.line)
    ]
    if not seen:
        where = f"line {line} of {report.source.name}" if line else report.kernel
        raise AssertionError(f"{where} does not use {space} memory")
    return seen


def _fail(faults: Iterable[str]) -> None:
    __tracebackhide__ = True
    if found := list(faults):
        raise AssertionError("\n".join(found[:SHOWN]))
