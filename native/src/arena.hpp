// One piece of memory, handed out in order; it grows when a larger system comes and is kept afterwards.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gaq {

class Arena {
 public:
  Arena() = default;
  ~Arena() { std::free(memory_); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `plan(arena)` takes what it needs twice: once to count, once for real.
  template <class Plan>
  void lay_out(const Plan& plan) {
    counting_ = true;
    used_ = 0;
    plan(*this);
    if (used_ > size_) {
      std::free(memory_);
      memory_ = nullptr;
      size_ = 0;
      allocate();
    }
#if defined(GAQ_POISON)
    std::memset(memory_, poison, size_t(size_));
#endif
    counting_ = false;
    used_ = 0;
    plan(*this);
  }

  // Sixteen numbers of slack, so that a whole register may be read at the end.
  template <class Number>
  void take(Number*& pointer, int64_t count) {
    const int64_t bytes = (count + 16) * int64_t(sizeof(Number));
    pointer = counting_ ? nullptr : reinterpret_cast<Number*>(memory_ + used_);
    used_ += (bytes + alignment - 1) / alignment * alignment;
  }

  int64_t size() const { return size_; }

 private:
  // In sanitizer builds memory is handed out as NaN, whether float or double, and as -1 where it is of integers: what is
  // read before it is written then shows in the answer, which is refused.
  static constexpr int poison = 0xFF;
  static constexpr int64_t alignment = 64, large_page = int64_t(1) << 21;

  // Rows of atoms are read here and there: with large pages their addresses are found without walking through tables.
  void allocate() {
    const int64_t grain = used_ >= 4 * large_page ? large_page : alignment;
    const int64_t bytes = (used_ + grain - 1) / grain * grain;
    memory_ = static_cast<char*>(std::aligned_alloc(size_t(grain), size_t(bytes)));
    if (!memory_) throw std::bad_alloc();
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (grain == large_page) madvise(memory_, size_t(bytes), MADV_HUGEPAGE);
#endif
    size_ = bytes;
  }

  char* memory_ = nullptr;
  int64_t size_ = 0, used_ = 0;
  bool counting_ = false;
};

}  // namespace gaq
