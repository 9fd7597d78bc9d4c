// SPDX-License-Identifier: GPL-2.0-or-later
//
// Symbols of the elements and their atomic numbers.
#pragma once

#include <cstring>

namespace gaq_lammps {

constexpr const char *symbols[] = {
    "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",  "S",  "Cl", "Ar", "K",  "Ca",
    "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",  "Zr",
    "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd",
    "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re", "Os", "Ir", "Pt", "Au", "Hg",
    "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",  "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm",
    "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og"};
constexpr int count = int(sizeof symbols / sizeof symbols[0]);

// 0 for what is no element.
inline int number_of(const char *symbol) {
  for (int z = 1; z <= count; ++z)
    if (std::strcmp(symbols[z - 1], symbol) == 0) return z;
  return 0;
}

inline const char *symbol_of(int z) { return z >= 1 && z <= count ? symbols[z - 1] : "?"; }

}  // namespace gaq_lammps
