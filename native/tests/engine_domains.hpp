// Domains of a system, each with its ghosts, and what they say to each other while the engine evaluates them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <vector>

#include "engine_cases.hpp"

namespace gaq_test {

// One domain: its atoms, those it owns first, and where each ghost has its owner.
struct Domain {
  Atoms atoms;
  int64_t owned = 0;
  std::vector<int32_t> whole;  // [atom] number in the whole system
};

inline void append(Domain& domain, const Atoms& all, int64_t atom, const double* shift) {
  domain.whole.push_back(int32_t(atom));
  domain.atoms.species.push_back(all.species[size_t(atom)]);
  for (size_t k = 0; k < 3; ++k) domain.atoms.positions.push_back(all.positions[3 * size_t(atom) + k] + shift[k]);
}

inline bool within(const Domain& domain, const double* x, double reach) {
  for (int64_t n = 0; n < domain.owned; ++n) {
    const double* y = &domain.atoms.positions[3 * size_t(n)];
    const double d[3] = {x[0] - y[0], x[1] - y[1], x[2] - y[2]};
    if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < reach * reach) return true;
  }
  return false;
}

constexpr double reach = 5.6;  // Å: the cutoff of the models and a skin

// Owns the atoms for which `mine` holds; ghosts are all others, and all images, within reach.
template <class Mine>
Domain cut(const Atoms& all, const Mine& mine) {
  constexpr double none[3] = {0, 0, 0};
  Domain domain;
  for (int64_t atom = 0; atom < all.count(); ++atom)
    if (mine(atom)) append(domain, all, atom, none);
  domain.owned = domain.atoms.count();
  int images[3];
  for (int k = 0; k < 3; ++k) images[k] = all.periodic[k] ? 6 : 0;
  for (int a = -images[0]; a <= images[0]; ++a)
    for (int b = -images[1]; b <= images[1]; ++b)
      for (int c = -images[2]; c <= images[2]; ++c) {
        double shift[3] = {0, 0, 0};
        for (size_t k = 0; k < 3 && !all.cell.empty(); ++k)
          shift[k] = a * all.cell[k] + b * all.cell[3 + k] + c * all.cell[6 + k];
        for (int64_t atom = 0; atom < all.count(); ++atom) {
          if (!(a || b || c) && mine(atom)) continue;
          double x[3];
          for (size_t k = 0; k < 3; ++k) x[k] = all.positions[3 * size_t(atom) + k] + shift[k];
          if (within(domain, x, reach)) append(domain, all, atom, shift);
        }
      }
  return domain;
}

// All domains of one system wait for each other, then read the rows of the others.
class Exchange {
 public:
  // One that does not work fills rows of ghosts with zeros and adds nothing.
  Exchange(const std::vector<Domain>& domains, bool works) : domains_(domains), works_(works), rows_(domains.size()) {}

  void forward(size_t me, char* rows, size_t row_bytes) {
    show(me, rows);
    const Domain& mine = domains_[me];
    for (size_t n = size_t(mine.owned); n < mine.whole.size(); ++n) {
      if (works_)
        std::memcpy(rows + n * row_bytes, owner_row(mine.whole[n], row_bytes), row_bytes);
      else
        std::memset(rows + n * row_bytes, 0, row_bytes);
    }
    meet();
  }

  template <class Number>
  void backward(size_t me, Number* rows, size_t columns) {
    show(me, reinterpret_cast<char*>(rows));
    for (size_t other = 0; works_ && other < domains_.size(); ++other) {
      const Domain& theirs = domains_[other];
      for (size_t n = size_t(theirs.owned); n < theirs.whole.size(); ++n) {
        const int64_t place = place_of(domains_[me], theirs.whole[n]);
        if (place < 0) continue;
        const Number* ghost = reinterpret_cast<const Number*>(rows_[other]) + n * columns;
        for (size_t k = 0; k < columns; ++k) rows[size_t(place) * columns + k] += ghost[k];
      }
    }
    meet();
  }

 private:
  // Among the owned ones; −1 where it is not.
  static int64_t place_of(const Domain& domain, int32_t atom) {
    const auto end = domain.whole.begin() + domain.owned;
    const auto found = std::find(domain.whole.begin(), end, atom);
    return found == end ? -1 : found - domain.whole.begin();
  }
  const char* owner_row(int32_t atom, size_t row_bytes) const {
    for (size_t other = 0; other < domains_.size(); ++other)
      if (const int64_t place = place_of(domains_[other], atom); place >= 0)
        return rows_[other] + place * int64_t(row_bytes);
    std::abort();
  }
  // To all others, and sees theirs.
  void show(size_t me, char* rows) {
    rows_[me] = rows;
    meet();
  }
  void meet() {
    std::unique_lock<std::mutex> lock(mutex_);
    const int round = round_;
    if (++waiting_ == domains_.size()) {
      waiting_ = 0;
      ++round_;
      all_here_.notify_all();
    } else {
      const auto met = [&] { return round_ != round; };
      if (!all_here_.wait_for(lock, std::chrono::minutes(2), met)) std::abort();  // another domain failed
    }
  }

  const std::vector<Domain>& domains_;
  bool works_;
  std::vector<char*> rows_;
  std::mutex mutex_;
  std::condition_variable all_here_;
  size_t waiting_ = 0;
  int round_ = 0;
};

}  // namespace gaq_test
