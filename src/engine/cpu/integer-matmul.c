/* integer-matmul.c - MatMulInteger and QLinearMatMul
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of the left matrix against columns of the right one, both as rows of whole numbers. */

#include "config.h"

#include "engine/cpu/integer.h"

#define TILE_ROWS    16
#define TILE_COLUMNS 64

extern const TapCpuKernel tap_cpu_matmul;

static const TapIntegerInputs integer_inputs = { 1, 2, 3, -1, -1, -1, -1, -1 };
static const TapIntegerInputs qlinear_inputs = { 3, 2, 5, 1, 4, 6, 7, -1 };

typedef struct
{
  TapInteger integer;
  gsize m, k, n, pitch;
  gsize a_count, b_count, count; /* matrices */
  TapShape stack;                /* of the output, without the last two dimensions */
  gint64 a_strides[TAP_MAX_DIMS], b_strides[TAP_MAX_DIMS];
  gsize row_tiles, column_tiles;
  gint16 *a;
  const gint16 *b; /* [b_count][n][pitch] */
  gint64 *sums;    /* per worker */
} MatMul;

static const TapIntegerInputs *
inputs_of (const TapNode *node)
{
  return g_str_equal (node->op->name, "QLinearMatMul") ? &qlinear_inputs : &integer_inputs;
}

/* As matrices, and the stack of them. */
static TapShape
stack_of (const TapShape *shape)
{
  TapShape stack = *shape;

  stack.n_dims = MAX (shape->n_dims - 2, 0);
  return stack;
}

static void
matmul_init (MatMul *self, const TapCpuRun *run)
{
  const TapIntegerInputs *in = inputs_of (run->node);
  const TapShape *a = &run->inputs[0].shape, *b = &run->inputs[in->weights].shape;
  TapShape left = stack_of (a), right = stack_of (b);

  *self = (MatMul){ .integer = { .run = run, .in = in } };
  self->k = (gsize) a->dims[a->n_dims - 1];
  self->m = a->n_dims > 1 ? (gsize) a->dims[a->n_dims - 2] : 1;
  self->n = b->n_dims > 1 ? (gsize) b->dims[b->n_dims - 1] : 1;
  self->pitch = tap_integer_pitch (self->k);
  self->a_count = tap_cpu_count (&left);
  self->b_count = tap_cpu_count (&right);
  tap_shape_broadcast (&left, &right, &self->stack);
  self->count = tap_cpu_count (&self->stack);
  tap_cpu_broadcast_strides (&left, &self->stack, self->a_strides);
  tap_cpu_broadcast_strides (&right, &self->stack, self->b_strides);
  self->row_tiles = (self->m + TILE_ROWS - 1) / TILE_ROWS;
  self->column_tiles = (self->n + TILE_COLUMNS - 1) / TILE_COLUMNS;
}

static gsize
left_bytes (const MatMul *self)
{
  return (self->a_count * self->m * self->pitch * sizeof (gint16) + 63) & ~(gsize) 63;
}

static gsize
right_bytes (const MatMul *self)
{
  return (self->b_count * self->n * self->pitch * sizeof (gint16) + 63) & ~(gsize) 63;
}

static gsize
matmul_scratch (const TapCpuRun *run)
{
  MatMul self;

  matmul_init (&self, run);
  return left_bytes (&self) + (run->packed == NULL ? right_bytes (&self) : 0) +
         (gsize) tap_pool_get_n_threads (run->pool) * TILE_ROWS * TILE_COLUMNS * sizeof (gint64);
}

static TapTensor *
matmul_pack (const TapNode *node, int algorithm, TapTensor *const *constants, GError **error)
{
  const TapIntegerInputs *in = inputs_of (node);
  TapTensor *b = constants[in->weights], *zeros = NULL, *packed;
  TapShape shape = { 1 };
  gsize k, n, pitch;

  if (in->w_zero < node->n_inputs && node->inputs[in->w_zero] >= 0)
    {
      zeros = constants[in->w_zero];
      if (zeros == NULL)
        return NULL;
    }
  if (b == NULL || b->count == 0 || b->shape.n_dims != 2)
    return NULL;
  k = (gsize) b->shape.dims[0];
  n = (gsize) b->shape.dims[1];
  pitch = tap_integer_pitch (k);
  shape.dims[0] = (gint64) (n * pitch / 2); /* two to a float */
  packed = tap_tensor_new_uninit (TAP_DTYPE_F32, &shape, error);
  for (gsize i = 0; packed != NULL && i < n; i++)
    tap_integer_row (
      (gint16 *) packed->data + i * pitch, b->dtype, b->data, i, n, k, pitch,
      zeros == NULL ? 0 : tap_number_at (zeros->dtype, zeros->data, zeros->count == 1 ? 0 : i));
  return packed;
}

