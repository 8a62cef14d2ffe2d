// Right kernels, in more than one style; none gives a report.
#include <cuda_runtime.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdio.h>

#define CHECK(call)                                                                        \
    do {                                                                                   \
        cudaError_t error = (call);                                                        \
        if (error != cudaSuccess) fprintf(stderr, "%s\n", cudaGetErrorString(error));      \
    } while (0)

__global__ void copy(const float* x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = x[i];
}

__global__ void copy_strided(const float* __restrict__ x, float* __restrict__ y, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) y[i] = __ldg(&x[i]);
}

__global__ void copy_float4(const float4* x, float4* y, int n) {
    unsigned i = threadIdx.x + blockDim.x * blockIdx.x;
    if (i < n / 4) y[i] = x[i];
}

__global__ void gather_32_apart(const float* x, float* y, int n) {
    y[threadIdx.x] = x[32 * threadIdx.x];
}

template <int PAD>
__global__ void transpose(const float* x, float* y, int rows, int cols) {
    __shared__ float tile[32][32 + PAD];
    int c = blockIdx.x * 32 + threadIdx.x, r = blockIdx.y * 32 + threadIdx.y;
    for (int k = 0; k < 32; k += 8)
        if (r + k < rows && c < cols) tile[threadIdx.y + k][threadIdx.x] = x[(r + k) * cols + c];
    __syncthreads();
    c = blockIdx.y * 32 + threadIdx.x, r = blockIdx.x * 32 + threadIdx.y;
    for (int k = 0; k < 32; k += 8)
        if (r + k < cols && c < rows) y[(r + k) * rows + c] = tile[threadIdx.x][threadIdx.y + k];
}

__global__ void reverse_dynamic(const float* x, float* y, int n) {
    extern __shared__ __align__(16) float tile[];
    tile[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    y[threadIdx.x] = tile[n - 1 - threadIdx.x];
}

// Tree, as in Mark Harris's reduction: sequential addressing.
__global__ void reduce_tree(const float* g_idata, float* g_odata, unsigned n) {
    __shared__ float sdata[128];
    unsigned tid = threadIdx.x, i = blockIdx.x * (blockDim.x * 2) + threadIdx.x;
    sdata[tid] = (i < n ? g_idata[i] : 0) + (i + blockDim.x < n ? g_idata[i + blockDim.x] : 0);
    __syncthreads();
    for (unsigned s = blockDim.x / 2; s > 0; s >>= 1) {
        if (tid < s) sdata[tid] += sdata[tid + s];
        __syncthreads();
    }
    if (tid == 0) g_odata[blockIdx.x] = sdata[0];
}

__inline__ __device__ float warpReduceSum(float val) {
    for (int offset = warpSize / 2; offset > 0; offset /= 2) val += __shfl_down_sync(0xffffffff, val, offset);
    return val;
}

__global__ void reduce_shuffle(const float* in, float* out, int N) {
    static __shared__ float shared[32];
    float sum = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < N; i += blockDim.x * gridDim.x) sum += in[i];
    int lane = threadIdx.x % warpSize, wid = threadIdx.x / warpSize;
    sum = warpReduceSum(sum);
    if (lane == 0) shared[wid] = sum;
    __syncthreads();
    sum = (threadIdx.x < blockDim.x / warpSize) ? shared[lane] : 0;
    if (wid == 0) sum = warpReduceSum(sum);
    if (threadIdx.x == 0) atomicAdd(out, sum);
}

__global__ void reduce_syncwarp(const float* x, float* y, int n) {
    __shared__ float sums[32];
    int t = threadIdx.x;
    sums[t] = x[t];
    __syncwarp();
    for (int s = 16; s > 0; s /= 2) {
        float other = t < s ? sums[t + s] : 0;
        __syncwarp();
        sums[t] += other;
        __syncwarp();
    }
    if (t == 0) y[0] = sums[0];
}

__device__ unsigned blocks_done = 0;

