/* normalization.c - shift and scale: by trained statistics, or by those of the picture
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "engine/cpu/tap-cpu.h"

typedef struct
{
  const float *scale, *shift, *mean, *variance;
  float epsilon;
} Batch;

static void
batch_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const Batch *b = data;
  float factor = b->scale[channel] / sqrtf (b->variance[channel] + b->epsilon);

  run->simd->unary (TAP_UNARY_AFFINE, tap_cpu_f32 (&run->outputs[0]) + offset,
                    tap_cpu_f32 (&run->inputs[0]) + offset, n, factor,
                    b->shift[channel] - b->mean[channel] * factor);
}

/**
 * batch_forward:
 *
 * y = (x - mean) / √(variance + ε) · scale + shift per channel, as one product and one sum.
 *
 * Shapes: x, y [N,C,…]; the four others [C].
 * Units: those of x.
 * Edges: none.
 * Errors: none that inference has not found.
 */
static gboolean
batch_forward (const TapCpuRun *run, GError **error)
{
  Batch b = {
    tap_cpu_f32 (&run->inputs[1]),
    tap_cpu_f32 (&run->inputs[2]),
    tap_cpu_f32 (&run->inputs[3]),
    tap_cpu_f32 (&run->inputs[4]),
    (float) tap_attrs_get_float (run->node->attrs, "epsilon", 1e-5),
  };

  tap_cpu_spans (run, TRUE, batch_span, &b);
  return TRUE;
}

const TapCpuKernel tap_cpu_batch_normalization = {
  .op = "BatchNormalization",
  .flags = TAP_CPU_REGIONS | TAP_CPU_IN_PLACE,
  .forward = batch_forward,
};

/* Instance and group normalization: stretches of @length numbers, each with its own mean. */
typedef struct
{
  const TapCpuRun *run;
  gsize area, channels, channels_per_group, scales;
  gsize n_groups;
  float epsilon;
} Groups;

static void
group_task (gpointer user_data, int task, int worker)
{
  const Groups *g = user_data;
  const TapSimd *simd = g->run->simd;
  gsize length = g->channels_per_group * g->area;
  const float *x = tap_cpu_f32 (&g->run->inputs[0]) + (gsize) task * length;
  float *y = tap_cpu_f32 (&g->run->outputs[0]) + (gsize) task * length;
  const float *scale = tap_cpu_f32 (&g->run->inputs[1]), *shift = tap_cpu_f32 (&g->run->inputs[2]);
  float mean = simd->sum (x, length) / (float) length;
  float variance = simd->sum_square_deviation (x, mean, length) / (float) length;
  float inverse = 1.0f / sqrtf (variance + g->epsilon);

  for (gsize i = 0; i < g->channels_per_group; i++)
    {
      gsize channel = ((gsize) task * g->channels_per_group + i) % g->channels;
      gsize k = g->scales == g->channels ? channel : channel / g->channels_per_group;
      float factor = scale[k] * inverse;

      simd->unary (TAP_UNARY_AFFINE, y + i * g->area, x + i * g->area, g->area, factor,
                   shift[k] - mean * factor);
    }
}

static gboolean
groups_forward (const TapCpuRun *run, gint64 n_groups)
{
  const TapShape *x = &run->inputs[0].shape;
  Groups g = { .run = run };

  g.channels = (gsize) x->dims[1];
  g.area = (gsize) tap_shape_product (x, 2, x->n_dims);
  if (g.channels == 0 || g.area == 0)
    return TRUE;
  g.channels_per_group = n_groups > 0 ? g.channels / (gsize) n_groups : 1;
  g.n_groups = (gsize) x->dims[0] * (g.channels / g.channels_per_group);
  g.scales = tap_cpu_count (&run->inputs[1].shape);
  g.epsilon = (float) tap_attrs_get_float (run->node->attrs, "epsilon", 1e-5);
  tap_pool_run (run->pool, (int) g.n_groups, group_task, &g);
  return TRUE;
}

static gboolean
instance_forward (const TapCpuRun *run, GError **error)
{
  return groups_forward (run, 0);
}

