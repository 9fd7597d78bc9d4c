// SPDX-License-Identifier: GPL-2.0-or-later
//
// `plugin load` begins here. A plugin that was built for another LAMMPS, or that finds another engine, says so and stops:
// classes are then laid out otherwise, and anything could happen.
#include <string>

#include "error.h"
#include "gaq.h"
#include "lammps.h"
#include "lammpsplugin.h"
#include "pair_gaq.h"

#ifndef GAQ_LAMMPS_VERSION
#error "say for which LAMMPS this is built: -DGAQ_LAMMPS_VERSION=20250722, as `gaq lammps --build` does"
#endif

using namespace LAMMPS_NS;

static void* make_pair(void* lmp) { return new PairGaq(static_cast<LAMMPS*>(lmp)); }

void lammpsplugin_init(void* given, void* handle, void* regfunc) {
  LAMMPS* lmp = static_cast<LAMMPS*>(given);
  if (lmp->num_ver != GAQ_LAMMPS_VERSION)
    lmp->error->all(FLERR,
                    std::string("the plugin of gaq was built for LAMMPS " + std::to_string(GAQ_LAMMPS_VERSION) +
                                ", this is " + std::to_string(lmp->num_ver) + ". Build it again: gaq lammps --build"));
  if (gaq_abi() != GAQ_ABI)
    lmp->error->all(FLERR, std::string("the plugin of gaq was built for interface " + std::to_string(GAQ_ABI) +
                                       " of the engine, this engine has " + std::to_string(gaq_abi()) +
                                       ". Build it again: gaq lammps --build"));
  lammpsplugin_t plugin;
  plugin.version = lmp->version;
  plugin.style = "pair";
  plugin.name = "gaq";
  plugin.info = "packed models of gaq";
  plugin.author = "gaq developers";
  plugin.creator.v1 = make_pair;
  plugin.handle = handle;
  reinterpret_cast<lammpsplugin_regfunc>(regfunc)(&plugin, lmp);
}
