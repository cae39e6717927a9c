/* tap-cli-json.c - small conveniences for building JSON
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/tap-cli-json.h"

#include <math.h>

void
tap_json_string (JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name (builder, name);
  if (text == NULL)
    {
      json_builder_add_null_value (builder);
      return;
    }
  /* File names are bytes; JSON is UTF-8. */
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  json_builder_add_string_value (builder, valid);
}

void
tap_json_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
tap_json_bool (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

void
tap_json_number (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  if (isfinite (value))
    json_builder_add_double_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
tap_json_shape (JsonBuilder *builder, const char *name, const TapShape *shape)
{
  json_builder_set_member_name (builder, name);
  if (shape == NULL)
    {
      json_builder_add_null_value (builder);
      return;
    }
  json_builder_begin_array (builder);
  for (int i = 0; i < shape->n_dims; i++)
    json_builder_add_int_value (builder, shape->dims[i]);
  json_builder_end_array (builder);
}

void
tap_json_class (JsonBuilder *builder, const TapLabels *labels, int index, double probability)
{
  g_autofree char *label = tap_labels_dup_name (labels, index);
  json_builder_begin_object (builder);
  tap_json_int (builder, "index", index);
  tap_json_string (builder, "label", label);
  if (!(probability < 0))
    tap_json_number (builder, "probability", probability);
  json_builder_end_object (builder);
}

void
tap_json_scores (JsonBuilder *builder,
                 const char *name,
                 const TapLabels *labels,
                 const GArray *scores)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; scores != NULL && i < scores->len; i++)
    {
      const TapScore *score = &g_array_index (scores, TapScore, i);
      tap_json_class (builder, labels, score->index, score->probability);
    }
  json_builder_end_array (builder);
}

char *
tap_json_finish (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, TRUE);
  json_generator_set_indent (generator, 1);
  g_autofree char *text = json_generator_to_data (generator, NULL);
  return g_strconcat (text, "\n", NULL);
}
