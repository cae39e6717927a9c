/* reference.c - slow, obvious twins of the kernels
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "reference.h"

/* x[n,c,h,w], 0 beyond the borders */
static double
at (const TapTensor *x, gint64 n, gint64 c, gint64 h, gint64 w)
{
  const gint64 *d = x->shape.dims;

  if (h < 0 || h >= d[2] || w < 0 || w >= d[3])
    return 0;
  return (double) tap_tensor_f32 (x)[((n * d[1] + c) * d[2] + h) * d[3] + w];
}

static gint64
out_size (gint64 in, int kernel, int stride, int dilation, int before, int after)
{
  return (in + before + after - dilation * (kernel - 1) - 1) / stride + 1;
}

static TapTensor *
new_output (const TapTensor *x, gint64 channels, const ReferenceWindow *w)
{
  TapShape shape = tap_shape_new (
    4, x->shape.dims[0], channels,
    out_size (x->shape.dims[2], w->kernel_h, w->stride_h, w->dilation_h, w->pad_top, w->pad_bottom),
    out_size (x->shape.dims[3], w->kernel_w, w->stride_w, w->dilation_w, w->pad_left,
              w->pad_right));

  return tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);
}

#define EACH_CELL(y)                                                                               \
  for (gint64 n = 0, cell = 0; n < (y)->shape.dims[0]; n++)                                        \
    for (gint64 k = 0; k < (y)->shape.dims[1]; k++)                                                \
      for (gint64 p = 0; p < (y)->shape.dims[2]; p++)                                              \
        for (gint64 q = 0; q < (y)->shape.dims[3]; q++, cell++)

TapTensor *
reference_conv (const TapTensor *x,
                const TapTensor *w,
                const TapTensor *bias,
                const ReferenceWindow *win)
{
  TapTensor *y = new_output (x, w->shape.dims[0], win);
  gint64 in_per_group = w->shape.dims[1], out_per_group = w->shape.dims[0] / win->group;

  EACH_CELL (y)
  {
    double sum = bias != NULL ? (double) tap_tensor_f32 (bias)[k] : 0;

    for (gint64 c = 0; c < in_per_group; c++)
      for (gint64 r = 0; r < win->kernel_h; r++)
        for (gint64 s = 0; s < win->kernel_w; s++)
          sum += at (w, k, c, r, s) * at (x, n, k / out_per_group * in_per_group + c,
                                          p * win->stride_h - win->pad_top + r * win->dilation_h,
                                          q * win->stride_w - win->pad_left + s * win->dilation_w);
    tap_tensor_f32 (y)[cell] = (float) sum;
  }
  return y;
}

TapTensor *
reference_conv_transpose (const TapTensor *x,
                          const TapTensor *w,
                          const TapTensor *bias,
                          const ReferenceWindow *win)
{
  gint64 out_per_group = w->shape.dims[1], in_per_group = x->shape.dims[1] / win->group;
  gint64 height = (x->shape.dims[2] - 1) * win->stride_h + (win->kernel_h - 1) * win->dilation_h +
                  1 - win->pad_top - win->pad_bottom;
  gint64 width = (x->shape.dims[3] - 1) * win->stride_w + (win->kernel_w - 1) * win->dilation_w +
                 1 - win->pad_left - win->pad_right;
  TapShape shape = tap_shape_new (4, x->shape.dims[0], out_per_group * win->group, height, width);
  TapTensor *y = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);
  g_autofree double *sums = g_new0 (double, y->count);

  for (gint64 n = 0; n < x->shape.dims[0]; n++)
    for (gint64 c = 0; c < x->shape.dims[1]; c++)
      for (gint64 h = 0; h < x->shape.dims[2]; h++)
        for (gint64 v = 0; v < x->shape.dims[3]; v++)
          for (gint64 m = 0; m < out_per_group; m++)
            for (gint64 r = 0; r < win->kernel_h; r++)
              for (gint64 s = 0; s < win->kernel_w; s++)
                {
                  gint64 p = h * win->stride_h - win->pad_top + r * win->dilation_h;
                  gint64 q = v * win->stride_w - win->pad_left + s * win->dilation_w;
                  gint64 k = c / in_per_group * out_per_group + m;

                  if (p >= 0 && p < height && q >= 0 && q < width)
                    sums[((n * shape.dims[1] + k) * height + p) * width + q] +=
                      at (x, n, c, h, v) * at (w, c, m, r, s);
                }
  EACH_CELL (y)
  {
    tap_tensor_f32 (y)[cell] =
      (float) (sums[cell] + (bias != NULL ? (double) tap_tensor_f32 (bias)[k] : 0));
  }
  return y;
}

