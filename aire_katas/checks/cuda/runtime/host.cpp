// What host code asks of the device: memory, copies, events, properties. Its answers are an H100's.

#include <algorithm>
#include <chrono>
#include <map>

#include "state.h"

namespace aire {

static cudaError_t last_error = cudaSuccess;

cudaError_t failed(cudaError_t error) { return last_error = error; }

cudaError_t allocate(void** pointer, size_t bytes, int line) {
    *pointer = place(bytes, 0, 4, false, "the cudaMalloc of line " + std::to_string(line));
    return *pointer ? cudaSuccess : failed(cudaErrorMemoryAllocation);
}

static bool fits(const void* pointer, size_t bytes, int line, const char* what) {
    auto from = reinterpret_cast<uintptr_t>(pointer);
    if (!in_arena(from)) return true;
    Region* region = region_at(from);
    if (region && from + bytes <= region->to) return true;
    find({.kind = "bounds", .line = line, .address = from, .size = u32(bytes), .access = what});
    return false;
}

static bool on_device(const void* pointer) {
    auto address = reinterpret_cast<uintptr_t>(pointer);
    return in_arena(address) || in_program(address);
}

cudaError_t copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, int line) {
    bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    bool wrong = kind != cudaMemcpyDefault && bytes &&
                 ((to_device ? !on_device(to) : in_arena(reinterpret_cast<uintptr_t>(to))) ||
                  (from_device ? !on_device(from) : in_arena(reinterpret_cast<uintptr_t>(from))));
    if (wrong) {
        find({.kind = "host", .line = line,
              .text = "cudaMemcpy is told another direction than its pointers have"});
        return failed(cudaErrorInvalidValue);
    }
    if (!fits(to, bytes, line, "cudaMemcpy writes") || !fits(from, bytes, line, "cudaMemcpy reads"))
        return failed(cudaErrorInvalidValue);
    memmove(to, from, bytes);
    if (on_device(to)) fill(reinterpret_cast<uintptr_t>(to), bytes);
    return cudaSuccess;
}

static std::map<const void*, size_t> asked_for;  // by kernel: bytes of dynamic shared memory

size_t allowed_dynamic(const void* kernel) {
    auto asked = asked_for.find(kernel);
    return asked == asked_for.end() ? default_shared - static_shared(kernel) : asked->second;
}

cudaError_t set_attribute(const void* kernel, cudaFuncAttribute attribute, int value) {
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    if (value < 0 || value + static_shared(kernel) > most_shared) return failed(cudaErrorInvalidValue);
    asked_for[kernel] = value;
    return cudaSuccess;
}

// Registers, which the lab does not know, may allow fewer.
cudaError_t occupancy(int* blocks, const void* kernel, int threads, size_t dynamic) {
    if (threads < 1 || threads > 1024) return failed(cudaErrorInvalidValue);
    size_t by_warps = 64 / ((threads + 31) / 32), reserved = 1 << 10;
    size_t by_memory = (228 << 10) / (static_shared(kernel) + dynamic + reserved);
    *blocks = dynamic > allowed_dynamic(kernel) ? 0 : int(std::min({size_t(32), by_warps, by_memory}));
    return cudaSuccess;
}

static double milliseconds() {
    using namespace std::chrono;
    return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

cudaError_t record(cudaEvent_t event) {
    if (!event) return failed(cudaErrorInvalidResourceHandle);
    event->recorded = milliseconds();
    return cudaSuccess;
}

}  // namespace aire

cudaError_t cudaMemset(void* to, int byte, size_t bytes, int line) {
    if (!aire::fits(to, bytes, line, "cudaMemset writes")) return aire::failed(cudaErrorInvalidValue);
    memset(to, byte, bytes);
    aire::fill(reinterpret_cast<uintptr_t>(to), bytes);
    return cudaSuccess;
}

