// Right kernels as others write them: templates, namespaces, the standard library beside them, locks, flags.
#include <cuda_fp16.h>
#include <vector>
#include <algorithm>
#include <memory>
#include <cstdio>
#include <cstring>
using namespace std;
struct Params { int n; float a, b; };
namespace lab {
template <typename T, int R>
struct Op { __device__ __forceinline__ static T f(T x) { return x * R; } };
template <typename T, int R>
__global__ void apply(const T* __restrict__ x, T* __restrict__ y, Params p) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < p.n) y[i] = Op<T, R>::f(x[i]) * (T)p.a + (T)p.b;
}
static __global__ void fill_it(float* y, int n, float v) { int i = threadIdx.x + blockIdx.x * blockDim.x; if (i < n) y[i] = v; }
}
__device__ int counter;
__device__ float table[4] = {1, 2, 3, 4};
extern "C" __global__ void count_all(int* out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(&counter, 1);
    if (i < 4) out[i] = (int)table[i];
}
template <typename T>
int host(const T* x, T* y, int n) {
    vector<int> sizes(3, 1);
    auto g = make_unique<int>(1);
    Params p{n, 1.f, 0.f};
    for (auto s : sizes) lab::apply<T, 3><<<(n + 63) / 64, 64>>>(x, y, p);
    int zero = 0;
    cudaMemcpyToSymbol(counter, &zero, sizeof zero);
    count_all<<<1, 32>>>((int*)y, 0);
    lab::fill_it<<<dim3(2), 64, 0, 0>>>(y, 10, 2);
    return sizes.size() * *g;
}
extern "C" int go(const float* x, float* y, int n) { return host(x, y, n); }

__global__ void hist2d(const unsigned char* img, unsigned* bins, int w, int h) {
    __shared__ unsigned local[256];
    int t = threadIdx.y * blockDim.x + threadIdx.x, nt = blockDim.x * blockDim.y;
    for (int i = t; i < 256; i += nt) local[i] = 0;
    __syncthreads();
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < w && y < h) atomicAdd(&local[img[y * w + x]], 1u);
    __syncthreads();
    for (int i = t; i < 256; i += nt) if (local[i]) atomicAdd(&bins[i], local[i]);
}
__global__ void bytes(const char* x, char* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = x[i] ^ 1;
}
__global__ void halves(const __half* x, __half* y, int n) {
    __shared__ __half2 s[32];
    int i = threadIdx.x;
    s[i] = reinterpret_cast<const __half2*>(x)[i];
    __syncthreads();
    __half2 v = s[31 - i];
    y[2 * i] = __hadd(v.x, v.y); y[2 * i + 1] = __hmul(__low2half(v), __float2half(2.f));
}
// A tile of registers for each thread.
__global__ void sgemm_reg(const float* A, const float* B, float* C, int N) {
    __shared__ float As[8][64], Bs[8][64];
    float acc[4][4] = {};
    int t = threadIdx.x, tx = t % 16, ty = t / 16;
    for (int k0 = 0; k0 < N; k0 += 8) {
        for (int i = t; i < 512; i += 256) {
            As[i % 8][i / 8] = A[(blockIdx.y * 64 + i / 8) * N + k0 + i % 8];
            Bs[i / 64][i % 64] = B[(k0 + i / 64) * N + blockIdx.x * 64 + i % 64];
        }
        __syncthreads();
        for (int k = 0; k < 8; k++) {
            float a[4], b[4];
            for (int i = 0; i < 4; i++) a[i] = As[k][ty * 4 + i], b[i] = Bs[k][tx * 4 + i];
            for (int i = 0; i < 4; i++) for (int j = 0; j < 4; j++) acc[i][j] += a[i] * b[j];
        }
        __syncthreads();
    }
    for (int i = 0; i < 4; i++) {
        float4 v = make_float4(acc[i][0], acc[i][1], acc[i][2], acc[i][3]);
        *reinterpret_cast<float4*>(&C[(blockIdx.y * 64 + ty * 4 + i) * N + blockIdx.x * 64 + tx * 4]) = v;
    }
}
__global__ void lock_sum(int* lock, int* sum) {
    bool done = false;
    while (!done) {
        if (atomicCAS(lock, 0, 1) == 0) { *(volatile int*)sum += 1; __threadfence(); atomicExch(lock, 0); done = true; }
    }
}
__global__ void producer_consumer(volatile int* flag, volatile float* y) {
    if (threadIdx.x == 0) { while (*flag == 0) {} y[1] = y[0] + 1; }
    if (threadIdx.x == 32) { y[0] = 5; __threadfence(); *flag = 1; }
}

