// The product of tiles that the lanes of a warp hold in parts.

#include "mma.h"
#include "state.h"

namespace aire {

void check_tile(int line, const void* address, unsigned stride, size_t itemsize) {
    ballot(line, ~0u, true);
    auto past = reinterpret_cast<uintptr_t>(address) % 32, extra = stride * itemsize % 16;
    if (!past && !extra) return;
    std::string what = past ? "the address of a tile has to be a multiple of 32 bytes; it is " +
                                  std::to_string(past) + " past one"
                            : "rows of a tile have to be a multiple of 16 bytes apart; they are " +
                                  std::to_string(stride * itemsize);
    find({.kind = "misaligned", .line = line, .text = name_of(*current) + ": " + what});
    if (past) stop();
}

void multiply_tiles(u32 first) {
    float a[16][16], b[16][16], c[16][16];
    for (bool back : {false, true}) {
        for (u32 lane = 0; lane < 32; lane++) {
            auto tiles = reinterpret_cast<Tiles*>(lanes[first + lane].meeting.given);
            for (int i = 0; i < 8; i++) {
                auto [major, minor] = place_in_tile(lane, i);
                if (back) tiles->c[i] = c[major][minor];
                else a[major][minor] = tiles->a[i], b[minor][major] = tiles->b[i], c[major][minor] = tiles->c[i];
            }
        }
        for (int row = 0; row < 16 && !back; row++)
            for (int k = 0; k < 16; k++)
                for (int col = 0; col < 16; col++) c[row][col] += a[row][k] * b[k][col];
    }
}

}  // namespace aire
