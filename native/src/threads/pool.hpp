// Threads that wait for work. Work is cut in the same pieces whatever their number, so results do not depend on it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gaq {

class Pool {
 public:
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const { return int(workers_.size()) + 1; }
  // Calls work(piece, worker) for every piece 0 … pieces-1; returns when all are done; passes on the first exception.
  void run(int64_t pieces, const std::function<void(int64_t piece, int worker)>& work);

 private:
  void serve(int worker);
  void take(int worker);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable start_, done_;
  const std::function<void(int64_t, int)>* work_ = nullptr;
  int64_t pieces_ = 0, next_ = 0;
  int busy_ = 0;
  uint64_t round_ = 0;
  bool stop_ = false;
  std::exception_ptr failure_;
};

}  // namespace gaq
