/* onnx-private.h - what the parts of the ONNX reader share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-error.h"
#include "core/tap-graph.h"
#include "formats/proto/tap-proto.h"
#include "formats/registry.h"

G_BEGIN_DECLS

typedef struct
{
  const TapLoadRequest *request;
  GBytes *bytes; /* the mapped file */
  GCancellable *cancellable;
  TapGraph *graph;
  GHashTable *opsets;    /* domain → version, as GINT_TO_POINTER */
  GHashTable *metadata;  /* key → value */
  GHashTable *functions; /* "domain name" → TapProtoField* of the FunctionProto */
  GHashTable *externals; /* location → GBytes* */
  GHashTable *types;     /* value index → ONNX's element type, of what is not computed */
  int last_type;         /* of the tensor that was read last */
  GHashTable *branches;  /* which branch of an If is taken: 1 or 2 */
  GPtrArray *open_ifs;   /* those that are not settled */
  GPtrArray *warnings;
  char *producer, *producer_version;
  gint64 ir_version;
  gsize budget;                /* bytes that numbers may still grow by when they are widened */
  int n_nodes;                 /* nodes and function calls so far */
  gboolean takes_whole_pixels; /* the picture input is of an integer type */
} OnnxReader;

/* Where names of a function's body point: NULL at the top. */
typedef struct _OnnxScope OnnxScope;
struct _OnnxScope
{
  const OnnxScope *parent;
  char *prefix;          /* before every inner name */
  GHashTable *names;     /* inner name → name in the graph */
  const TapAttrs *attrs; /* of the call, for ref_attr_name */
  GHashTable *opsets;    /* the function's own; NULL: the model's */
  gboolean open;         /* a branch: names that it does not give are those around it */
  int depth;
};

#define TAP_ONNX_MAX_NODES  50000
#define TAP_ONNX_MAX_VALUES 200000
#define TAP_ONNX_MAX_DEPTH  16

/* Sets @error with @format, a sentence without its full stop. Always FALSE. */
gboolean tap_onnx_fail (GError **error, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Takes @n bytes from the budget for numbers that become wider in memory than in the file. */
gboolean tap_onnx_spend (OnnxReader *self, gsize n, GError **error);

/* Reads a TensorProto. *@tensor is NULL, without an error, when its numbers are of a kind that cannot
 * be held (text, complex); *@kind then says which. @name is never NULL on success. */
gboolean tap_onnx_read_tensor (OnnxReader *self,
                               const TapProto *parent,
                               const TapProtoField *field,
                               char **name,
                               TapTensor **tensor,
                               const char **kind,
                               GError **error);
/* The @length bytes at @offset of a file beneath the model's folder. (transfer full) */
GBytes *tap_onnx_external (OnnxReader *self, const char *location, GError **error);
/* Of the model and the files that it needs. */
void tap_onnx_checksum (OnnxReader *self, TapModel *model);

/* Reads an AttributeProto into @attrs; @scope resolves references to a function's attributes. */
gboolean tap_onnx_read_attribute (OnnxReader *self,
                                  const TapProto *parent,
                                  const TapProtoField *field,
                                  const OnnxScope *scope,
                                  TapAttrs *attrs,
                                  GError **error);
/* Reads a NodeProto and adds it, or what it stands for, to the graph. */
gboolean tap_onnx_read_node (OnnxReader *self,
                             const TapProto *parent,
                             const TapProtoField *field,
                             const OnnxScope *scope,
                             GError **error);

/* A node before it enters the graph. */
typedef struct
{
  char *name, *op_type, *domain;
  GArray *inputs, *outputs; /* int value indices */
  TapAttrs *attrs;
  int opset;
} OnnxNode;

/* Adds @node as it stands. */
gboolean tap_onnx_add_node (OnnxReader *self, OnnxNode *node, GError **error);

/* Value index of @name as seen from @scope; -1 for an input left out. */
int tap_onnx_resolve (OnnxReader *self, const OnnxScope *scope, const char *name);

/* --- onnx-if.c --- */

/* Reads the whole file, afresh. */
typedef gboolean (*TapOnnxReadFunc) (OnnxReader *self, GError **error);

void tap_onnx_ifs_init (OnnxReader *self);
/* Adds the branch that the If at @field is known to take; *@done says whether it is. @message: its parts. */
gboolean tap_onnx_add_if (OnnxReader *self,
                          const TapProto *message,
                          const TapProtoField *field,
                          const OnnxNode *node,
                          const OnnxScope *outer,
                          gboolean *done,
                          GError **error);
/* After the file was read: reads it again until all Ifs are settled that can be. */
gboolean tap_onnx_settle_ifs (OnnxReader *self, TapOnnxReadFunc read, GError **error);

/* --- onnx-quantized.c --- */

/* Says in “output_dtype” what type the zero point of a node's output has. */
void tap_onnx_note_types (OnnxReader *self, OnnxNode *node);
/* Adds what a quantised operator of ONNX Runtime's own stands for; *@done says whether @node was one. */
gboolean tap_onnx_add_quantized (OnnxReader *self, OnnxNode *node, gboolean *done, GError **error);

/* Preprocessing and labels that the metadata names. */
void tap_onnx_apply_metadata (OnnxReader *self, TapModel *model);

G_END_DECLS
