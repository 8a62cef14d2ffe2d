// The memory of the device: one arena in which every buffer stands between guards, and the program's own
// shared and __constant__ variables.

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>

#include "state.h"

extern "C" char __executable_start, __data_start, _end;

namespace aire {

constexpr size_t guard = 64 << 10;
size_t arena_size = size_t(16) << 30;

std::vector<Region> regions;
Region* last_region = nullptr;
extern "C" {
alignas(1024) char aire_dynamic[most_shared + 1024] = {};
}
static char* arena = nullptr;
static size_t used = 0;

bool in_arena(uintptr_t address) {
    return arena && address - reinterpret_cast<uintptr_t>(arena) < arena_size;
}

bool in_program(uintptr_t address) {
    auto from = reinterpret_cast<uintptr_t>(&__data_start), to = reinterpret_cast<uintptr_t>(&_end);
    return address >= from && address < to;
}

bool in_literals(uintptr_t address) {
    auto from = reinterpret_cast<uintptr_t>(&__executable_start), to = reinterpret_cast<uintptr_t>(&__data_start);
    return address >= from && address < to;
}

void add_region(Region region) {
    auto after = std::upper_bound(regions.begin(), regions.end(), region.from,
                                  [](uintptr_t from, const Region& r) { return from < r.from; });
    regions.insert(after, std::move(region));
    last_region = nullptr;
}

Region* nearest_region(uintptr_t address) {
    Region* nearest = nullptr;
    auto distance = [&](const Region& r) { return address < r.from ? r.from - address : address - r.to + 1; };
    for (Region& region : regions) {
        if (address >= region.from && address < region.to) return &region;
        if (region.from == region.to && region.space == Space::shared) continue;
        if (!nearest || distance(region) < distance(*nearest)) nearest = &region;
    }
    return nearest;
}

Region* region_at(uintptr_t address) {
    auto after = std::upper_bound(regions.begin(), regions.end(), address,
                                  [](uintptr_t a, const Region& r) { return a < r.from; });
    if (after == regions.begin()) return nullptr;
    Region& region = *(after - 1);
    return address < region.to ? &region : nullptr;
}

// A buffer that starts `offset` bytes past a multiple of 256.
char* place(size_t bytes, size_t offset, u32 itemsize, bool initialised, std::string name) {
    if (!arena) {
        rlimit limit;  // that of a learner's code under judgement
        if (!getrlimit(RLIMIT_AS, &limit) && limit.rlim_cur < 2 * arena_size) arena_size = limit.rlim_cur / 2;
        arena = static_cast<char*>(mmap(nullptr, arena_size, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        if (arena == MAP_FAILED) {
            fprintf(stderr, "no address space for the emulated device's memory\n");
            exit(3);
        }
        memset(arena, poison, guard);
        used = guard;
    }
    size_t room = (bytes + offset + 255) / 256 * 256;
    if (used + room + guard > arena_size) return nullptr;
    char* start = arena + used + offset;
    memset(arena + used, poison, room + guard);
    used += room + guard;
    auto from = reinterpret_cast<uintptr_t>(start);
    u32 granule = itemsize < 4 && itemsize ? itemsize : 4;
    add_region({.from = from, .to = from + bytes, .space = Space::global, .name = std::move(name),
                .itemsize = itemsize, .initialised = initialised, .granule = granule});
    return start;
}

size_t static_shared(const void* kernel) {
    size_t bytes = 0;
    for (const Region& region : regions)
        if (kernel && region.owner == reinterpret_cast<u64>(kernel)) bytes += region.to - region.from;
    return bytes;
}

void poison_shared() {
    auto dynamic = reinterpret_cast<uintptr_t>(aire_dynamic);
    for (Region& region : regions) {
        if (region.space != Space::shared) continue;
        if (region.from == dynamic) {
            region.to = dynamic + running.shared;
            region.cells.clear();
            region.granule = 4;
        }
        memset(reinterpret_cast<char*>(region.from), poison, region.to - region.from);
    }
}

void fill(uintptr_t from, size_t bytes) {
    Region* region = region_at(from);
    if (!region || region->initialised) return;
    if (bytes == region->to - region->from) {
        region->initialised = true;
        return;
    }
    u32 granule = region->granule;
    if (region->cells.empty()) region->cells.resize((region->to - region->from + granule - 1) / granule);
    for (size_t i = (from - region->from) / granule; i < (from + bytes - region->from) / granule; i++)
        region->cells[i].write = {1, 0, 0};
}

void check_guards() {
    size_t after = 0;
    auto base = reinterpret_cast<uintptr_t>(arena);
    auto check = [&](size_t from, size_t to) {
        for (size_t i = from; i < to; i++)
            if (u8(arena[i]) != poison) {
                find({.kind = "bounds", .address = base + i, .size = 1, .access = "writes"});
                return;
            }
    };
    for (const Region& region : regions) {
        if (!in_arena(region.from)) continue;
        check(after, region.from - base);
        after = region.to - base;
    }
    if (arena) check(after, used);
}

}  // namespace aire
