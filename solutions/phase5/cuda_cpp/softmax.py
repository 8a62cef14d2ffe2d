"""A stretch of a row is a pair, and pairs merge: the reduction is that of the kata before, with another plus.

The two branches for equal maxima are not for speed. They are where -inf - (-inf) would have made a nan of a
row that has a perfectly good number somewhere else.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "Write the merge of two stretches first, and ask of it: what if one is empty, what if both are?",
    "exp(m - M) is 1 where m is M; where both are -inf the difference is nan, so ask before you subtract.",
    "Each thread merges its own numbers one by one, then lanes merge by shuffles (two numbers each), then warps "
    "by shared memory, as in reduce.",
    "Every thread needs the result for the second pass: let every warp merge what the warps have left.",
)

kernels = Kernels(__file__)
