// Device functions that are one or two instructions on a GPU, and the math that CUDA has without a namespace.
#pragma once

template <class T>
AIRE_INLINE T __ldg(const T* address) { return *address; }
template <class T>
AIRE_INLINE T __ldcg(const T* address) { return *address; }
template <class T>
AIRE_INLINE T __ldcs(const T* address) { return *address; }
template <class T>
AIRE_INLINE T __ldca(const T* address) { return *address; }
template <class T>
AIRE_INLINE T __ldlu(const T* address) { return *address; }
template <class T>
AIRE_INLINE T __ldcv(const T* address) { return *address; }
template <class T>
AIRE_INLINE void __stwb(T* address, T value) { *address = value; }
template <class T>
AIRE_INLINE void __stwt(T* address, T value) { *address = value; }
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
using std::signbit;

AIRE_INLINE float rsqrtf(float x) { return float(1 / sqrt(double(x))); }
AIRE_INLINE double rsqrt(double x) { return 1 / sqrt(x); }
AIRE_INLINE float rsqrt(float x) { return rsqrtf(x); }
AIRE_INLINE double rcbrt(double x) { return 1 / cbrt(x); }
AIRE_INLINE float rcbrtf(float x) { return float(rcbrt(double(x))); }
AIRE_INLINE double rhypot(double x, double y) { return 1 / hypot(x, y); }
AIRE_INLINE float rhypotf(float x, float y) { return float(rhypot(double(x), double(y))); }
AIRE_INLINE double norm3d(double x, double y, double z) { return hypot(hypot(x, y), z); }
AIRE_INLINE float norm3df(float x, float y, float z) { return float(norm3d(x, y, z)); }
AIRE_INLINE double sinpi(double x) { return sin(M_PI * fmod(x, 2)); }
AIRE_INLINE double cospi(double x) { return cos(M_PI * fmod(x, 2)); }
AIRE_INLINE float sinpif(float x) { return float(sinpi(x)); }
AIRE_INLINE float cospif(float x) { return float(cospi(x)); }
AIRE_INLINE double normcdf(double x) { return erfc(-x * M_SQRT1_2) / 2; }
AIRE_INLINE float normcdff(float x) { return float(normcdf(x)); }
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
AIRE_INLINE float fdividef(float x, float y) { return x / y; }
AIRE_INLINE float __tanhf(float x) { return tanhf(x); }
AIRE_INLINE void __sincosf(float x, float* sine, float* cosine) { *sine = sinf(x), *cosine = cosf(x); }
AIRE_INLINE float __saturatef(float x) { return x > 0 ? x < 1 ? x : 1 : 0; }
AIRE_INLINE float __fadd_rn(float x, float y) { return x + y; }
AIRE_INLINE float __fsub_rn(float x, float y) { return x - y; }
AIRE_INLINE float __fmul_rn(float x, float y) { return x * y; }
AIRE_INLINE float __fdiv_rn(float x, float y) { return x / y; }
AIRE_INLINE float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
AIRE_INLINE float __frcp_rn(float x) { return 1 / x; }
AIRE_INLINE float __fsqrt_rn(float x) { return sqrtf(x); }
AIRE_INLINE float __frsqrt_rn(float x) { return rsqrtf(x); }
AIRE_INLINE double __dadd_rn(double x, double y) { return x + y; }
AIRE_INLINE double __dsub_rn(double x, double y) { return x - y; }
AIRE_INLINE double __dmul_rn(double x, double y) { return x * y; }
AIRE_INLINE double __ddiv_rn(double x, double y) { return x / y; }
AIRE_INLINE double __fma_rn(double x, double y, double z) { return fma(x, y, z); }
AIRE_INLINE double __drcp_rn(double x) { return 1 / x; }
AIRE_INLINE double __dsqrt_rn(double x) { return sqrt(x); }

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
AIRE_INLINE float __int2float_rn(int x) { return float(x); }
AIRE_INLINE float __uint2float_rn(unsigned x) { return float(x); }
AIRE_INLINE float __ll2float_rn(long long x) { return float(x); }
AIRE_INLINE float __ull2float_rn(unsigned long long x) { return float(x); }
AIRE_INLINE double __int2double_rn(int x) { return x; }
AIRE_INLINE double __uint2double_rn(unsigned x) { return x; }
AIRE_INLINE double __ll2double_rn(long long x) { return double(x); }
AIRE_INLINE double __ull2double_rn(unsigned long long x) { return double(x); }
AIRE_INLINE float __double2float_rn(double x) { return float(x); }
AIRE_INLINE int __double2hiint(double x) { return int(__double_as_longlong(x) >> 32); }
AIRE_INLINE int __double2loint(double x) { return int(__double_as_longlong(x)); }
AIRE_INLINE double __hiloint2double(int high, int low) {
    return __longlong_as_double(static_cast<long long>(uint64_t(unsigned(high)) << 32 | unsigned(low)));
}