// The last block to finish adds up what the others have left.
__global__ void reduce_last_block(const float* x, float* partial, float* y, int n) {
    __shared__ bool last;
    float sum = 0;
    for (int i = blockIdx.x * 32 + threadIdx.x; i < n; i += gridDim.x * 32) sum += x[i];
    sum = warpReduceSum(sum);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
        __threadfence();
        last = atomicInc(&blocks_done, gridDim.x - 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (!last || threadIdx.x) return;
    sum = 0;
    for (int b = 0; b < gridDim.x; b++) sum += partial[b];
    *y = sum;
}

__global__ void scan_two_buffers(const float* x, float* y, int n) {
    __shared__ float sums[2][64];
    int t = threadIdx.x, now = 0;
    sums[0][t] = t < n ? x[t] : 0;
    for (int d = 1; d < 64; d <<= 1) {
        __syncthreads();
        sums[1 - now][t] = sums[now][t] + (t >= d ? sums[now][t - d] : 0);
        now = 1 - now;
    }
    if (t < n) y[t] = sums[now][t];
}

__global__ void histogram(const int* x, int* counts, int n) {
    __shared__ int bins[8];
    if (threadIdx.x < 8) bins[threadIdx.x] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) atomicAdd(&bins[x[i]], 1);
    __syncthreads();
    if (threadIdx.x < 8) atomicAdd(counts + threadIdx.x, bins[threadIdx.x]);
}

__constant__ float taps[3] = {0.25f, 0.5f, 0.25f};

__global__ void stencil(const float* x, float* y, int n) {
    __shared__ float tile[34];
    int i = blockIdx.x * 32 + threadIdx.x;
    tile[threadIdx.x + 1] = i < n ? x[i] : 0;
    if (threadIdx.x == 0) tile[0] = i > 0 ? x[i - 1] : 0;
    if (threadIdx.x == 31) tile[33] = i + 1 < n ? x[i + 1] : 0;
    __syncthreads();
    float sum = 0;
    for (int k = 0; k < 3; k++) sum += taps[k] * tile[threadIdx.x + k];
    if (i < n) y[i] = sum;
}

#define TILE 16
__global__ void matmul(const float* A, const float* B, float* C, int M, int N, int K) {
    __shared__ float As[TILE][TILE], Bs[TILE][TILE];
    int row = blockIdx.y * TILE + threadIdx.y, col = blockIdx.x * TILE + threadIdx.x;
    float acc = 0.f;
    for (int t = 0; t < (K + TILE - 1) / TILE; ++t) {
        int a = t * TILE + threadIdx.x, b = t * TILE + threadIdx.y;
        As[threadIdx.y][threadIdx.x] = (row < M && a < K) ? A[row * K + a] : 0.f;
        Bs[threadIdx.y][threadIdx.x] = (b < K && col < N) ? B[b * N + col] : 0.f;
        __syncthreads();
#pragma unroll
        for (int k = 0; k < TILE; ++k) acc += As[threadIdx.y][k] * Bs[k][threadIdx.x];
        __syncthreads();
    }
    if (row < M && col < N) C[row * N + col] = acc;
}

// One block a row; the row is read once, into shared memory.
__global__ void softmax_one_pass(const float* x, float* y, int cols) {
    extern __shared__ float row[];
    __shared__ float total[32];
    float most = -INFINITY, sum = 0;
    for (int c = threadIdx.x; c < cols; c += 32) {
        row[c] = x[blockIdx.x * cols + c];
        most = fmaxf(most, row[c]);
    }
    for (int d = 16; d; d /= 2) most = fmaxf(most, __shfl_xor_sync(~0u, most, d));
    for (int c = threadIdx.x; c < cols; c += 32) sum += row[c] = __expf(row[c] - most);
    total[threadIdx.x] = sum;
    __syncthreads();
    for (int d = 16; d; d /= 2) sum += __shfl_xor_sync(~0u, sum, d);
    for (int c = threadIdx.x; c < cols; c += 32) y[blockIdx.x * cols + c] = row[c] / sum;
}

