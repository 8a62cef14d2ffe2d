constexpr int BLOCK = 64;  // threads of a block, and elements that it scans

__global__ void block_scan(int n, const long long* x, long long* out, long long* totals) {
    // wrong: __shared__ int sums[2][BLOCK];  // sums may pass 2**31
    __shared__ long long sums[2][BLOCK];
    int t = threadIdx.x, i = blockIdx.x * BLOCK + t, now = 0;
    // wrong: if (i < n) sums[0][t] = x[i];  // where there is no element, put 0: shared memory holds anything
    // wrong: sums[0][t] = x[i];  // the last block has threads without an element
    // wrong: sums[0][t] = t > 0 && i < n ? x[i - 1] : 0;  // that is the exclusive scan: the element itself belongs to its sum
    sums[0][t] = i < n ? x[i] : 0;
    // wrong: ;  // others read what you have put there: wait
    __syncthreads();
    // wrong: for (int step = 1; step < BLOCK / 2; step *= 2) {  // the last round adds what lies half a block before
    // wrong: for (int step = 1; step < BLOCK; step++) {  // the reach doubles from round to round
    // wrong: for (int step = 2; step < BLOCK; step *= 2) {  // the first round adds the neighbour
    for (int step = 1; step < BLOCK; step *= 2) {
        // wrong: sums[now][t] += t >= step ? sums[now][t - step] : 0;  // in place, others may read what is new already: use two buffers
        //        now = 1 - now;
        // wrong: sums[1 - now][t] = sums[now][t] + (t > step ? sums[now][t - step] : 0);  // element `step` has one so far before it, too
        // wrong: if (t >= step) sums[1 - now][t] = sums[now][t] + sums[now][t - step];  // those that add nothing must be copied to the other buffer
        sums[1 - now][t] = sums[now][t] + (t >= step ? sums[now][t - step] : 0);
        now = 1 - now;
        // wrong: ;  // the next round reads what others write in this one
        // wrong: __syncwarp();  // the block has two warps: wait for the block
        __syncthreads();
    }
    // wrong: out[i] = sums[now][t];  // the last block has threads without an element
    // wrong: if (i < n) out[i] = sums[1 - now][t];  // the last round wrote the other buffer
    if (i < n) out[i] = sums[now][t];
    // wrong: if (i == n - 1) totals[blockIdx.x] = sums[now][t];  // every block has a total
    // wrong: if (t == 0) totals[blockIdx.x] = sums[now][t];  // the last sum of the block is the whole
    // wrong: if (t == BLOCK - 1 && i < n) totals[blockIdx.x] = sums[now][t];  // the last block has a total, too, though it is not full
    if (t == BLOCK - 1) totals[blockIdx.x] = sums[now][t];
}

__global__ void add_offsets(int n, const long long* offsets, long long* out) {
    int i = blockIdx.x * BLOCK + threadIdx.x;
    // wrong: if (i < n) out[i] += offsets[blockIdx.x];  // a block's own total is in its sums already
    // wrong: if (i < n) out[i] += offsets[blockIdx.x - 1];  // nothing came before block 0
    // wrong: if (blockIdx.x > 0) out[i] += offsets[blockIdx.x - 1];  // the last block has threads without an element
    if (i < n && blockIdx.x > 0) out[i] += offsets[blockIdx.x - 1];
}

extern "C" int inclusive_scan(int n, const long long* x, long long* out) {
    // wrong: if (n < 0) return 0;  // a grid without blocks is an illegal launch
    if (n == 0) return 0;
    int blocks = (n + BLOCK - 1) / BLOCK;
    long long* totals;
    if (cudaError_t error = cudaMalloc(&totals, blocks * sizeof *totals)) return error;
    block_scan<<<blocks, BLOCK>>>(n, x, out, totals);
    if (blocks > 1) {
        // wrong: block_scan<<<1, BLOCK>>>(blocks, totals, totals, totals);  // there may be more than 64 totals: scan them as you scan x
        // wrong: ;  // the offsets are sums of all totals before, so the totals must be scanned
        inclusive_scan(blocks, totals, totals);
        // wrong: ;  // each block has begun at 0: add what came before
        add_offsets<<<blocks, BLOCK>>>(n, totals, out);
    }
    // wrong: ;  // what was allocated is to be given back
    cudaFree(totals);
    // wrong: return n;  // the error code is the result
    return cudaGetLastError();
}

__global__ void subtract(int n, const long long* x, long long* out) {
    int i = blockIdx.x * BLOCK + threadIdx.x;
    // wrong: if (i < n) out[i] -= x[0];  // each element is taken out of its own sum
    if (i < n) out[i] -= x[i];
}

extern "C" int exclusive_scan(int n, const long long* x, long long* out) {
    if (n == 0) return 0;
    // wrong: return inclusive_scan(n, x, out);  // the element itself does not belong to its sum
    if (int error = inclusive_scan(n, x, out)) return error;
    subtract<<<(n + BLOCK - 1) / BLOCK, BLOCK>>>(n, x, out);
    return cudaGetLastError();
}

__global__ void to_numbers(int n, const bool* keep, long long* out) {
    int i = blockIdx.x * BLOCK + threadIdx.x;
    if (i < n) out[i] = keep[i];
}

__global__ void scatter(
    int n, const long long* x, const bool* keep, const long long* place, long long* out, int* count) {
    int i = blockIdx.x * BLOCK + threadIdx.x;
    if (i >= n) return;
    // wrong: out[place[i]] = x[i];  // only what is kept has a place
    // wrong: if (keep[i]) out[i] = x[i];  // what is kept moves to the front
    if (keep[i]) out[place[i]] = x[i];
    // wrong: if (i == n - 1) *count = place[i];  // the last element may be kept as well
    // wrong: if (i == n - 1) *count = n;  // count those that are kept
    if (i == n - 1) *count = place[i] + keep[i];
}

extern "C" int compact(int n, const long long* x, const bool* keep, long long* out, int* count) {
    // wrong: if (n == 0) return 0;  // count[0] is to say that there are none
    if (n == 0) return cudaMemset(count, 0, sizeof *count);
    int blocks = (n + BLOCK - 1) / BLOCK;
    long long *flags, *place;
    if (cudaError_t error = cudaMalloc(&flags, 2 * n * sizeof *flags)) return error;
    place = flags + n;
    to_numbers<<<blocks, BLOCK>>>(n, keep, flags);
    // wrong: inclusive_scan(n, flags, place);  // the first that is kept goes to place 0
    exclusive_scan(n, flags, place);
    scatter<<<blocks, BLOCK>>>(n, x, keep, place, out, count);
    // wrong: ;  // what was allocated is to be given back
    cudaFree(flags);
    return cudaGetLastError();
}
