// A model and its evaluators, one per thread, behind the C interface.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluator.hpp"
#include "gaq.h"

namespace gaq {

class Engine {
 public:
  // Reads and checks the file; throws BadFile, or Error for options outside their range.
  Engine(const void* bytes, size_t size, const std::string& name, const gaq_options& options);

  gaq_info describe() const;
  void evaluate(const gaq_system& system, const gaq_result& result);
  void evaluate_batch(int64_t count, const gaq_system* systems, const gaq_result* results, int64_t* failed);
  void evaluate_domain(const gaq_system& system, int64_t owned, const gaq_exchange* exchange, const gaq_result& result);
  // The next evaluation builds its neighbour list anew.
  void forget() { evaluators_[0]->forget(); }
  // About the first structure that lay outside of the training data; empty when none did.
  const std::string& warning() const { return warning_; }
  void set_tap(Tap tap) { tap_ = tap; }
  // One slot or one layer on its own, on rows of the model's own channels; `species` may be null where no scheme asks for it.
  void encode(const std::string& slot, int64_t rows, int components, int columns, const int32_t* species,
              const float* values, int32_t* codes, int32_t* directions, float* steps, float* decoded) const;
  void linear(const std::string& name, int64_t rows, const int32_t* species, const float* inputs, float* outputs) const;

 private:
  Pool* pool() { return pool_ && pool_->threads() > 1 ? pool_.get() : nullptr; }

  // Counts structures outside of the training data; throws for one if the engine is strict.
  void judge(const Outside& found);

  std::unique_ptr<Model> model_;
  std::vector<std::unique_ptr<Evaluator>> evaluators_;
  std::unique_ptr<Pool> pool_;
  Tap tap_;
  bool strict_ = false;
  int64_t outside_ = 0;
  std::string warning_;
};

}  // namespace gaq
