"""Two names swapped, and a warp moves 5 sectors for each k instead of 33.

Nothing of the arithmetic has changed. What is left is that every number of B is read again by every row of C,
M times in all: the memory is asked nicely, but far too often. Tiles in shared memory are the answer.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "First the element: thread (x, y) of the grid has a row and a column of C, if they exist. Then the loop.",
    "A's row i begins at i * K and goes on in steps of 1; B's column j begins at j and goes on in steps of N.",
    "Lanes are counted by threadIdx.x first. Which of row and column has to be made from it?",
    "A block of 16 x 16 threads puts two rows of C into each warp; how wide must it be for one?",
)

kernels = Kernels(__file__)
