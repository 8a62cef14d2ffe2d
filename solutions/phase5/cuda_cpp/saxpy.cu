__global__ void saxpy_kernel(long long n, float a, const float* x, float* y) {
    // wrong: int stride = gridDim.x;  // gridDim counts blocks, not threads
    // wrong: int stride = blockDim.x;  // a step over your own block lands on the next block's elements
    long long stride = gridDim.x * blockDim.x;
    // wrong: for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {  // n may pass 2**31, where an int index turns negative
    // wrong: for (long long i = blockIdx.x * blockDim.x + threadIdx.x; i <= n; i += stride) {  // the last element is n - 1
    // wrong: for (long long i = threadIdx.x; i < n; i += stride) {  // every block begins at element 0 again
    // wrong: if (long long i = blockIdx.x * blockDim.x + threadIdx.x; i < n) {  // the grid has a largest size: a thread must go on after its first element
    // wrong: if (threadIdx.x == 0 && blockIdx.x == 0) for (long long i = 0; i < n; i++) {  // all threads are to work
    for (long long i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
        // wrong: y[i] = a * x[i];  // SAXPY adds to what stands in y
        // wrong: y[i] = x[i] + a * y[i];  // a multiplies x
        y[i] += a * x[i];
    }
}

extern "C" int saxpy(long long n, float a, const float* x, float* y) {
    // wrong: if (n < 0) return 0;  // a grid without blocks is an illegal launch: for n = 0 launch nothing
    if (n == 0) return 0;
    // wrong: long long blocks = n / 256;  // the elements after the last full block need a block
    // wrong: long long blocks = 1;  // one block leaves the rest of the GPU idle
    long long blocks = (n + 255) / 256;
    // wrong: ;  // the loop does the rest: no more than 65,535 blocks are asked for
    // wrong: if (blocks > 65536) blocks = 65536;  // the most is 65,535
    if (blocks > 65535) blocks = 65535;
    // wrong: saxpy_kernel<<<256, blocks>>>(n, a, x, y);  // the grid comes first, then the block
    saxpy_kernel<<<blocks, 256>>>(n, a, x, y);
    // wrong: return 0;  // a launch that fails says so nowhere else: ask for the error
    // wrong: return n;  // the error code is the result
    return cudaGetLastError();
}
