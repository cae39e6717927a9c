/* cmd-info.c - tapetum-cli info: what a network is made of
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/commands.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/tap-cli-json.h"
#include "cli/tap-cli-network.h"
#include "cli/tap-cli-options.h"
#include "figure/tap-figure.h"
#include "ops/infer.h"

static const char *
dtype_name (TapDtype dtype)
{
  return dtype == TAP_DTYPE_I64 ? "int64" : "float32";
}

/* Sum over the layers; the count of those that cannot run. */
static guint64
total_operations (const TapModel *model, const GPtrArray *layers, guint *n_problems)
{
  guint64 total = 0;
  *n_problems = 0;
  for (guint i = 0; i < layers->len; i++)
    {
      const TapNode *node = g_ptr_array_index (layers, i);
      guint64 operations = tap_infer_macs (model->graph, node);
      total = operations > G_MAXUINT64 - total ? G_MAXUINT64 : total + operations;
      if (node->problem != NULL)
        (*n_problems)++;
    }
  return total;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void
json_values (JsonBuilder *builder, const char *name, const TapModel *model, gboolean inputs)
{
  const TapGraph *graph = model->graph;
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  int n = inputs ? tap_graph_n_inputs (graph) : tap_graph_n_outputs (graph);
  for (int i = 0; i < n; i++)
    {
      int index = inputs ? tap_graph_get_input (graph, i) : tap_graph_get_output (graph, i);
      const TapValue *value = tap_graph_get_value (graph, index);
      json_builder_begin_object (builder);
      tap_json_string (builder, "name", value->name);
      tap_json_shape (builder, "shape", value->has_shape ? &value->shape : NULL);
      tap_json_string (builder, "type", dtype_name (value->dtype));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
json_receptive_field (JsonBuilder *builder, const TapModel *model, const TapValue *value)
{
  TapReceptiveField field;
  json_builder_set_member_name (builder, "receptive_field");
  if (model->input < 0 ||
      !tap_infer_receptive_field (model->graph, model->input, value->index, &field))
    {
      json_builder_add_null_value (builder);
      return;
    }
  json_builder_begin_object (builder);
  tap_json_number (builder, "height", field.size_y);
  tap_json_number (builder, "width", field.size_x);
  tap_json_number (builder, "stride_y", field.jump_y);
  tap_json_number (builder, "stride_x", field.jump_x);
  json_builder_end_object (builder);
}

static void
json_layer (JsonBuilder *builder, const TapModel *model, guint i, const TapNode *node)
{
  const TapValue *value = tap_graph_layer_value (model->graph, node);
  json_builder_begin_object (builder);
  tap_json_int (builder, "index", i);
  tap_json_string (builder, "name", node->name);
  tap_json_string (builder, "operator", node->op_type);
  tap_json_shape (builder, "shape", value != NULL && value->has_shape ? &value->shape : NULL);
  tap_json_int (builder, "parameters", (gint64) tap_node_n_parameters (model->graph, node));
  tap_json_int (builder, "operations", (gint64) tap_infer_macs (model->graph, node));
  if (value != NULL)
    json_receptive_field (builder, model, value);
  tap_json_string (builder, "problem", node->problem);
  json_builder_end_object (builder);
}

static void
print_json (TapCli *cli, const TapModel *model, const char *name, const GPtrArray *layers)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *spec = tap_preprocess_to_string (&model->preprocess);
  g_autofree char *engine = tap_engine_describe ();
  guint n_problems;
  guint64 operations = total_operations (model, layers, &n_problems);

  json_builder_begin_object (builder);
  tap_json_string (builder, "model", name);
  tap_json_string (builder, "title", model->title);
  tap_json_string (builder, "format", model->format);
  tap_json_string (builder, "checksum", model->checksum);
  tap_json_int (builder, "bytes", (gint64) model->n_bytes);
  tap_json_string (builder, "engine", engine);
  json_values (builder, "inputs", model, TRUE);
  json_values (builder, "outputs", model, FALSE);
  tap_json_string (builder, "preprocessing", spec);
  tap_json_string (builder, "preprocessing_source",
                   tap_preprocess_source_label (model->preprocess.source));
  tap_json_string (builder, "preprocessing_note", model->preprocess.note);
  tap_json_int (builder, "classes", model->scores >= 0 ? model->n_classes : 0);
  tap_json_string (builder, "labels", model->labels->source);
  tap_json_bool (builder, "ends_in_probabilities",
                 model->scores >= 0 && model->scores_are_probabilities);
  tap_json_int (builder, "parameters", (gint64) tap_model_n_parameters (model));
  tap_json_int (builder, "operations", (gint64) MIN (operations, G_MAXINT64));
  json_builder_set_member_name (builder, "layers");
  json_builder_begin_array (builder);
  for (guint i = 0; i < layers->len; i++)
    json_layer (builder, model, i, g_ptr_array_index (layers, i));
  json_builder_end_array (builder);
  tap_json_int (builder, "problems", n_problems);
  json_builder_set_member_name (builder, "warnings");
  json_builder_begin_array (builder);
  for (guint i = 0; model->warnings != NULL && i < model->warnings->len; i++)
    {
      g_autofree char *valid = g_utf8_make_valid (g_ptr_array_index (model->warnings, i), -1);
      json_builder_add_string_value (builder, valid);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);

  g_autofree char *text = tap_json_finish (builder);
  tap_cli_print (cli, "%s", text);
}

/* --- text ------------------------------------------------------------------------------------- */

static void
print_fact (TapCli *cli, const char *label, const char *text)
{
  g_autofree char *padded = tap_cli_pad (label, 16);
  tap_cli_print (cli, "%s%s\n", padded, text);
}

static void
print_values (TapCli *cli, const char *label, const TapModel *model, gboolean inputs)
{
  const TapGraph *graph = model->graph;
  int n = inputs ? tap_graph_n_inputs (graph) : tap_graph_n_outputs (graph);
  for (int i = 0; i < n; i++)
    {
      int index = inputs ? tap_graph_get_input (graph, i) : tap_graph_get_output (graph, i);
      const TapValue *value = tap_graph_get_value (graph, index);
      g_autofree char *shape =
        value->has_shape ? tap_shape_to_string (&value->shape) : g_strdup (_ ("unknown shape"));
      g_autofree char *text =
        g_strdup_printf ("%s  %s  %s", value->name, shape, dtype_name (value->dtype));
      print_fact (cli, label, text);
    }
}

static void
print_layers (TapCli *cli, const TapModel *model, const GPtrArray *layers)
{
  int name_columns = 12, op_columns = 10;
  for (guint i = 0; i < layers->len; i++)
    {
      const TapNode *node = g_ptr_array_index (layers, i);
      name_columns = MAX (name_columns, (int) MIN (g_utf8_strlen (node->name, -1), 48));
      op_columns = MAX (op_columns, (int) MIN (g_utf8_strlen (node->op_type, -1), 24));
    }
  g_autofree char *name_title = tap_cli_pad (_ ("layer"), name_columns);
  g_autofree char *op_title = tap_cli_pad (_ ("operator"), op_columns);
  g_autofree char *shape_title = tap_cli_pad (_ ("shape"), 18);
  g_autofree char *parameters_title = tap_cli_pad (_ ("parameters"), -12);
  g_autofree char *operations_title = tap_cli_pad (_ ("multiply-adds"), -15);
  tap_cli_print (cli, "\n  %4s  %s  %s  %s  %s  %s\n", "#", name_title, op_title, shape_title,
                 parameters_title, operations_title);
  for (guint i = 0; i < layers->len; i++)
    {
      const TapNode *node = g_ptr_array_index (layers, i);
      const TapValue *value = tap_graph_layer_value (model->graph, node);
      g_autofree char *name = tap_cli_pad (node->name, name_columns);
      g_autofree char *op = tap_cli_pad (node->op_type, op_columns);
      g_autofree char *shape_text =
        value != NULL && value->has_shape ? tap_shape_to_string (&value->shape) : g_strdup ("?");
      g_autofree char *shape = tap_cli_pad (shape_text, 18);
      g_autofree char *n_parameters = tap_cli_count (tap_node_n_parameters (model->graph, node));
      g_autofree char *n_operations = tap_cli_count (tap_infer_macs (model->graph, node));
      g_autofree char *parameters = tap_cli_pad (n_parameters, -12);
      g_autofree char *operations = tap_cli_pad (n_operations, -15);
      tap_cli_print (cli, "%s %4u  %s  %s  %s  %s  %s\n", node->problem != NULL ? "!" : " ", i,
                     name, op, shape, parameters, operations);
      if (node->problem != NULL)
        tap_cli_print (cli, "        %s\n", node->problem);
    }
}

static void
print_text (TapCli *cli, const TapModel *model, const GPtrArray *layers)
{
  g_autofree char *engine = tap_engine_describe ();
  g_autofree char *spec = tap_preprocess_to_string (&model->preprocess);
  const TapPreprocess *preprocess = &model->preprocess;
  g_autofree char *source =
    preprocess->note[0] != '\0' ?
      g_strdup_printf ("%s (%s: %s)", spec, _ (tap_preprocess_source_label (preprocess->source)),
                       preprocess->note) :
      g_strdup_printf ("%s (%s)", spec, _ (tap_preprocess_source_label (preprocess->source)));
  guint n_problems;
  guint64 operations = total_operations (model, layers, &n_problems);
  g_autofree char *n_parameters = tap_cli_count (tap_model_n_parameters (model));
  g_autofree char *n_operations = tap_cli_count (operations);
  g_autofree char *bytes = g_format_size_full (model->n_bytes, G_FORMAT_SIZE_IEC_UNITS);

  print_fact (cli, _ ("network"), model->title);
  print_fact (cli, _ ("format"), model->format);
  print_fact (cli, _ ("size"), bytes);
  print_fact (cli, _ ("checksum"), model->checksum);
  print_fact (cli, _ ("engine"), engine);
  print_values (cli, _ ("input"), model, TRUE);
  print_values (cli, _ ("output"), model, FALSE);
  print_fact (cli, _ ("preprocessing"), source);
  if (model->scores >= 0)
    {
      g_autofree char *classes =
        model->labels->source != NULL
          /* Translators: number of classes, file that names them. */
          ?
          g_strdup_printf (_ ("%d, named by %s"), model->n_classes, model->labels->source) :
          g_strdup_printf (_ ("%d, without names"), model->n_classes);
      print_fact (cli, _ ("classes"), classes);
      print_fact (cli, _ ("ends in"),
                  model->scores_are_probabilities ? _ ("probabilities") :
                                                    _ ("scores; a softmax is added"));
    }
  print_fact (cli, _ ("parameters"), n_parameters);
  print_fact (cli, _ ("multiply-adds"), n_operations);
  print_layers (cli, model, layers);
  if (n_problems > 0)
    tap_cli_print (cli,
                   ngettext ("\n%u layer cannot be run; what stands before it still works.\n",
                             "\n%u layers cannot be run; what stands before them still works.\n",
                             n_problems),
                   n_problems);
  for (guint i = 0; model->warnings != NULL && i < model->warnings->len; i++)
    tap_cli_print (cli, "\n%s\n", (const char *) g_ptr_array_index (model->warnings, i));
}

/* --- the drawing ------------------------------------------------------------------------------ */

static gboolean
is_drawing (const char *path)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);
  return g_str_has_suffix (lower, ".svg") || g_str_has_suffix (lower, ".pdf") ||
         g_str_has_suffix (lower, ".png");
}

