// The part of the host's runtime library that a .cu file of this suite uses.
#pragma once

enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorInvalidDevicePointer = 17,
};
enum cudaMemcpyKind {
    cudaMemcpyHostToHost,
    cudaMemcpyHostToDevice,
    cudaMemcpyDeviceToHost,
    cudaMemcpyDeviceToDevice,
    cudaMemcpyDefault,
};
using cudaStream_t = struct aire_stream*;

namespace aire {
cudaError_t allocate(void** pointer, size_t bytes, int line);
cudaError_t copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, int line);
}  // namespace aire

template <class T>
cudaError_t cudaMalloc(T** pointer, size_t bytes, AIRE_LINE) {
    return aire::allocate(reinterpret_cast<void**>(pointer), bytes, line);
}
cudaError_t cudaFree(void* pointer, AIRE_LINE);
cudaError_t cudaMemset(void* to, int byte, size_t bytes, AIRE_LINE);
inline cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, AIRE_LINE) {
    return aire::copy(to, from, bytes, kind, line);
}
inline cudaError_t cudaMemcpyAsync(
    void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t = nullptr, AIRE_LINE) {
    return aire::copy(to, from, bytes, kind, line);
}
inline cudaError_t cudaMemsetAsync(void* to, int byte, size_t bytes, cudaStream_t = nullptr, AIRE_LINE) {
    return cudaMemset(to, byte, bytes, line);
}
template <class T>
cudaError_t cudaMemcpyToSymbol(T& symbol, const void* from, size_t bytes, size_t offset = 0,
                               cudaMemcpyKind kind = cudaMemcpyHostToDevice, AIRE_LINE) {
    return aire::copy(reinterpret_cast<char*>(&symbol) + offset, from, bytes, kind, line);
}
template <class T>
cudaError_t cudaMemcpyFromSymbol(void* to, const T& symbol, size_t bytes, size_t offset = 0,
                                 cudaMemcpyKind kind = cudaMemcpyDeviceToHost, AIRE_LINE) {
    return aire::copy(to, reinterpret_cast<const char*>(&symbol) + offset, bytes, kind, line);
}

cudaError_t cudaGetLastError();
cudaError_t cudaPeekAtLastError();
const char* cudaGetErrorString(cudaError_t error);
const char* cudaGetErrorName(cudaError_t error);

// Every launch is over when it returns: nothing is left to wait for.
inline cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaStreamCreate(cudaStream_t* stream) { return *stream = nullptr, cudaSuccess; }
inline cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
