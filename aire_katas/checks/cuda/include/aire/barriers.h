// Barriers of the block and of the warp, and fences.
#pragma once

namespace aire {
enum class Vote { none, count, all, any };
int barrier(int line, Vote vote, int predicate);
void warp_barrier(int line, unsigned mask);
void fence();
}  // namespace aire

// Each knows the line that calls it: threads that wait in different lines have diverged.
#define AIRE_LINE int line = __builtin_LINE()

AIRE_INLINE void __syncthreads(AIRE_LINE) { aire::barrier(line, aire::Vote::none, 0); }
AIRE_INLINE int __syncthreads_count(int predicate, AIRE_LINE) {
    return aire::barrier(line, aire::Vote::count, predicate);
}
AIRE_INLINE int __syncthreads_and(int predicate, AIRE_LINE) {
    return aire::barrier(line, aire::Vote::all, predicate);
}
AIRE_INLINE int __syncthreads_or(int predicate, AIRE_LINE) {
    return aire::barrier(line, aire::Vote::any, predicate);
}
AIRE_INLINE void __syncwarp(unsigned mask = 0xffffffff, AIRE_LINE) { aire::warp_barrier(line, mask); }

AIRE_INLINE void __threadfence() { aire::fence(); }
AIRE_INLINE void __threadfence_block() {}
AIRE_INLINE void __threadfence_system() { aire::fence(); }
