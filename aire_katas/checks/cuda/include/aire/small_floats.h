// The 16-bit floats. Arithmetic is done in float and rounded once, to nearest even; float has more than twice
// their digits, so that the result is the correctly rounded one. hfma keeps what its sum loses.
#pragma once

#include "../cuda_runtime.h"

namespace aire {

struct Half {
    static constexpr char kind = 'f';
    static uint16_t narrow(float value) {
        uint32_t x = aire_bits<uint32_t>(value), sign = x >> 16 & 0x8000;
        x &= 0x7fffffff;
        if (x > 0x7f800000) return 0x7fff;             // nan
        if (x >= 0x477ff000) return sign | 0x7c00;     // from 65520 on, infinity
        if (x < 0x38800000)  // below 2**-14 the digits end at 2**-24, as those of 0.5 + value do
            return sign | (aire_bits<uint32_t>(aire_bits<float>(x) + 0.5f) - 0x3f000000);
        return sign | (x - 0x38000000 + 0xfff + (x >> 13 & 1)) >> 13;
    }
    static float widen(uint16_t bits) {
        uint32_t sign = uint32_t(bits & 0x8000) << 16, x = bits & 0x7fff;
        if (x >= 0x7c00) return aire_bits<float>(sign | 0x7f800000 | (x & 0x3ff) << 13);
        if (x >= 0x400) return aire_bits<float>(sign | ((x << 13) + 0x38000000));
        float magnitude = x * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
};

struct Bfloat {
    static constexpr char kind = 'V';  // numpy has none
    static uint16_t narrow(float value) {
        uint32_t x = aire_bits<uint32_t>(value);
        if ((x & 0x7fffffff) > 0x7f800000) return 0x7fff;
        return (x + 0x7fff + (x >> 16 & 1)) >> 16;
    }
    static float widen(uint16_t bits) { return aire_bits<float>(uint32_t(bits) << 16); }
};

// A float that rounds to 16 bits as `value` does: an inexact one gets an odd last digit.
inline float odd_float(double value) {
    float near = float(value);
    if (double(near) == value || value != value || std::isinf(near)) return near;
    uint32_t bits = aire_bits<uint32_t>(near);
    if (std::fabs(double(near)) > std::fabs(value)) bits--;
    return aire_bits<float>(bits | 1);
}

inline double odd_sum(double a, double b) {
    double sum = a + b, rounded = sum - a, lost = (a - (sum - rounded)) + (b - rounded);
    if (lost == 0 || lost != lost || std::isinf(sum) || (aire_bits<uint64_t>(sum) & 1)) return sum;
    return std::nextafter(sum, lost > 0 ? HUGE_VAL : -HUGE_VAL);
}

template <class Format>
struct Small {
    uint16_t bits;
    Small() = default;
    Small(float value) : bits(Format::narrow(value)) {}
    Small(double value) : bits(Format::narrow(odd_float(value))) {}
    template <class I, class = std::enable_if_t<std::is_integral_v<I>>>
    Small(I value) : Small(double(value)) {}
    operator float() const { return Format::widen(bits); }

