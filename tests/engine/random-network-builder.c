/* random-network-builder.c - a network that grows node by node, its twins running along
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "random-network-builder.h"

const TwinArray *
net_array_of (NetBuilder *b, int value)
{
  return &g_array_index (b->arrays, TwinArray, value);
}

const TapShape *
net_shape_of (NetBuilder *b, int value)
{
  return &net_array_of (b, value)->shape;
}

int
net_below (NetBuilder *b, int n)
{
  return g_rand_int_range (b->rand, 0, n);
}

int
net_new_value (NetBuilder *b, TwinArray array)
{
  g_autofree char *name = g_strdup_printf ("v%d", b->n++);
  int value = tap_graph_value (b->graph, name);

  g_array_set_size (b->arrays, MAX (b->arrays->len, (guint) value + 1));
  g_array_index (b->arrays, TwinArray, value) = array;
  return value;
}

TapTensor *
net_random_tensor (NetBuilder *b, const TapShape *shape, double low, double high)
{
  TapTensor *tensor = tap_tensor_new (TAP_DTYPE_F32, shape, NULL);

  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = (float) g_rand_double_range (b->rand, low, high);
  return tensor;
}

int
net_constant (NetBuilder *b, const TapShape *shape, double low, double high)
{
  g_autoptr (TapTensor) tensor = net_random_tensor (b, shape, low, high);
  int value = net_new_value (b, twin_array_new (tensor));

  tap_graph_set_constant (b->graph, value, tensor);
  return value;
}

int
net_vector (NetBuilder *b, gint64 n, double low, double high)
{
  TapShape shape = tap_shape_new (1, n);

  return net_constant (b, &shape, low, high);
}

int
net_integers (NetBuilder *b, const gint64 *values, gint64 n)
{
  TapShape shape = tap_shape_new (1, n);
  g_autoptr (TapTensor) tensor = tap_tensor_new_i64 (&shape, values, NULL);
  int value = net_new_value (b, twin_array_new (tensor));

  tap_graph_set_constant (b->graph, value, tensor);
  return value;
}

int
net_numbers (NetBuilder *b, const float *values, gint64 n)
{
  TapShape shape = tap_shape_new (1, n);
  g_autoptr (TapTensor) tensor = tap_tensor_new_f32 (&shape, values, NULL);
  int value = net_new_value (b, twin_array_new (tensor));

  tap_graph_set_constant (b->graph, value, tensor);
  return value;
}

int
net_node_with_outputs (NetBuilder *b,
                       const char *op,
                       TapAttrs *attrs,
                       const int *inputs,
                       int n_inputs,
                       int *outputs,
                       int n_outputs)
{
  g_autofree char *name = g_strdup_printf ("n%d", b->n++);
  g_autoptr (GError) error = NULL;
  TwinArray in[8], out[8];
  TapNode *node;

  for (int o = 0; o < n_outputs; o++)
    outputs[o] = net_new_value (b, (TwinArray){ 0 });
  node =
    tap_graph_add_node (b->graph, name, op, inputs, n_inputs, outputs, n_outputs, attrs, &error);
  g_assert_no_error (error);
  for (int i = 0; i < n_inputs; i++)
    in[i] =
      inputs[i] >= 0 ? *net_array_of (b, inputs[i]) : (TwinArray){ .shape = { .n_dims = -1 } };
  twin_run (twin_find (op), node, in, n_inputs, out, n_outputs);
  for (int o = 0; o < n_outputs; o++)
    g_array_index (b->arrays, TwinArray, outputs[o]) = out[o];
  b->value = outputs[0];
  return b->value;
}

int
net_node (NetBuilder *b, const char *op, TapAttrs *attrs, const int *inputs, int n_inputs)
{
  int output;

  return net_node_with_outputs (b, op, attrs, inputs, n_inputs, &output, 1);
}

int
net_node_1 (NetBuilder *b, const char *op, TapAttrs *attrs, int a)
{
  return net_node (b, op, attrs, &a, 1);
}

int
net_node_2 (NetBuilder *b, const char *op, TapAttrs *attrs, int first, int second)
{
  return net_node (b, op, attrs, (int[]){ first, second }, 2);
}
