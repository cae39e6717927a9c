/* onnx-quantized.c - types of zero points, and quantised operators of ONNX Runtime's own
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Quantised networks of the ONNX Model Zoo use operators of the domain com.microsoft for what ONNX has only for
 * floating-point numbers: QLinearAdd, QLinearGlobalAveragePool … Each becomes the plain operator between
 * DequantizeLinear and QuantizeLinear, which is what it means; ONNX Runtime multiplies the steps together first
 * and may come out one step away where a number lies between two. */
#include "config.h"

#include "formats/onnx-private.h"

/* Where the zero point of the output stands. */
static const struct
{
  const char *op;
  guint zero;
} zeros[] = {
  { "QLinearConv", 7 },
  { "QLinearMatMul", 7 },
  { "QuantizeLinear", 2 },
};

void
tap_onnx_note_types (OnnxReader *self, OnnxNode *node)
{
  if (node->domain[0] != '\0')
    return;
  if (g_str_equal (node->op_type, "Identity") && node->inputs->len == 1 && node->outputs->len == 1)
    g_hash_table_insert (
      self->types, GINT_TO_POINTER (g_array_index (node->outputs, int, 0)),
      g_hash_table_lookup (self->types, GINT_TO_POINTER (g_array_index (node->inputs, int, 0))));
  for (gsize i = 0; i < G_N_ELEMENTS (zeros); i++)
    {
      gpointer type;

      if (!g_str_equal (node->op_type, zeros[i].op) || zeros[i].zero >= node->inputs->len ||
          tap_attrs_get_int (node->attrs, "output_dtype", 0) != 0)
        continue;
      type = g_hash_table_lookup (
        self->types, GINT_TO_POINTER (g_array_index (node->inputs, int, zeros[i].zero)));
      if (GPOINTER_TO_INT (type) > 0)
        tap_attrs_set_int (node->attrs, "output_dtype", GPOINTER_TO_INT (type));
    }
}

/* Operands are value, scale and zero point; so is the output, without a value. */
typedef struct
{
  const char *op, *plain;
  guint first, n; /* where the operands begin, and how many there are; 0: all that there are */
  guint output;   /* where the scale of the output stands */
} Quantized;

static const Quantized quantized[] = {
  { "QLinearAdd", "Add", 0, 2, 6 },
  { "QLinearAveragePool", "AveragePool", 0, 1, 3 },
  { "QLinearConcat", "Concat", 2, 0, 0 },
  { "QLinearGlobalAveragePool", "GlobalAveragePool", 0, 1, 3 },
  { "QLinearLeakyRelu", "LeakyRelu", 0, 1, 3 },
  { "QLinearMul", "Mul", 0, 2, 6 },
  { "QLinearSigmoid", "Sigmoid", 0, 1, 3 },
  { "QLinearSoftmax", "Softmax", 0, 1, 3 },
};

static int
input_at (const OnnxNode *node, guint i)
{
  return i < node->inputs->len ? g_array_index (node->inputs, int, i) : -1;
}

/* A standard node whose name is the call's, with @suffix; its value. -1 with an error. */
static int
add_step (OnnxReader *self,
          const OnnxNode *call,
          const char *suffix,
          const char *op_type,
          const int *inputs,
          guint n_inputs,
          int output,
          TapAttrs *attrs,
          GError **error)
{
  g_autofree char *name = g_strconcat (call->name, suffix, NULL);
  g_autofree char *value = g_strconcat (call->name, suffix, "/output", NULL);
  g_autoptr (GArray) from = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GArray) to = g_array_new (FALSE, FALSE, sizeof (int));
  int made = output >= 0 ? output : tap_graph_value (self->graph, value);
  OnnxNode node = {
    .name = name,
    .op_type = (char *) op_type,
    .domain = (char *) "",
    .inputs = from,
    .outputs = to,
    .attrs = attrs != NULL ? attrs : tap_attrs_new (),
    .opset = GPOINTER_TO_INT (g_hash_table_lookup (self->opsets, "")),
  };
  gboolean fine;

  g_array_append_vals (from, inputs, n_inputs);
  g_array_append_val (to, made);
  fine = tap_onnx_add_node (self, &node, error);
  g_clear_pointer (&node.attrs, tap_attrs_free);
  return fine ? made : -1;
}

