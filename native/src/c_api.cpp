// The C interface: turns exceptions into a status and a sentence, and nothing else.
#include "gaq.h"
#include "gaq_debug.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <new>

#include "dynamics/dynamics.hpp"
#include "engine.hpp"
#include "error.hpp"
#include "kernels/self_test.hpp"

struct gaq_engine {
  gaq::Engine engine;
  std::string error;
};

namespace {

constexpr const char* version = GAQ_VERSION;

template <class Work>
int32_t guarded(gaq_engine* handle, const Work& work) {
  if (!handle) return GAQ_BAD_ARGUMENT;
  try {
    work(handle->engine);
    return GAQ_OK;
  } catch (const gaq::Error& error) {
    handle->error = error.what();
    return error.status;
  } catch (const std::bad_alloc&) {
    handle->error = "not enough memory for this many atoms";
    return GAQ_NO_MEMORY;
  } catch (const std::exception& error) {
    handle->error = error.what();
    return GAQ_INTERNAL;
  }
}

void say(const std::string& sentence, char* error, size_t size) {
  if (error && size) std::snprintf(error, size, "%s", sentence.c_str());
}

gaq_engine* opened(const void* bytes, size_t size, const std::string& name, const gaq_options* options, char* error,
                   size_t error_size) {
  try {
    const gaq_options none{};
    return new gaq_engine{gaq::Engine(bytes, size, name, options ? *options : none), ""};
  } catch (const std::bad_alloc&) {
    say(name + ": not enough memory", error, error_size);
  } catch (const std::exception& problem) {
    say(problem.what(), error, error_size);
  }
  return nullptr;
}

void need(bool given, const char* what) {
  if (!given) throw gaq::Error(GAQ_BAD_ARGUMENT, std::string(what) + " is missing");
}

}  // namespace