// Memory that is allocated between launches moves what the lab knows of the others.
__global__ void add_one(int n, const int* from, int* to) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) to[i] = from[i] + 1;
}

extern "C" int many_allocations(int n, const int* x, int* y) {
    const int* from = x;
    for (int round = 0; round < 20; round++) {
        int* to;
        if (cudaError_t error = cudaMalloc(&to, n * sizeof *to)) return error;
        add_one<<<(n + 31) / 32, 32>>>(n, from, to);
        from = to;
    }
    add_one<<<(n + 31) / 32, 32>>>(n, from, y);
    return cudaGetLastError();
}

// A vector is one access, wherever its parts go.
__global__ void sums_of_four(const float4* x, float* y) {
    __shared__ float2 halves[32];
    float4 v = x[threadIdx.x];
    halves[31 - threadIdx.x] = make_float2(v.x + v.y, v.z + v.w);
    __syncthreads();
    float2 half = halves[31 - threadIdx.x];
    y[threadIdx.x] = half.x + half.y;
}

// Memory moved by the library's functions, and in whole structures.
struct Particle { float position[3], mass; int kind; };
__global__ void moves_particles(const Particle* x, Particle* y, int n) {
    __shared__ Particle tile[32];
    int i = blockIdx.x * 32 + threadIdx.x;
    memset(&tile[threadIdx.x], 0, sizeof(Particle));
    if (i < n) tile[threadIdx.x] = x[i];
    __syncthreads();
    Particle other;
    memcpy(&other, &tile[31 - threadIdx.x], sizeof other);
    other.kind += 1;
    i = blockIdx.x * 32 + 31 - threadIdx.x;
    if (i < n) std::memcpy(&y[i], &other, sizeof other);
}
__global__ void names(char* y) {
    __shared__ char name[8];
    if (threadIdx.x == 0) memcpy(name, "literal", sizeof name);
    __syncthreads();
    if (threadIdx.x < sizeof name) y[threadIdx.x] = name[threadIdx.x];
}

// Launches with a structure in braces, over several lines, through a pointer.
__global__ void scaled(
    Params p, const float* x, float* y
) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < p.n) y[i] += p.a * x[i] + p.b;
}
template <typename T, typename U>
__global__ void adds(const T* x, T* y, U more, int n) {
    __shared__ T kept[32];
    kept[threadIdx.x] = x[threadIdx.x % n];
    __syncthreads();
    if (threadIdx.x < n) y[threadIdx.x] += kept[threadIdx.x] + T(more);
}
extern "C" int deduced(const float* x, float* y, int n) {
    adds<<<1, 32>>>(x, y, 2, n);
    adds<<<1, 32>>>(x, y, 0.5, n);
    return cudaGetLastError();
}
extern "C" int three_launches(const float* x, float* y, size_t n) {
    void (*const kernels[])(Params, const float*, float*) = {scaled, scaled};
    scaled<<<(n + 31) / 32, 32>>>({int(n), 1, 0}, x, y);
    if (n)kernels[1]<<<dim3((n + 31) / 32),
                       32
                     >>>
        (
            // a comment, with a ) in it
            Params{int(n), 2, 1},
            x,
            y);
    (*kernels[0]) <<< 1, n >>> ({
        .n = int(n),
        .a = 3,
        .b = 2,
    }, x, y);
    return cudaGetLastError();
}

