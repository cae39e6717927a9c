/* tap-cli-json.h - small conveniences for building JSON
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "cli/tap-cli.h"
#include "core/tap-model.h"
#include "core/tap-result.h"

G_BEGIN_DECLS

/* One member of the object being built. @text may be NULL (null) and may hold anything. */
void tap_json_string (JsonBuilder *builder, const char *name, const char *text);
void tap_json_int (JsonBuilder *builder, const char *name, gint64 value);
void tap_json_bool (JsonBuilder *builder, const char *name, gboolean value);
/* null when @value is not finite: JSON has no word for it. */
void tap_json_number (JsonBuilder *builder, const char *name, double value);
/* [1, 3, 224, 224]; null when @shape is NULL. */
void tap_json_shape (JsonBuilder *builder, const char *name, const TapShape *shape);
/* {"index", "label", "probability"}; without the last when @probability is negative. */
void tap_json_class (JsonBuilder *builder, const TapLabels *labels, int index, double probability);
/* [{"index", "label", "probability"}, …] */
void tap_json_scores (JsonBuilder *builder,
                      const char *name,
                      const TapLabels *labels,
                      const GArray *scores);
/* The finished document, indented, with a newline. (transfer full) */
char *tap_json_finish (JsonBuilder *builder);

G_END_DECLS
