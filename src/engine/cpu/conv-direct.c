/* conv-direct.c - convolution and its adjoint as direct passes
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A convolution leads from fine maps to coarse ones; a transposed one back, as does the gradient of a
 * convolution. On the way back the fine cells fall into phases by their remainder modulo the stride:
 * those of one phase see the same taps, neighbours one coarse cell apart, so each phase is a
 * convolution of stride 1 with some of the taps, backwards. */

#include "config.h"

#include "core/tap-error.h"
#include "engine/cpu/conv-pass.h"
#include "engine/cpu/conv.h"

gboolean
tap_conv_shape (const TapNode *node,
                const TapShape *x,
                const TapShape *w,
                TapConvShape *s,
                GError **error)
{
  TapWindow *window = &s->window;

  if (!tap_op_window (node, x, w, window, error))
    return FALSE;
  s->images = (int) x->dims[0];
  s->groups = window->group;
  s->coarse = (int) w->dims[0] / s->groups;
  s->fine = (int) w->dims[1];
  s->n_taps = window->kernel_h * window->kernel_w;
  if (window->transposed)
    {
      int h = window->in_h, width = window->in_w;

      window->in_h = window->out_h;
      window->in_w = window->out_w;
      window->out_h = h;
      window->out_w = width;
    }
  return TRUE;
}

/* Taps that the fine cells of one phase see along one axis: first, first + step, … */
typedef struct
{
  int first, step, n;
} Taps;

static Taps
phase_taps (int phase, int kernel, int stride, int dilation)
{
  Taps taps = { 0, 1, 0 };

  while ((gint64) taps.step * dilation % stride != 0)
    taps.step++;
  for (int r = 0; r < MIN (kernel, taps.step); r++)
    if ((gint64) r * dilation % stride == phase)
      {
        taps.first = r;
        taps.n = (kernel - 1 - r) / taps.step + 1;
        break;
      }
  return taps;
}

/* One axis of a phase as a convolution over coarse cells: the fine cells are first + i × stride. */
typedef struct
{
  Taps taps;
  int first, n, dilation, pad;
} PhaseAxis;

static PhaseAxis
phase_axis (int phase, int kernel, int stride, int dilation, int pad, int n_fine)
{
  PhaseAxis a = { .taps = phase_taps (phase, kernel, stride, dilation) };

  a.first = (int) ((((gint64) phase - pad) % stride + stride) % stride);
  a.n = a.first < n_fine ? (n_fine - 1 - a.first) / stride + 1 : 0;
  a.dilation = (int) ((gint64) a.taps.step * dilation / stride);
  /* the coarse cell under the first tap of the first fine cell is (first + pad - tap) / stride */
  a.pad = (a.taps.n - 1) * a.dilation -
          (int) (((gint64) a.first + pad - (gint64) a.taps.first * dilation) / stride);
  return a;
}

/* --- weights --- */

static void
pack_down (float *packed, const float *w, const float *scale, const TapConvShape *s)
{
  TapConvWeights weights = {
    .w = w,
    .groups = s->groups,
    .out_per_group = s->coarse,
    .in_per_group = s->fine,
    .kernel_h = s->window.kernel_h,
    .kernel_w = s->window.kernel_w,
    .group = (gint64) s->coarse * s->fine * s->n_taps,
    .out = (gint64) s->fine * s->n_taps,
    .in = s->n_taps,
    .row = s->window.kernel_w,
    .column = 1,
    .scale = scale,
  };

  tap_conv_pack (packed, &weights);
}

static gsize
phase_floats (const TapConvShape *s, int phase_y, int phase_x)
{
  const TapWindow *w = &s->window;
  Taps rows = phase_taps (phase_y, w->kernel_h, w->stride_h, w->dilation_h);
  Taps columns = phase_taps (phase_x, w->kernel_w, w->stride_w, w->dilation_w);

  return tap_conv_packed_floats (s->groups, s->fine, s->coarse, rows.n * columns.n);
}

static void
pack_up (float *packed, const float *w, const float *scale, const TapConvShape *s)
{
  const TapWindow *window = &s->window;

  for (int y = 0; y < window->stride_h; y++)
    for (int x = 0; x < window->stride_w; x++)
      {
        Taps rows = phase_taps (y, window->kernel_h, window->stride_h, window->dilation_h);
        Taps columns = phase_taps (x, window->kernel_w, window->stride_w, window->dilation_w);
        TapConvWeights weights = {
          .w = w + (rows.first + (rows.n - 1) * rows.step) * window->kernel_w + columns.first +
               (columns.n - 1) * columns.step,
          .groups = s->groups,
          .out_per_group = s->fine,
          .in_per_group = s->coarse,
          .kernel_h = rows.n,
          .kernel_w = columns.n,
          .group = (gint64) s->coarse * s->fine * s->n_taps,
          .out = s->n_taps,
          .in = (gint64) s->fine * s->n_taps,
          .row = -(gint64) rows.step * window->kernel_w,
          .column = -columns.step,
          .scale = scale,
        };

        if (rows.n > 0 && columns.n > 0)
          tap_conv_pack (packed, &weights);
        packed += phase_floats (s, y, x);
      }
}

