/* file.c - whole files at once: growing buffers, and writing that never harms an old file
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "figure/file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
tap_buffer_clear (TapBuffer *self)
{
  g_free (self->data);
  memset (self, 0, sizeof *self);
}

gboolean
tap_buffer_append (TapBuffer *self, gconstpointer data, gsize length)
{
  if (self->failed)
    return FALSE;
  if (length > self->room - self->length)
    {
      gsize wanted;
      guint8 *larger = NULL;

      if (g_size_checked_add (&wanted, self->length, length) && wanted <= G_MAXSIZE / 2)
        {
          wanted = MAX (wanted, self->room + self->room / 2 + 4096);
          larger = g_try_realloc (self->data, wanted);
        }
      if (larger == NULL)
        {
          self->failed = TRUE;
          return FALSE;
        }
      self->data = larger;
      self->room = wanted;
    }
  if (length > 0)
    memcpy (self->data + self->length, data, length);
  self->length += length;
  return TRUE;
}

gboolean
tap_buffer_append_text (TapBuffer *self, const char *text)
{
  return tap_buffer_append (self, text, strlen (text));
}

GBytes *
tap_buffer_steal (TapBuffer *self, GError **error)
{
  gsize length = self->length;

  if (self->failed)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                           "There is not enough memory to make this file.");
      return NULL;
    }
  self->length = self->room = 0;
  return g_bytes_new_take (g_steal_pointer (&self->data), length);
}

static gboolean
fail (GError **error, const char *path, int number)
{
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *folder_name = g_filename_display_name (folder);
  GIOErrorEnum code = g_io_error_from_errno (number);

  switch (number)
    {
    case ENOSPC:
    case EDQUOT:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                   "“%s” could not be written: the disk is full.", name);
      break;
    case EACCES:
    case EPERM:
      g_set_error (error, G_IO_ERROR, code,
                   "“%s” could not be written: you may not write in the folder “%s”.", name,
                   folder_name);
      break;
    case EROFS:
      g_set_error (error, G_IO_ERROR, code, "“%s” could not be written: “%s” is read-only.", name,
                   folder_name);
      break;
    case ENOENT:
    case ENOTDIR:
      g_set_error (error, G_IO_ERROR, code, "“%s” could not be written: there is no folder “%s”.",
                   name, folder_name);
      break;
    case EISDIR:
      g_set_error (error, G_IO_ERROR, code, "“%s” could not be written: it is a folder.", name);
      break;
    default:
      g_set_error (error, G_IO_ERROR, code, "“%s” could not be written: %s.", name,
                   g_strerror (number));
      break;
    }
  return FALSE;
}

static int
write_pieces (int fd, const TapPiece *pieces, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      const guint8 *at = pieces[i].data;
      gsize left = pieces[i].length;

      while (left > 0)
        {
          gssize written = write (fd, at, MIN (left, (gsize) 1 << 26));

          if (written < 0 && errno == EINTR)
            continue;
          if (written < 0)
            return errno;
          at += written;
          left -= (gsize) written;
        }
    }
  return 0;
}

/* Not mkstemp(): the new file gets the rights that any new file of this user gets. */
static int
create_beside (const char *path, char **temporary)
{
  g_autofree char *folder = g_path_get_dirname (path);

  for (int attempt = 0; attempt < 100; attempt++)
    {
      g_autofree char *name = g_strdup_printf (".tapetum-%08x.tmp", g_random_int ());
      g_autofree char *candidate = g_build_filename (folder, name, NULL);
      int fd = open (candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

      if (fd >= 0)
        {
          *temporary = g_steal_pointer (&candidate);
          return fd;
        }
      if (errno != EEXIST)
        return -1;
    }
  return -1;
}

/* After the rename has reached the folder, a power cut cannot bring the old file back half-way. */
static void
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return;
  (void) fsync (fd);
  close (fd);
}

static gboolean
write_through (const char *path, const TapPiece *pieces, gsize n, GError **error)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC), number;

  if (fd < 0)
    return fail (error, path, errno);
  number = write_pieces (fd, pieces, n);
  if (close (fd) != 0 && number == 0)
    number = errno;
  return number == 0 ? TRUE : fail (error, path, number);
}

gboolean
tap_file_write (const char *path, const TapPiece *pieces, gsize n, GError **error)
{
  /* a symbolic link stays; what it points to is replaced */
  g_autofree char *target = NULL;
  g_autofree char *temporary = NULL;
  char *real = realpath (path, NULL);
  struct stat old;
  gboolean exists;
  int fd, number;

  target = g_strdup (real != NULL ? real : path);
  free (real);
  exists = stat (target, &old) == 0;
  if (exists && S_ISDIR (old.st_mode))
    return fail (error, path, EISDIR);
  if (exists && !S_ISREG (old.st_mode))
    return write_through (target, pieces, n, error);

  fd = create_beside (target, &temporary);
  if (fd < 0)
    return fail (error, path, errno);
  number = write_pieces (fd, pieces, n);
  if (number == 0 && exists)
    (void) fchmod (fd, old.st_mode & 07777);
  if (number == 0 && fsync (fd) != 0 && errno != EINVAL && errno != ENOTSUP)
    number = errno;
  if (close (fd) != 0 && number == 0)
    number = errno;
  if (number == 0 && rename (temporary, target) != 0)
    number = errno;
  if (number != 0)
    {
      (void) unlink (temporary);
      return fail (error, path, number);
    }
  sync_folder (target);
  return TRUE;
}

gboolean
tap_file_write_bytes (const char *path, GBytes *bytes, GError **error)
{
  TapPiece piece;

  piece.data = g_bytes_get_data (bytes, &piece.length);
  return tap_file_write (path, &piece, 1, error);
}
