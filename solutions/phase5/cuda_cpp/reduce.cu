constexpr unsigned int ALL = 0xffffffff;
constexpr int THREADS = 256;

struct Sum {
    static constexpr float nothing = 0;
    // wrong: __device__ static float of(float a, float b) { return a + b * b; }  // the elements are added, not their squares
    __device__ static float of(float a, float b) { return a + b; }
};

struct Max {
    // wrong: static constexpr float nothing = 0;  // 0 is larger than anything negative
    static constexpr float nothing = -INFINITY;
    // wrong: __device__ static float of(float a, float b) { return fmaxf(a, b); }  // fmaxf drops a nan
    // wrong: __device__ static float of(float a, float b) { return a > b ? a : b; }  // a nan on the left is lost
    __device__ static float of(float a, float b) { return a > b || isnan(a) ? a : b; }
};

template <class Op>
__device__ float warp_reduced(float v) {
    // wrong: for (int m = 8; m > 0; m /= 2) v = Op::of(v, __shfl_xor_sync(ALL, v, m));  // both halves of the warp must meet
    // wrong: for (int m = 32; m > 0; m /= 2) v = Op::of(v, __shfl_down_sync(ALL, v, m));  // a lane without one above adds its own again
    for (int m = 16; m > 0; m /= 2) v = Op::of(v, __shfl_xor_sync(ALL, v, m));
    return v;
}

// Of all threads of the block; every thread of the first warp gets it.
template <class Op>
__device__ float block_reduced(float v) {
    __shared__ float warps[32];
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    v = warp_reduced<Op>(v);
    // wrong: warps[warp] = threadIdx.x < 32 ? v : 0;  // every warp has a value
    if (lane == 0) warps[warp] = v;
    // wrong: ;  // the first warp reads what others put there
    __syncthreads();
    // wrong: return warp_reduced<Op>(warps[lane]);  // warps that are not there have put nothing
    // wrong: if (warp == 0 && lane < blockDim.x / 32) v = warp_reduced<Op>(warps[lane]);  // all lanes that the mask names must come to the shuffle
    // wrong: v = lane < blockDim.x / 32 ? warps[lane] : 1;  // what is not there must change nothing
    v = lane < blockDim.x / 32 ? warps[lane] : Op::nothing;
    return warp_reduced<Op>(v);
}

__global__ void sum_kernel(const float* x, long long n, float* out) {
    // wrong: long long head = 0;  // a float4 must lie at a multiple of 16
    // wrong: long long head = (size_t)x / 4 % 4;  // count up to the next multiple of 16, not from the last
    long long head = (4 - (size_t)x / 4 % 4) % 4;
    // wrong: ;  // there may be fewer elements than the head would have
    if (head > n) head = n;
    long long quads = (n - head) / 4, t = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    const float4* fours = reinterpret_cast<const float4*>(x + head);
    float sum = 0;
    // wrong: for (long long i = t; i < (n - head); i += (long long)gridDim.x * blockDim.x) sum += x[head + i];  // read four floats at a time
    // wrong: if (t < quads) sum += (fours[t].x + fours[t].y) + (fours[t].z + fours[t].w);  // the grid may have fewer threads than there are fours
    // wrong: for (long long i = t; i < quads; i += (long long)gridDim.x * blockDim.x) {  // w is the fourth
    //            float4 v = fours[i];
    //            sum += v.x + v.y + v.z;
    //        }
    // wrong: for (long long i = t; i <= quads; i += (long long)gridDim.x * blockDim.x) {  // the last four are quads - 1
    //            float4 v = fours[i];
    //            sum += (v.x + v.y) + (v.z + v.w);
    //        }
    for (long long i = t; i < quads; i += (long long)gridDim.x * blockDim.x) {
        float4 v = fours[i];
        sum += (v.x + v.y) + (v.z + v.w);
    }
    // wrong: ;  // the elements before the first four are elements, too
    if (t < head) sum += x[t];
    // wrong: ;  // the elements after the last four are elements, too
    // wrong: if (4 * quads + t < n) sum += x[4 * quads + t];  // the fours begin behind the head
    if (head + 4 * quads + t < n) sum += x[head + 4 * quads + t];
    // wrong: atomicAdd(out, sum);  // let the block become one first: 256 atomics wait for one another
    //        return;
    sum = block_reduced<Sum>(sum);
    // wrong: if (threadIdx.x == 0) out[0] += sum;  // blocks meet in out: use an atomic
    // wrong: if (threadIdx.x == 0) out[0] = sum;  // every block has a part of the sum
    // wrong: if (threadIdx.x < 32) atomicAdd(out, sum);  // one thread of the block is enough
    if (threadIdx.x == 0) atomicAdd(out, sum);
}

extern "C" int sum_f32(const float* x, long long n, float* out) {
    // wrong: ;  // the sum is added to what stands in out: set it to 0
    if (cudaError_t error = cudaMemset(out, 0, sizeof *out)) return error;
    // wrong: ;  // a grid without blocks is an illegal launch
    if (n == 0) return 0;
    // wrong: long long blocks = n / (4 * THREADS);  // what is left over needs a block
    // wrong: long long blocks = (n + THREADS - 1) / THREADS;  // a block of 256 threads has 1,024 elements a trip
    long long blocks = (n + 4 * THREADS - 1) / (4 * THREADS);
    // wrong: sum_kernel<<<blocks, 24>>>(x, n, out);  // a block has whole warps
    // wrong: sum_kernel<<<1, THREADS>>>(x, n, out);  // one block leaves the rest of the GPU idle
    sum_kernel<<<blocks < 1024 ? blocks : 1024, THREADS>>>(x, n, out);
    return cudaGetLastError();
}

__global__ void row_max_kernel(const float* x, int cols, float* out) {
    const float* row = x + (size_t)blockIdx.x * cols;
    // wrong: float most = 0;  // a row may be negative throughout
    float most = -INFINITY;
    // wrong: for (int c = threadIdx.x; c <= cols; c += THREADS) most = Max::of(most, row[c]);  // the last column is cols - 1
    // wrong: if (threadIdx.x < cols) most = row[threadIdx.x];  // rows may be longer than a block
    // wrong: for (int c = 0; c < cols; c++) most = Max::of(most, row[c]);  // the threads share the row
    for (int c = threadIdx.x; c < cols; c += THREADS) most = Max::of(most, row[c]);
    most = block_reduced<Max>(most);
    // wrong: out[blockIdx.x] = most;  // one thread is enough: all that write one place are a race
    if (threadIdx.x == 0) out[blockIdx.x] = most;
}

extern "C" int row_max(const float* x, int rows, int cols, float* out) {
    // wrong: row_max_kernel<<<1, THREADS>>>(x, cols, out);  // every row needs a block
    row_max_kernel<<<rows, THREADS>>>(x, cols, out);
    return cudaGetLastError();
}
