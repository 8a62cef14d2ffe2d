// SAXPY: a kernel, its launcher, its error code. The statement is in saxpy.py.

// y[i] += a * x[i] for i < n, on any grid of one dimension.
__global__ void saxpy_kernel(long long n, float a, const float* x, float* y) {
}

// Launches saxpy_kernel with at most 65,535 blocks of 256 threads; the error code of the launch, 0 for n = 0.
extern "C" int saxpy(long long n, float a, const float* x, float* y) {
}
