/* tap-preprocess.c - how a picture becomes the network's input, and its text form
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-preprocess.h"

#include "core/tap-error.h"
#include "core/tap-text-private.h"

#include <math.h>
#include <string.h>

#ifndef N_
#  define N_(text) (text)
#endif

#define LARGEST_SIZE 16384

static const char *const order_names[] = { "rgb", "bgr", "grey" };
static const char *const resize_names[] = { "stretch", "crop", "pad" };

void
tap_preprocess_init (TapPreprocess *self, int height, int width, int channels)
{
  static const float mean[] = { 123.675f, 116.28f, 103.53f };
  static const float std[] = { 58.395f, 57.12f, 57.375f };

  memset (self, 0, sizeof *self);
  self->height = height;
  self->width = width;
  self->channels = channels;
  self->order = channels == 1 ? TAP_ORDER_GREY : TAP_ORDER_RGB;
  self->resize = TAP_RESIZE_STRETCH;
  self->source = TAP_PREPROCESS_DEFAULT;
  for (int c = 0; c < 4; c++)
    {
      /* one grey channel, or more than colours: the middle of the three */
      self->mean[c] = channels == 3 && c < 3 ? mean[c] : mean[1];
      self->std[c] = channels == 3 && c < 3 ? std[c] : std[1];
    }
}

static gboolean
fail (GError **error, const char *key, const char *value, const char *expected)
{
  g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
               "The preprocessing has “%s=%s”, but %s is expected.", key, value, expected);
  return FALSE;
}

static gboolean
parse_size (TapPreprocess *self, const char *value, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (value, "x", 3);
  guint n = g_strv_length (parts);
  gint64 sizes[2];

  if (n < 1 || n > 2)
    return fail (error, "size", value, "one number or HEIGHTxWIDTH");
  for (guint i = 0; i < n; i++)
    if (!tap_text_parse_int (parts[i], &sizes[i]) || sizes[i] < 1 || sizes[i] > LARGEST_SIZE)
      return fail (error, "size", value,
                   "one number or HEIGHTxWIDTH, each from 1 to 16384 pixels,");
  self->height = (int) sizes[0];
  self->width = (int) sizes[n - 1];
  return TRUE;
}

static gboolean
parse_numbers (const TapPreprocess *self,
               const char *key,
               const char *value,
               float *out,
               GError **error)
{
  g_auto (GStrv) parts = g_strsplit (value, "/", 6);
  int n = (int) g_strv_length (parts);
  gboolean divides = g_str_equal (key, "std");
  float numbers[4];

  if (n != 1 && (n != self->channels || n > 4))
    {
      g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
                   "The preprocessing has “%s=%s”, but one number, or one for each of %d channels, "
                   "is expected.",
                   key, value, self->channels);
      return FALSE;
    }
  for (int c = 0; c < 4; c++)
    {
      double number;

      if (!tap_text_parse_double (parts[MIN (c, n - 1)], &number) || fabs (number) > 1e9)
        return fail (error, key, value, "numbers with / between them");
      numbers[c] = (float) number;
      if (divides && numbers[c] == 0.0f)
        return fail (error, key, value, "a number that is not 0");
    }
  memcpy (out, numbers, sizeof numbers);
  return TRUE;
}

static gboolean
parse_name (const char *value, const char *const *names, int n, int *out)
{
  for (int i = 0; i < n; i++)
    if (g_ascii_strcasecmp (value, names[i]) == 0)
      {
        *out = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
parse_pair (TapPreprocess *self, const char *key, const char *value, GError **error)
{
  int index;

  if (g_str_equal (key, "size"))
    return parse_size (self, value, error);
  if (g_str_equal (key, "mean"))
    return parse_numbers (self, key, value, self->mean, error);
  if (g_str_equal (key, "std"))
    return parse_numbers (self, key, value, self->std, error);
  if (g_str_equal (key, "resize"))
    {
      if (!parse_name (value, resize_names, G_N_ELEMENTS (resize_names), &index))
        return fail (error, key, value, "stretch, crop or pad");
      self->resize = (TapResizeMode) index;
      return TRUE;
    }
  if (g_str_equal (key, "order"))
    {
      if (g_ascii_strcasecmp (value, "gray") == 0)
        value = "grey";
      if (!parse_name (value, order_names, G_N_ELEMENTS (order_names), &index))
        return fail (error, key, value, "rgb, bgr or grey");
      if (index != TAP_ORDER_GREY && self->channels == 1)
        return fail (error, key, value, "grey, since the network takes one channel,");
      self->order = (TapChannelOrder) index;
      return TRUE;
    }
  if (g_str_equal (key, "layout"))
    {
      /* importers turn every network into NCHW, so there is nothing left to choose */
      if (g_ascii_strcasecmp (value, "nchw") != 0 && g_ascii_strcasecmp (value, "nhwc") != 0)
        return fail (error, key, value, "nchw or nhwc");
      return TRUE;
    }
  g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
               "The preprocessing has the key “%s”; size, order, mean, std and resize are known.",
               key);
  return FALSE;
}

gboolean
tap_preprocess_parse (TapPreprocess *self, const char *spec, GError **error)
{
  g_auto (GStrv) pairs = g_strsplit (spec, ",", -1);
  TapPreprocess result = *self;

  for (char **pair = pairs; *pair != NULL; pair++)
    {
      char *equals, *key = g_strstrip (*pair);

      if (*key == '\0')
        continue;
      equals = strchr (key, '=');
      if (equals == NULL)
        {
          g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
                       "The preprocessing has “%s”, which is no KEY=VALUE.", key);
          return FALSE;
        }
      *equals = '\0';
      g_strchomp (key);
      if (!parse_pair (&result, key, g_strstrip (equals + 1), error))
        return FALSE;
    }

  result.source = TAP_PREPROCESS_USER;
  result.note[0] = '\0';
  *self = result;
  return TRUE;
}

static void
append_numbers (GString *text, const char *key, const float *values, int channels)
{
  gboolean equal = TRUE;
  int n = CLAMP (channels, 1, 4);

  for (int c = 1; c < n; c++)
    equal = equal && values[c] == values[0];
  g_string_append_printf (text, ",%s=", key);
  for (int c = 0; c < (equal ? 1 : n); c++)
    {
      if (c > 0)
        g_string_append_c (text, '/');
      tap_text_append_float (text, values[c]);
    }
}

char *
tap_preprocess_to_string (const TapPreprocess *self)
{
  GString *text = g_string_new (NULL);

  if (self->height == self->width)
    g_string_append_printf (text, "size=%d", self->height);
  else
    g_string_append_printf (text, "size=%dx%d", self->height, self->width);
  g_string_append_printf (text, ",order=%s",
                          order_names[CLAMP ((int) self->order, 0, TAP_ORDER_GREY)]);
  append_numbers (text, "mean", self->mean, self->channels);
  append_numbers (text, "std", self->std, self->channels);
  g_string_append_printf (text, ",resize=%s",
                          resize_names[CLAMP ((int) self->resize, 0, TAP_RESIZE_PAD)]);
  return g_string_free (text, FALSE);
}

const char *
tap_preprocess_source_label (TapPreprocessSource source)
{
  switch (source)
    {
    case TAP_PREPROCESS_FAMILY:
      return N_ ("guessed from the kind of network");
    case TAP_PREPROCESS_NEIGHBOUR:
      return N_ ("from a file beside the model");
    case TAP_PREPROCESS_MODEL:
      return N_ ("from the model");
    case TAP_PREPROCESS_USER:
      return N_ ("set by you");
    case TAP_PREPROCESS_DEFAULT:
    default:
      return N_ ("guessed");
    }
}
