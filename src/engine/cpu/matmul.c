/* matmul.c - products of stacks of matrices
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The gradient of each matrix is dA = dY Bᵀ or dB = Aᵀ dY; one that is repeated through the stack gets the
 * sum, in the order of the stack. */

#include "config.h"

#include "engine/cpu/product.h"

#include <string.h>

typedef struct
{
  TapProduct product;
  TapShape stack;                                          /* of y */
  gint64 a_strides[TAP_MAX_DIMS], b_strides[TAP_MAX_DIMS]; /* matrices */
  gsize n;                                                 /* of the stack */
} MatMul;

/* Dimensions of both sides before the last two, broadcast; vectors count as one row or column. */
static void
describe (const TapCpuRun *run, MatMul *self)
{
  TapShape a = run->inputs[0].shape, b = run->inputs[1].shape;
  TapProduct *p = &self->product;

  *p = (TapProduct){ .alpha = 1, .skips_zeros = run->packed != NULL && run->packed[0] == 1 };
  p->m = a.n_dims >= 2 ? (gsize) a.dims[a.n_dims - 2] : 1;
  p->k = (gsize) a.dims[a.n_dims - 1];
  p->n = b.n_dims >= 2 ? (gsize) b.dims[b.n_dims - 1] : 1;
  a.n_dims = MAX (a.n_dims - 2, 0);
  b.n_dims = MAX (b.n_dims - 2, 0);
  if (!tap_shape_broadcast (&a, &b, &self->stack))
    self->stack = TAP_SHAPE_SCALAR;
  /* One matrix for the whole stack on the right: the stack is one tall matrix. */
  if (tap_cpu_count (&b) == 1 && tap_cpu_count (&a) == tap_cpu_count (&self->stack))
    {
      p->m *= tap_cpu_count (&self->stack);
      self->stack = TAP_SHAPE_SCALAR;
      a.n_dims = b.n_dims = 0;
    }
  tap_cpu_broadcast_strides (&a, &self->stack, self->a_strides);
  tap_cpu_broadcast_strides (&b, &self->stack, self->b_strides);
  self->n = tap_cpu_count (&self->stack);
}

/* Which matrices number @i of the stack is made of. */
static void
find_matrices (const MatMul *self, gsize i, gsize *a, gsize *b)
{
  *a = *b = 0;
  for (int d = self->stack.n_dims - 1; d >= 0; d--)
    {
      gsize index = i % (gsize) self->stack.dims[d];

      i /= (gsize) self->stack.dims[d];
      *a += index * (gsize) self->a_strides[d];
      *b += index * (gsize) self->b_strides[d];
    }
}

static TapTensor *
matmul_pack (const TapNode *node, int algorithm, TapTensor *const *constants, GError **error)
{
  return constants[1] != NULL ? tap_product_pack_finite (constants[1], error) : NULL;
}

static gsize
list_bytes (const MatMul *self)
{
  return (self->n * sizeof (TapProduct) + 63) & ~(gsize) 63;
}

static gsize
matmul_scratch (const TapCpuRun *run)
{
  MatMul matmul;

  describe (run, &matmul);
  return list_bytes (&matmul) + tap_product_scratch (run, &matmul.product) * sizeof (float);
}

/**
 * matmul_forward:
 *
 * The matrix product of the last two dimensions, for each index of those before, as NumPy's matmul.
 *
 * Shapes: A […,M,K], B […,K,N], y […,M,N]; a vector is one row of A or one column of B.
 * Units: those of A times B.
 * Edges: none.
 * Errors: none that inference has not found.
 */
static gboolean
matmul_forward (const TapCpuRun *run, GError **error)
{
  TapProduct *all = run->scratch;
  MatMul matmul;

  describe (run, &matmul);
  for (gsize i = 0; i < matmul.n; i++)
    {
      const TapProduct *p = &matmul.product;
      gsize a, b;

      find_matrices (&matmul, i, &a, &b);
      all[i] = *p;
      all[i].a = tap_cpu_f32 (&run->inputs[0]) + a * p->m * p->k;
      all[i].b = tap_cpu_f32 (&run->inputs[1]) + b * p->k * p->n;
      all[i].y = tap_cpu_f32 (&run->outputs[0]) + i * p->m * p->n;
    }
  if (matmul.n > 0)
    tap_product (run, all, matmul.n,
                 (float *) (void *) ((char *) run->scratch + list_bytes (&matmul)));
  return TRUE;
}

static TapProduct
gradient_of_a (const TapProduct *p)
{
  return (TapProduct){ .b_transposed = TRUE, .m = p->m, .n = p->k, .k = p->n, .alpha = 1 };
}

static TapProduct
gradient_of_b (const TapProduct *p)
{
  return (TapProduct){ .a_transposed = TRUE, .m = p->k, .n = p->n, .k = p->m, .alpha = 1 };
}

static gsize
matmul_scratch_backward (const TapCpuRun *run)
{
  TapProduct a, b;
  MatMul matmul;

  describe (run, &matmul);
  a = gradient_of_a (&matmul.product);
  b = gradient_of_b (&matmul.product);
  return MAX (tap_product_scratch (run, &a), tap_product_scratch (run, &b)) * sizeof (float);
}

/* Adds the product to what is there, which begins as zeros. */
static void
add_product (const TapCpuRun *run, TapProduct *p)
{
  p->bias = p->y;
  p->bias_row = p->n;
  p->bias_column = 1;
  p->beta = 1;
  tap_product (run, p, 1, run->scratch);
}

/* Adjoint of matmul_forward(). Shapes: those of A and B. */
static gboolean
matmul_backward (const TapCpuRun *run, GError **error)
{
  const TapCpuArray *to_a = &run->input_grads[0], *to_b = &run->input_grads[1];
  const float *dy = tap_cpu_f32 (&run->output_grads[0]);
  MatMul matmul;

  describe (run, &matmul);
  if (to_a->data != NULL)
    memset (to_a->data, 0, tap_cpu_count (&to_a->shape) * sizeof (float));
  if (to_b->data != NULL)
    memset (to_b->data, 0, tap_cpu_count (&to_b->shape) * sizeof (float));
  for (gsize i = 0; i < matmul.n; i++)
    {
      const TapProduct *p = &matmul.product;
      gsize a, b;

      find_matrices (&matmul, i, &a, &b);
      if (to_a->data != NULL)
        {
          TapProduct gradient = gradient_of_a (p);

          gradient.a = dy + i * p->m * p->n;
          gradient.b = tap_cpu_f32 (&run->inputs[1]) + b * p->k * p->n;
          gradient.y = tap_cpu_f32 (to_a) + a * p->m * p->k;
          add_product (run, &gradient);
        }
      if (to_b->data != NULL)
        {
          TapProduct gradient = gradient_of_b (p);

          gradient.a = tap_cpu_f32 (&run->inputs[0]) + a * p->m * p->k;
          gradient.b = dy + i * p->m * p->n;
          gradient.y = tap_cpu_f32 (to_b) + b * p->k * p->n;
          add_product (run, &gradient);
        }
    }
  return TRUE;
}

static guint
matmul_needs (const TapNode *node, guint wanted)
{
  return ((wanted & 1) ? TAP_CPU_INPUT (1) : 0) | ((wanted & 2) ? TAP_CPU_INPUT (0) : 0);
}

const TapCpuKernel tap_cpu_matmul = {
  .op = "MatMul",
  .pack = matmul_pack,
  .scratch = matmul_scratch,
  .forward = matmul_forward,
  .backward = matmul_backward,
  .needs = matmul_needs,
  .scratch_backward = matmul_scratch_backward,
};