static gsize
packed_floats (const TapConvShape *s, gboolean up)
{
  gsize n = 0;

  if (!up)
    return tap_conv_packed_floats (s->groups, s->coarse, s->fine, s->n_taps);
  for (int y = 0; y < s->window.stride_h; y++)
    for (int x = 0; x < s->window.stride_w; x++)
      n += phase_floats (s, y, x);
  return n;
}

/* Weights and bias, which is zeros where there is none. */
static gsize
all_floats (const TapConvShape *s, gboolean up)
{
  return packed_floats (s, up) + tap_conv_bias_floats (s->groups, up ? s->fine : s->coarse);
}

static void
pack (float *packed,
      const float *w,
      const float *bias,
      const TapAffine *affine,
      const TapConvShape *s,
      gboolean up)
{
  const float *scale = affine != NULL ? affine->scale : NULL;

  if (up)
    pack_up (packed, w, scale, s);
  else
    pack_down (packed, w, scale, s);
  tap_conv_pack_bias (packed + packed_floats (s, up), bias, affine, s->groups,
                      up ? s->fine : s->coarse);
}

/* The order depends on kernel, strides and dilations, not on the input: any that is large enough. */
static gboolean
weights_shape (const TapNode *node, const TapShape *w, TapConvShape *s)
{
  TapShape x = *w;

  x.dims[0] = 1;
  for (int i = 2; i < x.n_dims; i++)
    x.dims[i] = 1 << 15;
  return tap_conv_shape (node, &x, w, s, NULL);
}

static TapTensor *
pack_constants (const TapNode *node,
                TapTensor *const *constants,
                const TapAffine *affine,
                gboolean backward,
                GError **error)
{
  TapTensor *w = constants[1], *packed, *b = NULL;
  TapConvShape s;
  TapShape shape;
  gboolean up;

  if (!backward && node->n_inputs > 2 && node->inputs[2] >= 0)
    {
      b = constants[2];
      if (b == NULL)
        return NULL;
    }
  if (w == NULL || !weights_shape (node, &w->shape, &s))
    return NULL;
  up = s.window.transposed != backward;
  shape = tap_shape_new (1, (gint64) all_floats (&s, up));
  packed = tap_tensor_new_uninit (TAP_DTYPE_F32, &shape, error);
  if (packed != NULL)
    pack (tap_tensor_f32 (packed), tap_tensor_f32 (w), b != NULL ? tap_tensor_f32 (b) : NULL,
          affine, &s, up);
  return packed;
}

TapTensor *
tap_conv_direct_pack (const TapNode *node,
                      TapTensor *const *constants,
                      const TapAffine *affine,
                      GError **error)
{
  return pack_constants (node, constants, affine, FALSE, error);
}

TapTensor *
tap_conv_direct_pack_back (const TapNode *node, TapTensor *const *constants, GError **error)
{
  return pack_constants (node, constants, NULL, TRUE, error);
}

/* --- passes --- */

static TapConvPass
base_pass (const TapCpuRun *run, const TapConvShape *s, gboolean up)
{
  return (TapConvPass){
    .window = s->window,
    .images = s->images,
    .groups = s->groups,
    .in_per_group = up ? s->coarse : s->fine,
    .out_per_group = up ? s->fine : s->coarse,
    .simd = run->simd,
    .pool = run->pool,
  };
}

