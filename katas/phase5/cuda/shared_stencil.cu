// Shared memory with a halo. The statement is in shared_stencil.py.

constexpr int TPB = 64;   // threads of a block
constexpr int MAX_R = 4;  // largest R

// out[i] = sum over j = 0 ... 2 R of w[j] * x[i + j - R], x zero beyond its ends; blocks of TPB threads.
__global__ void conv1d(int n, int R, const float* x, const float* w, float* out) {
}
