/* caffe-private.h - what the parts of the Caffe reader share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-error.h"
#include "core/tap-graph.h"
#include "formats/registry.h"
#include "formats/text/tap-prototext.h"

G_BEGIN_DECLS

/* --- weights (caffe-weights.c) --- */

typedef struct
{
  GBytes *bytes;
  GHashTable *layers; /* name → GPtrArray of TapTensor*, in the shapes of the file */
} CaffeWeights;

CaffeWeights *tap_caffe_weights_read (GBytes *bytes, GCancellable *cancellable, GError **error);
void tap_caffe_weights_free (CaffeWeights *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CaffeWeights, tap_caffe_weights_free)
/* Blob @i of @layer, or NULL. (transfer none) */
TapTensor *tap_caffe_weights_get (const CaffeWeights *self, const char *layer, guint i);
/* A BlobProto alone, as in mean.binaryproto. */
TapTensor *tap_caffe_blob_read (GBytes *bytes, GError **error);

/* --- the network (caffe-net.c) --- */

/* A layer in its newest form; everything points into the text. */
typedef struct
{
  const char *name;
  const char *type;              /* "Convolution" */
  const TapTextMessage *message; /* the layer's own fields (of V0: the inner ones) */
  gboolean is_v0;                /* parameters stand in @message itself */
  GPtrArray *bottoms, *tops;     /* const char* */
  int line;
} CaffeLayer;

typedef struct
{
  const char *name;
  GPtrArray *layers;  /* CaffeLayer*, of the TEST phase */
  GPtrArray *inputs;  /* const char* */
  GArray *input_dims; /* TapShape, one per input */
  const char *style;  /* "layer", "V1 layers", "V0 layers" */
} CaffeNet;

CaffeNet *tap_caffe_net_read (const TapPrototext *text, GError **error);
void tap_caffe_net_free (CaffeNet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CaffeNet, tap_caffe_net_free)
/* The layer's parameters of that name; for V0 the layer itself. May be NULL. */
const TapTextMessage *tap_caffe_param (const CaffeLayer *layer, const char *name);

/* --- building the graph (caffe-build.c) --- */

typedef struct
{
  TapGraph *graph;
  const CaffeNet *net;
  const CaffeWeights *weights; /* NULL: none */
  GArray *shapes;              /* TapShape per value; n_dims -1 when not known */
  GHashTable *blobs;           /* blob name → index of its newest value + 1 */
  GHashTable *last_writer;     /* blob name → CaffeLayer* */
  GPtrArray *warnings;
  gsize placeholder_budget; /* bytes of zeros that may stand for missing weights */
  guint n_missing;          /* layers without weights */
  guint serial;             /* for names that clash */
} CaffeBuilder;

/* Sets @error with a sentence about @layer without its full stop. Always FALSE. */
gboolean tap_caffe_fail (const CaffeLayer *layer, GError **error, const char *format, ...)
  G_GNUC_PRINTF (3, 4);
/* Value of bottom @i; its shape, or NULL when that is not known. */
int tap_caffe_bottom (CaffeBuilder *self, const CaffeLayer *layer, guint i);
const TapShape *tap_caffe_shape (CaffeBuilder *self, int value);
/* The value that @layer writes as top @i, to be called once per top; the newest of that blob. */
int tap_caffe_top (CaffeBuilder *self, const CaffeLayer *layer, guint i);
/* A value between the nodes of one layer. */
int tap_caffe_inner (CaffeBuilder *self, const CaffeLayer *layer, const char *what);
/* Adds a node called by the layer, or by the layer and @what when that is not NULL, and works out
 * the shapes of its outputs. @attrs (transfer full). */
gboolean tap_caffe_node (CaffeBuilder *self,
                         const CaffeLayer *layer,
                         const char *what,
                         const char *op_type,
                         const int *inputs,
                         int n_inputs,
                         const int *outputs,
                         int n_outputs,
                         TapAttrs *attrs,
                         GError **error);
/* Constants as values. */
int tap_caffe_constant (CaffeBuilder *self,
                        const CaffeLayer *layer,
                        const char *what,
                        TapTensor *tensor);
int tap_caffe_scalar (CaffeBuilder *self, const CaffeLayer *layer, const char *what, double number);
int tap_caffe_ints (CaffeBuilder *self,
                    const CaffeLayer *layer,
                    const char *what,
                    const gint64 *values,
                    int n);
/* Blob @i of the layer's weights in @shape, as a value; a dimension of -1 takes what the file has. Without
 * weights, zeros and *@missing set; -1 with an error when the file's numbers do not fit, -1 without one
 * when there are neither weights nor a shape. */
int tap_caffe_weight (CaffeBuilder *self,
                      const CaffeLayer *layer,
                      guint i,
                      const char *what,
                      const TapShape *shape,
                      gboolean *missing,
                      GError **error);
/* A node that cannot be run, under the layer's own type. */
gboolean tap_caffe_unknown (CaffeBuilder *self, const CaffeLayer *layer, GError **error);
/* Declares a graph input. */
void tap_caffe_input (CaffeBuilder *self, const char *blob, const TapShape *shape);

/* --- layers (caffe-layers*.c) --- */

typedef gboolean (*CaffeTranslate) (CaffeBuilder *self, const CaffeLayer *layer, GError **error);
typedef struct
{
  const char *type;
  CaffeTranslate translate;
} CaffeTranslation;

/* NULL-terminated by type. */
extern const CaffeTranslation tap_caffe_window_layers[];    /* convolution, pooling … */
extern const CaffeTranslation tap_caffe_pointwise_layers[]; /* activations, eltwise, norm … */
extern const CaffeTranslation tap_caffe_shape_layers[];     /* reshape, concat, slice … */

/* --- preprocessing (caffe-transform.c) --- */

/* From transform_param, or a mean file beside the network. */
void tap_caffe_find_transform (TapModel *model,
                               const TapTextMessage *root,
                               const char *path,
                               const char *name);

G_END_DECLS
