// SGEMM 2: tiles in shared memory. The statement is in sgemm_shared.py.

constexpr int TILE = 32;

// C <- alpha A B + beta C, row after row, a tile of C a block; the error code of the launch.
extern "C" int sgemm_shared(int M, int N, int K, float alpha, const float* A, const float* B, float beta,
                            float* C) {
}
