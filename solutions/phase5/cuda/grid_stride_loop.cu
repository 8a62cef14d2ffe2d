__global__ void scale_shift(int n, float a, float b, const float* x, float* out) {
    // wrong: int stride = blockDim.x;  // a step over your own block lands on what the next block does
    // wrong: int stride = gridDim.x;  // gridDim counts blocks: how many threads are there in all?
    // wrong: int stride = 1;  // then every thread also does what its neighbours do
    int stride = gridDim.x * blockDim.x;
    // wrong: for (int i = blockIdx.x * blockDim.x + threadIdx.x; i <= n; i += stride) {  // the last element is n - 1
    // wrong: for (int i = threadIdx.x; i < n; i += stride) {  // every block begins at element 0 again
    // wrong: for (int i = threadIdx.x * gridDim.x + blockIdx.x; i < n; i += stride) {  // neighbours in a block are to do neighbouring elements
    // wrong: for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += 2 * stride) {  // every second trip is left out
    // wrong: for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n / stride * stride; i += stride) {  // the elements after the last full trip are elements, too
    // wrong: for (int trip = 0, i = blockIdx.x * blockDim.x + threadIdx.x; trip < (n + stride - 1) / stride; trip++, i += stride) {  // in the last trip not every thread has an element
    // wrong: if (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n) {  // a thread does not stop after its first element
    // wrong: for (int each = (n + stride - 1) / stride, t = blockIdx.x * blockDim.x + threadIdx.x, i = t * each; i < n && i < (t + 1) * each; i++) {  // a piece in a row for each thread has neighbours far apart
    // wrong: for (int i = threadIdx.x; blockIdx.x == 0 && i < n; i += blockDim.x) {  // the other blocks are to work as well
    // wrong: for (int i = n - 1 - int(blockIdx.x * blockDim.x + threadIdx.x); i >= 0; i -= stride) {  // thread t begins at element t
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
        // wrong: out[i] = a * (x[i] + b);  // a multiplies x alone
        // wrong: out[i] += a * x[i] + b;  // what stood in out is not to be read
        out[i] = a * x[i] + b;
    }
}
