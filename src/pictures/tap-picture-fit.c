/* tap-picture-fit.c - a picture as the network wants it: size, channel order, mean and deviation
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two steps, so that the window can show exactly what the network sees: first an 8-bit RGB picture of the
 * network's size, then numbers. Layout: NCHW, row-major, float32. */
#include "config.h"

#include "pictures/tap-picture.h"

#include <math.h>
#include <string.h>

#include "core/tap-error.h"
#include "pictures/tap-picture-private.h"

/* What the preprocessing subtracts, as an 8-bit RGB colour. */
static void
mean_colour (const TapPreprocess *preprocess, guint8 rgb[3])
{
  for (int c = 0; c < 3; c++)
    {
      int channel = preprocess->channels == 1 ? 0 : preprocess->order == TAP_ORDER_BGR ? 2 - c : c;

      rgb[c] = (guint8) lrintf (CLAMP (preprocess->mean[channel], 0.0f, 255.0f));
    }
}

/* A side of the virtual picture, kept inside what an int and the window arithmetic can hold. */
static int
clamp_side (double side, int at_least)
{
  return (int) CLAMP (side, (double) at_least, (double) G_MAXINT / 4);
}

/* Shorter side to size / 0.875 (256 for 224), longer side in proportion and rounded down, then the
 * centre. Only the centre is ever computed. */
static TapPicture *
fit_crop (const TapPicture *self, int width, int height)
{
  double want_width = rint (width / 0.875), want_height = rint (height / 0.875);
  double scale = MAX (want_width / self->width, want_height / self->height);
  int full_width = clamp_side (self->width * scale + 1e-6, width);
  int full_height = clamp_side (self->height * scale + 1e-6, height);

  return tap_picture_resize_window (self, full_width, full_height,
                                    (int) rint ((full_width - width) / 2.0),
                                    (int) rint ((full_height - height) / 2.0), width, height);
}

static TapPicture *
fit_pad (const TapPicture *self, const TapPreprocess *preprocess)
{
  int width = preprocess->width, height = preprocess->height;
  double scale = MIN ((double) width / self->width, (double) height / self->height);
  int inner_width = MIN (clamp_side (rint (self->width * scale), 1), width);
  int inner_height = MIN (clamp_side (rint (self->height * scale), 1), height);
  int left = (width - inner_width) / 2, top = (height - inner_height) / 2;
  g_autoptr (TapPicture) inner = tap_picture_resize (self, inner_width, inner_height);
  g_autoptr (TapPicture) out = tap_picture_alloc (width, height, self->name);
  guint8 rgb[3];

  if (inner == NULL || out == NULL)
    return NULL;

  mean_colour (preprocess, rgb);
  for (gsize i = 0; i < (gsize) width * (gsize) height; i++)
    memcpy (out->pixels + i * 3, rgb, 3);
  for (int y = 0; y < inner_height; y++)
    memcpy (out->pixels + ((gsize) (top + y) * (gsize) width + (gsize) left) * 3,
            inner->pixels + (gsize) y * (gsize) inner_width * 3, (gsize) inner_width * 3);
  return g_steal_pointer (&out);
}

TapPicture *
tap_picture_fit (const TapPicture *self, const TapPreprocess *preprocess)
{
  g_return_val_if_fail (self != NULL && preprocess != NULL, NULL);
  g_return_val_if_fail (preprocess->width > 0 && preprocess->height > 0, NULL);

  switch (preprocess->resize)
    {
    case TAP_RESIZE_CROP:
      return fit_crop (self, preprocess->width, preprocess->height);
    case TAP_RESIZE_PAD:
      return fit_pad (self, preprocess);
    case TAP_RESIZE_STRETCH:
    default:
      return tap_picture_resize (self, preprocess->width, preprocess->height);
    }
}

/* ITU-R BT.601 luma with 15-bit weights, rounded: OpenCV's RGB2GRAY. */
static guint8
grey_of (const guint8 *rgb)
{
  return (guint8) ((rgb[0] * 9798 + rgb[1] * 19235 + rgb[2] * 3735 + (1 << 14)) >> 15);
}

/* The 8-bit number that channel @c of the network gets. */
static guint8
channel_of (const TapPreprocess *preprocess, const guint8 *rgb, int c)
{
  if (preprocess->channels == 1 || preprocess->order == TAP_ORDER_GREY)
    return grey_of (rgb);
  return preprocess->order == TAP_ORDER_BGR ? rgb[2 - c] : rgb[c];
}

static float
normalise (const TapPreprocess *preprocess, int c, guint8 pixel)
{
  return ((float) pixel - preprocess->mean[c]) / preprocess->std[c];
}

/**
 * tap_picture_to_tensor:
 * @fitted: what tap_picture_fit() gave for the same @preprocess
 *
 * Shapes: [1,C,H,W], C = 1 or 3.
 * Units: (pixel - mean) / std, pixel 0..255.
 * Errors: another number of channels than a picture can fill; a picture of another size; out of memory.
 */
TapTensor *
tap_picture_to_tensor (const TapPicture *fitted, const TapPreprocess *preprocess, GError **error)
{
  g_autoptr (TapTensor) tensor = NULL;
  gsize plane;
  TapShape shape;

  g_return_val_if_fail (fitted != NULL && preprocess != NULL, NULL);

  if (preprocess->channels != 1 && preprocess->channels != 3)
    {
      g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
                   "The network takes %d channels, but “%s” is a picture of 3.",
                   preprocess->channels, fitted->name != NULL ? fitted->name : "this");
      return NULL;
    }
  if (fitted->width != preprocess->width || fitted->height != preprocess->height)
    {
      g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
                   "The network takes pictures of %d×%d pixels, but “%s” has %d×%d.",
                   preprocess->width, preprocess->height,
                   fitted->name != NULL ? fitted->name : "this", fitted->width, fitted->height);
      return NULL;
    }

  shape = tap_shape_new (4, (gint64) 1, (gint64) preprocess->channels, (gint64) fitted->height,
                         (gint64) fitted->width);
  tensor = tap_tensor_new_uninit (TAP_DTYPE_F32, &shape, error);
  if (tensor == NULL)
    return NULL;

  plane = (gsize) fitted->width * (gsize) fitted->height;
  for (int c = 0; c < preprocess->channels; c++)
    {
      float *out = tap_tensor_f32 (tensor) + (gsize) c * plane;
      float table[256];

      for (int level = 0; level < 256; level++)
        table[level] = normalise (preprocess, c, (guint8) level);
      for (gsize i = 0; i < plane; i++)
        out[i] = table[channel_of (preprocess, fitted->pixels + i * 3, c)];
    }
  return g_steal_pointer (&tensor);
}

void
tap_preprocess_colour (const TapPreprocess *preprocess, const guint8 rgb[3], float *out_channels)
{
  g_return_if_fail (preprocess != NULL && rgb != NULL && out_channels != NULL);

  for (int c = 0; c < MIN (preprocess->channels, 4); c++)
    out_channels[c] = normalise (preprocess, c, channel_of (preprocess, rgb, MIN (c, 2)));
}
