/* integer-conv.c - ConvInteger and QLinearConv
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The window of each output pixel becomes a row of whole numbers, some pixels at a time, and each filter's
 * numbers are another: sums are dot products of rows. */

#include "config.h"

#include "engine/cpu/conv.h"
#include "engine/cpu/integer.h"

/* Pixels whose windows are turned into rows at a time. */
#define TILE 16

static const TapIntegerInputs integer_inputs = { 1, 2, 3, -1, -1, -1, -1, -1 };
static const TapIntegerInputs qlinear_inputs = { 3, 2, 5, 1, 4, 6, 7, 8 };

typedef struct
{
  TapInteger integer;
  TapWindow window;
  gsize images, channels, maps; /* channels of all groups */
  gsize fine, coarse;           /* per group */
  gsize n, pitch;               /* numbers of a window, and of the row that holds them */
  gsize in_cells, out_cells, tiles;
  gint16 *x;             /* the input less its zero point */
  const gint16 *weights; /* [maps][pitch] */
  char *workers;         /* per worker a tile of rows, and their sums */
} Conv;

static const TapIntegerInputs *
inputs_of (const TapNode *node)
{
  return g_str_equal (node->op->name, "QLinearConv") ? &qlinear_inputs : &integer_inputs;
}

static gsize
aligned (gsize bytes)
{
  return (bytes + 63) & ~(gsize) 63;
}

static gboolean
conv_init (Conv *self, const TapCpuRun *run, GError **error)
{
  const TapIntegerInputs *in = inputs_of (run->node);
  const TapShape *x = &run->inputs[0].shape, *w = &run->inputs[in->weights].shape;

  *self = (Conv){ .images = (gsize) x->dims[0],
                  .channels = (gsize) x->dims[1],
                  .maps = (gsize) w->dims[0],
                  .fine = (gsize) w->dims[1] };
  if (!tap_op_window (run->node, x, w, &self->window, error))
    return FALSE;
  self->coarse = self->maps / (gsize) self->window.group;
  self->n = (gsize) tap_shape_product (w, 1, w->n_dims);
  self->pitch = tap_integer_pitch (self->n);
  self->in_cells = (gsize) self->window.in_h * (gsize) self->window.in_w;
  self->out_cells = (gsize) self->window.out_h * (gsize) self->window.out_w;
  self->tiles = (self->out_cells + TILE - 1) / TILE;
  self->integer.run = run;
  self->integer.in = in;
  return TRUE;
}

static gsize
weights_bytes (const Conv *self)
{
  return aligned (self->maps * self->pitch * sizeof (gint16));
}

static gsize
input_bytes (const Conv *self)
{
  return aligned (self->images * self->channels * self->in_cells * sizeof (gint16));
}

static gsize
worker_bytes (const Conv *self)
{
  return aligned (TILE * self->pitch * sizeof (gint16)) +
         aligned (TILE * self->coarse * sizeof (gint64));
}

static gsize
conv_scratch (const TapCpuRun *run)
{
  Conv self;

  if (!conv_init (&self, run, NULL))
    return 0;
  return input_bytes (&self) + (run->packed == NULL ? weights_bytes (&self) : 0) +
         (gsize) tap_pool_get_n_threads (run->pool) * worker_bytes (&self);
}

static double
zero_of (TapTensor *zeros, gsize k)
{
  return zeros == NULL ? 0 : tap_number_at (zeros->dtype, zeros->data, zeros->count == 1 ? 0 : k);
}

/* Weights as rows. They wait until the zero points are known as well. */
static TapTensor *
conv_pack (const TapNode *node, int algorithm, TapTensor *const *constants, GError **error)
{
  const TapIntegerInputs *in = inputs_of (node);
  TapTensor *w = constants[in->weights], *zeros = NULL, *packed;
  TapShape shape = { 1 };
  gsize n, pitch;

  if (in->w_zero < node->n_inputs && node->inputs[in->w_zero] >= 0)
    {
      zeros = constants[in->w_zero];
      if (zeros == NULL)
        return NULL;
    }
  if (w == NULL || w->count == 0)
    return NULL;
  n = w->count / (gsize) w->shape.dims[0];
  pitch = tap_integer_pitch (n);
  shape.dims[0] = w->shape.dims[0] * (gint64) pitch / 2; /* two to a float */
  packed = tap_tensor_new_uninit (TAP_DTYPE_F32, &shape, error);
  for (gsize k = 0; packed != NULL && k < (gsize) w->shape.dims[0]; k++)
    tap_integer_row ((gint16 *) packed->data + k * pitch, w->dtype, w->data, k * n, 1, n, pitch,
                     zero_of (zeros, k));
  return packed;
}

