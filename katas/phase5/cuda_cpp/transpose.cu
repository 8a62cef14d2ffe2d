// Transposition at the speed of a copy. The statement is in transpose.py.

constexpr int TILE = 32;
constexpr int ROWS = 8;  // of threads in a block

// out[c * rows + r] = in[r * cols + c], through a tile in shared memory; the error code of the launch.
extern "C" int transpose(const float* in, float* out, int rows, int cols) {
}
