/* Energy and forces of a structure, from plain C: energy MODEL.gaq STRUCTURE.xyz
 *
 * Reads one XYZ frame in Å: the number of atoms, a comment, then a symbol and three coordinates a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gaq.h"

typedef struct {
  int64_t atoms;
  int32_t* species;
  double* positions;
} molecule;

static const char* const symbols[] = {
    "",   "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",  "S",  "Cl", "Ar",
    "K",  "Ca", "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr"};
enum { symbols_known = sizeof symbols / sizeof *symbols };

static void leave(const char* file, const char* sentence) {
  fprintf(stderr, "%s: %s\n", file, sentence);
  exit(2);
}

static int32_t atomic_number(const char* symbol) {
  for (int32_t z = 1; z < symbols_known; ++z)
    if (strcmp(symbols[z], symbol) == 0) return z;
  return 0;
}

static molecule read_xyz(const char* path) {
  FILE* file = fopen(path, "r");
  if (!file) leave(path, "cannot be read");
  long atoms = 0;
  if (fscanf(file, "%ld%*[^\n]", &atoms) != 1 || atoms < 1 || atoms > 10000000) leave(path, "has no number of atoms");
  fscanf(file, "%*1[\n]%*[^\n]"); /* the comment, which may be empty */
  molecule found = {atoms, calloc((size_t)atoms, sizeof(int32_t)), calloc((size_t)atoms, 3 * sizeof(double))};
  if (!found.species || !found.positions) leave(path, "does not fit into memory");
  for (long i = 0; i < atoms; ++i) {
    char symbol[4];
    double* x = found.positions + 3 * i;
    if (fscanf(file, "%3s %lf %lf %lf%*[^\n]", symbol, x, x + 1, x + 2) != 4) leave(path, "ends too early");
    found.species[i] = atomic_number(symbol);
  }
  fclose(file);
  return found;
}

int main(int count, char** arguments) {
  if (count != 3) leave("usage", "energy MODEL.gaq STRUCTURE.xyz");
  char message[1024];
  gaq_engine* engine = gaq_open(arguments[1], NULL, message, sizeof message);
  if (!engine) leave(arguments[1], message);

  molecule atoms = read_xyz(arguments[2]);
  double energy = 0, *forces = calloc((size_t)atoms.atoms, 3 * sizeof(double));
  if (!forces) leave(arguments[2], "does not fit into memory");
  gaq_system system = {atoms.atoms, atoms.species, atoms.positions, NULL, {0, 0, 0}};
  gaq_result result = {&energy, forces, NULL, NULL};
  if (gaq_evaluate(engine, &system, &result) != GAQ_OK) leave(arguments[2], gaq_last_error(engine));

  printf("%.9f eV\n", energy);
  for (int64_t i = 0; i < atoms.atoms; ++i)
    printf("%-2s %15.9f %15.9f %15.9f eV/A\n", symbols[atoms.species[i]], forces[3 * i], forces[3 * i + 1],
           forces[3 * i + 2]);

  free(forces);
  free(atoms.species);
  free(atoms.positions);
  gaq_close(engine);
  return 0;
}
