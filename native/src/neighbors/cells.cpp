// The cells and the search through them.
#include "neighbors/cells.hpp"

#include <algorithm>
#include <cmath>

#include "neighbors/checks.hpp"

namespace gaq::neighbors {
namespace {

int64_t floor_division(int64_t a, int64_t b) { return a / b - (a % b < 0); }

// Lexicographically positive in the caller's lattice vectors.
bool positive(const int64_t image[3], const Lattice& lattice) {
  for (int m = 0; m < 3; ++m) {
    int64_t shift = 0;
    for (int k = 0; k < 3; ++k) shift += image[k] * lattice.combination[k][m];
    if (shift != 0) return shift > 0;
  }
  return false;
}

struct Cell {
  int64_t at[3];
  int32_t first, last;  // of the atoms sorted by cell
};

// Part of the sorted atoms, seen through a lattice translation.
struct Range {
  int32_t first, last;
  double translation[3];
  uint64_t image;
};

struct Hit {
  double squared;  // distance, Å²
  int32_t member;  // of the atoms sorted by cell
};

class Search {
 public:
  Search(const System& system, const Lattice& lattice, const Wrapped& wrapped, const std::vector<int32_t>& order,
         double reach, int64_t owned, Rows& rows)
      : lattice_(lattice),
        order_(order),
        squared_reach_(reach * reach),
        owned_(owned),
        close_(system.atoms),
        rows_(rows) {
    divide(system, wrapped, reach);
    fill(wrapped);
    list_own_images(reach);
  }

  void run() {
    const size_t atoms = order_.size();
    rows_.neighbors.clear();
    rows_.first.assign(atoms, 0);
    rows_.last.assign(atoms, 0);
    for (const Cell& cell : cells_) {
      list_ranges(cell);
      for (int32_t k = cell.first; k < cell.last; ++k)
        if (place_[k] < owned_) find_row(k);
    }
    close_.refuse_any();
  }

 private:
  // How many cells there are in each direction, and how many of them the reach spans.
  void divide(const System& system, const Wrapped& wrapped, double reach) {
    width_ = reach + wrapped.rounding;
    for (int k = 0; k < 3; ++k) {
      if (!lattice_.periodic[k]) continue;
      const double height = lattice_.height[k];
      // Of a box of two or three cells, a stencil of three would see most parts more than once.
      const double fit = height < 3 * width_ ? 2 * height / width_ : height / width_;
      count_[k] = std::max<int64_t>(1, int64_t(fit));
      const double span = std::ceil(width_ * double(count_[k]) / height);
      if (!(span <= Neighbor::most)) refuse_thin(system);
      span_[k] = int64_t(span);
    }
    double most_shift = 0;  // in cells of the caller
    for (int m = 0; m < 3; ++m) {
      double sum = 0;
      for (int k = 0; k < 3; ++k)
        if (lattice_.periodic[k]) sum += double(span_[k]) * std::fabs(double(lattice_.combination[k][m]));
      most_shift = std::max(most_shift, sum);
    }
    if (most_shift > double(most_cells)) refuse_thin(system);
  }

  void locate(const double* x, int64_t at[3]) const {
    double s[3];
    lattice_.coordinates(x, s);
    for (int k = 0; k < 3; ++k) {
      // Rounding may leave a wrapped atom just outside of the box.
      if (lattice_.periodic[k])
        at[k] = std::clamp<int64_t>(int64_t(std::floor(s[k] * double(count_[k]))), 0, count_[k] - 1);
      else
        at[k] = int64_t(std::floor(s[k] / width_));
    }
  }

  // The number of a cell, or −1; a new one with `add`.
  int32_t find(const int64_t at[3], bool add) {
    const uint64_t mixed = (uint64_t(at[0]) * 0x9E3779B97F4A7C15u ^ uint64_t(at[1])) * 0xC2B2AE3D27D4EB4Fu ^
                           uint64_t(at[2]) * 0x165667B19E3779F9u;
    const size_t mask = table_.size() - 1;
    size_t slot = (mixed ^ mixed >> 29) * 0x9E3779B97F4A7C15u >> 20 & mask;
    for (; table_[slot] >= 0; slot = (slot + 1) & mask) {
      const Cell& cell = cells_[table_[slot]];
      if (cell.at[0] == at[0] && cell.at[1] == at[1] && cell.at[2] == at[2]) return table_[slot];
    }
    if (!add) return -1;
    table_[slot] = int32_t(cells_.size());
    cells_.push_back({{at[0], at[1], at[2]}, 0, 0});
    return table_[slot];
  }

  void fill(const Wrapped& wrapped) {
    const size_t atoms = order_.size();
    size_t size = 64;
    while (size < 2 * atoms) size *= 2;
    table_.assign(size, -1);
    std::vector<int32_t> cell_of(atoms);
    for (size_t place = 0; place < atoms; ++place) {
      int64_t at[3];
      locate(&wrapped.positions[3 * size_t(order_[place])], at);
      cell_of[place] = find(at, true);
      ++cells_[cell_of[place]].last;
    }
    int32_t total = 0;
    for (Cell& cell : cells_) {
      const int32_t inside = cell.last;
      hit_.resize(std::max(hit_.size(), size_t(inside) + 1));
      cell.first = cell.last = total;
      total += inside;
    }
    place_.resize(atoms);
    positions_.resize(3 * atoms);
    for (size_t place = 0; place < atoms; ++place) {
      const int32_t k = cells_[cell_of[place]].last++;
      place_[k] = int32_t(place);
      for (int m = 0; m < 3; ++m) positions_[3 * size_t(k) + m] = wrapped.positions[3 * size_t(order_[place]) + m];
    }
  }

