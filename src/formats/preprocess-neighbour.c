/* preprocess-neighbour.c - preprocessing from files that lie beside a network
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In this order: MODEL.preprocess or the only *.preprocess (a spec as on the command line);
 * preprocessor_config.json (Hugging Face); config.json as timm writes it. */
#include "config.h"

#include "formats/formats-private.h"
#include "formats/text/tap-json.h"

#include <math.h>
#include <string.h>

#define CONFIG_BYTES_MAX (4u << 20)

static GBytes *
map_beside (const char *path, const char *name)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *beside = g_build_filename (folder, name, NULL);

  return tap_formats_map_small (beside, CONFIG_BYTES_MAX, NULL);
}

static gboolean
read_spec (TapModel *model, GBytes *bytes, const char *name)
{
  gsize n;
  const char *text = g_bytes_get_data (bytes, &n);
  g_autofree char *spec = g_strndup (text ? text : "", MIN (n, 4096));
  g_autoptr (GError) reason = NULL;
  TapPreprocess p;

  tap_preprocess_init (&p, 0, 0, 3);
  if (!tap_preprocess_parse (&p, g_strstrip (spec), &reason))
    {
      g_ptr_array_add (model->warnings, g_strdup_printf ("%s beside the network cannot be read: %s",
                                                         name, reason->message));
      return FALSE;
    }
  p.source = TAP_PREPROCESS_NEIGHBOUR;
  g_strlcpy (p.note, name, sizeof p.note);
  model->preprocess = p;
  return TRUE;
}

static gboolean
find_spec (TapModel *model, const char *path)
{
  g_autofree char *stem = tap_formats_stem (path);
  g_autofree char *own = g_strconcat (stem, ".preprocess", NULL);
  g_autoptr (GPtrArray) folder = NULL;
  g_autoptr (GBytes) bytes = map_beside (path, own);
  const char *only = NULL;

  if (bytes != NULL)
    return read_spec (model, bytes, own);

  folder = tap_formats_list_folder (path);
  for (guint i = 0; i < folder->len; i++)
    if (g_str_has_suffix (g_ptr_array_index (folder, i), ".preprocess"))
      {
        if (only != NULL)
          return FALSE;
        only = g_ptr_array_index (folder, i);
      }
  if (only == NULL)
    return FALSE;
  bytes = tap_formats_map_small (only, CONFIG_BYTES_MAX, NULL);
  g_free (own);
  own = g_filename_display_basename (only);
  return bytes != NULL && read_spec (model, bytes, own);
}

/* Three numbers, or one, times @scale. */
static gboolean
read_triple (const TapJson *value, float scale, float *out)
{
  if (value == NULL)
    return FALSE;
  if (value->kind == TAP_JSON_NUMBER)
    {
      for (int c = 0; c < 4; c++)
        out[c] = (float) value->number * scale;
      return isfinite (out[0]);
    }
  if (value->kind != TAP_JSON_ARRAY || (value->items->len != 3 && value->items->len != 1))
    return FALSE;
  for (guint c = 0; c < 4; c++)
    {
      const TapJson *item = g_ptr_array_index (value->items, MIN (c, value->items->len - 1));

      if (item->kind != TAP_JSON_NUMBER || !isfinite (item->number))
        return FALSE;
      out[c] = (float) item->number * scale;
    }
  return TRUE;
}

static void
read_size (const TapJson *value, TapPreprocess *p)
{
  double height = 0, width = 0;

  if (value == NULL)
    return;
  if (value->kind == TAP_JSON_NUMBER)
    height = width = value->number;
  else if (value->kind == TAP_JSON_OBJECT)
    {
      double edge = tap_json_get_number (value, "shortest_edge", 0);

      height = tap_json_get_number (value, "height", edge);
      width = tap_json_get_number (value, "width", edge);
    }
  else if (value->kind == TAP_JSON_ARRAY && value->items->len == 3) /* timm: channels first */
    {
      height = ((const TapJson *) g_ptr_array_index (value->items, 1))->number;
      width = ((const TapJson *) g_ptr_array_index (value->items, 2))->number;
    }
  if (height >= 1 && height <= 16384 && width >= 1 && width <= 16384)
    {
      p->height = (int) height;
      p->width = (int) width;
    }
}

