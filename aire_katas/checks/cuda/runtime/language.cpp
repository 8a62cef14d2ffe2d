// What C++ forbids and g++ -fsanitize checks in place: an index beyond a fixed array, a pointer that is not
// aligned for its type, a signed integer that overflows, a division by zero. The layouts are the compiler's.

#include "state.h"

namespace {

struct Place {
    const char* file;
    aire::u32 line, column;
};
struct TypeName {
    aire::u16 kind, info;
    char name[1];
};
struct Overflow {
    Place place;
    TypeName* type;
};
struct OutOfBounds {
    Place place;
    TypeName *array, *index;
};
struct Mismatch {
    Place place;
    TypeName* type;
    unsigned char log_alignment, check;
};

void complain(const char* kind, const Place& place, const std::string& text) {
    std::string who = aire::current ? aire::name_of(*aire::current) + ": " : "";
    aire::find({.kind = kind, .line = int(place.line), .text = who + text});
}

// The lower bits hold whether it is signed, the others the width.
std::string number(const TypeName* type, aire::u64 value) {
    bool is_signed = type->kind == 0 && (type->info & 1);
    int bits = 1 << (type->info >> 1);
    if (is_signed) return std::to_string(static_cast<long long>(value << (64 - bits)) >> (64 - bits));
    return std::to_string(value);
}

}  // namespace

#define AIRE_OVERFLOWS(operation, sign)                                                                   \
    extern "C" void __ubsan_handle_##operation##_overflow(Overflow* where, aire::u64 a, aire::u64 b) {    \
        complain("overflow", where->place,                                                                \
                 number(where->type, a) + " " sign " " + number(where->type, b) + " does not fit in " +   \
                     where->type->name + "; compute offsets in 64 bits");                                 \
    }
AIRE_OVERFLOWS(add, "+")
AIRE_OVERFLOWS(sub, "-")
AIRE_OVERFLOWS(mul, "*")

extern "C" void __ubsan_handle_negate_overflow(Overflow* where, aire::u64 a) {
    complain("overflow", where->place,
             "-(" + number(where->type, a) + ") does not fit in " + where->type->name);
}

extern "C" void __ubsan_handle_divrem_overflow(Overflow* where, aire::u64, aire::u64) {
    complain("division", where->place, "division by zero, or one that overflows");
    aire::stop();
}

extern "C" void __ubsan_handle_out_of_bounds(OutOfBounds* where, aire::u64 index) {
    complain("bounds", where->place,
             "index " + number(where->index, index) + " is outside of an array of type " +
                 where->array->name);
}

extern "C" void __ubsan_handle_type_mismatch_v1(Mismatch* where, aire::u64 address) {
    if (address % (1u << where->log_alignment) == 0) return;
    complain("misaligned", where->place,
             std::string("an address for ") + where->type->name + " has to be a multiple of " +
                 std::to_string(1 << where->log_alignment) + " bytes; it is " +
                 std::to_string(address % (1u << where->log_alignment)) + " past one");
    // On a device this ends the kernel, and here the access may be one that ends the program.
    aire::stop();
}
