// Local frames: for every atom an orthonormal right-handed triad that turns with its neighbours; twin of
// geometry/frames.py.
#pragma once

#include <cstdint>

#include "neighbors/neighbors.hpp"

namespace gaq {

constexpr double hydrogen_handicap = 1;   // scaled-distance units
constexpr double sine_floor = 0.3;        // two directions must be this far from collinear to be preferred
constexpr double collinear_sine = 1e-3;   // below, the neighbourhood counts as a straight line
constexpr int tie_bits = 30;              // keys are rounded to multiples of 2^-30: round-off must not settle a tie

// A pair closer than the cutoff. x[j] + shift · cell − x[i] and its length (Å); `source` is its index in the list.
struct ActivePair {
  int32_t i, j;
  double displacement[3], distance;
  int64_t source;
};

// What is known of one atom while its two neighbours are chosen. Edges are 2 · pair + side, −1 for none: side 0 is
// received by i and sent by j, side 1 the other way round.
struct FrameChoice {
  int64_t first, second;
  double first_key, second_key, sine;
  double radius, handicap;  // covalent radius (Å); what the atom's key has as a neighbour
};

// The choice for the atoms below `owned`, from pairs in any order. Between equals the first in canonical order wins:
// by sender, then shift, both as the caller counts them.
class FrameChooser {
 public:
  FrameChooser(FrameChoice* choices, int64_t owned, const ActivePair* pairs, const NeighborList& list)
      : choices_(choices), owned_(owned), pairs_(pairs), list_(list) {}

  void choose_first(int64_t pair) const;
  void choose_second(int64_t pair, const double* frames) const;  // with e1 in the frame of each atom

 private:
  bool before(int64_t edge, int64_t other) const;
  void consider_second(FrameChoice& choice, int64_t edge, double key, const double* frame) const;

  FrameChoice* choices_;
  int64_t owned_;
  const ActivePair* pairs_;
  const NeighborList& list_;
};

// Unit vector of an edge, receiver → sender.
void edge_direction(const ActivePair* pairs, int64_t edge, double* unit);

// Frames [9], row-major with columns e1 e2 e3. `start_frame` fills e1 once the first neighbour is known, `finish_frame`
// the rest. Without a second neighbour e2 comes from the axis of space least along e1; without any, e1 is z.
void start_frame(const ActivePair* pairs, const FrameChoice& choice, double* frame);
void finish_frame(const ActivePair* pairs, const FrameChoice& choice, double* frame);
// dE/d(displacement) of the two chosen edges, receiver → sender, from dE/d(frame) [9]; zero where there is none.
void frame_pullback(const ActivePair* pairs, const FrameChoice& choice, const double* frame, const double* gradient,
                    double* first, double* second);

}  // namespace gaq
