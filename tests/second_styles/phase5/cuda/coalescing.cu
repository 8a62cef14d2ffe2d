// The matrix as one long array, gone over with a grid-stride loop.

__global__ void copy_slow(int rows, int cols, const float* src, float* dst) {
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    int c = blockIdx.y * blockDim.y + threadIdx.y;
    if (r < rows && c < cols)
        dst[r * cols + c] = src[r * cols + c];
}

__device__ unsigned int number() {
    unsigned int block = blockIdx.y * gridDim.x + blockIdx.x;
    return (block * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
}

__global__ void copy_fast(int rows, int cols, const float* src, float* dst) {
    const unsigned int n = rows * cols, step = gridDim.x * gridDim.y * blockDim.x * blockDim.y;
    for (auto i = number(); i < n; i += step)
        dst[i] = __ldg(src + i);
}
