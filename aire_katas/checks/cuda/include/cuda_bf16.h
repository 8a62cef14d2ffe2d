#pragma once

#include "aire/small_floats.h"

using __nv_bfloat16 = aire::Small<aire::Bfloat>;
using __nv_bfloat162 = aire::Pair<aire::Bfloat>;
using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;

AIRE_INLINE __nv_bfloat16 __float2bfloat16(float x) { return x; }
AIRE_INLINE __nv_bfloat16 __float2bfloat16_rn(float x) { return x; }
AIRE_INLINE __nv_bfloat16 __double2bfloat16(double x) { return x; }
AIRE_INLINE __nv_bfloat16 __int2bfloat16_rn(int x) { return x; }
AIRE_INLINE int __bfloat162int_rn(__nv_bfloat16 x) { return __float2int_rn(x); }
AIRE_INLINE int __bfloat162int_rz(__nv_bfloat16 x) { return __float2int_rz(x); }
AIRE_INLINE float __bfloat162float(__nv_bfloat16 x) { return x; }
AIRE_INLINE unsigned short __bfloat16_as_ushort(__nv_bfloat16 x) { return x.bits; }
AIRE_INLINE __nv_bfloat16 __ushort_as_bfloat16(unsigned short x) { return aire_bits<__nv_bfloat16>(x); }
AIRE_INLINE __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
AIRE_INLINE __nv_bfloat162 __bfloat162bfloat162(__nv_bfloat16 x) { return {x, x}; }
AIRE_INLINE __nv_bfloat162 __float2bfloat162_rn(float x) { return {x, x}; }
AIRE_INLINE __nv_bfloat162 __floats2bfloat162_rn(float x, float y) { return {x, y}; }
AIRE_INLINE __nv_bfloat162 make_bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
AIRE_INLINE __nv_bfloat162 __float22bfloat162_rn(float2 v) { return {v.x, v.y}; }
AIRE_INLINE __nv_bfloat16 __low2bfloat16(__nv_bfloat162 v) { return v.x; }
AIRE_INLINE __nv_bfloat16 __high2bfloat16(__nv_bfloat162 v) { return v.y; }
AIRE_INLINE float2 __bfloat1622float2(__nv_bfloat162 v) { return {v.x, v.y}; }
AIRE_INLINE float __low2float(__nv_bfloat162 v) { return v.x; }
AIRE_INLINE float __high2float(__nv_bfloat162 v) { return v.y; }
