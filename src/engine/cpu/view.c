/* view.c - operators that leave the numbers where they are, and the few that make or scale them
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "engine/cpu/tap-cpu.h"

/* Maps that are counted otherwise. */
static gboolean
view_reads (const TapCpuRun *run, int input, int axis, TapCpuCells *cells)
{
  return input == 0 && tap_cpu_reads_same (run, axis, cells);
}

#define VIEW(id, type)                                                                             \
  const TapCpuKernel tap_cpu_##id = {                                                              \
    .op = type,                                                                                    \
    .types = "*i",                                                                                 \
    .flags = TAP_CPU_VIEW | TAP_CPU_REGIONS,                                                       \
    .reads = view_reads,                                                                           \
  };

VIEW (flatten, "Flatten")
VIEW (identity, "Identity")
VIEW (reshape, "Reshape")
VIEW (squeeze, "Squeeze")
VIEW (unsqueeze, "Unsqueeze")

/* Only the mask is left to make: everything is kept. */
static gboolean
dropout_forward (const TapCpuRun *run, GError **error)
{
  gsize n = tap_cpu_wants_output (run, 1) ? tap_cpu_count (&run->outputs[1].shape) : 0;

  for (gsize i = 0; i < n; i++)
    tap_cpu_i64 (&run->outputs[1])[i] = 1;
  return TRUE;
}

const TapCpuKernel tap_cpu_dropout = {
  .op = "Dropout",
  .types = "*f*",
  .flags = TAP_CPU_VIEW | TAP_CPU_REGIONS,
  .forward = dropout_forward,
};

typedef struct
{
  const float *bias;
  gsize n;
  float scale;
} Scaler;

static void
scaler_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const Scaler *s = data;

  run->simd->unary (TAP_UNARY_AFFINE, tap_cpu_f32 (&run->outputs[0]) + offset,
                    tap_cpu_f32 (&run->inputs[0]) + offset, n, s->scale,
                    channel < s->n ? s->bias[channel] : 0);
}

static gboolean
scaler_forward (const TapCpuRun *run, GError **error)
{
  Scaler s = { NULL, 0, (float) tap_attrs_get_float (run->node->attrs, "scale", 1) };

  s.bias = tap_attrs_get_floats (run->node->attrs, "bias", &s.n);
  tap_cpu_spans (run, TRUE, scaler_span, &s);
  return TRUE;
}

static void
scale_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const float *scale = data;

  run->simd->unary (TAP_UNARY_AFFINE, tap_cpu_f32 (&run->input_grads[0]) + offset,
                    tap_cpu_f32 (&run->output_grads[0]) + offset, n, *scale, 0);
}

static gboolean
scaler_backward (const TapCpuRun *run, GError **error)
{
  float scale = (float) tap_attrs_get_float (run->node->attrs, "scale", 1);

  tap_cpu_spans (run, FALSE, scale_span, &scale);
  return TRUE;
}

const TapCpuKernel tap_cpu_image_scaler = {
  .op = "ImageScaler",
  .flags = TAP_CPU_REGIONS | TAP_CPU_IN_PLACE | TAP_CPU_BACK_IN_PLACE,
  .forward = scaler_forward,
  .backward = scaler_backward,
};

/* Folded at load unless the result is too large to be kept. */
static gboolean
constant_of_shape_forward (const TapCpuRun *run, GError **error)
{
  const TapTensor *value = tap_attrs_get_tensor (run->node->attrs, "value");
  const TapCpuArray *y = &run->outputs[0];
  gsize n = tap_cpu_count (&y->shape);

  for (gsize i = 0; i < n; i++)
    if (y->dtype == TAP_DTYPE_I64)
      tap_cpu_i64 (y)[i] =
        value != NULL && value->dtype == TAP_DTYPE_I64 ? tap_tensor_i64 (value)[0] : 0;
    else
      tap_cpu_f32 (y)[i] =
        value != NULL && value->dtype == TAP_DTYPE_F32 ? tap_tensor_f32 (value)[0] : 0;
  return TRUE;
}

const TapCpuKernel tap_cpu_constant_of_shape = {
  .op = "ConstantOfShape",
  .types = "i",
  .forward = constant_of_shape_forward,
};
