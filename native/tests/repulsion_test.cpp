// A wall between close atoms: smooth at its ends, forces that are slopes, and nothing beyond it. The domain: what is named.
#include "geometry/repulsion.hpp"

#include "check.hpp"
#include "domain.hpp"

namespace {

using gaq::Description;

Description water() {
  Description d;
  d.species = {1, 8};
  d.cutoff = 5;
  d.channels = 2;
  d.repulsion.inner = {0.6, 0.5, 0.5, 0.9};
  d.repulsion.outer = {0.9, 0.8, 0.8, 1.3};
  d.repulsion.screening = {0.23425, 0.17927637651765727, 0.17927637651765727, 0.1452007643553538};
  d.domain.frames = 3;
  d.domain.closest = {1.4, 0.9, 0.9, 5.0};
  d.domain.neighbors = {2, 2, 2, 2};
  d.domain.largest = {4, 6};
  return d;
}

void check_slopes() {
  const Description d = water();
  const gaq::Repulsion wall(d);
  CHECK_NEAR(wall.reach(), 1.3, 0);
  for (double r = 0.2; r < 1.0; r += 0.0137) {
    double slope, unused;
    const double step = 1e-6;
    wall.energy(r, 0, 1, slope);
    const double found = (wall.energy(r + step, 0, 1, unused) - wall.energy(r - step, 0, 1, unused)) / (2 * step);
    CHECK_NEAR(slope, found, 1e-4 + 1e-6 * std::fabs(slope));
    CHECK(slope <= 0);
    wall.seen(r, 0, 1, slope);
    CHECK_NEAR(slope, (wall.seen(r + step, 0, 1, unused) - wall.seen(r - step, 0, 1, unused)) / (2 * step), 1e-6);
  }
}

void check_beyond() {
  const Description d = water();
  const gaq::Repulsion wall(d);
  double slope;
  CHECK_NEAR(wall.energy(0.8, 0, 1, slope), 0, 0);
  CHECK_NEAR(wall.seen(0.8, 1, 0, slope), 0.8, 0);
  CHECK_NEAR(slope, 1, 0);
  CHECK_NEAR(wall.seen(0.3, 0, 1, slope), 0.65, 1e-15);
  CHECK_NEAR(slope, 0, 0);
  const Description none;
  CHECK_NEAR(gaq::Repulsion(none).reach(), 0, 0);
}

// The value of model/repulsion.py at 0.4 Å between oxygen and hydrogen, twice the share of one atom.
void check_value() {
  const Description d = water();
  double slope;
  CHECK_NEAR(gaq::Repulsion(d).energy(0.4, 0, 1, slope), 56.0, 1.0);
}

void check_domain() {
  const Description d = water();
  gaq::DomainCheck check(d);
  const std::vector<int32_t> rows{1, 0, 0}, order{0, 1, 2};
  std::vector<gaq::ActivePair> pairs{
      {0, 1, {0.96, 0, 0}, 0.96, 0}, {0, 2, {0, 0.96, 0}, 0.96, 1}, {1, 2, {0, 0, 1.5}, 1.5, 2}};
  std::vector<float> features{4, 4, 2, 2, 2, 2};
  CHECK(!check.look(pairs.data(), 3, rows, order, 3, features.data(), 2).any());
  pairs[0].distance = 0.5;
  features[2] = 7;
  const gaq::Outside found = check.look(pairs.data(), 2, rows, order, 3, features.data(), 2);
  CHECK_EQ(found.sentence(5),
           "atoms 0 and 1 (Z = 8 and 1) are 0.500 Å apart; the training data have such atoms at 0.900 Å at the least; "
           "atom 1 (Z = 1) has 1 neighbour within 5 Å; in the training data such atoms have 2 (and 1 more); "
           "the last features of atom 1 (Z = 1) are 1.82 times the largest of such atoms in the training data");
  const std::vector<float> padded{4, 4, 0, 0, 7, 2, 0, 0, 2, 2, 0, 0};  // the engine's rows end with zeros
  CHECK_EQ(check.look(pairs.data(), 2, rows, order, 3, padded.data(), 4).sentence(5), found.sentence(5));
  Description silent = water();
  silent.domain.frames = 0;
  CHECK(!gaq::DomainCheck(silent).look(pairs.data(), 3, rows, order, 3, features.data(), 2).any());
}

}  // namespace

int main() {
  check_slopes();
  check_beyond();
  check_value();
  check_domain();
  return finish();
}
