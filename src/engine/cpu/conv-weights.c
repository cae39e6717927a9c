/* conv-weights.c - gradients of the weights and the bias of a convolution
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ∂/∂w[k,c,r,s] is a dot product over all coarse cells: of the coarse maps k with the fine maps c as the
 * tap (r, s) sees them. Some rows of coarse cells at a time, what some fine channels' taps see is laid
 * out as rows of a matrix, whose product with the coarse maps is added to the gradient. A task is some
 * fine channels of a group with all coarse ones; it goes through images and rows in order, so the cut
 * is the same for any number of threads. */

#include "config.h"

#include <string.h>

#include "engine/cpu/blas.h"
#include "engine/cpu/conv.h"

/* Rows of the matrix of a task, and coarse cells at a time. */
#define ROWS  128
#define CELLS 512

typedef struct
{
  const TapCpuRun *run;
  const TapBlas *blas;
  TapConvShape s;
  const float *fine, *coarse;
  float *grad;
  int channels; /* fine ones of a task */
  int rows;     /* coarse ones at a time */
  gsize bytes;  /* of scratch per worker */
} Weights;

/* A kernel that sees each cell just once needs no copy: the fine maps are the matrix. */
static gboolean
is_plain (const TapWindow *w)
{
  return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 &&
         w->pad_top == 0 && w->pad_left == 0 && w->in_h == w->out_h && w->in_w == w->out_w;
}

static gboolean
prepare (Weights *g, const TapCpuRun *run, GError **error)
{
  TapConvShape *s = &g->s;
  gsize cells;

  *g = (Weights){ .run = run, .blas = tap_blas () };
  if (!tap_conv_shape (run->node, &run->inputs[0].shape, &run->inputs[1].shape, s, error))
    return FALSE;
  g->channels = CLAMP (ROWS / s->n_taps, 1, s->fine);
  g->rows = CLAMP (CELLS / MAX (s->window.out_w, 1), 1, MAX (s->window.out_h, 1));
  cells = (gsize) g->rows * (gsize) s->window.out_w;
  g->bytes =
    ((gsize) g->channels * (gsize) s->n_taps * (cells + 1) * sizeof (float) + 127) & ~(gsize) 63;
  return TRUE;
}

gsize
tap_conv_weights_scratch (const TapCpuRun *run)
{
  Weights g;

  return prepare (&g, run, NULL) ? g.bytes * (gsize) tap_pool_get_n_threads (run->pool) : 0;
}

/* What the taps of a fine channel see from @n rows of coarse cells, one line per tap. */
static void
lay_out (const Weights *g, const float *x, int first, int n, float *matrix)
{
  const TapWindow *w = &g->s.window;

  for (int r = 0; r < w->kernel_h; r++)
    for (int t = 0; t < w->kernel_w; t++)
      for (int p = first; p < first + n; p++, matrix += w->out_w)
        {
          gint64 row = (gint64) p * w->stride_h - w->pad_top + (gint64) r * w->dilation_h;

          if (row < 0 || row >= w->in_h)
            memset (matrix, 0, (gsize) w->out_w * sizeof (float));
          else
            g->run->simd->conv_fill (matrix, (gsize) w->out_w, x + row * w->in_w,
                                     (ptrdiff_t) t * w->dilation_w - w->pad_left,
                                     (gsize) w->stride_w, (gsize) w->in_w);
        }
}

/* grad [m, columns] += a [m, k] · b [columns, k]' with rows of @n_grad, @pitch_a and @pitch_b floats. */
static void
add_product (const Weights *g,
             float *grad,
             gsize n_grad,
             const float *a,
             gsize pitch_a,
             const float *b,
             gsize pitch_b,
             int m,
             int columns,
             gsize k)
{
  float dots[ROWS];

  if (g->blas != NULL && m >= 4)
    {
      g->blas->sgemm (TAP_BLAS_ROW_MAJOR, TAP_BLAS_PLAIN, TAP_BLAS_TRANSPOSED, m, columns, (int) k,
                      1, a, (int) pitch_a, b, (int) pitch_b, 1, grad, (int) n_grad);
      return;
    }
  for (int i = 0; i < m; i++)
    for (int j = 0; j < columns; j += ROWS)
      {
        int n = MIN (ROWS, columns - j);

        g->run->simd->dots (dots, a + (gsize) i * pitch_a, b + (gsize) j * pitch_b, pitch_b, k, n);
        for (int d = 0; d < n; d++)
          grad[(gsize) i * n_grad + (gsize) (j + d)] += dots[d];
      }
}

