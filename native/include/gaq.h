/* gaq: energies and forces of a packed model, without PyTorch.
 *
 * One opaque handle, buffers owned by the caller, errors as numbers with a sentence. Lengths in Å, energies in eV.
 * A handle may be used by one thread at a time; different handles are independent. After fork() a child opens its own.
 *
 *     gaq_engine* engine = gaq_open("azobenzene.gaq", NULL, message, sizeof message);
 *     gaq_evaluate(engine, &system, &result);
 *     gaq_close(engine);
 */
#ifndef GAQ_H
#define GAQ_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define GAQ_API __declspec(dllexport)
#else
#define GAQ_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define GAQ_ABI 4 /* changes with every change of a struct or a signature below */

typedef struct gaq_engine gaq_engine;

enum gaq_status {
  GAQ_OK = 0,
  GAQ_BAD_FILE = 1,        /* missing, truncated, of another kind or version, or wrong on purpose */
  GAQ_BAD_STRUCTURE = 2,   /* empty, not finite, coinciding atoms, impossible cell */
  GAQ_UNKNOWN_ELEMENT = 3, /* an atomic number that the model was not trained on */
  GAQ_BAD_ARGUMENT = 4,    /* a null pointer, a negative count, an option outside its range */
  GAQ_NO_MEMORY = 5,
  GAQ_INTERNAL = 6,        /* our fault */
  GAQ_UNSTABLE = 7,        /* dynamics: energy, forces or velocities stopped being usable */
  GAQ_NOT_FINITE = 8, /* the answer is no usable number: not finite, more than 1e5 eV for an atom (from the reference
                              energy of its species; the virial: times the atoms), or more than 1e5 eV/Å. The sentence
                              names an atom and says whether the structure or the file is to blame. */
  GAQ_OUTSIDE = 9 /* strict engines: atoms unlike the training data; the results are there all the same */
};

/* Zeros mean: as the file says, or the default. */
typedef struct {
  int32_t threads; /* 1 by default; results are the same for any number */
  int32_t backward_bits; /* precision of the products in the backward pass: 8, 16, or 32 for float */
  double skin; /* Å by which the neighbour list reaches beyond the cutoff; 0: default; negative: none */
  int32_t strict; /* 1: a structure outside of the training data is an error, GAQ_OUTSIDE */
} gaq_options;

/* Atoms of one molecule or one box. Lattice vectors are rows; `cell` may be NULL when nothing is periodic. */
typedef struct {
  int64_t atoms;
  const int32_t* species; /* [atoms] atomic numbers */
  const double* positions; /* [atoms][3] Å */
  const double* cell; /* [3][3] Å, or NULL */
  int32_t periodic[3];
} gaq_system;

/* Any pointer may be NULL when the value is not wanted. What a call that fails leaves here is not to be used. */
typedef struct {
  double* energy; /* [1] eV */
  double* forces; /* [atoms][3] eV/Å */
  double* virial; /* [3][3] eV: dE/dε for a homogeneous strain; stress = virial / volume */
  double* atomic_energies; /* [atoms] eV; their sum, in order, is the energy */
} gaq_result;

/* Domain decomposition. Atoms from `owned` on are ghosts: copies of atoms that another domain (or another place of the
 * same one) owns. The engine calls `forward` when rows of ghosts must be filled from their owners, and `backward` when
 * rows of ghosts must be added to those of their owners. Rows are [atoms][columns] of float (4 bytes) or double (8);
 * NULL in a domain without atoms. All domains that want the same results are called equally often, so that they may
 * wait for each other. What is wrong with atoms is refused before the first call, and an answer that cannot be used
 * (GAQ_NOT_FINITE) after the last: domains can then agree to stop. */
typedef struct {
  void* context;
  void (*forward)(void* context, void* rows, int32_t columns, int32_t bytes_per_number);
  void (*backward)(void* context, void* rows, int32_t columns, int32_t bytes_per_number);
} gaq_exchange;

/* What the file says of itself. Strings live as long as the engine. */
typedef struct {
  int32_t channels, layers;
  int32_t species_count;
  int32_t backward_bits;
  double cutoff; /* Å */
  const int32_t* species; /* [species_count] atomic numbers */
  const char* architecture; /* name of the network, such as "transformer" */
  const char* recipe; /* name of the recipe */
  const char* isa; /* instruction set in use: scalar, avx2, avx512, amx, neon, neon_dot */
  int64_t arena_bytes; /* memory of the last evaluation */
  int64_t neighbor_builds; /* how often the neighbour list was built */
  int64_t outside; /* how many evaluations were outside of the training data */
} gaq_info;

