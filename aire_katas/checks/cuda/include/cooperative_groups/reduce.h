// One value from those of a group's threads; each thread gets it.
#pragma once

#include "../cooperative_groups.h"

namespace cooperative_groups {

#define AIRE_FOLD(name, folded)                                    \
    template <class T>                                             \
    struct name {                                                  \
        T operator()(T a, T b) const { return folded; }            \
    };
AIRE_FOLD(plus, a + b)
AIRE_FOLD(less, b < a ? b : a)
AIRE_FOLD(greater, a < b ? b : a)
AIRE_FOLD(bit_and, a & b)
AIRE_FOLD(bit_or, a | b)
AIRE_FOLD(bit_xor, a ^ b)
#undef AIRE_FOLD

template <unsigned N, class Parent, class T, class Fold>
AIRE_INLINE T reduce(const thread_block_tile<N, Parent>& tile, T value, Fold fold, AIRE_LINE) {
    for (unsigned bits = N / 2; bits; bits /= 2) value = fold(value, tile.shfl_xor(value, bits, line));
    return value;
}
template <class T, class Fold>
AIRE_INLINE T reduce(const coalesced_group& group, T value, Fold fold, AIRE_LINE) {
    T all = group.shfl(value, 0, line);
    for (unsigned rank = 1; rank < group.size(); rank++) all = fold(all, group.shfl(value, rank, line));
    return all;
}

}  // namespace cooperative_groups
