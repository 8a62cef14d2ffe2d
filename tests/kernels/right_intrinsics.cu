// One line an intrinsic, with the value that it has to give: a kernel writes the result beside what is expected.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

struct Pairs {
    double (*out)[2];
    int n;
    __device__ void operator()(double seen, double expected) {
        out[n][0] = seen;
        out[n++][1] = expected;
    }
};

__global__ void integers(double (*out)[2]) {
    Pairs is{out, 0};
    is(__popc(0xf0f00001), 9);
    is(__popcll(0xf0f0f0f0ffffffffULL), 48);
    is(__clz(0), 32);
    is(__clz(-1), 0);
    is(__clz(255), 24);
    is(__clzll(1), 63);
    is(__clzll(0), 64);
    is(__ffs(0), 0);
    is(__ffs(24), 4);
    is(__ffsll(1LL << 40), 41);
    is(__brev(1), 0x80000000);
    is(__brev(0x12345678), 0x1e6a2c48);
    is(__brevll(1), 0x1p63);
    is(__brevll(0x12345678), 0x1e6a2c48 * 0x1p32);
    is(__byte_perm(0x33221100, 0x77665544, 0x7531), 0x77553311);
    is(__byte_perm(0x33221100, 0x77660084, 0x4c48), 0x84ff8400);
    is(__funnelshift_l(0x80000000, 1, 1), 3);
    is(__funnelshift_r(2, 1, 1), 0x80000001);
    is(__funnelshift_lc(7, 1, 40), 7);
    is(__funnelshift_rc(7, 9, 40), 9);
    is(__funnelshift_l(7, 9, 32), 9);
    is(__dp4a(0x01ff0203, 0x01010105, 100), 100 + 1 - 1 + 2 + 15);
    is(__dp4a(0x01ff0203u, 0x01010105u, 100u), 100 + 1 + 255 + 2 + 15);
    is(__sad(-5, 7, 100), 112);
    is(__usad(5, 7, 100), 102);
    is(__hadd(-3, 0), -2);
    is(__rhadd(-3, 0), -1);
    is(__uhadd(0xffffffff, 1), 0x80000000);
    is(__urhadd(0xfffffffe, 1), 0x80000000);
    is(__mul24(0xffffff, 2), -2);
    is(__umul24(0x1ffffff, 2), 0x1fffffe);
    is(__mulhi(-1, 2), -1);
    is(__umulhi(0xffffffff, 2), 1);
    is(__mul64hi(-1, 2), -1);
    is(__umul64hi(1ULL << 63, 6), 3);
    is(min(-1, 2), -1);
    is(max(3u, 2u), 3);
}

__global__ void conversions(double (*out)[2]) {
    Pairs is{out, 0};
    is(__float_as_int(-0.0f), -0x1p31);
    is(__float_as_uint(1.0f), 0x3f800000);
    is(__int_as_float(0x40000000), 2);
    is(__uint_as_float(0x3f800000), 1);
    is(__double_as_longlong(1.0) >> 52, 1023);
    is(__longlong_as_double(1023LL << 52), 1);
    is(__double2hiint(1.0), 0x3ff00000);
    is(__double2loint(1.0), 0);
    is(__hiloint2double(0x40000000, 0), 2);
    is(__float2int_rn(2.5f), 2);
    is(__float2int_rz(-2.7f), -2);
    is(__float2int_rd(-2.1f), -3);
    is(__float2int_ru(2.1f), 3);
    is(__float2int_rn(1e20f), 0x7fffffff);
    is(__float2int_rz(nanf("")), 0);
    is(__float2uint_rn(-3.0f), 0);
    is(__float2uint_rz(4e9f), 4e9);
    is(__float2ll_rz(1e12f), 999999995904.0);
    is(__double2int_rn(3.5), 4);
    is(__double2uint_rz(7.9), 7);
    is(__double2ll_rd(-0.5), -1);
    is(__int2float_rn(16777217), 16777216);
    is(__uint2float_rn(0xffffffff), 0x1p32);
    is(__ll2float_rn(-5), -5);
    is(__int2double_rn(-7), -7);
    is(__double2float_rn(0.1), 0.1f);
    is(__half2float(__float2half(0.1f)), 0.0999755859375);
    is(__half2int_rn(__float2half(2.5f)), 2);
    is(__half2int_rz(__float2half(-2.5f)), -2);
    is(__half_as_short(__float2half(-2.0f)), -16384);
    is(__half2float(__uint2half_rn(65519)), 65504);
    is(__half2float(__half(3u)), 3);
    is(__bfloat162float(__int2bfloat16_rn(257)), 256);
    is(__bfloat162int_rz(__float2bfloat16(-2.5f)), -2);
}

