// Planted bugs in terms of cooperative groups. A comment says which fault is reported in its line.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
namespace cg = cooperative_groups;

__global__ void group_barrier_in_a_branch(const float* x, float* y, int n) {
    auto block = cg::this_thread_block();
    if (block.thread_rank() < 50) {
        y[threadIdx.x] = x[threadIdx.x];
        block.sync();  // fault: barrier
    }
}

__global__ void tile_without_a_lane(const float* x, float* y, int n) {
    auto tile = cg::tiled_partition<8>(cg::this_thread_block());
    float v = x[threadIdx.x];
    if (tile.thread_rank() > 0) v += tile.shfl_down(v, 1);  // fault: warp
    __syncthreads();
    y[threadIdx.x] = v;
}

__global__ void tiles_that_are_too_small_to_synchronise(const float* x, float* y, int n) {
    __shared__ float kept[32];
    auto tile = cg::tiled_partition<16>(cg::this_thread_block());
    kept[threadIdx.x] = x[threadIdx.x];  // fault: race
    tile.sync();
    y[threadIdx.x] = kept[31 - threadIdx.x];  // fault: race, unset
}

__global__ void reduction_of_a_tile_in_a_branch(const float* x, float* y, int n) {
    auto warp = cg::tiled_partition<32>(cg::this_thread_block());
    float v = x[threadIdx.x];
    if (threadIdx.x < n / 2) v = cg::reduce(warp, v, cg::plus<float>());  // fault: warp
    __syncthreads();
    y[threadIdx.x] = v;
}
