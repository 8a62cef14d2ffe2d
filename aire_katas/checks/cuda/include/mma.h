// Products of 16 x 16 tiles by a whole warp. Each lane holds 8 elements of a tile, placed as the tensor cores of
// sm_80 want them: pairs of neighbours in rows of A, in columns of B, in rows of the sum.
#pragma once

#include "cuda_bf16.h"
#include "cuda_fp16.h"

namespace aire {
struct Tiles {  // a lane's part; the product is added to c
    float a[8], b[8], c[8];
};
void multiply(int line, Tiles* tiles);
// All lanes are there, and the address and the distance between rows are multiples of what the hardware wants.
void check_tile(int line, const void* address, unsigned stride, size_t itemsize);

struct Place {
    int major, minor;  // row and column; of B column and row
};
inline Place place_in_tile(int lane, int i) {
    return {lane / 4 + (i & 2 ? 8 : 0), lane % 4 * 2 + (i & 1) + (i & 4 ? 8 : 0)};
}
}  // namespace aire

namespace nvcuda::wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
struct col_major {};
enum layout_t { mem_row_major, mem_col_major };

template <class Use, int M, int N, int K, class T, class Layout = void>
struct fragment {
    static_assert(M == 16 && N == 16 && K == 16, "the lab has tiles of 16 x 16 x 16");
    static_assert(std::is_same_v<T, half> || std::is_same_v<Use, accumulator> == std::is_same_v<T, float>,
                  "the lab multiplies halves or bfloat16s, and sums in float or half");
    static constexpr bool twice = std::is_same_v<T, half> && !std::is_same_v<Use, accumulator>;
    enum { num_elements = twice ? 16 : 8 };  // a GPU may hold each half twice
    T x[num_elements];
};

template <class F, class V>
AIRE_INLINE void fill_fragment(F& tile, const V& value) {
    for (auto& element : tile.x) element = value;
}

template <class Use, class T, class L>
AIRE_INLINE void load_tile(fragment<Use, 16, 16, 16, T, L>& tile, const T* from, unsigned stride, bool by_pairs) {
    struct alignas(2 * sizeof(T)) Two {
        T x, y;
    };
    for (int i = 0; i < 8; i += 2) {
        aire::Place p = aire::place_in_tile(aire::lane(), i);
        Two two;
        if (by_pairs) two = *reinterpret_cast<const Two*>(from + p.major * stride + p.minor);
        else two = {from[p.minor * stride + p.major], from[(p.minor + 1) * stride + p.major]};
        for (int j = i; j < tile.num_elements; j += 8) tile.x[j] = two.x, tile.x[j + 1] = two.y;
    }
}

template <class Use, class T, class L>
AIRE_INLINE void load_matrix_sync(
    fragment<Use, 16, 16, 16, T, L>& tile, const T* from, unsigned stride, AIRE_LINE) {
    static_assert(!std::is_void_v<L>, "a matrix_a or matrix_b is row_major or col_major");
    aire::check_tile(line, from, stride, sizeof(T));
    load_tile(tile, from, stride, std::is_same_v<Use, matrix_a> == std::is_same_v<L, row_major>);
}

template <class T>
AIRE_INLINE void load_matrix_sync(fragment<accumulator, 16, 16, 16, T>& tile, const T* from, unsigned stride,
                                  layout_t layout, AIRE_LINE) {
    aire::check_tile(line, from, stride, sizeof(T));
    load_tile(tile, from, stride, layout == mem_row_major);
}

template <class T>
AIRE_INLINE void store_matrix_sync(T* to, const fragment<accumulator, 16, 16, 16, T>& tile, unsigned stride,
                                   layout_t layout, AIRE_LINE) {
    struct alignas(2 * sizeof(T)) Two {
        T x, y;
    };
    aire::check_tile(line, to, stride, sizeof(T));
    for (int i = 0; i < 8; i += 2) {
        aire::Place p = aire::place_in_tile(aire::lane(), i);
        if (layout == mem_row_major) {
            *reinterpret_cast<Two*>(to + p.major * stride + p.minor) = {tile.x[i], tile.x[i + 1]};
        } else {
            to[p.minor * stride + p.major] = tile.x[i];
            to[(p.minor + 1) * stride + p.major] = tile.x[i + 1];
        }
    }
}

template <class D, class C, class T, class LA, class LB>
AIRE_INLINE void mma_sync(
    fragment<accumulator, 16, 16, 16, D>& sum, const fragment<matrix_a, 16, 16, 16, T, LA>& a,
    const fragment<matrix_b, 16, 16, 16, T, LB>& b, const fragment<accumulator, 16, 16, 16, C>& c,
    bool = false, AIRE_LINE) {
    aire::Tiles tiles;
    for (int i = 0; i < 8; i++) tiles.a[i] = a.x[i], tiles.b[i] = b.x[i], tiles.c[i] = c.x[i];
    aire::multiply(line, &tiles);
    for (int i = 0; i < 8; i++) sum.x[i] = tiles.c[i];
}

}  // namespace nvcuda::wmma
