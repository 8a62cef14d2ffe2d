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
AIRE_INLINE __half __uint2half_rn(unsigned x) { return x; }
AIRE_INLINE __half __short2half_rn(short x) { return x; }
AIRE_INLINE __half __ushort2half_rn(unsigned short x) { return x; }
AIRE_INLINE __half __ll2half_rn(long long x) { return x; }
AIRE_INLINE float __half2float(__half x) { return x; }
AIRE_INLINE int __half2int_rn(__half x) { return __float2int_rn(x); }
AIRE_INLINE int __half2int_rz(__half x) { return __float2int_rz(x); }
AIRE_INLINE int __half2int_rd(__half x) { return __float2int_rd(x); }
AIRE_INLINE int __half2int_ru(__half x) { return __float2int_ru(x); }
AIRE_INLINE unsigned __half2uint_rn(__half x) { return __float2uint_rn(x); }
AIRE_INLINE short __half_as_short(__half x) { return short(x.bits); }
AIRE_INLINE __half __short_as_half(short x) { return aire_bits<__half>(x); }
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
AIRE_INLINE __half2 __low2half2(__half2 v) { return {v.x, v.x}; }
AIRE_INLINE __half2 __high2half2(__half2 v) { return {v.y, v.y}; }
AIRE_INLINE __half2 __lowhigh2highlow(__half2 v) { return {v.y, v.x}; }
AIRE_INLINE __half2 __lows2half2(__half2 v, __half2 w) { return {v.x, w.x}; }
AIRE_INLINE __half2 __highs2half2(__half2 v, __half2 w) { return {v.y, w.y}; }
