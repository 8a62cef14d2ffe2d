// The first kernel works in shared memory alone, in the second each thread keeps its own pair in registers.
#include <cmath>

constexpr int BLOCK = 64;

struct From {
    const float *maxima, *sums;
};

template <class T>
__device__ T join(T a, T b) {
    return {a.x > b.x ? a.x : b.x, a.y + b.y};
}

__device__ float2 tree(float2 mine) {
    __shared__ float both[2][BLOCK];
    const unsigned t = threadIdx.x;
    both[0][t] = mine.x;
    both[1][t] = mine.y;
    __syncthreads();
#pragma unroll
    for (unsigned left = BLOCK >> 1; left; left >>= 1) {
        if (t < left) {
            mine = join(mine, make_float2(both[0][t + left], both[1][t + left]));
            both[0][t] = mine.x;
            both[1][t] = mine.y;
        }
        __syncthreads();
    }
    return mine;
}

__device__ float2 walk(From from, size_t n) {
    float2 mine = make_float2(-HUGE_VALF, 0.f);
    for (size_t i = size_t(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += size_t(blockDim.x) * gridDim.x)
        mine = join(mine, make_float2(from.maxima[i], from.sums[i]));
    return tree(mine);
}

__global__ void reduce_max_sum(int n, const float* x, float* partial_max, float* partial_sum) {
    __shared__ float maxima[BLOCK], sums[BLOCK];
    float most = -HUGE_VALF, sum = 0.f;
    const float* end = x + n;
    for (const float* p = x + (blockIdx.x * blockDim.x + threadIdx.x); p < end; p += gridDim.x * blockDim.x) {
        float value = *p;
        if (value > most) most = value;
        sum += value;
    }
    maxima[threadIdx.x] = most;
    sums[threadIdx.x] = sum;
    __syncthreads();
    for (int active = BLOCK / 2; active != 0; active /= 2) {
        if (threadIdx.x < active) {
            sums[threadIdx.x] += sums[threadIdx.x + active];
            float other = maxima[threadIdx.x + active];
            if (other > maxima[threadIdx.x]) maxima[threadIdx.x] = other;
        }
        __syncthreads();
    }
    if (threadIdx.x != 0) return;
    partial_max[blockIdx.x] = *maxima;
    partial_sum[blockIdx.x] = *sums;
}

__global__ void finish(From from, size_t n, float2* result) {
    float2 all = walk(from, n);
    if (!threadIdx.x) *result = all;
}

extern "C" int reduce_all(
    int n, const float* x, int blocks, float* partial_max, float* partial_sum, float* result) {
    reduce_max_sum<<<dim3(blocks), dim3(BLOCK)>>>(n, x, partial_max, partial_sum);
    const From partials{partial_max, partial_sum};
    finish<<<1, BLOCK>>>(partials, blocks, reinterpret_cast<float2*>(result));
    return cudaGetLastError();
}
