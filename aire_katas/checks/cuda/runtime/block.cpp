// A launch: blocks one after another, the warps of a block in turn, and the lanes of a warp each up to where
// it waits. The order of blocks, warps and lanes is shuffled by the seed, for a kernel may rely on none.

#include <algorithm>
#include <numeric>

#include "state.h"

extern "C" {
// cuda_runtime.h declares them const.
uint3 aire_thread __asm__("threadIdx"), aire_block __asm__("blockIdx");
uint3 aire_block_dim __asm__("blockDim"), aire_grid_dim __asm__("gridDim");
}

namespace aire {

Running running;
std::vector<Lane> lanes;
u32 clock_now = 1;
constexpr u32 most_emulated = 1u << 28;
static u32 next_identity = 1024;  // what is smaller was there before the first launch

// SplitMix64.
static u64 draw() {
    u64 z = running.seed += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static std::vector<u32> shuffled(u32 count) {
    std::vector<u32> order(count);
    std::iota(order.begin(), order.end(), 0);
    for (u32 i = count; i > 1; i--) std::swap(order[i - 1], order[draw() % i]);
    return order;
}

// Up to where no lane can go on, or one has had its turn; whether a lane ran.
static bool run_warp(u32 first, u32 last, const std::vector<u32>& order) {
    bool ran = false;
    do {
        bool any = false;
        for (u32 i : order) {
            u32 number = first + i;
            if (number < last && lanes[number].state == State::ready) {
                resume(lanes[number]);
                any = true;
            }
        }
        if (any && judging) replay(first, last);
        ran |= any;
    } while (resolve_collectives(first, last));
    return ran;
}

void run_block() {
    poison_shared();
    ++clock_now;
    running.acquired = false;
    for (u32 i = 0; i < running.threads; i++) {
        Lane& lane = lanes[i];
        lane.identity = running.first + i;
        lane.state = State::ready;
        lane.meeting = {};
        lane.fenced = 0;
        lane.stamp = lane.block_since = clock_now;
    }
    u32 warps = (running.threads + 31) / 32;
    auto order = shuffled(warps), lane_order = shuffled(32);
    for (;;) {
        bool ran = false;
        for (u32 warp : order)
            ran |= run_warp(32 * warp, std::min(32 * warp + 32, running.threads), lane_order);
        bool done = true, waiting = true;
        for (u32 i = 0; i < running.threads; i++) {
            done &= lanes[i].state == State::done;
            waiting &= lanes[i].state == State::done || lanes[i].state == State::barrier;
        }
        if (done) return;
        if (waiting)
            resolve_block_barrier();
        else if (!ran)
            explain_standstill();
    }
}

static void run_grid(const Shape& shape, void (*body)(void*), void* context) {
    running.threads = shape.block.x * shape.block.y * shape.block.z;
    running.body = body;
    running.context = context;
    running.shared = shape.shared;
    running.launched = next_identity;
    aire_block_dim = shape.block;
    aire_grid_dim = shape.grid;
    lanes.resize(std::max<size_t>(lanes.size(), running.threads));
    for (u32 i = 0; i < running.threads; i++) {
        lanes[i].number = i;
        lanes[i].index = {i % shape.block.x, i / shape.block.x % shape.block.y,
                          i / shape.block.x / shape.block.y};
    }
    u32 blocks = shape.grid.x * shape.grid.y * shape.grid.z;
    running.published.assign(blocks, 0);
    for (u32 block : shuffled(blocks)) {
        running.block = block;
        running.first = next_identity + block * running.threads;
        aire_block = {block % shape.grid.x, block / shape.grid.x % shape.grid.y,
                      block / shape.grid.x / shape.grid.y};
        run_block();
        measure_block();
    }
    next_identity += blocks * running.threads;
}

// What the hardware would refuse; empty if nothing.
static std::string refusal(const Shape& shape) {
    dim3 g = shape.grid, b = shape.block;
    u64 threads = u64(b.x) * b.y * b.z;
    if (!threads) return "a block has no threads: each of its sizes is at least 1";
    if (!g.x || !g.y || !g.z) return "the grid has no blocks: each of its sizes is at least 1";
    if (threads > 1024) return "a block has " + std::to_string(threads) + " threads: the most is 1024";
    if (b.z > 64) return "blockDim.z is " + std::to_string(b.z) + ": the most is 64";
    if (g.x > 0x7fffffff) return "gridDim.x is " + std::to_string(g.x) + ": the most is 2147483647";
    if (g.y > 65535) return "gridDim.y is " + std::to_string(g.y) + ": the most is 65535";
    if (g.z > 65535) return "gridDim.z is " + std::to_string(g.z) + ": the most is 65535";
    if (double(g.x) * g.y * g.z * threads > most_emulated)
        return "more than " + std::to_string(most_emulated) +
               " threads, too many for a CPU; a grid is counted in blocks, not in threads";
    return "";
}

static std::string refusal_of_memory(const Kernel& kernel, size_t dynamic) {
    size_t fixed = static_shared(kernel.address), most = most_shared - fixed;
    std::string name = kernel.name, bytes = std::to_string(dynamic), beside = "";
    if (fixed > default_shared)
        return name + " has " + std::to_string(fixed) + " bytes of static shared memory, and nvcc allows " +
               std::to_string(default_shared) + ": more has to be dynamic, extern __shared__";
    if (fixed) beside = " beside " + std::to_string(fixed) + " static ones";
    if (dynamic > most)
        return name + " wants " + bytes + " bytes of dynamic shared memory" + beside + ": the most is " +
               std::to_string(most);
    size_t allowed = kernel.is_tests ? most : allowed_dynamic(kernel.address);
    if (dynamic > allowed)
        return name + " wants " + bytes + " bytes of dynamic shared memory" + beside + " and may have " +
               std::to_string(allowed) + "; call cudaFuncSetAttribute(" + name +
               ", cudaFuncAttributeMaxDynamicSharedMemorySize, " + bytes + ") before the launch";
    return "";
}

static bool is_refused(const Shape& shape, const Kernel& kernel) {
    std::string by_shape = refusal(shape), why = by_shape;
    if (why.empty()) why = refusal_of_memory(kernel, shape.shared);
    if (why.empty()) return false;
    find({.kind = "launch", .line = kernel.is_tests ? 0 : shape.line, .text = why});
    failed(by_shape.empty() ? cudaErrorInvalidValue : cudaErrorInvalidConfiguration);
    return true;
}

void launch(const Shape& shape, const Kernel& kernel, void (*body)(void*), void* context) {
    const char* caller = std::exchange(running.kernel, kernel.name);
    if (!is_refused(shape, kernel)) {
        measure_launch(shape, kernel);
        run_grid(shape, body, context);
    }
    running.kernel = caller;
}

}  // namespace aire
