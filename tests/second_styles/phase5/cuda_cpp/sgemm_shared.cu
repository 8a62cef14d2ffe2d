// 32 x 8 threads with four rows each, two buffers and one barrier a step, dynamic shared memory.

constexpr int TILE = 32;
constexpr int ROWS = 8;

struct Tiles {
    float a[TILE * TILE], b[TILE * TILE];
};

__device__ void fetch(Tiles& into, int M, int N, int K, const float* A, const float* B, int top, int left, int k0) {
    for (int y = threadIdx.y; y < TILE; y += ROWS) {
        const int x = threadIdx.x;
        into.a[y * TILE + x] = 0;
        into.b[y * TILE + x] = 0;
        if (top + y < M && k0 + x < K) into.a[y * TILE + x] = A[size_t(top + y) * K + k0 + x];
        if (k0 + y < K && left + x < N) into.b[y * TILE + x] = B[size_t(k0 + y) * N + left + x];
    }
}

__global__ void gemm(int M, int N, int K, float alpha, const float* __restrict__ A, const float* __restrict__ B,
                     float beta, float* __restrict__ C) {
    extern __shared__ float raw[];
    Tiles* const tiles = reinterpret_cast<Tiles*>(raw);
    const int top = blockIdx.x * TILE, left = blockIdx.y * TILE;
    float sums[TILE / ROWS] = {};
    fetch(tiles[0], M, N, K, A, B, top, left, 0);
    for (int step = 0; step * TILE < K; step++) {
        __syncthreads();
        if ((step + 1) * TILE < K) fetch(tiles[(step + 1) % 2], M, N, K, A, B, top, left, (step + 1) * TILE);
        const Tiles& now = tiles[step % 2];
        for (int k = 0; k < TILE; k++)
            for (int r = 0; r < TILE / ROWS; r++)
                sums[r] = fmaf(now.a[(threadIdx.y + r * ROWS) * TILE + k], now.b[k * TILE + threadIdx.x], sums[r]);
    }
    for (int r = 0; r < TILE / ROWS; r++) {
        const int row = top + threadIdx.y + r * ROWS, column = left + threadIdx.x;
        if (row >= M || column >= N) continue;
        float* const c = C + size_t(row) * N + column;
        *c = beta != 0 ? fmaf(beta, *c, alpha * sums[r]) : alpha * sums[r];
    }
}

extern "C" int sgemm_shared(int M, int N, int K, float alpha, const float* A, const float* B, float beta,
                            float* C) {
    const dim3 grid((M + TILE - 1) / TILE, (N + TILE - 1) / TILE);
    gemm<<<grid, dim3(TILE, ROWS), 2 * sizeof(Tiles)>>>(M, N, K, alpha, A, B, beta, C);
    return cudaGetLastError();
}
