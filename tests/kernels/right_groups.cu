// Right kernels in terms of cooperative groups.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
namespace cg = cooperative_groups;

template <int N>
__global__ void tiles(const int* x, int* y, int n) {
    cg::thread_block block = cg::this_thread_block();
    cg::thread_block_tile<N> tile = cg::tiled_partition<N>(block);
    int i = block.group_index().x * block.size() + block.thread_rank();
    int v = x[i], rank = tile.thread_rank();
    y[i] = tile.meta_group_rank() * 1000 + tile.meta_group_size();
    y[n + i] = tile.shfl(v, 0);
    y[2 * n + i] = tile.shfl_up(v, 1);
    y[3 * n + i] = tile.shfl_down(v, 1);
    y[4 * n + i] = tile.shfl_xor(v, tile.size() - 1);
    y[5 * n + i] = tile.any(v > 0) | tile.all(v > 0) << 1;
    y[6 * n + i] = tile.ballot(v > 0);
    y[7 * n + i] = cg::reduce(tile, v, cg::plus<int>());
    y[8 * n + i] = cg::reduce(tile, v, cg::less<int>());
    y[9 * n + i] = cg::reduce(tile, v, cg::greater<int>());
    y[10 * n + i] = cg::reduce(tile, v, [](int a, int b) { return a ^ b; });
    y[11 * n + i] = tile.num_threads() * 100 + rank;
}
template __global__ void tiles<1>(const int*, int*, int);
template __global__ void tiles<4>(const int*, int*, int);
template __global__ void tiles<32>(const int*, int*, int);

__device__ float sum_of_block(cg::thread_block block, float* partial, float v) {
    auto warp = cg::tiled_partition<32>(block);
    v = cg::reduce(warp, v, cg::plus<float>());
    if (warp.thread_rank() == 0) partial[warp.meta_group_rank()] = v;
    cg::sync(block);
    v = warp.thread_rank() < warp.meta_group_size() ? partial[warp.thread_rank()] : 0;
    return cg::reduce(warp, v, cg::plus<float>());
}

__global__ void sums_by_groups(const float* x, float* y, int n) {
    __shared__ float partial[32];
    cg::grid_group grid = cg::this_grid();
    cg::thread_block block = cg::this_thread_block();
    float sum = 0;
    for (auto i = grid.thread_rank(); i < n; i += grid.size()) sum += x[i];
    sum = sum_of_block(block, partial, sum);
    if (block.thread_rank() == 0) y[grid.block_rank()] = sum;
}

// Halves of a warp that go through shared memory apart.
__global__ void reverse_in_tiles(const int* x, int* y) {
    __shared__ int kept[64];
    auto block = cg::this_thread_block();
    auto warp = cg::tiled_partition<32>(block);
    auto half = cg::tiled_partition<16>(warp);
    int first = block.thread_index().x - half.thread_rank();
    kept[first + half.thread_rank()] = x[first + half.thread_rank()] + 100 * half.meta_group_rank();
    half.sync();
    y[first + half.thread_rank()] = kept[first + half.size() - 1 - half.thread_rank()];
}

// One atomic for all lanes that have something to keep.
__global__ void compact(const int* x, int* y, int* count, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && x[i] > 0) {
        cg::coalesced_group together = cg::coalesced_threads();
        int at = 0;
        if (together.thread_rank() == 0) at = atomicAdd(count, together.size());
        at = together.shfl(at, 0) + together.thread_rank();
        y[at] = x[i];
    }
}

__global__ void odd_lanes(const int* x, int* y) {
    int t = threadIdx.x;
    if (t % 2) {
        auto odd = cg::coalesced_threads();
        y[t] = cg::reduce(odd, x[t], cg::greater<int>());
        y[64 + t] = odd.shfl_up(x[t], 1);
        y[128 + t] = odd.shfl_down(x[t], 1);
        y[192 + t] = odd.ballot(x[t] > 0) == odd.ballot(1) ? odd.all(x[t] > 0) : -odd.any(x[t] > 0);
        odd.sync();
    }
}
