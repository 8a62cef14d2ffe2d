// From a launch to threads: what kernel<<<grid, block>>>(arguments) becomes, and the functions that Python
// may call by name.
#pragma once

// extern __shared__ T name[]; is written T* const name = reinterpret_cast<T*>(aire_dynamic);
extern "C" char aire_dynamic[];

namespace aire {

struct Shape {
    dim3 grid, block;
    size_t shared;
    int line;
    Shape(dim3 grid, dim3 block, size_t shared = 0, cudaStream_t = nullptr, AIRE_LINE)
        : grid(grid), block(block), shared(shared), line(line) {}
};

struct Kernel {
    const char* name;
    const void* address;
    bool is_tests;  // who has no host code to ask for more shared memory with
};

// Runs body(context) once for every thread of the grid.
void launch(const Shape& shape, const Kernel& kernel, void (*body)(void*), void* context);

template <class K, class... A>
struct Call {
    K kernel;
    std::tuple<A...> given;
    template <size_t... I>
    AIRE_UNSEEN void run(std::index_sequence<I...>) {
        kernel(std::get<I>(given)...);
    }
    AIRE_UNSEEN static void body(void* call) {
        static_cast<Call*>(call)->run(std::index_sequence_for<A...>());
    }
};

// source.py writes k<<<g, b>>>(x, y) as ::aire::Launch("k", k, ::aire::Shape(g, b))(x, y). This one is for a
// template whose arguments follow from those of the call.
template <class K>
struct Launch {
    const char* name;
    K kernel;
    Shape shape;
    Launch(const char* name, K kernel, const Shape& shape) : name(name), kernel(kernel), shape(shape) {}
    template <class... A>
    void operator()(A... given) const {
        Call<K, A...> call{kernel, std::tuple<A...>(given...)};
        launch(shape, {name, nullptr, false}, call.body, &call);
    }
};

template <class... A>
struct Launch<void (*)(A...)> {
    const char* name;
    void (*kernel)(A...);
    Shape shape;
    Launch(const char* name, void (*kernel)(A...), const Shape& shape)
        : name(name), kernel(kernel), shape(shape) {}
    void operator()(A... given) const {
        Call<void (*)(A...), A...> call{kernel, std::tuple<A...>(std::move(given)...)};
        launch(shape, {name, reinterpret_cast<const void*>(kernel), false}, call.body, &call);
    }
    template <class... G, class = std::enable_if_t<sizeof...(G) != sizeof...(A)>>
    __attribute__((error("the kernel takes another number of arguments"))) void operator()(G... given) const;
};
template <class... A>
Launch(const char*, void (*)(A...), const Shape&) -> Launch<void (*)(A...)>;

// What Python may call ----------------------------------------------------------------------------------

// A type in Python's words: "i4" a 32-bit integer, "f4" a float, "*f4" a pointer to floats, "*const f4".
template <class T>
struct Type {
    static constexpr char kind = std::is_floating_point_v<T> ? 'f' : std::is_same_v<T, bool> ? 'b'
        : std::is_integral_v<T> ? (std::is_signed_v<T> ? 'i' : 'u') : 'V';
    static void print(FILE* out) { fprintf(out, " %c%zu", kind, sizeof(T)); }
};
template <class T>
struct Type<T*> {
    static void print(FILE* out) {
        fprintf(out, std::is_const_v<T> ? " *const" : " *");
        Type<std::remove_cv_t<T>>::print(out);
    }
};
template <>
struct Type<void> {
    static void print(FILE* out) { fprintf(out, " V0"); }
};

struct Entry {
    const char* name;
    void (*print)(FILE* out);
    // Runs the kernel on the shape, or the host function; each argument is pointed to.
    void (*call)(const Entry& entry, const Shape& shape, void** arguments, void* result);
};
extern const Entry entries[];

template <auto function>
struct Enter;
template <class R, class... A, R (*function)(A...)>
struct Enter<function> {
    static void print(FILE* out) {
        Type<std::remove_cv_t<R>>::print(out);
        (..., (fputc(',', out), Type<std::remove_cv_t<A>>::print(out)));
    }
    template <size_t... I>
    AIRE_UNSEEN static R run(void** arguments, std::index_sequence<I...>) {
        return function(*static_cast<std::remove_reference_t<A>*>(arguments[I])...);
    }
    AIRE_UNSEEN static void body(void* arguments) {
        run(static_cast<void**>(arguments), std::index_sequence_for<A...>());
    }
    static void kernel(const Entry& entry, const Shape& shape, void** arguments, void*) {
        launch(shape, {entry.name, reinterpret_cast<const void*>(function), true}, body, arguments);
    }
    AIRE_UNSEEN static void host(const Entry&, const Shape&, void** arguments, void* result) {
        if constexpr (std::is_void_v<R>) {
            body(arguments);
        } else {
            R value = run(arguments, std::index_sequence_for<A...>());
            __builtin_memcpy(result, &value, sizeof value);
        }
    }
};

}  // namespace aire

#define AIRE_KERNEL(name, ...) \
    {name, aire::Enter<(__VA_ARGS__)>::print, aire::Enter<(__VA_ARGS__)>::kernel}
#define AIRE_HOST(name, ...) \
    {name, aire::Enter<(__VA_ARGS__)>::print, aire::Enter<(__VA_ARGS__)>::host}
