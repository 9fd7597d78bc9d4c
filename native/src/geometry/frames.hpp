// Local frames: for every atom an orthonormal right-handed triad that turns with its neighbours; twin of
// geometry/frames.py.
#pragma once

#include <cstdint>

#include "neighbors/neighbors.hpp"

namespace gaq {

constexpr double hydrogen_handicap = 1;   // scaled-distance units
constexpr double even_lead = 0.5;         // scaled-distance units: the lead at which the nearest has e1 to itself
constexpr double sine_floor = 0.3;        // two directions must be this far from collinear to be preferred
constexpr double collinear_sine = 1e-3;   // below, the neighbourhood counts as a straight line
constexpr int tie_bits = 30;              // keys are rounded to multiples of 2^-30: round-off must not settle a tie

// A pair closer than the cutoff. x[j] + shift · cell − x[i] and its length (Å); `source` is its index in the list.
struct ActivePair {
  int32_t i, j;
  double displacement[3], distance;
  int64_t source;
};

// What is known of one atom while its neighbours are chosen. Edges are 2 · pair + side, −1 for none: side 0 is received
// by i and sent by j, side 1 the other way round. `first` and `other` are the two nearest; `second` tells e2, and is
// `other` unless that is nearly collinear with `first`.
struct FrameChoice {
  int64_t first, other, second;
  double first_key, other_key, second_key, sine;
  double radius, handicap;  // covalent radius (Å); what the atom's key has as a neighbour
};

// The choice for the atoms below `owned`, from pairs in any order, and the frames that follow from it: [9] of an atom,
// row-major with columns e1 e2 e3. Between equals the first in canonical order wins: by sender, then shift, both as the
// caller counts them.
class FrameChooser {
 public:
  FrameChooser(FrameChoice* choices, int64_t owned, const ActivePair* pairs, const NeighborList& list)
      : choices_(choices), owned_(owned), pairs_(pairs), list_(list) {}

  void choose_nearest(int64_t pair) const;
  // With u and w the directions to the two nearest and s the evenness of their keys, e1 is along u − s w; it is z where
  // there is no neighbour.
  void start(int64_t place, double* frame) const;
  void choose_second(int64_t pair, const double* frames) const;  // with frames that were started
  // e2 is w + s u, or the direction to a neighbour off their line, or for want of one the axis of space least along e1,
  // made orthogonal to e1.
  void finish(int64_t place, double* frame) const;
  // dE/d(displacement) of the three chosen edges, receiver → sender, from dE/d(frame) [9]; zero where there is none.
  struct Pull {
    double first[3] = {}, other[3] = {}, second[3] = {};
  };
  Pull pull_back(int64_t place, const double* frame, const double* gradient) const;

 private:
  struct Axes;

  bool before(int64_t edge, int64_t other) const;
  void consider_nearest(FrameChoice& choice, int64_t edge, double key) const;
  void consider_second(FrameChoice& choice, int64_t edge, double key, const double* frame) const;
  double scale(int64_t edge) const;
  double key(int64_t edge) const;
  double lead(const FrameChoice& choice) const;
  Axes axes(const FrameChoice& choice) const;
  Pull pull_directions(const FrameChoice& choice, const Axes& axes, const double* g_one, const double* g_two) const;

  FrameChoice* choices_;
  int64_t owned_;
  const ActivePair* pairs_;
  const NeighborList& list_;
};

// Unit vector of an edge, receiver → sender.
void edge_direction(const ActivePair* pairs, int64_t edge, double* unit);

}  // namespace gaq