__global__ void softmax_three_passes(const float* x, float* y, int cols) {
    float most = -INFINITY, sum = 0;
    for (int c = threadIdx.x; c < cols; c += 32) most = fmaxf(most, x[blockIdx.x * cols + c]);
    for (int d = 16; d; d /= 2) most = fmaxf(most, __shfl_xor_sync(~0u, most, d));
    for (int c = threadIdx.x; c < cols; c += 32) sum += __expf(x[blockIdx.x * cols + c] - most);
    for (int d = 16; d; d /= 2) sum += __shfl_xor_sync(~0u, sum, d);
    for (int c = threadIdx.x; c < cols; c += 32) y[blockIdx.x * cols + c] = __expf(x[blockIdx.x * cols + c] - most) / sum;
}

__global__ void votes(const int* x, int* y, int n) {
    int t = threadIdx.x, value = x[t];
    y[t] = __syncthreads_count(value > 0);
    y[n + t] = __syncthreads_and(value > 0) | __syncthreads_or(value > 0) << 1;
    y[2 * n + t] = __ballot_sync(0xffffffff, value > 0);
    y[3 * n + t] = __all_sync(~0u, value > 0) | __any_sync(~0u, value > 0) << 1;
    if (t % 2) y[4 * n + t] = __activemask();
    else y[4 * n + t] = __match_any_sync(0x55555555, value);
}

__global__ void atomics(const int* x, int* y, int n) {
    int t = threadIdx.x;
    atomicAdd(&y[0], x[t]);
    atomicSub(&y[1], x[t]);
    atomicMin(&y[2], x[t]);
    atomicMax(&y[3], x[t]);
    atomicAnd(&y[4], x[t]);
    atomicOr(&y[5], x[t]);
    atomicXor(&y[6], x[t]);
    int old = y[7 + t], seen;
    do {
        seen = old;
        old = atomicCAS(&y[7 + t], seen, seen + x[t]);
    } while (old != seen);
    atomicExch(&y[7 + n + t], x[t]);
}

__global__ void narrow(const float* x, const float* z, __half* h, __nv_bfloat16* b, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    h[i] = __float2half(x[i]);
    h[n + i] = __hfma(__float2half(x[i]), __float2half(z[i]), __float2half(x[i]));
    h[2 * n + i] = __float2half(x[i]) * __float2half(z[i]) + __float2half(z[i]);
    b[i] = __float2bfloat16(x[i]);
    b[n + i] = __float2bfloat16(x[i]) + __float2bfloat16(z[i]);
}

__global__ void says_hello(int n) {
    if (threadIdx.x < n) printf("hello from %d of %d\n", threadIdx.x, blockIdx.x);
}

__global__ void where(int* out) {
    int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    out[block * blockDim.x * blockDim.y * blockDim.z + thread] = 100 * block + thread;
}

__global__ void __launch_bounds__(256) axpy_kernel(long long n, float a, const float* x, float* y) {
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (long long)gridDim.x * blockDim.x)
        y[i] += a * x[i];
}

extern "C" int axpy(long long n, float a, const float* x, float* y) {
    if (n == 0) return 0;
    dim3 block(256), grid((n + 255) / 256 < 3 ? (n + 255) / 256 : 3);
    axpy_kernel<<<grid, block>>>(n, a, x, y);  // a launch, not a shift: >>>(
    return cudaGetLastError();
}

extern "C" int round_trip(const float* x, float* y, int n) {
    float* scratch;
    float* host = (float*)malloc(n * sizeof(float));
    float changed[3] = {0, 1, 0};
    CHECK(cudaMalloc(&scratch, n * sizeof(float)));
    CHECK(cudaMemcpyToSymbol(taps, changed, sizeof changed));
    stencil<<<(n + 31) / 32, 32>>>(x, scratch, n);
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(host, scratch, n * sizeof(float), cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; i++) host[i] *= 2;
    CHECK(cudaMemcpy(scratch, host, n * sizeof(float), cudaMemcpyHostToDevice));
    transpose<1><<<dim3(1, 1), dim3(32, 8), 0, nullptr>>>(scratch, y, 1, n);
    CHECK(cudaFree(scratch));
    free(host);
    return cudaGetLastError();
}

extern "C" int too_large(float* y) {
    copy<<<1, 2048>>>(y, y, 0);
    return cudaGetLastError();
}
