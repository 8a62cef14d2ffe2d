// Where lanes wait for one another: barriers of the block, collectives of the warp.

#include <algorithm>

#include "mma.h"
#include "state.h"

namespace aire {

static std::string hex(unsigned mask) {
    char text[16];
    snprintf(text, sizeof text, "0x%08x", mask);
    return text;
}

// Barriers of the block ---------------------------------------------------------------------------------

int barrier(int line, Vote vote, int predicate) {
    Lane& lane = *current;
    lane.state = State::barrier;
    lane.line = line;
    lane.vote = vote;
    lane.predicate = predicate != 0;
    leave();
    return current->answer;
}

// Every lane waits or has returned, and at least one waits.
void resolve_block_barrier() {
    const Lane *first = nullptr, *returned = nullptr;
    int yes = 0, count = 0, gone = 0;
    for (u32 i = 0; i < running.threads; i++) {
        const Lane& lane = lanes[i];
        if (lane.state == State::done) {
            returned = returned ? returned : &lane;
            gone++;
            continue;
        }
        if (!first) first = &lane;
        if (lane.line != first->line || lane.vote != first->vote) {
            find({.kind = "barrier", .line = first->line,
                  .text = name_of(*first) + " waits at the barrier of line " + std::to_string(first->line) +
                          ", " + name_of(lane) + " at that of line " + std::to_string(lane.line) +
                          "; all threads of a block must come to the same barrier: move it out of the branch",
                  .lane = first});
            stop();
        }
        count++;
        yes += lane.predicate;
    }
    if (gone)
        find({.kind = "barrier", .line = first->line,
              .text = std::to_string(gone) + " of the block's " + std::to_string(running.threads) +
                      " threads have returned without this barrier, among them " + name_of(*returned) +
                      "; guard the work instead of returning, so that every thread comes to the barrier",
              .lane = returned});
    measure_barrier(first->line);
    ++clock_now;
    for (u32 i = 0; i < running.threads; i++) {
        Lane& lane = lanes[i];
        if (lane.state != State::barrier) continue;
        lane.state = State::ready;
        lane.answer = lane.vote == Vote::count ? yes : lane.vote == Vote::all ? yes == count : yes > 0;
        lane.stamp = lane.block_since = clock_now;
    }
}

// Collectives of a warp ---------------------------------------------------------------------------------

static u64 meet(Operation operation, int line, unsigned mask, u64 given, int source = 0, Fold fold = nullptr) {
    Lane& lane = *current;
    if (!(mask >> (lane.number & 31) & 1)) {
        find({.kind = "warp", .line = line,
              .text = "lane " + std::to_string(lane.number & 31) + " calls with the mask " + hex(mask) +
                      ", which does not name it; a mask names every lane that calls"});
        stop();
    }
    lane.meeting = {operation, mask, line, given, source, 0, fold};
    lane.state = State::collective;
    leave();
    return current->meeting.taken;
}

int lane() { return current->number & 31; }
void warp_barrier(int line, unsigned mask) { meet(Operation::sync, line, mask, 0); }
u64 shuffle(int line, unsigned mask, u64 value, int source) {
    return meet(Operation::shuffle, line, mask, value, source);
}
u64 ballot(int line, unsigned mask, bool vote) { return meet(Operation::ballot, line, mask, vote); }
unsigned match(int line, unsigned mask, u64 value) { return meet(Operation::match, line, mask, value); }
unsigned active(int line) { return meet(Operation::active, line, 0xffffffff, 0); }
u64 reduce(int line, unsigned mask, u64 value, Fold fold) {
    return meet(Operation::reduce, line, mask, value, 0, fold);
}
void multiply(int line, Tiles* tiles) { meet(Operation::product, line, ~0u, reinterpret_cast<u64>(tiles)); }

static bool same(const Meeting& a, const Meeting& b) {
    return a.operation == b.operation && a.mask == b.mask && a.line == b.line && a.fold == b.fold;
}

static u64 shuffled_value(Lane& lane, u32 first, u32 members) {
    u32 source = lane.meeting.source;
    if (members >> source & 1) return lanes[first + source].meeting.given;
    std::string why = first + source >= running.threads                  ? "does not exist"
                      : lanes[first + source].state == State::done ? "has returned"
                                                                   : "is not named by the mask";
    find({.kind = "warp", .line = lane.meeting.line,
          .text = "lane " + std::to_string(lane.number & 31) + " takes a value from lane " +
                  std::to_string(source) + ", which " + why +
                  "; keep every lane that is read from in the shuffle, with a neutral value if it has none",
          .lane = &lane});
    return ~u64(0);
}

static u64 folded(u32 first, u32 members, Fold fold) {
    u64 all = lanes[first + __builtin_ctz(members)].meeting.given;
    for (u32 i = __builtin_ctz(members) + 1; i < 32; i++)
        if (members >> i & 1) all = fold(all, lanes[first + i].meeting.given);
    return all;
}

// What one of them knows to be over, all of them know now.
static void order(u32 first, u32 members) {
    u32 since[32] = {};
    for (u32 i = 0; i < 32; i++)
        if (members >> i & 1)
            for (u32 j = 0; j < 32; j++) since[j] = std::max(since[j], lanes[first + i].warp_since[j]);
    for (u32 i = 0; i < 32; i++)
        if (members >> i & 1) since[i] = clock_now + 1;
    for (u32 i = 0; i < 32; i++) {
        if (!(members >> i & 1)) continue;
        lanes[first + i].stamp = clock_now + 1;
        std::copy_n(since, 32, lanes[first + i].warp_since);
    }
}

static void release(u32 first, u32 members) {
    const Lane& lowest = lanes[first + __builtin_ctz(members)];
    if (lowest.meeting.operation == Operation::product) {
        if (members != ~0u) {
            find({.kind = "warp", .line = lowest.meeting.line,
                  .text = std::to_string(__builtin_popcount(members)) +
                          " lanes multiply tiles: it takes all 32 of a warp",
                  .lane = &lowest});
            stop();
        }
        multiply_tiles(first);
    }
    u32 yes = 0;
    for (u32 i = 0; i < 32; i++)
        if (members >> i & 1 && lanes[first + i].meeting.given) yes |= 1u << i;
    for (u32 i = 0; i < 32; i++) {
        if (!(members >> i & 1)) continue;
        Lane& lane = lanes[first + i];
        Meeting& meeting = lane.meeting;
        lane.state = State::ready;
        switch (meeting.operation) {
            case Operation::shuffle: meeting.taken = shuffled_value(lane, first, members); break;
            case Operation::ballot: meeting.taken = yes | u64(members) << 32; break;
            case Operation::active: meeting.taken = members; break;
            case Operation::match:
                for (u32 j = 0; j < 32; j++)
                    if (members >> j & 1 && lanes[first + j].meeting.given == meeting.given)
                        meeting.taken |= 1u << j;
                break;
            case Operation::reduce: meeting.taken = folded(first, members, meeting.fold); break;
            default: break;
        }
    }
    // Only __syncwarp orders memory: a shuffle does not.
    if (lowest.meeting.operation == Operation::sync) order(first, members);
    ++clock_now;
}

// The lanes that the meeting of `lane` is for, if all are there; else 0.
static u32 complete(const Lane& lane, u32 first, u32 last) {
    u32 members = 0;
    for (u32 i = first; i < last; i++) {
        if (!(lane.meeting.mask >> (i - first) & 1) || lanes[i].state == State::done) continue;
        bool there = lanes[i].state == State::collective && same(lanes[i].meeting, lane.meeting);
        if (there) members |= 1u << (i - first);
        if (!there && lane.meeting.operation != Operation::active) return 0;
    }
    return members;
}

// Let go the lanes whose meeting is complete; whether there were any.
bool resolve_collectives(u32 first, u32 last) {
    bool any = false;
    for (bool opportunistic : {false, true}) {
        for (u32 i = first; i < last && !(opportunistic && any); i++) {
            const Lane& lane = lanes[i];
            if (lane.state != State::collective) continue;
            if ((lane.meeting.operation == Operation::active) != opportunistic) continue;
            if (u32 members = complete(lane, first, last)) {
                release(first, members);
                any = true;
            }
        }
    }
    return any;
}

// No lane can go on, and not all wait at a barrier: somebody is missing at a collective.
void explain_standstill() {
    for (u32 i = 0; i < running.threads; i++) {
        const Lane& lane = lanes[i];
        if (lane.state != State::collective) continue;
        u32 first = i & ~31u;
        for (u32 other = first; other < running.threads && other < first + 32; other++) {
            const Lane& missing = lanes[other];
            if (!(lane.meeting.mask >> (other - first) & 1) || missing.state == State::done) continue;
            if (missing.state == State::collective && same(missing.meeting, lane.meeting)) continue;
            bool at_barrier = missing.state == State::barrier;
            int line = at_barrier ? missing.line : missing.meeting.line;
            std::string where = at_barrier ? "waits at the barrier" : "is in the warp operation";
            find({.kind = "warp", .line = lane.meeting.line,
                  .text = "the mask " + hex(lane.meeting.mask) + " names lane " +
                          std::to_string(other - first) + ", which does not come: it " + where + " of line " +
                          std::to_string(line) +
                          (at_barrier ? "" : " with the mask " + hex(missing.meeting.mask)) +
                          "; call it where all lanes of the mask come, or name only those that do",
                  .lane = &lane});
            stop();
        }
    }
    find({.kind = "warp", .text = "no thread can go on"});
    stop();
}

// A fence cuts the thread's records in two: those before have an older stamp, and are published by the atomic
// or volatile write that follows.
void fence() {
    if (!current || !judging) return;
    leave();
    current->stamp = current->fenced = ++clock_now;
}

}  // namespace aire
