/* test-shapes.c - operators have the shapes and values that ONNX Runtime gives them
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads golden/shapes.txt, or the file named on the command line; make-shapes.py says what is in it. */
#include "config.h"

#include "graphs.h"

#include "core/tap-error.h"
#include "ops/infer.h"
#include "ops/registry.h"

#include <math.h>
#include <string.h>

typedef struct
{
  char *name;
  GPtrArray *lines; /* char** */
} Case;

static TapDtype
parse_dtype (const char *word)
{
  g_assert_true (g_str_equal (word, "f32") || g_str_equal (word, "i64"));
  return g_str_equal (word, "f32") ? TAP_DTYPE_F32 : TAP_DTYPE_I64;
}

/* Dims up to the end or a ":"; returns where the values begin. */
static char **
parse_shape (char **words, TapShape *shape)
{
  shape->n_dims = 0;
  for (; *words != NULL && !g_str_equal (*words, ":"); words++)
    shape->dims[shape->n_dims++] = g_ascii_strtoll (*words, NULL, 10);
  return *words != NULL ? words + 1 : words;
}

static double
parse_number (const char *word)
{
  if (g_str_equal (word, "nan"))
    return NAN;
  return g_ascii_strtod (word, NULL);
}

static TapTensor *
parse_tensor (char **words)
{
  TapDtype dtype = parse_dtype (words[0]);
  TapShape shape;
  char **values = parse_shape (words + 1, &shape);
  TapTensor *tensor = tap_tensor_new (dtype, &shape, NULL);

  g_assert_nonnull (tensor);
  for (gsize i = 0; i < tensor->count; i++)
    {
      g_assert_nonnull (values[i]);
      if (dtype == TAP_DTYPE_F32)
        tap_tensor_f32 (tensor)[i] = (float) parse_number (values[i]);
      else
        tap_tensor_i64 (tensor)[i] = g_ascii_strtoll (values[i], NULL, 10);
    }
  return tensor;
}

static void
parse_attr (TapAttrs *attrs, char **words)
{
  const char *kind = words[1], *name = words[2];
  char **values = words + 3;
  gsize n = g_strv_length (values);

  if (g_str_equal (kind, "int"))
    tap_attrs_set_int (attrs, name, g_ascii_strtoll (values[0], NULL, 10));
  else if (g_str_equal (kind, "float"))
    tap_attrs_set_float (attrs, name, parse_number (values[0]));
  else if (g_str_equal (kind, "string"))
    tap_attrs_set_string (attrs, name, values[0] != NULL ? values[0] : "");
  else if (g_str_equal (kind, "ints"))
    {
      g_autofree gint64 *ints = g_new0 (gint64, n + 1);

      for (gsize i = 0; i < n; i++)
        ints[i] = g_ascii_strtoll (values[i], NULL, 10);
      tap_attrs_set_ints (attrs, name, ints, n);
    }
  else if (g_str_equal (kind, "floats"))
    {
      g_autofree float *floats = g_new0 (float, n + 1);

      for (gsize i = 0; i < n; i++)
        floats[i] = (float) parse_number (values[i]);
      tap_attrs_set_floats (attrs, name, floats, n);
    }
  else
    {
      g_autoptr (TapTensor) tensor = parse_tensor (values);

      tap_attrs_set_tensor (attrs, name, tensor);
    }
}

static void
check_values (const char *name, const TapValue *value, char **words)
{
  const TapTensor *tensor = value->constant;

  if (tensor == NULL)
    g_error ("%s: not folded", name);
  /* an empty list of values is written as one empty word */
  if (tensor->count == 0)
    words++;
  g_assert_cmpuint (g_strv_length (words), ==, tensor->count);
  for (gsize i = 0; i < tensor->count; i++)
    if (tensor->dtype == TAP_DTYPE_I64)
      {
        if (tap_tensor_i64 (tensor)[i] != g_ascii_strtoll (words[i], NULL, 10))
          g_error ("%s: value %" G_GSIZE_FORMAT " is %" G_GINT64_FORMAT ", expected %s", name, i,
                   tap_tensor_i64 (tensor)[i], words[i]);
      }
    else
      {
        double expected = parse_number (words[i]), found = tap_tensor_f32 (tensor)[i];

        if (!(fabs (found - expected) <= 2e-6 * MAX (fabs (expected), 1.0)) &&
            !(isnan (found) && isnan (expected)) && found != expected)
          g_error ("%s: value %" G_GSIZE_FORMAT " is %.9g, expected %s", name, i, found, words[i]);
      }
}