static gboolean
group_forward (const TapCpuRun *run, GError **error)
{
  return groups_forward (run, tap_attrs_get_int (run->node->attrs, "num_groups", 1));
}

const TapCpuKernel tap_cpu_instance_normalization = {
  .op = "InstanceNormalization",
  .forward = instance_forward,
};

const TapCpuKernel tap_cpu_group_normalization = {
  .op = "GroupNormalization",
  .forward = group_forward,
};

typedef struct
{
  const TapCpuRun *run;
  TapShape tail; /* of what is normalized together */
  gsize length, rows, rows_per_task;
  float epsilon;
} Layer;

/* y = y ∘ operand, which may be smaller than the tail: one number or row for many. */
static void
join_tail (const Layer *l, TapBinary op, float *y, const TapCpuArray *operand)
{
  int last = l->tail.n_dims - 1;
  gsize width = (gsize) l->tail.dims[last];
  gint64 strides[TAP_MAX_DIMS];

  tap_cpu_broadcast_strides (&operand->shape, &l->tail, strides);
  for (gsize at = 0; at < l->length; at += width)
    {
      gsize rest = at / width, offset = 0;

      for (int d = last - 1; d >= 0; d--)
        {
          offset += rest % (gsize) l->tail.dims[d] * (gsize) strides[d];
          rest /= (gsize) l->tail.dims[d];
        }
      l->run->simd->binary (op, y + at, y + at, 1, tap_cpu_f32 (operand) + offset,
                            (gsize) strides[last], width);
    }
}

static void
layer_task (gpointer user_data, int task, int worker)
{
  const Layer *l = user_data;
  const TapSimd *simd = l->run->simd;
  gsize first = (gsize) task * l->rows_per_task, last = MIN (first + l->rows_per_task, l->rows);

  for (gsize i = first; i < last; i++)
    {
      const float *x = tap_cpu_f32 (&l->run->inputs[0]) + i * l->length;
      float mean = simd->sum (x, l->length) / (float) l->length;
      float variance = simd->sum_square_deviation (x, mean, l->length) / (float) l->length;
      float inverse = 1.0f / sqrtf (variance + l->epsilon);

      if (tap_cpu_wants_output (l->run, 0))
        {
          float *y = tap_cpu_f32 (&l->run->outputs[0]) + i * l->length;

          simd->binary (TAP_BINARY_SUB, y, x, 1, &mean, 0, l->length);
          simd->binary (TAP_BINARY_MUL, y, y, 1, &inverse, 0, l->length);
          join_tail (l, TAP_BINARY_MUL, y, &l->run->inputs[1]);
          if (tap_cpu_has_input (l->run, 2))
            join_tail (l, TAP_BINARY_ADD, y, &l->run->inputs[2]);
        }
      if (tap_cpu_wants_output (l->run, 1))
        tap_cpu_f32 (&l->run->outputs[1])[i] = mean;
      if (tap_cpu_wants_output (l->run, 2))
        tap_cpu_f32 (&l->run->outputs[2])[i] = inverse;
    }
}

static gboolean
layer_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape;
  int axis = tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", -1), x->n_dims);
  Layer l = { .run = run };

  l.tail.n_dims = x->n_dims - axis;
  for (int d = axis; d < x->n_dims; d++)
    l.tail.dims[d - axis] = x->dims[d];
  l.length = (gsize) tap_shape_product (x, axis, x->n_dims);
  l.rows = (gsize) tap_shape_product (x, 0, axis);
  if (l.length == 0)
    return TRUE;
  l.epsilon = (float) tap_attrs_get_float (run->node->attrs, "epsilon", 1e-5);
  l.rows_per_task = MAX (8192 / l.length, 1);
  tap_pool_run (run->pool, (int) ((l.rows + l.rows_per_task - 1) / l.rows_per_task), layer_task,
                &l);
  return TRUE;
}

const TapCpuKernel tap_cpu_layer_normalization = {
  .op = "LayerNormalization",
  .forward = layer_forward,
};
