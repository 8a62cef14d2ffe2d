// Pointers that move instead of an index, fmaf, and the error checked before the wait.

__global__ void saxpy_kernel(long long n, float a, const float* __restrict__ x, float* __restrict__ y) {
    const size_t first = size_t(blockIdx.x) * blockDim.x + threadIdx.x;
    const size_t step = size_t(gridDim.x) * blockDim.x;
    size_t left = first < size_t(n) ? n - first : 0;
    x += first;
    y += first;
    while (left > 0) {
        *y = fmaf(a, *x, *y);
        if (left <= step) break;
        left -= step;
        x += step;
        y += step;
    }
}

static long long smaller(long long a, long long b) {
    return a < b ? a : b;
}

extern "C" int saxpy(long long n, float a, const float* x, float* y) {
    if (n > 0) {
        dim3 grid(smaller(65535, n / 256 + (n % 256 != 0))), block(256);
        saxpy_kernel<<<grid, block, 0, nullptr>>>(n, a, x, y);
        if (cudaError_t error = cudaGetLastError()) return error;
        return cudaDeviceSynchronize();
    }
    return cudaSuccess;
}
