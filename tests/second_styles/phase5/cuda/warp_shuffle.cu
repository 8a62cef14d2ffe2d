// Device functions and templates; the maximum by down and a broadcast, segments by xor, ranks by lane masks.

constexpr unsigned int ALL = 0xffffffff;

template <typename T>
__device__ T element(int n, const T* x, T otherwise) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    return i < n ? x[i] : otherwise;
}

template <typename T>
__device__ void put(int n, T* out, T value) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = value;
}

__global__ void warp_max(int n, const float* x, float* out) {
    float v = element(n, x, __int_as_float(0xff800000));
#pragma unroll
    for (int m = 1; m < 32; m <<= 1) {
        const float other = __shfl_xor_sync(ALL, v, m);
        v = other > v ? other : v;
    }
    put(n, out, v);
}

struct Step {
    float a, b;
};

__device__ Step then(Step first, Step second) {
    return {first.a * second.a, fmaf(second.a, first.b, second.b)};
}

__global__ void warp_recurrence(int n, const float* a, const float* b, float* h) {
    const int lane = threadIdx.x & 31;
    Step own = {element(n, a, 0.0f), element(n, b, 0.0f)};
    for (int d = 1; d <= 16; d += d) {
        const Step below = {__shfl_up_sync(ALL, own.a, d), __shfl_up_sync(ALL, own.b, d)};
        own = lane < d ? own : then(below, own);
    }
    put(n, h, own.b);
}

__global__ void segment_sum(int n, int width, const float* x, float* out) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    float sum = element(n, x, 0.0f);
    for (int m = 1; m < width; m *= 2) sum += __shfl_xor_sync(ALL, sum, m);
    if ((i & (width - 1)) == 0 && i < n) out[i / width] = sum;
}

__global__ void ballot_rank(int n, const bool* keep, int* rank, unsigned int* ballots) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x & 31;
    const unsigned int votes = __ballot_sync(ALL, element(n, keep, false));
    const unsigned int below = lane ? ALL >> (32 - lane) : 0;
    put(n, rank, __popc(votes & below));
    if (lane == 0 && i < n) ballots[i >> 5] = votes;
}
