constexpr int TILE = 32;
constexpr int ROWS = 8;  // of threads in a block

__global__ void transpose_kernel(const float* in, float* out, int rows, int cols) {
    // wrong: __shared__ float tile[TILE][TILE];  // then a column of the tile lies in one bank: make its rows one longer
    __shared__ float tile[TILE][TILE + 1];
    int c = blockIdx.x * TILE + threadIdx.x, r = blockIdx.y * TILE + threadIdx.y;
    // wrong: if (r < rows && c < cols)  // a thread takes four elements of the tile, not one
    //            tile[threadIdx.y][threadIdx.x] = in[(size_t)r * cols + c];
    // wrong: for (int j = 0; j < TILE; j += ROWS)  // compare rows with rows: r + j counts them
    //            if (r + j < cols && c < rows) tile[threadIdx.y + j][threadIdx.x] = in[(size_t)(r + j) * cols + c];
    // wrong: for (int j = 0; j < TILE; j += ROWS)  // the last tiles stick out: guard what does not exist
    //            tile[threadIdx.y + j][threadIdx.x] = in[(size_t)(r + j) * cols + c];
    for (int j = 0; j < TILE; j += ROWS)
        if (r + j < rows && c < cols) tile[threadIdx.y + j][threadIdx.x] = in[(size_t)(r + j) * cols + c];
    // wrong: if (r < rows && c < cols) __syncthreads();  // all threads of the block must come to the barrier
    // wrong: __syncwarp();  // what you read was written by other warps: wait for the block
    // wrong: ;  // what you read next was written by others: wait for them
    __syncthreads();
    // wrong: c = blockIdx.x * TILE + threadIdx.x, r = blockIdx.y * TILE + threadIdx.y;  // on the other side the tile itself has changed places
    c = blockIdx.y * TILE + threadIdx.x, r = blockIdx.x * TILE + threadIdx.y;
    // wrong: for (int j = 0; j < TILE; j += ROWS)  // out has cols rows and rows columns: its edges have changed places, too
    //            if (r + j < rows && c < cols) out[(size_t)(r + j) * rows + c] = tile[threadIdx.x][threadIdx.y + j];
    // wrong: for (int j = 0; j < TILE; j += ROWS)  // a row of out has `rows` elements
    //            if (r + j < cols && c < rows) out[(size_t)(r + j) * cols + c] = tile[threadIdx.x][threadIdx.y + j];
    // wrong: for (int j = 0; j < TILE; j += ROWS)  // this puts the tiles in their places, but turns none of them
    //            if (r + j < cols && c < rows) out[(size_t)(r + j) * rows + c] = tile[threadIdx.y + j][threadIdx.x];
    // wrong: for (int j = 0; j < ROWS; j++)  // four rows of threads, eight apart, make the tile's 32
    //            if (r + j < cols && c < rows) out[(size_t)(r + j) * rows + c] = tile[threadIdx.x][threadIdx.y + j];
    for (int j = 0; j < TILE; j += ROWS)
        if (r + j < cols && c < rows) out[(size_t)(r + j) * rows + c] = tile[threadIdx.x][threadIdx.y + j];
}

// wrong: __global__ void direct_kernel(const float* in, float* out, int rows, int cols) {  // without the tile a warp writes a column, and each number drags a sector along
//            int c = blockIdx.x * 32 + threadIdx.x, r = blockIdx.y * 32 + threadIdx.y;
//            for (int j = 0; j < 32; j += 8)
//                if (r + j < rows && c < cols) out[(size_t)c * rows + r + j] = in[(size_t)(r + j) * cols + c];
//        }
//
//        extern "C" int transpose(const float* in, float* out, int rows, int cols) {
//            direct_kernel<<<dim3((cols + 31) / 32, (rows + 31) / 32), dim3(32, 8)>>>(in, out, rows, cols);
//            return cudaGetLastError();
//        }
extern "C" int transpose(const float* in, float* out, int rows, int cols) {
    // wrong: dim3 grid((rows + TILE - 1) / TILE, (cols + TILE - 1) / TILE);  // x counts the columns of `in`
    // wrong: dim3 grid(cols / TILE, rows / TILE);  // the tiles at the edges are tiles, too: round up
    dim3 grid((cols + TILE - 1) / TILE, (rows + TILE - 1) / TILE);
    transpose_kernel<<<grid, dim3(TILE, ROWS)>>>(in, out, rows, cols);
    // wrong: return 1;  // 0 is the code of a launch that went well: return what CUDA says
    return cudaGetLastError();
}
