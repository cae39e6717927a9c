/* twin-resize.c - Resize and Upsample by the formulas of the ONNX operator page
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "twin.h"

typedef struct
{
  const char *transform, *nearest, *mode;
  double cubic;
  gboolean exclude_outside;
} Style;

typedef struct
{
  gint64 cells[4];
  double weights[4], position;
  int n;
} Taps;

static Style
read_style (const TwinCall *call)
{
  gboolean old = g_str_equal (call->node->op_type, "Upsample") || twin_opset (call) < 11;

  return (Style){
    .transform =
      twin_string (call, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
    .nearest = twin_string (call, "nearest_mode", old ? "floor" : "round_prefer_floor"),
    .mode = twin_string (call, "mode", "nearest"),
    .cubic = twin_float (call, "cubic_coeff_a", -0.75),
    .exclude_outside = twin_int (call, "exclude_outside", 0) != 0,
  };
}

/* Scales as the node gives them, by axis; 1 for axes that it does not name. FALSE: it gives sizes. */
static gboolean
read_scales (const TwinCall *call, TapShape *out, double *scales)
{
  const TapShape *x = &call->inputs[0].shape;
  gboolean upsample = g_str_equal (call->node->op_type, "Upsample");
  int at = upsample || twin_opset (call) < 11 ? 1 : 2;
  gsize n_floats, n_axes = 0;
  const float *floats = tap_attrs_get_floats (call->node->attrs, "scales", &n_floats);
  const gint64 *axes = tap_attrs_get_ints (call->node->attrs, "axes", &n_axes);
  gboolean sizes = !upsample && twin_has (call, 3) && call->inputs[3].count > 0;

  *out = *x;
  for (int d = 0; d < x->n_dims; d++)
    scales[d] = 1;
  for (int i = 0; i < (axes != NULL ? (int) n_axes : x->n_dims); i++)
    {
      int d = axes != NULL ? twin_axis (axes[i], x->n_dims) : i;

      if (sizes)
        {
          out->dims[d] = (gint64) call->inputs[3].cells[i];
          scales[d] = (double) out->dims[d] / (double) x->dims[d];
          continue;
        }
      if (upsample && tap_attrs_has (call->node->attrs, "height_scale"))
        scales[d] = d == 2 ? twin_float (call, "height_scale", 1) :
                    d == 3 ? twin_float (call, "width_scale", 1) :
                             1;
      else
        scales[d] = floats != NULL ? (double) floats[i] : call->inputs[at].cells[i];
      out->dims[d] = (gint64) floor ((double) x->dims[d] * scales[d]);
    }
  return !sizes;
}

static double
source (const Style *s, double i, double in, double out, double scale)
{
  if (g_str_equal (s->transform, "asymmetric"))
    return i / scale;
  if (g_str_equal (s->transform, "align_corners"))
    return out == 1 ? 0 : i * (in - 1) / (in * scale - 1);
  if (g_str_equal (s->transform, "pytorch_half_pixel"))
    return out > 1 ? (i + 0.5) / scale - 0.5 : 0;
  if (g_str_equal (s->transform, "tf_half_pixel_for_nn"))
    return (i + 0.5) / scale;
  if (g_str_equal (s->transform, "half_pixel_symmetric"))
    {
      double adjustment = out / (in * scale), centre = in / 2;

      return centre * (1 - adjustment) + (i + 0.5) / scale - 0.5;
    }
  return (i + 0.5) / scale - 0.5;
}

static double
nearest (const Style *s, double x)
{
  if (g_str_equal (s->nearest, "floor"))
    return floor (x);
  if (g_str_equal (s->nearest, "ceil"))
    return ceil (x);
  if (g_str_equal (s->nearest, "round_prefer_ceil"))
    return floor (x + 0.5);
  return ceil (x - 0.5);
}

/* Keys 1981, as the page gives it. */
static double
cubic (double a, double x)
{
  x = fabs (x);
  if (x <= 1)
    return (a + 2) * x * x * x - (a + 3) * x * x + 1;
  return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0;
}

