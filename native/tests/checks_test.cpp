// Structures that are refused, and the sentences that say why.
#include <cmath>
#include <cstring>
#include <limits>

#include "check.hpp"
#include "neighbors_oracle.hpp"

using oracle::Box;
using oracle::periodicity;
using oracle::refusal;

namespace {

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

void refusals() {
  const double inf = std::numeric_limits<double>::infinity();
  Box box;
  CHECK(says(refusal(box.view()), "no atoms"));
  box.x = {0, 0, 0, 1, inf, 0, 2, 0, 0, std::nan(""), 0, 0};
  CHECK(says(refusal(box.view()), "not finite (inf) at atoms 1 and 3; expected numbers in Å"));
  box.x = {0, 0, 0, 1, 0, 1e20};
  CHECK(says(refusal(box.view()), "atom 1 at 1e+20 Å"));
  box.x = {0, 0, 0, 1, 0, 0, 1.05, 0, 0, 5, 0, 0, 5.1, 0, 0};
  CHECK(says(refusal(box.view()), "atoms 1 and 2 at 0.0500 Å from each other, closer than 0.2 Å"));
  box.x = {0, 0, 0, 1, 0, 0};
  periodicity(box, 7);
  CHECK(says(refusal(box.view()), "span no volume"));
  const double flat[3][3] = {{4, 0, 0}, {4, 1e-7, 0}, {0, 0, 4}};
  std::memcpy(box.system.cell, flat, sizeof flat);
  CHECK(says(refusal(box.view()), "span no volume"));
  const double small[3][3] = {{0.15, 0, 0}, {0, 5, 0}, {0, 0, 5}};
  std::memcpy(box.system.cell, small, sizeof small);
  CHECK(says(refusal(box.view()), "atoms 0 and 0 at 0.1500 Å from each other"));
  const double good[3][3] = {{4, 0, 0}, {0, 4, 0}, {0, 0, 4}};
  std::memcpy(box.system.cell, good, sizeof good);
  CHECK_EQ(refusal(box.view()), "");
  CHECK(says(refusal(box.view(), 1e6), "cannot be counted"));
  box.x[4] = 1e13;
  CHECK(says(refusal(box.view()), "atom 1 more than"));
  box.system.cell[1][2] = std::nan("");
  CHECK(says(refusal(box.view()), "not nine finite numbers"));
  // All atoms in one place: the list would have a pair for every two of them.
  Box heap;
  heap.x.assign(3 * 100000, 0.5);
  CHECK(says(refusal(heap.view()), "at 0.0000 Å from each other"));
}

}  // namespace

int main() {
  refusals();
  return finish();
}
