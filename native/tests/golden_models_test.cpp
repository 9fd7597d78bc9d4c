// Whole models: the same bits from every instruction set, number of threads and batch; PyTorch's figures to a tolerance.
#include "golden_models.hpp"

#include <sstream>

#include "check.hpp"
#include "kernels/kernels.hpp"

namespace {

// Round-off in float32 curves and sums; an energy is about -4000 eV here, of which a float32 share is some 10 eV.
constexpr double most_energy = 2e-4;  // eV; a code beside its threshold
constexpr double most_force = 2e-3;  // eV/Å

std::vector<std::string> instruction_sets() {
  std::istringstream names(gaq::available_kernels());
  std::vector<std::string> found;
  for (std::string name; std::getline(names >> std::ws, name, ',');) found.push_back(name);
  return found;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

void check_model(const std::string& path) {
  const gaq::GoldenFrames frames = gaq_test::golden_frames(path);
  const gaq_test::Answers plain = gaq_test::answers(path, frames, {1, 0, false, "scalar"});
  CHECK_EQ(plain.problem, "");
  for (const std::string& isa : instruction_sets()) {
    for (const bool batch : {false, true})
      for (const int threads : {1, 3}) CHECK((gaq_test::answers(path, frames, {threads, 0, batch, isa}) == plain));
  }
  const gaq_test::Answers exact = gaq_test::answers(path, frames, {1, 32, false, ""});
  CHECK_EQ(exact.energies.size(), frames.energies.size());
  CHECK_NEAR(largest_difference(exact.energies, frames.energies), 0, most_energy);
  CHECK_NEAR(largest_difference(exact.forces, frames.forces), 0, most_force);
  CHECK(largest_difference(exact.forces, std::vector<double>(exact.forces.size())) > 0.1);
}

void check_that_differences_are_seen(const std::string& path) {
  gaq::GoldenFrames frames = gaq_test::golden_frames(path);
  const gaq_test::Answers before = gaq_test::answers(path, frames, {});
  frames.positions[0] += 1e-3;
  const gaq_test::Answers after = gaq_test::answers(path, frames, {});
  CHECK(!(before == after));
  CHECK(largest_difference(before.forces, after.forces) > most_force);
}

}  // namespace

int main() {
  const std::vector<std::string> models = gaq_test::files_in(gaq_test::beside(__FILE__, "golden/models"));
  CHECK(models.size() >= 8);
  CHECK(!instruction_sets().empty());
  for (const std::string& path : models) check_model(path);
  check_that_differences_are_seen(models.front());
  CHECK(!gaq_test::answers(models.front(), gaq_test::golden_frames(models.front()), {1, 0, false, "none"})
             .problem.empty());
  return finish();
}
