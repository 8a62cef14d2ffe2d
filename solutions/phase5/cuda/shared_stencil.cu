constexpr int TPB = 64;   // threads of a block
constexpr int MAX_R = 4;  // largest R

__global__ void conv1d(int n, int R, const float* x, const float* w, float* out) {
    // wrong: __shared__ float tile[TPB];  // the tile needs room for the halo
    __shared__ float tile[TPB + 2 * MAX_R];
    int i = blockIdx.x * TPB + threadIdx.x;
    // wrong: if (i >= n) return;  // a thread that has left never comes to the barrier, nor fills its part of the tile
    //        int begin = blockIdx.x * TPB - R;
    // wrong: int begin = blockIdx.x * TPB;  // the tile begins R elements before the block
    // wrong: int begin = blockIdx.x * (TPB + 2 * R) - R;  // tiles overlap: blocks are TPB elements apart
    int begin = blockIdx.x * TPB - R;
    // wrong: for (int k = threadIdx.x; k < TPB; k += TPB) {  // the last 2 R places are the halo's: who fills them?
    // wrong: for (int k = threadIdx.x; k < TPB + R; k += TPB) {  // the halo is on either side
    // wrong: for (int k = 0; k < TPB + 2 * R; k++) {  // every thread loads everything: share the work
    // wrong: for (int k = TPB + 2 * R; threadIdx.x == 0 && k-- > 0;) {  // one thread loads while 63 wait
    // wrong: for (int each = (TPB + 2 * R + TPB - 1) / TPB, k = threadIdx.x * each; k < (threadIdx.x + 1) * each && k < TPB + 2 * R; k++) {  // neighbouring threads are to read neighbouring elements
    for (int k = threadIdx.x; k < TPB + 2 * R; k += TPB) {
        int from = begin + k;
        // wrong: tile[k] = x[from];  // beyond its ends x has no memory
        // wrong: tile[k] = x[min(max(from, 0), n - 1)];  // beyond its ends x is zero, not its last element
        // wrong: tile[k] = x[abs(from) < n ? abs(from) : n - 1];  // beyond its ends x is zero, it is not mirrored
        // wrong: if (0 <= from && from < n) tile[k] = x[from];  // a place that nobody fills holds garbage
        // wrong: tile[k] = 0 < from && from < n ? x[from] : 0.0f;  // x begins at element 0
        // wrong: tile[k] = 0 <= from && from <= n ? x[from] : 0.0f;  // x ends at element n - 1
        // wrong: tile[k] = 0 <= from && from < n && (k < TPB + R || (blockIdx.x + 1) * TPB < n - R) ? x[from] : 0.0f;  // the next block's elements count, even if it is not full
        tile[k] = 0 <= from && from < n ? x[from] : 0.0f;
    }
    // wrong: ;  // wait until the others have filled their places
    // wrong: __syncwarp();  // the block has two warps, and they need one another's places
    // wrong: if (i < n) __syncthreads();  // every thread has to come to the barrier, also one without an element
    __syncthreads();
    // wrong: if (i <= n) {  // the last element is n - 1
    if (i < n) {
        float sum = 0;
        // wrong: for (int j = 0; j < 2 * R; j++)  // there are 2 R + 1 weights
        //            sum += w[j] * tile[threadIdx.x + j];
        for (int j = 0; j <= 2 * R; j++)
            // wrong: sum += w[2 * R - j] * tile[threadIdx.x + j];  // the filter is not flipped
            // wrong: sum += w[j] * (i + j - R < 0 || i + j - R >= n ? 0.0f : x[i + j - R]);  // that reads each x 2 R + 1 times: it is in the tile
            // wrong: sum += w[j] * tile[threadIdx.x + R + j];  // the tile begins R elements before the block, so x[i - R] is at threadIdx.x
            sum += w[j] * tile[threadIdx.x + j];
        // wrong: out[i] += sum;  // what stands in out is not to be read
        out[i] = sum;
    }
}
