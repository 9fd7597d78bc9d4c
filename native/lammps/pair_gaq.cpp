// SPDX-License-Identifier: GPL-2.0-or-later
//
// What LAMMPS asks of a pair style: its settings, its file, what it needs, and energy, forces and virial of a step.
#include "pair_gaq.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "elements.h"
#include "error.h"
#include "force.h"
#include "memory.h"
#include "neighbor.h"
#include "update.h"
#include "utils.h"

using namespace LAMMPS_NS;

PairGaq::PairGaq(LAMMPS* lmp) : Pair(lmp) {
  single_enable = 0;
  restartinfo = 0;
  one_coeff = 1;
  manybody_flag = 1;
  no_virial_fdotr_compute = 1;  // the engine gives the virial
  centroidstressflag = CENTROID_NOTAVAIL;
  nextra = 1;  // for `compute pair`: how often the engine built its list of pairs, added over ranks
  pvector = new double[1]();
}

PairGaq::~PairGaq() {
  gaq_close(engine_);
  delete[] pvector;
  if (allocated) {
    memory->destroy(setflag);
    memory->destroy(cutsq);
  }
}

void PairGaq::settings(int count, char** words) {
  options_ = gaq_options{};
  for (int n = 0; n < count; n += 2) {
    const std::string name = words[n];
    if (name != "threads" && name != "backward" && name != "strict")
      error->all(FLERR, std::string("pair_style gaq does not know '" + name +
                                    "'; it knows: threads N, backward 8, 16 or 32, and strict yes or no"));
    if (n + 1 == count) error->all(FLERR, std::string("pair_style gaq: a number is missing after " + name));
    if (name == "strict") {
      options_.strict = utils::logical(FLERR, words[n + 1], false, lmp);
      continue;
    }
    (name == "threads" ? options_.threads : options_.backward_bits) = utils::inumeric(FLERR, words[n + 1], false, lmp);
  }
}

void PairGaq::coeff(int count, char** words) {
  if (count < 3 || std::strcmp(words[0], "*") != 0 || std::strcmp(words[1], "*") != 0)
    error->all(FLERR,
               std::string("pair_coeff of pair style gaq is: pair_coeff * * FILE.gaq and an element for each atom "
                           "type; the model is one for all atoms"));
  const std::string path = words[2];
  open(path);
  choose_elements(path, count - 3, words + 3);
  if (!allocated) allocate();
}

void PairGaq::allocate() {
  const int types = atom->ntypes;
  memory->create(setflag, types + 1, types + 1, "pair:setflag");
  memory->create(cutsq, types + 1, types + 1, "pair:cutsq");
  for (int i = 1; i <= types; ++i)
    for (int j = 1; j <= types; ++j) {
      setflag[i][j] = 1;
      cutsq[i][j] = info_.cutoff * info_.cutoff;
    }
  allocated = 1;
}

// One rank reads the file for all: it need not be on every node, and all see the same bytes.
void PairGaq::open(const std::string& path) {
  int size = -1;
  std::vector<char> bytes;
  if (comm->me == 0) {
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    const std::streamoff length = stream ? std::streamoff(stream.tellg()) : -1;
    if (length >= 0 && length < INT32_MAX) {
      bytes.resize(size_t(length));
      stream.seekg(0);
      if (length == 0 || stream.read(bytes.data(), length)) size = int(length);
    }
  }
  MPI_Bcast(&size, 1, MPI_INT, 0, world);
  if (size < 0)
    error->all(FLERR, path +
                          " cannot be read. Check the name, and that it is a file; relative names start from the "
                          "folder in which LAMMPS was started.");
  bytes.resize(size_t(size));
  MPI_Bcast(bytes.data(), size, MPI_BYTE, 0, world);
  gaq_close(engine_);
  char message[2048] = "";
  engine_ = gaq_open_bytes(bytes.data(), bytes.size(), &options_, message, sizeof message);
  int open_everywhere, open_here = engine_ != nullptr;
  MPI_Allreduce(&open_here, &open_everywhere, 1, MPI_INT, MPI_MIN, world);
  if (!open_everywhere) {
    std::string sentence = open_here ? "another rank cannot open the model" : message;
    const std::string nameless = "the file in memory";
    if (const size_t at = sentence.find(nameless); at != std::string::npos) sentence.replace(at, nameless.size(), path);
    error->all(FLERR, sentence);
  }
  gaq_describe(engine_, &info_);
}

