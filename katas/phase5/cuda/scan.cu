// Parallel prefix sums over many blocks. The statement is in scan.py.

constexpr int BLOCK = 64;  // threads of a block, and elements that it scans

// Inclusive scan of each block's own elements of x (n,) to out (n,); their sum to totals[blockIdx.x].
__global__ void block_scan(int n, const long long* x, long long* out, long long* totals) {
}

// out[i] += offsets[b - 1] for the elements of every block b > 0.
__global__ void add_offsets(int n, const long long* offsets, long long* out) {
}

// out[i] = x[0] + ... + x[i], any n; the error code.
extern "C" int inclusive_scan(int n, const long long* x, long long* out) {
}

// out[i] = x[0] + ... + x[i - 1], any n; the error code.
extern "C" int exclusive_scan(int n, const long long* x, long long* out) {
}

// The x[i] with keep[i], in order, to the front of out; their number to count[0]; the error code.
extern "C" int compact(int n, const long long* x, const bool* keep, long long* out, int* count) {
}
