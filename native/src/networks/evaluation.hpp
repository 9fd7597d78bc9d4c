// One evaluation as a network sees it, and how its work is spread over threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gaq.h"
#include "geometry/geometry.hpp"
#include "kernels/kernels.hpp"
#include "threads/pool.hpp"

namespace gaq {

constexpr int64_t block_atoms = 24;  // a block's phases stay in the first caches
constexpr int64_t keep_atoms = 512;  // beyond, what an update computes is computed again in the backward pass

struct Evaluation {
  const Kernels* kernels = nullptr;
  int64_t atoms = 0, owned = 0;     // owned atoms come first, ghosts follow
  const int32_t* species = nullptr; // [atom] row of the species
  const PairInvariants* pairs = nullptr;
  PairGradients* gradients = nullptr;
  double* torque = nullptr;          // [atom][3] zeroed; local gauge only
  double* energy = nullptr;         // [owned]
  std::vector<Scratch>* scratch = nullptr;
  const gaq_exchange* exchange = nullptr;  // null when there are no ghosts
  Pool* pool = nullptr;
  Tap tap;

  // work(block, scratch) for blocks of the atoms first ≤ n < last.
  template <class Work>
  void over_blocks(int64_t first, int64_t last, const Work& work) const {
    const int64_t count = (last - first + block_atoms - 1) / block_atoms;
    auto one = [&](int64_t piece, int worker) {
      const int64_t start = first + piece * block_atoms;
      work(Block{start, std::min(start + block_atoms, last)}, (*scratch)[size_t(worker)]);
    };
    if (pool && count > 1) {
      pool->run(count, [this, &one](int64_t piece, int worker) {  // small enough to need no memory
        const Tiles tiles(*kernels);
        one(piece, worker);
      });
    } else {
      const Tiles tiles(*kernels);
      for (int64_t piece = 0; piece < count; ++piece) one(piece, 0);
    }
  }

  // work(task) round by round: tasks of a round share no atom.
  template <class Work>
  void over_tasks(const Work& work) const {
    for (const std::vector<Task>& round : pairs->rounds) {
      if (pool && round.size() > 1) {
        pool->run(int64_t(round.size()), [&](int64_t piece, int) { work(round[size_t(piece)]); });
      } else {
        for (const Task& task : round) work(task);
      }
    }
  }

  // Fills rows of ghosts from their owners.
  void fill_ghosts(float* rows, int64_t width) const { exchange->forward(exchange->context, rows, int32_t(width), 4); }
  // Adds rows of ghosts to those of their owners, and clears them.
  void return_ghosts(float* rows, int64_t width) const {
    exchange->backward(exchange->context, rows, int32_t(width), 4);
    clear(rows, owned, atoms, width);
  }

  static void clear(float* rows, int64_t first, int64_t last, int64_t width) {
    std::fill(rows + first * width, rows + last * width, 0.0f);
  }
};

}  // namespace gaq
