// What is refused: each with its status and a sentence, and the engine answers as before afterwards.
#include "engine_cases.hpp"
#include "gaq_debug.h"
#include "tiny_model.hpp"

namespace {

using namespace gaq_test;

bool says(const std::string& sentence, const std::string& words) { return sentence.find(words) != std::string::npos; }

// The same atoms, changed.
template <class Change>
Atoms changed(Atoms atoms, const Change& change) {
  change(atoms);
  return atoms;
}

void check_refusal(const Subject& subject, const Atoms& atoms, int32_t status, const std::string& words) {
  const Answer before = subject.evaluate(molecule());
  const Answer refused = subject.tried(atoms);
  CHECK_EQ(refused.status, status);
  if (!says(refused.sentence, words)) CHECK_EQ(refused.sentence, words);
  CHECK((subject.evaluate(molecule()) == before));
}

void check_structures(const Subject& subject) {
  const Atoms good = molecule();
  const auto with = [&](const auto& change) { return changed(good, change); };
  const auto put = [&](size_t place, double value) { return with([&](Atoms& a) { a.positions[place] = value; }); };
  check_refusal(subject, {}, GAQ_BAD_STRUCTURE, "no atoms");
  for (const double value : {double(NAN), double(INFINITY), -double(INFINITY)})
    check_refusal(subject, put(7, value), GAQ_BAD_STRUCTURE, "not finite");
  check_refusal(subject, put(7, 1e16), GAQ_BAD_STRUCTURE, "atom 2 at 1e+16");
  const Atoms coinciding = with([](Atoms& a) { std::copy_n(&a.positions[3], 3, &a.positions[12]); });
  check_refusal(subject, coinciding, GAQ_BAD_STRUCTURE, "atoms 1 and 4 at 0.0000");
  check_refusal(subject, with([](Atoms& a) { a.species[3] = 92; }), GAQ_UNKNOWN_ELEMENT, "atom 3 has atomic number 92");
  for (const int32_t z : {0, -1, 2000000000})
    check_refusal(subject, with([&](Atoms& a) { a.species[0] = z; }), GAQ_UNKNOWN_ELEMENT, "atomic number");
}

void check_cells(const Subject& subject) {
  const Atoms box = in_box({4.4, 0, 0, 0.9, 4.2, 0, -0.7, 1.3, 4.6}, 2, 2, 2, 3);
  const auto with_cell = [&](const std::vector<double>& cell) {
    return changed(box, [&](Atoms& a) { a.cell = cell; });
  };
  check_refusal(subject, with_cell({}), GAQ_BAD_STRUCTURE, "no cell");
  check_refusal(subject, with_cell({1, 0, 0, 0, 1, 0, 1, 1, 0}), GAQ_BAD_STRUCTURE, "no volume");
  check_refusal(subject, with_cell(std::vector<double>(9)), GAQ_BAD_STRUCTURE, "no volume");
  check_refusal(subject, with_cell({NAN, 0, 0, 0, 9, 0, 0, 0, 9}), GAQ_BAD_STRUCTURE, "nine finite numbers");
  check_refusal(subject, with_cell({1e200, 0, 0, 0, 9, 0, 0, 0, 9}), GAQ_BAD_STRUCTURE, "lattice vectors");
  // An atom that meets its own image.
  check_refusal(subject, with_cell({0.1, 0, 0, 0, 9, 0, 0, 0, 9}), GAQ_BAD_STRUCTURE, "closer than 0.2");
}

void check_arguments(const Subject& subject) {
  gaq_engine* engine = subject.engine();
  const Atoms atoms = molecule();
  const gaq_system good = atoms.system();
  Answer answer = scratch_for(atoms.count());
  const gaq_result result = result_into(answer);
  const auto refused = [&](int32_t status, const std::string& words) {
    CHECK_EQ(status, int32_t(GAQ_BAD_ARGUMENT));
    if (!says(gaq_last_error(engine), words)) CHECK_EQ(std::string(gaq_last_error(engine)), words);
  };
  refused(gaq_evaluate(engine, nullptr, &result), "missing");
  refused(gaq_evaluate(engine, &good, nullptr), "missing");
  gaq_system bad = good;
  bad.species = nullptr;
  refused(gaq_evaluate(engine, &bad, &result), "species or positions are missing");
  bad = good;
  bad.positions = nullptr;
  refused(gaq_evaluate(engine, &bad, &result), "species or positions are missing");
  refused(gaq_evaluate_batch(engine, -1, &good, &result, nullptr), "negative");
  refused(gaq_evaluate_batch(engine, 1, nullptr, &result, nullptr), "missing");
  refused(gaq_evaluate_batch(engine, 1, &good, nullptr, nullptr), "missing");
  refused(gaq_describe(engine, nullptr), "missing");
  bad = good;
  for (const int64_t count : {int64_t(-1), int64_t(0), INT64_MIN, INT64_MAX}) {
    bad.atoms = count;
    CHECK_EQ(gaq_evaluate(engine, &bad, &result), int32_t(GAQ_BAD_STRUCTURE));
  }
  for (const int64_t owned : {int64_t(-1), atoms.count() + 1})
    refused(gaq_evaluate_domain(engine, &good, owned, nullptr, &result), "owned");
  refused(gaq_evaluate_domain(engine, &good, 1, nullptr, &result), "no exchange");
  gaq_exchange half{nullptr, [](void*, void*, int32_t, int32_t) {}, nullptr};
  refused(gaq_evaluate_domain(engine, &good, 1, &half, &result), "lacks");
  refused(gaq_evaluate_domain(engine, &good, atoms.count(), &half, &result), "lacks");
  float row[8] = {};
  refused(gaq_encode(engine, "none", 1, 1, 8, nullptr, row, nullptr, nullptr, nullptr, nullptr),
          "no feature slot 'none'");
  refused(gaq_encode(engine, nullptr, 1, 1, 8, nullptr, row, nullptr, nullptr, nullptr, nullptr), "missing");
  refused(gaq_encode(engine, "readout.energy.input", 1, 9, 8, nullptr, row, nullptr, nullptr, nullptr, nullptr),
          "components");
  refused(gaq_linear(engine, "none", 0, nullptr, row, row), "no linear layer");
  CHECK_EQ(gaq_evaluate(engine, &good, &result), int32_t(GAQ_OK));
}

// Nothing is said of an engine that is not there, and nothing breaks.
void check_no_engine() {
  const Atoms atoms = molecule();
  const gaq_system system = atoms.system();
  const gaq_result result{};
  gaq_info info;
  CHECK_EQ(gaq_evaluate(nullptr, &system, &result), int32_t(GAQ_BAD_ARGUMENT));
  CHECK_EQ(gaq_evaluate_batch(nullptr, 1, &system, &result, nullptr), int32_t(GAQ_BAD_ARGUMENT));
  CHECK_EQ(gaq_evaluate_domain(nullptr, &system, 1, nullptr, &result), int32_t(GAQ_BAD_ARGUMENT));
  CHECK_EQ(gaq_describe(nullptr, &info), int32_t(GAQ_BAD_ARGUMENT));
  CHECK_EQ(gaq_set_tap(nullptr, nullptr, nullptr), int32_t(GAQ_BAD_ARGUMENT));
  CHECK(gaq_last_error(nullptr) != nullptr);
  gaq_close(nullptr);
}

void check_batches(const Subject& subject) {
  const Atoms good = molecule(), bad = changed(good, [](Atoms& a) { a.positions[0] = NAN; });
  for (const size_t place : {0, 1, 4}) {
    std::vector<gaq_system> systems(5, good.system());
    systems[place].positions = bad.positions.data();
    std::vector<Answer> answers(5, scratch_for(good.count()));
    std::vector<gaq_result> results;
    for (Answer& answer : answers) results.push_back(result_into(answer));
    const auto tried = [&](int64_t* failed) {
      return gaq_evaluate_batch(subject.engine(), 5, systems.data(), results.data(), failed);
    };
    int64_t failed = -1;
    CHECK_EQ(tried(&failed), int32_t(GAQ_BAD_STRUCTURE));
    CHECK_EQ(failed, int64_t(place));
    CHECK(says(gaq_last_error(subject.engine()), "not finite"));
    CHECK_EQ(tried(nullptr), int32_t(GAQ_BAD_STRUCTURE));
  }
}

std::string refusal(const std::string& bytes, gaq_options options = {}) {
  char message[1024] = "";
  gaq_engine* engine = gaq_open_bytes(bytes.data(), bytes.size(), &options, message, sizeof message);
  CHECK_EQ(engine == nullptr, message[0] != 0);
  gaq_close(engine);
  return message;
}

void check_opening() {
  const std::string fine = tiny_models().at("fp32").bytes();
  CHECK_EQ(refusal(fine), "");
  CHECK(says(refusal(fine, {-1, 0, 0, 0}), "threads is -1"));
  CHECK(says(refusal(fine, {100000, 0, 0, 0}), "threads is 100000"));
  CHECK(says(refusal(fine, {1, 7, 0, 0}), "backward_bits is 7"));
  CHECK(says(refusal(fine, {1, 0, NAN, 0}), "skin"));
  CHECK(says(refusal(fine, {1, 0, 0, 2}), "strict is 2"));
  CHECK(says(refusal(fine.substr(0, fine.size() / 2)), "the file in memory"));
  CHECK(says(refusal(""), "the file in memory"));
  char message[1024] = "";
  CHECK(!gaq_open("/no/such/file.gaq", nullptr, message, sizeof message));
  CHECK(says(message, "/no/such/file.gaq cannot be read"));
  CHECK(!gaq_open("/", nullptr, message, sizeof message));
  CHECK_EQ(std::string(message).rfind("/ ", 0), size_t(0));
  CHECK(!gaq_open(nullptr, nullptr, message, sizeof message));
  CHECK(says(message, "no path"));
  CHECK(!gaq_open_bytes(nullptr, 9, nullptr, message, sizeof message));
  CHECK(says(message, "no bytes"));
  CHECK(!gaq_open("/no/such/file.gaq", nullptr, nullptr, 0));
  char narrow[8];
  CHECK(!gaq_open("/no/such/file.gaq", nullptr, narrow, sizeof narrow));
  CHECK_EQ(std::string(narrow), "/no/suc");  // cut, and ended
}

// Each reference is finite, their sum is not.
void check_total() {
  gaq_test::TinyModel model = gaq_test::tiny_models().at("fp32");
  model.doubles("reference", {2}, {-13.6, -1e308});
  const std::string file = model.bytes();
  gaq_engine* engine = gaq_open_bytes(file.data(), file.size(), nullptr, nullptr, 0);
  const int32_t species[2] = {6, 6};
  const double positions[6] = {0, 0, 0, 1.4, 0, 0};
  double energy = 0;
  const gaq_result result{&energy, nullptr, nullptr, nullptr};
  for (const int64_t atoms : {1, 2}) {
    const gaq_system system{atoms, species, positions, nullptr, {0, 0, 0}};
    CHECK_EQ(gaq_evaluate(engine, &system, &result), atoms == 1 ? GAQ_OK : GAQ_NOT_FINITE);
  }
  CHECK(std::string(gaq_last_error(engine)).find("the energy of all atoms is -inf eV") != std::string::npos);
  gaq_close(engine);
}

}  // namespace

int main() {
  for (const int32_t threads : {1, 3}) {
    const Subject subject("frame-w4a8-l1", {threads, 0, 0, 0});
    check_structures(subject);
    check_cells(subject);
    check_arguments(subject);
    check_batches(subject);
  }
  check_no_engine();
  check_opening();
  check_total();
  return finish();
}
