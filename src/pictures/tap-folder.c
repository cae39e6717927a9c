/* tap-folder.c - the pictures of a folder, subfolders as classes
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thousands of files have to be listed at once, so a name with a picture's suffix is believed until it is
 * decoded, a name with another suffix is skipped, and only files with no suffix at all are looked into.
 * Nothing is opened before it is known to be a regular file. The first level of subfolders gives the
 * classes; deeper ones belong to the class they lie in. */
#include "config.h"

#include "pictures/tap-folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/tap-error.h"
#include "pictures/tap-picture-private.h"

/* Deeper trees are taken for loops that device and inode do not show (some FUSE mounts). */
#define DEPTH_MAX 64

static const char *const suffixes[] = { "png", "jpg",  "jpeg", "jpe",  "jfif", "gif", "bmp", "dib",
                                        "tif", "tiff", "webp", "ppm",  "pgm",  "pbm", "pnm", "tga",
                                        "ico", "avif", "heic", "heif", "jxl",  "jp2", "svg", NULL };

typedef struct
{
  char *name;
  char *key; /* collation */
  gboolean is_folder;
} Item;

typedef struct
{
  TapFolder *folder;
  GHashTable *seen; /* "device:inode" of the folders on the way and done */
  GCancellable *cancellable;
} Scan;

static void
item_clear (gpointer data)
{
  Item *item = data;

  g_free (item->name);
  g_free (item->key);
}

static int
item_compare (gconstpointer a, gconstpointer b)
{
  const Item *x = a, *y = b;
  int order;

  if (x->is_folder != y->is_folder)
    return x->is_folder ? 1 : -1;
  order = strcmp (x->key, y->key);
  return order != 0 ? order : strcmp (x->name, y->name);
}

static void
entry_free (gpointer data)
{
  TapFolderEntry *entry = data;

  g_free (entry->path);
  g_free (entry);
}

static const char *
suffix_of (const char *name)
{
  const char *dot = strrchr (name, '.');

  return dot != NULL && dot != name && dot[1] != '\0' ? dot + 1 : NULL;
}

static gboolean
is_picture_suffix (const char *suffix)
{
  for (int i = 0; suffixes[i] != NULL; i++)
    if (g_ascii_strcasecmp (suffix, suffixes[i]) == 0)
      return TRUE;
  return FALSE;
}

gboolean
tap_picture_sniff (const guint8 *head, gsize n)
{
  static const struct
  {
    gsize at, n;
    const char *bytes;
  } marks[] = {
    { 0, 8, "\x89PNG\r\n\x1a\n" },
    { 0, 3, "\xff\xd8\xff" },
    { 0, 6, "GIF87a" },
    { 0, 6, "GIF89a" },
    { 0, 4, "II*\0" },
    { 0, 4, "MM\0*" },
    { 8, 4, "WEBP" },
    { 4, 8, "ftypavif" },
    { 4, 8, "ftypheic" },
    { 0, 2, "\xff\x0a" },
    { 0, 4, "\0\0\1\0" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (marks); i++)
    if (n >= marks[i].at + marks[i].n &&
        memcmp (head + marks[i].at, marks[i].bytes, marks[i].n) == 0)
      return TRUE;
  /* Two letters alone also begin texts: BMP carries zeros in bytes 6 to 9, PNM a blank after the digit. */
  if (n >= 14 && memcmp (head, "BM", 2) == 0 && memcmp (head + 6, "\0\0\0\0", 4) == 0)
    return TRUE;
  return n >= 3 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' &&
         g_ascii_isspace ((char) head[2]);
}

/* -1 not a regular file or unreadable, else how many bytes stand in @head. */
static gssize
read_head (const char *path, guint8 head[16])
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat info;
  gssize n = -1;

  if (fd < 0)
    return -1;
  if (fstat (fd, &info) == 0 && S_ISREG (info.st_mode))
    n = read (fd, head, 16);
  close (fd);
  return n;
}

gboolean
tap_folder_is_picture (const char *path)
{
  g_autofree char *name = NULL;
  const char *suffix;
  guint8 head[16];
  gssize n;

  g_return_val_if_fail (path != NULL, FALSE);

  n = read_head (path, head);
  if (n <= 0)
    return FALSE;
  if (tap_picture_sniff (head, (gsize) n))
    return TRUE;

  /* TGA and SVG have no mark of their own at the start. */
  name = g_path_get_basename (path);
  suffix = suffix_of (name);
  return suffix != NULL &&
         (g_ascii_strcasecmp (suffix, "tga") == 0 || g_ascii_strcasecmp (suffix, "svg") == 0);
}

/* What the directory entry is, links followed; DT_UNKNOWN for what cannot be told. */
static unsigned char
entry_kind (const char *path, unsigned char kind)
{
  struct stat info;

  if (kind != DT_LNK && kind != DT_UNKNOWN)
    return kind;
  if (stat (path, &info) != 0)
    return DT_UNKNOWN;
  return S_ISREG (info.st_mode) ? DT_REG : S_ISDIR (info.st_mode) ? DT_DIR : DT_UNKNOWN;
}

