// Planted bugs: memcpy, memset and structures in memory. A comment says which fault is reported in its line.
#include <cuda_runtime.h>
#include <string.h>

struct Row {
    float values[5];
};

__global__ void copies_too_much(const float* x, float* y, int n) {
    if (threadIdx.x == 0) memcpy(y, x, (n + 1) * sizeof(float));  // fault: bounds
}

__global__ void clears_too_much(const float* x, float* y, int n) {
    __shared__ float tile[32];
    if (threadIdx.x == 0) memset(tile, 0, 33 * sizeof(float));  // fault: bounds
    __syncthreads();
    y[threadIdx.x] = x[threadIdx.x] + tile[threadIdx.x];
}

__global__ void clears_its_neighbours_part(const float* x, float* y, int n) {
    __shared__ float tile[64];
    memset(tile + threadIdx.x, 0, 2 * sizeof(float));  // fault: race
    __syncthreads();
    y[threadIdx.x] = tile[threadIdx.x];
}

__global__ void copies_before_the_barrier(const float* x, float* y, int n) {
    __shared__ float tile[64];
    memcpy(&tile[threadIdx.x], &x[threadIdx.x], sizeof(float));  // fault: race
    memcpy(&y[threadIdx.x], &tile[63 - threadIdx.x], sizeof(float));  // fault: race, unset
}

__global__ void copies_what_nobody_wrote(const float* x, float* y, int n) {
    __shared__ float tile[32];
    if (threadIdx.x < 31) tile[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    if (threadIdx.x == 0) memcpy(y, tile, sizeof tile);  // fault: unset
}

__global__ void row_beyond_the_last(const Row* x, Row* y, int n) {
    y[threadIdx.x] = x[threadIdx.x];  // fault: bounds
}

__global__ void rows_in_a_race(const Row* x, Row* y, int n) {
    y[threadIdx.x / 2] = x[threadIdx.x];  // fault: race
}
