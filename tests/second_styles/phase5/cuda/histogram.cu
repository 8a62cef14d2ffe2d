// Counters for each of four groups of threads in dynamic style, empty ones not added; one comparison for a bin.

constexpr int MOST_BINS = 64;
constexpr int GROUPS = 4;

__device__ bool is_bin(int id, int bins) {
    return static_cast<unsigned int>(id) < static_cast<unsigned int>(bins);
}

__global__ void hist_naive(int n, int bins, const int* __restrict__ ids, int* __restrict__ counts) {
    const int threads = blockDim.x * gridDim.x;
    int i = threadIdx.x + blockDim.x * blockIdx.x;
    while (i < n) {
        const int id = __ldg(ids + i);
        if (is_bin(id, bins)) (void)atomicAdd(counts + id, 1);
        i += threads;
    }
}

__global__ void hist_private(int n, int bins, const int* __restrict__ ids, int* __restrict__ counts) {
    __shared__ unsigned int own[GROUPS][MOST_BINS];
    for (int k = threadIdx.x; k < GROUPS * MOST_BINS; k += blockDim.x) own[k / MOST_BINS][k % MOST_BINS] = 0;
    __syncthreads();
    unsigned int* const mine = own[threadIdx.x % GROUPS];
    const int threads = blockDim.x * gridDim.x;
    for (int i = threadIdx.x + blockDim.x * blockIdx.x; i < n; i += threads) {
        const int id = ids[i];
        if (!is_bin(id, bins)) continue;
        atomicInc(mine + id, 0xffffffffu);
    }
    __syncthreads();
    for (int b = threadIdx.x; b < bins; b += blockDim.x) {
        int sum = 0;
        for (int g = 0; g < GROUPS; g++) sum += own[g][b];
        if (sum != 0) atomicAdd(counts + b, sum);
    }
}
