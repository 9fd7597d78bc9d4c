// A system cut into domains gives what the whole gives, when rows of ghosts are exchanged between layers.
#include <thread>

#include "engine_domains.hpp"

namespace {

using namespace gaq_test;

// A domain's end of the exchange, as the C interface wants it.
struct Place {
  Exchange* exchange;
  size_t me;
  int calls = 0;

  static void forward(void* context, void* rows, int32_t columns, int32_t bytes) {
    Place& place = *static_cast<Place*>(context);
    ++place.calls;
    place.exchange->forward(place.me, static_cast<char*>(rows), size_t(columns) * size_t(bytes));
  }
  static void backward(void* context, void* rows, int32_t columns, int32_t bytes) {
    Place& place = *static_cast<Place*>(context);
    ++place.calls;
    if (bytes == 4)
      place.exchange->backward(place.me, static_cast<float*>(rows), size_t(columns));
    else
      place.exchange->backward(place.me, static_cast<double*>(rows), size_t(columns));
  }
  gaq_exchange functions() { return {this, forward, backward}; }
};

// The answer about the whole, from one engine and one thread a domain. Results that a caller does not want are null.
Answer together(const std::string& model, const Atoms& all, const std::vector<Domain>& domains, bool works = true,
                gaq_options options = {}) {
  Exchange exchange(domains, works);
  std::vector<Answer> answers(domains.size());
  std::vector<Place> places;
  for (size_t n = 0; n < domains.size(); ++n) places.push_back({&exchange, n});
  std::vector<std::thread> threads;
  for (size_t n = 0; n < domains.size(); ++n)
    threads.emplace_back([&, n] {
      char message[1024];
      gaq_engine* engine = gaq_open(model_path(model).c_str(), &options, message, sizeof message);
      answers[n] = scratch_for(domains[n].atoms.count());
      const gaq_system system = domains[n].atoms.system();
      const gaq_result result = result_into(answers[n]);
      const gaq_exchange functions = places[n].functions();
      answers[n].status = gaq_evaluate_domain(engine, &system, domains[n].owned, &functions, &result);
      gaq_close(engine);
    });
  for (std::thread& thread : threads) thread.join();

  Answer whole = scratch_for(all.count());
  std::fill(whole.forces.begin(), whole.forces.end(), 0.0);
  std::fill(whole.virial.begin(), whole.virial.end(), 0.0);
  for (size_t n = 0; n < domains.size(); ++n) {
    CHECK_EQ(answers[n].status, int32_t(GAQ_OK));
    CHECK_EQ(places[n].calls, places[0].calls);
    whole.energy += answers[n].energy;
    for (size_t k = 0; k < 9; ++k) whole.virial[k] += answers[n].virial[k];
    for (size_t atom = 0; atom < domains[n].whole.size(); ++atom) {
      const size_t number = size_t(domains[n].whole[atom]);
      if (int64_t(atom) < domains[n].owned) whole.atomic[number] = answers[n].atomic[atom];
      for (size_t k = 0; k < 3; ++k) whole.forces[3 * number + k] += answers[n].forces[3 * atom + k];
    }
  }
  return whole;
}

// Sums run in another order. That is round-off, unless the code of a feature, or of a gradient in a coded backward
// pass, lies so near a threshold that round-off tips it.
struct Tolerance {
  double energy, force, virial;  // eV; shares of the largest force and of the largest virial, much of which cancels
};
constexpr Tolerance round_off{5e-5, 2e-5, 2e-5}, one_code{1e-3, 1e-4, 1e-4}, tipped{5e-3, 0.03, 0.06};

bool in_float(const std::string& model) { return model.find('a') == std::string::npos || model == "painn-fp32"; }

Tolerance near_round_off(const std::string& model) { return in_float(model) ? round_off : one_code; }

bool agree(const Answer& a, const Answer& b, Tolerance tolerance) {
  return std::fabs(a.energy - b.energy) < tolerance.energy &&
         largest_difference(a.atomic, b.atomic) < tolerance.energy &&
         largest_difference(a.forces, b.forces) < tolerance.force * largest(b.forces) &&
         largest_difference(a.virial, b.virial) < tolerance.virial * largest(b.virial);
}

// One model on domains: in one thread each, in three, and with an exchange that does nothing.
void check_domains(const std::string& model, const Atoms& atoms, const std::vector<Domain>& domains,
                   Tolerance tolerance, int backward_bits) {
  const Answer whole = Subject(model, {1, backward_bits, 0, 0}).evaluate(atoms);
  CHECK(agree(together(model, atoms, domains, true, {1, backward_bits, 0, 0}), whole, tolerance));
  CHECK(agree(together(model, atoms, domains, true, {3, backward_bits, 0, 0}), whole, tolerance));
  CHECK(!agree(together(model, atoms, domains, false, {1, backward_bits, 0, 0}), whole, tipped));
}

Atoms box() { return in_box({6.2, 0, 0, 0.9, 5.8, 0, -0.7, 1.3, 6.6}, 2, 2, 3, 8); }

// Images as ghosts, all of one domain's own atoms.
void check_images() {
  const Atoms atoms = box();
  const std::vector<Domain> one{cut(atoms, [](int64_t) { return true; })};
  CHECK(one[0].atoms.count() > 8 * atoms.count());
  for (const char* name : models_of_every_gauge) {
    check_domains(name, atoms, one, near_round_off(name), 32);
    check_domains(name, atoms, one, tipped, 8);
  }
}

// Two domains; in the last case so large that they keep less between the ways there and back.
void check_cuts() {
  const Atoms small = molecule(), periodic = box(), large = on_grid(12, 7, 7, 1.9, 0.25, 4);
  for (const Atoms* atoms : {&small, &periodic, &large})
    for (const char* name : models_of_every_gauge) {
      const int64_t half = atoms->count() / 2;
      const std::vector<Domain> two{cut(*atoms, [&](int64_t atom) { return atom < half; }),
                                    cut(*atoms, [&](int64_t atom) { return atom >= half; })};
      const bool many = atoms == &large && !in_float(name);
      check_domains(name, *atoms, two, many ? tipped : near_round_off(name), 32);
    }
}

// A domain that owns nothing takes part: one without any atom, and one with ghosts.
void check_domains_that_own_nothing() {
  const Atoms atoms = molecule();
  std::vector<Domain> three{cut(atoms, [](int64_t atom) { return atom % 2 == 0; }),
                            cut(atoms, [](int64_t atom) { return atom % 2 == 1; }),
                            {}};
  for (const char* name : models_of_every_gauge) check_domains(name, atoms, three, near_round_off(name), 32);
  constexpr double none[3] = {0, 0, 0};
  for (int64_t atom : {1, 4, 6}) append(three[2], atoms, atom, none);
  for (const char* name : models_of_every_gauge) check_domains(name, atoms, three, near_round_off(name), 32);
}

void count_call(void* context, void* rows, int32_t, int32_t) {
  CHECK(!rows);
  ++*static_cast<int*>(context);
}

void check_nothing_at_all() {
  for (const char* name : models_of_every_gauge) {
    const Subject subject(name);
    const Answer before = subject.evaluate(molecule());
    int calls = 0;
    const gaq_exchange exchange{&calls, count_call, count_call};
    const gaq_system system{};
    Answer answer = scratch_for(0);
    gaq_result result = result_into(answer);
    CHECK_EQ(gaq_evaluate_domain(subject.engine(), &system, 0, nullptr, &result), int32_t(GAQ_OK));
    CHECK_EQ(answer.energy, 0.0);
    CHECK((answer.virial == std::vector<double>(9)));
    CHECK_EQ(gaq_evaluate_domain(subject.engine(), &system, 0, &exchange, &result), int32_t(GAQ_OK));
    const int both_ways = calls;
    calls = 0;
    result.virial = result.forces = nullptr;
    CHECK_EQ(gaq_evaluate_domain(subject.engine(), &system, 0, &exchange, &result), int32_t(GAQ_OK));
    CHECK_EQ(2 * calls, both_ways);
    CHECK(calls > 0);
    CHECK((subject.evaluate(molecule()) == before));
  }
}

// Without ghosts a domain is the whole, to the last bit.
void check_a_domain_without_ghosts() {
  for (const char* name : models_of_every_gauge) {
    const Subject subject(name);
    const std::vector<Domain> one{cut(molecule(), [](int64_t) { return true; })};
    CHECK_EQ(one[0].owned, one[0].atoms.count());
    Answer answer = scratch_for(one[0].owned);
    const gaq_system system = one[0].atoms.system();
    const gaq_result result = result_into(answer);
    CHECK_EQ(gaq_evaluate_domain(subject.engine(), &system, one[0].owned, nullptr, &result), int32_t(GAQ_OK));
    CHECK((answer == subject.evaluate(molecule())));
  }
}

// Rows are in the caller's order also where there are so many atoms that a whole would be put in another. Atoms that
// are alone have features of their element, and no two elements have the same.
void look_at_rows(void* context, void* rows, int32_t columns, int32_t bytes) {
  if (bytes != 4) return;
  const std::vector<int32_t>& species = *static_cast<const std::vector<int32_t>*>(context);
  const auto row = [&](size_t atom) { return static_cast<const float*>(rows) + atom * size_t(columns); };
  for (size_t atom = 7; atom < species.size() && row(0)[0] != 0; ++atom)
    for (size_t other = 0; other < 7; ++other)
      CHECK_EQ(std::equal(row(atom), row(atom) + columns, row(other)), species[atom] == species[other]);
}

void check_the_order_of_rows() {
  Atoms atoms = on_grid(7, 7, 7, 20.0, 0.0, 1);
  CHECK(atoms.count() > 300);
  for (const char* name : models_of_every_gauge) {
    const Subject subject(name);
    Answer answer = scratch_for(atoms.count());
    const gaq_system system = atoms.system();
    const gaq_result result = result_into(answer);
    const gaq_exchange exchange{&atoms.species, look_at_rows, [](void*, void*, int32_t, int32_t) {}};
    subject.evaluate(atoms);  // whose order must not stay
    const int before = checks;
    CHECK_EQ(gaq_evaluate_domain(subject.engine(), &system, atoms.count(), &exchange, &result), int32_t(GAQ_OK));
    CHECK(checks > before + 2000);
  }
}

}  // namespace

int main() {
  check_images();
  check_cuts();
  check_domains_that_own_nothing();
  check_nothing_at_all();
  check_a_domain_without_ghosts();
  check_the_order_of_rows();
  return finish();
}
