/* vector.c - drawings to SVG and PDF, with title and recipe
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "figure/figure-private.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <string.h>

static cairo_status_t
write_cb (void *closure, const unsigned char *data, unsigned int length)
{
  return tap_buffer_append (closure, data, length) ? CAIRO_STATUS_SUCCESS :
                                                     CAIRO_STATUS_WRITE_ERROR;
}

/* Draws and finishes; destroys @surface. */
static gboolean
draw_sheet (cairo_surface_t *surface,
            const TapSheet *sheet,
            const TapBuffer *buffer,
            GError **error)
{
  cairo_t *cr = cairo_create (surface);
  cairo_status_t status;

  sheet->draw (cr, sheet->user_data);
  cairo_show_page (cr);
  status = cairo_status (cr);
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (status == CAIRO_STATUS_SUCCESS && !buffer->failed)
    return TRUE;
  g_set_error (error, G_IO_ERROR,
               buffer->failed || status == CAIRO_STATUS_NO_MEMORY ? G_IO_ERROR_NO_SPACE :
                                                                    G_IO_ERROR_FAILED,
               "The figure could not be drawn: %s.",
               buffer->failed ? "not enough memory" : cairo_status_to_string (status));
  return FALSE;
}

/* Puts title, description and recipe right behind the opening tag. */
static gboolean
append_with_metadata (TapBuffer *out, const TapBuffer *svg, const TapSheet *sheet)
{
  const char *text = (const char *) svg->data;
  const char *root = g_strstr_len (text, (gssize) svg->length, "<svg");
  const char *behind =
    root != NULL ? memchr (root, '>', svg->length - (gsize) (root - text)) : NULL;

  if (behind == NULL)
    return tap_buffer_append (out, svg->data, svg->length);
  behind++;
  tap_buffer_append (out, text, (gsize) (behind - text));
  if (sheet->sentence != NULL)
    {
      g_autofree char *title = g_markup_escape_text (sheet->sentence, -1);

      tap_buffer_append_text (out, "\n<title>");
      tap_buffer_append_text (out, title);
      tap_buffer_append_text (out, "</title>");
    }
  if (sheet->recipe != NULL)
    {
      g_autofree char *recipe = g_markup_escape_text (sheet->recipe, -1);

      tap_buffer_append_text (out, "\n<metadata id=\"" TAP_RECIPE_KEY "\">");
      tap_buffer_append_text (out, recipe);
      tap_buffer_append_text (out, "</metadata>");
    }
  return tap_buffer_append (out, behind, svg->length - (gsize) (behind - text));
}

GBytes *
tap_svg_encode (const TapSheet *sheet, GError **error)
{
  g_auto (TapBuffer) svg = { 0 };
  g_auto (TapBuffer) out = { 0 };
  cairo_surface_t *surface =
    cairo_svg_surface_create_for_stream (write_cb, &svg, sheet->width, sheet->height);

  if (!draw_sheet (surface, sheet, &svg, error))
    return NULL;
  append_with_metadata (&out, &svg, sheet);
  return tap_buffer_steal (&out, error);
}

GBytes *
tap_pdf_encode (const TapSheet *sheet, GError **error)
{
  g_auto (TapBuffer) pdf = { 0 };
  cairo_surface_t *surface =
    cairo_pdf_surface_create_for_stream (write_cb, &pdf, sheet->width, sheet->height);

  /* 1.4 keeps the document information in the clear, where the recipe is found again */
  cairo_pdf_surface_restrict_to_version (surface, CAIRO_PDF_VERSION_1_4);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATOR, "Tapetum " TAP_VERSION);
  if (sheet->sentence != NULL)
    cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_TITLE, sheet->sentence);
  if (sheet->recipe != NULL)
    cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_KEYWORDS, sheet->recipe);
  if (!draw_sheet (surface, sheet, &pdf, error))
    return NULL;
  return tap_buffer_steal (&pdf, error);
}
