/* tap-result.c - what a method returns, and the recipe that makes it again
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-result.h"

#include "core/tap-text-private.h"

static void
array_free (gpointer data)
{
  TapArray *array = data;

  g_free (array->name);
  g_free (array->title);
  tap_tensor_unref (array->tensor);
  g_free (array);
}

TapResult *
tap_result_new (const char *method, TapModel *model)
{
  TapResult *self = g_new0 (TapResult, 1);

  g_atomic_ref_count_init (&self->ref);
  self->method = method;
  self->model = model != NULL ? tap_model_ref (model) : NULL;
  self->arrays = g_ptr_array_new_with_free_func (array_free);
  self->fraction = 1.0;
  self->unit = -1;
  self->class_index = -1;
  return self;
}

TapResult *
tap_result_ref (TapResult *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_result_unref (TapResult *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref))
    return;
  g_clear_pointer (&self->model, tap_model_unref);
  g_clear_pointer (&self->arrays, g_ptr_array_unref);
  g_clear_pointer (&self->top, g_array_unref);
  g_free (self->sentence);
  g_free (self->layer);
  g_free (self->params);
  g_free (self->picture);
  g_free (self);
}

TapArray *
tap_result_add (TapResult *self,
                const char *name,
                const char *title,
                TapArrayKind kind,
                TapTensor *tensor)
{
  TapArray *array = g_new0 (TapArray, 1);

  array->name = g_strdup (name);
  array->title = g_strdup (title);
  array->kind = kind;
  array->tensor = tap_tensor_ref (tensor);
  g_ptr_array_add (self->arrays, array);
  return array;
}

TapArray *
tap_result_find (const TapResult *self, const char *name)
{
  for (guint i = 0; i < self->arrays->len; i++)
    {
      TapArray *array = g_ptr_array_index (self->arrays, i);

      if (g_str_equal (array->name, name))
        return array;
    }
  return NULL;
}

static void
append_key (GString *out, const char *key)
{
  gchar last = out->len > 0 ? out->str[out->len - 1] : '{';

  if (last != '{')
    g_string_append_c (out, ',');
  tap_text_append_json (out, key);
  g_string_append_c (out, ':');
}

static void
append_string (GString *out, const char *key, const char *text)
{
  append_key (out, key);
  tap_text_append_json (out, text);
}

static void
append_class (GString *out, const TapModel *model, int index, const float *probability)
{
  g_autofree char *label = tap_labels_dup_name (model != NULL ? model->labels : NULL, index);

  g_string_append_printf (out, "{\"index\":%d", index);
  append_string (out, "label", label);
  if (probability != NULL)
    {
      append_key (out, "probability");
      /* JSON has no word for what is not a number */
      if (*probability == *probability)
        tap_text_append_float (out, CLAMP (*probability, -G_MAXFLOAT, G_MAXFLOAT));
      else
        g_string_append (out, "null");
    }
  g_string_append_c (out, '}');
}

static void
append_model (GString *out, const TapModel *model)
{
  g_autofree char *preprocess = tap_preprocess_to_string (&model->preprocess);

  append_key (out, "model");
  g_string_append_c (out, '{');
  append_string (out, "title", model->title);
  if (model->path != NULL)
    append_string (out, "path", model->path);
  append_string (out, "format", model->format);
  append_string (out, "sha256", model->checksum);
  if (model->labels->source != NULL)
    append_string (out, "labels", model->labels->source);
  g_string_append_c (out, '}');
  append_string (out, "preprocessing", preprocess);
}

static void
append_arrays (GString *out, const TapResult *self)
{
  append_key (out, "arrays");
  g_string_append_c (out, '[');
  for (guint i = 0; i < self->arrays->len; i++)
    {
      const TapArray *array = g_ptr_array_index (self->arrays, i);

      g_string_append (out, i > 0 ? ",{" : "{");
      append_string (out, "name", array->name);
      append_key (out, "shape");
      g_string_append_c (out, '[');
      for (int d = 0; d < array->tensor->shape.n_dims; d++)
        g_string_append_printf (out, "%s%" G_GINT64_FORMAT, d > 0 ? "," : "",
                                array->tensor->shape.dims[d]);
      g_string_append (out, "]}");
    }
  g_string_append_c (out, ']');
}

char *
tap_result_recipe (const TapResult *self)
{
  GString *out = g_string_new ("{");

  append_string (out, "program", "Tapetum");
  append_string (out, "version", TAP_VERSION);
  append_string (out, "method", self->method);
  append_string (out, "parameters", self->params != NULL ? self->params : "");
  append_key (out, "seed");
  /* as text: the numbers of JSON lose what is beyond 2⁵³ */
  g_string_append_printf (out, "\"%" G_GUINT64_FORMAT "\"", self->seed);
  if (self->model != NULL)
    append_model (out, self->model);
  if (self->picture != NULL)
    append_string (out, "picture", self->picture);
  if (self->layer != NULL)
    append_string (out, "layer", self->layer);
  if (self->unit >= 0)
    {
      append_key (out, "unit");
      g_string_append_printf (out, "%d", self->unit);
    }
  if (self->class_index >= 0)
    {
      append_key (out, "class");
      append_class (out, self->model, self->class_index, NULL);
    }
  if (self->fraction < 1.0)
    {
      append_key (out, "fraction");
      tap_text_append_double (out, self->fraction);
    }
  if (self->sentence != NULL)
    append_string (out, "sentence", self->sentence);
  append_arrays (out, self);
  if (self->top != NULL)
    {
      append_key (out, "top");
      g_string_append_c (out, '[');
      for (guint i = 0; i < self->top->len; i++)
        {
          const TapScore *score = &g_array_index (self->top, TapScore, i);

          if (i > 0)
            g_string_append_c (out, ',');
          append_class (out, self->model, score->index, &score->probability);
        }
      g_string_append_c (out, ']');
    }
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}
