"""Parallel prefix sums over many blocks

Each sum needs the one before it: nothing looks less parallel. Yet it can be done in log(n) rounds, and once
it can, so can sorting, choosing elements, sending tokens to their experts, and the recurrences of state space
models, all of which ask "how many came before me?"

    inclusive    out[i] = x[0] + ... + x[i]
    exclusive    out[i] = x[0] + ... + x[i - 1], out[0] = 0

Write five functions in `scan.cu`, beside this file. x and all sums are int64 (long long), exact, and stay
below 2**63; arrays have n elements, n >= 0, and n + 64 is less than 2**31. Inputs stay as they were.

    block_scan        a kernel with ceil(n / 64) blocks of BLOCK = 64 threads. Block b scans its own 64
                      elements, 64 b ... 64 b + 63 as far as there are any, inclusively, into out, and puts
                      their sum into totals[b].
    add_offsets       a kernel with the same launch: adds offsets[b - 1] to the elements of each block b > 0
                      of out. (offsets is the inclusive scan of the totals: all that came before.)
    inclusive_scan    a function of the host, for any n. The totals of more than one block must be scanned as
                      well, which may take more than one block again, and so on: three levels at n = 4,100.
    exclusive_scan    the same, exclusively
    compact           the x[i] for which keep[i] is true, in their order, to the front of out; how many there
                      are to count[0], int32. The rest of out stays as it was. Where does x[i] go? As many
                      places from the front as true flags came before it.

The functions of the host get pointers to device memory, take what else they need by cudaMalloc, give it back,
and return cudaGetLastError(), 0. Where n is 0 they launch nothing, and compact sets count[0] to 0. No thread
is left to do it all: for n = 1,000 each makes at most 750 requests to global memory, and 1,700 to shared.

In block_scan, shared memory may take 90 requests for each block (a request is one instruction of one warp,
however many of its lanes take part). The two scans of the textbooks, that of Hillis and Steele and that of
Blelloch, need fewer; a thread that adds up alone, or every thread for itself, needs more. In a round of
Hillis and Steele each thread adds the number `step` places before its own. If it does so in place, others
read what is new already: take two buffers in turn. Atomics are not allowed.

The kernels run on your CPU, in any order of threads and blocks, and every access is checked; a race is named
with line, block and thread. docs/kernel-lab.md tells how.

Hillis and Steele 1986, Data Parallel Algorithms; Blelloch 1990, Prefix Sums and Their Applications; Hwu, Kirk
and El Hajj 2022, ch. 11.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of scan.cu
