// SPDX-License-Identifier: GPL-2.0-or-later
//
// Rows of ghosts between ranks, by LAMMPS's own communication, and how all ranks stop when one cannot go on.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "pair_gaq.h"

using namespace LAMMPS_NS;

// The engine refuses atoms before its first call, so this is where ranks learn that all of them are under way.
bool PairGaq::carry(void* rows, int32_t columns, int32_t bytes) {
  if (!agreed_) agree(true);
  rows_ = static_cast<char*>(rows);
  row_bytes_ = size_t(columns) * size_t(bytes);
  columns_ = columns;
  width_ = width_of(columns, bytes);
  return !failed_;
}

void PairGaq::forward(void* pair, void* rows, int32_t columns, int32_t bytes) {
  PairGaq& self = *static_cast<PairGaq*>(pair);
  if (self.carry(rows, columns, bytes)) self.comm->forward_comm(&self, self.width_);
}

void PairGaq::backward(void* pair, void* rows, int32_t columns, int32_t bytes) {
  PairGaq& self = *static_cast<PairGaq*>(pair);
  if (self.carry(rows, columns, bytes)) self.comm->reverse_comm(&self, self.width_);
}

int PairGaq::pack_forward_comm(int count, int* list, double* buffer, int, int*) {
  for (int n = 0; n < count; ++n, buffer += width_) {
    buffer[width_ - 1] = 0;  // half of it may stay free
    std::memcpy(buffer, rows_ + size_t(list[n]) * row_bytes_, row_bytes_);
  }
  return count * width_;
}

void PairGaq::unpack_forward_comm(int count, int first, double* buffer) {
  for (int n = first; n < first + count; ++n, buffer += width_) {
#ifdef GAQ_LAMMPS_BROKEN_ON_PURPOSE  // for a test that must notice it
    std::memset(rows_ + size_t(n) * row_bytes_, 0, row_bytes_);
#else
    std::memcpy(rows_ + size_t(n) * row_bytes_, buffer, row_bytes_);
#endif
  }
}

int PairGaq::pack_reverse_comm(int count, int first, double* buffer) {
  for (int n = first; n < first + count; ++n, buffer += width_) {
    buffer[width_ - 1] = 0;
    std::memcpy(buffer, rows_ + size_t(n) * row_bytes_, row_bytes_);
  }
  return count * width_;
}

namespace {

template <class Number>
void add_rows(char* rows, size_t row_bytes, const int* list, int count, int columns, const double* buffer, int width) {
  for (int n = 0; n < count; ++n, buffer += width) {
    Number* row = reinterpret_cast<Number*>(rows + size_t(list[n]) * row_bytes);
    const char* bits = reinterpret_cast<const char*>(buffer);
    for (int k = 0; k < columns; ++k) {
      Number value;
      std::memcpy(&value, bits + size_t(k) * sizeof value, sizeof value);
      row[k] += value;
    }
  }
}

}  // namespace

void PairGaq::unpack_reverse_comm(int count, int* list, double* buffer) {
  if (row_bytes_ == size_t(columns_) * sizeof(float))
    add_rows<float>(rows_, row_bytes_, list, count, columns_, buffer, width_);
  else
    add_rows<double>(rows_, row_bytes_, list, count, columns_, buffer, width_);
}

// Whether every rank is fine. Ranks that are go on without exchange until the engine returns, and then stop with all.
bool PairGaq::agree(bool fine) {
  agreed_ = true;
  failed_ = !fine_everywhere(fine);
  return !failed_;
}

bool PairGaq::fine_everywhere(bool fine) const {
  int here = fine, everywhere = 0;
  MPI_Allreduce(&here, &everywhere, 1, MPI_INT, MPI_MIN, world);
  return everywhere != 0;
}

// Ranks agree twice: before the first exchange, where atoms are refused, and after the last, where answers are. A rank
// that fails between the two (out of memory) cannot reach the others, which wait for its rows: it ends the run alone.
void PairGaq::stop_if_any_failed(int32_t status) {
  const bool fine = status == GAQ_OK;
  if (!fine && status != GAQ_NOT_FINITE && status != GAQ_OUTSIDE && agreed_ && !failed_ && comm->nprocs > 1)
    error->one(FLERR, about(gaq_last_error(engine_)));
  if (!agreed_) agree(fine);
  if (failed_ || !fine_everywhere(fine)) stop_all(!fine);
}

// The sentence of the first rank that cannot go on, as the one error of all.
void PairGaq::stop_all(bool failed_here) {
  const std::string here = failed_here ? about(gaq_last_error(engine_)) : "";
  int mine = failed_here ? comm->me : comm->nprocs, first = 0;
  MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, world);
  char sentence[1024] = "";
  if (mine == first) std::snprintf(sentence, sizeof sentence, "%s", here.c_str());
  MPI_Bcast(sentence, sizeof sentence, MPI_CHAR, first, world);
  error->all(FLERR, std::string(sentence));
}

// The engine counts the atoms of a rank from 0; people know them by LAMMPS's numbers.
std::string PairGaq::about(const char* sentence) const {
  const int atoms = atom->nlocal + atom->nghost;
  int first, second, end = 0;
  const auto tag = [&](int n) { return std::to_string(atom->tag[n]); };
  const auto there = [&](int n) { return atom->tag_enable && n >= 0 && n < atoms; };
  if (std::sscanf(sentence, "The structure has atoms %d and %d at %n", &first, &second, &end) == 2 && end &&
      there(first) && there(second)) {
    const char* distance = sentence + end;
    const char* stop = std::strchr(distance, '.');
    stop = stop ? std::strchr(stop + 1, ',') : nullptr;
    return "pair style gaq: atoms " + tag(first) + " and " + tag(second) + " are " +
           std::string(distance, stop ? stop : distance + std::strlen(distance)) +
           ", closer than 0.2 Å; check that lengths are in Å and that the run is stable";
  }
  if (std::sscanf(sentence, "The structure has positions that are not finite%n", &end) == 0 && end) {
    const double* x = &atom->x[0][0];
    for (int n = 0; n < atoms; ++n)
      for (int k = 0; k < 3; ++k)
        if (!(std::abs(x[3 * n + k]) <= 1e300) && there(n))
          return "pair style gaq: atom " + tag(n) +
                 " has a position that is not finite; the run became unstable. Take a shorter time step, or relax the "
                 "structure first.";
  }
  if (std::sscanf(sentence, "atom %d has %n", &first, &end) == 1 && end && there(first))
    return "pair style gaq: atom " + tag(first) + " has " + (sentence + end);
  return std::string("pair style gaq: ") + sentence;
}
