// Right kernels with tensor cores, through wmma.
#include <mma.h>
using namespace nvcuda;

template <typename T, typename LayoutA, typename LayoutB>
__global__ void multiplied(const T* A, const T* B, float* C, int n) {
    wmma::fragment<wmma::matrix_a, 16, 16, 16, T, LayoutA> a;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, T, LayoutB> b;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
    bool a_rows = std::is_same<LayoutA, wmma::row_major>::value, b_rows = std::is_same<LayoutB, wmma::row_major>::value;
    int warp = threadIdx.x / 32, row = 16 * blockIdx.y, col = 16 * (blockIdx.x * blockDim.x / 32 + warp);
    wmma::fill_fragment(sum, 0.0f);
    for (int k = 0; k < n; k += 16) {
        wmma::load_matrix_sync(a, A + (a_rows ? row * n + k : k * n + row), n);
        wmma::load_matrix_sync(b, B + (b_rows ? k * n + col : col * n + k), n);
        wmma::mma_sync(sum, a, b, sum);
    }
    wmma::store_matrix_sync(C + row * n + col, sum, n, wmma::mem_row_major);
}
template __global__ void multiplied<half, wmma::row_major, wmma::col_major>(const half*, const half*, float*, int);
template __global__ void multiplied<half, wmma::col_major, wmma::row_major>(const half*, const half*, float*, int);
template __global__ void multiplied<__nv_bfloat16, wmma::row_major, wmma::row_major>(const __nv_bfloat16*, const __nv_bfloat16*, float*, int);

// Through shared memory; alpha and beta in the lanes' own elements; stored in columns.
__global__ void scaled_tile(const half* A, const half* B, const float* C, float* D, float alpha, float beta) {
    __shared__ __align__(32) half tile[2][16 * 16];
    for (int i = threadIdx.x; i < 256; i += 32) {
        tile[0][i] = A[i];
        tile[1][i] = B[i];
    }
    __syncwarp();
    wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> a;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> b;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum, c;
    wmma::load_matrix_sync(a, tile[0], 16);
    wmma::load_matrix_sync(b, tile[1], 16);
    wmma::load_matrix_sync(c, C, 16, wmma::mem_row_major);
    wmma::fill_fragment(sum, 0.0f);
    wmma::mma_sync(sum, a, b, sum);
    for (int i = 0; i < sum.num_elements; i++) sum.x[i] = alpha * sum.x[i] + beta * c.x[i];
    wmma::store_matrix_sync(D, sum, 16, wmma::mem_col_major);
}
