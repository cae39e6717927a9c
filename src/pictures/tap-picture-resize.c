/* tap-picture-resize.c - bilinear resizing that agrees with OpenCV to the bit, and area averages
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Networks were trained on, and their published results come from, pictures resized by common libraries. The
 * rule that most of them share is bilinear with half-pixel centres and no antialiasing; OpenCV's
 * INTER_LINEAR on 8-bit pictures adds its own rounding: weights of 11 bits, the vertical pass on numbers
 * shifted right by 4. That arithmetic is followed here exactly, including its one exception: halving
 * both sides is a 2×2 average. */
#include "config.h"

#include "pictures/tap-picture.h"

#include <math.h>
#include <string.h>

#include "pictures/tap-picture-private.h"

#define WEIGHT_BITS 11
#define WEIGHT_ONE  (1 << WEIGHT_BITS)

/* One output position along one axis: two source positions and their weights. */
typedef struct
{
  int from, to;
  int weight_from, weight_to;
} Tap;

static int
round_weight (float value)
{
  return (int) lrintf (value * WEIGHT_ONE); /* halves to even */
}

/* Columns outside the picture lend all weight to the border; rows keep their weights and clamp, which
 * rounds differently by one level now and then. */
static Tap
tap_at (int position, double scale, int size, gboolean is_row)
{
  float where = (float) ((position + 0.5) * scale - 0.5);
  int from = (int) floorf (where);
  float fraction = where - (float) from;
  Tap tap;

  if (!is_row && from < 0)
    {
      from = 0;
      fraction = 0.0f;
    }
  if (!is_row && from >= size - 1)
    {
      from = size - 1;
      fraction = 0.0f;
    }
  tap.weight_from = round_weight (1.0f - fraction);
  tap.weight_to = round_weight (fraction);
  tap.from = CLAMP (from, 0, size - 1);
  tap.to = CLAMP (from + 1, 0, size - 1);
  return tap;
}

static void
blend_columns (const guint8 *row, const Tap *taps, int width, int *out)
{
  for (int x = 0; x < width; x++)
    {
      const Tap *tap = &taps[x];
      const guint8 *a = row + (gsize) tap->from * 3;
      const guint8 *b = row + (gsize) tap->to * 3;

      for (int c = 0; c < 3; c++)
        *out++ = a[c] * tap->weight_from + b[c] * tap->weight_to;
    }
}

static void
blend_rows (const int *a, const int *b, const Tap *tap, gsize n, guint8 *out)
{
  for (gsize i = 0; i < n; i++)
    {
      int upper = (tap->weight_from * (a[i] >> 4)) >> 16;
      int lower = (tap->weight_to * (b[i] >> 4)) >> 16;

      out[i] = (guint8) ((upper + lower + 2) >> 2);
    }
}

static void
halve (const TapPicture *self, TapPicture *out, int left, int top)
{
  gsize stride = (gsize) self->width * 3;

  for (int y = 0; y < out->height; y++)
    {
      const guint8 *a = self->pixels + (gsize) (top + y) * 2 * stride + (gsize) left * 6;
      const guint8 *b = a + stride;
      guint8 *o = out->pixels + (gsize) y * (gsize) out->width * 3;

      for (int x = 0; x < out->width; x++, a += 6, b += 6)
        for (int c = 0; c < 3; c++)
          *o++ = (guint8) ((a[c] + a[c + 3] + b[c] + b[c + 3] + 2) >> 2);
    }
}