/* The phase as a convolution from coarse to fine maps. FALSE: it has no cells. */
static gboolean
phase_pass (TapConvPass *pass, const TapConvShape *s, int phase_y, int phase_x, PhaseAxis axes[2])
{
  const TapWindow *w = &s->window;

  axes[0] = phase_axis (phase_y, w->kernel_h, w->stride_h, w->dilation_h, w->pad_top, w->in_h);
  axes[1] = phase_axis (phase_x, w->kernel_w, w->stride_w, w->dilation_w, w->pad_left, w->in_w);
  pass->window = (TapWindow){
    .kernel_h = axes[0].taps.n,
    .kernel_w = axes[1].taps.n,
    .stride_h = 1,
    .stride_w = 1,
    .dilation_h = axes[0].dilation,
    .dilation_w = axes[1].dilation,
    .pad_top = axes[0].pad,
    .pad_left = axes[1].pad,
    .in_h = w->out_h,
    .in_w = w->out_w,
    .out_h = axes[0].n,
    .out_w = axes[1].n,
  };
  pass->in_per_group = s->coarse;
  pass->y_row = (gsize) w->stride_h * (gsize) w->in_w;
  pass->y_pixel = (gsize) w->stride_w;
  if (axes[0].taps.n == 0 || axes[1].taps.n == 0)
    {
      /* no window sees these cells */
      pass->in_per_group = 0;
      pass->window = (TapWindow){ 1, 1, 1, 1, 1, 1 };
      pass->window.in_h = pass->window.out_h = axes[0].n;
      pass->window.in_w = pass->window.out_w = axes[1].n;
    }
  return axes[0].n > 0 && axes[1].n > 0;
}

static gsize
pass_bytes (const TapCpuRun *run, const TapConvShape *s, gboolean up)
{
  TapConvPass pass = base_pass (run, s, up);
  PhaseAxis axes[2];
  gsize most = 0;

  if (!up)
    return tap_conv_pass_scratch (&pass);
  for (int y = 0; y < s->window.stride_h; y++)
    for (int x = 0; x < s->window.stride_w; x++)
      if (phase_pass (&pass, s, y, x, axes))
        most = MAX (most, tap_conv_pass_scratch (&pass));
  return most;
}

/* What a run without packed weights packs into. */
static gsize
repacked_bytes (const TapCpuRun *run, const TapConvShape *s, gboolean up)
{
  return run->packed != NULL ? 0 : all_floats (s, up) * sizeof (float);
}

static gsize
rects_bytes (const TapConvShape *s)
{
  return ((gsize) s->images * sizeof (TapRect) + 63) & ~(gsize) 63;
}

static gsize
scratch_bytes (const TapCpuRun *run, gboolean backward)
{
  TapConvShape s;
  gboolean up;

  if (!tap_conv_shape (run->node, &run->inputs[0].shape, &run->inputs[1].shape, &s, NULL))
    return 0;
  up = s.window.transposed != backward;
  return repacked_bytes (run, &s, up) + pass_bytes (run, &s, up) + rects_bytes (&s);
}

gsize
tap_conv_direct_scratch (const TapCpuRun *run)
{
  return scratch_bytes (run, FALSE);
}

gsize
tap_conv_direct_scratch_back (const TapCpuRun *run)
{
  return scratch_bytes (run, TRUE);
}

/* The cells of a phase within a rectangle of the fine maps. */
static TapRect
phase_rect (const TapRect *rect, const TapWindow *w, const PhaseAxis axes[2])
{
  int top = MAX (rect->y - axes[0].first + w->stride_h - 1, 0) / w->stride_h;
  int left = MAX (rect->x - axes[1].first + w->stride_w - 1, 0) / w->stride_w;
  int bottom = rect->y + rect->height - 1 - axes[0].first;
  int right = rect->x + rect->width - 1 - axes[1].first;

  if (bottom < 0 || right < 0)
    return (TapRect){ 0 };
  bottom = MIN (bottom / w->stride_h, axes[0].n - 1);
  right = MIN (right / w->stride_w, axes[1].n - 1);
  if (bottom < top || right < left)
    return (TapRect){ 0 };
  return (TapRect){ left, top, right - left + 1, bottom - top + 1 };
}

/* What a pass reads and writes. */
typedef struct
{
  const float *x, *bias, *residual;
  float *y;
  const TapRect *rects;
  TapClamp clamp;
} Maps;

static void
run_up (TapConvPass *pass, const TapConvShape *s, const Maps *maps, gpointer scratch)
{
  const float *weights = pass->weights;
  TapRect *rects = scratch;
  gpointer rest = (char *) scratch + rects_bytes (s);
  PhaseAxis axes[2];

  for (int y = 0; y < s->window.stride_h; y++)
    for (int x = 0; x < s->window.stride_w; x++)
      {
        gboolean there = phase_pass (pass, s, y, x, axes);
        gsize offset = (gsize) axes[0].first * (gsize) s->window.in_w + (gsize) axes[1].first;

        pass->weights = weights;
        weights += phase_floats (s, y, x);
        if (!there)
          continue;
        pass->y = maps->y + offset;
        pass->residual = maps->residual != NULL ? maps->residual + offset : NULL;
        pass->rects = maps->rects != NULL ? rects : NULL;
        for (int n = 0; maps->rects != NULL && n < s->images; n++)
          rects[n] = phase_rect (&maps->rects[n], &s->window, axes);
        tap_conv_pass_run (pass, rest);
      }
}