static void
input_task (gpointer user_data, int task, int worker)
{
  const Conv *self = user_data;
  const TapCpuRun *run = self->integer.run;
  gsize first = (gsize) task * self->in_cells;

  tap_integer_row (self->x + first, run->inputs[0].dtype, run->inputs[0].data, first, 1,
                   self->in_cells, self->in_cells,
                   tap_integer_number (run, self->integer.in->x_zero, 0, 0));
}

static void
weights_task (gpointer user_data, int task, int worker)
{
  const Conv *self = user_data;
  const TapCpuRun *run = self->integer.run;
  const TapIntegerInputs *in = self->integer.in;
  const TapCpuArray *w = &run->inputs[in->weights];

  tap_integer_row ((gint16 *) self->weights + (gsize) task * self->pitch, w->dtype, w->data,
                   (gsize) task * self->n, 1, self->n, self->pitch,
                   tap_integer_number (run, in->w_zero, (gsize) task, 0));
}

/* The window of pixel @cell; padding is what stands for 0. */
static void
fill_row (const Conv *self, const gint16 *x, gsize cell, gint16 *row)
{
  const TapWindow *w = &self->window;
  gint64 top = (gint64) (cell / (gsize) w->out_w) * w->stride_h - w->pad_top;
  gint64 left = (gint64) (cell % (gsize) w->out_w) * w->stride_w - w->pad_left;
  gsize at = 0;

  for (gsize c = 0; c < self->fine; c++, x += self->in_cells)
    for (int r = 0; r < w->kernel_h; r++)
      {
        gint64 h = top + (gint64) r * w->dilation_h;
        const gint16 *from = x + h * w->in_w;

        for (int s = 0; s < w->kernel_w; s++)
          {
            gint64 v = left + (gint64) s * w->dilation_w;

            row[at++] = h >= 0 && h < w->in_h && v >= 0 && v < w->in_w ? from[v] : 0;
          }
      }
  for (; at < self->pitch; at++)
    row[at] = 0;
}

static void
tile_task (gpointer user_data, int task, int worker)
{
  const Conv *self = user_data;
  const TapInteger *integer = &self->integer;
  gsize groups = (gsize) self->window.group, part = (gsize) task / self->tiles;
  gsize image = part / groups, group = part % groups;
  gsize first = (gsize) task % self->tiles * TILE, n = MIN (self->out_cells - first, TILE);
  gint16 *rows = (gint16 *) (gpointer) (self->workers + (gsize) worker * worker_bytes (self));
  gint64 *sums =
    (gint64 *) (gpointer) ((char *) rows + aligned (TILE * self->pitch * sizeof (gint16)));
  const gint16 *x = self->x + (image * self->channels + group * self->fine) * self->in_cells;

  for (gsize i = 0; i < n; i++)
    fill_row (self, x, first + i, rows + i * self->pitch);
  integer->run->simd->whole_dots (&(TapWholeDots){
    .sums = sums,
    .sums_pitch = self->coarse,
    .x = rows,
    .rows = self->weights + group * self->coarse * self->pitch,
    .pitch = self->pitch,
    .n = self->pitch,
    .n_vectors = (int) n,
    .n_rows = (int) self->coarse,
  });
  for (gsize k = 0; k < self->coarse; k++)
    {
      gsize map = group * self->coarse + k;
      gint64 bias = (gint64) tap_integer_number (integer->run, integer->in->bias, map, 0);
      float scale = tap_integer_scale (integer, 0, map);

      for (gsize i = 0; i < n; i++)
        tap_integer_store (integer, (image * self->maps + map) * self->out_cells + first + i,
                           sums[i * self->coarse + k] + bias, scale);
    }
}

/**
 * conv_forward:
 *
 * Cross-correlation of numbers less their zero points; exact before it is rounded.
 *
 * Shapes: x [N,C,H,W] or [N,C,L], w [K,C/group,R,S], bias [K], y [N,K,P,Q].
 * Units: whole numbers; those of y stand for y times the output's scale.
 * Edges: padding stands for 0. Sums above 2^24 are rounded to float32 where they are the result.
 * Errors: none that inference has not found.
 */
