// Whether atoms lie outside of what the model was trained on; twin of src/gaq/atoms/domain.py, in the same words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "description.hpp"
#include "geometry/frames.hpp"

namespace gaq {

// The worst of each kind, by the caller's atoms, and how many there are.
struct Outside {
  struct Close {
    int64_t count = 0, i = 0, j = 0;
    double distance = 0, closest = 0;
    int32_t z = 0, other = 0;
  } close;
  struct Crowd {
    int64_t count = 0, atom = 0;
    int32_t neighbors = 0, fewest = 0, most = 0, z = 0;
    double off = 0;
  } crowd;
  struct Large {
    int64_t count = 0, atom = 0;
    int32_t z = 0;
    double ratio = 0;
  } large;

  bool any() const { return close.count || crowd.count || large.count; }
  std::string sentence(double cutoff) const;
};

class DomainCheck {
 public:
  explicit DomainCheck(const Description& description) : description_(description) {}

  // Pairs closer than the cutoff, species rows and the caller's atoms by place; `features` [place][row_width], where padding is
  // zero.
  Outside look(const ActivePair* pairs, int64_t count, const std::vector<int32_t>& rows,
               const std::vector<int32_t>& order, int64_t owned, const float* features, int row_width);

 private:
  const Description& description_;
  std::vector<int32_t> neighbors_;  // [place]
};

}  // namespace gaq
