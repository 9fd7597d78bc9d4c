// What a network is to the rest of the engine, and the table of the architectures that there are.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arena.hpp"
#include "description.hpp"
#include "file/refusal.hpp"
#include "layers/plan.hpp"

namespace gaq {

struct Kernels;
struct NetworkFile;
struct Evaluation;

// The buffers of one evaluator and the two passes that use them.
struct Execution {
  virtual ~Execution() = default;
  // Takes from the arena what evaluating so many atoms and pairs needs.
  virtual void needs(Arena& arena, int64_t atoms, int64_t pairs) = 0;
  // Atomic energies in the network's units to evaluation.energy; returns the last scalar features [owned][Network::row].
  virtual const float* forward(Evaluation& evaluation) = 0;
  // Gradients of pairs to evaluation.gradients; networks that carry vectors add to evaluation.torque what turning the axes
  // of atoms does, others leave that to the geometry.
  virtual void backward(Evaluation& evaluation) = 0;
};

// Weights as the kernels want them, shared by all evaluators.
struct Network {
  virtual ~Network() = default;
  virtual std::unique_ptr<Execution> execution() const = 0;
  // Every linear layer, and how many rows make one of its inputs: 1 for scalars, 2l+1 for vectors.
  virtual void each_linear(const std::function<void(const LinearPlan&, int components)>& body) const = 0;
  // Every slot of features that do not enter a linear layer.
  virtual void each_slot(const std::function<void(const std::string& slot, const FeatureScheme&)>&) const {}

  int row = 0;            // floats of a row of scalar features, padded
  int widest = 0;         // floats of the widest row of an atom that a block of atoms needs
  int components = 1;     // the most rows that an atom has in a linear layer
  int coefficients = 0;   // the most that a linear layer multiplies a row with to find what is taken off
  bool local = false;     // vectors in the frames of their atoms
  bool carries = false;   // messages carry vectors, out of the axes of one atom into those of another
  int boundaries = 0;     // between layers: there rows of ghosts are exchanged, of these widths
  std::vector<int32_t> exchanged;
};

struct Architecture {
  const char* name;  // as the header of a file says it
  std::unique_ptr<NetworkDescription> (*read)(NetworkFile& file);  // throws BadFile; calls no kernel
  std::unique_ptr<Network> (*open)(const Description& model, int backward_bits, const Kernels& kernels);
};

extern const Architecture architectures[];
// Refuses the file of a network that is not among them.
const Architecture& architecture_of(const std::string& name, const Source& source);
// The network of a description that was read.
std::unique_ptr<Network> open_network(const Description& model, int backward_bits, const Kernels& kernels);

}  // namespace gaq
