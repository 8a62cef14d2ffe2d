// Collectives of a warp: every lane that the mask names has to come, and none goes on before the last is
// there.
#pragma once

namespace aire {
int lane();
uint64_t shuffle(int line, unsigned mask, uint64_t value, int source);
// Who votes yes, and above it who takes part.
uint64_t ballot(int line, unsigned mask, bool vote);
unsigned match(int line, unsigned mask, uint64_t value);
unsigned active(int line);
uint64_t reduce(int line, unsigned mask, uint64_t value, uint64_t (*fold)(uint64_t, uint64_t));

template <class T>
AIRE_INLINE T shuffled(int line, unsigned mask, T value, int source) {
    static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
    uint64_t bits = 0;
    __builtin_memcpy(&bits, &value, sizeof value);
    bits = shuffle(line, mask, bits, source);
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}
}  // namespace aire

template <class T>
AIRE_INLINE T __shfl_sync(unsigned mask, T value, int source, int width = 32, AIRE_LINE) {
    int lane = aire::lane();
    return aire::shuffled(line, mask, value, (lane & ~(width - 1)) + (source & (width - 1)));
}
template <class T>
AIRE_INLINE T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, AIRE_LINE) {
    int lane = aire::lane(), source = lane - int(delta);
    return aire::shuffled(line, mask, value, source < (lane & ~(width - 1)) ? lane : source);
}
template <class T>
AIRE_INLINE T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, AIRE_LINE) {
    int lane = aire::lane(), source = lane + int(delta);
    return aire::shuffled(line, mask, value, source > (lane | (width - 1)) ? lane : source);
}
template <class T>
AIRE_INLINE T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, AIRE_LINE) {
    int lane = aire::lane(), source = lane ^ bits;
    return aire::shuffled(line, mask, value, source > (lane | (width - 1)) ? lane : source);
}

AIRE_INLINE unsigned __ballot_sync(unsigned mask, int predicate, AIRE_LINE) {
    return unsigned(aire::ballot(line, mask, predicate));
}
AIRE_INLINE int __any_sync(unsigned mask, int predicate, AIRE_LINE) {
    return unsigned(aire::ballot(line, mask, predicate)) != 0;
}
AIRE_INLINE int __all_sync(unsigned mask, int predicate, AIRE_LINE) {
    uint64_t votes = aire::ballot(line, mask, predicate);
    return unsigned(votes) == votes >> 32;
}
template <class T>
AIRE_INLINE unsigned __match_any_sync(unsigned mask, T value, AIRE_LINE) {
    uint64_t bits = 0;
    __builtin_memcpy(&bits, &value, sizeof value);
    return aire::match(line, mask, bits);
}
template <class T>
AIRE_INLINE unsigned __match_all_sync(unsigned mask, T value, int* same, AIRE_LINE) {
    *same = __match_any_sync(mask, value, line) == mask;
    return *same ? mask : 0;
}

#define AIRE_REDUCE(name, T, folded)                                                                     \
    AIRE_INLINE T name(unsigned mask, T value, AIRE_LINE) {                                              \
        return T(aire::reduce(line, mask, uint64_t(value), [](uint64_t left, uint64_t right) {           \
            T a = T(left), b = T(right);                                                                 \
            return uint64_t(folded);                                                                     \
        }));                                                                                             \
    }
AIRE_REDUCE(__reduce_add_sync, int, unsigned(a) + unsigned(b))
AIRE_REDUCE(__reduce_add_sync, unsigned, a + b)
AIRE_REDUCE(__reduce_min_sync, int, b < a ? b : a)
AIRE_REDUCE(__reduce_min_sync, unsigned, b < a ? b : a)
AIRE_REDUCE(__reduce_max_sync, int, a < b ? b : a)
AIRE_REDUCE(__reduce_max_sync, unsigned, a < b ? b : a)
AIRE_REDUCE(__reduce_and_sync, unsigned, a & b)
AIRE_REDUCE(__reduce_or_sync, unsigned, a | b)
AIRE_REDUCE(__reduce_xor_sync, unsigned, a ^ b)
#undef AIRE_REDUCE
AIRE_INLINE unsigned __activemask(AIRE_LINE) { return aire::active(line); }
