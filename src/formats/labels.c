/* labels.c - names of the classes, from the files people keep them in
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Read are: one name a line; "n01440764 tench, Tinca tinca" (ImageNet; the code is dropped);
 * "1:tench" and "1 tench" when every line is numbered; a JSON list; a JSON or Python dictionary from
 * index to name, or to a list whose last member is the name; a Hugging Face config.json (id2label) or
 * a timm one (label_names). TensorFlow's ImageNet networks have 1001 classes, of which the first is
 * "background"; a list of the other length is shifted to fit, and said so. */
#include "config.h"

#include "formats/formats-private.h"
#include "formats/text/tap-json.h"

#include <string.h>

#define LABELS_BYTES_MAX (16u << 20)
#define LABELS_MAX       200000

/* Length of a WordNet code with the space behind it, or 0. */
static gsize
wordnet_length (const char *line)
{
  if (line[0] != 'n')
    return 0;
  for (int i = 1; i < 9; i++)
    if (!g_ascii_isdigit (line[i]))
      return 0;
  return line[9] == ' ' || line[9] == '\t' ? 10 : 0;
}

/* Whether @line starts with the number @index and a separator; *@rest is what follows. */
static gboolean
is_numbered (const char *line, int index, const char **rest)
{
  char *end;
  guint64 number;

  if (!g_ascii_isdigit (line[0]))
    return FALSE;
  number = g_ascii_strtoull (line, &end, 10);
  if (number != (guint64) index)
    return FALSE;
  if (*end == ':' || *end == ',' || *end == '\t' || *end == ' ' || *end == ';')
    {
      end++;
      while (*end == ' ' || *end == '\t')
        end++;
      *rest = end;
      return *end != '\0';
    }
  return FALSE;
}

static char **
strip_numbers (char **lines)
{
  const char *rest;
  int base = 0, n = (int) g_strv_length (lines);

  if (n == 0 || (!is_numbered (lines[0], 0, &rest) && !is_numbered (lines[0], 1, &rest)))
    return lines;
  base = is_numbered (lines[0], 0, &rest) ? 0 : 1;
  for (int i = 0; i < n; i++)
    if (!is_numbered (lines[i], i + base, &rest))
      return lines;
  for (int i = 0; i < n; i++)
    {
      char *line = lines[i];

      is_numbered (line, i + base, &rest);
      lines[i] = g_strdup (rest);
      g_free (line);
    }
  return lines;
}

static char **
parse_lines (const char *text, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) length);
  g_auto (GStrv) raw = NULL;
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  char **result;
  const char *start = valid;

  if (g_str_has_prefix (start, "\xef\xbb\xbf"))
    start += 3;
  raw = g_strsplit (start, "\n", LABELS_MAX);
  for (int i = 0; raw[i] != NULL; i++)
    {
      const char *line = g_strstrip (raw[i]);

      g_ptr_array_add (lines, g_strdup (line + wordnet_length (line)));
    }
  /* The file may or may not end in a newline. */
  while (lines->len > 0 && *(char *) g_ptr_array_index (lines, lines->len - 1) == '\0')
    g_free (g_ptr_array_steal_index (lines, lines->len - 1));
  g_ptr_array_add (lines, NULL);
  result = (char **) g_ptr_array_free (g_steal_pointer (&lines), FALSE);
  return strip_numbers (result);
}

static char *
json_name (const TapJson *value)
{
  if (value->kind == TAP_JSON_STRING)
    return g_strdup (value->string + wordnet_length (value->string));
  if (value->kind == TAP_JSON_ARRAY && value->items->len > 0)
    return json_name (g_ptr_array_index (value->items, value->items->len - 1));
  if (value->kind == TAP_JSON_OBJECT && tap_json_get_string (value, "name", NULL) != NULL)
    return g_strdup (tap_json_get_string (value, "name", NULL));
  return g_strdup ("");
}

