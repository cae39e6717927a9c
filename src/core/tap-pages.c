/* tap-pages.c - what the system may know about large stretches of memory
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-pages.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Stretches below this are not worth a system call. */
#define LARGE ((gsize) 1 << 20)

#ifdef __linux__
/* The whole pages within a stretch. */
static gboolean
whole_pages (gconstpointer data, gsize n_bytes, guintptr *first, gsize *length)
{
  long size = sysconf (_SC_PAGESIZE);
  guintptr end = (guintptr) data + n_bytes;

  if (size <= 0 || n_bytes < LARGE)
    return FALSE;
  *first = ((guintptr) data + (guintptr) size - 1) & ~((guintptr) size - 1);
  end &= ~((guintptr) size - 1);
  *length = end > *first ? end - *first : 0;
  return *length > 0;
}

/* Whether all of the stretch is one mapping of a file that cannot have been written through it. To drop
 * pages of anything else would lose what is in them, so the system itself is asked. */
static gboolean
is_clean_file (guintptr first, gsize length)
{
  g_autofree char *maps = NULL;

  if (!g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL))
    return FALSE;
  for (const char *line = maps; line != NULL && *line != '\0';)
    {
      char *at;
      guint64 start = g_ascii_strtoull (line, &at, 16), end, inode;

      if (*at != '-')
        return FALSE;
      end = g_ascii_strtoull (at + 1, &at, 16);
      if (start <= first && first < end)
        {
          /* " r--p 00000000 fd:01 1234 /path" */
          if (end - first < length || strncmp (at, " r--", 4) != 0)
            return FALSE;
          for (int field = 0; field < 3 && at != NULL; field++)
            at = strchr (at + 1, ' ');
          inode = at != NULL ? g_ascii_strtoull (at, NULL, 10) : 0;
          return inode != 0;
        }
      line = strchr (line, '\n');
      if (line != NULL)
        line++;
    }
  return FALSE;
}
#endif

void
tap_pages_give_back (gconstpointer data, gsize n_bytes)
{
#ifdef __linux__
  guintptr first;
  gsize length;

  if (whole_pages (data, n_bytes, &first, &length) && is_clean_file (first, length))
    madvise ((void *) first, length, MADV_DONTNEED);
#endif
}

guint64
tap_pages_available (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (g_file_get_contents ("/proc/meminfo", &text, NULL, NULL) &&
      (line = strstr (text, "MemAvailable:")) != NULL)
    return g_ascii_strtoull (line + strlen ("MemAvailable:"), NULL, 10) * 1024;
#ifdef _SC_AVPHYS_PAGES
  return (guint64) MAX (sysconf (_SC_AVPHYS_PAGES), 0) * (guint64) MAX (sysconf (_SC_PAGESIZE), 0);
#else
  return 0;
#endif
}
