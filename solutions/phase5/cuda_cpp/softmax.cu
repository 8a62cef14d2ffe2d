constexpr unsigned int ALL = 0xffffffff;
constexpr int THREADS = 256, WARPS = THREADS / 32;

// A stretch of a row: its maximum, and the sum of exp(x - m).
struct Stretch {
    float m, z;
};

__device__ Stretch merged(Stretch a, Stretch b) {
    float m = fmaxf(a.m, b.m);
    // wrong: return {m, a.z + b.z};  // both sums must be measured from the same maximum
    // wrong: return {m, a.z * expf(m - a.m) + b.z * expf(m - b.m)};  // the sums get smaller, not larger
    // wrong: return {m, a.z * expf(a.m - m) + b.z * expf(b.m - m)};  // where both maxima are -inf this is nan
    // wrong: return {m, (a.m == m ? a.z : a.z * expf(a.m - m)) + b.z};  // the other may be the smaller one
    return {m, a.z * (a.m == m ? 1 : expf(a.m - m)) + b.z * (b.m == m ? 1 : expf(b.m - m))};
}

__device__ Stretch warp_merged(Stretch s) {
    // wrong: for (int d = 8; d > 0; d /= 2) {  // both halves of the warp must meet
    for (int d = 16; d > 0; d /= 2) {
        s = merged(s, {__shfl_xor_sync(ALL, s.m, d), __shfl_xor_sync(ALL, s.z, d)});
    }
    return s;
}

__global__ void softmax_kernel(const float* x, float* y, int cols, int stride) {
    __shared__ Stretch warps[WARPS];
    // wrong: x += (size_t)blockIdx.x * cols, y += (size_t)blockIdx.x * cols;  // rows begin `stride` apart
    // wrong: x += (size_t)blockIdx.x * stride;  // y is laid out as x is
    // wrong: x += blockIdx.x * stride, y += blockIdx.x * cols;  // y has the stride, too
    x += (size_t)blockIdx.x * stride, y += (size_t)blockIdx.x * stride;
    // wrong: Stretch s = {0, 0};  // a maximum of 0 is larger than a row far below it
    Stretch s = {-INFINITY, 0};
    // wrong: for (int c = threadIdx.x; c < stride; c += THREADS) s = merged(s, {x[c], 1});  // between the rows lies nothing of yours
    // wrong: for (int c = threadIdx.x; c < cols; c += THREADS) s = {fmaxf(s.m, x[c]), s.z + expf(x[c] - fmaxf(s.m, x[c]))};  // a larger maximum makes the sum so far smaller
    // wrong: if (threadIdx.x < cols) s = {x[threadIdx.x], 1};  // rows may be longer than a block
    // wrong: for (int c = threadIdx.x; c < cols; c += THREADS) s.m = fmaxf(s.m, x[c]);  // maximum, then sum, then result are three reads
    //        for (int c = threadIdx.x; c < cols; c += THREADS) s.z += s.m == -INFINITY ? 0 : expf(x[c] - s.m);
    for (int c = threadIdx.x; c < cols; c += THREADS) s = merged(s, {x[c], 1});
    // wrong: ;  // the lanes of a warp have seen different numbers
    s = warp_merged(s);
    int lane = threadIdx.x % 32;
    if (lane == 0) warps[threadIdx.x / 32] = s;
    // wrong: ;  // every warp reads what the others put there
    __syncthreads();
    // wrong: ;  // the warps have seen different numbers
    // wrong: s = warp_merged(warps[lane]);  // there are eight warps, not 32
    // wrong: s = warp_merged(lane < WARPS ? warps[lane] : Stretch{0, 0});  // what is not there has the maximum -inf
    s = warp_merged(lane < WARPS ? warps[lane] : Stretch{-INFINITY, 0});
    // wrong: for (int c = threadIdx.x; c < cols; c += THREADS) y[c] = expf(x[c] - s.m);  // divide by the sum
    // wrong: for (int c = threadIdx.x; c < cols; c += THREADS) y[c] = expf(x[c]) / s.z;  // the sum is measured from the maximum
    // wrong: for (int c = threadIdx.x; c < cols; c += THREADS) y[c] = x[c] - s.m - logf(s.z);  // that is its logarithm
    // wrong: for (int c = threadIdx.x; c < cols; c += THREADS) y[c] = s.m == -INFINITY ? 0 : expf(x[c] - s.m) / s.z;  // a row without a number is nan, as in torch
    for (int c = threadIdx.x; c < cols; c += THREADS) y[c] = expf(x[c] - s.m) / s.z;
}

extern "C" int softmax(const float* x, float* y, int rows, int cols, int stride) {
    // wrong: softmax_kernel<<<1, THREADS>>>(x, y, cols, stride);  // each row has a block
    softmax_kernel<<<rows, THREADS>>>(x, y, cols, stride);
    return cudaGetLastError();
}
