/* matmul.c - products of stacks of matrices
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/product.h"

/* Dimensions of both sides before the last two, broadcast; vectors count as one row or column. */
static gsize
describe (const TapCpuRun *run, TapProduct *p, TapShape *stack, TapShape *a, TapShape *b)
{
  *a = run->inputs[0].shape;
  *b = run->inputs[1].shape;
  *p = (TapProduct){ .alpha = 1 };
  p->m = a->n_dims >= 2 ? (gsize) a->dims[a->n_dims - 2] : 1;
  p->k = (gsize) a->dims[a->n_dims - 1];
  p->n = b->n_dims >= 2 ? (gsize) b->dims[b->n_dims - 1] : 1;
  a->n_dims = MAX (a->n_dims - 2, 0);
  b->n_dims = MAX (b->n_dims - 2, 0);
  if (!tap_shape_broadcast (a, b, stack))
    *stack = TAP_SHAPE_SCALAR;
  /* One matrix for the whole stack on the right: the stack is one tall matrix. */
  if (tap_cpu_count (b) == 1 && tap_cpu_count (a) == tap_cpu_count (stack))
    {
      p->m *= tap_cpu_count (stack);
      *stack = TAP_SHAPE_SCALAR;
      a->n_dims = b->n_dims = 0;
    }
  return tap_cpu_count (stack);
}

static gsize
matmul_scratch (const TapCpuRun *run)
{
  TapProduct p;
  TapShape stack, a, b;

  return describe (run, &p, &stack, &a, &b) * sizeof (TapProduct);
}

static gboolean
matmul_forward (const TapCpuRun *run, GError **error)
{
  TapProduct p, *all = run->scratch;
  TapShape stack, a, b;
  gsize n = describe (run, &p, &stack, &a, &b);
  gint64 a_strides[TAP_MAX_DIMS], b_strides[TAP_MAX_DIMS];

  tap_cpu_broadcast_strides (&a, &stack, a_strides);
  tap_cpu_broadcast_strides (&b, &stack, b_strides);
  for (gsize i = 0; i < n; i++)
    {
      gsize rest = i, a_matrix = 0, b_matrix = 0;

      for (int d = stack.n_dims - 1; d >= 0; d--)
        {
          gsize index = rest % (gsize) stack.dims[d];

          rest /= (gsize) stack.dims[d];
          a_matrix += index * (gsize) a_strides[d];
          b_matrix += index * (gsize) b_strides[d];
        }
      all[i] = p;
      all[i].a = tap_cpu_f32 (&run->inputs[0]) + a_matrix * p.m * p.k;
      all[i].b = tap_cpu_f32 (&run->inputs[1]) + b_matrix * p.k * p.n;
      all[i].y = tap_cpu_f32 (&run->outputs[0]) + i * p.m * p.n;
    }
  if (n > 0)
    tap_product (run, all, n, NULL);
  return TRUE;
}

const TapCpuKernel tap_cpu_matmul = {
  .op = "MatMul",
  .scratch = matmul_scratch,
  .forward = matmul_forward,
};