void PairGaq::choose_elements(const std::string& path, int count, char** names) {
  if (count != atom->ntypes)
    error->all(FLERR, "pair_coeff names " + std::to_string(count) + " elements and there are " +
                          std::to_string(atom->ntypes) + " atom types; expected one element for each, in their order");
  std::string known;
  for (int n = 0; n < info_.species_count; ++n)
    known += (n ? ", " : "") + std::string(gaq_lammps::symbol_of(info_.species[n]));
  number_.assign(size_t(count) + 1, 0);
  for (int n = 0; n < count; ++n) {
    const int z = gaq_lammps::number_of(names[n]);
    const std::string type = "atom type " + std::to_string(n + 1);
    if (!z)
      error->all(FLERR, "pair_coeff calls " + type + " '" + names[n] + "', which is no element; " + path + " knows " +
                            known + ". Every atom type needs an element: a model is never for some of the atoms.");
    if (!std::count(info_.species, info_.species + info_.species_count, z))
      error->all(FLERR, path + " knows " + known + "; " + type + " is " + names[n] +
                            ". Train with data that have it, or choose another model.");
    number_[size_t(n) + 1] = z;
  }
}

void PairGaq::init_style() {
  const std::string units = update->unit_style;
  if (units == "metal")
    unit_ = 1;
  else if (units == "real")
    unit_ = utils::get_conversion_factor(utils::ENERGY, utils::METAL2REAL);
  else
    error->all(FLERR, "pair style gaq runs in units metal or real; these are " + units);
  if (!force->newton_pair)
    error->all(FLERR, std::string("pair style gaq needs newton on: forces on ghosts go back to their owners. Say "
                                  "'newton on', or leave the line out."));
  const std::string style = force->pair_style ? force->pair_style : "";
  if (style.rfind("hybrid", 0) == 0 && style.rfind("hybrid/overlay", 0) != 0 && style.rfind("hybrid/scaled", 0) != 0)
    error->all(FLERR, "pair style gaq cannot run in pair_style " + style +
                          ", which gives each pair of atom types to one style: a model is of all atoms and their "
                          "neighbours. Say hybrid/overlay, which adds styles up.");
  check_masses();
  if (domain->dimension != 3)
    error->all(FLERR, std::string("pair style gaq needs dimension 3; atoms of a plane can be held in it by a fix"));
  if (comm->cutghostuser > 0 && comm->cutghostuser < info_.cutoff)
    error->all(FLERR, "comm_modify cutoff is " + std::to_string(comm->cutghostuser) +
                          " Å, less than the cutoff of the model, " + std::to_string(info_.cutoff) +
                          " Å: ranks would not see all neighbours of their atoms. Leave it out; LAMMPS then takes the "
                          "cutoff and the skin.");
  comm_forward = comm_reverse = widest_rows();
  if (force->pair != this) {  // a hybrid style has asked its styles already, when there was no model
    force->pair->comm_forward = std::max(force->pair->comm_forward, comm_forward);
    force->pair->comm_reverse = std::max(force->pair->comm_reverse, comm_reverse);
  }
}

// In doubles. A domain without atoms sees the calls that all others see.
int PairGaq::widest_rows() {
  int widest = 1;
  const auto note = [](void* context, void*, int32_t columns, int32_t bytes) {
    int& most = *static_cast<int*>(context);
    most = std::max(most, width_of(columns, bytes));
  };
  const gaq_exchange exchange{&widest, note, note};
  const gaq_system nothing{};
  double no_forces = 0;
  const gaq_result result{nullptr, &no_forces, nullptr, nullptr};
  gaq_evaluate_domain(engine_, &nothing, 0, &exchange, &result);
  return widest;
}

double PairGaq::init_one(int, int) { return info_.cutoff; }

// What LAMMPS knows only when a run begins.
void PairGaq::setup() {
  if (neighbor->exclude)
    error->all(FLERR,
               std::string("pair style gaq cannot leave out pairs of atoms, as 'neigh_modify exclude' asks: a model "
                           "of many-body forces has no energy of a pair"));
  if (comm->nprocs > 1 && comm->get_comm_cutoff() < info_.cutoff)
    error->all(FLERR, "ghosts reach " + std::to_string(comm->get_comm_cutoff()) +
                          " Å, less than the cutoff of the model, " + std::to_string(info_.cutoff) + " Å");
}