static gboolean
read_hugging_face (const TapJson *json, TapPreprocess *p)
{
  float scale = 255;
  gboolean normalize = tap_json_get_number (json, "do_normalize", 1) != 0;
  gboolean rescale = tap_json_get_number (json, "do_rescale", 1) != 0;
  double factor = tap_json_get_number (json, "rescale_factor", 1 / 255.0);
  const TapJson *crop = tap_json_get (json, "crop_size");

  if (tap_json_get (json, "image_mean") == NULL && tap_json_get (json, "size") == NULL &&
      crop == NULL)
    return FALSE;
  /* Older files have no do_rescale and always scale to 0..1. */
  scale = rescale && factor > 0 && factor <= 1 ? (float) (1 / factor) : 1;
  for (int c = 0; c < 4; c++)
    {
      p->mean[c] = 0;
      p->std[c] = scale;
    }
  if (normalize && (!read_triple (tap_json_get (json, "image_mean"), scale, p->mean) ||
                    !read_triple (tap_json_get (json, "image_std"), scale, p->std)))
    {
      TapPreprocess usual;

      tap_preprocess_init (&usual, 0, 0, 3);
      memcpy (p->mean, usual.mean, sizeof p->mean);
      memcpy (p->std, usual.std, sizeof p->std);
    }
  read_size (tap_json_get (json, "size"), p);
  if (crop != NULL && tap_json_get_number (json, "do_center_crop", 1) != 0)
    {
      read_size (crop, p);
      p->resize = TAP_RESIZE_CROP;
    }
  return TRUE;
}

static gboolean
read_timm (const TapJson *json, TapPreprocess *p)
{
  const TapJson *config = tap_json_get (json, "pretrained_cfg");

  if (config == NULL)
    config = json;
  if (!read_triple (tap_json_get (config, "mean"), 255, p->mean) ||
      !read_triple (tap_json_get (config, "std"), 255, p->std))
    return FALSE;
  read_size (tap_json_get (config, "input_size"), p);
  if (tap_json_get_number (config, "crop_pct", 1) < 1)
    p->resize = TAP_RESIZE_CROP;
  return TRUE;
}

static gboolean
find_json (TapModel *model,
           const char *path,
           const char *name,
           gboolean (*read) (const TapJson *json, TapPreprocess *p))
{
  g_autoptr (GBytes) bytes = map_beside (path, name);
  g_autoptr (TapJson) json = NULL;
  TapPreprocess p;
  gsize n;
  const char *text;

  if (bytes == NULL)
    return FALSE;
  text = g_bytes_get_data (bytes, &n);
  json = n > 0 ? tap_json_parse (text, n, NULL) : NULL;
  if (json == NULL || json->kind != TAP_JSON_OBJECT)
    return FALSE;
  tap_preprocess_init (&p, 0, 0, 3);
  if (!read (json, &p))
    return FALSE;
  for (int c = 0; c < 4; c++)
    if (p.std[c] == 0)
      return FALSE;
  p.source = TAP_PREPROCESS_NEIGHBOUR;
  g_strlcpy (p.note, name, sizeof p.note);
  model->preprocess = p;
  return TRUE;
}

void
tap_formats_find_preprocess (TapModel *model, const TapLoadRequest *request)
{
  const char *path = request->path;

  if (path == NULL || model->preprocess.source != TAP_PREPROCESS_DEFAULT)
    return;
  if (find_spec (model, path) ||
      find_json (model, path, "preprocessor_config.json", read_hugging_face))
    return;
  find_json (model, path, "config.json", read_timm);
}
