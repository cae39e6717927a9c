/* operator-cases.c - reads the lines of the cases
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "operator-cases.h"
#include "ops/infer.h"

static const OperatorCase *const families[] = {
  cases_binary,   cases_index,  cases_move,   cases_normalize, cases_pointwise,
  cases_quantize, cases_reduce, cases_volume, cases_window,    NULL,
};

const OperatorCase *const *
operator_cases (void)
{
  return families;
}

guint
operator_cases_count (const char *op)
{
  guint n = 0;

  for (int f = 0; families[f] != NULL; f++)
    for (const OperatorCase *item = families[f]; item->op != NULL; item++)
      n += g_str_equal (item->op, op);
  return n;
}

char *
operator_case_describe (const OperatorCase *item)
{
  g_autofree char *opset = g_strdup_printf (" (opset %d)", item->opset);

  return g_strdup_printf ("%s %s | %s%s", item->op, item->attrs != NULL ? item->attrs : "",
                          item->inputs, item->opset > 0 ? opset : "");
}

static void
set_list (TapAttrs *attrs, const char *name, const char *text)
{
  g_autofree char *inner = g_strndup (text + 1, strlen (text) - 2);
  g_auto (GStrv) words = g_strsplit (inner, ",", -1);
  gsize n = g_strv_length (words);
  g_autofree gint64 *ints = g_new (gint64, n + 1);
  g_autofree float *floats = g_new (float, n + 1);

  for (gsize i = 0; i < n; i++)
    {
      ints[i] = g_ascii_strtoll (words[i], NULL, 10);
      floats[i] = (float) g_ascii_strtod (words[i], NULL);
    }
  if (text[0] == '[')
    tap_attrs_set_ints (attrs, name, ints, n);
  else
    tap_attrs_set_floats (attrs, name, floats, n);
}

static void
set_tensor (TapAttrs *attrs, const char *name, const char *text)
{
  TapShape one = tap_shape_new (1, (gint64) 1);
  g_autoptr (TapTensor) tensor =
    tap_tensor_new (text[1] == 'i' ? TAP_DTYPE_I64 : TAP_DTYPE_F32, &one, NULL);

  if (text[1] == 'i')
    tap_tensor_i64 (tensor)[0] = g_ascii_strtoll (text + 3, NULL, 10);
  else
    tap_tensor_f32 (tensor)[0] = (float) g_ascii_strtod (text + 3, NULL);
  tap_attrs_set_tensor (attrs, name, tensor);
}

static TapAttrs *
read_attrs (const char *text)
{
  TapAttrs *attrs = tap_attrs_new ();
  g_auto (GStrv) words = g_strsplit (text != NULL ? text : "", " ", -1);

  for (char **word = words; *word != NULL; word++)
    {
      char *value = strchr (*word, '=');

      if (value == NULL)
        continue;
      *value++ = '\0';
      if (*value == '[' || *value == '{')
        set_list (attrs, *word, value);
      else if (*value == '(')
        set_tensor (attrs, *word, value);
      else if (*value == '\'')
        {
          g_autofree char *string = g_strndup (value + 1, strlen (value) - 2);

          tap_attrs_set_string (attrs, *word, string);
        }
      else if (strpbrk (value, ".eain") != NULL)
        tap_attrs_set_float (attrs, *word, g_ascii_strtod (value, NULL));
      else
        tap_attrs_set_int (attrs, *word, g_ascii_strtoll (value, NULL, 10));
    }
  return attrs;
}

static void
set_number (TapTensor *tensor, gsize i, double value)
{
  if (tensor->dtype == TAP_DTYPE_F32)
    tap_tensor_f32 (tensor)[i] = (float) value;
  else
    tap_tensor_i64 (tensor)[i] = (gint64) value;
}

static double
pattern (const char *name, GRand *rand, gsize i)
{
  static const double special[] = { NAN, INFINITY, -INFINITY, -0.0, 0.0, 1e-40, 3e38, -3e38 };
  double value = g_rand_double_range (rand, -1, 1);

  if (g_str_equal (name, "ties"))
    return floor (value * 2.5 + 0.5);
  if (g_str_equal (name, "bytes"))
    return floor ((value + 1) * 127.999);
  if (g_str_equal (name, "away"))
    return value < 0 ? value * 0.95 - 0.05 : value * 0.95 + 0.05;
  if (g_str_equal (name, "special"))
    return g_rand_int_range (rand, 0, 3) == 0 ?
             special[g_rand_int_range (rand, 0, G_N_ELEMENTS (special))] :
             value;
  g_assert_not_reached ();
}

/* Different numbers, at least 0.01 apart, in any order and of both signs. */
static void
fill_apart (TapTensor *tensor, GRand *rand)
{
  for (gsize i = 0; i < tensor->count; i++)
    {
      gsize j = (gsize) g_rand_int_range (rand, 0, (gint32) i + 1);
      float value = ((float) i - (float) tensor->count / 2 + 0.3f) * 0.02f;

      tap_tensor_f32 (tensor)[i] = tap_tensor_f32 (tensor)[j];
      tap_tensor_f32 (tensor)[j] = value;
    }
}

