constexpr unsigned int ALL = 0xffffffff;  // lanes of a warp

__global__ void warp_max(int n, const float* x, float* out) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    // wrong: if (i >= n) return;  // all lanes that the mask names must come to the shuffle
    //        float v = x[i];
    // wrong: float v = i < n ? x[i] : 0;  // 0 is larger than anything negative: which value is larger than none?
    float v = i < n ? x[i] : -INFINITY;
    // wrong: for (int m = 16; m > 0; m /= 2) v = fmaxf(v, __shfl_down_sync(ALL, v, m));  // then only lane 0 has seen all
    // wrong: for (int m = 8; m > 0; m /= 2) v = fmaxf(v, __shfl_xor_sync(ALL, v, m));  // both halves of the warp must meet
    // wrong: for (int m = 1; m < 32; m++) v = fmaxf(v, __shfl_xor_sync(ALL, v, m));  // five rounds are enough
    // wrong: for (int m = 16; m > 0; m /= 2) v = fminf(v, __shfl_xor_sync(ALL, v, m));  // the largest is asked for
    // wrong: for (int m = 16; m > 0; m /= 2) v += __shfl_xor_sync(ALL, v, m);  // the largest is asked for, not the sum
    for (int m = 16; m > 0; m /= 2) v = fmaxf(v, __shfl_xor_sync(ALL, v, m));
    // wrong: if (i < n && i % 32 == 0) out[i] = v;  // every lane gets the result
    // wrong: out[i] = v;  // the last lanes may have no element
    if (i < n) out[i] = v;
}

__global__ void warp_recurrence(int n, const float* a, const float* b, float* h) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32;
    float A = i < n ? a[i] : 1, B = i < n ? b[i] : 0;
    // wrong: for (int d = 1; d < 16; d *= 2) {  // the last round looks 16 lanes back
    for (int d = 1; d < 32; d *= 2) {
        float before_A = __shfl_up_sync(ALL, A, d), before_B = __shfl_up_sync(ALL, B, d);
        // wrong: if (true) {  // a lane that has none so far below gets its own value, which is not to be added
        // wrong: if (lane > d) {  // lane d has lane 0 just d below it
        // wrong: if (i >= d) {  // each warp begins anew: the lane's number decides
        if (lane >= d) {
            // wrong: B = before_A * B + before_B;  // the step below comes first: its B is what this A multiplies
            // wrong: B = before_B + B;  // what came before is multiplied by a
            B = A * before_B + B;
            // wrong: ;  // A, too, is that of all the steps so far
            // wrong: A = before_A;  // both steps have been made: their product
            A = A * before_A;
        }
    }
    // wrong: if (i < n) h[i] = A;  // A is the factor of what came before the warp, which is 0
    if (i < n) h[i] = B;
}

__global__ void segment_sum(int n, int width, const float* x, float* out) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float sum = i < n ? x[i] : 0;
    // wrong: for (int d = 16; d > 0; d /= 2) sum += __shfl_down_sync(ALL, sum, d, width);  // a lane without one above adds its own again: begin with half a segment
    // wrong: for (int d = width / 2; d > 0; d /= 2) sum += __shfl_up_sync(ALL, sum, d, width);  // then the last lane of the segment has the sum
    // wrong: for (int d = width; d > 0; d /= 2) sum += __shfl_down_sync(ALL, sum, d, width);  // begin with half a segment
    // wrong: for (int d = width / 2; d > 1; d /= 2) sum += __shfl_down_sync(ALL, sum, d, width);  // the last round adds the neighbour
    for (int d = width / 2; d > 0; d /= 2) sum += __shfl_down_sync(ALL, sum, d, width);
    // wrong: if (i < n) out[i / width] = sum;  // only the first lane of the segment has it all
    // wrong: if (i % 32 == 0 && i < n) out[i / width] = sum;  // every segment has a sum
    // wrong: if (i % width == 0) out[i / width] = sum;  // the last segments may have no element
    if (i % width == 0 && i < n) out[i / width] = sum;
}

__global__ void ballot_rank(int n, const bool* keep, int* rank, unsigned int* ballots) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32;
    // wrong: unsigned int votes = __ballot_sync(ALL, keep[i]);  // the last lanes may have no element
    // wrong: unsigned int votes = __ballot_sync(ALL, i < n);  // the vote is keep's
    unsigned int votes = __ballot_sync(ALL, i < n && keep[i]);
    if (i >= n) return;
    // wrong: rank[i] = __popc(votes & ((2u << lane) - 1));  // the lane itself is not below it
    // wrong: rank[i] = __popc(votes >> lane);  // those are the lanes above
    // wrong: rank[i] = __popc(votes);  // only the lanes below count
    // wrong: rank[i] = votes & ((1u << lane) - 1);  // count the bits
    rank[i] = __popc(votes & ((1u << lane) - 1));
    // wrong: if (lane == 0) ballots[i / 32] = __brev(votes);  // lane 0 is bit 0
    // wrong: ballots[i / 32] = votes;  // one lane is enough: 32 that write one place are a race
    // wrong: if (i == 0) ballots[0] = votes;  // every warp has a ballot
    if (lane == 0) ballots[i / 32] = votes;
}
