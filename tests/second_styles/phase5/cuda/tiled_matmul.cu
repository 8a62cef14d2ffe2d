// Flat dynamic-style tiles in float, converted on the way in; two buffers and one barrier a step.
#include <cuda_fp16.h>

constexpr int TILE = 16;  // columns and rows of a tile, and of a block

__device__ float value(float x) {
    return x;
}

__device__ float value(__half x) {
    return __half2float(x);
}

template <typename T>
__device__ float fetched(const T* m, int rows, int cols, int r, int c) {
    if (r >= rows || c >= cols) return 0.0f;
    return value(m[(size_t)r * cols + c]);
}

template <typename T>
__global__ void matmul(int M, int N, int K, const T* A, const T* B, float* C) {
    __shared__ float a[2][TILE * TILE], b[2][TILE * TILE];
    const int x = threadIdx.x, y = threadIdx.y, here = y * TILE + x;
    const int row = y + blockIdx.y * TILE, column = x + blockIdx.x * TILE;
    const int steps = (K + TILE - 1) / TILE;
    float even = 0, odd = 0;
    a[0][here] = fetched(A, M, K, row, x);
    b[0][here] = fetched(B, K, N, y, column);
    for (int step = 0; step < steps; step++) {
        __syncthreads();
        const int now = step % 2, next = 1 - now, k0 = (step + 1) * TILE;
        if (step + 1 < steps) {
            a[next][here] = fetched(A, M, K, row, k0 + x);
            b[next][here] = fetched(B, K, N, k0 + y, column);
        }
        for (int k = 0; k < TILE; k += 2) {
            even = fmaf(a[now][y * TILE + k], b[now][k * TILE + x], even);
            odd = fmaf(a[now][y * TILE + k + 1], b[now][(k + 1) * TILE + x], odd);
        }
    }
    if (row < M && column < N) C[(size_t)row * N + column] = even + odd;
}
