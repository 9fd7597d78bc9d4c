// The neighbours of each atom, from the list of pairs: what an atom receives from, and what it sends to.
#pragma once

#include <cstdint>
#include <vector>

#include "geometry/geometry.hpp"

namespace gaq {

// One message, as its receiver sees it. Read from its other end it is the message that this atom sends: `reverse` says where
// the other atom holds that one.
struct Neighbor {
  int32_t end;      // 2 · pair for the message i ← j, 2 · pair + 1 for j ← i: the row of two-sided arrays of pairs
  int32_t atom;     // the sender
  int32_t reverse;  // where `atom` holds the message that it receives from here
};

struct Adjacency {
  std::vector<int64_t> first;  // [atom + 1]
  std::vector<Neighbor> all;   // of one atom after the other, each in the order of the pairs
  std::vector<int32_t> place;  // [2 · pairs] where its receiver holds a message

  void build(const PairInvariants& pairs, int64_t atoms);
};

}  // namespace gaq
