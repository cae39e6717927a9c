/* palette.c - few colours for many pixels
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pixels are counted in cells of 5 bits a channel, each remembering the true mean of its pixels. Boxes
 * of cells are cut where it helps most: always the box with the largest squared error, across its widest
 * axis, at the mean (after Heckbert 1982 and Wan, Wong and Prusinkiewicz 1988). Rounds of k-means on the
 * cells polish the result (Lloyd 1982). Where there are few colours anyway, they are kept as they are. */
#include "config.h"

#include "figure/palette-private.h"

#include <stdlib.h>
#include <string.h>

#define CELL_BITS    5
#define N_CELLS      (1 << (3 * CELL_BITS))
#define N_NEAREST    (1 << 18)
#define LLOYD_ROUNDS 3

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

/* Centres sorted by green: the search goes outward from the wanted green and stops where green alone is
 * further away than the best centre so far. */
typedef struct
{
  int n;
  float rgb[TAP_PALETTE_MAX][3];
  int original[TAP_PALETTE_MAX];
  int start[257]; /* first centre whose green is at least this */
} Finder;

static void
finder_init (Finder *self, float centres[][3], int n)
{
  int next = 0;

  self->n = n;
  for (int i = 0; i < n; i++)
    {
      int k = i;

      for (; k > 0 && self->rgb[k - 1][1] > centres[i][1]; k--)
        {
          memcpy (self->rgb[k], self->rgb[k - 1], sizeof self->rgb[k]);
          self->original[k] = self->original[k - 1];
        }
      memcpy (self->rgb[k], centres[i], sizeof self->rgb[k]);
      self->original[k] = i;
    }
  for (int green = 0; green <= 256; green++)
    {
      while (next < n && self->rgb[next][1] < green)
        next++;
      self->start[green] = next;
    }
}

static int
finder_nearest (const Finder *self, const float colour[3])
{
  int up = self->start[(int) CLAMP (colour[1], 0, 255)], down = up - 1, best = 0;
  float least = G_MAXFLOAT;
  gboolean rising = up < self->n, falling = down >= 0;

  while (rising || falling)
    {
      for (int side = 0; side < 2; side++)
        {
          int i = side == 0 ? up : down;
          float r, g, b, distance;

          if (!(side == 0 ? rising : falling))
            continue;
          g = self->rgb[i][1] - colour[1];
          if (g * g >= least)
            {
              *(side == 0 ? &rising : &falling) = FALSE;
              continue;
            }
          r = self->rgb[i][0] - colour[0];
          b = self->rgb[i][2] - colour[2];
          distance = r * r + g * g + b * b;
          if (distance < least)
            {
              least = distance;
              best = i;
            }
          if (side == 0)
            rising = ++up < self->n;
          else
            falling = --down >= 0;
        }
    }
  return self->original[best];
}

static void
polish (const Cell *cells, int n_cells, float centres[][3], int n)
{
  for (int round = 0; round < LLOYD_ROUNDS; round++)
    {
      double sums[TAP_PALETTE_MAX][4] = { { 0 } };
      Finder finder;

      finder_init (&finder, centres, n);
      for (int k = 0; k < n_cells; k++)
        {
          double *sum = sums[finder_nearest (&finder, cells[k].mean)];

          for (int c = 0; c < 3; c++)
            sum[c] += cells[k].weight * cells[k].mean[c];
          sum[3] += cells[k].weight;
        }
      for (int i = 0; i < n; i++)
        for (int c = 0; c < 3 && sums[i][3] > 0; c++)
          centres[i][c] = (float) (sums[i][c] / sums[i][3]);
    }
}

static int
compare_colours (gconstpointer a, gconstpointer b)
{
  guint32 first = *(const guint32 *) a, second = *(const guint32 *) b;

  return first < second ? -1 : first > second;
}

/* Drawings have few colours, and these must stay what they are. Returns their number, or 0 when there are
 * too many. */
static int
take_exact (const guint32 *pixels, const guint8 *wanted, gsize n, float centres[][3])
{
  guint32 slots[1024];
  guint8 used[1024] = { 0 };
  guint32 colours[TAP_PALETTE_MAX];
  int count = 0;

  for (gsize i = 0; i < n; i++)
    {
      guint32 colour = pixels[i] & 0xffffff, at = (colour * 2654435761u) >> 22;

      if (wanted != NULL && !wanted[i])
        continue;
      while (used[at] && slots[at] != colour)
        at = (at + 1) & 1023;
      if (used[at])
        continue;
      if (count == TAP_PALETTE_MAX)
        return 0;
      used[at] = 1;
      slots[at] = colours[count++] = colour;
    }
  qsort (colours, (size_t) count, sizeof *colours, compare_colours);
  for (int i = 0; i < count; i++)
    for (int c = 0; c < 3; c++)
      centres[i][c] = (float) (colours[i] >> (16 - 8 * c) & 255);
  return count;
}

void
tap_palette_init (TapPalette *self, const guint32 *pixels, const guint8 *wanted, gsize n)
{
  float centres[TAP_PALETTE_MAX][3] = { { 0 } };

  memset (self, 0, sizeof *self);
  self->n = take_exact (pixels, wanted, n, centres);
  self->exact = self->n > 0;
  if (!self->exact)
    {
      int n_cells;
      g_autofree Cell *cells = count_cells (pixels, wanted, n, &n_cells);

      self->n = n_cells > 0 ? cut_boxes (cells, n_cells, centres) : 1;
      if (self->n == TAP_PALETTE_MAX)
        polish (cells, n_cells, centres, self->n);
    }
  for (int i = 0; i < self->n; i++)
    for (int c = 0; c < 3; c++)
      {
        self->rgb[i][c] = (guint8) CLAMP (centres[i][c] + 0.5f, 0, 255);
        centres[i][c] = self->rgb[i][c];
      }
  self->finder = g_new0 (Finder, 1);
  finder_init (self->finder, centres, self->n);
  self->nearest = g_new (guint16, N_NEAREST);
  memset (self->nearest, 0xff, N_NEAREST * sizeof *self->nearest);
}

void
tap_palette_clear (TapPalette *self)
{
  g_clear_pointer (&self->nearest, g_free);
  g_clear_pointer (&self->finder, g_free);
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
  const float colour[] = { pixel >> 16 & 255, pixel >> 8 & 255, pixel & 255 };

  if (self->exact)
    return finder_nearest (self->finder, colour);
  if (self->nearest[key] == 0xffff)
    self->nearest[key] = (guint16) finder_nearest (self->finder, colour);
  return self->nearest[key];
}
