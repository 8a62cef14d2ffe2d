constexpr int TILE = 32;

__global__ void tiled(int M, int N, int K, float alpha, const float* A, const float* B, float beta, float* C) {
    __shared__ float a[TILE][TILE], b[TILE][TILE];
    int x = threadIdx.x, y = threadIdx.y;
    int i = blockIdx.y * TILE + y, j = blockIdx.x * TILE + x;
    // wrong: float sum = 0;  // a thread without an element of C is still needed to fetch, and at the barriers
    //            if (i >= M || j >= N) return;
    float sum = 0;
    // wrong: for (int start = 0; start + TILE <= K; start += TILE) {  // the last tile along K may be narrower than 32
    // wrong: for (int start = 0; start < N; start += TILE) {  // the sum goes over K
    for (int start = 0; start < K; start += TILE) {
        // wrong: if (i < M && start + x < K) a[y][x] = A[i * K + start + x];  // what sticks out must be 0, or old numbers take part in the sums
        // wrong: a[y][x] = A[i * K + start + x];  // what sticks out over the edges is not there to be read
        // wrong: a[y][x] = i < M && start + x < M ? A[i * K + start + x] : 0;  // A has K columns
        a[y][x] = i < M && start + x < K ? A[i * K + start + x] : 0;
        // wrong: b[y][x] = start + y < K ? B[(start + y) * N + j] : 0;  // B has an edge on the right, too
        // wrong: b[y][x] = start + x < K && blockIdx.x * TILE + y < N ? B[(start + x) * N + blockIdx.x * TILE + y] : 0;  // this fetches the tile along columns
        // wrong: b[x][y] = start + y < K && j < N ? B[(start + y) * N + j] : 0;  // turned like this, a warp writes one bank
        b[y][x] = start + y < K && j < N ? B[(start + y) * N + j] : 0;
        // wrong: if (i < M && j < N) __syncthreads();  // every thread of the block comes to every barrier
        // wrong: __syncwarp();  // the tiles were fetched by all warps of the block
        // wrong: ;  // others fetched what you multiply: wait for them
        __syncthreads();
        // wrong: for (int k = 0; k < TILE; k++) sum += a[y][k] * b[x][k];  // a row of A meets a column of B
        // wrong: for (int k = 0; k < TILE; k++) sum += a[k][y] * b[k][x];  // row y of A, not column y
        // wrong: for (int k = 0; k < TILE - 1; k++) sum += a[y][k] * b[k][x];  // the tile has 32 columns
        for (int k = 0; k < TILE; k++) sum += a[y][k] * b[k][x];
        // wrong: ;  // the next tiles overwrite these: wait until all are done with them
        __syncthreads();
    }
    // wrong: if (i < M && j < N) C[i * N + j] = alpha * sum + beta * C[i * N + j];  // with beta = 0 C is not read: it may hold nan
    // wrong: if (i < M && j < N) C[i * N + j] = sum;  // alpha and beta are missing
    // wrong: C[i * N + j] = beta == 0 ? alpha * sum : alpha * sum + beta * C[i * N + j];  // the last tiles of C stick out
    if (i < M && j < N) C[i * N + j] = beta == 0 ? alpha * sum : alpha * sum + beta * C[i * N + j];
}

// wrong: __global__ void untiled(int M, int N, int K, float alpha, const float* A, const float* B, float beta, float* C) {  // without shared memory every row of C reads B again
//            int i = blockIdx.y * TILE + threadIdx.y, j = blockIdx.x * TILE + threadIdx.x;
//            if (i >= M || j >= N) return;
//            float sum = 0;
//            for (int k = 0; k < K; k++) sum += A[i * K + k] * B[k * N + j];
//            C[i * N + j] = beta == 0 ? alpha * sum : alpha * sum + beta * C[i * N + j];
//        }
//
//        extern "C" int sgemm_shared(int M, int N, int K, float alpha, const float* A, const float* B, float beta, float* C) {
//            untiled<<<dim3((N + 31) / 32, (M + 31) / 32), dim3(32, 32)>>>(M, N, K, alpha, A, B, beta, C);
//            return cudaGetLastError();
//        }
extern "C" int sgemm_shared(int M, int N, int K, float alpha, const float* A, const float* B, float beta,
                            float* C) {
    // wrong: dim3 block(TILE, TILE), grid((M + TILE - 1) / TILE, (N + TILE - 1) / TILE);  // x counts the columns of C
    dim3 block(TILE, TILE), grid((N + TILE - 1) / TILE, (M + TILE - 1) / TILE);
    tiled<<<grid, block>>>(M, N, K, alpha, A, B, beta, C);
    return cudaGetLastError();
}
