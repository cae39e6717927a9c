/* data.c - the numbers of a result as text: JSON with statistics, tables with tabs
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers never follow the locale. What is not a number is null in JSON and nan in tables. */
#include "config.h"

#include "figure/figure-private.h"

#include <math.h>
#include <string.h>

static void
put_string (TapBuffer *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  tap_buffer_append_text (out, "\"");
  for (const char *c = valid; *c != '\0'; c++)
    {
      char code[8];

      if (*c == '"' || *c == '\\')
        {
          code[0] = '\\';
          code[1] = *c;
          tap_buffer_append (out, code, 2);
        }
      else if ((guchar) *c < 0x20)
        {
          g_snprintf (code, sizeof code, "\\u%04x", (guint) *c);
          tap_buffer_append_text (out, code);
        }
      else
        tap_buffer_append (out, c, 1);
    }
  tap_buffer_append_text (out, "\"");
}

static void
put_key (TapBuffer *out, const char *before, const char *key)
{
  tap_buffer_append_text (out, before);
  put_string (out, key);
  tap_buffer_append_text (out, ": ");
}

/* Shortest text that reads back as the same float. */
static void
put_float (TapBuffer *out, float value, const char *otherwise)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value))
    {
      tap_buffer_append_text (out, otherwise);
      return;
    }
  for (int digits = 6; digits <= 9; digits++)
    {
      char format[8] = "%.6g";

      format[2] = (char) ('0' + digits);
      g_ascii_formatd (text, sizeof text, format, (double) value);
      if ((float) g_ascii_strtod (text, NULL) == value)
        break;
    }
  tap_buffer_append_text (out, text);
}

static void
put_integer (TapBuffer *out, gint64 value)
{
  char text[32];

  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, value);
  tap_buffer_append_text (out, text);
}

static void
put_array (TapBuffer *out, const TapArray *array)
{
  const TapTensor *tensor = array->tensor;

  put_key (out, "    { ", "name");
  put_string (out, array->name);
  if (array->title != NULL)
    {
      put_key (out, ", ", "title");
      put_string (out, array->title);
    }
  put_key (out, ", ", "shape");
  tap_buffer_append_text (out, "[");
  for (int d = 0; d < tensor->shape.n_dims; d++)
    {
      tap_buffer_append_text (out, d > 0 ? ", " : "");
      put_integer (out, tensor->shape.dims[d]);
    }
  tap_buffer_append_text (out, "]");
  if (tensor->dtype == TAP_DTYPE_F32)
    {
      TapStats stats;

      tap_tensor_stats (tap_tensor_f32 (tensor), tensor->count, &stats);
      put_key (out, ", ", "minimum");
      put_float (out, stats.min, "null");
      put_key (out, ", ", "maximum");
      put_float (out, stats.max, "null");
      put_key (out, ", ", "mean");
      put_float (out, stats.mean, "null");
      put_key (out, ", ", "deviation");
      put_float (out, stats.deviation, "null");
      put_key (out, ", ", "zeros");
      put_integer (out, (gint64) stats.n_zero);
      put_key (out, ", ", "not_finite");
      put_integer (out, (gint64) (stats.n_nan + stats.n_inf));
    }
  tap_buffer_append_text (out, " }");
}

static void
put_scores (TapBuffer *out, const TapResult *result)
{
  tap_buffer_append_text (out, ",\n  \"classes\": [");
  for (guint i = 0; i < result->top->len; i++)
    {
      const TapScore *score = &g_array_index (result->top, TapScore, i);
      g_autofree char *label =
        tap_labels_dup_name (result->model != NULL ? result->model->labels : NULL, score->index);

      put_key (out, i > 0 ? ",\n    { " : "\n    { ", "index");
      put_integer (out, score->index);
      put_key (out, ", ", "label");
      put_string (out, label);
      put_key (out, ", ", "probability");
      put_float (out, score->probability, "null");
      tap_buffer_append_text (out, " }");
    }
  tap_buffer_append_text (out, "\n  ]");
}

GBytes *
tap_data_json (const TapResult *result, GError **error)
{
  g_auto (TapBuffer) out = { 0 };
  g_autofree char *recipe = tap_result_recipe (result);

  put_key (&out, "{\n  ", "recipe");
  tap_buffer_append_text (&out, recipe);
  if (result->sentence != NULL)
    {
      put_key (&out, ",\n  ", "sentence");
      put_string (&out, result->sentence);
    }
  put_key (&out, ",\n  ", "milliseconds");
  put_float (&out, (float) result->milliseconds, "null");
  tap_buffer_append_text (&out, ",\n  \"arrays\": [\n");
  for (guint i = 0; i < result->arrays->len; i++)
    {
      tap_buffer_append_text (&out, i > 0 ? ",\n" : "");
      put_array (&out, g_ptr_array_index (result->arrays, i));
    }
  tap_buffer_append_text (&out, "\n  ]");
  if (result->top != NULL)
    put_scores (&out, result);
  tap_buffer_append_text (&out, "\n}\n");
  return tap_buffer_steal (&out, error);
}

/* One line per row of the last dimension, led by the indices of the dimensions before the last two. */
GBytes *
tap_data_tsv (const TapResult *result, GError **error)
{
  g_auto (TapBuffer) out = { 0 };
  const TapArray *array;
  const TapShape *shape;
  gsize columns, rows, lines_per_tile;
  gboolean vector;

  if (result->arrays->len == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "This result holds no numbers to make a table of.");
      return NULL;
    }
  array = g_ptr_array_index (result->arrays, 0);
  shape = &array->tensor->shape;
  vector = shape->n_dims <= 1;
  columns = vector ? 1 : (gsize) shape->dims[shape->n_dims - 1];
  lines_per_tile = vector ? 1 : (gsize) shape->dims[shape->n_dims - 2];
  rows = columns > 0 ? array->tensor->count / columns : 0;
  for (gsize r = 0; r < rows && !out.failed; r++)
    {
      if (vector || shape->n_dims > 2)
        {
          put_integer (&out, (gint64) (r / MAX (lines_per_tile, 1)));
          tap_buffer_append_text (&out, "\t");
        }
      for (gsize c = 0; c < columns; c++)
        {
          gsize i = r * columns + c;

          if (c > 0)
            tap_buffer_append_text (&out, "\t");
          if (array->tensor->dtype == TAP_DTYPE_I64)
            put_integer (&out, tap_tensor_i64 (array->tensor)[i]);
          else
            put_float (&out, tap_tensor_f32 (array->tensor)[i], "nan");
        }
      tap_buffer_append_text (&out, "\n");
    }
  return tap_buffer_steal (&out, error);
}
