// dim3 and the short vectors: float4, int2, ...
#pragma once

#define AIRE_VECTORS(T, name)                                                                       \
    struct name##1 { T x; };                                                                        \
    struct alignas(2 * sizeof(T)) name##2 { T x, y; };                                              \
    struct name##3 { T x, y, z; };                                                                  \
    struct alignas(4 * sizeof(T) > 16 ? 16 : 4 * sizeof(T)) name##4 { T x, y, z, w; };              \
    AIRE_INLINE name##1 make_##name##1(T x) { return {x}; }                                         \
    AIRE_INLINE name##2 make_##name##2(T x, T y) { return {x, y}; }                                 \
    AIRE_INLINE name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }                         \
    AIRE_INLINE name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

AIRE_VECTORS(signed char, char)
AIRE_VECTORS(unsigned char, uchar)
AIRE_VECTORS(short, short)
AIRE_VECTORS(unsigned short, ushort)
AIRE_VECTORS(int, int)
AIRE_VECTORS(unsigned, uint)
AIRE_VECTORS(long, long)
AIRE_VECTORS(unsigned long, ulong)
AIRE_VECTORS(long long, longlong)
AIRE_VECTORS(unsigned long long, ulonglong)
AIRE_VECTORS(float, float)
AIRE_VECTORS(double, double)
#undef AIRE_VECTORS

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    constexpr operator uint3() const { return {x, y, z}; }
};
