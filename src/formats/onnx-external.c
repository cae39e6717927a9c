/* onnx-external.c - tensors of an ONNX network that lie in another file
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The location comes from the network, which is not trusted: it must not be able to make the program
 * read (and then show) any file but those put beside the network. So: a relative path without "..",
 * walked component by component from the network's own folder, following no symbolic link; the file
 * itself regular (no pipe or device that would block) and with one name only, since a hard link is a
 * way around the walk. */
#include "config.h"

#include "formats/formats-private.h"
#include "formats/onnx-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
refuse (GError **error, const char *location, const char *why)
{
  return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                        "The network asks for the file “%.200s”, which is refused: %s", location,
                        why);
}

static gboolean
missing (OnnxReader *self, GError **error, const char *location)
{
  g_autofree char *name = self->request->path != NULL ?
                            g_filename_display_basename (self->request->path) :
                            g_strdup ("The network");

  return tap_onnx_fail (error, TAP_FORMAT_ERROR_MISSING_FILE,
                        "%s also needs %.200s, which must lie beside it", name, location);
}

/* Opens the last component of @parts beneath the folder @dir, which is closed. */
static int
open_beneath (OnnxReader *self, int dir, char **parts, const char *location, GError **error)
{
  int fd = -1;

  for (int i = 0; parts[i] != NULL; i++)
    {
      gboolean last = parts[i + 1] == NULL;
      int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (last ? 0 : O_DIRECTORY);

      fd = openat (dir, parts[i], flags);
      if (fd < 0)
        {
          int reason = errno;

          close (dir);
          if (reason == ENOENT)
            missing (self, error, location);
          else if (reason == ELOOP || reason == ENOTDIR)
            refuse (error, location, "a symbolic link is not followed");
          else
            refuse (error, location, g_strerror (reason));
          return -1;
        }
      close (dir);
      dir = fd;
    }
  return fd;
}

static int
open_location (OnnxReader *self, const char *location, GError **error)
{
  g_auto (GStrv) split = NULL;
  g_autoptr (GPtrArray) parts = g_ptr_array_new ();
  g_autofree char *folder = NULL;
  int dir;

  if (self->request->path == NULL)
    {
      missing (self, error, location);
      return -1;
    }
  if (location[0] == '/' || location[0] == '\\' || (location[0] != '\0' && location[1] == ':'))
    {
      refuse (error, location, "the path is absolute");
      return -1;
    }
  split = g_strsplit (location, "/", 64);
  for (int i = 0; split[i] != NULL; i++)
    {
      if (g_str_equal (split[i], ".."))
        {
          refuse (error, location, "it lies outside the network's folder");
          return -1;
        }
      if (split[i][0] != '\0' && !g_str_equal (split[i], "."))
        g_ptr_array_add (parts, split[i]);
    }
  if (parts->len == 0)
    {
      refuse (error, location, "it names no file");
      return -1;
    }
  g_ptr_array_add (parts, NULL);

  folder = g_path_get_dirname (self->request->path);
  dir = open (folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
  if (dir < 0)
    {
      refuse (error, location, g_strerror (errno));
      return -1;
    }
  return open_beneath (self, dir, (char **) parts->pdata, location, error);
}

GBytes *
tap_onnx_external (OnnxReader *self, const char *location, GError **error)
{
  g_autoptr (GMappedFile) mapped = NULL;
  g_autoptr (GError) reason = NULL;
  GBytes *bytes = g_hash_table_lookup (self->externals, location);
  struct stat status;
  int fd;

  if (bytes != NULL)
    return bytes;

  fd = open_location (self, location, error);
  if (fd < 0)
    return NULL;
  if (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode))
    {
      close (fd);
      refuse (error, location, "it is not a regular file");
      return NULL;
    }
  if (status.st_nlink > 1)
    {
      close (fd);
      refuse (error, location, "it has a second name (a hard link)");
      return NULL;
    }
  mapped = g_mapped_file_new_from_fd (fd, FALSE, &reason);
  close (fd);
  if (mapped == NULL)
    {
      refuse (error, location, reason->message);
      return NULL;
    }
  bytes = g_mapped_file_get_bytes (mapped);
  /* What cannot be used in place may be copied, but not over and over. */
  self->budget += 2 * g_bytes_get_size (bytes);
  g_hash_table_insert (self->externals, g_strdup (location), bytes);
  return bytes;
}

void
tap_onnx_checksum (OnnxReader *self, TapModel *model)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer external;

  g_ptr_array_add (parts, self->bytes);
  g_hash_table_iter_init (&iter, self->externals);
  while (g_hash_table_iter_next (&iter, NULL, &external))
    g_ptr_array_add (parts, external);
  tap_formats_checksum (model, (GBytes **) parts->pdata, parts->len);
}