__global__ void arithmetic(double (*out)[2]) {
    Pairs is{out, 0};
    is(rsqrtf(4), 0.5);
    is(rsqrt(16.0), 0.25);
    is(rcbrtf(8), 0.5);
    is(rhypotf(3, 4), 0.2f);
    is(norm3df(2, 3, 6), 7);
    is(sinpif(0.5f), 1);
    is(cospi(1.0), -1);
    is(normcdff(0), 0.5);
    is(exp10f(2), 100);
    is(fdividef(1, 4), 0.25);
    is(__fdividef(3, 2), 1.5);
    is(__saturatef(1.5f), 1);
    is(__saturatef(-1), 0);
    is(__saturatef(nanf("")), 0);
    is(__fmaf_rn(1 + 0x1p-12f, 1 + 0x1p-12f, -1 - 0x1p-11f), 0x1p-24);
    is(__fadd_rn(1, 0x1p-24f), 1);
    is(__fmul_rn(3, 5), 15);
    is(__frcp_rn(8), 0.125);
    is(__fsqrt_rn(2), sqrtf(2));
    is(__frsqrt_rn(4), 0.5);
    is(__fma_rn(2.0, 3.0, 4.0), 10);
    is(__dadd_rn(1.0, 0x1p-54), 1);
    is(__ddiv_rn(1.0, 4.0), 0.25);
    is(__dsqrt_rn(4.0), 2);
    is(fmaxf(nanf(""), 1), 1);
    is(signbit(-0.0f) ? 1 : 0, 1);
    __half h = __float2half(4);
    __half2 pair = __floats2half2_rn(4, 9);
    is(__half2float(hsqrt(h)), 2);
    is(__half2float(hrcp(h)), 0.25);
    is(__half2float(hexp2(h)), 16);
    is(__half2float(hlog2(h)), 2);
    is(__half2float(hfloor(__float2half(2.7f))), 2);
    is(__high2float(h2sqrt(pair)), 3);
    is(__low2float(__hmax2(pair, __half2half2(__float2half(5)))), 5);
    is(__high2float(__hneg2(pair)), -9);
    is(__low2float(__h2div(pair, pair)), 1);
    is(__low2float(__lowhigh2highlow(pair)), 9);
    is(__hge(h, h), 1);
    pair += pair;
    is(__high2float(pair), 18);
    __nv_bfloat162 wide = __float22bfloat162_rn(make_float2(1, 257));
    is(__bfloat162float(__high2bfloat16(wide)), 256);
}

// Lane by lane: the value that the warp agrees on.
__global__ void warp_reductions(const int* x, int* y) {
    int t = threadIdx.x, value = x[t];
    unsigned bits = unsigned(value), half = t < 16 ? 0xffff : 0xffff0000;
    y[t] = __reduce_add_sync(0xffffffff, value);
    y[32 + t] = int(__reduce_add_sync(0xffffffff, bits));
    y[64 + t] = __reduce_min_sync(half, value);
    y[96 + t] = int(__reduce_min_sync(half, bits));
    y[128 + t] = __reduce_max_sync(half, value);
    y[160 + t] = int(__reduce_max_sync(half, bits));
    y[192 + t] = int(__reduce_and_sync(half, bits));
    y[224 + t] = int(__reduce_or_sync(half, bits));
    y[256 + t] = int(__reduce_xor_sync(half, bits));
    int same, alike;
    unsigned all = __match_all_sync(half, t / 16, &same), none = __match_all_sync(half, t, &alike);
    y[288 + t] = all == half && same && none == 0 && !alike;
    y[320 + t] = int(__match_any_sync(0xffffffff, t % 3 * 0.5f));
}

__device__ __noinline__ float read_any_way(const float* x) {
    return __ldg(x) + __ldca(x) + __ldcg(x) + __ldcs(x) + __ldlu(x) + __ldcv(x);
}

__global__ void cached(const float* x, float* y) {
    float v = read_any_way(x + threadIdx.x);
    if (threadIdx.x % 4 == 0) __stwb(y + threadIdx.x, v);
    if (threadIdx.x % 4 == 1) __stwt(y + threadIdx.x, v);
    if (threadIdx.x % 4 == 2) __stcg(y + threadIdx.x, v);
    if (threadIdx.x % 4 == 3) __stcs(y + threadIdx.x, v);
}
