// Tree reduction in a block and across blocks. The statement is in block_reduce.py.

constexpr int BLOCK = 64;  // threads of a block

// Maximum and sum of the elements of x (n,) that are block b's, to partial_max[b] and partial_sum[b].
__global__ void reduce_max_sum(int n, const float* x, float* partial_max, float* partial_sum) {
}

// Maximum of x (n,) to result[0], sum to result[1], in two launches; partials (blocks,) are scratch.
extern "C" int reduce_all(
    int n, const float* x, int blocks, float* partial_max, float* partial_sum, float* result) {
}
