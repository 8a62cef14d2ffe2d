// Banks, padding and transposition. The statement is in bank_conflicts.py.

constexpr int TILE = 32;
constexpr int ROWS = 8;  // of threads in a block of TILE x ROWS

// out[c, r] = A[r, c], for A of rows x cols; blockIdx.x counts the tiles along a row of A.
__global__ void transpose(int rows, int cols, const float* A, float* out) {
}