static void
left_task (gpointer user_data, int task, int worker)
{
  const MatMul *self = user_data;
  const TapCpuRun *run = self->integer.run;
  gsize row = (gsize) task;

  tap_integer_row (self->a + row * self->pitch, run->inputs[0].dtype, run->inputs[0].data,
                   row * self->k, 1, self->k, self->pitch,
                   tap_integer_number (run, self->integer.in->x_zero, row % self->m, 0));
}

static void
right_task (gpointer user_data, int task, int worker)
{
  const MatMul *self = user_data;
  const TapCpuRun *run = self->integer.run;
  const TapIntegerInputs *in = self->integer.in;
  gsize matrix = (gsize) task / self->n, column = (gsize) task % self->n;
  const TapCpuArray *b = &run->inputs[in->weights];

  tap_integer_row ((gint16 *) self->b + (gsize) task * self->pitch, b->dtype, b->data,
                   matrix * self->k * self->n + column, self->n, self->k, self->pitch,
                   tap_integer_number (run, in->w_zero, column, 0));
}

/* Which matrices make matrix @i of the output. */
static void
find_matrices (const MatMul *self, gsize i, gsize *a, gsize *b)
{
  *a = *b = 0;
  for (int d = self->stack.n_dims - 1; d >= 0; d--)
    {
      gsize at = i % (gsize) self->stack.dims[d];

      i /= (gsize) self->stack.dims[d];
      *a += at * (gsize) self->a_strides[d];
      *b += at * (gsize) self->b_strides[d];
    }
}

static void
tile_task (gpointer user_data, int task, int worker)
{
  const MatMul *self = user_data;
  gsize tiles = self->row_tiles * self->column_tiles, matrix = (gsize) task / tiles;
  gsize row = (gsize) task % tiles / self->column_tiles * TILE_ROWS;
  gsize column = (gsize) task % self->column_tiles * TILE_COLUMNS;
  gsize rows = MIN (self->m - row, TILE_ROWS), columns = MIN (self->n - column, TILE_COLUMNS);
  gint64 *sums = self->sums + (gsize) worker * TILE_ROWS * TILE_COLUMNS;
  gsize a, b;

  find_matrices (self, matrix, &a, &b);
  self->integer.run->simd->whole_dots (&(TapWholeDots){
    .sums = sums,
    .sums_pitch = TILE_COLUMNS,
    .x = self->a + (a * self->m + row) * self->pitch,
    .rows = self->b + (b * self->n + column) * self->pitch,
    .pitch = self->pitch,
    .n = self->pitch,
    .n_vectors = (int) rows,
    .n_rows = (int) columns,
  });
  for (gsize i = 0; i < rows; i++)
    for (gsize j = 0; j < columns; j++)
      tap_integer_store (&self->integer, (matrix * self->m + row + i) * self->n + column + j,
                         sums[i * TILE_COLUMNS + j],
                         tap_integer_scale (&self->integer, row + i, column + j));
}

/**
 * matmul_forward:
 *
 * Product of stacks of matrices of numbers less their zero points; exact before it is rounded.
 *
 * Shapes: as MatMul; scales and zero points of one number, by rows of A or by columns of B.
 * Units: whole numbers; those of Y stand for Y times the output's scale.
 * Edges: sums above 2^24 are rounded to float32 where they are the result.
 * Errors: none that inference has not found.
 */
