// Groups of threads as objects: the block, tiles of a warp, the lanes that are together, the grid's ranks.
#pragma once

#include "cuda_runtime.h"

namespace cooperative_groups {

class thread_block {
public:
    static void sync(AIRE_LINE) { __syncthreads(line); }
    static unsigned num_threads() { return blockDim.x * blockDim.y * blockDim.z; }
    static unsigned size() { return num_threads(); }
    static unsigned thread_rank() {
        return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    }
    static dim3 group_index() { return blockIdx; }
    static dim3 thread_index() { return threadIdx; }
    static dim3 dim_threads() { return blockDim; }
    static dim3 group_dim() { return blockDim; }
};
AIRE_INLINE thread_block this_thread_block() { return {}; }

// N lanes of a warp that are neighbours.
template <unsigned N, class Parent = void>
class thread_block_tile {
    static_assert(N && N <= 32 && (N & (N - 1)) == 0, "a tile has 1, 2, 4, 8, 16 or 32 threads");
    unsigned meta_rank, meta_size;

public:
    static constexpr unsigned mask() {
        return N == 32 ? 0xffffffff : ((1u << (N & 31)) - 1) << (aire::lane() & ~(N - 1));
    }
    thread_block_tile(unsigned meta_rank, unsigned meta_size) : meta_rank(meta_rank), meta_size(meta_size) {}
    template <class Other>
    thread_block_tile(const thread_block_tile<N, Other>& other)
        : thread_block_tile(other.meta_group_rank(), other.meta_group_size()) {}

    static unsigned num_threads() { return N; }
    static unsigned size() { return N; }
    static unsigned thread_rank() { return aire::lane() & (N - 1); }
    unsigned meta_group_rank() const { return meta_rank; }
    unsigned meta_group_size() const { return meta_size; }
    void sync(AIRE_LINE) const { __syncwarp(mask(), line); }

    template <class T>
    AIRE_INLINE T shfl(T value, int rank, AIRE_LINE) const { return __shfl_sync(mask(), value, rank, N, line); }
    template <class T>
    AIRE_INLINE T shfl_up(T value, unsigned delta, AIRE_LINE) const {
        return __shfl_up_sync(mask(), value, delta, N, line);
    }
    template <class T>
    AIRE_INLINE T shfl_down(T value, unsigned delta, AIRE_LINE) const {
        return __shfl_down_sync(mask(), value, delta, N, line);
    }
    template <class T>
    AIRE_INLINE T shfl_xor(T value, unsigned bits, AIRE_LINE) const {
        return __shfl_xor_sync(mask(), value, bits, N, line);
    }
    int any(int predicate, AIRE_LINE) const { return __any_sync(mask(), predicate, line); }
    int all(int predicate, AIRE_LINE) const { return __all_sync(mask(), predicate, line); }
    unsigned ballot(int predicate, AIRE_LINE) const {
        return __ballot_sync(mask(), predicate, line) >> (aire::lane() & ~(N - 1));
    }
};

template <unsigned N>
AIRE_INLINE thread_block_tile<N, thread_block> tiled_partition(const thread_block& block) {
    return {block.thread_rank() / N, (block.size() + N - 1) / N};
}
template <unsigned N, unsigned M, class Parent>
AIRE_INLINE thread_block_tile<N, thread_block_tile<M, Parent>> tiled_partition(
    const thread_block_tile<M, Parent>& tile) {
    static_assert(N <= M, "a tile is a part of its parent");
    return {tile.thread_rank() / N, M / N};
}

// The lanes of a warp that have come to the same place together; their ranks count only them.
class coalesced_group {
    unsigned mask;

    int lane_of(unsigned rank) const {
        unsigned rest = mask;
        for (rank %= size(); rank; rank--) rest &= rest - 1;
        return __ffs(rest) - 1;
    }

public:
    explicit coalesced_group(unsigned mask) : mask(mask) {}
    unsigned num_threads() const { return __popc(mask); }
    unsigned size() const { return num_threads(); }
    unsigned thread_rank() const { return __popc(mask & ((1u << aire::lane()) - 1)); }
    unsigned meta_group_rank() const { return 0; }
    unsigned meta_group_size() const { return 1; }
    void sync(AIRE_LINE) const { __syncwarp(mask, line); }
    template <class T>
    AIRE_INLINE T shfl(T value, unsigned rank, AIRE_LINE) const {
        return __shfl_sync(mask, value, lane_of(rank), 32, line);
    }
    template <class T>
    AIRE_INLINE T shfl_up(T value, unsigned delta, AIRE_LINE) const {
        unsigned rank = thread_rank();
        return shfl(value, rank < delta ? rank : rank - delta, line);
    }
    template <class T>
    AIRE_INLINE T shfl_down(T value, unsigned delta, AIRE_LINE) const {
        unsigned rank = thread_rank();
        return shfl(value, rank + delta < size() ? rank + delta : rank, line);
    }
    int any(int predicate, AIRE_LINE) const { return __any_sync(mask, predicate, line); }
    int all(int predicate, AIRE_LINE) const { return __all_sync(mask, predicate, line); }
    unsigned ballot(int predicate, AIRE_LINE) const {
        unsigned votes = __ballot_sync(mask, predicate, line), packed = 0;
        for (unsigned rank = 0; rank < size(); rank++) packed |= (votes >> lane_of(rank) & 1) << rank;
        return packed;
    }
};
AIRE_INLINE coalesced_group coalesced_threads(AIRE_LINE) { return coalesced_group(__activemask(line)); }

class grid_group {
public:
    bool is_valid() const { return false; }  // of no cooperative launch
    static dim3 dim_blocks() { return gridDim; }
    static dim3 group_dim() { return gridDim; }
    static dim3 dim_threads() {
        return {gridDim.x * blockDim.x, gridDim.y * blockDim.y, gridDim.z * blockDim.z};
    }
    static dim3 block_index() { return blockIdx; }
    static unsigned long long num_blocks() { return 1ull * gridDim.x * gridDim.y * gridDim.z; }
    static unsigned long long block_rank() {
        return blockIdx.x + 1ull * gridDim.x * (blockIdx.y + 1ull * gridDim.y * blockIdx.z);
    }
    static unsigned long long num_threads() { return num_blocks() * thread_block::size(); }
    static unsigned long long size() { return num_threads(); }
    static unsigned long long thread_rank() {
        return block_rank() * thread_block::size() + thread_block::thread_rank();
    }
    __attribute__((error("here blocks run one after another, none waits for a later one: launch a second kernel")))
    void sync() const;
};
AIRE_INLINE grid_group this_grid() { return {}; }

template <class Group>
AIRE_INLINE void sync(const Group& group, AIRE_LINE) {
    group.sync(line);
}

}  // namespace cooperative_groups
