// Tiled matrix multiplication. The statement is in tiled_matmul.py.
#include <cuda_fp16.h>

constexpr int TILE = 16;  // columns and rows of a tile, and of a block

// C = A B, A (M, K) and B (K, N) of T, C (M, N) of float; a block of TILE x TILE threads for a tile of C.
template <typename T>
__global__ void matmul(int M, int N, int K, const T* A, const T* B, float* C) {
}