/* What a convolution sees of x[n,c] from output (p, q) by tap (r, s): a row and a column. */
static void
seen (const ReferenceWindow *win, gint64 p, gint64 q, gint64 r, gint64 s, gint64 *h, gint64 *w)
{
  *h = p * win->stride_h - win->pad_top + r * win->dilation_h;
  *w = q * win->stride_w - win->pad_left + s * win->dilation_w;
}

TapTensor *
reference_conv_backward_data (const TapTensor *dy,
                              const TapTensor *w,
                              const TapShape *x_shape,
                              const ReferenceWindow *win)
{
  TapTensor *dx = tap_tensor_new (TAP_DTYPE_F32, x_shape, NULL);
  g_autofree double *sums = g_new0 (double, dx->count);
  const gint64 *d = x_shape->dims;
  gint64 in_per_group = w->shape.dims[1], out_per_group = w->shape.dims[0] / win->group;
  gint64 h, v;

  EACH_CELL (dy)
  {
    for (gint64 c = 0; c < in_per_group; c++)
      for (gint64 r = 0; r < win->kernel_h; r++)
        for (gint64 s = 0; s < win->kernel_w; s++)
          {
            seen (win, p, q, r, s, &h, &v);
            if (h >= 0 && h < d[2] && v >= 0 && v < d[3])
              sums[((n * d[1] + k / out_per_group * in_per_group + c) * d[2] + h) * d[3] + v] +=
                at (w, k, c, r, s) * (double) tap_tensor_f32 (dy)[cell];
          }
  }
  for (gsize i = 0; i < dx->count; i++)
    tap_tensor_f32 (dx)[i] = (float) sums[i];
  return dx;
}

TapTensor *
reference_conv_backward_weights (const TapTensor *dy,
                                 const TapTensor *x,
                                 const TapShape *w_shape,
                                 const ReferenceWindow *win)
{
  TapTensor *dw = tap_tensor_new (TAP_DTYPE_F32, w_shape, NULL);
  g_autofree double *sums = g_new0 (double, dw->count);
  const gint64 *d = w_shape->dims;
  gint64 in_per_group = d[1], out_per_group = d[0] / win->group;
  gint64 h, v;

  EACH_CELL (dy)
  {
    for (gint64 c = 0; c < in_per_group; c++)
      for (gint64 r = 0; r < win->kernel_h; r++)
        for (gint64 s = 0; s < win->kernel_w; s++)
          {
            seen (win, p, q, r, s, &h, &v);
            sums[((k * d[1] + c) * d[2] + r) * d[3] + s] +=
              at (x, n, k / out_per_group * in_per_group + c, h, v) *
              (double) tap_tensor_f32 (dy)[cell];
          }
  }
  for (gsize i = 0; i < dw->count; i++)
    tap_tensor_f32 (dw)[i] = (float) sums[i];
  return dw;
}

TapTensor *
reference_conv_backward_bias (const TapTensor *dy)
{
  TapShape shape = tap_shape_new (1, dy->shape.dims[1]);
  TapTensor *db = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);
  g_autofree double *sums = g_new0 (double, db->count);

  EACH_CELL (dy)
  {
    sums[k] += (double) tap_tensor_f32 (dy)[cell];
  }
  for (gsize i = 0; i < db->count; i++)
    tap_tensor_f32 (db)[i] = (float) sums[i];
  return db;
}

TapTensor *
reference_max_pool (const TapTensor *x, const ReferenceWindow *win)
{
  TapTensor *y = new_output (x, x->shape.dims[1], win);

  EACH_CELL (y)
  {
    double best = -INFINITY;

    for (gint64 r = 0; r < win->kernel_h; r++)
      for (gint64 s = 0; s < win->kernel_w; s++)
        {
          gint64 h = p * win->stride_h - win->pad_top + r * win->dilation_h;
          gint64 w = q * win->stride_w - win->pad_left + s * win->dilation_w;

          if (h >= 0 && h < x->shape.dims[2] && w >= 0 && w < x->shape.dims[3])
            best = MAX (best, at (x, n, k, h, w));
        }
    tap_tensor_f32 (y)[cell] = (float) best;
  }
  return y;
}

TapTensor *
reference_average_pool (const TapTensor *x, const ReferenceWindow *win, gboolean count_padding)
{
  TapTensor *y = new_output (x, x->shape.dims[1], win);

  EACH_CELL (y)
  {
    double sum = 0;
    int count = 0;

    for (gint64 r = 0; r < win->kernel_h; r++)
      for (gint64 s = 0; s < win->kernel_w; s++)
        {
          gint64 h = p * win->stride_h - win->pad_top + r * win->dilation_h;
          gint64 w = q * win->stride_w - win->pad_left + s * win->dilation_w;
          gboolean inside = h >= 0 && h < x->shape.dims[2] && w >= 0 && w < x->shape.dims[3];

          sum += at (x, n, k, h, w);
          count += inside || count_padding;
        }
    tap_tensor_f32 (y)[cell] = count > 0 ? (float) (sum / count) : 0;
  }
  return y;
}

