/* tap-shape.c - dimensions of a tensor, with checked products
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shapes come from files that may lie. tap_shape_count() is the gate: whatever passes it has a product,
 * over any run of its dimensions, that fits TAP_TENSOR_BYTES_MAX, even when one dimension is 0. */
#include "config.h"

#include "core/tap-shape.h"

#include <stdarg.h>

TapShape
tap_shape_new (int n_dims, ...)
{
  TapShape shape = { .n_dims = n_dims };
  va_list args;

  g_return_val_if_fail (n_dims >= 0 && n_dims <= TAP_MAX_DIMS, TAP_SHAPE_SCALAR);

  va_start (args, n_dims);
  for (int i = 0; i < n_dims; i++)
    shape.dims[i] = va_arg (args, gint64);
  va_end (args);
  return shape;
}

gboolean
tap_shape_equal (const TapShape *a, const TapShape *b)
{
  if (a->n_dims != b->n_dims)
    return FALSE;
  for (int i = 0; i < a->n_dims; i++)
    if (a->dims[i] != b->dims[i])
      return FALSE;
  return TRUE;
}

gboolean
tap_shape_is_known (const TapShape *shape)
{
  for (int i = 0; i < shape->n_dims; i++)
    if (shape->dims[i] < 0)
      return FALSE;
  return shape->n_dims >= 0;
}

gboolean
tap_shape_count (const TapShape *shape, gsize element_size, gsize *count)
{
  guint64 product = 1;
  gboolean empty = FALSE;

  if (shape->n_dims < 0 || shape->n_dims > TAP_MAX_DIMS)
    return FALSE;

  for (int i = 0; i < shape->n_dims; i++)
    {
      if (shape->dims[i] < 0)
        return FALSE;
      if (shape->dims[i] == 0)
        empty = TRUE;
      else if (!g_uint64_checked_mul (&product, product, (guint64) shape->dims[i]))
        return FALSE;
    }
  if (product > TAP_TENSOR_BYTES_MAX / MAX (element_size, 1) || product > G_MAXSSIZE)
    return FALSE;
  if (count != NULL)
    *count = empty ? 0 : (gsize) product;
  return TRUE;
}

gint64
tap_shape_product (const TapShape *shape, int from, int to)
{
  gint64 product = 1;

  g_return_val_if_fail (from >= 0 && to <= shape->n_dims, 0);

  for (int i = from; i < to; i++)
    if (__builtin_mul_overflow (product, shape->dims[i], &product))
      return G_MAXINT64;
  return product;
}

gboolean
tap_shape_broadcast (const TapShape *a, const TapShape *b, TapShape *out)
{
  TapShape result = { .n_dims = MAX (a->n_dims, b->n_dims) };

  for (int i = 1; i <= result.n_dims; i++)
    {
      gint64 da = i <= a->n_dims ? a->dims[a->n_dims - i] : 1;
      gint64 db = i <= b->n_dims ? b->dims[b->n_dims - i] : 1;

      if (da != db && da != 1 && db != 1)
        return FALSE;
      result.dims[result.n_dims - i] = da == 1 ? db : da;
    }
  *out = result;
  return TRUE;
}

char *
tap_shape_to_string (const TapShape *shape)
{
  GString *text;

  if (shape->n_dims == 0)
    return g_strdup ("scalar");

  text = g_string_new (NULL);
  for (int i = 0; i < shape->n_dims; i++)
    {
      if (i > 0)
        g_string_append (text, "×");
      if (shape->dims[i] < 0)
        g_string_append_c (text, '?');
      else
        g_string_append_printf (text, "%" G_GINT64_FORMAT, shape->dims[i]);
    }
  return g_string_free (text, FALSE);
}

gboolean
tap_rect_is_empty (const TapRect *rect)
{
  return rect->width <= 0 || rect->height <= 0;
}

TapRect
tap_rect_union (const TapRect *a, const TapRect *b)
{
  int x, y;

  if (tap_rect_is_empty (a))
    return tap_rect_is_empty (b) ? (TapRect){ 0 } : *b;
  if (tap_rect_is_empty (b))
    return *a;

  x = MIN (a->x, b->x);
  y = MIN (a->y, b->y);
  return (TapRect){
    .x = x,
    .y = y,
    .width = MAX (a->x + a->width, b->x + b->width) - x,
    .height = MAX (a->y + a->height, b->y + b->height) - y,
  };
}

TapRect
tap_rect_intersect (const TapRect *a, const TapRect *b)
{
  int x = MAX (a->x, b->x);
  int y = MAX (a->y, b->y);
  TapRect result = {
    .x = x,
    .y = y,
    .width = MIN (a->x + a->width, b->x + b->width) - x,
    .height = MIN (a->y + a->height, b->y + b->height) - y,
  };

  return tap_rect_is_empty (&result) ? (TapRect){ 0 } : result;
}
