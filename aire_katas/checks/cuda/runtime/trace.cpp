// Every load and store of the kernel, as g++ -fsanitize=thread announces it, and how lanes become requests.
//
// A lane runs alone up to where it waits, and its accesses are kept. Once no lane of the warp can go on,
// they are replayed as the hardware would have made them: of the lanes' next accesses those at the lowest
// address of the program come first, all lanes that are there together. So lanes that left a loop early
// wait behind it for the others, and the two sides of a branch go one after the other.

#include "state.h"

namespace aire {

// Then other lanes get a turn: a thread may wait for what they write.
constexpr size_t most_records = 1 << 12;
static std::vector<Record> records[32];
u32 latest_pc = 0;

static void announce_order(Kind kind) {
    if (kind == Kind::read || kind == Kind::write) return;
    running.acquired = true;
    if (current->fenced && kind != Kind::volatile_read) running.published[running.block] = current->fenced;
}

void note(const void* pointer, u32 size, Kind kind, u32 pc) {
    auto address = reinterpret_cast<uintptr_t>(pointer);
    latest_pc = pc;
    if (on_a_stack(address)) return;
    bool known = in_arena(address) || in_program(address);
    if (!current) {
        if (in_arena(address)) {
            find({.kind = "host", .pc = pc, .address = address, .size = size});
            stop();
        }
        return;
    }
    if (!known) {
        bool reads = kind == Kind::read || kind == Kind::volatile_read;
        if (reads && in_literals(address)) return;
        find({.kind = "bounds", .pc = pc, .address = address, .size = size,
              .access = reads ? "reads" : "writes"});
        stop();
    }
    announce_order(kind);
    auto& mine = records[current->number & 31];
    mine.push_back({address, pc, u16(size), kind});
    if (mine.size() >= most_records) leave();
}

// A structure whose size no instruction has: in the widest parts that its address and size allow.
static void note_parts(const char* from, size_t size, Kind kind, u32 pc) {
    size_t rest = reinterpret_cast<uintptr_t>(from) | size | 16, part = rest & -rest;
    for (size_t i = 0; i < size; i += part) note(from + i, part, kind, pc);
}

void note_atomic(const void* address, size_t size, const void* pc) {
    if (judging) note(address, size, Kind::atomic, u32(reinterpret_cast<uintptr_t>(pc)));
}

// Of a program that is stopped half-way.
void replay_rest() {
    for (u32 first = 0; first < running.threads; first += 32)
        if (current && current->number / 32 == first / 32) {
            current = nullptr;
            return replay(first, std::min(first + 32, running.threads));
        }
}

void replay(u32 first, u32 last) {
    size_t at[32] = {};
    Request request;
    request.slots = last - first;
    for (;;) {
        u32 pc = ~0u;
        for (u32 i = 0; i < last - first; i++)
            if (at[i] < records[i].size()) pc = std::min(pc, records[i][at[i]].pc);
        if (pc == ~0u) break;
        request.pc = pc;
        request.count = 0;
        for (u32 i = 0; i < last - first; i++) {
            if (at[i] == records[i].size() || records[i][at[i]].pc != pc) continue;
            const Record& record = records[i][at[i]++];
            request.size = record.size;
            request.kind = record.kind;
            request.lane[request.count] = &lanes[first + i];
            request.address[request.count++] = record.address;
        }
        judge(request);
    }
    for (auto& mine : records) mine.clear();
}

}  // namespace aire

// What the compiler calls before each access -------------------------------------------------------------

#define AIRE_PC static_cast<aire::u32>(reinterpret_cast<uintptr_t>(__builtin_return_address(0)))
#define AIRE_SEES(name, size, kind) \
    extern "C" void __tsan_##name(void* address) { aire::note(address, size, aire::Kind::kind, AIRE_PC); }
#define AIRE_SEES_SIZE(size)                            \
    AIRE_SEES(read##size, size, read)                   \
    AIRE_SEES(write##size, size, write)                 \
    AIRE_SEES(unaligned_read##size, size, read)         \
    AIRE_SEES(unaligned_write##size, size, write)       \
    AIRE_SEES(volatile_read##size, size, volatile_read) \
    AIRE_SEES(volatile_write##size, size, volatile_write)

AIRE_SEES_SIZE(1)
AIRE_SEES_SIZE(2)
AIRE_SEES_SIZE(4)
AIRE_SEES_SIZE(8)
AIRE_SEES_SIZE(16)

extern "C" void __tsan_read_range(void* address, size_t size) {
    aire::note_parts(static_cast<char*>(address), size, aire::Kind::read, AIRE_PC);
}
extern "C" void __tsan_write_range(void* address, size_t size) {
    aire::note_parts(static_cast<char*>(address), size, aire::Kind::write, AIRE_PC);
}
extern "C" void __tsan_vptr_update(void**, void*) {}
extern "C" void __tsan_vptr_read(void**) {}
extern "C" void __tsan_init() {}

// What the kernel calls in place of the C library's. Byte by byte: nvcc makes no wider accesses of them, for
// it is not told how the addresses are aligned.

static void* move_bytes(void* to, const void* from, size_t size, bool backwards, aire::u32 pc) {
    for (size_t n = 0; n < size; n++) {
        size_t i = backwards ? size - 1 - n : n;
        auto source = static_cast<const char*>(from) + i;
        auto target = static_cast<char*>(to) + i;
        // A read and a write need a pc each; the one before is of the same call.
        aire::note(source, 1, aire::Kind::read, pc - 1);
        aire::note(target, 1, aire::Kind::write, pc);
        *target = *source;
    }
    return to;
}

extern "C" void* aire_memcpy(void* to, const void* from, size_t size) {
    return move_bytes(to, from, size, false, AIRE_PC);
}
extern "C" void* aire_memmove(void* to, const void* from, size_t size) {
    return move_bytes(to, from, size, from < to, AIRE_PC);
}
extern "C" void* aire_memset(void* to, int byte, size_t size) {
    for (char *target = static_cast<char*>(to), *end = target + size; target != end; target++) {
        aire::note(target, 1, aire::Kind::write, AIRE_PC);
        *target = char(byte);
    }
    return to;
}