static gboolean
save_drawing (TapCli *cli, const TapModel *model, gboolean dark, GError **error)
{
  g_autoptr (TapDiagram) diagram = tap_diagram_new (model->graph, TRUE, NULL, cli->cancellable);
  if (diagram == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Interrupted."));
      return FALSE;
    }
  return tap_figure_save_diagram (diagram, model->title, dark, cli->output, error);
}

int
tap_cmd_info (TapCli *cli, int argc, char **argv)
{
  gboolean dark = FALSE;
  const GOptionEntry entries[] = {
    { "dark", 0, 0, G_OPTION_ARG_NONE, &dark, N_ ("Draw light on dark"), NULL },
    { NULL },
  };
  int status;
  if (!tap_cli_parse (cli, "info", "MODEL",
                      _ ("Shows what a network is made of; with -o, draws it."),
                      _ ("The drawing is written to a file in .svg, .pdf or .png."),
                      TAP_CLI_OPTION_JSON | TAP_CLI_OPTION_NETWORK | TAP_CLI_OPTION_ENGINE |
                        TAP_CLI_OPTION_OUTPUT,
                      entries, NULL, argc, argv, &status))
    return status;
  if (cli->n_arguments != 1)
    return tap_cli_usage (cli, "info", "%s", _ ("info takes one network."));
  if (cli->output != NULL && !is_drawing (cli->output))
    return tap_cli_usage (cli, "info", _ ("%s: a drawing is written to .svg, .pdf or .png."),
                          cli->output);

  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = tap_cli_load_network (cli, cli->arguments[0], &error);
  if (model == NULL)
    return tap_cli_fail (cli, TAP_CLI_READING, error);
  if (cli->output != NULL && !save_drawing (cli, model, dark, &error))
    return tap_cli_fail (cli, TAP_CLI_WRITING, error);

  g_autoptr (GPtrArray) layers = tap_graph_list_layers (model->graph);
  if (cli->json)
    print_json (cli, model, cli->arguments[0], layers);
  else if (!cli->quiet)
    print_text (cli, model, layers);
  return TAP_EXIT_DONE;
}
