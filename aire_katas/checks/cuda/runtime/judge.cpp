// Bounds, values never written, and races, for each lane of a request.
//
// Two accesses of a cell are in order when a synchronisation lies between them: a barrier of the block for
// two threads of it, also __syncwarp() for two lanes of a warp; between blocks only a fence, an atomic here
// and an atomic there. Every access carries the clock's value at its thread's last synchronisation, so that
// "a barrier lies between" is one comparison.

#include <algorithm>

#include "state.h"

namespace aire {

static void refine(Region& region, u32 granule) {
    std::vector<Cell> finer((region.to - region.from + granule - 1) / granule);
    if (!region.cells.empty())
        for (size_t i = 0; i < finer.size(); i++) finer[i] = region.cells[i * granule / region.granule];
    region.cells = std::move(finer);
    region.granule = granule;
}

static bool in_order(const Access& before, const Lane& lane, Space space) {
    if (before.thread == lane.identity || before.thread < running.launched) return true;
    u32 number = before.thread - running.first;
    if (number < running.threads)
        return before.stamp < lane.block_since ||
               (number / 32 == lane.number / 32 && before.stamp < lane.warp_since[number % 32]);
    if (space == Space::shared) return true;  // another block's shared memory is other memory
    u32 block = (before.thread - running.launched) / running.threads;
    return running.acquired && before.stamp < running.published[block];
}

static void judge_cell(Region& region, Cell& cell, const Request& request, const Lane& lane, u64 address) {
    bool reads = request.kind == Kind::read || request.kind == Kind::volatile_read;
    // volatile in global memory is how flags are passed between blocks; in shared memory it is no barrier.
    bool plain = request.kind == Kind::read || request.kind == Kind::write;
    bool atomic = request.kind == Kind::atomic || (region.space == Space::global && !plain);
    auto has_written = [&](const Access& access) {
        // Shared memory holds what this block has written, not what the block before has left.
        if (region.space == Space::shared) return access.thread - running.first < running.threads;
        return access.thread != 0;
    };
    bool written = region.initialised || has_written(cell.write) || has_written(cell.atomic);
    if (!written && (reads || request.kind == Kind::atomic))
        find({.kind = "unset", .pc = request.pc, .region = &region, .address = address, .size = request.size,
              .access = "reads", .lane = &lane});

    Access now = {lane.identity, lane.stamp, request.pc};
    auto conflict = [&](const Access& before, const char* was) {
        if (in_order(before, lane, region.space)) return;
        find({.kind = "race", .pc = request.pc, .region = &region, .address = address, .size = request.size,
              .access = reads ? "reads" : request.kind == Kind::atomic ? "changes" : "writes",
              .other = &before, .other_access = was, .lane = &lane});
    };
    conflict(cell.write, "wrote");
    if (!atomic) conflict(cell.atomic, "changed");
    if (reads && atomic) return;
    if (reads) {
        // Two different threads are enough to tell a later writer from one of them.
        bool free = in_order(cell.read, lane, region.space);
        if (free)
            cell.read = now;
        else if (in_order(cell.other_read, lane, region.space))
            cell.other_read = now;
        return;
    }
    conflict(cell.read, "read");
    conflict(cell.other_read, "read");
    (atomic ? cell.atomic : cell.write) = now;
    cell.writes++;
}

static bool judge_lane(Region*& region, const Request& request, u32 i) {
    u64 address = request.address[i], end = address + request.size;
    if (!region || address < region->from || end > region->to) {
        Region* found = region_at(address);
        if (!found || end > found->to) {
            bool reads = request.kind == Kind::read || request.kind == Kind::volatile_read;
            find({.kind = "bounds", .pc = request.pc, .address = address, .size = request.size,
                  .access = reads ? "reads" : "writes", .lane = request.lane[i]});
            return false;
        }
        region = found;
    }
    if (region->space == Space::hidden) return false;
    if (region->space == Space::constant) {
        if (request.kind != Kind::read)
            find({.kind = "constant", .pc = request.pc, .region = region, .address = address,
                  .size = request.size, .access = "writes", .lane = request.lane[i]});
        return true;
    }
    u64 offset = address - region->from;
    u32 granule = region->granule;
    while ((offset | request.size) % granule) granule /= 2;
    if (granule != region->granule || region->cells.empty()) refine(*region, granule);
    for (u64 cell = offset / granule; cell < (offset + request.size) / granule; cell++)
        judge_cell(*region, region->cells[cell], request, *request.lane[i], address);
    return true;
}

void judge(const Request& request) {
    Region*& region = last_region;
    bool sound = true;
    for (u32 i = 0; i < request.count; i++) sound &= judge_lane(region, request, i);
    if (sound) measure(request, *region);
}

}  // namespace aire
