// Count the memory transactions. The statement is in coalescing.py.

// Given: dst = src, matrices of rows x cols stored row after row; x counts the rows, y the columns.
__global__ void copy_slow(int rows, int cols, const float* src, float* dst) {
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    int c = blockIdx.y * blockDim.y + threadIdx.y;
    if (r < rows && c < cols)
        dst[r * cols + c] = src[r * cols + c];
}

// dst = src, with the launch of copy_slow and at most a sixth of its sectors.
__global__ void copy_fast(int rows, int cols, const float* src, float* dst) {
}
