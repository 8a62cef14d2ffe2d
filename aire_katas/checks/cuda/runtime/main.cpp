// The program that a .cu file becomes: reads a request, runs one kernel or host function, writes the results.
//
//     program --entries           prints what can be called, with types
//     program REQUEST DATA RESULT reads REQUEST (see launch.py), takes buffers from DATA and puts them back

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "state.h"

namespace aire {

std::string result_path;
bool judging = false;
static char* data = nullptr;
static size_t data_size = 0;

struct Transfer {
    char *buffer, *in_data;
    size_t bytes;
};
static std::vector<Transfer> transfers;

void write_results() {
    FILE* out = fopen(result_path.c_str(), "w");
    write_findings(out);
    write_measures(out);
    fprintf(out, "end\n");
    fclose(out);
    for (const Transfer& t : transfers) memcpy(t.in_data, t.buffer, t.bytes);
    fflush(stdout);
}

void stop() {
    replay_rest();
    write_results();
    _exit(0);
}

static u32 program_counter(const ucontext_t& context) {
#if defined(__x86_64__)
    return u32(context.uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return u32(context.uc_mcontext.pc);
#else
    return 0;
#endif
}

static void on_signal(int number, siginfo_t* info, void* context) {
    signal(number, SIG_DFL);
    // Past the instruction, as a return address is.
    u32 pc = program_counter(*static_cast<ucontext_t*>(context)) + 1;
    const char* kind = number == SIGALRM ? "timeout" : "crash";
    const Lane* lane = current ? current : latest;
    std::string who = lane ? name_of(*lane) + " " : "host code ";
    auto address = reinterpret_cast<uintptr_t>(info->si_addr);
    std::string seen = latest_pc ? ", last seen in " + at(latest_pc) : "";
    std::string what = number == SIGALRM ? "has not come to an end" + seen +
                               "; does its loop end, or does it wait for another thread?"
                       : number == SIGABRT ? "calls abort, or an assert fails" + seen
                       : number == SIGFPE ? "divides by zero"
                       : on_a_stack(address) ? "has more local variables than its stack holds"
                                             : "uses memory that is not there";
    find({.kind = kind, .pc = pc, .text = who + what, .lane = lane});
    stop();
}

static void watch(double seconds) {
    // What a kernel prints beyond this is lost.
    rlimit most = {16 << 20, 16 << 20};
    setrlimit(RLIMIT_FSIZE, &most);
    signal(SIGXFSZ, SIG_IGN);
    static char own_stack[64 << 10];
    stack_t stack = {};
    stack.ss_sp = own_stack;
    stack.ss_size = sizeof own_stack;
    sigaltstack(&stack, nullptr);
    struct sigaction action = {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM})
        sigaction(number, &action, nullptr);
    itimerval timer = {};
    timer.it_value.tv_sec = long(seconds);
    timer.it_value.tv_usec = long((seconds - long(seconds)) * 1e6);
    setitimer(ITIMER_REAL, &timer, nullptr);
}

static std::string word(FILE* in) {
    char text[4096];
    return fscanf(in, "%4095s", text) == 1 ? text : "";
}

static std::string rest_of_line(FILE* in) {
    char text[4096];
    return fscanf(in, " %4095[^\n]", text) == 1 ? text : "";
}

static long number(FILE* in) { return atol(word(in).c_str()); }

static dim3 size(FILE* in) {
    u32 x = number(in), y = number(in), z = number(in);
    return dim3(x, y, z);
}

static int serve(const char* request, const char* data_path) {
    FILE* in = fopen(request, "r");
    int file = open(data_path, O_RDWR);
    data_size = lseek(file, 0, SEEK_END);
    if (data_size)
        data = static_cast<char*>(mmap(nullptr, data_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    const Entry* entry = nullptr;
    dim3 grid, block;
    size_t shared = 0;
    double seconds = 10;
    std::vector<u64> values;
    values.reserve(4096);  // arguments point into it
    std::vector<void*> arguments;
    std::vector<char> structures;
    for (std::string key = word(in); !key.empty(); key = word(in)) {
        if (key == "entry") {
            std::string name = rest_of_line(in);
            for (entry = entries; entry->name && name != entry->name; entry++) {}
        } else if (key == "judging") judging = number(in);
        else if (key == "seed") running.seed = number(in);
        else if (key == "seconds") seconds = atof(word(in).c_str());
        else if (key == "grid") grid = size(in);
        else if (key == "block") block = size(in);
        else if (key == "shared") shared = number(in);
        else if (key == "variable") {  // space address bytes itemsize owner name
            Space space = Space(number(in));
            u64 from = number(in), bytes = number(in);
            u32 itemsize = number(in);
            u64 owner = number(in);
            add_region({.from = from, .to = from + bytes, .space = space, .name = word(in), .owner = owner,
                        .itemsize = itemsize, .initialised = space != Space::shared});
        } else if (key == "buffer") {  // place in data, bytes, offset, itemsize, initialised, name
            size_t at = number(in), bytes = number(in), offset = number(in);
            u32 itemsize = number(in);
            bool initialised = number(in);
            char* buffer = place(bytes, offset, itemsize, initialised, word(in));
            memcpy(buffer, data + at, bytes);
            transfers.push_back({buffer, data + at, bytes});
            values.push_back(reinterpret_cast<u64>(buffer));
            arguments.push_back(&values.back());
        } else if (key == "value") {
            values.push_back(strtoull(word(in).c_str(), nullptr, 16));
            arguments.push_back(&values.back());
        }
    }
    auto dynamic = reinterpret_cast<uintptr_t>(aire_dynamic);
    add_region({.from = dynamic, .to = dynamic, .space = Space::shared, .name = "the dynamic shared memory"});
    running.kernel = entry->name;
    watch(seconds);
    u64 result[8] = {};
    entry->call(*entry, Shape(grid, block, shared), arguments.data(), result);
    check_guards();
    write_results();
    FILE* out = fopen(result_path.c_str(), "a");
    fprintf(out, "result\t%lx\n", result[0]);
    fclose(out);
    return 0;
}

}  // namespace aire

int main(int count, char** words) {
    if (count == 2) {
        for (const aire::Entry* e = aire::entries; e->name; e++) {
            printf("%s\t", e->name);
            e->print(stdout);
            putchar('\n');
        }
        return 0;
    }
    aire::result_path = words[3];
    return aire::serve(words[1], words[2]);
}
