/* tap-picture-load.c - files and bytes to pictures, through GdkPixbuf
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pictures are hostile: the size is judged by the header before anything of it is allocated, only regular
 * files are opened, and a file that ends too early is an error rather than half a picture. What GdkPixbuf decodes
 * is turned into packed RGB in its own buffer, so that a large picture is held once. */
#include "config.h"

#include "pictures/tap-picture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/tap-error.h"
#include "pictures/tap-picture-ending.h"
#include "pictures/tap-picture-private.h"

/* A picture file larger than this is none that anybody means to look at. */
#define FILE_BYTES_MAX (G_GINT64_CONSTANT (1) << 30)
#define CHUNK_BYTES    (64 * 1024)

typedef struct
{
  GdkPixbufLoader *loader;
  char *name;         /* for messages */
  int min_side;       /* 0: full size */
  int width, height;  /* as the header says; 0 before it is read */
  gboolean too_large; /* judged by the header */
  TapEnding ending;
} Decode;

static gboolean
has_format (GdkPixbufLoader *loader, const char *name)
{
  GdkPixbufFormat *format = gdk_pixbuf_loader_get_format (loader);
  g_autofree char *id = format != NULL ? gdk_pixbuf_format_get_name (format) : NULL;

  return g_strcmp0 (id, name) == 0;
}

/* JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the work and memory. */
static void
size_prepared_cb (GdkPixbufLoader *loader, int width, int height, gpointer user_data)
{
  Decode *self = user_data;

  self->width = width;
  self->height = height;

  if (width <= 0 || height <= 0 || (guint64) width * (guint64) height > TAP_PICTURE_PIXELS_MAX)
    {
      self->too_large = TRUE;
      gdk_pixbuf_loader_set_size (loader, 0, 0);
      return;
    }
  if (self->min_side > 0 && has_format (loader, "jpeg"))
    {
      int denominator = 1;

      while (denominator < 8 && MIN (width, height) / (denominator * 2) >= self->min_side)
        denominator *= 2;
      if (denominator > 1)
        gdk_pixbuf_loader_set_size (loader, (width + denominator - 1) / denominator,
                                    (height + denominator - 1) / denominator);
    }
}

static void
decode_init (Decode *self, const char *name, int min_side)
{
  *self = (Decode){ .name = g_strdup (name), .min_side = min_side };
  self->loader = gdk_pixbuf_loader_new ();
  g_signal_connect (self->loader, "size-prepared", G_CALLBACK (size_prepared_cb), self);
}

static void
decode_clear (Decode *self)
{
  if (self->loader != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->loader, self);
      gdk_pixbuf_loader_close (self->loader, NULL); /* complains when it is dropped open */
    }
  g_clear_object (&self->loader);
  g_clear_pointer (&self->name, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Decode, decode_clear)

static gboolean
refuse (Decode *self, const GError *cause, GError **error)
{
  const char *why = cause != NULL ? cause->message : "the file ends before the picture does";
  int length = (int) strlen (why) - (g_str_has_suffix (why, ".") ? 1 : 0);

  if (self->too_large)
    g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_TOO_LARGE,
                 "“%s” is %d×%d pixels; pictures of up to %" G_GUINT64_FORMAT
                 " million pixels are read.",
                 self->name, self->width, self->height, TAP_PICTURE_PIXELS_MAX / 1000000);
  else if (g_error_matches (cause, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_UNKNOWN_TYPE))
    g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
                 "“%s” is not a picture of a kind that is read here.", self->name);
  else
    g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
                 "“%s” cannot be decoded: %.*s.", self->name, length, why);
  return FALSE;
}

static gboolean
decode_write (Decode *self, const guint8 *bytes, gsize n, GError **error)
{
  g_autoptr (GError) cause = NULL;

  tap_ending_feed (&self->ending, bytes, n);
  if (!gdk_pixbuf_loader_write (self->loader, bytes, n, &cause) || self->too_large)
    return refuse (self, cause, error);
  return TRUE;
}

