// Shuffles downwards, blocks of 128, a lambda in a template, a warp for each row.

template <typename T, typename Fold>
__device__ T folded(T v, Fold fold) {
#pragma unroll
    for (int d = 16; d; d >>= 1) v = fold(v, __shfl_down_sync(~0u, v, d));
    return __shfl_sync(~0u, v, 0);
}

__global__ void clear(float* out) {
    *out = 0.0f;
}

__global__ void add_all(const float* __restrict__ x, long long n, float* out) {
    const auto plus = [](float a, float b) { return a + b; };
    const unsigned long long address = reinterpret_cast<unsigned long long>(x);
    long long head = (16 - address % 16) % 16 / sizeof(float);
    head = head < n ? head : n;
    const long long fours = (n - head) >> 2, step = (long long)gridDim.x * blockDim.x;
    const long long first = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    float sum = 0.0f;
    if (first == 0) {
        for (long long i = 0; i < head; i++) sum += x[i];
        for (long long i = head + 4 * fours; i < n; i++) sum += x[i];
    }
    const float4* const quads = reinterpret_cast<const float4*>(x + head);
    for (long long i = first; i < fours; i += step) {
        const float4 q = __ldg(quads + i);
        sum += q.x;
        sum += q.y;
        sum += q.z;
        sum += q.w;
    }
    __shared__ float parts[4];
    const float whole = folded(sum, plus);
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = whole;
    __syncthreads();
    if (threadIdx.x == 0) atomicAdd(out, (parts[0] + parts[1]) + (parts[2] + parts[3]));
}

extern "C" int sum_f32(const float* x, long long n, float* out) {
    clear<<<1, 1>>>(out);
    const long long blocks = (n + 1023) / 1024;
    if (blocks > 0) add_all<<<blocks > 2048 ? 2048 : blocks, 128>>>(x, n, out);
    return cudaGetLastError();
}

__global__ void largest(const float* x, int rows, int cols, float* out) {
    const int row = blockIdx.x * blockDim.y + threadIdx.y;
    if (row >= rows) return;  // a whole warp
    float most = -INFINITY;
    bool is_nan = false;
    for (int c = threadIdx.x; c < cols; c += 32) {
        const float v = x[(size_t)row * cols + c];
        is_nan = is_nan || v != v;
        most = fmaxf(most, v);
    }
    most = folded(most, [](float a, float b) { return fmaxf(a, b); });
    is_nan = __any_sync(~0u, is_nan);
    if (threadIdx.x == 0) out[row] = is_nan ? NAN : most;
}

extern "C" int row_max(const float* x, int rows, int cols, float* out) {
    largest<<<(rows + 3) / 4, dim3(32, 4)>>>(x, rows, cols, out);
    return cudaGetLastError();
}
