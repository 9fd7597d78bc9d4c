// Greedy colouring: each task, the largest first, goes to the first round in which both of its chunks are free. Tasks
// of like size then share a round, and threads finish it together.
#include "neighbors/chunks.hpp"

#include <algorithm>
#include <cstring>

namespace gaq::neighbors {
namespace {

struct ChunkPair {
  int32_t a, b, round;
  int64_t count, next;  // pairs; where the next one goes
};

bool before(const Pair& p, const Pair& q) {
  return std::lexicographical_compare(p.shift, p.shift + 3, q.shift, q.shift + 3);
}

class Scheduler {
 public:
  Scheduler(const Rows& rows, int64_t chunk)
      : rows_(rows), chunk_(chunk), places_(int64_t(rows.first.size())), chunks_((places_ + chunk - 1) / chunk) {}

  void run(const std::vector<int32_t>& order, const Wrapped& wrapped, const Lattice& lattice, Schedule& schedule) {
    count();
    colour();
    lay_out(schedule);
    schedule.pairs.resize(rows_.neighbors.size());
    for (int32_t a = 0; a < chunks_; ++a) {
      for (int64_t t = first_task_[a]; t < first_task_[a + 1]; ++t) task_of_[tasks_[t].b] = t;
      for (int64_t place = begin(a); place < begin(a + 1); ++place)
        write_row(int32_t(place), order, wrapped, lattice, schedule.pairs.data());
    }
  }

 private:
  int64_t begin(int64_t a) const { return std::min(a * chunk_, places_); }

  // tasks_: those of each chunk, in the order in which its pairs name them.
  void count() {
    task_of_.assign(size_t(chunks_), -1);
    for (int32_t a = 0; a < chunks_; ++a) {
      const size_t first = tasks_.size();
      first_task_.push_back(int64_t(first));
      tasks_.push_back({a, a, 0, 0, 0});
      task_of_[a] = int64_t(first);
      for (int64_t place = begin(a); place < begin(a + 1); ++place)
        for (int64_t k = rows_.first[place]; k < rows_.last[place]; ++k) {
          const int32_t b = int32_t(Neighbor::place(rows_.neighbors[k]) / chunk_);
          if (task_of_[b] < int64_t(first)) {
            task_of_[b] = int64_t(tasks_.size());
            tasks_.push_back({a, b, 0, 0, 0});
          }
          ++tasks_[task_of_[b]].count;
        }
    }
    first_task_.push_back(int64_t(tasks_.size()));
  }

  void colour() {
    std::vector<int64_t> largest_first;
    for (int64_t t = 0; t < int64_t(tasks_.size()); ++t)
      if (tasks_[t].a != tasks_[t].b) largest_first.push_back(t);
    std::stable_sort(largest_first.begin(), largest_first.end(),
                     [this](int64_t p, int64_t q) { return tasks_[p].count > tasks_[q].count; });
    std::vector<std::vector<uint64_t>> taken(size_t(chunks_), std::vector<uint64_t>(1, 1));  // a bit per round
    for (int64_t t : largest_first) {
      auto &a = taken[tasks_[t].a], &b = taken[tasks_[t].b];
      const int32_t round = first_free(a, b);
      tasks_[t].round = round;
      take(a, round);
      take(b, round);
      round_count_ = std::max(round_count_, round + 1);
    }
  }

  static int32_t first_free(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
    for (size_t word = 0;; ++word) {
      const uint64_t taken = (word < a.size() ? a[word] : 0) | (word < b.size() ? b[word] : 0);
      for (int bit = 0; taken != ~uint64_t(0) && bit < 64; ++bit)
        if (!(taken >> bit & 1)) return int32_t(64 * word + size_t(bit));
    }
  }

  static void take(std::vector<uint64_t>& rounds, int32_t round) {
    if (rounds.size() <= size_t(round) / 64) rounds.resize(size_t(round) / 64 + 1, 0);
    rounds[size_t(round) / 64] |= uint64_t(1) << (round % 64);
  }

  void lay_out(Schedule& schedule) {
    std::vector<std::vector<int64_t>> members;
    members.resize(size_t(round_count_));
    for (int64_t t = 0; t < int64_t(tasks_.size()); ++t) members[tasks_[t].round].push_back(t);
    int64_t total = 0;
    schedule.rounds.clear();
    for (const auto& round : members) {
      schedule.rounds.emplace_back();
      for (int64_t t : round) {
        tasks_[t].next = total;
        schedule.rounds.back().push_back({total, total + tasks_[t].count});
        total += tasks_[t].count;
      }
    }
  }

  void write_row(int32_t i, const std::vector<int32_t>& order, const Wrapped& wrapped, const Lattice& lattice,
                 Pair* pairs) {
    const int32_t* from = &wrapped.outside[3 * size_t(order[i])];
    Pair* same = nullptr;  // first pair of the last j
    for (int64_t k = rows_.first[i]; k < rows_.last[i]; ++k) {
      const uint64_t packed = rows_.neighbors[k];
      Pair pair{i, Neighbor::place(packed), {}};
      const int32_t* to = &wrapped.outside[3 * size_t(order[pair.j])];
      for (int m = 0; m < 3; ++m) {
        int64_t shift = int64_t(from[m]) - to[m];
        for (int n = 0; n < 3; ++n) shift += Neighbor::image(packed, n) * lattice.combination[n][m];
        pair.shift[m] = int32_t(shift);
      }
      Pair* slot = pairs + tasks_[task_of_[pair.j / chunk_]].next++;
      *slot = pair;
      if (same == nullptr || same->j != pair.j) same = slot;
      // Images sorted in the reduced lattice need not be sorted in the caller's.
      for (Pair* p = slot; p > same && before(p[0], p[-1]); --p) std::swap(p[0], p[-1]);
    }
  }

  const Rows& rows_;
  const int64_t chunk_, places_, chunks_;
  std::vector<ChunkPair> tasks_;
  std::vector<int64_t> first_task_, task_of_;  // [chunk]
  int32_t round_count_ = 1;
};

}  // namespace

void make_schedule(const Rows& rows, const std::vector<int32_t>& order, const Wrapped& wrapped, const Lattice& lattice,
                   int64_t chunk, Schedule& schedule) {
  Scheduler(rows, chunk).run(order, wrapped, lattice, schedule);
}

}  // namespace gaq::neighbors