static char **
names_from_map (const TapJson *map)
{
  gboolean reversed;
  guint64 largest = 0, number;
  char **names;

  if (map->items->len == 0)
    return NULL;
  /* {"cat": 0} is the other way round. */
  reversed = ((const TapJson *) g_ptr_array_index (map->items, 0))->kind == TAP_JSON_NUMBER;
  for (guint i = 0; i < map->items->len; i++)
    {
      const TapJson *value = g_ptr_array_index (map->items, i);

      if (reversed)
        {
          if (value->kind != TAP_JSON_NUMBER || value->number < 0 || value->number >= LABELS_MAX)
            return NULL;
          number = (guint64) value->number;
        }
      else if (!g_ascii_string_to_unsigned (g_ptr_array_index (map->keys, i), 10, 0, LABELS_MAX - 1,
                                            &number, NULL))
        return NULL;
      largest = MAX (largest, number);
    }
  names = g_new0 (char *, largest + 2);
  for (guint i = 0; i < map->items->len; i++)
    {
      const TapJson *value = g_ptr_array_index (map->items, i);
      const char *key = g_ptr_array_index (map->keys, i);

      number = reversed ? (guint64) value->number : g_ascii_strtoull (key, NULL, 10);
      g_free (names[number]);
      names[number] = reversed ? g_strdup (key) : json_name (value);
    }
  for (guint64 i = 0; i <= largest; i++)
    if (names[i] == NULL)
      names[i] = g_strdup ("");
  return names;
}

static char **
names_from_json (const TapJson *json)
{
  const TapJson *inner;
  char **names;

  if (json->kind == TAP_JSON_OBJECT)
    {
      static const char *const members[] = { "id2label", "label_names", "labels", "names", NULL };

      for (int i = 0; members[i] != NULL; i++)
        {
          inner = tap_json_get (json, members[i]);
          if (inner != NULL && inner->items != NULL)
            return names_from_json (inner);
        }
      return names_from_map (json);
    }
  if (json->kind != TAP_JSON_ARRAY || json->items->len == 0 || json->items->len > LABELS_MAX)
    return NULL;
  names = g_new0 (char *, json->items->len + 1);
  for (guint i = 0; i < json->items->len; i++)
    names[i] = json_name (g_ptr_array_index (json->items, i));
  return names;
}

TapLabels *
tap_formats_parse_labels (GBytes *bytes, const char *source)
{
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);
  g_autoptr (TapJson) json = NULL;
  char **names = NULL;
  gsize start = 0;

  while (start < length && g_ascii_isspace (text[start]))
    start++;
  if (start == length)
    return NULL;
  if (text[start] == '{' || text[start] == '[')
    json = tap_json_parse (text, length, NULL);
  names = json != NULL ? names_from_json (json) : parse_lines (text, length);
  if (names == NULL || names[0] == NULL)
    {
      g_strfreev (names);
      return NULL;
    }
  return tap_labels_new (names, source);
}

TapLabels *
tap_labels_load (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_basename (path);
  g_autoptr (GBytes) bytes = tap_formats_map (path, error);
  const TapFileKind *kind;
  TapLabels *labels;
  const guint8 *data;
  gsize n;

  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &n);
  if (n > LABELS_BYTES_MAX)
    {
      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                   "%s is too large for a list of labels.", name);
      return NULL;
    }
  kind = n > 0 ? tap_formats_file_kind (data, n) : NULL;
  if (kind != NULL && data[0] != '{' && data[0] != '[')
    {
      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                   "%s is %s, not a list of labels.", name, kind->what);
      return NULL;
    }
  if (n > 0 && memchr (data, '\0', n) != NULL)
    labels = NULL;
  else
    labels = n > 0 ? tap_formats_parse_labels (bytes, name) : NULL;
  if (labels == NULL)
    g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                 "%s holds no labels: one name a line, or a JSON list, is expected.", name);
  return labels;
}

/* Labels for one class more or less than @n, the first being a background class. */
static TapLabels *
shift_background (TapLabels *labels, int n, char **note)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  if (labels->n == n + 1 && (g_ascii_strcasecmp (labels->names[0], "background") == 0 ||
                             g_ascii_strcasecmp (labels->names[0], "dummy") == 0))
    {
      for (int i = 1; i < labels->n; i++)
        g_ptr_array_add (names, g_strdup (labels->names[i]));
      *note = g_strdup_printf ("The labels in %s start with “%s”, which the network does not have; "
                               "it was left out.",
                               labels->source, labels->names[0]);
    }
  else if (labels->n == 1000 && n == 1001 && g_str_has_prefix (labels->names[0], "tench"))
    {
      g_ptr_array_add (names, g_strdup ("background"));
      for (int i = 0; i < labels->n; i++)
        g_ptr_array_add (names, g_strdup (labels->names[i]));
      *note =
        g_strdup_printf ("The network has 1001 classes and %s 1000 labels; the first class is "
                         "taken for “background”.",
                         labels->source);
    }
  else
    return NULL;
  g_ptr_array_add (names, NULL);
  return tap_labels_new ((char **) g_ptr_array_free (g_steal_pointer (&names), FALSE),
                         labels->source);
}

