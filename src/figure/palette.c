/* palette.c - few colours for many pixels
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pixels are counted in cells of 5 bits a channel, each remembering the true mean of its pixels. Boxes
 * of cells are cut where it helps most: always the box with the largest squared error, across its widest
 * axis, at the mean (after Heckbert 1982 and Wan, Wong and Prusinkiewicz 1988). Rounds of k-means on the
 * cells polish the result (Lloyd 1982). */
#include "config.h"

#include "figure/palette-private.h"

#include <string.h>

#define CELL_BITS    5
#define N_CELLS      (1 << (3 * CELL_BITS))
#define N_NEAREST    (1 << 18)
#define LLOYD_ROUNDS 4

typedef struct
{
  float mean[3];
  float weight;
} Cell;

typedef struct
{
  int first, end; /* cells */
  double error;   /* weighted squared error along the widest axis */
  int axis;
  float cut;
} Box;

static int
cell_of (guint32 pixel)
{
  return (int) ((pixel >> 19 & 31) << 10 | (pixel >> 11 & 31) << 5 | (pixel >> 3 & 31));
}

/* (transfer full): the occupied cells */
static Cell *
count_cells (const guint32 *pixels, const guint8 *wanted, gsize n, int *n_cells)
{
  g_autofree guint32 *place = g_new0 (guint32, N_CELLS);
  g_autofree guint64 *sums = NULL;
  guint32 used = 0;
  Cell *cells;

  for (gsize i = 0; i < n; i++)
    if (wanted == NULL || wanted[i])
      {
        guint32 *at = &place[cell_of (pixels[i])];

        if (*at == 0)
          *at = ++used;
      }
  sums = g_new0 (guint64, 4 * (gsize) used + 4);
  for (gsize i = 0; i < n; i++)
    if (wanted == NULL || wanted[i])
      {
        guint64 *sum = sums + 4 * (gsize) (place[cell_of (pixels[i])] - 1);

        sum[0] += pixels[i] >> 16 & 255;
        sum[1] += pixels[i] >> 8 & 255;
        sum[2] += pixels[i] & 255;
        sum[3]++;
      }
  cells = g_new (Cell, used + 1);
  for (guint32 k = 0; k < used; k++)
    {
      for (int c = 0; c < 3; c++)
        cells[k].mean[c] = (float) (sums[4 * k + c] / (double) sums[4 * k + 3]);
      cells[k].weight = (float) sums[4 * k + 3];
    }
  *n_cells = (int) used;
  return cells;
}

static void
measure_box (Box *box, const Cell *cells)
{
  double weight = 0, sum[3] = { 0 }, square[3] = { 0 };

  for (int k = box->first; k < box->end; k++)
    {
      weight += cells[k].weight;
      for (int c = 0; c < 3; c++)
        {
          sum[c] += cells[k].weight * cells[k].mean[c];
          square[c] += (double) cells[k].weight * cells[k].mean[c] * cells[k].mean[c];
        }
    }
  box->error = -1;
  for (int c = 0; c < 3 && box->end - box->first > 1; c++)
    {
      double error = square[c] - sum[c] * sum[c] / weight;

      if (error > box->error)
        {
          box->error = error;
          box->axis = c;
          box->cut = (float) (sum[c] / weight);
        }
    }
}

/* Moves the cells beyond the cut behind the others; FALSE when one side would be empty. */
static gboolean
split_box (Box *box, Box *other, Cell *cells)
{
  int low = box->first, high = box->end;

  while (low < high)
    if (cells[low].mean[box->axis] <= box->cut)
      low++;
    else
      {
        Cell swap = cells[low];

        cells[low] = cells[--high];
        cells[high] = swap;
      }
  if (low == box->first || low == box->end)
    return FALSE;
  *other = (Box){ .first = low, .end = box->end };
  box->end = low;
  return TRUE;
}