    friend Small operator+(Small a, Small b) { return float(a) + float(b); }
    friend Small operator-(Small a, Small b) { return float(a) - float(b); }
    friend Small operator*(Small a, Small b) { return float(a) * float(b); }
    friend Small operator/(Small a, Small b) { return float(a) / float(b); }
    friend Small operator-(Small a) { return -float(a); }
    friend bool operator==(Small a, Small b) { return float(a) == float(b); }
    friend bool operator!=(Small a, Small b) { return float(a) != float(b); }
    friend bool operator<(Small a, Small b) { return float(a) < float(b); }
    friend bool operator>(Small a, Small b) { return float(a) > float(b); }
    friend bool operator<=(Small a, Small b) { return float(a) <= float(b); }
    friend bool operator>=(Small a, Small b) { return float(a) >= float(b); }
    Small& operator+=(Small b) { return *this = *this + b; }
    Small& operator-=(Small b) { return *this = *this - b; }
    Small& operator*=(Small b) { return *this = *this * b; }
    Small& operator/=(Small b) { return *this = *this / b; }
};

template <class Format>
struct alignas(4) Pair {
    Small<Format> x, y;
    friend Pair operator+(Pair a, Pair b) { return {a.x + b.x, a.y + b.y}; }
    friend Pair operator-(Pair a, Pair b) { return {a.x - b.x, a.y - b.y}; }
    friend Pair operator*(Pair a, Pair b) { return {a.x * b.x, a.y * b.y}; }
    friend Pair operator/(Pair a, Pair b) { return {a.x / b.x, a.y / b.y}; }
    friend Pair operator-(Pair a) { return {-a.x, -a.y}; }
    Pair& operator+=(Pair b) { return *this = *this + b; }
    Pair& operator-=(Pair b) { return *this = *this - b; }
    Pair& operator*=(Pair b) { return *this = *this * b; }
};

template <class Format>
struct Type<Small<Format>> {
    static void print(FILE* out) { fprintf(out, " %c2", Format::kind); }
};

}  // namespace aire

#define AIRE_SMALL template <class F> AIRE_INLINE
#define AIRE_S aire::Small<F>
#define AIRE_P aire::Pair<F>
AIRE_SMALL AIRE_S __hadd(AIRE_S a, AIRE_S b) { return a + b; }
AIRE_SMALL AIRE_S __hsub(AIRE_S a, AIRE_S b) { return a - b; }
AIRE_SMALL AIRE_S __hmul(AIRE_S a, AIRE_S b) { return a * b; }
AIRE_SMALL AIRE_S __hdiv(AIRE_S a, AIRE_S b) { return a / b; }
AIRE_SMALL AIRE_S __hneg(AIRE_S a) { return -a; }
AIRE_SMALL AIRE_S __habs(AIRE_S a) { return fabsf(float(a)); }
AIRE_SMALL AIRE_S __hfma(AIRE_S a, AIRE_S b, AIRE_S c) {
    return aire::odd_sum(double(float(a)) * float(b), float(c));
}
AIRE_SMALL AIRE_S __hmax(AIRE_S a, AIRE_S b) { return fmaxf(float(a), float(b)); }
AIRE_SMALL AIRE_S __hmin(AIRE_S a, AIRE_S b) { return fminf(float(a), float(b)); }
AIRE_SMALL bool __heq(AIRE_S a, AIRE_S b) { return a == b; }
AIRE_SMALL bool __hlt(AIRE_S a, AIRE_S b) { return a < b; }
AIRE_SMALL bool __hgt(AIRE_S a, AIRE_S b) { return a > b; }
AIRE_SMALL bool __hne(AIRE_S a, AIRE_S b) { return a != b; }
AIRE_SMALL bool __hle(AIRE_S a, AIRE_S b) { return a <= b; }
AIRE_SMALL bool __hge(AIRE_S a, AIRE_S b) { return a >= b; }
AIRE_SMALL bool __hisinf(AIRE_S a) { return std::isinf(float(a)); }
AIRE_SMALL bool __hisnan(AIRE_S a) { return a != a; }
AIRE_SMALL AIRE_P __hadd2(AIRE_P a, AIRE_P b) { return a + b; }
AIRE_SMALL AIRE_P __hsub2(AIRE_P a, AIRE_P b) { return a - b; }
AIRE_SMALL AIRE_P __hmul2(AIRE_P a, AIRE_P b) { return a * b; }
AIRE_SMALL AIRE_P __hfma2(AIRE_P a, AIRE_P b, AIRE_P c) {
    return {__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)};
}
AIRE_SMALL AIRE_P __h2div(AIRE_P a, AIRE_P b) { return a / b; }
AIRE_SMALL AIRE_P __hneg2(AIRE_P a) { return -a; }
AIRE_SMALL AIRE_P __habs2(AIRE_P a) { return {__habs(a.x), __habs(a.y)}; }
AIRE_SMALL AIRE_P __hmax2(AIRE_P a, AIRE_P b) { return {__hmax(a.x, b.x), __hmax(a.y, b.y)}; }
AIRE_SMALL AIRE_P __hmin2(AIRE_P a, AIRE_P b) { return {__hmin(a.x, b.x), __hmin(a.y, b.y)}; }

#define AIRE_SMALL_MATH(name, value)                                        \
    AIRE_SMALL AIRE_S h##name(AIRE_S a) {                                   \
        float x = a;                                                        \
        return value;                                                       \
    }                                                                       \
    AIRE_SMALL AIRE_P h2##name(AIRE_P a) { return {h##name(a.x), h##name(a.y)}; }
AIRE_SMALL_MATH(sqrt, sqrtf(x))
AIRE_SMALL_MATH(rsqrt, rsqrtf(x))
AIRE_SMALL_MATH(rcp, 1 / x)
AIRE_SMALL_MATH(exp, expf(x))
AIRE_SMALL_MATH(exp2, exp2f(x))
AIRE_SMALL_MATH(exp10, exp10f(x))
AIRE_SMALL_MATH(log, logf(x))
AIRE_SMALL_MATH(log2, log2f(x))
AIRE_SMALL_MATH(log10, log10f(x))
AIRE_SMALL_MATH(sin, sinf(x))
AIRE_SMALL_MATH(cos, cosf(x))
AIRE_SMALL_MATH(tanh, tanhf(x))
AIRE_SMALL_MATH(floor, floorf(x))
AIRE_SMALL_MATH(ceil, ceilf(x))
AIRE_SMALL_MATH(trunc, truncf(x))
AIRE_SMALL_MATH(rint, nearbyintf(x))
#undef AIRE_SMALL_MATH
#undef AIRE_SMALL
#undef AIRE_S
#undef AIRE_P
