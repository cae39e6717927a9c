/* graphs.c - small graphs for the tests of this folder
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "graphs.h"

#include "core/tap-error.h"
#include "ops/infer.h"

#include <stdarg.h>
#include <string.h>

static TapShape
read_shape (int n_dims, va_list args)
{
  TapShape shape = { .n_dims = n_dims };

  for (int i = 0; i < n_dims; i++)
    shape.dims[i] = va_arg (args, int);
  return shape;
}

int
graph_input (TapGraph *graph, const char *name, int n_dims, ...)
{
  int value = tap_graph_value (graph, name);
  TapShape shape;
  va_list args;

  va_start (args, n_dims);
  shape = read_shape (n_dims, args);
  va_end (args);
  tap_graph_add_input (graph, value, TAP_DTYPE_F32, &shape);
  return value;
}

int
graph_weights (TapGraph *graph, const char *name, int n_dims, ...)
{
  int value = tap_graph_value (graph, name);
  g_autoptr (TapTensor) tensor = NULL;
  TapShape shape;
  va_list args;

  va_start (args, n_dims);
  shape = read_shape (n_dims, args);
  va_end (args);
  tensor = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);
  g_assert_nonnull (tensor);
  tap_graph_set_constant (graph, value, tensor);
  return value;
}

int
graph_integers (TapGraph *graph, const char *name, int n, const gint64 *values)
{
  int value = tap_graph_value (graph, name);
  TapShape shape = { 1, { n } };
  g_autoptr (TapTensor) tensor = tap_tensor_new_i64 (&shape, values, NULL);

  g_assert_nonnull (tensor);
  tap_graph_set_constant (graph, value, tensor);
  return value;
}

int
graph_node (TapGraph *graph, const char *op, const char *output, TapAttrs *attrs, ...)
{
  int value = tap_graph_value (graph, output);
  int inputs[8], n = 0, input;
  g_autoptr (GError) error = NULL;
  va_list args;

  va_start (args, attrs);
  while ((input = va_arg (args, int)) != -1)
    inputs[n++] = input == -2 ? -1 : input;
  va_end (args);
  tap_graph_add_node (graph, output, op, inputs, n, &value, 1, attrs, &error);
  g_assert_no_error (error);
  return value;
}

TapNode *
graph_find (TapGraph *graph, const char *name)
{
  g_autoptr (GError) error = NULL;
  TapNode *node = tap_graph_find_layer (graph, name, &error);

  g_assert_no_error (error);
  return node;
}

TapAttrs *
graph_attrs (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  TapAttrs *attrs = tap_attrs_new ();

  for (char **word = words; *word != NULL; word++)
    {
      char *mark = strpbrk (*word, "=:");

      if (mark == NULL)
        continue;
      if (*mark == '=')
        {
          g_auto (GStrv) numbers = g_strsplit (mark + 1, ",", -1);
          gint64 values[16];
          gsize n = 0;

          *mark = '\0';
          for (char **number = numbers; *number != NULL; number++)
            values[n++] = g_ascii_strtoll (*number, NULL, 10);
          tap_attrs_set_ints (attrs, *word, values, n);
          continue;
        }
      *mark = '\0';
      if (g_ascii_isdigit (mark[1]) || mark[1] == '-')
        {
          if (strchr (mark + 1, '.') != NULL)
            tap_attrs_set_float (attrs, *word, g_ascii_strtod (mark + 1, NULL));
          else
            tap_attrs_set_int (attrs, *word, g_ascii_strtoll (mark + 1, NULL, 10));
        }
      else
        tap_attrs_set_string (attrs, *word, mark + 1);
    }
  return attrs;
}

void
graph_finish (TapGraph *graph, const int *outputs, int n_outputs)
{
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < n_outputs; i++)
    tap_graph_add_output (graph, outputs[i]);
  tap_graph_sort (graph, &error);
  g_assert_no_error (error);
  tap_infer_graph (graph, NULL, 224, NULL, &error);
  g_assert_no_error (error);
}

void
graph_expect_error (TapGraph *graph, int output, int code, ...)
{
  g_autoptr (GError) error = NULL;
  const char *word;
  va_list args;

  tap_graph_add_output (graph, output);
  if (tap_graph_sort (graph, &error))
    g_assert_false (tap_infer_graph (graph, NULL, 0, NULL, &error));
  g_assert_error (error, TAP_GRAPH_ERROR, code);
  va_start (args, code);
  while ((word = va_arg (args, const char *)) != NULL)
    if (strstr (error->message, word) == NULL)
      g_error ("“%s” does not contain “%s”", error->message, word);
  va_end (args);
}

char *
graph_shape (TapGraph *graph, int value)
{
  const TapValue *v = tap_graph_get_value (graph, value);

  return v->has_shape ? tap_shape_to_string (&v->shape) : g_strdup ("unknown");
}
