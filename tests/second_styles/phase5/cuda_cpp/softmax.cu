// The row is kept in dynamic shared memory where it fits, so it is read once; blocks of 128, branches for growth.

__device__ void take(float& m, float& z, float other_m, float other_z) {
    if (other_m > m) {
        z = z * expf(m - other_m) + other_z;
        m = other_m;
    } else if (other_m == m) {
        z += other_z;
    } else {
        z += other_z * expf(other_m - m);  // nan, too, comes here
    }
}

__global__ void rows_softmax(const float* __restrict__ x, float* __restrict__ y, int cols, long long stride, bool keep) {
    extern __shared__ float row[];
    __shared__ float maxima[4], sums[4];
    const float* const from = x + blockIdx.x * stride;
    float* const to = y + blockIdx.x * stride;
    float m = -INFINITY, z = 0.0f;
    for (int c = threadIdx.x; c < cols; c += blockDim.x) {
        const float v = from[c];
        if (keep) row[c] = v;
        take(m, z, v, 1.0f);
    }
#pragma unroll
    for (int d = 16; d > 0; d >>= 1) {
        const float other_m = __shfl_down_sync(~0u, m, d), other_z = __shfl_down_sync(~0u, z, d);
        if (threadIdx.x % 32 + d < 32) take(m, z, other_m, other_z);
    }
    if (threadIdx.x % 32 == 0) maxima[threadIdx.x / 32] = m, sums[threadIdx.x / 32] = z;
    __syncthreads();
    m = maxima[0], z = sums[0];
    for (int w = 1; w < 4; w++) take(m, z, maxima[w], sums[w]);
    for (int c = threadIdx.x; c < cols; c += blockDim.x) to[c] = expf((keep ? row[c] : from[c]) - m) * (1.0f / z);
}

extern "C" int softmax(const float* x, float* y, int rows, int cols, int stride) {
    const bool keep = cols <= 8192;
    rows_softmax<<<rows, 128, keep ? cols * sizeof(float) : 0>>>(x, y, cols, stride, keep);
    return cudaGetLastError();
}
