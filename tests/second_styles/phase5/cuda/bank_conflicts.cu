// Without padding: a swizzle, which moves the word of column c in row r to column c ^ r.

constexpr int TILE = 32;
constexpr int ROWS = 8;

__device__ float& place(float* tile, int r, int c) { return tile[r * TILE + (c ^ r)]; }

__global__ void transpose(int rows, int cols, const float* A, float* out) {
    __shared__ float tile[TILE * TILE];
    const int x = threadIdx.x, left = blockIdx.x * TILE, top = blockIdx.y * TILE;
    for (int y = threadIdx.y; y < min(TILE, rows - top); y += blockDim.y)
        if (left + x < cols) place(tile, y, x) = A[size_t(top + y) * cols + left + x];
    __syncthreads();
    if (top + x >= rows) return;
    for (int y = threadIdx.y; y < TILE && left + y < cols; y += ROWS)
        out[size_t(left + y) * rows + top + x] = place(tile, x, y);
}
