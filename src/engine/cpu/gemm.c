/* gemm.c - fully connected layers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * With Y = α A' B' + β C, ' being a transposition where the node says so, the gradients are
 * dA' = α dY B'ᵀ, dB' = α A'ᵀ dY and dC = β dY, summed over where C repeats. */

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
    .skips_zeros = run->packed != NULL && run->packed[0] == 1,
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

static TapTensor *
gemm_pack (const TapNode *node, int algorithm, TapTensor *const *constants, GError **error)
{
  return constants[1] != NULL ? tap_product_pack_finite (constants[1], error) : NULL;
}

static gsize
gemm_scratch (const TapCpuRun *run)
{
  TapProduct p;

  describe (run, &p);
  return tap_product_scratch (run, &p) * sizeof (float);
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

/* The product that is the gradient of A, as A lies in memory. */
static TapProduct
gradient_of_a (const TapProduct *p, const float *dy, float *to)
{
  if (p->a_transposed)
    return (TapProduct){ .a = p->b,
                         .b = dy,
                         .a_transposed = p->b_transposed,
                         .b_transposed = TRUE,
                         .y = to,
                         .m = p->k,
                         .n = p->m,
                         .k = p->n,
                         .alpha = p->alpha };
  /* What a rectifier has stopped passes nothing on, whatever the weights. */
  return (TapProduct){ .a = dy,
                       .b = p->b,
                       .b_transposed = !p->b_transposed,
                       .y = to,
                       .m = p->m,
                       .n = p->k,
                       .k = p->n,
                       .alpha = p->alpha,
                       .skips_zeros = TRUE };
}

static TapProduct
gradient_of_b (const TapProduct *p, const float *dy, float *to)
{
  if (p->b_transposed)
    return (TapProduct){ .a = dy,
                         .b = p->a,
                         .a_transposed = TRUE,
                         .b_transposed = p->a_transposed,
                         .y = to,
                         .m = p->n,
                         .n = p->k,
                         .k = p->m,
                         .alpha = p->alpha };
  return (TapProduct){ .a = p->a,
                       .b = dy,
                       .a_transposed = !p->a_transposed,
                       .y = to,
                       .m = p->k,
                       .n = p->n,
                       .k = p->m,
                       .alpha = p->alpha };
}

static gsize
gemm_scratch_backward (const TapCpuRun *run)
{
  TapProduct p, a, b;

  describe (run, &p);
  a = gradient_of_a (&p, NULL, NULL);
  b = gradient_of_b (&p, NULL, NULL);
  return MAX (tap_product_scratch (run, &a), tap_product_scratch (run, &b)) * sizeof (float);
}

/* In double: C may be one number that all of y has a part in. */
static void
gradient_of_c (const TapCpuRun *run, const TapProduct *p, const float *dy)
{
  const TapCpuArray *to = &run->input_grads[2];
  gint64 strides[TAP_MAX_DIMS];
  gsize rows, columns;

  tap_cpu_broadcast_strides (&to->shape, &run->outputs[0].shape, strides);
  rows = strides[0] != 0 ? p->m : 1;
  columns = strides[1] != 0 ? p->n : 1;
  for (gsize i = 0; i < rows; i++)
    for (gsize j = 0; j < columns; j++)
      {
        double sum = 0;

        for (gsize row = i; row < (rows > 1 ? i + 1 : p->m); row++)
          for (gsize column = j; column < (columns > 1 ? j + 1 : p->n); column++)
            sum += (double) dy[row * p->n + column];
        tap_cpu_f32 (to)[i * columns + j] = p->beta * (float) sum;
      }
}

/* Adjoint of gemm_forward(). Shapes: those of A, B and C. */
static gboolean
gemm_backward (const TapCpuRun *run, GError **error)
{
  const float *dy = tap_cpu_f32 (&run->output_grads[0]);
  TapProduct p, gradient;

  describe (run, &p);
  if (run->input_grads[0].data != NULL)
    {
      gradient = gradient_of_a (&p, dy, tap_cpu_f32 (&run->input_grads[0]));
      tap_product (run, &gradient, 1, run->scratch);
    }
  if (run->input_grads[1].data != NULL)
    {
      gradient = gradient_of_b (&p, dy, tap_cpu_f32 (&run->input_grads[1]));
      tap_product (run, &gradient, 1, run->scratch);
    }
  if (run->n_inputs > 2 && run->input_grads[2].data != NULL)
    gradient_of_c (run, &p, dy);
  return TRUE;
}

static guint
gemm_needs (const TapNode *node, guint wanted)
{
  return ((wanted & 1) ? TAP_CPU_INPUT (1) : 0) | ((wanted & 2) ? TAP_CPU_INPUT (0) : 0);
}

const TapCpuKernel tap_cpu_gemm = {
  .op = "Gemm",
  .pack = gemm_pack,
  .scratch = gemm_scratch,
  .forward = gemm_forward,
  .backward = gemm_backward,
  .needs = gemm_needs,
  .scratch_backward = gemm_scratch_backward,
};
