__device__ float dot(int N, int K, const float* row, const float* column) {
    // wrong: double sum = 0;  // sum in float: a GPU made for models has few units for double
    float sum = 0;
    // wrong: for (int k = 0; k < N; k++) {  // the sum goes over K
    // wrong: for (int k = 1; k < K; k++) {  // the first is k = 0
    for (int k = 0; k < K; k++) {
        // wrong: sum += row[k] * column[k * K];  // B has rows of N numbers: so far apart are a column's
        // wrong: sum += row[k * K] * column[k * N];  // along a row of A the numbers are neighbours
        // wrong: sum = row[k] * column[k * N];  // the products are added up
        sum += row[k] * column[k * N];
    }
    return sum;
}

// wrong: __device__ void put(float* c, float alpha, float sum, float beta) {  // where beta is 0, C may hold nan, and 0 * nan is nan: do not read it
//            *c = alpha * sum + beta * *c;
//        }
__device__ void put(float* c, float alpha, float sum, float beta) {
    // wrong: *c = alpha * sum;  // beta C is to be added
    // wrong: *c = beta == 0 ? sum : sum + beta * *c;  // the product is scaled by alpha
    // wrong: *c = beta == 0 ? alpha * sum : alpha * (sum + beta * *c);  // alpha scales the product alone
    *c = beta == 0 ? alpha * sum : alpha * sum + beta * *c;
}

__global__ void naive(int M, int N, int K, float alpha, const float* A, const float* B, float beta, float* C) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
    // wrong: if (i < N && j < M) put(&C[i * N + j], alpha, dot(N, K, A + i * K, B + j), beta);  // i counts the M rows
    // wrong: put(&C[i * N + j], alpha, dot(N, K, A + i * K, B + j), beta);  // threads at the edges have no element
    if (i < M && j < N) put(&C[i * N + j], alpha, dot(N, K, A + i * K, B + j), beta);
}

__global__ void coalesced(int M, int N, int K, float alpha, const float* A, const float* B, float beta, float* C) {
    // wrong: int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;  // threadIdx.x counts the lanes, and this runs them along a column
    int i = blockIdx.y * blockDim.y + threadIdx.y, j = blockIdx.x * blockDim.x + threadIdx.x;
    // wrong: if (i < M && j < N) put(&C[j * M + i], alpha, dot(N, K, A + i * K, B + j), beta);  // C is stored row after row, too
    // wrong: if (i < M || j < N) put(&C[i * N + j], alpha, dot(N, K, A + i * K, B + j), beta);  // an element has a row and a column that exist
    if (i < M && j < N) put(&C[i * N + j], alpha, dot(N, K, A + i * K, B + j), beta);
}

extern "C" int sgemm_naive(int M, int N, int K, float alpha, const float* A, const float* B, float beta,
                           float* C) {
    dim3 block(16, 16), grid((M + 15) / 16, (N + 15) / 16);
    naive<<<grid, block>>>(M, N, K, alpha, A, B, beta, C);
    return cudaGetLastError();
}

extern "C" int sgemm_coalesced(int M, int N, int K, float alpha, const float* A, const float* B, float beta,
                               float* C) {
    // wrong: dim3 block(16, 16), grid((N + 15) / 16, (M + 15) / 16);  // a warp is then two rows of 16: let 32 lanes have one row
    // wrong: dim3 block(32, 8), grid((M + 31) / 32, (N + 7) / 8);  // x goes along the columns of C
    // wrong: dim3 block(32, 8), grid(N / 32, M / 8);  // the edges need blocks, too
    dim3 block(32, 8), grid((N + 31) / 32, (M + 7) / 8);
    coalesced<<<grid, block>>>(M, N, K, alpha, A, B, beta, C);
    return cudaGetLastError();
}
