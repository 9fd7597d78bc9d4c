/* gaq, for tests of parity and for the curious: what enters each slot, one quantizer or layer on its own, the speed of the
 * kernels. Not needed to compute energies and forces, and not stable from version to version.
 */
#ifndef GAQ_DEBUG_H
#define GAQ_DEBUG_H

#include "gaq.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called with the float rows that enter a slot, before they are quantized (single-threaded evaluation only); what the
 * function writes there is what the layer then sees, and everything else that reads these rows. `name` is that of the
 * slot; rows of vectors are [atom][2l+1]. */
typedef void (*gaq_tap)(void* context, const char* name, int64_t first_row, int64_t rows, int32_t columns, float* data);
GAQ_API int32_t gaq_set_tap(gaq_engine* engine, gaq_tap tap, void* context);

/* The scheme of a feature slot on its own: codes and decoded values of rows [rows][components][columns].
 * `name` is a slot of the model, `components` 1 for scalars and 2l+1 for vectors. `species` [rows], counted from 0 in the
 * order of gaq_info, may be NULL but for slots that round each species in its own way. Any output may be NULL;
 * `directions` [rows][columns] (or [rows][components][columns] for a code per component) is for polar slots. */
GAQ_API int32_t gaq_encode(gaq_engine* engine, const char* name, int64_t rows, int32_t components, int32_t columns,
                           const int32_t* species, const float* values, int32_t* codes, int32_t* directions,
                           float* steps, float* decoded);
/* One linear layer by its name, such as "layers.0.update.hidden": rows [rows][inputs] to [rows][outputs]; a vector is
 * 2l+1 rows; `species` [rows, or vectors] as above. */
GAQ_API int32_t gaq_linear(gaq_engine* engine, const char* name, int64_t rows, const int32_t* species,
                           const float* inputs, float* outputs);
/* Whether every kernel of the instruction set in use equals its plain twin; the sentence says which does not. */
GAQ_API int32_t gaq_self_test(char* report, size_t report_size);
/* Billions of multiply-adds per second of one kernel ("float32", "int8", "int16") on rows × inputs → outputs. */
GAQ_API double gaq_kernel_speed(const char* kernel, int64_t rows, int32_t inputs, int32_t outputs, double seconds);

#ifdef __cplusplus
}
#endif
#endif
