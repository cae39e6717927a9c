/* tap-gif.c - animations: what changed, in colours of its own
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each frame repaints only the pixels that the viewer would otherwise see wrong, with a palette made for
 * just these; all others stay transparent. So a still photograph under a moving mask soon shows far more
 * than 256 colours, and unchanged pixels cost next to nothing. Between frames, only the rectangle that
 * changed is kept in memory. Encoding is cgif's; the comment is our own, since cgif writes none. */
#include "config.h"

#include "figure/figure-private.h"
#include "figure/palette-private.h"

#include <cgif.h>
#include <string.h>

/* A shown pixel this near (sum of squares of three channels) is left as it is. */
#define NEAR_ENOUGH 60
/* Frames kept before the file is written may take this much memory. */
#define MEMORY_MAX  ((gsize) 2 << 30)

typedef struct
{
  int x, y, width, height; /* what differs from the frame before; empty when nothing does */
  guint32 *pixels;
  int hundredths;
} Frame;

struct _TapGif
{
  int width, height;
  char *comment;
  GArray *frames; /* Frame */
  guint32 *last;  /* the latest frame, whole */
  gsize memory;
};

static void
frame_clear (gpointer data)
{
  g_free (((Frame *) data)->pixels);
}

TapGif *
tap_gif_new (int width, int height, const char *comment)
{
  TapGif *self;

  g_return_val_if_fail (width > 0 && height > 0 && width <= 65535 && height <= 65535, NULL);
  self = g_new0 (TapGif, 1);
  self->width = width;
  self->height = height;
  self->comment = comment != NULL ? g_utf8_make_valid (comment, -1) : NULL;
  self->frames = g_array_new (FALSE, TRUE, sizeof (Frame));
  g_array_set_clear_func (self->frames, frame_clear);
  return self;
}

void
tap_gif_free (TapGif *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->frames);
  g_free (self->comment);
  g_free (self->last);
  g_free (self);
}

static gboolean
no_memory (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                       "There is not enough memory for an animation this long; make it shorter or "
                       "smaller.");
  return FALSE;
}

/* Smallest rectangle that holds all differences. */
static void
find_changes (const TapGif *self, const guint32 *pixels, gsize stride, Frame *frame)
{
  int x1 = self->width, y1 = self->height, x2 = 0, y2 = 0;

  for (int y = 0; y < self->height; y++)
    {
      const guint32 *new_row = pixels + (gsize) y * stride;
      const guint32 *old_row = self->last + (gsize) y * self->width;
      int left = 0, right = self->width;

      while (left < right && ((new_row[left] ^ old_row[left]) & 0xffffff) == 0)
        left++;
      if (left == right)
        continue;
      while (((new_row[right - 1] ^ old_row[right - 1]) & 0xffffff) == 0)
        right--;
      x1 = MIN (x1, left);
      x2 = MAX (x2, right);
      y1 = MIN (y1, y);
      y2 = y + 1;
    }
  if (x2 > x1)
    *frame = (Frame){ x1, y1, x2 - x1, y2 - y1, NULL, frame->hundredths };
}

gboolean
tap_gif_add (TapGif *self, cairo_surface_t *surface, int hundredths, GError **error)
{
  Frame frame = { .hundredths = CLAMP (hundredths, 2, 65535) };
  const guint32 *pixels;
  gsize stride, bytes;

  if (cairo_image_surface_get_width (surface) != self->width ||
      cairo_image_surface_get_height (surface) != self->height)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "A frame of %d × %d pixels does not fit into an animation of %d × %d.",
                   cairo_image_surface_get_width (surface),
                   cairo_image_surface_get_height (surface), self->width, self->height);
      return FALSE;
    }
  cairo_surface_flush (surface);
  pixels = (const guint32 *) (gconstpointer) cairo_image_surface_get_data (surface);
  stride = (gsize) cairo_image_surface_get_stride (surface) / 4;
  if (self->last == NULL)
    {
      self->last = g_try_new (guint32, (gsize) self->width * self->height);
      if (self->last == NULL)
        return no_memory (error);
      frame.width = self->width;
      frame.height = self->height;
    }
  else
    find_changes (self, pixels, stride, &frame);

  if (frame.width == 0)
    {
      Frame *before = &g_array_index (self->frames, Frame, self->frames->len - 1);

      before->hundredths = MIN (before->hundredths + frame.hundredths, 65535);
      return TRUE;
    }
  bytes = (gsize) frame.width * frame.height * 4;
  if (self->memory + bytes <= MEMORY_MAX)
    frame.pixels = g_try_malloc (bytes);
  if (frame.pixels == NULL)
    return no_memory (error);
  self->memory += bytes;
  for (int y = 0; y < frame.height; y++)
    {
      const guint32 *row = pixels + (gsize) (frame.y + y) * stride + frame.x;

      memcpy (frame.pixels + (gsize) y * frame.width, row, (gsize) frame.width * 4);
      memcpy (self->last + (gsize) (frame.y + y) * self->width + frame.x, row,
              (gsize) frame.width * 4);
    }
  g_array_append_val (self->frames, frame);
  return TRUE;
}

/* --- writing ------------------------------------------------------------------------------ */

typedef struct
{
  const TapGif *gif;
  guint32 *aim;   /* the frame as it should be */
  guint32 *shown; /* as the viewer sees it so far */
  guint8 *wrong;  /* pixels to repaint */
  guint8 *index;
  guint8 table[256 * 3];
} Encoder;