extern "C" {

int32_t gaq_abi(void) { return GAQ_ABI; }

size_t gaq_sizeof(int32_t which) {
  const size_t sizes[] = {sizeof(gaq_options), sizeof(gaq_system),   sizeof(gaq_result), sizeof(gaq_exchange),
                          sizeof(gaq_info),    sizeof(gaq_dynamics), sizeof(gaq_motion)};
  return which >= 0 && which < 7 ? sizes[which] : 0;
}

const char* gaq_version(void) { return version; }

const char* gaq_isa(void) {
  const gaq::Kernels* kernels = gaq::choose_kernels();
  return kernels ? kernels->name : nullptr;
}

gaq_engine* gaq_open_bytes(const void* bytes, size_t size, const gaq_options* options, char* error, size_t error_size) {
  if (!bytes) {
    say("no bytes were given", error, error_size);
    return nullptr;
  }
  return opened(bytes, size, "the file in memory", options, error, error_size);
}

gaq_engine* gaq_open(const char* path, const gaq_options* options, char* error, size_t error_size) {
  if (!path) {
    say("no path was given", error, error_size);
    return nullptr;
  }
  try {
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    const std::streamoff size = stream ? std::streamoff(stream.tellg()) : -1;
    if (size < 0) {
      say(std::string(path) + " cannot be read. Check the name, and that it is a file.", error, error_size);
      return nullptr;
    }
    constexpr std::streamoff largest = std::streamoff(1) << 32;
    if (size > largest) {
      say(std::string(path) + " has more than 4 GiB; that is no packed model.", error, error_size);
      return nullptr;
    }
    std::vector<char> bytes(static_cast<size_t>(size));
    stream.seekg(0);
    if (size && !stream.read(bytes.data(), size)) {
      say(std::string(path) + " could not be read to its end.", error, error_size);
      return nullptr;
    }
    return opened(bytes.data(), bytes.size(), path, options, error, error_size);
  } catch (const std::exception&) {
    say(std::string(path) + " cannot be read: not enough memory.", error, error_size);
    return nullptr;
  }
}

void gaq_close(gaq_engine* handle) { delete handle; }

int32_t gaq_describe(gaq_engine* handle, gaq_info* info) {
  return guarded(handle, [&](gaq::Engine& engine) {
    need(info, "info");
    *info = engine.describe();
  });
}

int32_t gaq_evaluate(gaq_engine* handle, const gaq_system* system, const gaq_result* result) {
  return guarded(handle, [&](gaq::Engine& engine) {
    need(system && result, "system or result");
    engine.evaluate(*system, *result);
  });
}

int32_t gaq_evaluate_batch(gaq_engine* handle, int64_t count, const gaq_system* systems, const gaq_result* results,
                           int64_t* failed) {
  return guarded(handle, [&](gaq::Engine& engine) {
    need(count == 0 || (systems && results), "systems or results");
    if (count < 0) throw gaq::Error(GAQ_BAD_ARGUMENT, "a negative number of structures");
    engine.evaluate_batch(count, systems, results, failed);
  });
}

int32_t gaq_evaluate_domain(gaq_engine* handle, const gaq_system* system, int64_t owned, const gaq_exchange* exchange,
                            const gaq_result* result) {
  return guarded(handle, [&](gaq::Engine& engine) {
    need(system && result, "system or result");
    engine.evaluate_domain(*system, owned, exchange, *result);
  });
}

int32_t gaq_move(gaq_engine* handle, const gaq_system* system, const gaq_dynamics* dynamics, gaq_motion* motion,
                 int64_t steps) {
  return guarded(handle, [&](gaq::Engine& engine) {
    need(system && dynamics && motion, "system, dynamics or motion");
    gaq::move(engine, *system, *dynamics, *motion, steps);
  });
}

const char* gaq_last_error(const gaq_engine* handle) { return handle ? handle->error.c_str() : "there is no engine"; }

const char* gaq_warning(const gaq_engine* handle) { return handle ? handle->engine.warning().c_str() : ""; }

int32_t gaq_set_tap(gaq_engine* handle, gaq_tap tap, void* context) {
  return guarded(handle, [&](gaq::Engine& engine) { engine.set_tap({tap, context}); });
}

int32_t gaq_encode(gaq_engine* handle, const char* name, int64_t rows, int32_t components, int32_t columns,
                   const int32_t* species, const float* values, int32_t* codes, int32_t* directions, float* steps,
                   float* decoded) {
  return guarded(handle, [&](gaq::Engine& engine) {
    need(name && values, "name or values");
    engine.encode(name, rows, components, columns, species, values, codes, directions, steps, decoded);
  });
}

int32_t gaq_linear(gaq_engine* handle, const char* name, int64_t rows, const int32_t* species, const float* inputs,
                   float* outputs) {
  return guarded(handle, [&](gaq::Engine& engine) {
    need(name && inputs && outputs, "name, inputs or outputs");
    engine.linear(name, rows, species, inputs, outputs);
  });
}

int32_t gaq_self_test(char* report, size_t report_size) {
  try {
    const gaq::Kernels* kernels = gaq::choose_kernels();
    if (!kernels) {
      say("the instruction set that GAQ_ISA names is not there", report, report_size);
      return GAQ_BAD_ARGUMENT;
    }
    const std::string fault = gaq::first_difference(*kernels, gaq::scalar_kernels());
    say(fault.empty() ? std::string("all kernels of ") + kernels->name + " equal their plain twins" : fault, report,
        report_size);
    return fault.empty() ? GAQ_OK : GAQ_INTERNAL;
  } catch (const std::exception& problem) {
    say(problem.what(), report, report_size);
    return GAQ_INTERNAL;
  }
}

double gaq_kernel_speed(const char* kernel, int64_t rows, int32_t inputs, int32_t outputs, double seconds) {
  try {
    return kernel ? gaq::kernel_speed(kernel, rows, inputs, outputs, seconds) : 0.0;
  } catch (const std::exception&) {
    return 0.0;
  }
}

}  // extern "C"