/* By suffix alone where there is one, see above. */
static gboolean
looks_like_picture (const char *path, const char *name)
{
  const char *suffix = suffix_of (name);
  guint8 head[16];
  gssize n;

  if (suffix != NULL)
    return is_picture_suffix (suffix);
  n = read_head (path, head);
  return n > 0 && tap_picture_sniff (head, (gsize) n);
}

/* Everything in one folder that counts, sorted: files before folders. */
static gboolean
list_folder (Scan *scan, DIR *stream, const char *path, GArray *items, GError **error)
{
  const struct dirent *entry;

  while ((entry = readdir (stream)) != NULL)
    {
      g_autofree char *full = NULL;
      g_autofree char *shown = NULL;
      Item item;
      unsigned char kind;

      if (entry->d_name[0] == '.')
        continue;
      if (items->len % 256 == 0 && g_cancellable_set_error_if_cancelled (scan->cancellable, error))
        return FALSE;

      full = g_build_filename (path, entry->d_name, NULL);
      kind = entry_kind (full, entry->d_type);
      if (kind != DT_DIR && (kind != DT_REG || !looks_like_picture (full, entry->d_name)))
        {
          scan->folder->n_skipped++;
          continue;
        }
      shown = g_filename_display_name (entry->d_name);
      item.name = g_strdup (entry->d_name);
      item.key = g_utf8_collate_key_for_filename (shown, -1);
      item.is_folder = kind == DT_DIR;
      g_array_append_val (items, item);
    }

  g_array_sort (items, item_compare);
  return TRUE;
}

static void
add_entry (TapFolder *folder, char *path, int class_index)
{
  TapFolderEntry *entry = g_new (TapFolderEntry, 1);

  entry->path = path;
  entry->class_index = class_index;
  g_ptr_array_add (folder->entries, entry);
}

/* A folder below the top that cannot be read, or was seen before, counts as skipped. */
static gboolean
scan_folder (Scan *scan, const char *path, int class_index, int depth, GError **error)
{
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));
  DIR *stream = opendir (path);
  struct stat info;
  gboolean listed;

  if (stream == NULL || fstat (dirfd (stream), &info) != 0 || depth > DEPTH_MAX ||
      !g_hash_table_add (scan->seen,
                         g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                          (guint64) info.st_dev, (guint64) info.st_ino)))
    {
      scan->folder->n_skipped++;
      if (stream != NULL)
        closedir (stream);
      return TRUE;
    }

  g_array_set_clear_func (items, item_clear);
  listed = list_folder (scan, stream, path, items, error);
  closedir (stream);
  if (!listed)
    return FALSE;

  for (guint i = 0; i < items->len; i++)
    {
      Item *item = &g_array_index (items, Item, i);
      g_autofree char *full = g_build_filename (path, item->name, NULL);
      guint n_before = scan->folder->entries->len;
      int inner = class_index;

      if (!item->is_folder)
        {
          add_entry (scan->folder, g_steal_pointer (&full), class_index);
          continue;
        }
      if (depth == 0)
        inner = (int) scan->folder->classes->len;
      if (!scan_folder (scan, full, inner, depth + 1, error))
        return FALSE;
      if (depth == 0 && scan->folder->entries->len > n_before)
        g_ptr_array_add (scan->folder->classes, g_filename_display_name (item->name));
    }
  return TRUE;
}

void
tap_folder_free (TapFolder *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_clear_pointer (&self->classes, g_ptr_array_unref);
  g_free (self);
}

TapFolder *
tap_folder_scan (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (TapFolder) self = g_new0 (TapFolder, 1);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *shown = NULL;
  Scan scan = { self, seen, cancellable };
  struct stat info;
  DIR *stream;

  g_return_val_if_fail (path != NULL, NULL);

  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->classes = g_ptr_array_new_with_free_func (g_free);
  shown = g_filename_display_name (path);

  if (stat (path, &info) != 0)
    {
      int saved = errno;

      g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
                   "“%s” cannot be opened: %s.", shown, g_strerror (saved));
      return NULL;
    }

  if (!S_ISDIR (info.st_mode))
    {
      if (!tap_folder_is_picture (path))
        {
          g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
                       "“%s” is neither a picture nor a folder.", shown);
          return NULL;
        }
      add_entry (self, g_strdup (path), -1);
      return g_steal_pointer (&self);
    }

  stream = opendir (path);
  if (stream == NULL)
    {
      int saved = errno;

      g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
                   "The folder “%s” cannot be listed: %s.", shown, g_strerror (saved));
      return NULL;
    }
  closedir (stream);

  if (!scan_folder (&scan, path, -1, 0, error))
    return NULL;
  return g_steal_pointer (&self);
}
