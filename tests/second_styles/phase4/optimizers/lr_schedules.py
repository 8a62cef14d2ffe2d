"""The lower of two lines that never end, with the fractions clamped: no phases"""

import math


def _rise(step: int, warmup: int) -> float:
    return step / warmup if warmup else 1.0


def _done(step: int, start: int, end: int) -> float:
    if end <= start:
        return float(step >= end)
    return min(max((step - start) / (end - start), 0.0), 1.0)


def warmup_cosine(step: int, max_lr: float, min_lr: float, warmup: int, total: int) -> float:
    if step < 0 or warmup < 0 or total < warmup:
        raise ValueError("a negative number, or a warmup longer than the run")
    left = math.cos(math.pi / 2 * _done(step, warmup, total)) ** 2
    return min(max_lr * _rise(step, warmup), max_lr * left + min_lr * (1 - left))


def wsd(step: int, max_lr: float, min_lr: float, warmup: int, stable: int, decay: int) -> float:
    if any(number < 0 for number in (step, warmup, stable, decay)):
        raise ValueError("a negative number")
    done = _done(step, warmup + stable, warmup + stable + decay)
    return min(max_lr * _rise(step, warmup), max_lr * (1 - done) + min_lr * done)