static int
write_cb (void *context, const uint8_t *data, const size_t n)
{
  return tap_buffer_append (context, data, n) ? 0 : -1;
}

static void
set_aim (Encoder *e, const Frame *frame)
{
  for (int y = 0; y < frame->height; y++)
    memcpy (e->aim + (gsize) (frame->y + y) * e->gif->width + frame->x,
            frame->pixels + (gsize) y * frame->width, (gsize) frame->width * 4);
}

/* Chooses what to repaint and with which colours. The last colour of the table means: leave it. */
static void
choose (Encoder *e, gboolean is_first)
{
  gsize n = (gsize) e->gif->width * e->gif->height;
  g_auto (TapPalette) palette = { 0 };

  for (gsize i = 0; i < n; i++)
    e->wrong[i] = is_first || tap_colour_distance (e->aim[i], e->shown[i]) > NEAR_ENOUGH;
  tap_palette_init (&palette, e->aim, e->wrong, n);
  memset (e->table, 0, sizeof e->table);
  memcpy (e->table, palette.rgb, sizeof palette.rgb);
  for (gsize i = 0; i < n; i++)
    {
      int k;
      guint32 colour;

      e->index[i] = TAP_PALETTE_MAX;
      if (!e->wrong[i])
        continue;
      k = tap_palette_find (&palette, e->aim[i]);
      colour =
        (guint32) palette.rgb[k][0] << 16 | (guint32) palette.rgb[k][1] << 8 | palette.rgb[k][2];
      if (!is_first &&
          tap_colour_distance (e->aim[i], e->shown[i]) <= tap_colour_distance (e->aim[i], colour))
        continue;
      e->index[i] = (guint8) k;
      e->shown[i] = colour;
    }
}

static gboolean
encode_frames (Encoder *e, CGIF *cgif)
{
  for (guint f = 0; f < e->gif->frames->len; f++)
    {
      const Frame *frame = &g_array_index (e->gif->frames, Frame, f);
      CGIF_FrameConfig config = { 0 };

      set_aim (e, frame);
      choose (e, f == 0);
      config.pLocalPalette = e->table;
      config.numLocalPaletteEntries = 256;
      config.pImageData = e->index;
      config.delay = (uint16_t) frame->hundredths;
      config.attrFlags = CGIF_FRAME_ATTR_USE_LOCAL_TABLE;
      if (f > 0)
        {
          config.attrFlags |= CGIF_FRAME_ATTR_HAS_SET_TRANS;
          config.transIndex = TAP_PALETTE_MAX;
          config.genFlags = CGIF_FRAME_GEN_USE_DIFF_WINDOW;
        }
      if (cgif_addframe (cgif, &config) != CGIF_OK)
        return FALSE;
    }
  return TRUE;
}

/* Before the end mark: a comment in pieces of at most 255 bytes. */
static void
add_comment (TapBuffer *out, const char *comment)
{
  gsize left = strlen (comment);

  if (out->failed || out->length < 14 || out->data[out->length - 1] != 0x3b || left == 0)
    return;
  out->length--;
  tap_buffer_append (out, "\x21\xfe", 2);
  while (left > 0)
    {
      guint8 piece = (guint8) MIN (left, 255);

      tap_buffer_append (out, &piece, 1);
      tap_buffer_append (out, comment, piece);
      comment += piece;
      left -= piece;
    }
  tap_buffer_append (out, "\0\x3b", 2);
}

static gboolean
encode (const TapGif *self, TapBuffer *out, GError **error)
{
  gsize n = (gsize) self->width * self->height;
  g_autofree guint32 *aim = g_try_new0 (guint32, n);
  g_autofree guint32 *shown = g_try_new0 (guint32, n);
  g_autofree guint8 *wrong = g_try_new0 (guint8, n);
  g_autofree guint8 *index = g_try_new0 (guint8, n);
  Encoder encoder = { self, aim, shown, wrong, index, { 0 } };
  CGIF_Config config = { 0 };
  gboolean ok;
  CGIF *cgif;

  if (aim == NULL || shown == NULL || wrong == NULL || index == NULL)
    return no_memory (error);
  config.width = (uint16_t) self->width;
  config.height = (uint16_t) self->height;
  config.attrFlags = CGIF_ATTR_IS_ANIMATED | CGIF_ATTR_NO_GLOBAL_TABLE;
  config.numLoops = CGIF_INFINITE_LOOP;
  config.pWriteFn = write_cb;
  config.pContext = out;
  cgif = cgif_newgif (&config);
  if (cgif == NULL)
    return no_memory (error);
  ok = encode_frames (&encoder, cgif);
  if (cgif_close (cgif) != CGIF_OK)
    ok = FALSE;
  if (ok && !out->failed)
    return TRUE;
  if (out->failed)
    return no_memory (error);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The animation could not be encoded.");
  return FALSE;
}

gboolean
tap_gif_save (TapGif *self, const char *path, GError **error)
{
  g_auto (TapBuffer) out = { 0 };
  g_autoptr (GBytes) bytes = NULL;
  gboolean ok = FALSE;

  if (self->frames->len == 0)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         "The animation has no frames.");
  else if (encode (self, &out, error))
    {
      if (self->comment != NULL)
        add_comment (&out, self->comment);
      bytes = tap_buffer_steal (&out, error);
      ok = bytes != NULL && tap_file_write_bytes (path, bytes, error);
    }
  tap_gif_free (self);
  return ok;
}
