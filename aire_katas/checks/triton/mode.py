"""Whether triton's kernels are interpreted or compiled in this process

Without a CUDA device they are interpreted. Triton reads TRITON_INTERPRET when a function is decorated, and
its own library (`tl.sum`, `tl.max`, `tl.rand` ...) is decorated when triton is first imported: so the
variable has to be set before that, and where something else has imported triton already, the library is
imported once more.
"""

import importlib
import os
import sys

from aire_katas import machine

VARIABLE = "TRITON_INTERPRET"
LIBRARY = ("triton.language.standard", "triton.language.random", "triton.language")


def choose() -> bool:
    """Settle the mode of this process and its children; True where kernels are interpreted.

    A value that the variable already has is respected: 1 interprets on a machine with a GPU, too.
    """
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = "0" if machine.has_gpu() else "1"
    imported_before = "triton" in sys.modules
    import triton
    from triton import knobs

    interpreted = bool(knobs.runtime.interpret)
    if imported_before and interpreted and isinstance(triton.language.sum, triton.JITFunction):
        for name in LIBRARY:
            importlib.reload(importlib.import_module(name))
    return interpreted
