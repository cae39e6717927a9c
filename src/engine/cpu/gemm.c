/* gemm.c - fully connected layers
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/product.h"

static void
describe (const TapCpuRun *run, TapProduct *p)
{
  const TapAttrs *attrs = run->node->attrs;
  const TapShape *a = &run->inputs[0].shape, *y = &run->outputs[0].shape;

  *p = (TapProduct){
    .a = tap_cpu_f32 (&run->inputs[0]),
    .b = tap_cpu_f32 (&run->inputs[1]),
    .a_transposed = tap_attrs_get_int (attrs, "transA", 0) != 0,
    .b_transposed = tap_attrs_get_int (attrs, "transB", 0) != 0,
    .y = tap_cpu_f32 (&run->outputs[0]),
    .m = (gsize) y->dims[0],
    .n = (gsize) y->dims[1],
    .alpha = (float) tap_attrs_get_float (attrs, "alpha", 1),
    .beta = (float) tap_attrs_get_float (attrs, "beta", 1),
  };
  p->k = (gsize) a->dims[p->a_transposed ? 0 : 1];
  if (tap_cpu_has_input (run, 2))
    {
      gint64 strides[TAP_MAX_DIMS];

      tap_cpu_broadcast_strides (&run->inputs[2].shape, y, strides);
      p->bias = tap_cpu_f32 (&run->inputs[2]);
      p->bias_row = (gsize) strides[0];
      p->bias_column = (gsize) strides[1];
    }
}

static gsize
gemm_scratch (const TapCpuRun *run)
{
  TapProduct p;

  describe (run, &p);
  return tap_product_scratch (&p) * sizeof (float);
}

/**
 * gemm_forward:
 *
 * y = alpha · A' · B' + beta · C, with ' a transposition where the node says so.
 *
 * Shapes: A' [M,K], B' [K,N], C broadcast to y [M,N].
 * Units: those of A times B.
 * Edges: none.
 * Errors: none that inference has not found.
 */
static gboolean
gemm_forward (const TapCpuRun *run, GError **error)
{
  TapProduct p;

  describe (run, &p);
  tap_product (run, &p, 1, run->scratch);
  return TRUE;
}

const TapCpuKernel tap_cpu_gemm = {
  .op = "Gemm",
  .scratch = gemm_scratch,
  .forward = gemm_forward,
};
