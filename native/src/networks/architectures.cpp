// The networks that the engine runs. A new one: a folder beside this file, and a line here.
#include <algorithm>

#include "networks/network.hpp"
#include "networks/painn/painn.hpp"
#include "networks/transformer/transformer.hpp"

namespace gaq {

const Architecture architectures[] = {
    {"transformer", read_transformer, open_transformer},
    {"painn", read_painn, open_painn},
};

const Architecture& architecture_of(const std::string& name, const Source& source) {
  std::string known;
  for (const Architecture& one : architectures) {
    if (name == one.name) return one;
    known += (known.empty() ? "'" : ", '") + std::string(one.name) + "'";
  }
  source.refuse("has architecture " + quoted(name) + "; this engine runs " + known,
                "Update gaq, or export another model.");
}

std::unique_ptr<Network> open_network(const Description& model, int backward_bits, const Kernels& kernels) {
  const Architecture& architecture = architecture_of(model.architecture, Source("the model"));
  std::unique_ptr<Network> network = architecture.open(model, backward_bits, kernels);
  network->each_linear([&](const LinearPlan& linear, int) {
    network->coefficients = std::max(network->coefficients, linear.directions.outputs);
  });
  return network;
}

}  // namespace gaq