static int
cut_boxes (Cell *cells, int n_cells, float centres[][3])
{
  Box boxes[TAP_PALETTE_MAX];
  int n = 1;

  boxes[0] = (Box){ .first = 0, .end = n_cells };
  measure_box (&boxes[0], cells);
  while (n < TAP_PALETTE_MAX)
    {
      int worst = 0;

      for (int i = 1; i < n; i++)
        if (boxes[i].error > boxes[worst].error)
          worst = i;
      if (boxes[worst].error <= 1e-3)
        break;
      if (!split_box (&boxes[worst], &boxes[n], cells))
        {
          boxes[worst].error = -1;
          continue;
        }
      measure_box (&boxes[worst], cells);
      measure_box (&boxes[n], cells);
      n++;
    }
  for (int i = 0; i < n; i++)
    {
      double weight = 0, sum[3] = { 0 };

      for (int k = boxes[i].first; k < boxes[i].end; k++)
        {
          weight += cells[k].weight;
          for (int c = 0; c < 3; c++)
            sum[c] += cells[k].weight * cells[k].mean[c];
        }
      for (int c = 0; c < 3; c++)
        centres[i][c] = (float) (sum[c] / weight);
    }
  return n;
}

static int
nearest_centre (const float *red, const float *green, const float *blue, int n, const float mean[3])
{
  float least = G_MAXFLOAT;
  int best = 0;

  for (int i = 0; i < n; i++)
    {
      float r = red[i] - mean[0], g = green[i] - mean[1], b = blue[i] - mean[2];
      float distance = r * r + g * g + b * b;

      if (distance < least)
        {
          least = distance;
          best = i;
        }
    }
  return best;
}

static void
polish (const Cell *cells, int n_cells, float centres[][3], int n)
{
  for (int round = 0; round < LLOYD_ROUNDS; round++)
    {
      double sums[TAP_PALETTE_MAX][4] = { { 0 } };
      float red[TAP_PALETTE_MAX], green[TAP_PALETTE_MAX], blue[TAP_PALETTE_MAX];

      for (int i = 0; i < n; i++)
        {
          red[i] = centres[i][0];
          green[i] = centres[i][1];
          blue[i] = centres[i][2];
        }
      for (int k = 0; k < n_cells; k++)
        {
          double *sum = sums[nearest_centre (red, green, blue, n, cells[k].mean)];

          for (int c = 0; c < 3; c++)
            sum[c] += cells[k].weight * cells[k].mean[c];
          sum[3] += cells[k].weight;
        }
      for (int i = 0; i < n; i++)
        for (int c = 0; c < 3 && sums[i][3] > 0; c++)
          centres[i][c] = (float) (sums[i][c] / sums[i][3]);
    }
}

void
tap_palette_init (TapPalette *self, const guint32 *pixels, const guint8 *wanted, gsize n)
{
  float centres[TAP_PALETTE_MAX][3];
  int n_cells;
  g_autofree Cell *cells = count_cells (pixels, wanted, n, &n_cells);

  memset (self, 0, sizeof *self);
  self->nearest = g_new (guint16, N_NEAREST);
  memset (self->nearest, 0xff, N_NEAREST * sizeof *self->nearest);
  if (n_cells == 0)
    {
      self->n = 1;
      return;
    }
  self->n = cut_boxes (cells, n_cells, centres);
  if (self->n == TAP_PALETTE_MAX)
    polish (cells, n_cells, centres, self->n);
  for (int i = 0; i < self->n; i++)
    for (int c = 0; c < 3; c++)
      self->rgb[i][c] = (guint8) CLAMP (centres[i][c] + 0.5f, 0, 255);
}

void
tap_palette_clear (TapPalette *self)
{
  g_clear_pointer (&self->nearest, g_free);
}

int
tap_colour_distance (guint32 a, guint32 b)
{
  int red = (int) (a >> 16 & 255) - (int) (b >> 16 & 255);
  int green = (int) (a >> 8 & 255) - (int) (b >> 8 & 255);
  int blue = (int) (a & 255) - (int) (b & 255);

  return red * red + green * green + blue * blue;
}

int
tap_palette_find (TapPalette *self, guint32 pixel)
{
  guint32 key = (pixel >> 18 & 63) << 12 | (pixel >> 10 & 63) << 6 | (pixel >> 2 & 63);

  if (self->nearest[key] == 0xffff)
    {
      int best = 0, least = G_MAXINT;

      for (int i = 0; i < self->n; i++)
        {
          int red = self->rgb[i][0] - (int) (pixel >> 16 & 255);
          int green = self->rgb[i][1] - (int) (pixel >> 8 & 255);
          int blue = self->rgb[i][2] - (int) (pixel & 255);
          int distance = red * red + green * green + blue * blue;

          if (distance < least)
            {
              least = distance;
              best = i;
            }
        }
      self->nearest[key] = (guint16) best;
    }
  return self->nearest[key];
}