static void
weights_task (gpointer user_data, int task, int worker)
{
  const Weights *g = user_data;
  const TapConvShape *s = &g->s;
  const TapWindow *w = &s->window;
  int n_cuts = (s->fine + g->channels - 1) / g->channels;
  int group = task / n_cuts, first = task % n_cuts * g->channels;
  int channels = MIN (g->channels, s->fine - first);
  gsize fine_plane = (gsize) w->in_h * (gsize) w->in_w;
  gsize coarse_plane = (gsize) w->out_h * (gsize) w->out_w;
  gsize line = (gsize) s->fine * (gsize) s->n_taps, columns = (gsize) channels * (gsize) s->n_taps;
  float *matrix = (float *) (void *) ((char *) g->run->scratch + (gsize) worker * g->bytes);
  float *grad =
    g->grad + (gsize) group * (gsize) s->coarse * line + (gsize) first * (gsize) s->n_taps;

  for (gsize k = 0; k < (gsize) s->coarse; k++)
    memset (grad + k * line, 0, columns * sizeof (float));
  for (gsize image = 0; image < (gsize) s->images; image++)
    {
      gsize block = image * (gsize) s->groups + (gsize) group;
      const float *x = g->fine + (block * (gsize) s->fine + (gsize) first) * fine_plane;
      const float *y = g->coarse + block * (gsize) s->coarse * coarse_plane;

      for (int p = 0, n; p < w->out_h; p += n)
        {
          gsize at = (gsize) p * (gsize) w->out_w, cells;
          const float *b = x + at;

          n = MIN (g->rows, w->out_h - p);
          cells = (gsize) n * (gsize) w->out_w;
          if (!is_plain (w))
            {
              for (int c = 0; c < channels; c++)
                lay_out (g, x + (gsize) c * fine_plane, p, n,
                         matrix + (gsize) c * (gsize) s->n_taps * cells);
              b = matrix;
            }
          add_product (g, grad, line, y + at, coarse_plane, b, is_plain (w) ? fine_plane : cells,
                       s->coarse, (int) columns, cells);
        }
    }
}

/* A bias is added to every cell of a map. */
static void
bias_task (gpointer user_data, int task, int worker)
{
  const TapCpuRun *run = user_data;
  TapCpuPlanes p = tap_cpu_planes (&run->outputs[0].shape);
  const float *y = tap_cpu_f32 (&run->output_grads[0]);
  double sum = 0;

  for (gsize n = 0; n < p.images; n++)
    sum += (double) run->simd->sum (y + (n * p.channels + (gsize) task) * p.height * p.width,
                                    p.height * p.width);
  tap_cpu_f32 (&run->input_grads[2])[task] = (float) sum;
}

gboolean
tap_conv_weights_back (const TapCpuRun *run, GError **error)
{
  gboolean wants_bias = run->n_inputs > 2 && run->input_grads[2].data != NULL;
  const float *x = tap_cpu_f32 (&run->inputs[0]), *dy = tap_cpu_f32 (&run->output_grads[0]);
  Weights g;

  if (run->input_grads[1].data != NULL)
    {
      if (!prepare (&g, run, error))
        return FALSE;
      g.fine = g.s.window.transposed ? dy : x;
      g.coarse = g.s.window.transposed ? x : dy;
      g.grad = tap_cpu_f32 (&run->input_grads[1]);
      tap_pool_run (run->pool, g.s.groups * ((g.s.fine + g.channels - 1) / g.channels),
                    weights_task, &g);
    }
  if (wants_bias)
    tap_pool_run (run->pool, (int) run->outputs[0].shape.dims[1], bias_task, (gpointer) run);
  return TRUE;
}

guint
tap_conv_needs (const TapNode *node, guint wanted)
{
  guint needs = 0;

  if (wanted & 1u << 0)
    needs |= TAP_CPU_INPUT (1);
  if (wanted & 1u << 1)
    needs |= TAP_CPU_INPUT (0);
  return needs;
}