static Taps
taps_for (const Style *s, gint64 i, gint64 in, gint64 out, double scale)
{
  Taps t = { .n = 1, .position = source (s, (double) i, (double) in, (double) out, scale) };
  gint64 base = (gint64) floor (t.position);
  double sum = 0;

  if (in == out && scale == 1)
    return (Taps){ { i }, { 1 }, 0, 1 };
  if (s->mode[0] == 'n')
    {
      t.cells[0] = (gint64) nearest (s, t.position);
      t.weights[0] = 1;
      t.position = 0;
    }
  else if (s->mode[0] != 'c')
    {
      t.n = 2;
      for (int k = 0; k < 2; k++)
        {
          t.cells[k] = base + k;
          t.weights[k] = 1 - fabs (t.position - (double) (base + k));
        }
    }
  else
    {
      t.n = 4;
      for (int k = 0; k < 4; k++)
        {
          gint64 at = base - 1 + k;

          t.cells[k] = at;
          t.weights[k] = s->exclude_outside && (at < 0 || at >= in) ?
                           0 :
                           cubic (s->cubic, t.position - (double) at);
          sum += t.weights[k];
        }
      for (int k = 0; s->exclude_outside && k < 4; k++)
        t.weights[k] /= sum;
    }
  for (int k = 0; k < t.n; k++)
    t.cells[k] = CLAMP (t.cells[k], 0, in - 1);
  return t;
}

/* The largest magnitude that taps see, or would see if a position fell on the other side of a whole number. */
static double
largest_near (const TwinArray *x, const Taps *taps)
{
  double most = 0;

  for (gsize i = 0; i < x->count; i++)
    {
      gint64 index[TAP_MAX_DIMS];
      gboolean near = TRUE;

      twin_unravel (&x->shape, i, index);
      for (int d = 0; d < x->shape.n_dims; d++)
        near &= taps[d].n == 1 ?
                  index[d] == taps[d].cells[0] :
                  index[d] >= taps[d].cells[0] - 1 && index[d] <= taps[d].cells[taps[d].n - 1] + 1;
      if (near)
        most = MAX (most, fabs (x->cells[i]));
    }
  return most;
}

static void
resize (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  Style style = read_style (call);
  double scales[TAP_MAX_DIMS];
  TapShape shape;

  read_scales (call, &shape, scales);
  twin_output (call, 0, TAP_DTYPE_F32, &shape);
  for (gsize cell = 0; cell < call->outputs[0].count; cell++)
    {
      gint64 index[TAP_MAX_DIMS], from[TAP_MAX_DIMS];
      Taps taps[TAP_MAX_DIMS];
      double sum = 0, size = 0, largest = 0, position = 0;
      int n = 1;

      twin_unravel (&shape, cell, index);
      for (int d = 0; d < shape.n_dims; d++)
        {
          taps[d] = taps_for (&style, index[d], x->shape.dims[d], shape.dims[d], scales[d]);
          n *= taps[d].n;
          position += taps[d].n > 1 ? fabs (taps[d].position) + 1 : 0;
        }
      if (n > 1)
        largest = largest_near (x, taps);
      for (int c = 0; c < n; c++)
        {
          double weight = 1, v;

          for (int d = 0, rest = c; d < shape.n_dims; rest /= taps[d].n, d++)
            {
              from[d] = taps[d].cells[rest % taps[d].n];
              weight *= taps[d].weights[rest % taps[d].n];
            }
          v = x->cells[twin_ravel (&x->shape, from)];
          sum += weight * v;
          size += fabs (weight * v);
        }
      /* positions are found in float32 with four roundings; a weight moves at most 3 times as fast (cubic), and
       * each cell has one */
      twin_set (&call->outputs[0], cell, sum, n == 1 ? 0 : n + 8,
                size + largest * 4 * position * (style.mode[0] == 'c' ? 3 : 1));
    }
}

const Twin twins_resize[] = {
  { "Resize", resize },
  { "Upsample", resize },
  { NULL, NULL },
};
