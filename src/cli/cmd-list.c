/* cmd-list.c - tapetum-cli list: methods, layers, formats, operators
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/commands.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/tap-cli-json.h"
#include "cli/tap-cli-network.h"
#include "cli/tap-cli-options.h"
#include "formats/registry.h"
#include "methods/registry.h"
#include "ops/registry.h"

static const char *
kind_name (TapParamKind kind)
{
  static const char *const names[] = { "int", "float", "bool", "choice", "layer", "unit", "class" };
  return (guint) kind < G_N_ELEMENTS (names) ? names[kind] : "float";
}

static gboolean
has_range (const TapParam *param)
{
  return (param->kind == TAP_PARAM_INT || param->kind == TAP_PARAM_FLOAT) &&
         param->max > param->min;
}

static void
json_fallback (JsonBuilder *builder, const TapParam *param)
{
  switch (param->kind)
    {
    case TAP_PARAM_BOOL:
      tap_json_bool (builder, "default", param->fallback != 0);
      break;
    case TAP_PARAM_CHOICE:
      tap_json_string (builder, "default", param->choices[(int) param->fallback].id);
      break;
    case TAP_PARAM_LAYER:
      tap_json_string (builder, "default", "");
      break;
    case TAP_PARAM_FLOAT:
      tap_json_number (builder, "default", param->fallback);
      break;
    default:
      tap_json_int (builder, "default", (gint64) param->fallback);
      break;
    }
}

static void
json_param (JsonBuilder *builder, const TapParam *param)
{
  json_builder_begin_object (builder);
  tap_json_string (builder, "name", param->id);
  tap_json_string (builder, "kind", kind_name (param->kind));
  tap_json_string (builder, "label", param->label);
  tap_json_string (builder, "help", param->help);
  tap_json_string (builder, "unit", param->unit);
  if (has_range (param))
    {
      tap_json_number (builder, "min", param->min);
      tap_json_number (builder, "max", param->max);
    }
  json_fallback (builder, param);
  if (param->kind == TAP_PARAM_CHOICE)
    {
      json_builder_set_member_name (builder, "choices");
      json_builder_begin_array (builder);
      for (const TapChoice *choice = param->choices; choice->id != NULL; choice++)
        json_builder_add_string_value (builder, choice->id);
      json_builder_end_array (builder);
    }
  json_builder_end_object (builder);
}

static void
list_methods (TapCli *cli, JsonBuilder *builder)
{
  for (const TapMethod *const *m = tap_methods_list (); *m != NULL; m++)
    {
      const TapMethod *method = *m;
      if (builder == NULL)
        {
          g_autofree char *id = tap_cli_pad (method->id, 14);
          tap_cli_print (cli, "%s  %s\n", id, _ (method->summary));
          continue;
        }
      json_builder_begin_object (builder);
      tap_json_string (builder, "id", method->id);
      tap_json_string (builder, "title", method->title);
      tap_json_string (builder, "summary", method->summary);
      tap_json_string (builder, "source", method->source);
      tap_json_bool (builder, "needs_picture", (method->needs & TAP_NEEDS_PICTURE) != 0);
      tap_json_bool (builder, "needs_classes", (method->needs & TAP_NEEDS_CLASSES) != 0);
      json_builder_set_member_name (builder, "parameters");
      json_builder_begin_array (builder);
      for (const TapParam *param = method->params; param->id != NULL; param++)
        json_param (builder, param);
      json_builder_end_array (builder);
      json_builder_end_object (builder);
    }
}

static void
list_formats (TapCli *cli, JsonBuilder *builder)
{
  for (const TapFormat *const *f = tap_formats_list (); *f != NULL; f++)
    {
      const TapFormat *format = *f;
      if (builder == NULL)
        {
          g_autofree char *id = tap_cli_pad (format->id, 14);
          g_autofree char *suffixes = g_strjoinv (" ", (char **) format->suffixes);
          tap_cli_print (cli, "%s  %s (%s)\n", id, format->title, suffixes);
          continue;
        }
      json_builder_begin_object (builder);
      tap_json_string (builder, "id", format->id);
      tap_json_string (builder, "title", format->title);
      json_builder_set_member_name (builder, "suffixes");
      json_builder_begin_array (builder);
      for (const char *const *suffix = format->suffixes; *suffix != NULL; suffix++)
        json_builder_add_string_value (builder, *suffix);
      json_builder_end_array (builder);
      json_builder_end_object (builder);
    }
}

static void
list_operators (TapCli *cli, JsonBuilder *builder)
{
  for (const TapOp *const *o = tap_ops_list (); *o != NULL; o++)
    {
      const TapOp *op = *o;
      if (builder == NULL)
        {
          g_autofree char *name = tap_cli_pad (op->name, 24);
          tap_cli_print (cli, "%s  %s\n", name, op->summary != NULL ? _ (op->summary) : "");
          continue;
        }
      json_builder_begin_object (builder);
      tap_json_string (builder, "name", op->name);
      tap_json_string (builder, "summary", op->summary);
      json_builder_end_object (builder);
    }
}

static void
list_layers (TapCli *cli, JsonBuilder *builder, const TapModel *model)
{
  g_autoptr (GPtrArray) layers = tap_graph_list_layers (model->graph);
  for (guint i = 0; i < layers->len; i++)
    {
      const TapNode *node = g_ptr_array_index (layers, i);
      const TapValue *value = tap_graph_layer_value (model->graph, node);
      const TapShape *shape = value != NULL && value->has_shape ? &value->shape : NULL;
      if (builder == NULL)
        {
          g_autofree char *text = shape != NULL ? tap_shape_to_string (shape) : g_strdup ("?");
          g_autofree char *padded = tap_cli_pad (text, 18);
          g_autofree char *op = tap_cli_pad (node->op_type, 18);
          tap_cli_print (cli, "%4u  %s  %s  %s\n", i, op, padded, node->name);
          continue;
        }
      json_builder_begin_object (builder);
      tap_json_int (builder, "index", i);
      tap_json_string (builder, "name", node->name);
      tap_json_string (builder, "operator", node->op_type);
      tap_json_shape (builder, "shape", shape);
      json_builder_end_object (builder);
    }
}

int
tap_cmd_list (TapCli *cli, int argc, char **argv)
{
  int status;
  if (!tap_cli_parse (
        cli, "list", "methods|layers MODEL|formats|operators", _ ("Lists what there is."), NULL,
        TAP_CLI_OPTION_JSON | TAP_CLI_OPTION_NETWORK, NULL, NULL, argc, argv, &status))
    return status;
  if (cli->n_arguments == 0)
    return tap_cli_usage (cli, "list", "%s",
                          _ ("list takes one of methods, layers, formats, operators."));

  const char *what = cli->arguments[0];
  gboolean layers = strcmp (what, "layers") == 0;
  if (!layers && strcmp (what, "methods") != 0 && strcmp (what, "formats") != 0 &&
      strcmp (what, "operators") != 0)
    return tap_cli_usage (
      cli, "list", _ ("%s cannot be listed; methods, layers, formats and operators can."), what);
  if (layers && cli->n_arguments < 2)
    return tap_cli_usage (cli, "list", "%s", _ ("list layers takes one network."));
  if (cli->n_arguments > (layers ? 2 : 1))
    return tap_cli_usage (cli, "list", _ ("There is an argument too many: %s."),
                          cli->arguments[layers ? 2 : 1]);

  g_autoptr (TapModel) model = NULL;
  if (layers)
    {
      g_autoptr (GError) error = NULL;
      model = tap_cli_load_network (cli, cli->arguments[1], &error);
      if (model == NULL)
        return tap_cli_fail (cli, TAP_CLI_READING, error);
    }

  g_autoptr (JsonBuilder) builder = NULL;
  if (cli->json)
    {
      builder = json_builder_new ();
      json_builder_begin_object (builder);
      if (layers)
        tap_json_string (builder, "model", cli->arguments[1]);
      json_builder_set_member_name (builder, what);
      json_builder_begin_array (builder);
    }
  if (layers)
    list_layers (cli, builder, model);
  else if (strcmp (what, "methods") == 0)
    list_methods (cli, builder);
  else if (strcmp (what, "formats") == 0)
    list_formats (cli, builder);
  else
    list_operators (cli, builder);
  if (builder != NULL)
    {
      json_builder_end_array (builder);
      json_builder_end_object (builder);
      g_autofree char *text = tap_json_finish (builder);
      tap_cli_print (cli, "%s", text);
    }
  return TAP_EXIT_DONE;
}
