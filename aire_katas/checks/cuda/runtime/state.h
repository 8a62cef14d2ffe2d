// What the parts of the runtime share: the lanes of the running block, the launch, the memory, the findings.
#pragma once

#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "cuda_runtime.h"

namespace aire {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;

extern bool judging;  // the kernel is instrumented

// Threads -----------------------------------------------------------------------------------------------

enum class State { ready, barrier, collective, done };
enum class Operation { none, sync, shuffle, ballot, match, active, reduce, product };
using Fold = u64 (*)(u64, u64);

// What a lane brings to a collective of its warp, and takes away.
struct Meeting {
    Operation operation = Operation::none;
    unsigned mask = 0;
    int line = 0;
    u64 given = 0;   // a shuffle's value, a vote
    int source = 0;  // the lane whose value a shuffle takes
    u64 taken = 0;
    Fold fold = nullptr;
};

// One thread of the running block. Stamps are values of the clock, which ticks at every synchronisation.
struct Lane {
    uint3 index;
    u32 number;        // threadIdx, linear
    u32 identity;      // never the same twice in the life of the program
    State state;
    bool alive = false;  // has a stack with its kernel half done, or waiting for the next block
    jmp_buf context;
    int line;          // of the barrier it waits at
    Vote vote;
    int predicate, answer;
    Meeting meeting;
    u32 stamp, block_since;              // last tick of its own, with its block
    u32 warp_since[32] = {};             // with each lane of its warp, directly or through others
    u32 fenced;                          // of its last fence; 0: none
};

struct Running {
    const char* kernel = "";
    void (*body)(void*);
    void* context;
    u32 threads, block;  // threads of a block, number of this block
    u32 first, launched;  // identities: of the block's thread 0, of the launch's first
    size_t shared;       // dynamic, in bytes
    u64 seed;
    bool acquired;               // the block has made an atomic or volatile access
    std::vector<u32> published;  // by block: what has an older stamp, other blocks may see
};

extern Running running;
extern std::vector<Lane> lanes;
extern Lane* current;  // null while host code or the scheduler runs
extern Lane* latest;   // the last that was current
extern u32 clock_now;

void run_block();               // fiber.cpp, block.cpp
void resume(Lane& lane);        // until it waits or is done
void leave();                   // back to the scheduler
[[noreturn]] void stop();       // end the program with what has been found
void forget(Lane& lane);        // its stack is given up half-way
bool on_a_stack(uintptr_t address);

void resolve_block_barrier();
bool resolve_collectives(u32 first, u32 last);
void explain_standstill();
void multiply_tiles(u32 first);  // tensor.cpp

// Memory ------------------------------------------------------------------------------------------------

// Hidden are the compiler's own: whether a __shared__ variable of a class has been constructed.
enum class Space { global, shared, constant, hidden };

struct Access {
    u32 thread;  // identity; 0: nobody yet
    u32 stamp;   // the thread's last synchronisation
    u32 pc;
};

// What the judges know of a few bytes: the last plain writer, the last atomic, and two readers.
struct Cell {
    Access write, atomic, read, other_read;
    u32 writes;
};

struct Region {
    uintptr_t from = 0, to = 0;
    Space space = Space::global;
    std::string name;
    u64 owner = 0;  // the function whose __shared__ variable this is; 0: not known
    u32 itemsize = 4;
    bool initialised = false;
    u32 granule = 4;  // bytes a cell stands for
    std::vector<Cell> cells = {};
    std::vector<u8> sectors = {};  // 1: read, 2: written
    u64 loads = 0, stores = 0, atomics = 0, sectors_read = 0, sectors_written = 0;
};

extern std::vector<Region> regions;  // by address
extern Region* last_region;  // the one used last; null once regions have moved
Region* region_at(uintptr_t address);  // the one that holds it; null
Region* nearest_region(uintptr_t address);
void add_region(Region region);
char* place(size_t bytes, size_t offset, u32 itemsize, bool initialised, std::string name);
bool in_arena(uintptr_t address);
bool in_program(uintptr_t address);  // the program's own variables: shared, constant, __device__
bool in_literals(uintptr_t address);  // what no program may change: strings, tables
void poison_shared();
void check_guards();                       // of what the kernel could write unseen
void fill(uintptr_t from, size_t bytes);  // the host has written here
extern "C" char aire_dynamic[];
cudaError_t failed(cudaError_t error);    // which the host may ask for; host.cpp
size_t static_shared(const void* kernel);      // bytes of its own variables
size_t allowed_dynamic(const void* kernel);    // bytes, as the host has asked for them; host.cpp
constexpr size_t default_shared = 48 << 10, most_shared = 227 << 10;
constexpr int poison = 0xff;  // a nan, and -1

// Accesses ----------------------------------------------------------------------------------------------

enum class Kind : u8 { read, write, atomic, volatile_read, volatile_write };

struct Record {
    u64 address;
    u32 pc;
    u16 size;
    Kind kind;
};

// One instruction of a warp: the same pc in each of its active lanes.
struct Request {
    u32 pc, size;
    Kind kind;
    u32 count;                 // active lanes
    u32 slots;                 // lanes of the warp
    Lane* lane[32];
    u64 address[32];
};

extern u32 latest_pc;  // of the last access
void note(const void* address, u32 size, Kind kind, u32 pc);
void replay(u32 first, u32 last);                  // the warp's records, as requests
void judge(const Request& request);                // judge.cpp
void measure(const Request& request, Region& region);  // measure.cpp
void measure_barrier(int line);
void measure_launch(const Shape& shape, const Kernel& kernel);
void measure_block();  // at its end
void write_measures(FILE* out);

// Findings ----------------------------------------------------------------------------------------------

struct Finding {
    const char* kind;
    u32 pc = 0;
    int line = 0;            // where the pc is not known
    std::string text = {};       // what only the runtime can say
    const Region* region = nullptr;
    u64 address = 0;
    u32 size = 0;
    const char* access = "";
    const Access* other = nullptr;
    const char* other_access = "";
    const Lane* lane = nullptr;  // current unless given
};

std::string at(u32 pc);             // @PC
std::string name_of(u32 identity);  // thread (3,0,0) of block (1,0,0)
inline std::string name_of(const Lane& lane) { return name_of(lane.identity); }
void find(const Finding& finding);  // once for each kind and place; later ones are counted
void write_findings(FILE* out);
void replay_rest();                 // what the lanes did before the program was stopped
void write_results();
extern std::string result_path;

}  // namespace aire
