#pragma once

#include "aire/small_floats.h"

using __half = aire::Small<aire::Half>;
using __half2 = aire::Pair<aire::Half>;
using half = __half;
using half2 = __half2;

AIRE_INLINE __half __float2half(float x) { return x; }
AIRE_INLINE __half __float2half_rn(float x) { return x; }
AIRE_INLINE __half __double2half(double x) { return x; }
AIRE_INLINE __half __int2half_rn(int x) { return x; }
AIRE_INLINE float __half2float(__half x) { return x; }
AIRE_INLINE int __half2int_rn(__half x) { return int(nearbyintf(x)); }
AIRE_INLINE unsigned short __half_as_ushort(__half x) { return x.bits; }
AIRE_INLINE __half __ushort_as_half(unsigned short x) { return aire_bits<__half>(x); }
AIRE_INLINE __half2 make_half2(__half x, __half y) { return {x, y}; }
AIRE_INLINE __half2 __halves2half2(__half x, __half y) { return {x, y}; }
AIRE_INLINE __half2 __half2half2(__half x) { return {x, x}; }
AIRE_INLINE __half2 __float2half2_rn(float x) { return {x, x}; }
AIRE_INLINE __half2 __floats2half2_rn(float x, float y) { return {x, y}; }
AIRE_INLINE __half2 __float22half2_rn(float2 v) { return {v.x, v.y}; }
AIRE_INLINE float2 __half22float2(__half2 v) { return {v.x, v.y}; }
AIRE_INLINE float __low2float(__half2 v) { return v.x; }
AIRE_INLINE float __high2float(__half2 v) { return v.y; }
AIRE_INLINE __half __low2half(__half2 v) { return v.x; }
AIRE_INLINE __half __high2half(__half2 v) { return v.y; }
