constexpr int TILE = 32;
constexpr int ROWS = 8;

__global__ void transpose(int rows, int cols, const float* A, float* out) {
    // wrong: __shared__ float tile[TILE][TILE];  // a column of the tile then lies in a single bank
    // wrong: __shared__ float tile[TILE][TILE + 2];  // with an even row length two rows of a column share a bank
    __shared__ float tile[TILE][TILE + 1];
    int c = blockIdx.x * TILE + threadIdx.x;
    // wrong: int r = blockIdx.y * ROWS + threadIdx.y;  // a block has ROWS rows of threads, but its tile has TILE rows
    int r = blockIdx.y * TILE + threadIdx.y;
    // wrong: if (r >= rows || c >= cols) return;  // all threads of a block have to reach the barrier, and this one may have something to write
    // wrong: if (r < rows && c < cols) tile[threadIdx.y][threadIdx.x] = A[r * cols + c];  // each thread has four elements of the tile
    // wrong: for (int k = 0; k < TILE; k += ROWS) if (r + k < rows && c < cols) out[c * rows + r + k] = A[(r + k) * cols + c];  // written straight from here, out is gone through by columns
    //        return;
    // wrong: for (int k = 0; k < TILE; k += ROWS) if (r + k < rows && c < cols) tile[threadIdx.y][threadIdx.x] = A[(r + k) * cols + c];  // the four elements of a thread have four places
    // wrong: for (int k = 0; k < TILE; k += ROWS) if (c < cols) tile[threadIdx.y + k][threadIdx.x] = A[(r + k) * cols + c];  // the last tile may have rows too many
    // wrong: for (int k = 0; k < TILE; k += ROWS) if (r < rows && c < cols) tile[threadIdx.y + k][threadIdx.x] = A[(r + k) * cols + c];  // the guard is for row r + k
    // wrong: for (int k = 0; k < TILE; k += ROWS) if (r + k < rows) tile[threadIdx.y + k][threadIdx.x] = A[(r + k) * cols + c];  // the last tile may have columns too many
    for (int k = 0; k < TILE; k += ROWS)
        if (r + k < rows && c < cols)
            tile[threadIdx.y + k][threadIdx.x] = A[(r + k) * cols + c];
    // wrong: (void)0;  // what another thread brings into the tile must be there first
    // wrong: __syncwarp();  // a column of the tile comes from all warps of the block
    // wrong: if (c < cols) __syncthreads();  // all threads of a block have to reach the barrier
    __syncthreads();
    // wrong: c = blockIdx.x * TILE + threadIdx.x;  // the tile changes places, too: its columns begin where its rows began
    c = blockIdx.y * TILE + threadIdx.x;
    // wrong: r = blockIdx.y * TILE + threadIdx.y;  // the tile changes places, too: its rows begin where its columns began
    r = blockIdx.x * TILE + threadIdx.y;
    // wrong: for (int k = 0; k < TILE; k += ROWS) if (r + k < rows && c < cols) out[(r + k) * rows + c] = tile[threadIdx.x][threadIdx.y + k];  // out has cols rows and rows columns
    // wrong: for (int k = 0; k < TILE; k += ROWS) if (r + k < cols && c < rows) out[(r + k) * cols + c] = tile[threadIdx.x][threadIdx.y + k];  // a row of out has rows elements
    // wrong: for (int k = 0; k < TILE; k += ROWS) if (r + k < cols && c < rows) out[(r + k) * rows + c] = tile[threadIdx.y + k][threadIdx.x];  // the tile is to be transposed as well
    // wrong: for (int k = 0; k < TILE; k += ROWS) out[(r + k) * rows + c] = tile[threadIdx.x][threadIdx.y + k];  // guard the writes, too
    for (int k = 0; k < TILE; k += ROWS)
        if (r + k < cols && c < rows)
            out[(r + k) * rows + c] = tile[threadIdx.x][threadIdx.y + k];
}
