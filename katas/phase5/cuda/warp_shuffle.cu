// Warp shuffles. The statement is in warp_shuffle.py.

constexpr unsigned int ALL = 0xffffffff;  // lanes of a warp

// out[i] = the largest x of the warp of element i, i < n.
__global__ void warp_max(int n, const float* x, float* out) {
}

// h[i] = a[i] * h[i - 1] + b[i], i < n, from h = 0 in every warp.
__global__ void warp_recurrence(int n, const float* a, const float* b, float* h) {
}

// out[i / width] = sum of x over the segment of `width` lanes that holds i, i < n.
__global__ void segment_sum(int n, int width, const float* x, float* out) {
}

// Bit l of ballots[w]: keep of lane l of warp w. rank[i]: how many lanes below i's have keep, i < n.
__global__ void ballot_rank(int n, const bool* keep, int* rank, unsigned int* ballots) {
}
