/* tiny.h - small networks built by hand, with weights from a seed
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-model.h"
#include "methods/tap-context.h"
#include "ops/infer.h"

/* Uniform in -1..1 from a fixed seed. */
static inline TapTensor *
tiny_random (GRand *random, int n_dims, gint64 a, gint64 b, gint64 c, gint64 d)
{
  TapShape shape = tap_shape_new (n_dims, a, b, c, d);
  TapTensor *tensor = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);

  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = (float) g_rand_double_range (random, -1.0, 1.0);
  return tensor;
}

static inline int
tiny_constant (TapGraph *graph, const char *name, TapTensor *tensor)
{
  int value = tap_graph_value (graph, name);

  tap_graph_set_constant (graph, value, tensor);
  tap_tensor_unref (tensor);
  return value;
}

/* Adds a node whose output bears its name; @attrs (transfer full). Returns the output's value. */
static inline int
tiny_node (TapGraph *graph, const char *name, const char *op, int x, int w, int b, TapAttrs *attrs)
{
  g_autoptr (GError) error = NULL;
  int inputs[] = { x, w, b };
  int output = tap_graph_value (graph, name);

  tap_graph_add_node (graph, name, op, inputs,
                      b >= 0 ? 3 :
                      w >= 0 ? 2 :
                               1,
                      &output, 1, attrs, &error);
  g_assert_no_error (error);
  return output;
}

static inline TapAttrs *
tiny_window (gint64 kernel, gint64 stride, gint64 pad)
{
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_ints (attrs, "kernel_shape", (gint64[]){ kernel, kernel }, 2);
  tap_attrs_set_ints (attrs, "strides", (gint64[]){ stride, stride }, 2);
  tap_attrs_set_ints (attrs, "pads", (gint64[]){ pad, pad, pad, pad }, 4);
  return attrs;
}

static inline TapModel *
tiny_finish (TapGraph *graph, int height, int width)
{
  static const char *const names[] = { "cat, Felis", "dog, Canis", "fish", "bird", "tree", NULL };
  g_autoptr (GError) error = NULL;
  TapModel *model;

  g_assert_true (tap_graph_sort (graph, &error));
  g_assert_no_error (error);
  g_assert_true (tap_infer_graph (graph, NULL, 0, NULL, &error));
  g_assert_no_error (error);
  model = tap_model_new (graph);

  tap_preprocess_init (&model->preprocess, height, width, 3);
  if (model->labels != NULL)
    tap_labels_unref (model->labels);
  model->labels = tap_labels_new (g_strdupv ((char **) names), "the test");
  tap_model_complete (model);
  return model;
}

/* conv1 (3→6, 5×5 / 2) relu1 pool1 conv2 (6→8, 3×3) relu2 average flatten fc softmax; 5 classes. */
static inline TapModel *
tiny_network (int height, int width)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (11);
  TapGraph *graph = tap_graph_new ("tiny");
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) height, (gint64) width);
  int x = tap_graph_value (graph, "picture");
  int w;
  TapAttrs *attrs;

  tap_graph_add_input (graph, x, TAP_DTYPE_F32, &shape);
  w = tiny_constant (graph, "conv1.w", tiny_random (random, 4, 6, 3, 5, 5));
  x = tiny_node (graph, "conv1", "Conv", x, w,
                 tiny_constant (graph, "conv1.b", tiny_random (random, 1, 6, 0, 0, 0)),
                 tiny_window (5, 2, 2));
  x = tiny_node (graph, "relu1", "Relu", x, -1, -1, NULL);
  x = tiny_node (graph, "pool1", "MaxPool", x, -1, -1, tiny_window (3, 2, 0));
  w = tiny_constant (graph, "conv2.w", tiny_random (random, 4, 8, 6, 3, 3));
  x = tiny_node (graph, "conv2", "Conv", x, w,
                 tiny_constant (graph, "conv2.b", tiny_random (random, 1, 8, 0, 0, 0)),
                 tiny_window (3, 1, 1));
  x = tiny_node (graph, "relu2", "Relu", x, -1, -1, NULL);
  x = tiny_node (graph, "average", "GlobalAveragePool", x, -1, -1, NULL);
  x = tiny_node (graph, "flatten", "Flatten", x, -1, -1, NULL);
  attrs = tap_attrs_new ();
  tap_attrs_set_int (attrs, "transB", 1);
  w = tiny_constant (graph, "fc.w", tiny_random (random, 2, 5, 8, 0, 0));
  x = tiny_node (graph, "fc", "Gemm", x, w,
                 tiny_constant (graph, "fc.b", tiny_random (random, 1, 5, 0, 0, 0)), attrs);
  x = tiny_node (graph, "probability", "Softmax", x, -1, -1, NULL);
  tap_graph_add_output (graph, x);
  return tiny_finish (graph, height, width);
}

/* One fully connected layer, no softmax. */
static inline TapModel *
tiny_linear (int height, int width)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (12);
  TapGraph *graph = tap_graph_new ("linear");
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) height, (gint64) width);
  int x = tap_graph_value (graph, "picture");
  int w;

  tap_graph_add_input (graph, x, TAP_DTYPE_F32, &shape);
  x = tiny_node (graph, "flatten", "Flatten", x, -1, -1, NULL);
  w = tiny_constant (graph, "fc.w", tiny_random (random, 2, 3 * height * width, 5, 0, 0));
  for (gsize i = 0; i < tap_graph_get_value (graph, w)->constant->count; i++)
    tap_tensor_f32 (tap_graph_get_value (graph, w)->constant)[i] *= 0.05f;
  x = tiny_node (graph, "fc", "Gemm", x, w, -1, NULL);
  tap_graph_add_output (graph, x);
  return tiny_finish (graph, height, width);
}

static inline TapContext *
tiny_context (TapModel *model)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (13);
  g_autoptr (GError) error = NULL;
  TapSessionOptions options = { .n_threads = 1 };
  g_autoptr (TapSession) session = tap_session_new (model->graph, &options, &error);
  g_autoptr (TapTensor) input = NULL;

  g_assert_no_error (error);
  input = tiny_random (random, 4, 1, 3, model->preprocess.height, model->preprocess.width);
  return tap_context_new (model, session, input, "a/folder/picture.png", 42);
}
