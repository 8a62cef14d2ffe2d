__global__ void axpy(int n, float a, const float* x, const float* y, float* out) {
    // wrong: int i = threadIdx.x;  // every block begins at element 0 again: which block am I in?
    // wrong: int i = blockIdx.x * gridDim.x + threadIdx.x;  // gridDim counts blocks; how many threads come before?
    // wrong: int i = threadIdx.x * gridDim.x + blockIdx.x;  // threads of a block are neighbours, not blocks
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    // wrong: out[i] = a * x[i] + y[i];  // the last block has threads without an element: guard them
    // wrong: if (i <= n)  // the last element is n - 1
    //            out[i] = a * x[i] + y[i];
    // wrong: for (int j = 0; j < n; j++)  // a thread computes one element, its own
    //            if (i == 0) out[j] = a * x[j] + y[j];
    if (i < n)
        // wrong: out[i] = a * (x[i] + y[i]);  // a multiplies x alone
        out[i] = a * x[i] + y[i];
}

__global__ void add2d(int rows, int cols, const float* A, const float* B, float* out) {
    // wrong: int c = blockIdx.y * blockDim.y + threadIdx.y;  // x counts the columns
    int c = blockIdx.x * blockDim.x + threadIdx.x;
    // wrong: int r = blockIdx.x * blockDim.x + threadIdx.x;  // y counts the rows
    int r = blockIdx.y * blockDim.y + threadIdx.y;
    // wrong: if (r < cols && c < rows)  // r counts rows: compare it with rows
    //            out[r * cols + c] = A[r * cols + c] + B[r * cols + c];
    // wrong: if (r * cols + c < rows * cols)  // a column too many is the first of the next row: guard both
    //            out[r * cols + c] = A[r * cols + c] + B[r * cols + c];
    // wrong: if (r < rows && c < cols)  // a row has cols elements, so row r begins at r * cols
    //            out[c * rows + r] = A[c * rows + r] + B[c * rows + r];
    if (r < rows && c < cols)
        out[r * cols + c] = A[r * cols + c] + B[r * cols + c];
}