namespace aire {
// As a GPU does: nan becomes 0, what is too large the largest, what is too small the smallest.
template <class T>
AIRE_UNSEEN inline T to_integer(double x) {
    constexpr T least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
    return x != x ? T(0) : x <= double(least) ? least : x >= double(most) ? most : T(x);
}
}  // namespace aire
#define AIRE_TO_INTEGER(name, From, T)                                                     \
    AIRE_INLINE T __##name##_rn(From x) { return aire::to_integer<T>(nearbyint(x)); }      \
    AIRE_INLINE T __##name##_rz(From x) { return aire::to_integer<T>(trunc(x)); }          \
    AIRE_INLINE T __##name##_rd(From x) { return aire::to_integer<T>(floor(x)); }          \
    AIRE_INLINE T __##name##_ru(From x) { return aire::to_integer<T>(ceil(x)); }
AIRE_TO_INTEGER(float2int, float, int)
AIRE_TO_INTEGER(float2uint, float, unsigned)
AIRE_TO_INTEGER(float2ll, float, long long)
AIRE_TO_INTEGER(float2ull, float, unsigned long long)
AIRE_TO_INTEGER(double2int, double, int)
AIRE_TO_INTEGER(double2uint, double, unsigned)
AIRE_TO_INTEGER(double2ll, double, long long)
AIRE_TO_INTEGER(double2ull, double, unsigned long long)
#undef AIRE_TO_INTEGER

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
AIRE_INLINE unsigned long long __brevll(unsigned long long x) {
    return uint64_t(__brev(unsigned(x))) << 32 | __brev(unsigned(x >> 32));
}
// The lower three bits of a hexadecimal digit of `selector` name one of the eight bytes, the fourth asks for its sign.
AIRE_INLINE unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
    uint64_t bytes = uint64_t(y) << 32 | x;
    unsigned picked = 0;
    for (int i = 0; i < 4; i++) {
        unsigned digit = selector >> 4 * i & 15, byte = unsigned(bytes >> 8 * (digit & 7)) & 255;
        picked |= (digit < 8 ? byte : byte < 128 ? 0 : 255) << 8 * i;
    }
    return picked;
}
AIRE_INLINE unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
    return unsigned((uint64_t(high) << 32 | low) << (shift & 31) >> 32);
}
AIRE_INLINE unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
    return unsigned((uint64_t(high) << 32 | low) >> (shift & 31));
}
AIRE_INLINE unsigned __funnelshift_lc(unsigned low, unsigned high, unsigned shift) {
    return unsigned((uint64_t(high) << 32 | low) << min(shift, 32u) >> 32);
}
AIRE_INLINE unsigned __funnelshift_rc(unsigned low, unsigned high, unsigned shift) {
    return unsigned((uint64_t(high) << 32 | low) >> min(shift, 32u));
}
// The signed bytes' products, summed.
AIRE_INLINE int __dp4a(int x, int y, int sum) {
    for (int i = 0; i < 32; i += 8) sum = int(unsigned(sum) + unsigned(int8_t(x >> i) * int8_t(y >> i)));
    return sum;
}
AIRE_INLINE unsigned __dp4a(unsigned x, unsigned y, unsigned sum) {
    for (int i = 0; i < 32; i += 8) sum += (x >> i & 255) * (y >> i & 255);
    return sum;
}
AIRE_INLINE unsigned __usad(unsigned x, unsigned y, unsigned sum) { return (x < y ? y - x : x - y) + sum; }
AIRE_INLINE unsigned __sad(int x, int y, unsigned sum) { return unsigned(llabs(1LL * x - y)) + sum; }
AIRE_INLINE int __hadd(int x, int y) { return int((1LL * x + y) >> 1); }
AIRE_INLINE int __rhadd(int x, int y) { return int((1LL * x + y + 1) >> 1); }
AIRE_INLINE unsigned __uhadd(unsigned x, unsigned y) { return unsigned((1ULL * x + y) >> 1); }
AIRE_INLINE unsigned __urhadd(unsigned x, unsigned y) { return unsigned((1ULL * x + y + 1) >> 1); }
AIRE_INLINE int __mul24(int x, int y) {
    return int(unsigned(int(unsigned(x) << 8) >> 8) * unsigned(int(unsigned(y) << 8) >> 8));
}
AIRE_INLINE unsigned __umul24(unsigned x, unsigned y) { return (x & 0xffffff) * (y & 0xffffff); }
AIRE_INLINE long long __mul64hi(long long x, long long y) { return (__int128(x) * y) >> 64; }
AIRE_INLINE unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
    return static_cast<unsigned long long>((static_cast<unsigned __int128>(x) * y) >> 64);
}
AIRE_INLINE int __mulhi(int x, int y) { return int((1LL * x * y) >> 32); }
AIRE_INLINE unsigned __umulhi(unsigned x, unsigned y) { return unsigned((1ULL * x * y) >> 32); }
AIRE_INLINE void __nanosleep(unsigned) {}
AIRE_INLINE void __trap() { abort(); }
AIRE_INLINE long long clock64() { return 0; }