gaq_system PairGaq::look_at_atoms(int atoms, bool whole) {
  species_.resize(size_t(atoms));
  for (int n = 0; n < atoms; ++n) species_[size_t(n)] = number_[size_t(atom->type[n])];
  gaq_system system{};
  system.atoms = atoms;
  system.species = species_.data();
  system.positions = atoms ? &atom->x[0][0] : nullptr;
  if (whole) {
    const double rows[9] = {domain->xprd,
                            0,
                            0,
                            domain->triclinic ? domain->xy : 0.0,
                            domain->yprd,
                            0,
                            domain->triclinic ? domain->xz : 0.0,
                            domain->triclinic ? domain->yz : 0.0,
                            domain->zprd};
    std::copy(rows, rows + 9, cell_);
    system.cell = cell_;
    std::copy(domain->periodicity, domain->periodicity + 3, system.periodic);
  }
  return system;
}

// On one rank the engine sees to images itself, without ghosts: that is quicker, and to the last bit what it says alone.
void PairGaq::compute(int eflag, int vflag) {
  ev_init(eflag, vflag);
  if (vflag_atom || cvflag_atom)
    error->all(FLERR,
               std::string("pair style gaq has no virial of single atoms, which a compute asks for (stress/atom, "
                           "centroid/stress/atom, heat/flux); the pressure of the whole is there"));
  const bool whole = comm->nprocs == 1;
  const int owned = atom->nlocal, atoms = whole ? owned : owned + atom->nghost;
  const gaq_system system = look_at_atoms(atoms, whole);
  forces_.resize(3 * size_t(atoms));
  energies_.resize(size_t(owned));
  double energy = 0, gradient[9] = {};
  const gaq_result result{&energy, forces_.data(), gradient, eflag_atom ? energies_.data() : nullptr};
  const gaq_exchange exchange{this, forward, backward};
  agreed_ = whole;
  failed_ = false;
  const int32_t status = gaq_evaluate_domain(engine_, &system, owned, whole ? nullptr : &exchange, &result);
  stop_if_any_failed(status);
  warn_outside();
  add(atoms, owned, energy, gradient);
  if (eflag_either) {
    gaq_describe(engine_, &info_);
    pvector[0] = double(info_.neighbor_builds);
  }
}

// Once in the life of the style, at the first step of some later one hundred: ranks agree on the count without waiting for
// each other at every step.
void PairGaq::warn_outside() {
  if (warned_ || (update->ntimestep - update->firststep) % 100) return;
  gaq_describe(engine_, &info_);
  double here = double(info_.outside), everywhere = 0;
  MPI_Allreduce(&here, &everywhere, 1, MPI_DOUBLE, MPI_SUM, world);
  if (everywhere == 0) return;
  warned_ = true;
  int mine = here > 0 ? comm->me : comm->nprocs, first = 0;
  MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, world);
  char sentence[1024] = "";
  if (comm->me == first) std::snprintf(sentence, sizeof sentence, "%s", gaq_warning(engine_));
  MPI_Bcast(sentence, sizeof sentence, MPI_CHAR, first, world);
  if (comm->me == 0)
    error->warning(FLERR,
                   std::string("pair style gaq: the model was not trained on structures like this; counted from 0 on "
                               "rank " +
                               std::to_string(first) + ": " + sentence + ". Energies and forces may be wrong"));
}

void PairGaq::add(int atoms, int owned, double energy, const double* gradient) {
  double* f = atoms ? &atom->f[0][0] : nullptr;
  for (size_t k = 0; k < 3 * size_t(atoms); ++k) f[k] += unit_ * forces_[k];
  if (eflag_global) eng_vdwl += unit_ * energy;
  if (eflag_atom)
    for (int n = 0; n < owned; ++n) eatom[n] += unit_ * energies_[size_t(n)];
  if (vflag_global) {
    constexpr int places[6][2] = {{0, 0}, {1, 1}, {2, 2}, {0, 1}, {0, 2}, {1, 2}};
    for (int k = 0; k < 6; ++k) {
      const int a = places[k][0], b = places[k][1];
      virial[k] -= unit_ * 0.5 * (gradient[3 * a + b] + gradient[3 * b + a]);
    }
  }
}

double PairGaq::memory_usage() {
  gaq_info now{};
  if (engine_) gaq_describe(engine_, &now);
  return double(now.arena_bytes) + double(species_.capacity()) * sizeof(int32_t) +
         double(forces_.capacity() + energies_.capacity()) * sizeof(double);
}