static gboolean
conv_forward (const TapCpuRun *run, GError **error)
{
  char *scratch = run->scratch;
  Conv self;

  if (!conv_init (&self, run, error) ||
      !tap_integer_init (&self.integer, run, inputs_of (run->node), error))
    return FALSE;
  self.x = (gint16 *) (gpointer) scratch;
  scratch += input_bytes (&self);
  tap_pool_run (run->pool, (int) (self.images * self.channels), input_task, &self);
  self.weights = (const gint16 *) (gconstpointer) run->packed;
  if (self.weights == NULL)
    {
      self.weights = (const gint16 *) (gpointer) scratch;
      scratch += weights_bytes (&self);
      tap_pool_run (run->pool, (int) self.maps, weights_task, &self);
    }
  self.workers = scratch;
  tap_pool_run (run->pool, (int) (self.images * (gsize) self.window.group * self.tiles), tile_task,
                &self);
  return TRUE;
}

/* --- back --- */

/* A convolution of numbers in the place of this one: gradient of its input alone. */
static TapCpuRun
plain_run (const TapCpuRun *run, TapCpuArray *arrays)
{
  TapCpuRun plain = *run;

  arrays[0] = run->inputs[0];
  arrays[1] = run->inputs[inputs_of (run->node)->weights];
  arrays[0].dtype = arrays[1].dtype = TAP_DTYPE_F32;
  arrays[0].data = arrays[1].data = NULL;
  plain.inputs = arrays;
  plain.n_inputs = 2;
  plain.packed = NULL;
  plain.algorithm = TAP_CONV_BACK_DIRECT;
  plain.residual = NULL;
  plain.saved = NULL;
  return plain;
}

static gsize
floats_bytes (const TapShape *shape)
{
  return aligned (tap_cpu_count (shape) * sizeof (float));
}

static gsize
conv_scratch_backward (const TapCpuRun *run)
{
  TapCpuArray arrays[2];
  TapCpuRun plain = plain_run (run, arrays);

  return floats_bytes (&arrays[1].shape) + floats_bytes (&run->outputs[0].shape) +
         tap_conv_direct_scratch_back (&plain);
}

static gboolean
conv_backward (const TapCpuRun *run, GError **error)
{
  TapCpuArray arrays[2], sums;
  TapCpuRun plain = plain_run (run, arrays);
  char *scratch = run->scratch;
  gsize n_cells, cells;
  TapInteger integer;
  gsize per = 1;

  tap_integer_zero_others (run, 0, 0);
  if (run->input_grads[0].data == NULL)
    return TRUE;
  if (!tap_integer_init (&integer, run, inputs_of (run->node), error))
    return FALSE;
  per = (gsize) MAX (tap_shape_product (&arrays[1].shape, 1, arrays[1].shape.n_dims), 1);
  arrays[1].data = scratch;
  scratch += floats_bytes (&arrays[1].shape);
  tap_integer_floats (run, integer.in->weights, integer.in->w_zero, per, arrays[1].data);
  sums = run->outputs[0];
  sums.data = scratch;
  scratch += floats_bytes (&sums.shape);
  n_cells = tap_cpu_count (&sums.shape);
  cells = (gsize) MAX (tap_shape_product (&sums.shape, 2, sums.shape.n_dims), 1);
  for (gsize i = 0; i < n_cells; i++)
    tap_cpu_f32 (&sums)[i] = tap_integer_back (
      &integer, i, tap_integer_scale (&integer, 0, i / cells % (gsize) sums.shape.dims[1]));
  plain.output_grads = &sums;
  plain.scratch = scratch;
  return tap_conv_direct_back (&plain, error);
}

static guint
conv_needs (const TapNode *node, guint wanted)
{
  guint needs = 0;

  for (int i = 1; i < node->n_inputs; i++)
    needs |= TAP_CPU_INPUT (i);
  return (wanted & 1) ? needs : 0;
}

const TapCpuKernel tap_cpu_conv_integer = {
  .op = "ConvInteger",
  .types = "*",
  .pack = conv_pack,
  .scratch = conv_scratch,
  .forward = conv_forward,
  .backward = conv_backward,
  .needs = conv_needs,
  .scratch_backward = conv_scratch_backward,
};

const TapCpuKernel tap_cpu_qlinear_conv = {
  .op = "QLinearConv",
  .types = "*f**f*f**",
  .pack = conv_pack,
  .scratch = conv_scratch,
  .forward = conv_forward,
  .backward = conv_backward,
  .needs = conv_needs,
  .saved = tap_integer_saved,
  .scratch_backward = conv_scratch_backward,
};