static gboolean
expand (OnnxReader *self, const Quantized *kind, OnnxNode *node, GError **error)
{
  guint n = kind->n > 0 ? kind->n : (node->inputs->len - kind->first) / 3;
  g_autoptr (GArray) operands = g_array_new (FALSE, FALSE, sizeof (int));
  int output[3], made;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *suffix = g_strdup_printf ("/input %u", i + 1);
      int operand[3];

      for (guint k = 0; k < 3; k++)
        operand[k] = input_at (node, kind->first + 3 * i + k);
      made = add_step (self, node, suffix, "DequantizeLinear", operand, operand[2] < 0 ? 2 : 3, -1,
                       NULL, error);
      if (made < 0)
        return FALSE;
      g_array_append_val (operands, made);
    }
  made = add_step (self, node, "", kind->plain, (const int *) (gpointer) operands->data, n, -1,
                   g_steal_pointer (&node->attrs), error);
  if (made < 0)
    return FALSE;
  output[0] = made;
  output[1] = input_at (node, kind->output);
  output[2] = input_at (node, kind->output + 1);
  return add_step (self, node, "/output", "QuantizeLinear", output, output[2] < 0 ? 2 : 3,
                   g_array_index (node->outputs, int, 0), NULL, error) >= 0;
}

/* QGemm: A, its scale and zero point, B likewise, C in steps of both scales' product; then the output's, unless that
 * is to be plain numbers. */
static gboolean
expand_gemm (OnnxReader *self, OnnxNode *node, GError **error)
{
  int output = g_array_index (node->outputs, int, 0), made, gemm[3] = { -1, -1, -1 };
  gboolean rounds = input_at (node, 7) >= 0;

  for (guint i = 0; i < 2; i++)
    {
      int operand[] = { input_at (node, 3 * i), input_at (node, 3 * i + 1),
                        input_at (node, 3 * i + 2) };
      TapAttrs *attrs = tap_attrs_new ();

      /* scales of B go by what becomes columns */
      tap_attrs_set_int (attrs, "axis",
                         i == 1 && tap_attrs_get_int (node->attrs, "transB", 0) != 0 ? 0 : 1);
      gemm[i] = add_step (self, node, i == 0 ? "/A" : "/B", "DequantizeLinear", operand,
                          operand[2] < 0 ? 2 : 3, -1, attrs, error);
      if (gemm[i] < 0)
        return FALSE;
    }
  if (input_at (node, 6) >= 0)
    {
      int scales[] = { input_at (node, 1), input_at (node, 4) },
          operand[2] = { input_at (node, 6) };
      TapAttrs *attrs = tap_attrs_new ();

      tap_attrs_set_int (attrs, "axis", -1);
      operand[1] = add_step (self, node, "/C scale", "Mul", scales, 2, -1, NULL, error);
      gemm[2] = operand[1] < 0 ? -1 :
                                 add_step (self, node, "/C", "DequantizeLinear", operand, 2, -1,
                                           g_steal_pointer (&attrs), error);
      g_clear_pointer (&attrs, tap_attrs_free);
      if (gemm[2] < 0)
        return FALSE;
    }
  made = add_step (self, node, "", "Gemm", gemm, gemm[2] < 0 ? 2 : 3, rounds ? -1 : output,
                   g_steal_pointer (&node->attrs), error);
  if (made >= 0 && rounds)
    {
      int steps[] = { made, input_at (node, 7), input_at (node, 8) };

      made = add_step (self, node, "/output", "QuantizeLinear", steps, steps[2] < 0 ? 2 : 3, output,
                       NULL, error);
    }
  return made >= 0;
}

gboolean
tap_onnx_add_quantized (OnnxReader *self, OnnxNode *node, gboolean *done, GError **error)
{
  *done = FALSE;
  if (!g_str_equal (node->domain, "com.microsoft"))
    return TRUE;
  if (g_str_equal (node->op_type, "QuantizeLinear") ||
      g_str_equal (node->op_type, "DequantizeLinear"))
    {
      node->domain[0] = '\0'; /* what ONNX has taken over */
      node->opset = GPOINTER_TO_INT (g_hash_table_lookup (self->opsets, ""));
      return TRUE;
    }
  if (g_str_equal (node->op_type, "QGemm") && node->outputs->len == 1 && node->inputs->len >= 6)
    {
      *done = TRUE;
      return expand_gemm (self, node, error);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (quantized); i++)
    if (g_str_equal (node->op_type, quantized[i].op) && node->outputs->len == 1 &&
        node->inputs->len > MAX (quantized[i].output, quantized[i].first) &&
        tap_attrs_get_int (node->attrs, "channels_last", 0) == 0)
      {
        *done = TRUE;
        return expand (self, &quantized[i], node, error);
      }
  return TRUE;
}