TapTensor *
reference_gemm (const TapTensor *a,
                const TapTensor *b,
                const TapTensor *c,
                gboolean a_transposed,
                gboolean b_transposed,
                double alpha,
                double beta)
{
  gint64 m = a->shape.dims[a_transposed ? 1 : 0], k = a->shape.dims[a_transposed ? 0 : 1];
  gint64 n = b->shape.dims[b_transposed ? 0 : 1];
  TapShape shape = tap_shape_new (2, m, n);
  TapTensor *y = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);

  for (gint64 i = 0; i < m; i++)
    for (gint64 j = 0; j < n; j++)
      {
        double sum = 0;

        for (gint64 l = 0; l < k; l++)
          sum += (double) tap_tensor_f32 (a)[a_transposed ? l * m + i : i * k + l] *
                 (double) tap_tensor_f32 (b)[b_transposed ? j * k + l : l * n + j];
        tap_tensor_f32 (y)[i * n + j] =
          (float) (alpha * sum + (c != NULL ? beta * (double) tap_tensor_f32 (c)[j] : 0));
      }
  return y;
}

TapTensor *
reference_lrn (const TapTensor *x, int size, double alpha, double beta, double bias)
{
  TapTensor *y = tap_tensor_new (TAP_DTYPE_F32, &x->shape, NULL);

  EACH_CELL (y)
  {
    double sum = 0;

    for (gint64 c = k - (size - 1) / 2; c <= k + size / 2; c++)
      if (c >= 0 && c < x->shape.dims[1])
        sum += at (x, n, c, p, q) * at (x, n, c, p, q);
    tap_tensor_f32 (y)[cell] = (float) (at (x, n, k, p, q) / pow (bias + alpha / size * sum, beta));
  }
  return y;
}

TapTensor *
reference_batch_norm (const TapTensor *x,
                      const float *scale,
                      const float *shift,
                      const float *mean,
                      const float *variance,
                      double epsilon)
{
  TapTensor *y = tap_tensor_new (TAP_DTYPE_F32, &x->shape, NULL);

  EACH_CELL (y)
  {
    tap_tensor_f32 (y)[cell] =
      (float) ((at (x, n, k, p, q) - (double) mean[k]) / sqrt ((double) variance[k] + epsilon) *
                 (double) scale[k] +
               (double) shift[k]);
  }
  return y;
}

TapTensor *
reference_softmax (const TapTensor *x)
{
  TapTensor *y = tap_tensor_new (TAP_DTYPE_F32, &x->shape, NULL);

  EACH_CELL (y)
  {
    double max = -INFINITY, sum = 0;

    for (gint64 c = 0; c < x->shape.dims[1]; c++)
      max = MAX (max, at (x, n, c, p, q));
    for (gint64 c = 0; c < x->shape.dims[1]; c++)
      sum += exp (at (x, n, c, p, q) - max);
    tap_tensor_f32 (y)[cell] = (float) (exp (at (x, n, k, p, q) - max) / sum);
  }
  return y;
}

double
reference_unary (const char *op, double x, double a, double b)
{
  if (g_str_equal (op, "Relu"))
    return MAX (x, 0);
  if (g_str_equal (op, "LeakyRelu"))
    return x < 0 ? a * x : x;
  if (g_str_equal (op, "Elu"))
    return x < 0 ? a * expm1 (x) : x;
  if (g_str_equal (op, "Celu"))
    return MAX (0, x) + MIN (0, a * expm1 (x / a));
  if (g_str_equal (op, "Sigmoid"))
    return 1 / (1 + exp (-x));
  if (g_str_equal (op, "Tanh"))
    return tanh (x);
  if (g_str_equal (op, "HardSigmoid"))
    return CLAMP (a * x + b, 0, 1);
  if (g_str_equal (op, "HardSwish"))
    return x * CLAMP (x / 6 + 0.5, 0, 1);
  if (g_str_equal (op, "Gelu"))
    return 0.5 * x * (1 + erf (x / sqrt (2)));
  if (g_str_equal (op, "Erf"))
    return erf (x);
  if (g_str_equal (op, "Mish"))
    return x * tanh (log1p (exp (x)));
  if (g_str_equal (op, "Softplus"))
    return log1p (exp (x));
  if (g_str_equal (op, "Softsign"))
    return x / (1 + fabs (x));
  if (g_str_equal (op, "Exp"))
    return exp (x);
  if (g_str_equal (op, "Log"))
    return log (x);
  if (g_str_equal (op, "Sqrt"))
    return sqrt (x);
  if (g_str_equal (op, "Floor"))
    return floor (x);
  if (g_str_equal (op, "Ceil"))
    return ceil (x);
  if (g_str_equal (op, "Round"))
    return rint (x);
  g_assert_not_reached ();
}
