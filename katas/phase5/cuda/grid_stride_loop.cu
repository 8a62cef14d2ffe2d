// Grid-stride loops. The statement is in grid_stride_loop.py.

// out[i] = a * x[i] + b for i < n, on any grid of one dimension; thread t of T does t, t + T, t + 2 T, ...
__global__ void scale_shift(int n, float a, float b, const float* x, float* out) {
}
