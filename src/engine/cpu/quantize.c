/* quantize.c - whole numbers of a few bits for others, and back
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The derivative of rounding is 0 wherever there is one, and a quantised network would show nothing at all. Its
 * backward pass is straight through instead, as such networks are trained (Bengio, Léonard & Courville 2013,
 * 1308.3432): rounding passes the gradient as if it did nothing, clamping stops it. Through QuantizeLinear and
 * DequantizeLinear it goes unchanged where the number was within the range, and not at all where it was beyond.
 * The step is taken as given. */

#include "config.h"

#include "engine/cpu/tap-cpu.h"
#include "ops/quantize.h"

typedef struct
{
  const TapCpuRun *run;
  const TapCpuArray *x, *scale, *zero;
  TapQuantum quantum; /* its range, and the step where there is but one */
  TapQuantumRuns runs;
  const float *dy;
  float *dx;
} Steps;

static gboolean
steps_init (Steps *self, const TapCpuRun *run, gboolean back, GError **error)
{
  *self = (Steps){ .run = run, .x = &run->inputs[0], .scale = &run->inputs[1] };
  if (run->n_inputs > 2 && run->inputs[2].data != NULL)
    self->zero = &run->inputs[2];
  self->runs = tap_quantized_runs (run->node, &self->x->shape, &self->scale->shape);
  return back || tap_quantized_range (run->node, &self->quantum, error);
}

static TapQuantum
quantum_at (const Steps *self, gsize k)
{
  TapQuantum q = self->quantum;

  q.scale = tap_cpu_f32 (self->scale)[k];
  q.zero = self->zero != NULL ? (float) tap_number_at (self->zero->dtype, self->zero->data, k) : 0;
  return q;
}

/* Calls for the cells of one step each. */
typedef void (*StepFunc) (const Steps *self, const TapQuantum *q, gsize first, gsize last);

static void
each_step (const Steps *self, gsize offset, gsize n, StepFunc func)
{
  for (gsize i = offset, last; i < offset + n; i = last)
    {
      gsize run = i / self->runs.inner;
      TapQuantum q = quantum_at (self, run % self->runs.n);

      last = MIN ((run + 1) * self->runs.inner, offset + n);
      func (self, &q, i, last);
    }
}

static void
quantize_step (const Steps *self, const TapQuantum *q, gsize first, gsize last)
{
  float *y = tap_cpu_f32 (&self->run->outputs[0]);

  for (gsize i = first; i < last; i++)
    y[i] = tap_quantize ((float) tap_number_at (self->x->dtype, self->x->data, i), q);
}

static void
dequantize_step (const Steps *self, const TapQuantum *q, gsize first, gsize last)
{
  float *y = tap_cpu_f32 (&self->run->outputs[0]);

  for (gsize i = first; i < last; i++)
    y[i] = tap_dequantize (tap_number_at (self->x->dtype, self->x->data, i), q);
}

static void
quantize_step_back (const Steps *self, const TapQuantum *q, gsize first, gsize last)
{
  const float *x = tap_cpu_f32 (self->x);

  for (gsize i = first; i < last; i++)
    {
      float y = tap_quantize_step (x[i], q);

      self->dx[i] = y >= q->low && y <= q->high ? self->dy[i] / q->scale : 0;
    }
}

static void
dequantize_step_back (const Steps *self, const TapQuantum *q, gsize first, gsize last)
{
  for (gsize i = first; i < last; i++)
    self->dx[i] = self->dy[i] * q->scale;
}

static void
quantize_span (const TapCpuRun *run,
               gpointer data,
               gsize offset,
               gsize n,
               gsize image,
               gsize channel)
{
  each_step (data, offset, n, quantize_step);
}

static void
dequantize_span (const TapCpuRun *run,
                 gpointer data,
                 gsize offset,
                 gsize n,
                 gsize image,
                 gsize channel)
{
  each_step (data, offset, n, dequantize_step);
}

static void
quantize_span_back (const TapCpuRun *run,
                    gpointer data,
                    gsize offset,
                    gsize n,
                    gsize image,
                    gsize channel)
{
  each_step (data, offset, n, quantize_step_back);
}

static void
dequantize_span_back (const TapCpuRun *run,
                      gpointer data,
                      gsize offset,
                      gsize n,
                      gsize image,
                      gsize channel)
{
  each_step (data, offset, n, dequantize_step_back);
}

/**
 * quantize_forward:
 *
 * Rounds x / scale + zero, half to even, and clamps it.
 *
 * Shapes: x and y any, scale and zero of one number or as many as @x has along “axis”.
 * Units: y is whole numbers.
 * Edges: what is not a number becomes the lowest.
 * Errors: none that inference has not found.
 */
static gboolean
quantize_forward (const TapCpuRun *run, GError **error)
{
  Steps self;

  if (!steps_init (&self, run, FALSE, error))
    return FALSE;
  tap_cpu_spans (run, FALSE, quantize_span, &self);
  return TRUE;
}

static gboolean
dequantize_forward (const TapCpuRun *run, GError **error)
{
  Steps self;

  if (!steps_init (&self, run, TRUE, error))
    return FALSE;
  tap_cpu_spans (run, FALSE, dequantize_span, &self);
  return TRUE;
}

static void
zero_others (const TapCpuRun *run, int first)
{
  for (int i = first; i < run->n_inputs; i++)
    if (run->input_grads[i].data != NULL)
      tap_cpu_zero (run, run->input_grads[i].data, tap_cpu_count (&run->input_grads[i].shape));
}