/* All of a pass but its scratch; @packed: weights and bias. */
static TapConvPass
whole_pass (const TapCpuRun *run,
            const TapConvShape *s,
            gboolean up,
            const Maps *maps,
            const float *packed)
{
  TapConvPass pass = base_pass (run, s, up);

  pass.x = maps->x;
  pass.y = maps->y;
  pass.residual = maps->residual;
  pass.rects = maps->rects;
  pass.clamp = maps->clamp;
  pass.weights = packed;
  pass.bias = maps->bias != NULL || run->affine != NULL ? packed + packed_floats (s, up) : NULL;
  pass.y_channel = up ? (gsize) s->window.in_h * (gsize) s->window.in_w :
                        (gsize) s->window.out_h * (gsize) s->window.out_w;
  pass.y_row = (gsize) s->window.out_w;
  pass.y_pixel = 1;
  return pass;
}

static gboolean
run_pass (const TapCpuRun *run, gboolean backward, const Maps *maps, GError **error)
{
  TapConvShape s;
  TapConvPass pass;
  const float *packed = run->packed;
  char *scratch = run->scratch;
  gboolean up;

  if (!tap_conv_shape (run->node, &run->inputs[0].shape, &run->inputs[1].shape, &s, error))
    return FALSE;
  up = s.window.transposed != backward;
  if (packed == NULL)
    {
      float *fresh = run->scratch;

      pack (fresh, tap_cpu_f32 (&run->inputs[1]), maps->bias, run->affine, &s, up);
      packed = fresh;
      scratch += repacked_bytes (run, &s, up);
    }
  pass = whole_pass (run, &s, up, maps, packed);
  if (up)
    run_up (&pass, &s, maps, scratch);
  else
    tap_conv_pass_run (&pass, scratch);
  return TRUE;
}

static Maps
forward_maps (const TapCpuRun *run)
{
  return (Maps){
    .x = tap_cpu_f32 (&run->inputs[0]),
    .bias = tap_cpu_has_input (run, 2) ? tap_cpu_f32 (&run->inputs[2]) : NULL,
    .residual = run->residual,
    .y = tap_cpu_f32 (&run->outputs[0]),
    .rects = run->rects,
    .clamp = run->clamp,
  };
}

gboolean
tap_conv_direct_forward (const TapCpuRun *run, GError **error)
{
  Maps maps = forward_maps (run);

  return run_pass (run, FALSE, &maps, error);
}

/* 1 × 1 windows, one beside the other, of one group. */
gboolean
tap_conv_direct_goes_together (const TapCpuRun *run)
{
  TapConvShape s;
  const TapWindow *w = &s.window;

  return tap_conv_shape (run->node, &run->inputs[0].shape, &run->inputs[1].shape, &s, NULL) &&
         s.groups == 1 && s.coarse >= TAP_CONV_FEW && s.n_taps == 1 && w->stride_h == 1 &&
         w->stride_w == 1 && w->pad_top == 0 && w->pad_left == 0 && w->out_h == w->in_h &&
         w->out_w == w->in_w;
}

gboolean
tap_conv_direct_together (const TapCpuRun *runs, int n, GError **error)
{
  TapConvPass passes[TAP_CPU_TOGETHER];
  gboolean packed = TRUE, fine = TRUE;

  for (int i = 0; i < n; i++)
    packed = packed && runs[i].packed != NULL;
  for (int i = 0; i < n && fine; i++)
    {
      Maps maps = forward_maps (&runs[i]);
      TapConvShape s;

      if (!packed)
        fine = run_pass (&runs[i], FALSE, &maps, error);
      else
        {
          fine = tap_conv_shape (runs[i].node, &runs[i].inputs[0].shape, &runs[i].inputs[1].shape,
                                 &s, error);
          passes[i] = whole_pass (&runs[i], &s, FALSE, &maps, runs[i].packed);
        }
    }
  if (packed && fine)
    tap_conv_pass_run_together (passes, n, runs[0].scratch);
  return fine;
}

gboolean
tap_conv_direct_back (const TapCpuRun *run, GError **error)
{
  Maps maps = {
    .x = tap_cpu_f32 (&run->output_grads[0]),
    .residual = run->residual,
    .y = tap_cpu_f32 (&run->input_grads[0]),
  };

  return run_pass (run, TRUE, &maps, error);
}