  // Images of an atom that it sees itself: the same for all.
  void list_own_images(double reach) {
    int64_t most[3] = {}, image[3];
    for (int k = 0; k < 3; ++k)
      if (lattice_.periodic[k]) most[k] = int64_t(std::ceil(reach / lattice_.height[k]));
    for (image[0] = -most[0]; image[0] <= most[0]; ++image[0])
      for (image[1] = -most[1]; image[1] <= most[1]; ++image[1])
        for (image[2] = -most[2]; image[2] <= most[2]; ++image[2]) {
          double x[3];
          translate(image, x);
          if (positive(image, lattice_) && x[0] * x[0] + x[1] * x[1] + x[2] * x[2] < squared_reach_)
            own_images_.push_back(Neighbor::pack_image(image));
        }
  }

  void translate(const int64_t image[3], double x[3]) const {
    for (int m = 0; m < 3; ++m) {
      x[m] = 0;
      for (int k = 0; k < 3; ++k)
        if (image[k] != 0) x[m] += double(image[k]) * lattice_.axes[k][m];
    }
  }

  void list_ranges(const Cell& cell) {
    ranges_.clear();
    int64_t step[3];
    for (step[0] = -span_[0]; step[0] <= span_[0]; ++step[0])
      for (step[1] = -span_[1]; step[1] <= span_[1]; ++step[1])
        for (step[2] = -span_[2]; step[2] <= span_[2]; ++step[2]) {
          int64_t at[3], image[3] = {};
          for (int k = 0; k < 3; ++k) {
            at[k] = cell.at[k] + step[k];
            if (!lattice_.periodic[k]) continue;
            image[k] = floor_division(at[k], count_[k]);
            at[k] -= image[k] * count_[k];
          }
          const int32_t found = find(at, false);
          if (found < 0) continue;
          Range range{cells_[found].first, cells_[found].last, {}, Neighbor::pack_image(image)};
          translate(image, range.translation);
          ranges_.push_back(range);
        }
  }

  void find_row(int32_t k) {
    const int32_t place = place_[k];
    const double* x = &positions_[3 * size_t(k)];
    row_.clear();
    for (uint64_t image : own_images_) row_.push_back(Neighbor::pack(place, image));
    for (const Range& range : ranges_) {
      if (place_[range.last - 1] <= place) continue;  // places of a cell ascend
      const double from[3] = {x[0] - range.translation[0], x[1] - range.translation[1], x[2] - range.translation[2]};
      const int32_t hits = compare(from, range);
      for (int32_t n = 0; n < hits; ++n) {
        const int32_t other = place_[hit_[n].member];
        if (other <= place) continue;
        row_.push_back(Neighbor::pack(other, range.image));
        close_.see(hit_[n].squared, order_[place], order_[other]);
      }
    }
    std::sort(row_.begin(), row_.end());
    rows_.first[place] = int64_t(rows_.neighbors.size());
    rows_.neighbors.insert(rows_.neighbors.end(), row_.begin(), row_.end());
    rows_.last[place] = int64_t(rows_.neighbors.size());
  }

  // Members of the range within reach, to hit_. Without a branch that depends on distances: none could foretell it.
  int32_t compare(const double from[3], const Range& range) {
    Hit* hit = hit_.data();
    int32_t hits = 0;
    for (int32_t l = range.first; l < range.last; ++l) {
      const double* y = &positions_[3 * size_t(l)];
      const double d[3] = {y[0] - from[0], y[1] - from[1], y[2] - from[2]};
      const double squared = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      hit[hits] = {squared, l};
      hits += squared < squared_reach_;
    }
    return hits;
  }

  const Lattice& lattice_;
  const std::vector<int32_t>& order_;
  const double squared_reach_;
  const int64_t owned_;
  Coinciding close_;
  double width_ = 0;
  int64_t count_[3] = {1, 1, 1}, span_[3] = {1, 1, 1};
  std::vector<int32_t> table_;
  std::vector<Cell> cells_;
  std::vector<int32_t> place_;     // of the atoms sorted by cell
  std::vector<double> positions_;  // [atom][3], sorted by cell
  std::vector<uint64_t> own_images_, row_;
  std::vector<Range> ranges_;
  std::vector<Hit> hit_;
  Rows& rows_;
};

}  // namespace

void find_rows(const System& system, const Lattice& lattice, const Wrapped& wrapped, const std::vector<int32_t>& order,
               double reach, int64_t owned, Rows& rows) {
  Search(system, lattice, wrapped, order, reach, owned, rows).run();
}

}  // namespace gaq::neighbors
