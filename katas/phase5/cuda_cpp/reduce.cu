// Reduction with warp shuffles. The statement is in reduce.py.

// out[0] = the sum of x (n,), n >= 0; the error code.
extern "C" int sum_f32(const float* x, long long n, float* out) {
}

// out[r] = the largest of row r of x, rows x cols; nan where the row has one; the error code.
extern "C" int row_max(const float* x, int rows, int cols, float* out) {
}