cudaError_t cudaFree(void* pointer, int line) {
    aire::Region* region = aire::region_at(reinterpret_cast<uintptr_t>(pointer));
    if (!pointer) return cudaSuccess;
    if (!region || region->from != reinterpret_cast<uintptr_t>(pointer)) {
        aire::find({.kind = "host", .line = line, .text = "cudaFree of what no cudaMalloc gave"});
        return aire::failed(cudaErrorInvalidDevicePointer);
    }
    memset(pointer, aire::poison, region->to - region->from);
    region->to = region->from;  // whoever uses it from now on is out of bounds
    region->name += ", which is freed";
    return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float* taken, cudaEvent_t from, cudaEvent_t to) {
    if (!from || !to || !from->recorded || !to->recorded) return aire::failed(cudaErrorInvalidResourceHandle);
    *taken = float(to->recorded - from->recorded);
    return cudaSuccess;
}

cudaError_t cudaPeekAtLastError() { return aire::last_error; }
cudaError_t cudaGetLastError() { return std::exchange(aire::last_error, cudaSuccess); }

// The device ----------------------------------------------------------------------------------------------

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
    if (device) return aire::failed(cudaErrorInvalidDevice);
    *p = {};
    strcpy(p->name, "AIRE katas: a CPU that acts as sm_90");
    p->totalGlobalMem = size_t(80) << 30;
    p->totalConstMem = 64 << 10;
    p->major = 9;
    p->warpSize = 32;
    p->multiProcessorCount = 132;
    p->maxThreadsPerBlock = p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024;
    p->maxThreadsDim[2] = 64;
    p->maxGridSize[0] = 0x7fffffff;
    p->maxGridSize[1] = p->maxGridSize[2] = 65535;
    p->maxThreadsPerMultiProcessor = 2048;
    p->maxBlocksPerMultiProcessor = 32;
    p->regsPerBlock = p->regsPerMultiprocessor = 65536;
    p->sharedMemPerBlock = 48 << 10;
    p->sharedMemPerBlockOptin = 227 << 10;
    p->sharedMemPerMultiprocessor = 228 << 10;
    p->reservedSharedMemPerBlock = 1 << 10;
    p->l2CacheSize = 50 << 20;
    p->memoryBusWidth = 5120;
    p->unifiedAddressing = p->concurrentKernels = 1;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
    cudaDeviceProp p;
    if (cudaError_t error = cudaGetDeviceProperties(&p, device)) return error;
    switch (attribute) {
        case cudaDevAttrMaxThreadsPerBlock: *value = p.maxThreadsPerBlock; break;
        case cudaDevAttrMaxSharedMemoryPerBlock: *value = int(p.sharedMemPerBlock); break;
        case cudaDevAttrWarpSize: *value = p.warpSize; break;
        case cudaDevAttrMaxRegistersPerBlock: *value = p.regsPerBlock; break;
        case cudaDevAttrMultiProcessorCount: *value = p.multiProcessorCount; break;
        case cudaDevAttrL2CacheSize: *value = p.l2CacheSize; break;
        case cudaDevAttrMaxThreadsPerMultiProcessor: *value = p.maxThreadsPerMultiProcessor; break;
        case cudaDevAttrComputeCapabilityMajor: *value = p.major; break;
        case cudaDevAttrComputeCapabilityMinor: *value = p.minor; break;
        case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *value = int(p.sharedMemPerMultiprocessor); break;
        case cudaDevAttrMaxRegistersPerMultiprocessor: *value = p.regsPerMultiprocessor; break;
        case cudaDevAttrCooperativeLaunch: *value = 0; break;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = int(p.sharedMemPerBlockOptin); break;
        case cudaDevAttrMaxBlocksPerMultiprocessor: *value = p.maxBlocksPerMultiProcessor; break;
        case cudaDevAttrReservedSharedMemoryPerBlock: *value = int(p.reservedSharedMemPerBlock); break;
        default: return aire::failed(cudaErrorInvalidValue);
    }
    return cudaSuccess;
}

struct Error {
    cudaError_t error;
    const char *name, *text;
};
static constexpr Error errors[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {cudaErrorInvalidDevicePointer, "cudaErrorInvalidDevicePointer", "invalid device pointer"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
};

const char* cudaGetErrorName(cudaError_t error) {
    for (const Error& one : errors)
        if (one.error == error) return one.name;
    return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
    for (const Error& one : errors)
        if (one.error == error) return one.text;
    return "unrecognized error code";
}
