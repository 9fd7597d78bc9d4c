// Sentences about structures that no force field can evaluate.
#include "neighbors/checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "error.hpp"

namespace gaq::neighbors {
namespace {

std::string number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// "atom 4", "atoms 3 and 7", "atoms 0, 1, 2, 3, 4, 5 and 9 more".
std::string list_atoms(const std::vector<int64_t>& atoms) {
  std::vector<std::string> shown;
  for (size_t k = 0; k < std::min<size_t>(atoms.size(), 6); ++k) shown.push_back(std::to_string(atoms[k]));
  if (atoms.size() > shown.size()) shown.push_back(std::to_string(atoms.size() - shown.size()) + " more");
  std::string text = atoms.size() == 1 ? "atom " : "atoms ";
  for (size_t k = 0; k < shown.size(); ++k) text += (k == 0 ? "" : k + 1 == shown.size() ? " and " : ", ") + shown[k];
  return text;
}

std::string list_vectors(const System& system) {
  std::string text;
  for (int k = 0; k < 3; ++k) {
    if (!system.periodic[k]) continue;
    const double* a = system.cell[k];
    text += (text.empty() ? "[" : ", [") + number("%.6g", a[0]) + ", " + number("%.6g", a[1]) + ", " +
            number("%.6g", a[2]) + "]";
  }
  return "[" + text + "]";
}

void check_positions(const System& system) {
  std::vector<int64_t> broken;
  double value = 0;
  int64_t far = -1;
  for (int64_t k = 0; k < 3 * system.atoms; ++k) {
    const double x = system.positions[k];
    if (std::fabs(x) <= farthest) continue;
    if (std::isfinite(x)) {
      if (far < 0) far = k;
    } else if (broken.empty() || broken.back() != k / 3) {
      if (broken.empty()) value = x;
      broken.push_back(k / 3);
    }
  }
  if (!broken.empty())
    throw BadStructure("The structure has positions that are not finite (" +
                       std::string(std::isnan(value) ? "nan"
                                   : value > 0       ? "inf"
                                                     : "-inf") +
                       ") at " + list_atoms(broken) +
                       "; expected numbers in Å. Remove the structure or repair the file.");
  if (far >= 0)
    throw BadStructure("The structure has atom " + std::to_string(far / 3) + " at " +
                       number("%.3g", system.positions[far]) + " Å; expected less than " + number("%.0e", farthest) +
                       " Å, beyond which numbers in double precision no longer tell atoms apart. "
                       "Move the structure to the origin.");
}

}  // namespace

void check_numbers(const System& system) {
  if (system.atoms <= 0)
    throw BadStructure("The structure has no atoms. Remove it, or give a structure with at least one atom.");
  if (system.atoms > most_cells)
    throw BadStructure("The structure has " + std::to_string(system.atoms) + " atoms; expected at most " +
                       std::to_string(most_cells) + ". Divide it into domains.");
  check_positions(system);
  for (int k = 0; k < 9; ++k)
    if (!std::isfinite(system.cell[k / 3][k % 3]))
      throw BadStructure(
          "The structure has a cell that is not nine finite numbers; expected three lattice vectors in Å.");
  for (int k = 0; k < 9; ++k)
    if (system.periodic[k / 3] && std::fabs(system.cell[k / 3][k % 3]) > farthest)
      throw BadStructure("The structure is periodic with lattice vectors " + list_vectors(system) +
                         "; expected components less than " + number("%.0e", farthest) +
                         " Å. Check the cell, or switch off periodicity where nothing repeats.");
}

void refuse_flat(const System& system) {
  throw BadStructure("The structure is periodic, but its lattice vectors " + list_vectors(system) +
                     " span no volume. Give the cell (Lattice=\"...\" in extended XYZ), or set pbc=\"F F F\" for a "
                     "molecule.");
}

void refuse_thin(const System& system) {
  throw BadStructure("The structure has lattice vectors " + list_vectors(system) +
                     ", of such different lengths or so nearly parallel that images within the cutoff cannot be "
                     "counted. Give the cell by its shortest lattice vectors.");
}

void refuse_unwrapped(int64_t atom) {
  throw BadStructure("The structure has atom " + std::to_string(atom) + " more than " + std::to_string(most_cells) +
                     " cells away from its box. Wrap the atoms into the cell.");
}

void refuse_coinciding(double distance, int64_t first, int64_t second) {
  throw BadStructure("The structure has atoms " + std::to_string(std::min(first, second)) + " and " +
                     std::to_string(std::max(first, second)) + " at " + number("%.4f", distance) +
                     " Å from each other, closer than 0.2 Å. Remove the structure, or check that positions are in Å "
                     "and not in nm or in fractions of the cell.");
}

void Coinciding::keep(double squared, int64_t first, int64_t second) {
  if (squared < squared_) {
    squared_ = squared;
    first_ = first;
    second_ = second;
  }
  if (++count_ > atoms_) refuse_any();
}

void Coinciding::refuse_any() const {
  if (count_ > 0) refuse_coinciding(std::sqrt(squared_), first_, second_);
}

}  // namespace gaq::neighbors
