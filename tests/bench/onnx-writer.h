/* onnx-writer.h - a graph as an ONNX file, so that others can be measured on the same network
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-graph.h"

G_BEGIN_DECLS

/* Writes the nodes with integer attributes and the float32 constants of @graph, for opset 13. Dimensions
 * of inputs that are not known become a symbol. Nothing else is supported. */
gboolean bench_write_onnx (const TapGraph *graph, const char *path, GError **error);

G_END_DECLS
