#include "geometry/adjacency.hpp"

namespace gaq {

void Adjacency::build(const PairInvariants& pairs, int64_t atoms) {
  first.assign(size_t(atoms) + 2, 0);
  for (int64_t pair = 0; pair < pairs.count; ++pair) ++first[pairs.i[pair] + 2], ++first[pairs.j[pair] + 2];
  for (int64_t atom = 0; atom < atoms; ++atom) first[atom + 2] += first[atom + 1];
  all.resize(size_t(2 * pairs.count));
  place.resize(size_t(2 * pairs.count));
  for (int64_t pair = 0; pair < pairs.count; ++pair) {  // first[atom + 1]: where the next of an atom goes
    const int32_t i = pairs.i[pair], j = pairs.j[pair];
    const int64_t at_i = first[i + 1]++, at_j = first[j + 1]++;
    place[2 * pair] = int32_t(at_i);
    place[2 * pair + 1] = int32_t(at_j);
    all[at_i] = {int32_t(2 * pair), j, int32_t(at_j)};
    all[at_j] = {int32_t(2 * pair + 1), i, int32_t(at_i)};
  }
  first.pop_back();
}

}  // namespace gaq