static void
fill (TapTensor *tensor, const char *rule, gboolean truth, GRand *rand)
{
  g_auto (GStrv) words = NULL;
  double low = tensor->dtype == TAP_DTYPE_F32 ? -1 : -4, high = -low;

  if (*rule == '=')
    {
      words = g_strsplit (rule + 1, ",", -1);
      for (gsize i = 0; i < tensor->count; i++)
        set_number (tensor, i, g_ascii_strtod (words[i % g_strv_length (words)], NULL));
      return;
    }
  if (g_str_equal (rule, "~apart"))
    {
      fill_apart (tensor, rand);
      return;
    }
  if (*rule == '@')
    {
      words = g_strsplit (rule + 1, ":", -1);
      low = g_ascii_strtod (words[0], NULL);
      high = g_ascii_strtod (words[1], NULL);
    }
  for (gsize i = 0; i < tensor->count; i++)
    if (*rule == '~')
      set_number (tensor, i, pattern (rule + 1, rand, i));
    else if (truth)
      set_number (tensor, i, g_rand_boolean (rand));
    else if (tensor->dtype == TAP_DTYPE_I64)
      set_number (tensor, i, g_rand_int_range (rand, (gint32) low, (gint32) high + 1));
    else
      set_number (tensor, i, g_rand_double_range (rand, low, high));
}

/* (transfer full) */
static TapTensor *
read_input (const char *word, gboolean *constant, GRand *rand)
{
  TapDtype dtype = TAP_DTYPE_F32;
  TapShape shape = { 0 };
  gboolean truth = FALSE;
  TapTensor *tensor;

  *constant = FALSE;
  for (; *word == 'c' || *word == 'i' || *word == 'b'; word++)
    {
      *constant |= *word == 'c';
      dtype = *word == 'c' ? dtype : TAP_DTYPE_I64;
      truth |= *word == 'b';
    }
  if (*word == 's')
    word++;
  else
    do
      shape.dims[shape.n_dims++] = g_ascii_strtoll (word, (char **) &word, 10);
    while (*word == 'x' && word++ != NULL);
  tensor = tap_tensor_new (dtype, &shape, NULL);
  fill (tensor, word, truth, rand);
  return tensor;
}

static gboolean
add_node (OperatorBench *self, GError **error)
{
  int inputs[16], outputs[16];
  TapNode *node;

  for (int i = 0; i < self->n_inputs; i++)
    {
      g_autofree char *name = g_strdup_printf ("x%d", i);

      inputs[i] = -1;
      if (self->inputs[i] == NULL)
        continue;
      inputs[i] = tap_graph_value (self->graph, name);
      if (self->constant[i])
        tap_graph_set_constant (self->graph, inputs[i], self->inputs[i]);
      else
        tap_graph_add_input (self->graph, inputs[i], self->inputs[i]->dtype,
                             &self->inputs[i]->shape);
    }
  for (int i = 0; i < self->n_outputs; i++)
    {
      g_autofree char *name = g_strdup_printf ("y%d", i);

      outputs[i] = tap_graph_value (self->graph, name);
      tap_graph_add_output (self->graph, outputs[i]);
    }
  node = tap_graph_add_node (self->graph, "node", self->item->op, inputs, self->n_inputs, outputs,
                             self->n_outputs, read_attrs (self->item->attrs), error);
  if (node == NULL)
    return FALSE;
  node->opset = self->item->opset;
  if (!tap_graph_sort (self->graph, error) || !tap_infer_graph (self->graph, NULL, 0, NULL, error))
    return FALSE;
  self->node = tap_graph_get_node (self->graph, 0);
  return TRUE;
}

gboolean
operator_bench_init (OperatorBench *self, const OperatorCase *item, gboolean fold)
{
  g_autofree char *line = operator_case_describe (item);
  g_autoptr (GRand) rand = g_rand_new_with_seed (g_str_hash (line));
  g_auto (GStrv) words = g_strsplit (item->inputs, " ", -1);
  g_autoptr (GError) error = NULL;

  *self = (OperatorBench){ .item = item, .n_outputs = MAX (item->n_outputs, 1) };
  self->graph = tap_graph_new ("case");
  for (char **word = words; *word != NULL; word++)
    {
      if (!g_str_equal (*word, "-"))
        self->inputs[self->n_inputs] = read_input (*word, &self->constant[self->n_inputs], rand);
      self->constant[self->n_inputs] |= fold;
      self->n_inputs++;
    }
  if (add_node (self, &error) && self->node->problem == NULL &&
      (fold || self->node->folded == ((item->flags & CASE_FOLDED) != 0)))
    return TRUE;
  g_test_message ("%s: %s", line,
                  error != NULL               ? error->message :
                  self->node->problem != NULL ? self->node->problem :
                                                "folded against expectation, or not");
  g_test_fail ();
  return FALSE;
}

void
operator_bench_clear (OperatorBench *self)
{
  for (int i = 0; i < self->n_inputs; i++)
    g_clear_pointer (&self->inputs[i], tap_tensor_unref);
  g_clear_pointer (&self->graph, tap_graph_unref);
}
