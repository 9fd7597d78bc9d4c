// SPDX-License-Identifier: GPL-2.0-or-later
//
// pair_style gaq [threads N] [backward BITS]
// pair_coeff * * FILE.gaq ELEMENT...        one element for each atom type
//
// The engine evaluates the atoms of this rank and its ghosts, and asks for rows of ghosts between layers; LAMMPS carries
// them. The halo is the cutoff alone, however many layers there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gaq.h"
#include "pair.h"

namespace LAMMPS_NS {

class PairGaq : public Pair {
 public:
  explicit PairGaq(LAMMPS*);
  ~PairGaq() override;
  PairGaq(const PairGaq&) = delete;
  PairGaq& operator=(const PairGaq&) = delete;

  void settings(int, char**) override;
  void coeff(int, char**) override;
  void init_style() override;
  double init_one(int, int) override;
  void setup() override;
  void compute(int, int) override;
  double memory_usage() override;

  // Rows of the engine, as doubles that hold their bits.
  int pack_forward_comm(int, int*, double*, int, int*) override;
  void unpack_forward_comm(int, int, double*) override;
  int pack_reverse_comm(int, int, double*) override;
  void unpack_reverse_comm(int, int*, double*) override;

 private:
  void open(const std::string& path);
  void choose_elements(const std::string& path, int count, char** names);
  void allocate();
  void check_masses() const;
  int widest_rows();
  static int width_of(int columns, int bytes) { return int((size_t(columns) * size_t(bytes) + 7) / sizeof(double)); }
  gaq_system look_at_atoms(int atoms, bool whole);
  bool agree(bool fine);
  bool fine_everywhere(bool fine) const;
  void stop_if_any_failed(int32_t status);
  [[noreturn]] void stop_all(bool failed_here);
  std::string about(const char* sentence) const;
  void warn_outside();
  void add(int atoms, int owned, double energy, const double* gradient);
  static void forward(void* pair, void* rows, int32_t columns, int32_t bytes);
  static void backward(void* pair, void* rows, int32_t columns, int32_t bytes);
  bool carry(void* rows, int32_t columns, int32_t bytes);

  gaq_engine* engine_ = nullptr;
  gaq_options options_{};
  gaq_info info_{};
  double unit_ = 1;  // of LAMMPS's energy in eV
  std::vector<int32_t> number_;  // [type] atomic number
  std::vector<int32_t> species_;  // [atom]
  std::vector<double> forces_, energies_;
  double cell_[9] = {};

  char* rows_ = nullptr;  // that are carried just now
  size_t row_bytes_ = 0;
  int columns_ = 0, width_ = 0;  // width in doubles
  bool warned_ = false;  // of atoms unlike the training data
  bool agreed_ = false, failed_ = false;  // in this evaluation: whether all ranks have spoken, and one cannot go on
};

}  // namespace LAMMPS_NS
