/* files.c - files of a model and their neighbours
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-pages.h"
#include "formats/formats-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A large file need not be in memory as a whole to be read once. */
#define CHECKSUM_STEP ((gsize) 32 << 20)

static gboolean
fail (GError **error, const char *path, const char *why)
{
  g_autofree char *name = g_filename_display_basename (path);

  g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_NOT_A_NETWORK, "%s %s.", name, why);
  return FALSE;
}

GBytes *
tap_formats_map (const char *path, GError **error)
{
  g_autoptr (GMappedFile) mapped = NULL;
  g_autoptr (GError) reason = NULL;
  struct stat status;
  int fd;

  /* Without O_NONBLOCK, opening a pipe would wait for somebody to write to it. */
  fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    {
      g_autofree char *name = g_filename_display_name (path);

      g_set_error (error, TAP_FORMAT_ERROR,
                   errno == ENOENT ? TAP_FORMAT_ERROR_MISSING_FILE : TAP_FORMAT_ERROR_NOT_A_NETWORK,
                   "The file %s cannot be opened: %s.", name, g_strerror (errno));
      return NULL;
    }
  if (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode))
    {
      gboolean folder = S_ISDIR (status.st_mode);

      close (fd);
      fail (error, path,
            folder ? "is a folder, not a network: open the network's file inside it" :
                     "is not a regular file");
      return NULL;
    }
  mapped = g_mapped_file_new_from_fd (fd, FALSE, &reason);
  close (fd);
  if (mapped == NULL)
    {
      fail (error, path, "cannot be read");
      return NULL;
    }
  return g_mapped_file_get_bytes (mapped);
}

GBytes *
tap_formats_map_small (const char *path, gsize max, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return NULL;
  bytes = tap_formats_map (path, error);
  if (bytes == NULL)
    return NULL;
  if (g_bytes_get_size (bytes) > max)
    {
      fail (error, path, "is too large to be what it should be");
      return NULL;
    }
  return g_steal_pointer (&bytes);
}

void
tap_formats_checksum (TapModel *model, GBytes *const *parts, gsize n)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  model->n_bytes = 0;
  for (gsize i = 0; i < n; i++)
    {
      gsize left;
      const guchar *data = g_bytes_get_data (parts[i], &left);

      model->n_bytes += left;
      while (left > 0)
        {
          gsize step = MIN (left, CHECKSUM_STEP);

          g_checksum_update (checksum, data, (gssize) step);
          tap_pages_give_back (data, step);
          data += step;
          left -= step;
        }
    }
  g_free (model->checksum);
  model->checksum = g_strdup (g_checksum_get_string (checksum));
}

char *
tap_formats_stem (const char *path)
{
  char *name = g_path_get_basename (path);
  char *dot = strrchr (name, '.');

  if (dot != NULL && dot > name)
    *dot = '\0';
  return name;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
tap_formats_list_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && paths->len < 10000 && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (paths, compare_paths);
  return paths;
}
