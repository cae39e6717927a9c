/* tap-maps.c - a layer's tensor seen as a stack of maps
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "methods/tap-context-private.h"

gboolean
tap_maps_init (TapMaps *self, const TapTensor *tensor)
{
  const gint64 *dims = tensor->shape.dims;
  int n_dims = tensor->shape.n_dims;
  gint64 height = 1, width = 1;

  memset (self, 0, sizeof *self);
  if (tensor->dtype != TAP_DTYPE_F32 || tensor->count == 0)
    return FALSE;

  if (n_dims >= 2 && dims[0] == 1) /* the batch */
    {
      dims++;
      n_dims--;
    }
  if (n_dims >= 3)
    height = dims[n_dims - 2];
  if (n_dims >= 2)
    width = dims[n_dims - 1];
  if (height > G_MAXINT || width > G_MAXINT ||
      tensor->count / (gsize) (height * width) > (gsize) G_MAXINT)
    return FALSE;

  self->values = tap_tensor_f32 (tensor);
  self->height = (int) height;
  self->width = (int) width;
  self->n = (int) (tensor->count / (gsize) (height * width));
  return TRUE;
}

double
tap_maps_sum (const TapMaps *self, int map)
{
  gsize plane = (gsize) self->height * (gsize) self->width;
  const float *values = self->values + (gsize) map * plane;
  double sum = 0.0;

  for (gsize i = 0; i < plane; i++)
    sum += values[i];
  return sum;
}

int
tap_maps_strongest (const TapMaps *self)
{
  double best = tap_maps_sum (self, 0);
  int strongest = 0;

  for (int k = 1; k < self->n; k++)
    {
      double sum = tap_maps_sum (self, k);

      if (sum > best || (best != best && sum == sum)) /* any number beats a NaN */
        {
          best = sum;
          strongest = k;
        }
    }
  return strongest;
}

char *
tap_number_to_string (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (text, sizeof text, "%.4g", value));
}