/* Molecular dynamics: velocity Verlet (NVE), Langevin (BAOAB), stochastic velocity rescaling (CSVR). */
enum gaq_thermostat { GAQ_NVE = 0, GAQ_LANGEVIN = 1, GAQ_CSVR = 2 };

typedef struct {
  double dt; /* fs */
  double thermal_energy; /* k_B T of the thermostat in eV */
  double relaxation; /* fs: 1/friction of Langevin, time constant of CSVR */
  uint64_t seed; /* noise is a function of the seed, the step and the atom, and of nothing else */
  int32_t thermostat; /* a gaq_thermostat */
  int32_t degrees_of_freedom; /* of the kinetic energy; CSVR needs them */
} gaq_dynamics;

/* Atoms in motion, in buffers of the caller which the steps change. Positions are not wrapped into a box. */
typedef struct {
  int64_t step; /* number of the last step that was made */
  double heat; /* eV that the thermostat has given to the atoms; total energy - heat is conserved */
  const double* inverse_masses; /* [atoms] acceleration in Å/fs² by a force of 1 eV/Å: 0.009648533 / mass in amu;
                                   0 for an atom that does not move, whose velocity must be 0 */
  double* positions; /* [atoms][3] Å */
  double* velocities; /* [atoms][3] Å/fs */
  double* forces; /* [atoms][3] eV/Å, at the positions */
  double* energy; /* [1] eV, potential */
} gaq_motion;

/* The neighbour list is built anew at steps that this number divides, whatever happened before, so that dynamics that
 * is taken up at such a step goes on bit for bit, at any size. */
#define GAQ_REBUILD_STEPS 100

GAQ_API int32_t gaq_abi(void);
/* sizeof of a struct by its place in this header: 0 gaq_options, 1 gaq_system, 2 gaq_result, 3 gaq_exchange,
 * 4 gaq_info, 5 gaq_dynamics, 6 gaq_motion */
GAQ_API size_t gaq_sizeof(int32_t which);
GAQ_API const char* gaq_version(void);
/* The instruction set that a new engine will use; GAQ_ISA=scalar|avx2|avx512|amx|neon forces one. NULL if that one is not
 * there, and then gaq_open says so. */
GAQ_API const char* gaq_isa(void);

/* NULL on failure, with a sentence in `error`. `options` may be NULL. */
GAQ_API gaq_engine* gaq_open(const char* path, const gaq_options* options, char* error, size_t error_size);
GAQ_API gaq_engine* gaq_open_bytes(const void* bytes, size_t size, const gaq_options* options, char* error,
                                   size_t error_size);
GAQ_API void gaq_close(gaq_engine* engine);

/* Each returns a gaq_status; the sentence of the last failure is gaq_last_error(engine). */
GAQ_API int32_t gaq_describe(gaq_engine* engine, gaq_info* info);
GAQ_API int32_t gaq_evaluate(gaq_engine* engine, const gaq_system* system, const gaq_result* result);
/* Many structures, on `threads` threads; stops at the first that fails, whose index goes to `failed` (may be NULL). */
GAQ_API int32_t gaq_evaluate_batch(gaq_engine* engine, int64_t count, const gaq_system* systems,
                                   const gaq_result* results, int64_t* failed);
/* The first `owned` atoms belong to this domain. Energy, virial and atomic energies are those of owned atoms; forces
 * [atoms][3] hold what ghosts receive too, for the host to add to their owners. A domain may own or have no atoms. */
GAQ_API int32_t gaq_evaluate_domain(gaq_engine* engine, const gaq_system* system, int64_t owned,
                                    const gaq_exchange* exchange, const gaq_result* result);
/* Makes `steps` steps of dynamics; `positions` of the system are not read. When a step cannot be made, all buffers hold
 * what the last one left, and motion->step is its number. */
GAQ_API int32_t gaq_move(gaq_engine* engine, const gaq_system* system, const gaq_dynamics* dynamics, gaq_motion* motion,
                         int64_t steps);
GAQ_API const char* gaq_last_error(const gaq_engine* engine);
/* What is odd about the first structure that lay outside of the training data, naming atoms; empty when none did. Pairs
 * closer than the data have them, more or fewer neighbours, larger last features: signs, not proofs. */
GAQ_API const char* gaq_warning(const gaq_engine* engine);

#ifdef __cplusplus
}
#endif
#endif
