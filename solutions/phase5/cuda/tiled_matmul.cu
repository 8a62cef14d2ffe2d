#include <cuda_fp16.h>

constexpr int TILE = 16;  // columns and rows of a tile, and of a block

template <typename T>
__global__ void matmul(int M, int N, int K, const T* A, const T* B, float* C) {
    __shared__ T a[TILE][TILE], b[TILE][TILE];
    int tx = threadIdx.x, ty = threadIdx.y;
    // wrong: int row = blockIdx.x * TILE + ty, col = blockIdx.y * TILE + tx;  // x counts the columns of C
    // wrong: int row = blockIdx.y * TILE + tx, col = blockIdx.x * TILE + ty;  // neighbouring threads are to have neighbouring columns: x counts them
    int row = blockIdx.y * TILE + ty, col = blockIdx.x * TILE + tx;
    // wrong: if (row >= M || col >= N) return;  // a thread that has left fetches nothing and does not come to the barrier
    //        float sum = 0;
    // wrong: T sum = 0;  // a sum of halves loses what a sum of floats keeps
    float sum = 0;
    // wrong: for (int k = 0; k < K / TILE * TILE; k += TILE) {  // the last step may be a short one, but it counts
    // wrong: for (int k = 0; k < K; k++) {  // a step is TILE long
    // wrong: for (int k = 0; k < N; k += TILE) {  // the steps go along K
    for (int k = 0; k < K; k += TILE) {
        // wrong: a[ty][tx] = A[row * K + k + tx];  // at the edges there is nothing to read
        // wrong: a[ty][tx] = row < M ? A[row * K + k + tx] : T(0.0f);  // beyond the last column of A begins the next row
        // wrong: a[ty][tx] = k + tx < K ? A[row * K + k + tx] : T(0.0f);  // the last tile may have fewer rows than TILE
        // wrong: if (row < M && k + tx < K) a[ty][tx] = A[row * K + k + tx];  // what is not filled with zero is garbage, or left from the step before
        // wrong: a[ty][tx] = row < M && k + tx < K ? A[row * M + k + tx] : T(0.0f);  // a row of A has K elements
        // wrong: a[ty][tx] = row < M && k + tx < K ? A[(k + tx) * M + row] : T(0.0f);  // A is stored row after row
        a[ty][tx] = row < M && k + tx < K ? A[row * K + k + tx] : T(0.0f);
        // wrong: b[tx][ty] = k + tx < K && col - tx + ty < N ? B[(k + tx) * N + col - tx + ty] : T(0.0f);  // so neighbouring threads read a row apart
        // wrong: b[ty][tx] = k + ty < K && col < N ? B[(k + ty) * K + col] : T(0.0f);  // a row of B has N elements
        // wrong: b[ty][tx] = k + ty < K ? B[(k + ty) * N + col] : T(0.0f);  // the last tile may have fewer columns than TILE
        // wrong: b[ty][tx] = col < N ? B[(k + ty) * N + col] : T(0.0f);  // below the last row of B there is nothing
        // wrong: if (k + ty < K && col < N) b[ty][tx] = B[(k + ty) * N + col];  // what is not filled with zero is garbage, or left from the step before
        b[ty][tx] = k + ty < K && col < N ? B[(k + ty) * N + col] : T(0.0f);
        // wrong: ;  // wait until the tiles are full
        // wrong: if (row < M && col < N) __syncthreads();  // every thread has to come to the barrier, also one without an element
        // wrong: __syncwarp();  // a warp is two rows of the block; the others have to be waited for as well
        __syncthreads();
        // wrong: for (int j = 0; j < K - k; j++)  // the tile is TILE long
        //            sum += float(a[ty][j]) * float(b[j][tx]);
        for (int j = 0; j < TILE; j++)
            // wrong: sum += float(a[ty][j]) * float(b[tx][j]);  // b[j] is a row of B: the sum runs down a column
            // wrong: sum = float(a[ty][j]) * float(b[j][tx]);  // add the products up
            // wrong: sum += float(A[row * K + k + j]) * float(B[(k + j) * N + col]);  // that reads global memory for every product: use the tiles
            // wrong: sum += float(a[ty][j] * b[j][tx]);  // the product of two halves is rounded to a half: multiply floats
            sum += float(a[ty][j]) * float(b[j][tx]);
        // wrong: ;  // wait until all are done with the tiles, before the next step fills them
        // wrong: if (row < M && col < N) __syncthreads();  // every thread has to come to the barrier, also one without an element
        __syncthreads();
    }
    // wrong: C[row * N + col] = sum;  // a tile at the edge has threads without an element
    // wrong: if (row * N + col < M * N)  // a column too many is the first of the next row: guard both
    //            C[row * N + col] = sum;
    // wrong: if (row <= M && col <= N)  // the last row is M - 1
    //            C[row * N + col] = sum;
    if (row < M && col < N)
        // wrong: C[col * M + row] = sum;  // C is stored row after row
        // wrong: C[row * M + col] = sum;  // a row of C has N elements
        // wrong: C[row * N + col] += sum;  // what stands in C is not to be read
        // wrong: C[row * N + col] = __half2float(__float2half(sum));  // C is of float32: nothing is rounded
        C[row * N + col] = sum;
}
