/* onnx-metadata.c - preprocessing and labels that an ONNX network carries
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Three dialects of metadata_props: ONNX's own Image.* keys (MetadataProps.md), what Ultralytics
 * writes (task, imgsz, names), and this program's own `tapetum.preprocess` (a preprocessing spec) and
 * `tapetum.labels` (one name a line). */
#include "config.h"

#include "formats/formats-private.h"
#include "formats/onnx-private.h"
#include "formats/text/tap-json.h"

#include <string.h>

static const char *
get (OnnxReader *self, const char *key)
{
  return g_hash_table_lookup (self->metadata, key);
}

static void
set_range (TapPreprocess *p, float mean, float std)
{
  for (int c = 0; c < 4; c++)
    {
      p->mean[c] = mean;
      p->std[c] = std;
    }
}

static void
mark (TapPreprocess *p, const char *note)
{
  p->source = TAP_PREPROCESS_MODEL;
  g_strlcpy (p->note, note, sizeof p->note);
}

static gboolean
apply_own (OnnxReader *self, TapModel *model)
{
  const char *spec = get (self, "tapetum.preprocess");
  g_autoptr (GError) reason = NULL;
  TapPreprocess p;

  if (spec == NULL)
    return FALSE;
  tap_preprocess_init (&p, 0, 0, 3);
  if (!tap_preprocess_parse (&p, spec, &reason))
    {
      g_ptr_array_add (model->warnings,
                       g_strdup_printf ("The network's own preprocessing cannot be read: %.200s",
                                        reason->message));
      return FALSE;
    }
  mark (&p, "tapetum.preprocess in the network");
  model->preprocess = p;
  return TRUE;
}

static gboolean
apply_image (OnnxReader *self, TapModel *model)
{
  const char *format = get (self, "Image.BitmapPixelFormat");
  const char *range = get (self, "Image.NominalPixelRange");
  TapPreprocess p;

  if (format == NULL && range == NULL)
    return FALSE;
  tap_preprocess_init (&p, 0, 0, 3);
  set_range (&p, 0, 1); /* NominalRange_0_255, the default of the document */
  if (range != NULL && strstr (range, "Normalized_0_1") != NULL)
    set_range (&p, 0, 255);
  else if (range != NULL && strstr (range, "Normalized_1_1") != NULL)
    set_range (&p, 127.5f, 127.5f);
  else if (range != NULL && strstr (range, "16_235") != NULL)
    set_range (&p, -16 * 255 / 219.f, 255 / 219.f);
  if (format != NULL && g_str_has_prefix (format, "Bgr"))
    p.order = TAP_ORDER_BGR;
  else if (format != NULL && g_str_has_prefix (format, "Gray"))
    {
      p.order = TAP_ORDER_GREY;
      p.channels = 1;
    }
  mark (&p, "Image.* metadata of the network");
  model->preprocess = p;
  return TRUE;
}

static gboolean
apply_ultralytics (OnnxReader *self, TapModel *model)
{
  const char *author = get (self, "author"), *size = get (self, "imgsz");
  const char *task = get (self, "task");
  g_autoptr (TapJson) json = NULL;
  TapPreprocess p;

  if (size == NULL || (author == NULL && get (self, "names") == NULL))
    return FALSE;
  tap_preprocess_init (&p, 0, 0, 3);
  set_range (&p, 0, 255);
  p.resize = task != NULL && g_str_equal (task, "classify") ? TAP_RESIZE_CROP : TAP_RESIZE_PAD;
  json = tap_json_parse (size, strlen (size), NULL);
  if (json != NULL && json->kind == TAP_JSON_ARRAY && json->items->len == 2)
    {
      const TapJson *h = g_ptr_array_index (json->items, 0),
                    *w = g_ptr_array_index (json->items, 1);

      if (h->number >= 1 && h->number <= 8192 && w->number >= 1 && w->number <= 8192)
        {
          p.height = (int) h->number;
          p.width = (int) w->number;
        }
    }
  mark (&p, "Ultralytics metadata of the network");
  model->preprocess = p;
  return TRUE;
}

static void
apply_type (OnnxReader *self, TapModel *model)
{
  if (!self->takes_whole_pixels)
    return;
  tap_preprocess_init (&model->preprocess, 0, 0, 3);
  set_range (&model->preprocess, 0, 1);
  mark (&model->preprocess, "the network takes whole numbers: 0..255");
}

void
tap_onnx_apply_metadata (OnnxReader *self, TapModel *model)
{
  static const char *const label_keys[] = { "tapetum.labels", "names",    "labels",
                                            "classes",        "id2label", NULL };

  if (!apply_own (self, model) && !apply_ultralytics (self, model) && !apply_image (self, model))
    apply_type (self, model);

  for (int i = 0; label_keys[i] != NULL; i++)
    {
      const char *text = get (self, label_keys[i]);
      g_autoptr (GBytes) bytes = NULL;
      TapLabels *labels;

      if (text == NULL)
        continue;
      bytes = g_bytes_new_static (text, strlen (text));
      labels = tap_formats_parse_labels (bytes, "the model");
      if (labels == NULL || labels->n < 2)
        {
          tap_labels_unref (labels);
          continue;
        }
      tap_labels_unref (model->labels);
      model->labels = labels;
      break;
    }
}
