"""How fast a kernel is on a GPU, judged so that a pass means what it says

    @pytest.mark.perf
    def test_it_keeps_up_with_torch() -> None:
        assert_fast(
            softmax,
            lambda x: torch.softmax(x, -1),
            lambda: (torch.randn(8192, 4096, device="cuda"),),
            against="torch.softmax",
            work=Work(read=8192 * 4096 * 4, written=8192 * 4096 * 4, flops=5 * 8192 * 4096),
            ratio=0.9,
            fraction=0.7,
        )

A test that is marked `perf` and calls `assert_fast` is the kata's benchmark: pytest judges it on a machine
with a GPU, `aire-katas bench ID` prints what it measured. Nothing is declared elsewhere.

How one call is timed (`timing`), each step on one stream of the device:

1. the cache is overwritten, which takes long enough for the host to call the kernel meanwhile;
2. this call's own inputs arrive: until then what the kernel was given holds rubbish;
3. the cache is overwritten again, so that no input lies in it;
4. a mark, the kernel, a mark: the time between the marks is the kernel's;
5. what the kernel returned is copied at once, and the copy is compared with the baseline's result.

So a result kept from an earlier call is wrong, and so is work on another stream that does not wait for the
inputs; what is finished after the call has returned is wrong or leaves the device busy; a call that is right
only when nobody looks is looked at. The events of the device and the clock of the host time the same window,
and must agree. A time below what the data sheet allows is no pass either.

Candidate, baseline, a large copy and, where asked for, a large matrix product take turns, so that a clock
that slows down slows all of them. The judge looks at medians of what each round says; where noise hides the
answer, the test is not graded (`measurement`).

What this cannot see: code in this process can do as it likes with the process. Someone who replaces the
judge, slows the baseline down, or lets the host wait for the inputs and then works aside while the cache is
overwritten, is stopped by the data sheet at most. It stops mistakes, and tricks that pass for cleverness.

Nothing here imports torch or numpy before a GPU is used.
"""

from aire_katas.checks.speed.contest import assert_fast
from aire_katas.checks.speed.measurement import Work

__all__ = ["Work", "assert_fast"]
