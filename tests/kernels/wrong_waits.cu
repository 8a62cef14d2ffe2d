// Planted bugs: barriers, shuffles, and kernels that do not end. A comment says which fault is reported there.
#include <cuda_runtime.h>

__global__ void barrier_in_a_branch(const float* x, float* y, int n) {
    __shared__ float tile[64];
    tile[threadIdx.x] = x[threadIdx.x];
    if (threadIdx.x < 32) {
        __syncthreads();  // fault: barrier
        y[threadIdx.x] = tile[threadIdx.x + 32];
    } else {
        __syncthreads();  // fault: barrier
        y[threadIdx.x] = tile[threadIdx.x - 32];
    }
}

__global__ void barrier_in_the_guard(const float* x, float* y, int n) {
    __shared__ float tile[64];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        tile[threadIdx.x] = x[i];
        __syncthreads();  // fault: barrier
        y[i] = tile[threadIdx.x];
    }
}

__global__ void early_return(const float* x, float* y, int n) {
    __shared__ float tile[64];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    tile[threadIdx.x] = x[i];
    __syncthreads();  // fault: barrier
    y[i] = tile[threadIdx.x];
}

__global__ void unequal_barriers(const float* x, float* y, int n) {
    for (int i = 0; i < threadIdx.x % 2; i++) __syncthreads();  // fault: barrier
    y[threadIdx.x] = x[threadIdx.x];
    __syncthreads();  // fault: barrier
}

__global__ void shuffle_in_a_branch(const float* x, float* y, int n) {
    float v = x[threadIdx.x];
    if (threadIdx.x < 16) v += __shfl_down_sync(0xffffffff, v, 8);  // fault: warp
    __syncthreads();
    y[threadIdx.x] = v;
}

__global__ void shuffle_after_return(const float* x, float* y, int n) {
    if (threadIdx.x >= n) return;
    float v = x[threadIdx.x];
    for (int d = 16; d; d /= 2) v += __shfl_down_sync(0xffffffff, v, d);  // fault: warp
    if (threadIdx.x == 0) y[0] = v;
}

__global__ void mask_without_the_caller(const float* x, float* y, int n) {
    y[threadIdx.x] = __shfl_xor_sync(0x0000ffff, x[threadIdx.x], 1);  // fault: warp
}

__global__ void mask_without_the_source(const float* x, float* y, int n) {
    if (threadIdx.x < 16) y[threadIdx.x] = __shfl_sync(0x0000ffff, x[threadIdx.x], 20);  // fault: warp
}

__global__ void never_ends(const float* x, float* y, int n) {
    volatile int i = threadIdx.x;
    while (i >= 0) i = 0;  // fault: timeout
    y[threadIdx.x] = i;
}

__global__ void waits_for_a_flag_nobody_sets(const float* x, float* y, int n) {
    volatile float* flag = y;
    while (flag[0] == 0) {}  // fault: timeout
}

__global__ void too_many_local_variables(const float* x, float* y, int n) {
    volatile float own[1 << 20];
    own[threadIdx.x] = x[0];  // fault: crash
    y[threadIdx.x] = own[threadIdx.x];  // fault: crash
}

__global__ void reduction_without_half_of_the_warp(const float* x, float* y, int n) {
    int count = threadIdx.x;
    if (threadIdx.x < 16) count = __reduce_add_sync(0xffffffff, count);  // fault: warp
    __syncthreads();
    y[threadIdx.x] = count;
}

__global__ void different_reductions(const float* x, float* y, int n) {
    int t = threadIdx.x;
    y[t] = t < 16 ? __reduce_min_sync(0xffffffff, t) : __reduce_max_sync(0xffffffff, t);  // fault: warp
}