TapPicture *
tap_picture_resize_window (const TapPicture *self,
                           int full_width,
                           int full_height,
                           int x,
                           int y,
                           int width,
                           int height)
{
  g_autoptr (TapPicture) out = NULL;
  g_autofree Tap *columns = NULL;
  g_autofree int *buffer = NULL;
  int *upper, *lower;
  int upper_row = -1, lower_row = -1;
  double scale_x, scale_y;

  g_return_val_if_fail (self != NULL && full_width > 0 && full_height > 0, NULL);
  g_return_val_if_fail (x >= 0 && y >= 0 && width > 0 && height > 0, NULL);
  g_return_val_if_fail (width <= full_width - x && height <= full_height - y, NULL);

  out = tap_picture_alloc (width, height, self->name);
  if (out == NULL)
    return NULL;

  if (self->width == full_width && self->height == full_height)
    {
      for (int row = 0; row < height; row++)
        memcpy (out->pixels + (gsize) row * (gsize) width * 3,
                self->pixels + ((gsize) (y + row) * (gsize) self->width + (gsize) x) * 3,
                (gsize) width * 3);
      return g_steal_pointer (&out);
    }
  if (self->width % 2 == 0 && self->height % 2 == 0 && self->width / 2 == full_width &&
      self->height / 2 == full_height)
    {
      halve (self, out, x, y);
      return g_steal_pointer (&out);
    }

  columns = g_try_new (Tap, width);
  buffer = g_try_new (int, (gsize) width * 6);
  if (columns == NULL || buffer == NULL)
    return NULL;
  upper = buffer;
  lower = buffer + (gsize) width * 3;

  scale_x = 1.0 / ((double) full_width / self->width);
  scale_y = 1.0 / ((double) full_height / self->height);
  for (int i = 0; i < width; i++)
    columns[i] = tap_at (x + i, scale_x, self->width, FALSE);

  for (int i = 0; i < height; i++)
    {
      Tap row = tap_at (y + i, scale_y, self->height, TRUE);

      /* When enlarging, the lower row of one position is the upper row of a later one. */
      if (row.from == lower_row)
        {
          int *swap = upper;

          upper = lower;
          lower = swap;
          lower_row = upper_row;
          upper_row = row.from;
        }
      if (row.from != upper_row)
        blend_columns (self->pixels + (gsize) row.from * (gsize) self->width * 3, columns, width,
                       upper);
      upper_row = row.from;
      if (row.to != lower_row && row.to != row.from)
        {
          blend_columns (self->pixels + (gsize) row.to * (gsize) self->width * 3, columns, width,
                         lower);
          lower_row = row.to;
        }
      blend_rows (upper, row.to == row.from ? upper : lower, &row, (gsize) width * 3,
                  out->pixels + (gsize) i * (gsize) width * 3);
    }

  return g_steal_pointer (&out);
}

TapPicture *
tap_picture_resize (const TapPicture *self, int width, int height)
{
  g_return_val_if_fail (self != NULL && width > 0 && height > 0, NULL);

  return tap_picture_resize_window (self, width, height, 0, 0, width, height);
}

/* Adds one source row, averaged along x, into @sum with weight @part. */
static void
add_row (const guint8 *row, int width, int out_width, float part, float *sum)
{
  double scale = (double) width / out_width;

  for (int x = 0; x < out_width; x++)
    {
      double start = x * scale, end = MIN ((x + 1) * scale, (double) width);
      int first = (int) start, last = MIN ((int) ceil (end), width);
      float total[3] = { 0.0f, 0.0f, 0.0f };

      for (int i = first; i < last; i++)
        {
          float cover = (float) (MIN (end, i + 1.0) - MAX (start, (double) i));

          for (int c = 0; c < 3; c++)
            total[c] += cover * row[(gsize) i * 3 + (gsize) c];
        }
      for (int c = 0; c < 3; c++)
        sum[x * 3 + c] += part * total[c] / (float) (end - start);
    }
}

TapPicture *
tap_picture_shrink (const TapPicture *self, int width, int height)
{
  g_autoptr (TapPicture) out = NULL;
  g_autofree float *sum = NULL;
  double scale;

  g_return_val_if_fail (self != NULL && width > 0 && height > 0, NULL);

  if (width > self->width || height > self->height)
    return tap_picture_resize (self, width, height);

  out = tap_picture_alloc (width, height, self->name);
  sum = g_try_new (float, (gsize) width * 3);
  if (out == NULL || sum == NULL)
    return NULL;

  scale = (double) self->height / height;
  for (int y = 0; y < height; y++)
    {
      double start = y * scale, end = MIN ((y + 1) * scale, (double) self->height);
      guint8 *o = out->pixels + (gsize) y * (gsize) width * 3;

      memset (sum, 0, (gsize) width * 3 * sizeof (float));
      for (int i = (int) start; i < MIN ((int) ceil (end), self->height); i++)
        {
          double cover = MIN (end, i + 1.0) - MAX (start, (double) i);

          add_row (self->pixels + (gsize) i * (gsize) self->width * 3, self->width, width,
                   (float) (cover / (end - start)), sum);
        }
      for (int i = 0; i < width * 3; i++)
        o[i] = (guint8) CLAMP (sum[i] + 0.5f, 0.0f, 255.0f);
    }

  return g_steal_pointer (&out);
}
