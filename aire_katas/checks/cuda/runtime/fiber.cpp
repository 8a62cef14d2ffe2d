// A fiber for each thread of a block: a stack of its own, and a place in the kernel to go on from.
//
// makecontext starts a fiber once; from then on _setjmp and _longjmp, which cost no system call, go to and
// fro between it and the scheduler. A fiber that is through with one block waits for the next.

#include <sys/mman.h>
#include <ucontext.h>

#include "state.h"

namespace aire {

constexpr size_t stack_size = 256 << 10, guard_size = 4096;
constexpr u32 most_threads = 1024;

Lane *current = nullptr, *latest = nullptr;
static jmp_buf scheduler;
static char* stacks = nullptr;  // one after another, each above its guard

bool on_a_stack(uintptr_t address) {
    return stacks && address - reinterpret_cast<uintptr_t>(stacks) < most_threads * stack_size;
}

static void live() {
    for (;;) {
        running.body(running.context);
        current->state = State::done;
        leave();
    }
}

static void start(Lane& lane) {
    if (!stacks)
        stacks = static_cast<char*>(mmap(nullptr, most_threads * stack_size, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    char* stack = stacks + lane.number * stack_size;
    mprotect(stack, guard_size, PROT_NONE);
    static ucontext_t fresh;
    getcontext(&fresh);
    fresh.uc_stack.ss_sp = stack;
    fresh.uc_stack.ss_size = stack_size;
    makecontext(&fresh, live, 0);
    lane.alive = true;
    setcontext(&fresh);
}

void resume(Lane& lane) {
    current = latest = &lane;
    memcpy(const_cast<uint3*>(&threadIdx), &lane.index, sizeof(uint3));
    if (_setjmp(scheduler) == 0) {
        if (lane.alive)
            _longjmp(lane.context, 1);
        else
            start(lane);
    }
    current = nullptr;
}

void leave() {
    if (_setjmp(current->context) == 0) _longjmp(scheduler, 1);
}

void forget(Lane& lane) {
    lane.alive = false;
    lane.state = State::done;
}

}  // namespace aire
