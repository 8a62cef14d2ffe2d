// Device functions that are one or two instructions on a GPU, and the math that CUDA has without a namespace.
#pragma once

template <class T>
AIRE_INLINE T __ldg(const T* address) { return *address; }
template <class T>
AIRE_INLINE T __ldcg(const T* address) { return *address; }
template <class T>
AIRE_INLINE T __ldcs(const T* address) { return *address; }
template <class T>
AIRE_INLINE void __stcs(T* address, T value) { *address = value; }
template <class T>
AIRE_INLINE void __stcg(T* address, T value) { *address = value; }

#define AIRE_LESSER_GREATER(T)                              \
    AIRE_INLINE T min(T a, T b) { return b < a ? b : a; }   \
    AIRE_INLINE T max(T a, T b) { return a < b ? b : a; }
AIRE_LESSER_GREATER(int)
AIRE_LESSER_GREATER(unsigned)
AIRE_LESSER_GREATER(long)
AIRE_LESSER_GREATER(unsigned long)
AIRE_LESSER_GREATER(long long)
AIRE_LESSER_GREATER(unsigned long long)
#undef AIRE_LESSER_GREATER
AIRE_INLINE unsigned min(int a, unsigned b) { return min(unsigned(a), b); }
AIRE_INLINE unsigned min(unsigned a, int b) { return min(a, unsigned(b)); }
AIRE_INLINE unsigned max(int a, unsigned b) { return max(unsigned(a), b); }
AIRE_INLINE unsigned max(unsigned a, int b) { return max(a, unsigned(b)); }
AIRE_INLINE float min(float a, float b) { return fminf(a, b); }
AIRE_INLINE float max(float a, float b) { return fmaxf(a, b); }
AIRE_INLINE double min(double a, double b) { return fmin(a, b); }
AIRE_INLINE double max(double a, double b) { return fmax(a, b); }

using std::isfinite;
using std::isinf;
using std::isnan;

AIRE_INLINE float rsqrtf(float x) { return float(1 / sqrt(double(x))); }
AIRE_INLINE double rsqrt(double x) { return 1 / sqrt(x); }
AIRE_INLINE float rsqrt(float x) { return rsqrtf(x); }
AIRE_INLINE float __expf(float x) { return expf(x); }
AIRE_INLINE float __exp10f(float x) { return powf(10, x); }
AIRE_INLINE float __logf(float x) { return logf(x); }
AIRE_INLINE float __log2f(float x) { return log2f(x); }
AIRE_INLINE float __log10f(float x) { return log10f(x); }
AIRE_INLINE float __sinf(float x) { return sinf(x); }
AIRE_INLINE float __cosf(float x) { return cosf(x); }
AIRE_INLINE float __tanf(float x) { return tanf(x); }
AIRE_INLINE float __powf(float x, float y) { return powf(x, y); }
AIRE_INLINE float __fdividef(float x, float y) { return x / y; }
AIRE_INLINE float __saturatef(float x) { return x > 0 ? x < 1 ? x : 1 : 0; }
AIRE_INLINE float __fadd_rn(float x, float y) { return x + y; }
AIRE_INLINE float __fsub_rn(float x, float y) { return x - y; }
AIRE_INLINE float __fmul_rn(float x, float y) { return x * y; }
AIRE_INLINE float __fdiv_rn(float x, float y) { return x / y; }
AIRE_INLINE float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
AIRE_INLINE float __frcp_rn(float x) { return 1 / x; }
AIRE_INLINE float __fsqrt_rn(float x) { return sqrtf(x); }
AIRE_INLINE float __frsqrt_rn(float x) { return rsqrtf(x); }

template <class To, class From>
AIRE_INLINE To aire_bits(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    __builtin_memcpy(&to, &from, sizeof to);
    return to;
}
AIRE_INLINE int __float_as_int(float x) { return aire_bits<int>(x); }
AIRE_INLINE unsigned __float_as_uint(float x) { return aire_bits<unsigned>(x); }
AIRE_INLINE float __int_as_float(int x) { return aire_bits<float>(x); }
AIRE_INLINE float __uint_as_float(unsigned x) { return aire_bits<float>(x); }
AIRE_INLINE long long __double_as_longlong(double x) { return aire_bits<long long>(x); }
AIRE_INLINE double __longlong_as_double(long long x) { return aire_bits<double>(x); }
AIRE_INLINE int __float2int_rn(float x) { return int(nearbyintf(x)); }
AIRE_INLINE int __float2int_rz(float x) { return int(x); }
AIRE_INLINE int __float2int_rd(float x) { return int(floorf(x)); }
AIRE_INLINE int __float2int_ru(float x) { return int(ceilf(x)); }
AIRE_INLINE float __int2float_rn(int x) { return float(x); }

AIRE_INLINE int __popc(unsigned x) { return __builtin_popcount(x); }
AIRE_INLINE int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
AIRE_INLINE int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }
AIRE_INLINE int __clzll(long long x) { return x ? __builtin_clzll(x) : 64; }
AIRE_INLINE int __ffs(int x) { return __builtin_ffs(x); }
AIRE_INLINE int __ffsll(long long x) { return __builtin_ffsll(x); }
AIRE_INLINE unsigned __brev(unsigned x) {
    x = (x >> 16) | (x << 16);
    x = (x >> 8 & 0x00ff00ff) | (x & 0x00ff00ff) << 8;
    x = (x >> 4 & 0x0f0f0f0f) | (x & 0x0f0f0f0f) << 4;
    x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2;
    return (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
}
AIRE_INLINE int __mul24(int x, int y) { return int(unsigned(x) * unsigned(y)); }
AIRE_INLINE int __mulhi(int x, int y) { return int((1LL * x * y) >> 32); }
AIRE_INLINE unsigned __umulhi(unsigned x, unsigned y) { return unsigned((1ULL * x * y) >> 32); }
AIRE_INLINE void __nanosleep(unsigned) {}
AIRE_INLINE long long clock64() { return 0; }