static void
take_labels (TapModel *model, TapLabels *labels)
{
  tap_labels_unref (model->labels);
  model->labels = labels;
}

/* Fits @labels (transfer full) to the model; a length that does not fit is a warning. */
static void
fit_labels (TapModel *model, TapLabels *labels)
{
  char *note = NULL;
  TapLabels *shifted;

  if (model->n_classes > 0 && labels->n != model->n_classes)
    {
      shifted = shift_background (labels, model->n_classes, &note);
      if (shifted != NULL)
        {
          tap_labels_unref (labels);
          labels = shifted;
        }
      else
        note =
          g_strdup_printf ("The network has %d classes, but %s holds %d labels; classes without "
                           "one are shown by their index.",
                           model->n_classes, labels->source, labels->n);
      g_ptr_array_add (model->warnings, note);
    }
  take_labels (model, labels);
}

static gboolean
fits (const TapModel *model, TapLabels *labels)
{
  g_autofree char *note = NULL;
  TapLabels *shifted;

  if (labels->n == model->n_classes)
    return TRUE;
  shifted = shift_background (labels, model->n_classes, &note);
  if (shifted == NULL)
    return FALSE;
  tap_labels_unref (shifted);
  return TRUE;
}

/* A file beside the model; one whose length fits wins over earlier ones that do not. */
static TapLabels *
find_neighbour (const TapModel *model, const char *path)
{
  static const char *const names[] = {
    "labels.txt",           "synset_words.txt", "synset.txt",  "labels.json", "imagenet_labels.txt",
    "imagenet_classes.txt", "class_names.txt",  "classes.txt", "config.json", NULL
  };
  static const char *const endings[] = { ".labels.txt", ".labels", ".names", NULL };
  g_autofree char *folder = g_path_get_dirname (path), *stem = tap_formats_stem (path);
  g_autoptr (GPtrArray) candidates = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (TapLabels) misfit = NULL;

  for (int i = 0; endings[i] != NULL; i++)
    {
      g_autofree char *name = g_strconcat (stem, endings[i], NULL);

      g_ptr_array_add (candidates, g_build_filename (folder, name, NULL));
    }
  for (int i = 0; names[i] != NULL; i++)
    g_ptr_array_add (candidates, g_build_filename (folder, names[i], NULL));

  for (guint i = 0; i < candidates->len; i++)
    {
      const char *candidate = g_ptr_array_index (candidates, i);
      g_autofree char *name = g_filename_display_basename (candidate);
      g_autoptr (GBytes) bytes = tap_formats_map_small (candidate, LABELS_BYTES_MAX, NULL);
      g_autoptr (TapLabels) labels = NULL;

      if (bytes == NULL ||
          memchr (g_bytes_get_data (bytes, NULL) ?: "", 0, g_bytes_get_size (bytes)) != NULL)
        continue;
      labels = tap_formats_parse_labels (bytes, name);
      if (labels == NULL)
        continue;
      if (fits (model, labels))
        return g_steal_pointer (&labels);
      /* A configuration that holds no labels would otherwise pass for a list of them. */
      if (misfit == NULL && !g_str_has_suffix (candidate, ".json"))
        misfit = g_steal_pointer (&labels);
    }
  return g_steal_pointer (&misfit);
}

gboolean
tap_formats_settle_labels (TapModel *model, const TapLoadRequest *request, GError **error)
{
  gboolean carries = model->labels != NULL && model->labels->n > 0;
  TapLabels *labels;

  if (request->labels_path != NULL)
    {
      labels = tap_labels_load (request->labels_path, error);
      if (labels == NULL)
        return FALSE;
      fit_labels (model, labels);
      return TRUE;
    }
  if (model->n_classes > 0 && request->path != NULL)
    {
      labels = find_neighbour (model, request->path);
      if (labels != NULL && fits (model, labels))
        {
          fit_labels (model, labels);
          return TRUE;
        }
      /* Names of other classes would be worse than none. */
      if (labels != NULL && !carries)
        g_ptr_array_add (
          model->warnings,
          g_strdup_printf ("%s beside the network holds %d labels, but the network has "
                           "%d classes; they are shown by their index.",
                           labels->source, labels->n, model->n_classes));
      tap_labels_unref (labels);
    }
  if (carries)
    fit_labels (model, tap_labels_ref (model->labels));
  return TRUE;
}