// What host code asks besides: streams, events, memory in order of a stream, the device, the last error.
extern "C" int asks_the_device(const float* x, float* y, int n) {
    cudaStream_t stream;
    cudaEvent_t start, stop;
    cudaDeviceProp device;
    float *scratch, *pinned, taken = -1;
    int count, current, blocks, version;
    cudaGetDeviceCount(&count);
    cudaSetDevice(0);
    cudaGetDevice(&current);
    cudaRuntimeGetVersion(&version);
    cudaGetDeviceProperties(&device, current);
    cudaDeviceGetAttribute(&blocks, cudaDevAttrMultiProcessorCount, current);
    if (count < 1 || device.major != 9 || device.multiProcessorCount != blocks || device.warpSize != 32 || version < 12000) return 1;
    if (device.maxThreadsPerBlock != 1024 || device.sharedMemPerBlock != 49152 || device.sharedMemPerBlockOptin != 232448) return 2;
    if (cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking)) return 3;
    if (cudaEventCreate(&start) || cudaEventCreateWithFlags(&stop, cudaEventDefault)) return 4;
    if (cudaEventElapsedTime(&taken, start, stop) != cudaErrorInvalidResourceHandle || taken != -1) return 5;
    if (cudaPeekAtLastError() != cudaErrorInvalidResourceHandle || cudaGetLastError() != 400 || cudaGetLastError()) return 6;
    cudaMallocHost(&pinned, n * sizeof(float));
    cudaMallocAsync(&scratch, n * sizeof(float), stream);
    cudaEventRecord(start, stream);
    for (int i = 0; i < n; i++) pinned[i] = 1;
    cudaMemcpyAsync(scratch, pinned, n * sizeof(float), cudaMemcpyHostToDevice, stream);
    scaled<<<(n + 31) / 32, 32, 0, stream>>>({n, 2, 0}, x, scratch);
    cudaEventRecord(stop, stream);
    cudaStreamWaitEvent(stream, stop, 0);
    cudaMemcpyAsync(y, scratch, n * sizeof(float), cudaMemcpyDeviceToDevice, stream);
    cudaFreeAsync(scratch, stream);
    cudaFreeHost(pinned);
    if (cudaEventSynchronize(stop) || cudaEventQuery(stop) || cudaStreamSynchronize(stream) || cudaStreamQuery(stream)) return 7;
    if (cudaEventElapsedTime(&taken, start, stop) || taken <= 0) return 8;
    if (strcmp(cudaGetErrorString(cudaErrorInvalidValue), "invalid argument")) return 9;
    if (strcmp(cudaGetErrorName(cudaErrorInvalidValue), "cudaErrorInvalidValue")) return 10;
    cudaEventDestroy(start);
    cudaEventDestroy(stop);
    cudaStreamDestroy(stream);
    return cudaDeviceSynchronize();
}

// More than 48 KB of shared memory, for which the host has to ask; and how many such blocks fit.
template <int N>
__global__ void reverses(const float* x, float* y, int n) {
    extern __shared__ float row[];
    __shared__ float most[N];
    for (int i = threadIdx.x; i < n; i += blockDim.x) row[i] = x[i];
    if (threadIdx.x < N) most[threadIdx.x] = 1;
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += blockDim.x) y[i] = most[i % N] * row[n - 1 - i];
}
extern "C" int reversed(const float* x, float* y, int n) {
    int bytes = n * sizeof(float), before, after;
    cudaOccupancyMaxActiveBlocksPerMultiprocessor(&before, reverses<32>, 256, bytes);
    if (cudaFuncSetAttribute(reverses<32>, cudaFuncAttributeMaxDynamicSharedMemorySize, 232448) != cudaErrorInvalidValue) return 1;
    if (cudaGetLastError() != cudaErrorInvalidValue) return 2;
    cudaFuncSetAttribute(reverses<32>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
    cudaFuncSetAttribute(reverses<32>, cudaFuncAttributePreferredSharedMemoryCarveout, 100);
    cudaOccupancyMaxActiveBlocksPerMultiprocessor(&after, reverses<32>, 256, bytes);
    reverses<32><<<1, 256, bytes>>>(x, y, n);
    if (cudaGetLastError()) return 3;
    return 100 * before + after;
}

// Lane 0 hands on to lane 2 through lane 1: no barrier is common to the two.
__global__ void through_a_third(const float* x, float* y) {
    __shared__ float kept;
    int t = threadIdx.x;
    if (t == 0) kept = x[0];
    if (t < 2) __syncwarp(3);
    if (t == 1 || t == 2) __syncwarp(6);
    if (t == 2) y[0] = kept + 1;
}
