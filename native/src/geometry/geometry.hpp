// From positions to the numbers that layers see, and back: all in float64, cast once to float32 at the border.
//
// Lab gauge: components of features are those of space. Local gauge: those in the frame of each atom, and vectors that a
// message carries are turned from the sender's frame into the receiver's; then every float32 below is an invariant under
// rotation, and the same to the bit for nearly every rotated copy: the distance is cast before anything is computed from
// it, and components are rounded to a grid before they are cast (pair.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "description.hpp"
#include "geometry/frames.hpp"
#include "geometry/radial.hpp"
#include "geometry/repulsion.hpp"
#include "geometry/vectors.hpp"
#include "neighbors/neighbors.hpp"
#include "system.hpp"

namespace gaq {

class Pool;

// Pairs closer than the cutoff, in the order of the list; arrays [pair][...], with space after the last pair. Row "0"
// of a two-sided array is the message i ← j, row "1" the message j ← i.
struct PairInvariants {
  int64_t count = 0;
  std::vector<int32_t> i, j;  // places
  std::vector<int32_t> knot;  // left knot of the radial table
  std::vector<float> fraction;  // t between that knot and the next
  std::vector<float> steepness;  // dt/dr (per Å)
  std::vector<float> envelope;  // φ(r)
  std::vector<float> harmonics;  // [2][components] Y of the direction receiver → sender, in the receiver's axes
  std::vector<float> transport;  // [9] row-major R_iᵀ R_j; in the local gauge, for networks that carry vectors
  std::vector<std::vector<Task>> rounds;  // as in the list, over active pairs
};

// dE/d(each of the above), by the layers; zeroed by `forward`.
struct PairGradients {
  std::vector<float> radial;  // [2] dE/dr through the tables
  std::vector<float> envelope;  // [2] dE/dφ
  std::vector<float> harmonics;  // [2][components], the axes held fixed
};

// What turning the axes of an atom does, in the local gauge: dE/dω [place][3] for R → R (1 + [ω]×). Networks that carry
// vectors sum it themselves: their transport depends on the positions through the frames alone, so that its gradient is a
// sum over atoms, not pairs. For others the axes turn nothing but the directions, whose share is added here.
using FrameTorque = std::vector<double>;

class Geometry {
 public:
  Geometry(const Description& description, bool local, bool carries);

  // Work is then shared between threads; results do not depend on how many.
  void use(Pool* pool) { pool_ = pool; }

  // `species_row[place]` is the row of the species of the atom at a place in `description.species`.
  // Ghost frames: with an exchange, frames of ghosts are filled by `exchange_frames` (rows of 9 doubles, by place),
  // called once between the two halves: `frames` then `forward`. Throws BadStructure for atoms closer than 0.2 Å.
  void select(const System& system, const NeighborList& list);  // distances; which pairs are active
  void frames(const std::vector<int32_t>& species_row, int64_t owned);  // frame_rows()[place], in the local gauge
  void forward(PairInvariants& out, PairGradients& gradients);  // everything else
  // Forces [place][3] += −dE/dx and virial [3][3] += dE/dε. Turning all axes and all positions together changes nothing;
  // what the float32 of gradients and turns leaves over of that is taken off the turns, unless there are ghosts (`owned`
  // places of more), whose share is elsewhere. Frame gradients of ghosts are left in frame_gradient_rows() for the
  // exchange between `backward_pairs` and `backward_frames`.
  void backward_pairs(const PairGradients& gradients, FrameTorque& torque, int64_t owned, double* forces,
                      double* virial);
  void backward_frames(double* forces, double* virial, int64_t owned);

  // Adds the repulsion: to energies [place] in eV; to forces by the caller's atoms and to the virial, if not null.
  void repel(int64_t owned, double* energies, double* forces, double* virial) const;

  const ActivePair* pairs() const { return pairs_.data(); }
  int64_t count() const { return count_; }

  std::vector<double>& frame_rows() { return frame_; }  // [place][9], columns e1 e2 e3: lab = R local
  std::vector<double>& frame_gradient_rows() { return frame_gradient_; }

 private:
  // One task of the list: where its active pairs begin, how many they are, and the closest of them.
  struct Selection {
    Task listed;
    int64_t first = 0, count = 0, closest = -1;
  };

  void list_tasks(const NeighborList& list);
  void place_positions(const System& system, const NeighborList& list);
  int64_t count_active(const Task& listed) const;
  void gather_active(Selection& selection);
  void list_active_tasks(const NeighborList& list);
  void refuse_coinciding() const;
  void choose_neighbors(const std::vector<int32_t>& species_row, int64_t owned);
  template <int degrees>
  void describe(const Task& task, PairInvariants& out, PairGradients& gradients) const;
  template <int degrees>
  void pull_back(int64_t task, const PairGradients& gradients, FrameTorque& torque, double* forces);
  // What the network sees of a distance, and its slope; the wall is looked up only where one may be.
  double seen(const ActivePair& pair, double& slope) const {
    const double distance = float(pair.distance);
    slope = 1;
    return distance < repulsion_.reach() ? repulsion_.seen(distance, rows_[pair.i], rows_[pair.j], slope) : distance;
  }
  void apply_frame_torque(const FrameTorque& torque, int64_t owned);
  template <class Work>
  void each_task(const Work& work) const;
  template <class Work>
  void each_task_in_rounds(const Work& work) const;

  const Description& description_;
  bool local_, carries_;
  RadialKnots knots_;
  Repulsion repulsion_;
  const int32_t* rows_ = nullptr;  // of the species, by place
  Pool* pool_ = nullptr;
  const NeighborList* list_ = nullptr;  // of the last `select`
  std::vector<double> frame_, frame_gradient_;
  std::vector<double> positions_;  // [place][3] Å
  double cell_[3][3] = {};  // Å
  std::vector<ActivePair> pairs_;  // `count_` of them, and room for more
  int64_t count_ = 0;
  std::vector<FrameChoice> choices_;  // [owned place]
  std::vector<Selection> selections_;  // one per task of the list, in its order
  std::vector<std::vector<Task>> rounds_;  // of active pairs
  std::vector<Task> tasks_;  // the same, one after another
  std::vector<int64_t> round_ends_;  // in `tasks_`
  std::vector<double> virials_, torques_;  // [task][9], [task][3]: of the turned unit vectors
};

}  // namespace gaq
