__global__ void copy_slow(int rows, int cols, const float* src, float* dst) {
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    int c = blockIdx.y * blockDim.y + threadIdx.y;
    if (r < rows && c < cols)
        dst[r * cols + c] = src[r * cols + c];
}

// The block's own piece of the matrix, with its threads dealt out along the rows.
__global__ void copy_fast(int rows, int cols, const float* src, float* dst) {
    // wrong: int t = threadIdx.x * blockDim.y + threadIdx.y;  // a warp is 32 threads with the same y: x runs fastest
    // wrong: int t = threadIdx.y * blockDim.y + threadIdx.x;  // a row of the block has blockDim.x threads
    int t = threadIdx.y * blockDim.x + threadIdx.x;
    // wrong: int r = blockIdx.x * blockDim.x + threadIdx.x;  // each lane of a warp is in a row of its own
    // wrong: int r = blockIdx.y * blockDim.y + threadIdx.y;  // the grid is copy_slow's: in y it need not reach all rows
    int r = blockIdx.x * blockDim.x + t / blockDim.y;
    // wrong: int c = blockIdx.y * blockDim.y + threadIdx.y;  // lanes of a warp that are neighbours are then in the same column
    // wrong: int c = blockIdx.x * blockDim.x + threadIdx.x;  // the grid is copy_slow's: in x it need not reach all columns
    int c = blockIdx.y * blockDim.y + t % blockDim.y;
    // wrong: if (r * cols + c < rows * cols)  // a column too many is the first of the next row: guard both
    //            dst[r * cols + c] = src[r * cols + c];
    // wrong: dst[r * cols + c] = src[r * cols + c];  // the grid may be larger than the matrix
    // wrong: if (r < rows && c < cols)  // a row has cols elements, so row r begins at r * cols
    //            dst[c * rows + r] = src[c * rows + r];
    // wrong: if (r < rows && c < cols)  // a copy does not transpose
    //            dst[r * cols + c] = src[c * rows + r];
    if (r < rows && c < cols)
        dst[r * cols + c] = src[r * cols + c];
}
