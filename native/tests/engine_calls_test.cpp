// One call after another, in batches and in threads: an answer depends on the atoms alone.
#include <thread>

#include "engine_cases.hpp"

namespace {

using namespace gaq_test;

Atoms first_atoms(const Atoms& atoms, int64_t count) {
  Atoms part = atoms;
  part.species.resize(size_t(count));
  part.positions.resize(size_t(3 * count));
  return part;
}

Atoms shaken(Atoms atoms, double size, uint32_t seed) {
  Draws draws(seed);
  for (double& x : atoms.positions) x += size * draws.next();
  return atoms;
}

// Of several sizes: one atom, some, more than a block, a box, and more than are kept in one piece.
std::vector<Atoms> systems() {
  return {molecule(),
          first_atoms(molecule(), 1),
          on_grid(4, 3, 3, 1.8, 0.3, 2),
          first_atoms(molecule(), 2),
          in_box({4.4, 0, 0, 0.9, 4.2, 0, -0.7, 1.3, 4.6}, 2, 2, 2, 3),
          on_grid(9, 9, 8, 1.9, 0.25, 4),
          molecule(6)};
}

std::vector<Answer> one_by_one(const Subject& subject, const std::vector<Atoms>& all) {
  std::vector<Answer> answers;
  for (const Atoms& atoms : all) answers.push_back(subject.evaluate(atoms));
  return answers;
}

std::vector<Answer> in_a_batch(const Subject& subject, const std::vector<Atoms>& all) {
  std::vector<Answer> answers;
  std::vector<gaq_system> given;
  std::vector<gaq_result> results;
  for (const Atoms& atoms : all) answers.push_back(scratch_for(atoms.count()));
  for (size_t n = 0; n < all.size(); ++n) {
    given.push_back(all[n].system());
    results.push_back(result_into(answers[n]));
  }
  int64_t failed = 99;
  const int64_t count = int64_t(all.size());
  CHECK_EQ(gaq_evaluate_batch(subject.engine(), count, given.data(), results.data(), &failed), int32_t(GAQ_OK));
  CHECK_EQ(failed, int64_t(-1));
  return answers;
}

// The number of atoms changes with every call; memory that was larger, or smaller, leaves no trace.
void check_calls_and_threads() {
  const std::vector<Atoms> all = systems();
  CHECK(all[5].count() > 600);
  for (const char* name : models_of_every_gauge) {
    std::vector<Answer> fresh;
    for (const Atoms& atoms : all) fresh.push_back(Subject(name).evaluate(atoms));
    for (const int32_t threads : {1, 2, 3}) {
      const Subject subject(name, {threads, 0, 0, 0});
      CHECK((one_by_one(subject, all) == fresh));
      CHECK((in_a_batch(subject, all) == fresh));
      CHECK((one_by_one(subject, {all.rbegin(), all.rend()}) == std::vector<Answer>(fresh.rbegin(), fresh.rend())));
      CHECK((in_a_batch(subject, {}).empty()));
    }
    CHECK(!(fresh[0] == fresh[6]));  // which == would see
  }
}

// A neighbour list that is still good gives what a new one gives: to the last bit while atoms keep their places in
// memory, which large systems choose when the list is built.
void check_moving_atoms() {
  for (const char* name : models_of_every_gauge) {
    const Subject kept(name), bare(name, {1, 0, -1, 0});
    Atoms atoms = systems()[2];
    for (uint32_t n = 0; n < 12; ++n) {
      atoms = shaken(atoms, 0.05, n);
      const Answer answer = kept.evaluate(atoms);
      CHECK((answer == Subject(name).evaluate(atoms)));
      CHECK((answer == bare.evaluate(atoms)));
    }
    gaq_info info;
    gaq_describe(kept.engine(), &info);
    CHECK(info.neighbor_builds > 1);
    CHECK(info.neighbor_builds < 12);
    gaq_describe(bare.engine(), &info);
    CHECK_EQ(info.neighbor_builds, int64_t(12));
  }
  const Subject kept("fp32-l1");
  Atoms large = systems()[5];
  kept.evaluate(large);
  for (uint32_t n = 0; n < 4; ++n) {
    large = shaken(large, 0.1, n);
    const Answer answer = kept.evaluate(large), fresh = Subject("fp32-l1").evaluate(large);
    CHECK(largest_difference(answer.forces, fresh.forces) < 1e-4);
    CHECK_NEAR(answer.energy, fresh.energy, 1e-3);
  }
}

// Frames of one large system are so near each other that a list of pairs is good for several of them. Which thread had
// which frame before must not be seen.
void check_a_batch_of_near_frames() {
  std::vector<Atoms> frames;
  for (uint32_t n = 0; n < 6; ++n) frames.push_back(shaken(systems()[5], 0.05, n));
  for (const char* name : {"fp32-l1", "frame-w8a8-l3", "painn-frame-w4a8"}) {
    std::vector<Answer> fresh;
    for (const Atoms& atoms : frames) fresh.push_back(Subject(name).evaluate(atoms));
    for (const int32_t threads : {1, 2, 3}) {
      const Subject subject(name, {threads, 0, 0, 0});
      subject.evaluate(frames[3]);
      CHECK((in_a_batch(subject, frames) == fresh));
      CHECK((subject.evaluate(frames[1]) == fresh[1]));
    }
  }
}

// Elements may change where atoms stay.
void check_other_elements() {
  const Subject subject("w4a16-l2");
  const Atoms atoms = molecule();
  Atoms other = atoms;
  std::swap(other.species[0], other.species[1]);
  const Answer before = subject.evaluate(atoms), between = subject.evaluate(other);
  CHECK(!(before == between));
  CHECK((between == Subject("w4a16-l2").evaluate(other)));
  CHECK((before == subject.evaluate(atoms)));
}

void check_few_atoms() {
  for (const char* name : models_of_every_gauge) {
    const Subject subject(name);
    const Answer one = subject.evaluate(first_atoms(molecule(), 1));
    CHECK_EQ(one.energy, one.atomic[0]);
    CHECK_EQ(largest(one.forces), 0.0);
    CHECK_EQ(largest(one.virial), 0.0);

    const Atoms pair = first_atoms(molecule(), 2);
    const Answer two = subject.evaluate(pair);
    CHECK(largest(two.forces) > 1e-3);
    for (size_t k = 0; k < 3; ++k) CHECK_EQ(two.forces[k], -two.forces[3 + k]);

    // 1e14 Å apart, where numbers are a hundredth of an Å apart: two atoms on their own.
    Atoms apart = pair;
    for (size_t k = 0; k < 3; ++k) apart.positions[3 + k] += 1e14;
    const Answer far = subject.evaluate(apart);
    CHECK_EQ(largest(far.forces), 0.0);
    CHECK_EQ(far.atomic[0], one.energy);
    for (size_t k = 0; k < 3; ++k) apart.positions[k] = 1e14;
    CHECK(std::isfinite(subject.evaluate(apart).energy));
  }
}

// What is not wanted is not written, and what is wanted does not depend on it.
void check_results_on_their_own() {
  for (const char* name : models_of_every_gauge) {
    const Subject subject(name);
    const Atoms atoms = molecule();
    const gaq_system system = atoms.system();
    const Answer all = subject.evaluate(atoms);
    for (int wanted = 0; wanted < 16; ++wanted) {
      Answer answer = scratch_for(atoms.count());
      answer.energy = 7e7;
      const Answer untouched = answer;
      gaq_result result = result_into(answer);
      if (!(wanted & 1)) result.energy = nullptr;
      if (!(wanted & 2)) result.forces = nullptr;
      if (!(wanted & 4)) result.virial = nullptr;
      if (!(wanted & 8)) result.atomic_energies = nullptr;
      CHECK_EQ(gaq_evaluate(subject.engine(), &system, &result), int32_t(GAQ_OK));
      CHECK_EQ(answer.energy, wanted & 1 ? all.energy : untouched.energy);
      CHECK((answer.forces == (wanted & 2 ? all.forces : untouched.forces)));
      CHECK((answer.virial == (wanted & 4 ? all.virial : untouched.virial)));
      CHECK((answer.atomic == (wanted & 8 ? all.atomic : untouched.atomic)));
    }
  }
}

// Engines do not know of each other.
void check_two_engines_in_two_threads() {
  for (const char* name : models_of_every_gauge) {
    const std::vector<Atoms> all = systems();
    const std::vector<Answer> expected = one_by_one(Subject(name), all);
    std::vector<Answer> found[2];
    std::vector<std::thread> threads;
    const Subject one(name), other(name, {2, 0, 0, 0}), *subjects[] = {&one, &other};
    for (int n = 0; n < 2; ++n)
      threads.emplace_back([&, n] {
        for (const Atoms& atoms : all) found[n].push_back(subjects[n]->tried(atoms));
      });
    for (std::thread& thread : threads) thread.join();
    CHECK((found[0] == expected));
    CHECK((found[1] == expected));
  }
}

}  // namespace

int main() {
  check_calls_and_threads();
  check_moving_atoms();
  check_a_batch_of_near_frames();
  check_other_elements();
  check_few_atoms();
  check_results_on_their_own();
  check_two_engines_in_two_threads();
  return finish();
}
