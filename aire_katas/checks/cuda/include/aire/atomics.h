// Atomics. Lanes run one at a time, so that a plain read and write will do; the judges are told apart.
#pragma once

namespace aire {
void note_atomic(const void* address, size_t size, const void* pc);

template <class T, class Change>
__attribute__((noinline)) AIRE_UNSEEN T atomic(T* address, Change change) {
    note_atomic(address, sizeof(T), __builtin_return_address(0));
    T old = *address;
    *address = change(old);
    return old;
}

template <class T>
struct Same {  // an argument that does not decide the type: atomicAdd(float*, 1)
    using type = T;
};
}  // namespace aire

#define AIRE_ATOMIC(name, changed)                                                  \
    template <class T>                                                              \
    AIRE_INLINE T name(T* address, typename aire::Same<T>::type value) {            \
        return aire::atomic(address, [=](T old) -> T { return changed; });          \
    }                                                                               \
    template <class T>                                                              \
    AIRE_INLINE T name##_block(T* address, typename aire::Same<T>::type value) {    \
        return aire::atomic(address, [=](T old) -> T { return changed; });          \
    }

AIRE_ATOMIC(atomicAdd, old + value)
AIRE_ATOMIC(atomicSub, old - value)
AIRE_ATOMIC(atomicExch, value)
AIRE_ATOMIC(atomicMin, value < old ? value : old)
AIRE_ATOMIC(atomicMax, old < value ? value : old)
AIRE_ATOMIC(atomicAnd, old & value)
AIRE_ATOMIC(atomicOr, old | value)
AIRE_ATOMIC(atomicXor, old ^ value)
AIRE_ATOMIC(atomicInc, old >= value ? 0 : old + 1)
AIRE_ATOMIC(atomicDec, old == 0 || old > value ? value : old - 1)
#undef AIRE_ATOMIC

template <class T>
AIRE_INLINE T atomicCAS(
    T* address, typename aire::Same<T>::type expected, typename aire::Same<T>::type value) {
    return aire::atomic(address, [=](T old) -> T { return old == expected ? value : old; });
}
