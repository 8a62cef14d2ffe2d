constexpr int MOST_BINS = 64;

__global__ void hist_naive(int n, int bins, const int* ids, int* counts) {
    int stride = gridDim.x * blockDim.x;
    // wrong: for (int i = blockIdx.x * blockDim.x + threadIdx.x; i <= n; i += stride) {  // the last id is n - 1
    // wrong: if (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n) {  // a thread goes on after its first id
    // wrong: for (int i = threadIdx.x; blockIdx.x == 0 && i < n; i += blockDim.x) {  // the other blocks are to work as well
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
        int id = ids[i];
        // wrong: if (id >= 0 && id < bins) counts[id]++;  // two threads may read the same old count: use an atomic
        // wrong: if (id < bins) atomicAdd(&counts[id], 1);  // ids may be negative
        // wrong: if (id >= 0) atomicAdd(&counts[id], 1);  // ids may be bins and more
        // wrong: if (id >= 0 && id <= bins) atomicAdd(&counts[id], 1);  // the last bin is bins - 1
        // wrong: if (id > 0 && id < bins) atomicAdd(&counts[id], 1);  // bin 0 counts, too
        // wrong: atomicAdd(&counts[min(max(id, 0), bins - 1)], 1);  // an id outside counts nowhere, not at the edge
        // wrong: if (id >= 0 && id < bins) atomicAdd(&counts[id], id);  // each id counts for one
        // wrong: if (id >= 0 && id < bins) atomicExch(&counts[id], counts[id] + 1);  // reading and writing must be one atomic
        if (id >= 0 && id < bins) atomicAdd(&counts[id], 1);
    }
}

// wrong: __global__ void hist_private(int n, int bins, const int* ids, int* counts) {  // count in shared memory first: global atomics are what costs
//            for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
//                if (ids[i] >= 0 && ids[i] < bins) atomicAdd(&counts[ids[i]], 1);
//        }
__global__ void hist_private(int n, int bins, const int* ids, int* counts) {
    __shared__ int own[MOST_BINS];
    // wrong: ;  // shared memory holds anything at first: clear the counters
    // wrong: if (threadIdx.x < bins) own[threadIdx.x] = 0;  // a block may have fewer threads than bins
    // wrong: if (threadIdx.x == 0) own[0] = 0;  // every counter must be cleared
    for (int b = threadIdx.x; b < bins; b += blockDim.x) own[b] = 0;
    // wrong: ;  // some threads count before others have cleared
    // wrong: __syncwarp();  // other warps clear as well: wait for the block
    __syncthreads();
    int stride = gridDim.x * blockDim.x;
    // wrong: for (int i = threadIdx.x; i < n; i += blockDim.x) {  // then every block counts all ids
    // wrong: for (int i = threadIdx.x; blockIdx.x == 0 && i < n; i += blockDim.x) {  // the other blocks are to work as well
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
        int id = ids[i];
        // wrong: if (id >= 0 && id < bins) own[id]++;  // threads of a block meet in a counter, too: use an atomic
        // wrong: if (id >= 0 && id < MOST_BINS) atomicAdd(&own[id], 1);  // there are bins counters
        if (id >= 0 && id < bins) atomicAdd(&own[id], 1);
    }
    // wrong: ;  // some threads add up before others have counted
    // wrong: if (blockIdx.x == 0) __syncthreads();  // every block must wait
    __syncthreads();
    // wrong: if (threadIdx.x < bins) atomicAdd(&counts[threadIdx.x], own[threadIdx.x]);  // with fewer threads than bins some are left out
    // wrong: for (int b = threadIdx.x; b < bins && blockIdx.x == 0; b += blockDim.x) atomicAdd(&counts[b], own[b]);  // every block has counts to add
    // wrong: for (int b = threadIdx.x; b < bins; b += blockDim.x) counts[b] = own[b];  // the other blocks, and what stood there, are in the sum
    // wrong: for (int b = threadIdx.x; b < bins; b += blockDim.x) counts[b] += own[b];  // blocks meet in counts: use an atomic
    // wrong: for (int b = 0; b < bins; b++) atomicAdd(&counts[b], own[b]);  // then each thread adds all counters
    // wrong: for (int b = threadIdx.x; b < MOST_BINS; b += blockDim.x) atomicAdd(&counts[b], own[b]);  // there are only bins counts
    for (int b = threadIdx.x; b < bins; b += blockDim.x) atomicAdd(&counts[b], own[b]);
}
