// What was found, in words. A line of the source is written @PC, which Python turns into its number.

#include <algorithm>

#include "state.h"

namespace aire {

struct Kept {
    std::string kind, text, kernel;
    u32 pc;
    int line;
    u32 block, thread;
    u64 count;
};
static std::vector<Kept> kept;

std::string at(u32 pc) {
    char text[16];
    snprintf(text, sizeof text, "@%x", pc);
    return text;
}

static std::string triple(u32 number, dim3 size) {
    return "(" + std::to_string(number % size.x) + "," + std::to_string(number / size.x % size.y) + "," +
           std::to_string(number / size.x / size.y) + ")";
}

static u32 block_of(u32 identity) { return (identity - running.launched) / running.threads; }
static u32 thread_of(u32 identity) { return (identity - running.launched) % running.threads; }

std::string name_of(u32 identity) {
    return "thread " + triple(thread_of(identity), blockDim) + " of block " +
           triple(block_of(identity), gridDim);
}

static std::string element(const Region& region, u64 address) {
    long long offset = static_cast<long long>(address - region.from), size = region.itemsize;
    long long index = offset >= 0 ? offset / size : -((-offset + size - 1) / size);
    return "element " + std::to_string(index) + " of " + region.name;
}

static std::string bounds(const Finding& f, const std::string& who) {
    std::string does = who + " " + f.access;
    if (f.address < 4096) return does + " through a null pointer";
    Region* region = nearest_region(f.address);
    constexpr u64 far = u64(64) << 30;
    if (!region || (f.address > region->to && f.address - region->to > far) ||
        (f.address < region->from && region->from - f.address > far))
        return does + " at an address that is in no buffer; is it a pointer of the host, or never set?";
    u64 items = (region->to - region->from) / region->itemsize;
    if (f.size > 16) does += " " + std::to_string(f.size) + " bytes from";
    return does + " " + element(*region, f.address) + ", which has " + std::to_string(items) +
           "; check the index, and guard the threads that have no element";
}

static std::string race(const Finding& f, const std::string& who) {
    std::string what = element(*f.region, f.address), other = name_of(f.other->thread);
    bool apart = block_of(f.other->thread) != running.block;
    return who + " " + f.access + " " + what + ", which " + other + " " + f.other_access + " in " +
           at(f.other->pc) +
           (apart ? "; blocks run in any order: use an atomic, or give each block its own elements"
                  : ", and no barrier lies between; put __syncthreads() there, or use an atomic");
}

static std::string words(const Finding& f, const std::string& who) {
    std::string kind = f.kind;
    if (!f.text.empty()) return f.text;
    if (kind == "bounds") return bounds(f, who);
    if (kind == "race") return race(f, who);
    if (kind == "unset")
        return who + " reads " + element(*f.region, f.address) + ", which nobody has written" +
               (f.region->space == Space::shared ? "; shared memory starts with garbage in every block" : "");
    if (kind == "constant")
        return who + " writes " + element(*f.region, f.address) + ", which is __constant__";
    if (kind == "host")
        return "host code uses a device pointer; copy with cudaMemcpy, or do it in a kernel";
    return kind;
}

void find(const Finding& f) {
    for (Kept& one : kept) {
        bool placed = f.pc || f.line;
        if (one.kind == f.kind && one.pc == f.pc && one.line == f.line && (placed || one.text == f.text)) {
            one.count++;
            return;
        }
    }
    const Lane* lane = f.lane ? f.lane : current;
    std::string who = lane ? name_of(*lane) : f.line ? "the host's" : "a thread";
    u32 none = ~0u;
    kept.push_back({f.kind, words(f, who), running.kernel, f.pc, f.line,
                    lane ? block_of(lane->identity) : none, lane ? thread_of(lane->identity) : none, 1});
}

void write_findings(FILE* out) {
    for (const Kept& k : kept)
        fprintf(out, "finding\t%s\t%u\t%d\t%s\t%s\t%s\t%lu\t%s\n", k.kind.c_str(), k.pc, k.line,
                k.kernel.c_str(), k.block == ~0u ? "-" : triple(k.block, gridDim).c_str(),
                k.thread == ~0u ? "-" : triple(k.thread, blockDim).c_str(), k.count, k.text.c_str());
}

}  // namespace aire