static gboolean
quantize_backward (const TapCpuRun *run, GError **error)
{
  Steps self;

  zero_others (run, 1);
  if (run->input_grads[0].data == NULL)
    return TRUE;
  if (!steps_init (&self, run, FALSE, error))
    return FALSE;
  self.dy = tap_cpu_f32 (&run->output_grads[0]);
  self.dx = tap_cpu_f32 (&run->input_grads[0]);
  tap_cpu_spans (run, FALSE, quantize_span_back, &self);
  return TRUE;
}

/* Of the scales: Σ dy (x - zero). */
static void
scale_back (const Steps *self, float *gradients)
{
  const float *dy = self->dy;
  gsize n = tap_cpu_count (&self->x->shape);

  for (gsize k = 0; k < self->runs.n; k++)
    {
      TapQuantum q = quantum_at (self, k);
      double sum = 0;

      for (gsize i = k * self->runs.inner; i < n; i += self->runs.n * self->runs.inner)
        for (gsize j = i; j < i + self->runs.inner; j++)
          sum +=
            (double) dy[j] * (tap_number_at (self->x->dtype, self->x->data, j) - (double) q.zero);
      gradients[k] = (float) sum;
    }
}

static gboolean
dequantize_backward (const TapCpuRun *run, GError **error)
{
  Steps self;

  zero_others (run, 2);
  if (!steps_init (&self, run, TRUE, error))
    return FALSE;
  self.dy = tap_cpu_f32 (&run->output_grads[0]);
  self.dx = tap_cpu_f32 (&run->input_grads[0]);
  if (run->input_grads[1].data != NULL)
    scale_back (&self, tap_cpu_f32 (&run->input_grads[1]));
  if (self.dx != NULL)
    tap_cpu_spans (run, FALSE, dequantize_span_back, &self);
  return TRUE;
}

static guint
quantize_needs (const TapNode *node, guint wanted)
{
  return (wanted & 1) ? TAP_CPU_INPUT (0) | TAP_CPU_INPUT (1) | TAP_CPU_INPUT (2) : 0;
}

static guint
dequantize_needs (const TapNode *node, guint wanted)
{
  return TAP_CPU_INPUT (1) | ((wanted & 2) ? TAP_CPU_INPUT (0) | TAP_CPU_INPUT (2) : 0);
}

/* --- DynamicQuantizeLinear --- */

/* The step that spans what there is, 0 included; infinities and NaN are left out of account. */
static TapQuantum
find_step (const float *x, gsize n)
{
  TapQuantum q = { .scale = 1, .low = 0, .high = 255 };
  float least = 0, most = 0;

  for (gsize i = 0; i < n; i++)
    {
      if (x[i] < least && isfinite (x[i]))
        least = x[i];
      if (x[i] > most && isfinite (x[i]))
        most = x[i];
    }
  if (most != least)
    q.scale = (most - least) / 255.0f;
  q.zero = rintf (CLAMP (0 - least / q.scale, q.low, q.high));
  return q;
}

typedef struct
{
  TapQuantum q;
  const float *x;
  float *y;
} Dynamic;

static void
dynamic_span (const TapCpuRun *run,
              gpointer data,
              gsize offset,
              gsize n,
              gsize image,
              gsize channel)
{
  const Dynamic *self = data;

  for (gsize i = offset; i < offset + n; i++)
    self->y[i] = tap_quantize (self->x[i], &self->q);
}

static gboolean
dynamic_forward (const TapCpuRun *run, GError **error)
{
  Dynamic self = { .x = tap_cpu_f32 (&run->inputs[0]), .y = tap_cpu_f32 (&run->outputs[0]) };

  self.q = find_step (self.x, tap_cpu_count (&run->inputs[0].shape));
  if (self.y != NULL)
    tap_cpu_spans (run, FALSE, dynamic_span, &self);
  if (tap_cpu_wants_output (run, 1))
    tap_cpu_f32 (&run->outputs[1])[0] = self.q.scale;
  if (tap_cpu_wants_output (run, 2))
    tap_cpu_i64 (&run->outputs[2])[0] = (gint64) self.q.zero;
  if (run->saved != NULL)
    *(float *) run->saved = self.q.scale;
  return TRUE;
}

/* Nothing is beyond a range that spans everything. */
static gboolean
dynamic_backward (const TapCpuRun *run, GError **error)
{
  float *dx = tap_cpu_f32 (&run->input_grads[0]);
  const float *dy = tap_cpu_f32 (&run->output_grads[0]);
  gsize n = tap_cpu_count (&run->input_grads[0].shape);

  if (dy == NULL)
    tap_cpu_zero (run, dx, n);
  else
    run->simd->binary (TAP_BINARY_DIV, dx, dy, 1, run->saved, 0, n);
  return TRUE;
}

static gsize
dynamic_saved (const TapCpuRun *run)
{
  return sizeof (float);
}

const TapCpuKernel tap_cpu_dequantize_linear = {
  .op = "DequantizeLinear",
  .types = "*f*",
  .flags = TAP_CPU_REGIONS,
  .forward = dequantize_forward,
  .backward = dequantize_backward,
  .needs = dequantize_needs,
};

const TapCpuKernel tap_cpu_dynamic_quantize_linear = {
  .op = "DynamicQuantizeLinear",
  .forward = dynamic_forward,
  .backward = dynamic_backward,
  .saved = dynamic_saved,
};

const TapCpuKernel tap_cpu_quantize_linear = {
  .op = "QuantizeLinear",
  .types = "*f*",
  .flags = TAP_CPU_REGIONS,
  .forward = quantize_forward,
  .backward = quantize_backward,
  .needs = quantize_needs,
};
