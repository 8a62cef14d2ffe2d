constexpr int BLOCK = 64;

// Folds what the block's threads have, and writes the maximum to *max, the sum to *total.
__device__ void fold(float most, float sum, float* max, float* total) {
    __shared__ float maxima[BLOCK], sums[BLOCK];
    int t = threadIdx.x;
    maxima[t] = most;
    sums[t] = sum;
    // wrong: for (int s = BLOCK / 2; s > 1; s /= 2) {  // two are left: one round more makes them one
    // wrong: for (int s = BLOCK / 4; s > 0; s /= 2) {  // the first round is to fold one half of the block into the other
    // wrong: for (int s = 1; s < BLOCK; s *= 2) {  // folding neighbours first needs other threads than the first s
    for (int s = BLOCK / 2; s > 0; s /= 2) {
        // wrong: if (s == BLOCK / 2) __syncthreads();  // what one round has written, the next one reads: a barrier between
        // wrong: if (s < BLOCK / 2) __syncthreads();  // what the threads have left is read by others in the first round
        // wrong: if (t < 2 * s) __syncthreads();  // all threads of the block come to a barrier, also those that are done
        // wrong: __syncwarp();  // the two warps of the block have to wait for one another
        __syncthreads();
        // wrong: if (t < s) {  // neighbours at distance 2t share banks: fold the far half into the near one
        //            int d = BLOCK / 2 / s;
        //            maxima[2 * d * t] = fmaxf(maxima[2 * d * t], maxima[2 * d * t + d]);
        //            sums[2 * d * t] += sums[2 * d * t + d];
        //        }
        // wrong: if (int d = BLOCK / 2 / s; t % (2 * d) == 0) {  // the threads at work are spread over all warps
        //            maxima[t] = fmaxf(maxima[t], maxima[t + d]);
        //            sums[t] += sums[t + d];
        //        }
        // wrong: if (t <= s) {  // thread s has been folded into thread 0 already
        //            maxima[t] = fmaxf(maxima[t], maxima[t + s]);
        //            sums[t] += sums[t + s];
        //        }
        // wrong: if (t + s < BLOCK) {  // a thread that is folded in must not fold in another meanwhile
        //            maxima[t] = fmaxf(maxima[t], maxima[t + s]);
        //            sums[t] += sums[t + s];
        //        }
        if (t < s) {
            // wrong: maxima[t] = maxima[t + s];  // the greater of the two goes on
            maxima[t] = fmaxf(maxima[t], maxima[t + s]);
            sums[t] += sums[t + s];
        }
    }
    // wrong: if (t == BLOCK - 1) {  // the last one standing is thread 0
    //            *max = maxima[t];
    //            *total = sums[t];
    //        }
    // wrong: *max = maxima[0], *total = sums[0];  // one thread writes, and the others have no barrier before this read
    if (t == 0) {
        *max = maxima[0];
        *total = sums[0];
    }
}

__global__ void reduce_max_sum(int n, const float* x, float* partial_max, float* partial_sum) {
    // wrong: float most = 0, sum = 0;  // 0 is greater than a negative maximum
    // wrong: float most = 1.17549435e-38f, sum = 0;  // the smallest positive float is no neutral element
    // wrong: float most = -3.40282347e38f, sum = 0;  // -inf is less than the most negative float
    float most = -INFINITY, sum = 0;
    // wrong: if (int i = blockIdx.x * BLOCK + threadIdx.x; i < n) {  // a thread has more than one element if the grid is small
    // wrong: for (int i = blockIdx.x * BLOCK + threadIdx.x; i < n / BLOCK * BLOCK; i += gridDim.x * BLOCK) {  // the tail after the last full block counts, too
    // wrong: for (int i = blockIdx.x * BLOCK + threadIdx.x; i <= n; i += gridDim.x * BLOCK) {  // the last element is n - 1
    // wrong: for (int i = blockIdx.x * BLOCK + threadIdx.x; i < n; i += BLOCK) {  // that goes over the elements of other blocks, too
    // wrong: for (int i = threadIdx.x; i < n; i += BLOCK) {  // every block would reduce all of x
    // wrong: for (int each = (n + gridDim.x * BLOCK - 1) / (gridDim.x * BLOCK), t = blockIdx.x * BLOCK + threadIdx.x, i = t * each; i < n && i < (t + 1) * each; i++) {  // neighbouring threads are to take neighbouring elements
    for (int i = blockIdx.x * BLOCK + threadIdx.x; i < n; i += gridDim.x * BLOCK) {
        most = fmaxf(most, x[i]);
        // wrong: sum += fabsf(x[i]);  // the sum is that of x, not of |x|
        sum += x[i];
    }
    // wrong: if (blockIdx.x * BLOCK < n) fold(most, sum, partial_max + blockIdx.x, partial_sum + blockIdx.x);  // a block without elements leaves its partial unwritten
    // wrong: fold(most, sum, partial_max, partial_sum);  // each block has a partial of its own
    fold(most, sum, partial_max + blockIdx.x, partial_sum + blockIdx.x);
}

__global__ void reduce_partials(int blocks, const float* partial_max, const float* partial_sum, float* result) {
    float most = -INFINITY, sum = 0;
    // wrong: for (int b = threadIdx.x; b < BLOCK; b += BLOCK) {  // there are as many partials as blocks, not as threads
    // wrong: for (int b = threadIdx.x; b < min(blocks, BLOCK); b += BLOCK) {  // there may be more partials than threads
    for (int b = threadIdx.x; b < blocks; b += BLOCK) {
        most = fmaxf(most, partial_max[b]);
        // wrong: sum += partial_max[b];  // the partial sums are added up, not the maxima
        sum += partial_sum[b];
    }
    // wrong: fold(most, sum, result + 1, result);  // the maximum goes first
    fold(most, sum, result, result + 1);
}

extern "C" int reduce_all(
    int n, const float* x, int blocks, float* partial_max, float* partial_sum, float* result) {
    // wrong: reduce_max_sum<<<max(1, min(blocks, (n + BLOCK - 1) / BLOCK)), BLOCK>>>(n, x, partial_max, partial_sum);  // `blocks` blocks are asked for, and so many partials are read
    // wrong: reduce_max_sum<<<blocks, 2 * BLOCK>>>(n, x, partial_max, partial_sum);  // the tree is made for blocks of 64 threads
    reduce_max_sum<<<blocks, BLOCK>>>(n, x, partial_max, partial_sum);
    // wrong: reduce_max_sum<<<1, BLOCK>>>(blocks, partial_max, result, result + 1);  // that adds up the partial maxima, too
    // wrong: reduce_partials<<<blocks, BLOCK>>>(blocks, partial_max, partial_sum, result);  // one block is enough, and two race
    // wrong: reduce_partials<<<1, BLOCK>>>(n, partial_max, partial_sum, result);  // there are `blocks` partials
    reduce_partials<<<1, BLOCK>>>(blocks, partial_max, partial_sum, result);
    return cudaGetLastError();
}
