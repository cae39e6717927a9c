/* twin-winograd.c - how far a convolution of 3 × 3 windows by Winograd's algorithm may be off
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An engine may compute tiles of 4 × 4 outputs, the first at the first output, as Aᵀ [(G g Gᵀ) ∘ (Bᵀ d B)] A. Then a
 * cell is a sum of terms in which all 6 × 6 inputs of its tile occur, whether its window sees them or not:
 * with S the sum of their magnitudes, |A|ᵀ [(|G||g||G|ᵀ) ∘ (|B|ᵀ|d||B|)] |A| over C channels, and no number in more
 * than C + 29 roundings (two lines of each matrix, 4, 5 and 4 at most, the products and their sum, bias and
 * residual), the error is at most (C + 30) u S (Higham 2002, lemma 3.1). */

#include "config.h"

#include <math.h>
#include <string.h>

#include "twin-private.h"

#define TILE 4
#define EDGE 6

typedef double Matrix[EDGE][EDGE];

/* Magnitudes of the matrices, from Lagrange's polynomials through the points and infinity. */
static void
make_matrices (Matrix bt, Matrix g, Matrix at)
{
  static const double points[EDGE - 1] = { 0, 0.625, -0.625, 1.5, -1.5 };

  memset (g, 0, sizeof (Matrix));
  memset (at, 0, sizeof (Matrix));
  for (int j = 0; j < EDGE; j++)
    {
      double product[EDGE + 1] = { 1 }, scale = 1;

      for (int k = 0, degree = 0; k < EDGE - 1; k++)
        if (k != j)
          {
            for (int i = ++degree; i > 0; i--)
              product[i] = product[i - 1] - points[k] * product[i];
            product[0] *= -points[k];
            scale *= j < EDGE - 1 ? points[j] - points[k] : 1;
          }
      for (int i = 0; i < EDGE; i++)
        bt[j][i] = fabs (product[i]);
      for (int i = 0; i < 3; i++)
        g[j][i] = j == EDGE - 1 ? i == 2 : fabs (pow (points[j], i) / scale);
      for (int i = 0; i < TILE; i++)
        at[i][j] = j == EDGE - 1 ? i == TILE - 1 : fabs (pow (points[j], i));
    }
}

/* out = m x mᵀ */
static void
both_sides (Matrix out, Matrix m, Matrix x)
{
  Matrix half = { 0 };

  memset (out, 0, sizeof (Matrix));
  for (int i = 0; i < EDGE; i++)
    for (int k = 0; k < EDGE; k++)
      for (int j = 0; j < EDGE; j++)
        half[i][j] += m[i][k] * x[k][j];
  for (int i = 0; i < EDGE; i++)
    for (int j = 0; j < EDGE; j++)
      for (int k = 0; k < EDGE; k++)
        out[i][j] += half[i][k] * m[j][k];
}

static void
add_products (Matrix sum, Matrix a, Matrix b)
{
  for (int i = 0; i < EDGE; i++)
    for (int j = 0; j < EDGE; j++)
      sum[i][j] += a[i][j] * b[i][j];
}

/* Magnitudes of the inputs of a tile whose first window begins at (top, left). */
static void
read_tile (Matrix d, const TwinPlane *x, gint64 top, gint64 left)
{
  for (int i = 0; i < EDGE; i++)
    for (int j = 0; j < EDGE; j++)
      {
        gint64 h = top + i, w = left + j;

        d[i][j] =
          h < 0 || h >= x->height || w < 0 || w >= x->width ? 0 : fabs (x->cells[h * x->width + w]);
      }
}

static void
tile_errors (const TwinWinograd *w,
             Matrix at,
             Matrix *inputs,
             Matrix *weights,
             double bias,
             double *errors,
             gint64 top,
             gint64 left)
{
  Matrix sum = { 0 }, size;

  for (gint64 c = 0; c < w->in; c++)
    add_products (sum, inputs[c], weights[c]);
  both_sides (size, at, sum);
  for (gint64 i = 0; i < MIN (TILE, w->out_h - top); i++)
    for (gint64 j = 0; j < MIN (TILE, w->out_w - left); j++)
      {
        double *error = &errors[(top + i) * w->out_w + left + j];

        *error = MAX (*error, (double) (w->in + 30) * TWIN_UNIT * (size[i][j] + fabs (bias)));
      }
}

void
twin_winograd_errors (const TwinWinograd *w)
{
  g_autofree Matrix *inputs = g_new (Matrix, (gsize) w->in + 1);
  g_autofree Matrix *weights = g_new (Matrix, (gsize) (w->in * w->out) + 1);
  Matrix bt, g, at, x = { 0 };

  make_matrices (bt, g, at);
  for (gint64 i = 0; i < w->in * w->out; i++)
    {
      for (int r = 0; r < 3; r++)
        for (int s = 0; s < 3; s++)
          x[r][s] = fabs (w->weights[(i * 3 + r) * 3 + s]);
      both_sides (weights[i], g, x);
    }
  for (gint64 top = 0; top < w->out_h; top += TILE)
    for (gint64 left = 0; left < w->out_w; left += TILE)
      {
        for (gint64 c = 0; c < w->in; c++)
          {
            TwinPlane plane = { w->x + c * w->in_h * w->in_w, w->in_h, w->in_w };

            read_tile (x, &plane, top - w->pad_top, left - w->pad_left);
            both_sides (inputs[c], bt, x);
          }
        for (gint64 k = 0; k < w->out; k++)
          tile_errors (w, at, inputs, weights + k * w->in, w->bias != NULL ? w->bias[k] : 0,
                       w->errors + k * w->out_h * w->out_w, top, left);
      }
}
