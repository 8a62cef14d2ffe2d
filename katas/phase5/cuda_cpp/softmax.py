"""Row softmax, online

The softmax of a row needs its maximum, then a sum, then the row again: three reads. It can be done in two.
Keep the maximum so far and the sum so far, measured from that maximum; when a larger number comes, the old
sum is made smaller by the factor that the change of maximum asks for. Attention that never stores its scores
rests on this: flash attention is an online softmax with a matrix product in it.

    y[r, c] = exp(x[r, c] - m_r) / z_r
    m_r = max over c of x[r, c],   z_r = sum over c of exp(x[r, c] - m_r)

Two stretches with (m, z) and (m', z') together have the maximum M = max(m, m') and the sum
z exp(m - M) + z' exp(m' - M). One number is the stretch (x, 1). It matters in no way how the row is cut, so
threads take what they like and merge at the end.

Write `softmax` in `softmax.cu`, beside this file, with a kernel of your own above it. It is `extern "C"`, of
the host, takes pointers to the device's memory, and returns cudaGetLastError():

    softmax(x, y, rows, cols, stride)    x and y are float32, row r from r * stride on, with cols elements;
                                         rows, cols >= 1, stride >= cols. What lies between the rows is
                                         neither read nor written. rows * stride may pass 2**31.

One block works on a row, and each row has one: rows is at most 2**31 - 1, cols may be any number. Each
element of x is read at most twice, and each of y written once, neighbours by neighbouring lanes. Threads that
got none of a row's elements, and lanes without a warp's result, are an empty stretch, (-inf, 0).

x has no +inf and, unless the whole row is to be nan, no nan. It may have -inf, which a mask leaves: its y is
0. A row of nothing but -inf gives nan throughout, as in torch. Mind exp(-inf - (-inf)), which is nan: it must
not come into a row that has a finite number. Numbers may be as large as 1e4 in size. A result may be off by
3e-6 of its value. double is not allowed.

Milakov and Gimelshein 2018, Online normalizer calculation for softmax; Dao et al. 2022.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of softmax.cu
