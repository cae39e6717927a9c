/* png.c - Cairo surfaces to PNG, with text chunks
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text goes into iTXt chunks: they are UTF-8, and every reader knows them. */
#include "config.h"

#include "figure/figure-private.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

/* A figure of more pixels than this is drawn smaller. */
#define PIXELS_MAX 64e6
#define SIDE_MAX   30000

typedef struct
{
  TapBuffer buffer;
  char message[160];
} Writer;

static void
write_cb (png_structp png, png_bytep data, png_size_t length)
{
  Writer *writer = png_get_io_ptr (png);

  if (!tap_buffer_append (&writer->buffer, data, length))
    png_error (png, "out of memory");
}

static void
flush_cb (png_structp png)
{
}

static void
error_cb (png_structp png, png_const_charp message)
{
  Writer *writer = png_get_error_ptr (png);

  g_strlcpy (writer->message, message, sizeof writer->message);
  longjmp (png_jmpbuf (png), 1);
}

static void
warning_cb (png_structp png, png_const_charp message)
{
}

static int
add_text (png_text *texts, int n, const char *key, const char *text)
{
  if (text == NULL)
    return n;
  texts[n].compression = PNG_ITXT_COMPRESSION_NONE;
  texts[n].key = (char *) key;
  texts[n].text = (char *) text;
  texts[n].itxt_length = strlen (text);
  texts[n].lang = (char *) "";
  texts[n].lang_key = (char *) "";
  return n + 1;
}

/* One row of Cairo's native words to bytes: RGB, or RGBA without premultiplication. */
static void
convert_row (const guint32 *from, guint8 *to, int width, gboolean alpha)
{
  for (int x = 0; x < width; x++)
    {
      guint32 pixel = from[x], a = alpha ? pixel >> 24 : 255;

      for (int c = 0; c < 3; c++)
        {
          guint32 value = pixel >> (16 - 8 * c) & 255;

          *to++ = a == 0 ? 0 : a == 255 ? value : MIN ((value * 255 + a / 2) / a, 255);
        }
      if (alpha)
        *to++ = a;
    }
}

static gboolean
encode (Writer *writer,
        cairo_surface_t *surface,
        const char *sentence,
        const char *recipe,
        guint8 *row)
{
  int width = cairo_image_surface_get_width (surface);
  int height = cairo_image_surface_get_height (surface);
  gboolean alpha = cairo_image_surface_get_format (surface) == CAIRO_FORMAT_ARGB32;
  png_text texts[3] = { { 0 } };
  int n_texts = 0;
  png_infop info = NULL;
  png_structp png = png_create_write_struct (PNG_LIBPNG_VER_STRING, writer, error_cb, warning_cb);

  if (png == NULL)
    return FALSE;
  /* nothing that is changed from here on is read after the jump */
  if (setjmp (png_jmpbuf (png)) != 0)
    {
      png_destroy_write_struct (&png, NULL);
      return FALSE;
    }
  info = png_create_info_struct (png);
  if (info == NULL)
    png_error (png, "out of memory");
  png_set_write_fn (png, writer, write_cb, flush_cb);
  png_set_IHDR (png, info, width, height, 8, alpha ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB,
                PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  n_texts = add_text (texts, n_texts, "Software", "Tapetum " TAP_VERSION);
  n_texts = add_text (texts, n_texts, "Description", sentence);
  n_texts = add_text (texts, n_texts, TAP_RECIPE_KEY, recipe);
  png_set_text (png, info, texts, n_texts);
  png_write_info (png, info);
  for (int y = 0; y < height; y++)
    {
      convert_row (
        (const guint32 *) (gconstpointer) (cairo_image_surface_get_data (surface) +
                                           (gsize) y * cairo_image_surface_get_stride (surface)),
        row, width, alpha);
      png_write_row (png, row);
    }
  png_write_end (png, NULL);
  png_destroy_write_struct (&png, &info);
  return TRUE;
}

GBytes *
tap_png_encode (cairo_surface_t *surface, const char *sentence, const char *recipe, GError **error)
{
  Writer writer = { { 0 }, "" };
  g_autofree guint8 *row = NULL;
  g_autofree char *valid_sentence = sentence != NULL ? g_utf8_make_valid (sentence, -1) : NULL;
  g_autofree char *valid_recipe = recipe != NULL ? g_utf8_make_valid (recipe, -1) : NULL;
  GBytes *bytes = NULL;
  gboolean ok;

  g_return_val_if_fail (cairo_surface_get_type (surface) == CAIRO_SURFACE_TYPE_IMAGE, NULL);
  cairo_surface_flush (surface);
  row = g_try_malloc_n (MAX (cairo_image_surface_get_width (surface), 1), 4);
  ok = cairo_surface_status (surface) == CAIRO_STATUS_SUCCESS && row != NULL &&
       cairo_image_surface_get_width (surface) > 0 &&
       cairo_image_surface_get_height (surface) > 0 &&
       encode (&writer, surface, valid_sentence, valid_recipe, row);
  if (ok)
    bytes = tap_buffer_steal (&writer.buffer, error);
  else
    g_set_error (error, G_IO_ERROR, writer.buffer.failed ? G_IO_ERROR_NO_SPACE : G_IO_ERROR_FAILED,
                 "The picture could not be made into a PNG: %s.",
                 writer.message[0] != '\0' ? writer.message : "it has no pixels");
  tap_buffer_clear (&writer.buffer);
  return bytes;
}

GBytes *
tap_sheet_png (const TapSheet *sheet, double scale, GError **error)
{
  cairo_surface_t *surface;
  cairo_t *cr;
  GBytes *bytes;

  scale = MIN (scale, SIDE_MAX / MAX (MAX (sheet->width, sheet->height), 1));
  while (sheet->width * scale * sheet->height * scale > PIXELS_MAX)
    scale *= 0.9;
  surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, MAX ((int) (sheet->width * scale), 1),
                                        MAX ((int) (sheet->height * scale), 1));
  cr = cairo_create (surface);
  cairo_scale (cr, scale, scale);
  sheet->draw (cr, sheet->user_data);
  cairo_destroy (cr);
  bytes = tap_png_encode (surface, sheet->sentence, sheet->recipe, error);
  cairo_surface_destroy (surface);
  return bytes;
}

gboolean
tap_figure_save_png (cairo_surface_t *surface,
                     const char *sentence,
                     const char *recipe,
                     const char *path,
                     GError **error)
{
  g_autoptr (GBytes) bytes = tap_png_encode (surface, sentence, recipe, error);

  return bytes != NULL && tap_file_write_bytes (path, bytes, error);
}

GBytes *
tap_figure_png_bytes (cairo_surface_t *surface, const char *recipe, GError **error)
{
  return tap_png_encode (surface, NULL, recipe, error);
}