static void
run_case (gconstpointer data)
{
  const Case *self = data;
  g_autoptr (TapGraph) graph = tap_graph_new (self->name);
  g_autoptr (TapAttrs) attrs = tap_attrs_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) outs = g_ptr_array_new ();
  char **head = g_ptr_array_index (self->lines, 0);
  int inputs[16], outputs[16], n_inputs = 0, at = -1;
  TapNode *node;

  for (guint i = 1; i < self->lines->len; i++)
    {
      char **words = g_ptr_array_index (self->lines, i);
      g_autofree char *name = g_strdup_printf ("x%d", n_inputs);

      if (g_str_equal (words[0], "attr"))
        parse_attr (attrs, words);
      else if (g_str_equal (words[0], "none"))
        inputs[n_inputs++] = -1;
      else if (g_str_equal (words[0], "run"))
        {
          TapShape shape;

          parse_shape (words + 2, &shape);
          inputs[n_inputs] = tap_graph_value (graph, name);
          tap_graph_add_input (graph, inputs[n_inputs++], parse_dtype (words[1]), &shape);
        }
      else if (g_str_equal (words[0], "const"))
        {
          g_autoptr (TapTensor) tensor = parse_tensor (words + 1);

          inputs[n_inputs] = tap_graph_value (graph, name);
          tap_graph_set_constant (graph, inputs[n_inputs++], tensor);
        }
      else if (g_str_equal (words[0], "out"))
        {
          g_autofree char *out_name = g_strdup_printf ("y%u", outs->len);

          outputs[outs->len] = tap_graph_value (graph, out_name);
          g_ptr_array_add (outs, words);
        }
    }

  node = tap_graph_add_node (graph, self->name, head[2], inputs, n_inputs, outputs, (int) outs->len,
                             g_steal_pointer (&attrs), &error);
  g_assert_no_error (error);
  node->opset = (int) g_ascii_strtoll (head[3], NULL, 10);
  tap_graph_sort (graph, &error);
  g_assert_no_error (error);
  if (!tap_infer_graph (graph, NULL, 0, NULL, &error))
    {
      g_test_fail_printf ("%s", error->message);
      return;
    }
  if (node->problem != NULL)
    {
      g_test_fail_printf ("%s", node->problem);
      return;
    }

  for (guint i = 0; i < self->lines->len; i++)
    {
      char **words = g_ptr_array_index (self->lines, i);

      if (g_str_equal (words[0], "out"))
        {
          const TapValue *value = tap_graph_get_value (graph, outputs[++at]);
          g_autofree char *found = tap_shape_to_string (&value->shape);
          g_autofree char *expected = NULL;
          TapShape shape;

          parse_shape (words + 2, &shape);
          expected = tap_shape_to_string (&shape);
          g_assert_true (value->has_shape);
          if (!tap_shape_equal (&value->shape, &shape))
            g_test_fail_printf ("%s: output %d is %s, expected %s", self->name, at, found,
                                expected);
          g_assert_cmpint (value->dtype, ==, parse_dtype (words[1]));
        }
      else if (g_str_equal (words[0], "value"))
        check_values (self->name, tap_graph_get_value (graph, outputs[at]), words + 1);
    }
}

static void
case_free (gpointer data)
{
  Case *self = data;

  g_free (self->name);
  g_ptr_array_unref (self->lines);
  g_free (self);
}

static GPtrArray *
read_cases (const char *path)
{
  GPtrArray *cases = g_ptr_array_new_with_free_func (case_free);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;
  Case *current = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      char **words;

      if (**line == '#' || **line == '\0')
        continue;
      words = g_strsplit (*line, " ", -1);
      if (g_str_equal (words[0], "case"))
        {
          current = g_new0 (Case, 1);
          current->name = g_strdup (words[1]);
          current->lines = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
          g_ptr_array_add (cases, current);
        }
      g_ptr_array_add (current->lines, words);
    }
  return cases;
}

static void
test_registry (void)
{
  const TapOp *const *ops = tap_ops_list ();

  for (int i = 0; ops[i] != NULL; i++)
    {
      g_assert_nonnull (ops[i]->summary);
      g_assert_nonnull (ops[i]->shape);
      g_assert_cmpint (ops[i]->min_outputs, >=, 1);
      g_assert_true (tap_ops_find (ops[i]->name, "") == ops[i]);
      g_assert_true (tap_ops_find (ops[i]->name, "ai.onnx") == ops[i]);
      if (i > 0)
        g_assert_cmpstr (ops[i - 1]->name, <, ops[i]->name);
    }
  g_assert_null (tap_ops_find ("Foo", ""));
  g_assert_null (tap_ops_find ("Conv", "com.microsoft"));
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) cases = NULL;
  g_autofree char *path = NULL;

  g_test_init (&argc, &argv, NULL);
  path = argc > 1 ? g_strdup (argv[1]) :
                    g_test_build_filename (G_TEST_DIST, "ops", "golden", "shapes.txt", NULL);
  cases = read_cases (path);
  g_assert_cmpuint (cases->len, >, 0);
  g_test_add_func ("/ops/registry/is-sorted-and-complete", test_registry);
  for (guint i = 0; i < cases->len; i++)
    {
      const Case *self = g_ptr_array_index (cases, i);
      g_autofree char *name = g_strdup_printf ("/ops/shapes/%s", self->name);

      g_test_add_data_func (name, self, run_case);
    }
  return g_test_run ();
}
