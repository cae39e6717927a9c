/* tap-cli-report.c - a method's result in words and as JSON
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/tap-cli-report.h"

#include "cli/tap-cli-json.h"

static void
json_params (JsonBuilder *builder, const TapParams *params)
{
  json_builder_set_member_name (builder, "parameters");
  json_builder_begin_object (builder);
  for (const TapParam *param = tap_params_get_table (params); param->id != NULL; param++)
    switch (param->kind)
      {
      case TAP_PARAM_BOOL:
        tap_json_bool (builder, param->id, tap_params_get (params, param->id) != 0);
        break;
      case TAP_PARAM_FLOAT:
        tap_json_number (builder, param->id, tap_params_get (params, param->id));
        break;
      case TAP_PARAM_CHOICE:
      case TAP_PARAM_LAYER:
        tap_json_string (builder, param->id, tap_params_get_string (params, param->id));
        break;
      case TAP_PARAM_INT:
      case TAP_PARAM_UNIT:
      case TAP_PARAM_CLASS:
      default:
        tap_json_int (builder, param->id, tap_params_get_int (params, param->id));
        break;
      }
  json_builder_end_object (builder);
}

static void
json_array (JsonBuilder *builder, const TapArray *array)
{
  const TapTensor *tensor = array->tensor;
  json_builder_begin_object (builder);
  tap_json_string (builder, "name", array->name);
  tap_json_shape (builder, "shape", &tensor->shape);
  if (tensor->dtype == TAP_DTYPE_F32)
    {
      TapStats stats = { 0 };
      tap_tensor_stats (tap_tensor_f32 (tensor), tensor->count, &stats);
      tap_json_number (builder, "min", stats.min);
      tap_json_number (builder, "max", stats.max);
      tap_json_number (builder, "mean", stats.mean);
      if (stats.n_nan + stats.n_inf > 0)
        tap_json_int (builder, "not_finite", (gint64) (stats.n_nan + stats.n_inf));
    }
  json_builder_end_object (builder);
}

static const TapScore *
score_of (const TapResult *result, int index)
{
  for (guint i = 0; result->top != NULL && i < result->top->len; i++)
    {
      const TapScore *score = &g_array_index (result->top, TapScore, i);
      if (score->index == index)
        return score;
    }
  return NULL;
}

static char *
make_json (const TapCli *cli,
           const TapResult *result,
           const TapParams *params,
           const char *model_name,
           const char *picture)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *spec = tap_preprocess_to_string (&result->model->preprocess);
  json_builder_begin_object (builder);
  tap_json_string (builder, "method", result->method);
  tap_json_string (builder, "model", model_name);
  tap_json_string (builder, "picture", picture);
  tap_json_string (builder, "preprocessing", spec);
  tap_json_string (builder, "device", "cpu");
  tap_json_string (builder, "layer", result->layer);
  json_builder_set_member_name (builder, "unit");
  if (result->unit >= 0)
    json_builder_add_int_value (builder, result->unit);
  else
    json_builder_add_null_value (builder);
  json_builder_set_member_name (builder, "class");
  if (result->class_index >= 0)
    {
      const TapScore *score = score_of (result, result->class_index);
      tap_json_class (builder, result->model->labels, result->class_index,
                      score != NULL ? score->probability : -1);
    }
  else
    json_builder_add_null_value (builder);
  json_params (builder, params);
  json_builder_set_member_name (builder, "seed");
  json_builder_add_int_value (builder, (gint64) result->seed);
  tap_json_number (builder, "milliseconds", result->milliseconds);
  json_builder_set_member_name (builder, "arrays");
  json_builder_begin_array (builder);
  for (guint i = 0; i < result->arrays->len; i++)
    json_array (builder, g_ptr_array_index (result->arrays, i));
  json_builder_end_array (builder);
  if (result->top != NULL)
    tap_json_scores (builder, "classes", result->model->labels, result->top);
  tap_json_string (builder, "sentence", result->sentence);
  tap_json_string (builder, "file", cli->output);
  json_builder_end_object (builder);
  return tap_json_finish (builder);
}

void
tap_cli_report (TapCli *cli,
                const TapResult *result,
                const TapParams *params,
                const char *model_name,
                const char *picture)
{
  if (cli->json)
    {
      g_autofree char *text = make_json (cli, result, params, model_name, picture);
      tap_cli_print (cli, "%s", text);
    }
  else if (!cli->quiet && result->sentence != NULL)
    tap_cli_print (cli, "%s\n", result->sentence);
}
