// Prints the neighbour list of a structure, for comparison with other programs. Reads from standard input: cutoff and
// skin (Å), three flags of periodicity, nine numbers of the cell (Å, rows), the number of atoms, and their positions
// (Å). Writes a line per pair: two atoms and the shift of the second. Status 2 for a structure that is refused.
#include <cstdio>
#include <iostream>
#include <vector>

#include "error.hpp"
#include "neighbors/neighbors.hpp"

int main() {
  double cutoff = 0, skin = 0;
  gaq::System system;
  std::cin >> cutoff >> skin;
  for (bool& flag : system.periodic) std::cin >> flag;
  for (auto& row : system.cell)
    for (double& number : row) std::cin >> number;
  std::cin >> system.atoms;
  std::vector<double> positions(std::cin && system.atoms > 0 ? size_t(3 * system.atoms) : 0);
  for (double& number : positions) std::cin >> number;
  if (!std::cin) {
    std::fprintf(stderr, "expected cutoff, skin, three flags, nine numbers of the cell, atoms, and their positions\n");
    return 1;
  }
  system.positions = positions.data();
  try {
    gaq::NeighborList list(cutoff, skin);
    list.update(system, system.atoms);
    for (const gaq::Pair& pair : list.pairs())
      std::printf("%d %d %d %d %d\n", list.order()[pair.i], list.order()[pair.j], pair.shift[0], pair.shift[1],
                  pair.shift[2]);
  } catch (const gaq::BadStructure& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