static guint8
over_white (guint8 value, guint8 alpha)
{
  return (guint8) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

/* Drops row padding and alpha where the pixels stand. What is written never overtakes what is read. */
static void
pack_rgb (GdkPixbuf *pixbuf)
{
  guint8 *pixels = gdk_pixbuf_get_pixels (pixbuf);
  gsize stride = (gsize) gdk_pixbuf_get_rowstride (pixbuf);
  gsize width = (gsize) gdk_pixbuf_get_width (pixbuf);
  gsize height = (gsize) gdk_pixbuf_get_height (pixbuf);
  guint8 *out = pixels;

  for (gsize y = 0; y < height; y++)
    {
      const guint8 *in = pixels + y * stride;

      if (!gdk_pixbuf_get_has_alpha (pixbuf))
        {
          memmove (out, in, width * 3);
          out += width * 3;
          continue;
        }
      for (gsize x = 0; x < width; x++, in += 4, out += 3)
        {
          guint8 r = in[0], g = in[1], b = in[2], a = in[3];

          out[0] = over_white (r, a);
          out[1] = over_white (g, a);
          out[2] = over_white (b, a);
        }
    }
}

/* The picture that decoded to @pixbuf, of which this is the only user, may be written over. */
static TapPicture *
picture_from_pixbuf (GdkPixbuf *pixbuf, const char *name)
{
  g_autoptr (GdkPixbuf) upright = NULL;
  const char *turn = gdk_pixbuf_get_option (pixbuf, "orientation");

  if (gdk_pixbuf_get_colorspace (pixbuf) != GDK_COLORSPACE_RGB ||
      gdk_pixbuf_get_bits_per_sample (pixbuf) != 8 ||
      gdk_pixbuf_get_n_channels (pixbuf) != (gdk_pixbuf_get_has_alpha (pixbuf) ? 4 : 3))
    return NULL;

  if (turn != NULL && strcmp (turn, "1") != 0)
    upright = gdk_pixbuf_apply_embedded_orientation (pixbuf);
  else
    upright = g_object_ref (pixbuf);
  if (upright == NULL)
    return NULL;

  pack_rgb (upright);
  return tap_picture_new_for_pixbuf (upright, name);
}

static TapPicture *
decode_finish (Decode *self, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GdkPixbufLoader) loader = g_steal_pointer (&self->loader);
  gboolean complete = self->ending.complete || self->ending.kind == TAP_ENDING_OTHER;
  gboolean closed = gdk_pixbuf_loader_close (loader, &cause);
  GdkPixbuf *pixbuf;
  TapPicture *picture = NULL;

  g_signal_handlers_disconnect_by_data (loader, self);
  if (!closed || self->too_large || !complete)
    {
      refuse (self, cause, error);
      return NULL;
    }

  /* Of an animation this is the first frame. */
  pixbuf = gdk_pixbuf_loader_get_pixbuf (loader);
  if (pixbuf != NULL)
    picture = picture_from_pixbuf (pixbuf, self->name);
  if (picture == NULL)
    refuse (self, NULL, error);
  return picture;
}

/* A FIFO, a socket or a device would block or worse: opened without waiting, then looked at. */
static int
open_regular (const char *path, const char *name, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat info;

  if (fd < 0)
    {
      int saved = errno;

      g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
                   "“%s” cannot be opened: %s.", name, g_strerror (saved));
      return -1;
    }
  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode))
    {
      g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
                   "“%s” is not a regular file.", name);
      close (fd);
      return -1;
    }
  if (info.st_size > FILE_BYTES_MAX)
    {
      g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_TOO_LARGE,
                   "“%s” is a file of %" G_GINT64_FORMAT
                   " bytes; picture files of up to 1 GiB are read.",
                   name, (gint64) info.st_size);
      close (fd);
      return -1;
    }
  return fd;
}

static gboolean
feed_file (Decode *decode, int fd, GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK_BYTES);
  gint64 total = 0;

  for (;;)
    {
      gssize n = read (fd, chunk, CHUNK_BYTES);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          int saved = errno;

          g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
                       "“%s” cannot be read: %s.", decode->name, g_strerror (saved));
          return FALSE;
        }
      if (n == 0)
        break;
      total += n;
      if (total > FILE_BYTES_MAX) /* grew while it was read */
        break;
      if (!decode_write (decode, chunk, (gsize) n, error))
        return FALSE;
    }

  if (total == 0)
    {
      g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE, "“%s” is empty.",
                   decode->name);
      return FALSE;
    }
  return TRUE;
}

TapPicture *
tap_picture_load_at (const char *path, int min_side, GCancellable *cancellable, GError **error)
{
  g_auto (Decode) decode = { NULL };
  g_autofree char *name = NULL;
  gboolean fed;
  int fd;

  g_return_val_if_fail (path != NULL, NULL);

  name = g_filename_display_name (path);
  fd = open_regular (path, name, error);
  if (fd < 0)
    return NULL;

  decode_init (&decode, name, min_side);
  fed = feed_file (&decode, fd, cancellable, error);
  close (fd);
  return fed ? decode_finish (&decode, error) : NULL;
}

TapPicture *
tap_picture_load (const char *path, GCancellable *cancellable, GError **error)
{
  return tap_picture_load_at (path, 0, cancellable, error);
}

TapPicture *
tap_picture_load_bytes (GBytes *bytes, const char *name, GError **error)
{
  g_auto (Decode) decode = { NULL };
  const guint8 *data;
  gsize n;

  g_return_val_if_fail (bytes != NULL && name != NULL, NULL);

  data = g_bytes_get_data (bytes, &n);
  if (n == 0)
    {
      g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE, "“%s” is empty.", name);
      return NULL;
    }
  decode_init (&decode, name, 0);
  for (gsize at = 0; at < n; at += CHUNK_BYTES)
    if (!decode_write (&decode, data + at, MIN (n - at, (gsize) CHUNK_BYTES), error))
      return NULL;
  return decode_finish (&decode, error);
}
