// Blelloch's two sweeps instead of doubling steps; the offsets go down a loop of levels instead of a recursion.

constexpr int BLOCK = 64;  // threads of a block, and elements that it scans

__global__ void block_scan(int n, const long long* __restrict__ x, long long* __restrict__ out, long long* totals) {
    __shared__ long long tree[BLOCK];
    const int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;
    const long long own = i < n ? x[i] : 0;
    tree[t] = own;
    for (int reach = 1; reach < BLOCK; reach <<= 1) {
        __syncthreads();
        const int right = (t + 1) * 2 * reach - 1;
        if (right < BLOCK) tree[right] += tree[right - reach];
    }
    __syncthreads();
    if (t == 0) {
        totals[blockIdx.x] = tree[BLOCK - 1];
        tree[BLOCK - 1] = 0;
    }
    for (int reach = BLOCK / 2; reach > 0; reach >>= 1) {
        __syncthreads();
        const int right = (t + 1) * 2 * reach - 1;
        if (right < BLOCK) {
            const long long left = tree[right - reach];
            tree[right - reach] = tree[right];
            tree[right] += left;
        }
    }
    __syncthreads();
    if (i < n) out[i] = tree[t] + own;
}

__global__ void add_offsets(int n, const long long* offsets, long long* out) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (blockIdx.x == 0 || i >= n) return;
    const long long before = __ldg(offsets + blockIdx.x - 1);
    out[i] = before + out[i];
}

static int count_of(int n) {
    return n / BLOCK + (n % BLOCK ? 1 : 0);
}

extern "C" int inclusive_scan(int n, const long long* x, long long* out) {
    if (n <= 0) return cudaSuccess;
    long long *levels[8] = {out}, *copies[8] = {};
    int sizes[8] = {n}, depth = 0;
    const long long* from = x;
    while (true) {
        const int blocks = count_of(sizes[depth]);
        cudaMalloc(&levels[depth + 1], blocks * sizeof(long long));
        sizes[depth + 1] = blocks;
        block_scan<<<blocks, BLOCK>>>(sizes[depth], from, levels[depth], levels[depth + 1]);
        if (blocks == 1) break;
        depth++;
        // The next level is scanned into itself: a copy to read from keeps the two pointers apart.
        cudaMalloc(&copies[depth], blocks * sizeof(long long));
        cudaMemcpy(copies[depth], levels[depth], blocks * sizeof(long long), cudaMemcpyDeviceToDevice);
        from = copies[depth];
    }
    cudaFree(levels[depth + 1]);
    for (; depth > 0; depth--) {
        add_offsets<<<count_of(sizes[depth - 1]), BLOCK>>>(sizes[depth - 1], levels[depth], levels[depth - 1]);
        cudaFree(levels[depth]);
        cudaFree(copies[depth]);
    }
    return cudaGetLastError();
}

__global__ void shifted(int n, const long long* from, long long* to) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) to[i] = i ? from[i - 1] : 0;
}

extern "C" int exclusive_scan(int n, const long long* x, long long* out) {
    if (n == 0) return cudaSuccess;
    long long* sums;
    cudaMalloc(&sums, n * sizeof(long long));
    inclusive_scan(n, x, sums);
    shifted<<<(n + 127) / 128, 128>>>(n, sums, out);
    cudaFree(sums);
    return cudaGetLastError();
}

__global__ void ones(int n, const bool* keep, long long* out) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = keep[i] ? 1 : 0;
}

__global__ void put(int n, const long long* x, const bool* keep, const long long* upto, long long* out, int* count) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && keep[i]) out[upto[i] - 1] = x[i];
    if (i == 0) count[0] = n ? upto[n - 1] : 0;
}

extern "C" int compact(int n, const long long* x, const bool* keep, long long* out, int* count) {
    long long *flags = nullptr, *upto = nullptr;
    if (n) {
        cudaMalloc(&flags, n * sizeof(long long));
        cudaMalloc(&upto, n * sizeof(long long));
        ones<<<(n + 255) / 256, 256>>>(n, keep, flags);
        inclusive_scan(n, flags, upto);
    }
    put<<<n / 256 + 1, 256>>>(n, x, keep, upto, out, count);
    cudaFree(flags);
    cudaFree(upto);
    return cudaGetLastError();
}
