// Planted bugs: what threads do to one another's memory. A comment says which fault is reported in its line.
#include <cuda_runtime.h>

__global__ void first_barrier_missing(const float* x, float* y, int n) {
    __shared__ float tile[64];
    tile[threadIdx.x] = x[threadIdx.x];   // fault: race
    y[threadIdx.x] = tile[63 - threadIdx.x];  // fault: race, unset
}

__global__ void second_barrier_missing(const float* x, float* y, int n) {
    __shared__ float tile[64];
    float sum = 0;
    for (int k = 0; k < n; k += 64) {
        tile[threadIdx.x] = x[k + threadIdx.x];  // fault: race
        __syncthreads();
        for (int i = 0; i < 64; i++) sum += tile[i];  // fault: race
    }
    y[threadIdx.x] = sum;
}

__global__ void race_between_warps(const float* x, float* y, int n) {
    __shared__ float sums[2];
    if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = x[threadIdx.x];  // fault: race
    __syncwarp();
    y[threadIdx.x] = sums[0] + sums[1];  // fault: race, unset
}

__global__ void race_within_a_warp(const float* x, float* y, int n) {
    __shared__ float sums[32];
    sums[threadIdx.x] = x[threadIdx.x];
    __syncwarp();
    if (threadIdx.x < 16) sums[threadIdx.x] += sums[threadIdx.x + 16];  // fault: race
    if (threadIdx.x < 8) sums[threadIdx.x] += sums[threadIdx.x + 8];    // fault: race
    y[threadIdx.x] = sums[threadIdx.x];  // fault: race
}

__global__ void tree_without_barriers(const float* x, float* y, int n) {
    __shared__ float sums[128];
    sums[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    for (int s = 64; s > 0; s /= 2)
        if (threadIdx.x < s) sums[threadIdx.x] += sums[threadIdx.x + s];  // fault: race
    if (threadIdx.x == 0) y[0] = sums[0];
}

__global__ void race_between_blocks(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    y[threadIdx.x] = x[i];  // fault: race
}

__global__ void reads_another_block(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    y[i] = x[i];              // fault: race
    __syncthreads();
    if (i + 32 < n) y[i + 64] = y[i + 32];  // fault: race, unset
}

__global__ void histogram_without_atomics(const int* x, int* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[x[i]] += 1;  // fault: race
}

__global__ void adds_to_one_sum(const float* x, float* y, int n) {
    __shared__ float sum;
    if (threadIdx.x == 0) sum = 0;
    __syncthreads();
    sum += x[threadIdx.x];  // fault: race
    __syncthreads();
    if (threadIdx.x == 0) y[0] = sum;
}

__global__ void scan_in_place(const float* x, float* y, int n) {
    __shared__ float sums[64];
    sums[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    for (int d = 1; d < 64; d *= 2) {
        if (threadIdx.x >= d) sums[threadIdx.x] += sums[threadIdx.x - d];  // fault: race
        __syncthreads();
    }
    y[threadIdx.x] = sums[threadIdx.x];
}

__global__ void unset_tail(const float* x, float* y, int n) {
    __shared__ float tile[64];
    if (threadIdx.x < n) tile[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    float sum = 0;
    for (int i = 0; i < 64; i++) sum += tile[i];  // fault: unset
    if (threadIdx.x == 0) y[0] = sum;
}

__global__ void bins_never_zeroed(const int* x, int* y, int n) {
    __shared__ int bins[8];
    atomicAdd(&bins[x[threadIdx.x] & 7], 1);  // fault: unset
    __syncthreads();
    if (threadIdx.x < 8) atomicAdd(&y[threadIdx.x], bins[threadIdx.x]);  // fault: unset
}

__global__ void adds_to_an_unset_output(const float* x, float* y, int n) {
    y[threadIdx.x] += x[threadIdx.x];  // fault: unset
}

__global__ void atomic_beside_a_plain_write(const float* x, float* y, int n) {
    __shared__ float sum;
    if (threadIdx.x == 0) sum = 0;  // fault: race
    atomicAdd(&sum, x[threadIdx.x]);  // fault: race, unset
    __syncthreads();
    if (threadIdx.x == 0) y[0] = sum;
}

__global__ void reader_becomes_the_writer(const float* x, float* y, int n) {
    __shared__ float total;
    if (threadIdx.x == 0) total = x[0];
    __syncthreads();
    float seen = total;                        // fault: race
    if (threadIdx.x == 0) total = seen + 1;    // fault: race
    y[threadIdx.x] = seen;
}

__global__ void shared_memory_of_the_block_before(const float* x, float* y, int n) {
    __shared__ float tile[32];
    if (blockIdx.x != 1) tile[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    y[blockIdx.x * 32 + threadIdx.x] = tile[31 - threadIdx.x];  // fault: unset
}

__global__ void reads_while_others_add(const float* x, float* y, int n) {
    __shared__ float sum;
    if (threadIdx.x == 0) sum = 0;
    __syncthreads();
    atomicAdd(&sum, x[threadIdx.x]);  // fault: race
    y[threadIdx.x] = sum;  // fault: race
}

__global__ void halves_synchronise_apart(const float* x, float* y, int n) {
    __shared__ float kept[32];
    kept[threadIdx.x] = x[threadIdx.x];  // fault: race
    if (threadIdx.x < 16) __syncwarp(0x0000ffff);
    else __syncwarp(0xffff0000);
    y[threadIdx.x] = kept[31 - threadIdx.x];  // fault: race, unset
}
