// Histograms: atomics and privatisation. The statement is in histogram.py.

constexpr int MOST_BINS = 64;

// counts[b] += number of ids that equal b, an atomic in global memory for each.
__global__ void hist_naive(int n, int bins, const int* ids, int* counts) {
}

// The same by counters in shared memory, added to counts at the end.
__global__ void hist_private(int n, int bins, const int* ids, int* counts) {
}
