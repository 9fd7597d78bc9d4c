// From step to step the engine asks for no memory: all of it is there after the first evaluation.
#include <atomic>
#include <cstdlib>
#include <new>

#include "engine_cases.hpp"

namespace {
std::atomic<int64_t> asked{0};
}

// All that are not aligned; those for arrays call these. Inlined, GCC would take them for a mistake.
#define NOT_INLINED __attribute__((noinline))
NOT_INLINED void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++asked;
  return std::malloc(size ? size : 1);
}
NOT_INLINED void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
NOT_INLINED void operator delete(void* memory) noexcept { std::free(memory); }
NOT_INLINED void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
NOT_INLINED void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace {

using namespace gaq_test;

// How often memory is asked for in ten steps of atoms that hardly move, after the first two.
int64_t asked_in_steps(const Subject& subject, Atoms atoms) {
  Answer answer = scratch_for(atoms.count());
  const gaq_system system = atoms.system();
  const gaq_result result = result_into(answer);
  int64_t before = 0;
  for (int step = 0; step < 12; ++step) {
    if (step == 2) before = asked;
    atoms.positions[0] += 1e-3;
    if (gaq_evaluate(subject.engine(), &system, &result) != GAQ_OK) return -1;
  }
  const int64_t found = asked - before;
  gaq_info info;
  gaq_describe(subject.engine(), &info);
  CHECK_EQ(info.neighbor_builds, int64_t(1));
  CHECK(info.arena_bytes > 0);
  return found;
}

void check_steps() {
  const Atoms box = in_box({4.4, 0, 0, 0.9, 4.2, 0, -0.7, 1.3, 4.6}, 2, 2, 2, 3);
  for (const char* name : models_of_every_gauge)
    for (const int32_t threads : {1, 3})
      for (const Atoms& atoms : {molecule(), box, on_grid(4, 4, 4, 1.8, 0.2, 2), on_grid(9, 9, 8, 1.9, 0.2, 4)})
        CHECK_EQ(asked_in_steps(Subject(name, {threads, 0, 0, 0}), atoms), int64_t(0));
}

// What a first evaluation asks for is seen.
void check_that_asking_is_seen() {
  const Subject subject("fp32-l1");
  const Atoms atoms = molecule();
  const int64_t before = asked;
  subject.evaluate(atoms);
  CHECK(asked > before);
}

}  // namespace

int main() {
  check_steps();
  check_that_asking_is_seen();
  return finish();
}
