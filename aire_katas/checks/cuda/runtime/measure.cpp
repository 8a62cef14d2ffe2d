// What a request costs: 32-byte sectors of global memory, passes over the banks of shared memory.
//
// No cache is modelled: every request is counted as if it went to memory. That is the figure that a kernel's
// author can reason about, and the one that tiling brings down.

#include <algorithm>

#include "state.h"

extern "C" char __executable_start, etext;

namespace aire {

struct Counters {
    u32 pc, size;
    Kind kind;
    Space space;
    u64 requests, lanes, slots;
    u64 bytes;       // different ones that the lanes asked for
    u64 sectors, least_sectors;
    u64 passes, worst;  // over the banks; of atomics: lanes at one address
};

static std::vector<Counters> all;
static std::vector<u32> place_of;  // by pc: place in `all`, plus one
static std::vector<std::pair<int, u64>> barriers;
struct Launched {
    std::string shape;  // as columns of the result
    u64 requests = 0, of_block = 0, of_busiest = 0;  // to global memory
};
static std::vector<Launched> launches;

static Counters& counters_at(const Request& request, Space space) {
    auto from = reinterpret_cast<uintptr_t>(&__executable_start);
    if (place_of.empty()) place_of.resize(reinterpret_cast<uintptr_t>(&etext) - from);
    u32& place = place_of[request.pc - from];
    if (!place) {
        all.push_back({.pc = request.pc, .size = request.size, .kind = request.kind, .space = space});
        place = all.size();
    }
    return all[place - 1];
}

// Addresses are in ascending order.
static void measure_global(const Request& request, const u64* address, Region& region, Counters& c) {
    u64 bytes = 0, sectors = 0, covered = 0, next_sector = 0;
    bool writes = request.kind == Kind::write || request.kind == Kind::volatile_write;
    if (region.sectors.empty()) region.sectors.resize(region.to / 32 - region.from / 32 + 1);
    for (u32 i = 0; i < request.count; i++) {
        u64 from = std::max(address[i], covered), to = address[i] + request.size;
        if (to <= from) continue;
        bytes += to - from;
        covered = to;
        for (u64 sector = std::max(from / 32, next_sector); sector <= (to - 1) / 32; sector++) {
            sectors++;
            next_sector = sector + 1;
            if (address[i] >= region.from && to <= region.to)
                region.sectors[sector - region.from / 32] |= writes ? 2 : 1;
        }
    }
    c.bytes += bytes;
    c.sectors += sectors;
    c.least_sectors += (bytes + 31) / 32;
    (writes ? region.sectors_written : region.sectors_read) += sectors;
}

// How often the banks have to be gone over: the most different words of one bank.
static u32 passes_over_banks(const u64* word, u32 count) {
    if (word[count - 1] - word[0] < 32) return 1;
    u8 in_bank[32] = {}, most = 0;
    for (u32 i = 0; i < count; i++)
        if (i == 0 || word[i] != word[i - 1]) most = std::max(most, ++in_bank[word[i] % 32]);
    return most;
}

static void measure_shared(const Request& request, Counters& c) {
    // 8 and 16 bytes a lane are served half a warp, a quarter of a warp at a time.
    u32 words = std::max(1u, request.size / 4), together = std::max(1u, 32 / words), worst = 0;
    u64 word[32 * 4];
    for (u32 first = 0; first < request.count; first += together) {
        u32 n = 0;
        for (u32 i = first; i < std::min(first + together, request.count); i++)
            for (u32 k = 0; k < words && n < 128; k++) word[n++] = request.address[i] / 4 + k;
        if (!std::is_sorted(word, word + n)) std::sort(word, word + n);
        worst = std::max(worst, passes_over_banks(word, n));
    }
    c.passes += worst;
    c.worst = std::max<u64>(c.worst, worst);
}

static u32 most_at_one_address(const u64* address, u32 count) {
    u32 run = 1, most = 1;
    for (u32 i = 1; i < count; i++) {
        run = address[i] == address[i - 1] ? run + 1 : 1;
        most = std::max(most, run);
    }
    return most;
}

void measure(const Request& request, Region& region) {
    Counters& c = counters_at(request, region.space);
    c.requests++;
    c.lanes += request.count;
    c.slots += request.slots;
    u64 address[32];
    std::copy_n(request.address, request.count, address);
    if (!std::is_sorted(address, address + request.count)) std::sort(address, address + request.count);
    if (request.kind == Kind::atomic) {
        region.atomics += request.count;
        u32 most = most_at_one_address(address, request.count);
        c.passes += most;
        c.worst = std::max<u64>(c.worst, most);
        return;
    }
    bool writes = request.kind == Kind::write || request.kind == Kind::volatile_write;
    (writes ? region.stores : region.loads) += request.count;
    if (region.space == Space::global) {
        measure_global(request, address, region, c);
        launches.back().of_block++;
    }
    if (region.space == Space::shared) measure_shared(request, c);
}

void measure_barrier(int line) {
    for (auto& [at, count] : barriers)
        if (at == line) {
            count++;
            return;
        }
    barriers.push_back({line, 1});
}

void measure_launch(const Shape& shape, const Kernel& kernel) {
    Launched launched{kernel.name};
    for (size_t one : {size_t(shape.grid.x), size_t(shape.grid.y), size_t(shape.grid.z), size_t(shape.block.x),
                       size_t(shape.block.y), size_t(shape.block.z), shape.shared})
        launched.shape += '\t' + std::to_string(one);
    launches.push_back(launched);
}

void measure_block() {
    Launched& here = launches.back();
    here.requests += here.of_block;
    here.of_busiest = std::max(here.of_busiest, std::exchange(here.of_block, 0));
}

void write_measures(FILE* out) {
    for (const Launched& one : launches)
        fprintf(out, "launch\t%s\t%lu\t%lu\n", one.shape.c_str(), one.requests, one.of_busiest);
    for (const Counters& c : all)
        fprintf(out, "site\t%u\t%u\t%d\t%d\t%lu\t%lu\t%lu\t%lu\t%lu\t%lu\t%lu\t%lu\n", c.pc, c.size,
                int(c.kind), int(c.space), c.requests, c.lanes, c.slots, c.bytes, c.sectors, c.least_sectors,
                c.passes, c.worst);
    for (auto [line, count] : barriers) fprintf(out, "barrier\t%d\t%lu\n", line, count);
    for (const Region& r : regions) {
        if (r.space == Space::hidden) continue;
        u64 read = std::count_if(r.sectors.begin(), r.sectors.end(), [](u8 s) { return s & 1; });
        u64 written = std::count_if(r.sectors.begin(), r.sectors.end(), [](u8 s) { return s & 2; });
        u32 fewest = ~0u, most = 0;
        for (const Cell& cell : r.cells) {
            fewest = std::min(fewest, cell.writes);
            most = std::max(most, cell.writes);
        }
        fprintf(out, "buffer\t%s\t%d\t%lu\t%lu\t%lu\t%lu\t%lu\t%lu\t%lu\t%u\t%u\n", r.name.c_str(),
                int(r.space), r.loads, r.stores, r.atomics, r.sectors_read, r.sectors_written, read, written,
                r.cells.empty() ? 0 : fewest, most);
    }
}

}  // namespace aire
