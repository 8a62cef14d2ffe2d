// Row softmax, online. The statement is in softmax.py.

// The softmax of each row of x (rows, cols), rows `stride` apart, to y, laid out alike; the error code.
extern "C" int softmax(const float* x, float* y, int rows, int cols, int stride) {
}
