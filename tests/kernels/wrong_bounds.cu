// Planted bugs: indices and addresses. A comment says which fault is reported in its line.
#include <cuda_runtime.h>

__global__ void no_guard(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    y[i] = 2 * x[i];  // fault: bounds
}

__global__ void guard_one_too_far(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i <= n) y[i] = 2 * x[i];  // fault: bounds
}

__global__ void swapped_x_and_y(const float* x, float* y, int rows, int cols) {
    int r = blockIdx.x * blockDim.x + threadIdx.x, c = blockIdx.y * blockDim.y + threadIdx.y;
    if (r < cols && c < rows)
        y[r * cols + c] = x[r * cols + c];  // fault: bounds
}

__global__ void grid_stride_loses_its_guard(const float* x, float* y, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n + 1; i += gridDim.x * blockDim.x)
        y[i] = x[i];  // fault: bounds
}

__global__ void negative_index(const float* x, float* y, int n) {
    int i = threadIdx.x;
    if (i < n) y[i] = x[i] - x[i - 1];  // fault: bounds
}

__global__ void halo_off_by_one(const float* x, float* y, int n) {
    __shared__ float tile[34];
    int i = blockIdx.x * 32 + threadIdx.x;
    tile[threadIdx.x + 1] = i < n ? x[i] : 0;
    if (threadIdx.x == 0) tile[0] = i > 0 ? x[i - 1] : 0;
    if (threadIdx.x == 31) tile[threadIdx.x + 3] = i + 1 < n ? x[i + 1] : 0;  // fault: bounds
    __syncthreads();
    if (i < n && threadIdx.x < 31) y[i] = tile[threadIdx.x] + tile[threadIdx.x + 1] + tile[threadIdx.x + 2];
}

__global__ void dynamic_shared_too_small(const float* x, float* y, int n) {
    extern __shared__ float tile[];
    tile[threadIdx.x] = x[threadIdx.x];  // fault: bounds
    __syncthreads();
    y[threadIdx.x] = tile[threadIdx.x ^ 1];  // fault: bounds
}

__global__ void null_pointer(const float* x, float* y, int n) {
    if (threadIdx.x < n) y[threadIdx.x] = 1;  // fault: bounds
}

__global__ void offset_overflows(const float* x, float* y, int rows, int cols) {
    int r = 65535 + blockIdx.x, c = threadIdx.x;
    int i = r * cols + c;  // fault: overflow
    if (i >= 0 && i < 4) y[i] = x[i];
}

__global__ void misaligned_float4(const float* x, float* y, int n) {
    const float4* wide = reinterpret_cast<const float4*>(x + 1);
    float4 v = wide[threadIdx.x];  // fault: misaligned
    y[threadIdx.x] = v.x + v.y + v.z + v.w;
}

__global__ void writes_its_constant(const float* x, float* y, int n);
__constant__ float factor[4];
__global__ void writes_its_constant(const float* x, float* y, int n) {
    factor[threadIdx.x & 3] = x[0];  // fault: constant
}

__global__ void divides_by_zero(const float* x, float* y, int n) {
    y[threadIdx.x] = x[threadIdx.x % (n - 32)];  // fault: division
}