static gboolean
matmul_forward (const TapCpuRun *run, GError **error)
{
  char *scratch = run->scratch;
  MatMul self;

  matmul_init (&self, run);
  if (!tap_integer_init (&self.integer, run, inputs_of (run->node), error))
    return FALSE;
  self.a = (gint16 *) (gpointer) scratch;
  scratch += left_bytes (&self);
  tap_pool_run (run->pool, (int) (self.a_count * self.m), left_task, &self);
  self.b = (const gint16 *) (gconstpointer) run->packed;
  if (self.b == NULL)
    {
      self.b = (const gint16 *) (gpointer) scratch;
      scratch += right_bytes (&self);
      tap_pool_run (run->pool, (int) (self.b_count * self.n), right_task, &self);
    }
  self.sums = (gint64 *) (gpointer) scratch;
  tap_pool_run (run->pool, (int) (self.count * self.row_tiles * self.column_tiles), tile_task,
                &self);
  return TRUE;
}

/* --- back --- */

static gsize
floats_bytes (const TapShape *shape)
{
  return (tap_cpu_count (shape) * sizeof (float) + 63) & ~(gsize) 63;
}

/* A product of numbers in the place of this one. */
static TapCpuRun
plain_run (const TapCpuRun *run, TapCpuArray *arrays, TapCpuArray *gradients)
{
  int weights = inputs_of (run->node)->weights;
  TapCpuRun plain = *run;

  arrays[0] = run->inputs[0];
  arrays[1] = run->inputs[weights];
  arrays[0].dtype = arrays[1].dtype = TAP_DTYPE_F32;
  gradients[0] = run->input_grads[0];
  gradients[1] = run->input_grads[weights];
  plain.inputs = arrays;
  plain.input_grads = gradients;
  plain.n_inputs = 2;
  plain.packed = NULL;
  return plain;
}

static gsize
matmul_scratch_backward (const TapCpuRun *run)
{
  TapCpuArray arrays[2], gradients[2];
  TapCpuRun plain = plain_run (run, arrays, gradients);

  return floats_bytes (&arrays[0].shape) + floats_bytes (&arrays[1].shape) +
         floats_bytes (&run->outputs[0].shape) + tap_cpu_matmul.scratch_backward (&plain);
}

static gboolean
matmul_backward (const TapCpuRun *run, GError **error)
{
  TapCpuArray arrays[2], gradients[2], sums = run->outputs[0];
  TapCpuRun plain = plain_run (run, arrays, gradients);
  char *scratch = run->scratch;
  MatMul self;

  matmul_init (&self, run);
  if (!tap_integer_init (&self.integer, run, inputs_of (run->node), error))
    return FALSE;
  tap_integer_zero_others (run, 0, self.integer.in->weights);
  if (gradients[0].data == NULL && gradients[1].data == NULL)
    return TRUE;
  arrays[0].data = scratch;
  scratch += floats_bytes (&arrays[0].shape);
  tap_integer_floats (run, 0, self.integer.in->x_zero, self.k, arrays[0].data);
  arrays[1].data = scratch;
  scratch += floats_bytes (&arrays[1].shape);
  tap_integer_floats (run, self.integer.in->weights, self.integer.in->w_zero, 1, arrays[1].data);
  sums.data = scratch;
  scratch += floats_bytes (&sums.shape);
  for (gsize i = 0; i < self.count * self.m * self.n; i++)
    tap_cpu_f32 (&sums)[i] = tap_integer_back (
      &self.integer, i, tap_integer_scale (&self.integer, i / self.n % self.m, i % self.n));
  plain.output_grads = &sums;
  plain.scratch = scratch;
  return tap_cpu_matmul.backward (&plain, error);
}

static guint
matmul_needs (const TapNode *node, guint wanted)
{
  guint needs = 0;

  for (int i = 0; i < node->n_inputs; i++)
    needs |= TAP_CPU_INPUT (i);
  return needs;
}

const TapCpuKernel tap_cpu_matmul_integer = {
  .op = "MatMulInteger",
  .types = "*",
  .pack = matmul_pack,
  .scratch = matmul_scratch,
  .forward = matmul_forward,
  .backward = matmul_backward,
  .needs = matmul_needs,
  .scratch_backward = matmul_scratch_backward,
};

const TapCpuKernel tap_cpu_qlinear_matmul = {
  .op = "QLinearMatMul",
  .types = "*f**f*f*",
  .pack = matmul_pack,
  .scratch = matmul_scratch,
  .forward = matmul_forward,
  .backward = matmul_backward,
  .needs = matmul_needs,
  .saved = tap_integer_saved,
  .scratch_backward = matmul_scratch_backward,
};
