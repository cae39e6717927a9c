/* tap-param.h - parameter descriptors: one table per method makes panel, options, help, provenance
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

typedef enum
{
  TAP_PARAM_INT,
  TAP_PARAM_FLOAT,
  TAP_PARAM_BOOL,
  TAP_PARAM_CHOICE,
  TAP_PARAM_LAYER, /* a layer name; "" means the method's own choice */
  TAP_PARAM_UNIT,  /* channel index; -1 means the strongest / all, as the help says */
  TAP_PARAM_CLASS, /* class index; -1 means the most probable. Label text is accepted as well */
} TapParamKind;

typedef struct
{
  const char *id;    /* "grey" */
  const char *label; /* N_("Grey") */
} TapChoice;

struct _TapParam
{
  const char *id; /* "stride": option name and JSON key; NULL ends a table */
  TapParamKind kind;
  const char *label;         /* N_(), sentence case */
  const char *help;          /* N_(), one sentence */
  const char *unit;          /* "px", "%", or NULL */
  double min, max;           /* hard range, inclusive */
  double soft_min, soft_max; /* what a slider shows; equal means the hard range */
  double step;
  double fallback;          /* default number; choice: index into choices */
  const TapChoice *choices; /* ends with a NULL id */
};

/* Values for one table, immutable once handed to a job. */
TapParams *tap_params_new (const TapParam *table);
TapParams *tap_params_copy (const TapParams *self);
void tap_params_free (TapParams *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapParams, tap_params_free)
const TapParam *tap_params_get_table (const TapParams *self);
const TapParam *tap_param_find (const TapParam *table, const char *id);

double tap_params_get (const TapParams *self, const char *id);
int tap_params_get_int (const TapParams *self, const char *id);
/* Choice id, or layer name. (transfer none) */
const char *tap_params_get_string (const TapParams *self, const char *id);
/* Out-of-range values are refused with TAP_METHOD_ERROR_PARAMETER naming parameter and range. */
gboolean tap_params_set (TapParams *self, const char *id, double value, GError **error);
gboolean tap_params_set_string (TapParams *self, const char *id, const char *value, GError **error);
/* From text, by kind ("32", "grey", "true"). */
gboolean tap_params_parse (TapParams *self, const char *id, const char *text, GError **error);
/* "mask=32 stride=16 fill=mean": all of them, locale-free, in table order. (transfer full) */
char *tap_params_to_string (const TapParams *self);
char *tap_params_value_to_string (const TapParams *self, const char *id);
guint tap_params_hash (const TapParams *self);
gboolean tap_params_equal (const TapParams *a, const TapParams *b);

G_END_DECLS
