// CUDA C++ for a CPU: what nvcc would know before the first line of a .cu file.
// It is included by force, before the learner's file, and is what #include <cuda_runtime.h> finds.
#pragma once

#ifdef __SANITIZE_THREAD__
// Before the first header that declares them: the compiler announces no access of these, so they do it.
extern "C" {
void* memcpy(void* to, const void* from, __SIZE_TYPE__ size) noexcept __asm__("aire_memcpy");
void* memmove(void* to, const void* from, __SIZE_TYPE__ size) noexcept __asm__("aire_memmove");
void* memset(void* to, int byte, __SIZE_TYPE__ size) noexcept __asm__("aire_memset");
}
#endif

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <tuple>
#include <utility>

#define __global__ __attribute__((noinline))
#define __device__
#define __host__
#define __managed__
#define __grid_constant__
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __forceinline__ inline __attribute__((always_inline))
// Blocks run one after another, so that a variable of the block is a variable of the program.
#define __shared__ static
#define __constant__ __attribute__((section("aire_constant")))

// Code of this header that the judges must not see.
#define AIRE_UNSEEN __attribute__((no_sanitize("thread", "undefined")))
// Code of this header that counts as the learner's line.
#define AIRE_INLINE inline __attribute__((always_inline))

#include "aire/vectors.h"

// To the kernel these never change, which keeps the judges from seeing them read; dim3, whose constructor
// runs code, would not.
extern "C" {
extern const uint3 threadIdx, blockIdx, blockDim, gridDim;
}
constexpr int warpSize = 32;

#include "aire/barriers.h"
#include "aire/atomics.h"
#include "aire/warps.h"
#include "aire/intrinsics.h"
#include "aire/host.h"
#include "aire/launch.h"
