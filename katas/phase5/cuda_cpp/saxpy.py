"""SAXPY: a kernel, its launcher, its error code

A framework does not launch your kernel itself: it calls a C function that chooses grid and block, launches,
and says whether that went well. torch's extensions, ctypes and every CUDA library stand on this seam.

Write both in `saxpy.cu`, beside this file. SAXPY, from the BLAS of 1979, is y <- a x + y for n float32 each.

    saxpy_kernel    y[i] += a * x[i], 0 <= i < n, on any grid of one dimension: fewer threads than elements
                    are enough, for each takes every T-th element (T threads in the grid, as in
                    grid_stride_loop). x is not changed, and what lies behind the arrays not touched.
    saxpy           `extern "C"`, a function of the host. x and y are pointers to the device's memory. It
                    launches saxpy_kernel once, with blocks of 256 threads: one block for every 256 elements
                    begun, but no more than 65,535 (the loop does the rest), and returns what
                    cudaGetLastError() says after the launch, as an int: 0 when all is well. A launch that
                    went wrong says so nowhere else. Where n is 0 it launches nothing, for a grid without
                    blocks is an error, and returns 0.

n is a long long: activations and optimizer states pass 2**31 elements, and an int index wraps there to a
negative one. So whatever may be as large as n must have 64 bits, in the kernel, too. No emulated array is
that large; the tests instead compile your file with an int of 16 bits, on which an int index wraps after
32,767 elements and a long long does not.

The BLAS itself is not allowed, nor thrust and cub.

Lawson, Hanson, Kincaid and Krogh 1979, Basic Linear Algebra Subprograms; NVIDIA 2024, CUDA C++ Programming
Guide, Error Checking; Hwu, Kirk and El Hajj 2022, ch. 2.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of saxpy.cu
