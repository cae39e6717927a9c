/* caffe-transform.c - how Caffe prepares pictures: transform_param and mean files
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Caffe computes (pixel - mean) · scale, in BGR for colour. A deploy.prototxt mostly leaves this out; the
 * train_val.prototxt beside it then has it. Of a mean picture (mean.binaryproto) the mean colour is
 * taken. */
#include "config.h"

#include "formats/caffe-private.h"
#include "formats/formats-private.h"

#include <math.h>
#include <string.h>

#define PROTOTXT_MAX (16u << 20)

typedef struct
{
  gboolean found;
  float mean[3], scale;
  guint n_means;
  int crop;
  const char *mean_file;
} Transform;

static void
read_param (const TapTextMessage *param, Transform *t)
{
  if (param == NULL)
    return;
  t->found = TRUE;
  t->scale = (float) tap_text_float (param, "scale", 1);
  t->crop = (int) CLAMP (tap_text_int (param, "crop_size", 0), 0, 16384);
  t->mean_file = tap_text_string (param, "mean_file", NULL);
  t->n_means = MIN (tap_text_count (param, "mean_value"), 3);
  for (guint c = 0; c < t->n_means; c++)
    t->mean[c] = (float) tap_text_float_at (param, "mean_value", c, 0);
  if (t->scale == 0 || !isfinite (t->scale))
    t->scale = 1;
}

/* The last layer with a transform_param that is not for training only. */
static Transform
find_in_text (const TapTextMessage *root)
{
  Transform t = { .scale = 1 };

  for (guint i = 0; i < tap_text_n_fields (root); i++)
    {
      const TapTextField *field = tap_text_field (root, i);
      const TapTextMessage *include;
      const char *phase;

      if (field->message == NULL ||
          (!g_str_equal (field->name, "layer") && !g_str_equal (field->name, "layers")))
        continue;
      include = tap_text_message (field->message, "include");
      phase = tap_text_string (include, "phase", "TEST");
      if (!g_str_equal (phase, "TRAIN") && !g_str_equal (phase, "0"))
        read_param (tap_text_message (field->message, "transform_param"), &t);
      else if (!t.found)
        read_param (tap_text_message (field->message, "transform_param"), &t);
    }
  return t;
}

static gboolean
average_mean (const char *path, Transform *t)
{
  g_autoptr (GBytes) bytes = tap_formats_map_small (path, 256u << 20, NULL);
  g_autoptr (TapTensor) blob = bytes != NULL ? tap_caffe_blob_read (bytes, NULL) : NULL;
  gsize area;

  if (blob == NULL || blob->shape.n_dims != 4 || blob->count == 0 ||
      (blob->shape.dims[1] != 3 && blob->shape.dims[1] != 1))
    return FALSE;
  t->n_means = (guint) blob->shape.dims[1];
  area = blob->count / t->n_means;
  for (guint c = 0; c < t->n_means; c++)
    {
      double sum = 0;

      for (gsize i = 0; i < area; i++)
        sum += tap_tensor_f32 (blob)[c * area + i];
      t->mean[c] = (float) (sum / (double) area);
      if (!isfinite (t->mean[c]))
        return FALSE;
    }
  t->found = TRUE;
  return TRUE;
}

/* The file that mean_file names, or the only *mean*.binaryproto, in the network's folder. */
static char *
find_mean_file (const char *path, const char *mean_file)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GPtrArray) files = NULL;
  char *only = NULL;

  if (mean_file != NULL && mean_file[0] != '\0')
    {
      g_autofree char *name = g_path_get_basename (mean_file);
      char *beside = g_build_filename (folder, name, NULL);

      if (g_file_test (beside, G_FILE_TEST_IS_REGULAR))
        return beside;
      g_free (beside);
    }
  files = tap_formats_list_folder (path);
  for (guint i = 0; i < files->len; i++)
    if (g_str_has_suffix (g_ptr_array_index (files, i), "mean.binaryproto"))
      {
        if (only != NULL)
          return NULL;
        only = g_ptr_array_index (files, i);
      }
  return g_strdup (only);
}

static void
apply (TapModel *model, const Transform *t, TapPreprocessSource source, const char *note)
{
  TapPreprocess p;
  guint n = MAX (t->n_means, 1);

  tap_preprocess_init (&p, t->crop, t->crop, 3);
  p.order = TAP_ORDER_BGR;
  for (guint c = 0; c < 4; c++)
    {
      p.mean[c] = t->mean[MIN (c, n - 1)];
      p.std[c] = 1 / t->scale;
    }
  p.source = source;
  g_strlcpy (p.note, note, sizeof p.note);
  model->preprocess = p;
}

/* Whether @base was written for training the network in @stem: train_val beside deploy, NAME_train_test beside
 * NAME or NAME_deploy. */
static gboolean
is_training (const char *base, const char *stem)
{
  const char *deploy = strstr (stem, "deploy");
  gsize n = deploy != NULL ? (gsize) (deploy - stem) : strlen (stem);

  while (n > 0 && strchr ("_-.", stem[n - 1]) != NULL)
    n--;
  if (!g_str_has_suffix (base, ".prototxt") || strstr (base, "train") == NULL)
    return FALSE;
  return n == 0 ? g_str_has_prefix (base, "train") : strncmp (base, stem, n) == 0;
}

/* A transform_param in a prototxt beside the network that was written for training. */
static TapPrototext *
open_training (const char *path, char **name)
{
  g_autoptr (GPtrArray) files = tap_formats_list_folder (path);
  g_autofree char *stem = tap_formats_stem (path);

  for (guint i = 0; i < files->len; i++)
    {
      const char *file = g_ptr_array_index (files, i);
      g_autofree char *base = g_filename_display_basename (file);
      g_autoptr (GBytes) bytes = NULL;
      TapPrototext *text;

      if (!is_training (base, stem) || g_str_equal (file, path))
        continue;
      bytes = tap_formats_map_small (file, PROTOTXT_MAX, NULL);
      if (bytes == NULL || g_bytes_get_size (bytes) == 0)
        continue;
      text = tap_prototext_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
      if (text == NULL)
        continue;
      *name = g_steal_pointer (&base);
      return text;
    }
  return NULL;
}

void
tap_caffe_find_transform (TapModel *model,
                          const TapTextMessage *root,
                          const char *path,
                          const char *name)
{
  Transform t = find_in_text (root);
  TapPreprocessSource source = TAP_PREPROCESS_MODEL;
  g_autoptr (TapPrototext) training = NULL;
  g_autofree char *other = NULL, *mean_path = NULL;
  g_autofree char *note = NULL;

  if (!t.found && path != NULL)
    {
      training = open_training (path, &other);
      if (training != NULL)
        t = find_in_text (tap_prototext_root (training));
      source = TAP_PREPROCESS_NEIGHBOUR;
    }
  note = g_strdup_printf ("transform_param in %.80s", other != NULL ? other : name);
  if (t.n_means == 0 && path != NULL)
    mean_path = find_mean_file (path, t.mean_file);
  if (mean_path != NULL && average_mean (mean_path, &t))
    {
      g_autofree char *base = g_filename_display_basename (mean_path);

      g_free (note);
      note = g_strdup_printf ("mean colour of %.90s", base);
      source = TAP_PREPROCESS_NEIGHBOUR;
    }
  else if (t.found && t.n_means == 0 && t.mean_file != NULL)
    {
      g_ptr_array_add (model->warnings,
                       g_strdup_printf ("The mean file %.100s that the network was trained with is "
                                        "not beside it; its preprocessing is guessed.",
                                        t.mean_file));
      return;
    }
  if (t.found)
    apply (model, &t, source, note);
}
