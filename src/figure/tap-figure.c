/* tap-figure.c - results and drawings to files, by the suffix of the name
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "figure/tap-figure.h"

#include "figure/figure-private.h"
#include "figure/tap-npy.h"

#include <string.h>

/* pixels of a PNG per drawing unit: maps stay whole multiples, print stays sharp */
#define PNG_SCALE 2.0

static gboolean
has_suffix (const char *path, const char *suffix)
{
  gsize length = strlen (path), n = strlen (suffix);

  return length > n && g_ascii_strcasecmp (path + length - n, suffix) == 0;
}

/* --- results ------------------------------------------------------------------------------ */

typedef struct
{
  const TapResult *result;
  const TapPanelsOptions *options;
} Panels;

static void
draw_panels_cb (cairo_t *cr, gpointer user_data)
{
  const Panels *panels = user_data;

  tap_panels_draw (cr, panels->result, panels->options);
}

static gboolean
save_sheet (const TapSheet *sheet, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  if (has_suffix (path, ".png"))
    bytes = tap_sheet_png (sheet, PNG_SCALE, error);
  else if (has_suffix (path, ".svg"))
    bytes = tap_svg_encode (sheet, error);
  else
    bytes = tap_pdf_encode (sheet, error);
  return bytes != NULL && tap_file_write_bytes (path, bytes, error);
}

static gboolean
save_panels (const TapResult *result,
             const TapPanelsOptions *options,
             const char *path,
             GError **error)
{
  g_autofree char *recipe = tap_result_recipe (result);
  Panels panels = { result, options };
  TapSheet sheet = { .draw = draw_panels_cb,
                     .user_data = &panels,
                     .sentence = result->sentence,
                     .recipe = recipe };

  tap_panels_measure (result, options, &sheet.width, &sheet.height);
  return save_sheet (&sheet, path, error);
}

static gboolean
save_npy (const TapResult *result, const char *path, GError **error)
{
  const TapArray *array;

  if (result->arrays->len == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "This result holds no numbers to save.");
      return FALSE;
    }
  array = g_ptr_array_index (result->arrays, 0);
  return tap_npy_save (array->tensor, array->is_int32, path, error);
}

static gboolean
save_npz (const TapResult *result, const char *path, GError **error)
{
  g_autofree TapNpzEntry *entries = g_new0 (TapNpzEntry, result->arrays->len + 1);

  for (guint i = 0; i < result->arrays->len; i++)
    {
      const TapArray *array = g_ptr_array_index (result->arrays, i);

      entries[i] = (TapNpzEntry){ array->name, array->tensor, array->is_int32 };
    }
  return tap_npz_save (entries, result->arrays->len, path, error);
}

gboolean
tap_figure_save (const TapResult *result,
                 const TapPanelsOptions *options,
                 const char *path,
                 GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *name = NULL;

  if (has_suffix (path, ".png") || has_suffix (path, ".svg") || has_suffix (path, ".pdf"))
    return save_panels (result, options, path, error);
  if (has_suffix (path, ".npy"))
    return save_npy (result, path, error);
  if (has_suffix (path, ".npz"))
    return save_npz (result, path, error);
  if (has_suffix (path, ".json") || has_suffix (path, ".tsv"))
    {
      bytes =
        has_suffix (path, ".tsv") ? tap_data_tsv (result, error) : tap_data_json (result, error);
      return bytes != NULL && tap_file_write_bytes (path, bytes, error);
    }
  name = g_filename_display_basename (path);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               "“%s” has no suffix that can be written; these can: .png, .svg, .pdf, .npy, .npz, "
               ".json, .tsv.",
               name);
  return FALSE;
}

/* --- the network -------------------------------------------------------------------------- */

typedef struct
{
  const TapDiagram *diagram;
  gboolean dark;
  double width, height;
} Drawing;

static void
draw_diagram_cb (cairo_t *cr, gpointer user_data)
{
  const Drawing *drawing = user_data;
  const TapDiagramStyle style = { .dark = drawing->dark,
                                  .selected = -1,
                                  .hovered = -1,
                                  .scale = 1,
                                  .accent = 0x3584e4 };

  if (drawing->dark)
    cairo_set_source_rgb (cr, 0.118, 0.118, 0.125);
  else
    cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_rectangle (cr, 0, 0, drawing->width, drawing->height);
  cairo_fill (cr);
  tap_diagram_draw (drawing->diagram, cr, NULL, &style);
}

static void
append_json (GString *out, const char *key, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  g_string_append_printf (out, "%s\"%s\":\"", out->len > 1 ? "," : "", key);
  for (const char *c = valid; *c != '\0'; c++)
    if (*c == '"' || *c == '\\')
      g_string_append_printf (out, "\\%c", *c);
    else if ((guchar) *c >= 0x20)
      g_string_append_c (out, *c);
  g_string_append_c (out, '"');
}

gboolean
tap_figure_save_diagram (const TapDiagram *diagram,
                         const char *title,
                         gboolean dark,
                         const char *path,
                         GError **error)
{
  g_autoptr (GString) recipe = g_string_new ("{");
  g_autofree char *sentence = NULL;
  g_autofree char *name = NULL;
  Drawing drawing = { .diagram = diagram, .dark = dark };
  TapSheet sheet = { .draw = draw_diagram_cb, .user_data = &drawing };

  if (!has_suffix (path, ".png") && !has_suffix (path, ".svg") && !has_suffix (path, ".pdf"))
    {
      name = g_filename_display_basename (path);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   "“%s” has no suffix that a drawing can be written as; these can: .png, .svg, "
                   ".pdf.",
                   name);
      return FALSE;
    }
  if (title == NULL)
    title = "network";
  append_json (recipe, "program", "Tapetum");
  append_json (recipe, "version", TAP_VERSION);
  append_json (recipe, "figure", "network");
  append_json (recipe, "model", title);
  g_string_append_c (recipe, '}');
  sentence = g_strdup_printf ("The layers of %s.", title);
  sheet.sentence = sentence;
  sheet.recipe = recipe->str;
  tap_diagram_get_size (diagram, &drawing.width, &drawing.height);
  sheet.width = drawing.width;
  sheet.height = drawing.height;
  return save_sheet (&sheet, path, error);
}
