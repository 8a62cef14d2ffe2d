// SGEMM 1: naive, then coalesced. The statement is in sgemm_coalesced.py.

// C <- alpha A B + beta C, row after row, an element a thread; the error code of the launch.
extern "C" int sgemm_naive(int M, int N, int K, float alpha, const float* A, const float* B, float beta,
                           float* C) {
}

// The same with the lanes of a warp along a row of C.
extern "C" int sgemm_coalesced(int M, int N, int K, float alpha, const float* A, const float* B, float beta,
                               float* C) {
}
