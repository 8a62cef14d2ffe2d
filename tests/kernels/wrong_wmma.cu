// Planted bugs with tensor cores. A comment says which fault is reported in its line.
#include <mma.h>
using namespace nvcuda;

using A = wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major>;
using B = wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::col_major>;
using Sum = wmma::fragment<wmma::accumulator, 16, 16, 16, float>;

__global__ void tile_beyond_the_end(const half* x, float* y, int n) {
    A a;
    B b;
    Sum sum;
    wmma::fill_fragment(sum, 0.0f);
    wmma::load_matrix_sync(a, x, 16);
    wmma::load_matrix_sync(b, x + 16, 16);  // fault: bounds
    wmma::mma_sync(sum, a, b, sum);
    wmma::store_matrix_sync(y, sum, 16, wmma::mem_row_major);
}

__global__ void tile_in_half_a_warp(const half* x, float* y, int n) {
    A a;
    B b;
    Sum sum;
    wmma::fill_fragment(sum, 0.0f);
    wmma::load_matrix_sync(a, x, 16);
    wmma::load_matrix_sync(b, x, 16);
    if (threadIdx.x < 16) wmma::mma_sync(sum, a, b, sum);  // fault: warp
    __syncthreads();
    wmma::store_matrix_sync(y, sum, 16, wmma::mem_row_major);
}

__global__ void tile_by_too_few(const half* x, float* y, int n) {
    A a;
    B b;
    Sum sum;
    wmma::fill_fragment(sum, 0.0f);
    wmma::load_matrix_sync(a, x, 16);
    wmma::load_matrix_sync(b, x, 16);
    wmma::mma_sync(sum, a, b, sum);  // fault: warp
    wmma::store_matrix_sync(y, sum, 16, wmma::mem_row_major);
}

__global__ void tile_that_is_not_aligned(const half* x, float* y, int n) {
    A a;
    wmma::load_matrix_sync(a, x + 8, 16);  // fault: misaligned
    y[threadIdx.x] = a.x[0];
}

__global__ void tile_stored_by_two_warps(const half* x, float* y, int n) {
    Sum sum;
    wmma::fill_fragment(sum, float(threadIdx.x / 32));
    wmma::store_matrix_sync(y, sum, 16, wmma::mem_row_major);  // fault: race
}
