// First kernels: index, guard, launch. The statement is in map_guard.py.

// out[i] = a * x[i] + y[i] for i < n, an element a thread, on a grid of one dimension.
__global__ void axpy(int n, float a, const float* x, const float* y, float* out) {
}

// out = A + B, matrices of rows x cols stored row after row; x counts the columns, y the rows.
__global__ void add2d(int rows, int cols, const float* A, const float* B, float* out) {
}
