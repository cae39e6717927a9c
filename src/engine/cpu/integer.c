/* integer.c - what sums of products of whole numbers share
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "engine/cpu/integer.h"

double
tap_integer_number (const TapCpuRun *run, int input, gsize i, double fallback)
{
  const TapCpuArray *array;

  if (input < 0 || !tap_cpu_has_input (run, input))
    return fallback;
  array = &run->inputs[input];
  return tap_number_at (array->dtype, array->data, tap_cpu_count (&array->shape) == 1 ? 0 : i);
}

gboolean
tap_integer_init (TapInteger *self,
                  const TapCpuRun *run,
                  const TapIntegerInputs *in,
                  GError **error)
{
  *self = (TapInteger){ .run = run, .in = in, .rounds = in->y_scale >= 0 };
  if (self->rounds && !tap_quantized_range (run->node, &self->output, error))
    return FALSE;
  self->output.scale = (float) tap_integer_number (run, in->y_scale, 0, 1);
  self->output.zero = (float) tap_integer_number (run, in->y_zero, 0, 0);
  return TRUE;
}

/* What stands for a number of 8 bits has 9 of them; anything else is a mistake that must do no harm. */
static gint16
narrow (double x)
{
  return (gint16) (x >= -256 ? (x <= 256 ? x : 256) : -256);
}

void
tap_integer_row (gint16 *out,
                 TapDtype dtype,
                 gconstpointer data,
                 gsize first,
                 gsize step,
                 gsize n,
                 gsize pitch,
                 double zero)
{
  if (dtype == TAP_DTYPE_F32)
    for (gsize i = 0; i < n; i++)
      out[i] = narrow ((double) ((const float *) data)[first + i * step] - zero);
  else
    for (gsize i = 0; i < n; i++)
      out[i] = narrow (tap_number_at (dtype, data, first + i * step) - zero);
  memset (out + n, 0, (pitch - n) * sizeof *out);
}

float
tap_integer_scale (const TapInteger *self, gsize a, gsize b)
{
  const TapIntegerInputs *in = self->in;
  float x = (float) tap_integer_number (self->run, in->x_scale, a, 1);
  float w = (float) tap_integer_number (self->run, in->w_scale, b, 1);

  return self->rounds ? x * w / self->output.scale : 1;
}

void
tap_integer_store (const TapInteger *self, gsize at, gint64 sum, float scale)
{
  float *y = tap_cpu_f32 (&self->run->outputs[0]) + at;
  float step;

  if (!self->rounds)
    {
      *y = (float) sum;
      return;
    }
  step = rintf ((float) sum * scale) + self->output.zero;
  *y = CLAMP (step, self->output.low, self->output.high);
  if (self->run->saved != NULL)
    ((guint8 *) self->run->saved)[at] = *y == step;
}

float
tap_integer_back (const TapInteger *self, gsize at, float scale)
{
  float dy = tap_cpu_f32 (&self->run->output_grads[0])[at];

  return !self->rounds || ((const guint8 *) self->run->saved)[at] ? dy * scale : 0;
}

gsize
tap_integer_saved (const TapCpuRun *run)
{
  return tap_cpu_count (&run->outputs[0].shape);
}

void
tap_integer_floats (const TapCpuRun *run, int input, int zero, gsize per, float *out)
{
  const TapCpuArray *x = &run->inputs[input];
  gsize n = tap_cpu_count (&x->shape);
  gsize n_zeros =
    zero >= 0 && tap_cpu_has_input (run, zero) ? tap_cpu_count (&run->inputs[zero].shape) : 1;

  for (gsize i = 0; i < n; i++)
    out[i] = (float) (tap_number_at (x->dtype, x->data, i) -
                      tap_integer_number (run, zero, i / per % n_zeros, 0));
}

void
tap_integer_zero_others (const TapCpuRun *run, int a, int b)
{
  for (int i = 0; i < run->n_inputs; i++)
    if (i != a && i != b && run->input_grads[i].data != NULL)
      tap_cpu_zero (run, run->input_grads[i].data, tap_cpu_count (&run->input_grads[i].shape));
}
