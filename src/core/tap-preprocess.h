/* tap-preprocess.h - how a picture becomes the network's input
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * value[c] = (pixel[c] - mean[c]) / std[c], pixel 0..255 after resizing, c in the network's channel
 * order. Text form (command line, JSON, chip), keys in any order, all optional on input:
 *   size=227 or size=224x320 (height x width), order=rgb|bgr|grey, mean=M or M/M/M, std=S or S/S/S,
 *   resize=stretch|crop|pad, layout=nchw|nhwc                                                       */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

typedef enum
{
  TAP_ORDER_RGB,
  TAP_ORDER_BGR,
  TAP_ORDER_GREY, /* 0.299 R + 0.587 G + 0.114 B, rounded to 8 bits as OpenCV and PIL do */
} TapChannelOrder;

typedef enum
{
  TAP_RESIZE_STRETCH, /* whole picture, aspect ignored */
  TAP_RESIZE_CROP,    /* shorter side to size / 0.875, then the centre */
  TAP_RESIZE_PAD,     /* whole picture kept in aspect, centred on the mean colour */
} TapResizeMode;

typedef enum
{
  TAP_PREPROCESS_DEFAULT,   /* a guess with nothing to go by */
  TAP_PREPROCESS_FAMILY,    /* known fingerprint: architecture or format family */
  TAP_PREPROCESS_NEIGHBOUR, /* a file beside the model */
  TAP_PREPROCESS_MODEL,     /* the model says so */
  TAP_PREPROCESS_USER,      /* the user says so */
} TapPreprocessSource;

typedef struct
{
  int height, width; /* network input, pixels */
  int channels;      /* 1 or 3 (any for networks that take no pictures) */
  TapChannelOrder order;
  TapResizeMode resize;
  float mean[4], std[4]; /* in the network's channel order */
  TapPreprocessSource source;
  char note[120]; /* where it was found: "transform_param in deploy.prototxt"; may be empty */
} TapPreprocess;

/* ImageNet mean and std in 0..255, RGB, stretch. */
void tap_preprocess_init (TapPreprocess *self, int height, int width, int channels);
/* Applies @spec over what @self holds and marks it TAP_PREPROCESS_USER. TAP_METHOD_ERROR_PARAMETER
 * names the offending key. */
gboolean tap_preprocess_parse (TapPreprocess *self, const char *spec, GError **error);
/* Complete spec, locale-free, shortest floats that read back equal. (transfer full) */
char *tap_preprocess_to_string (const TapPreprocess *self);
/* "guessed", "from the model", … for the chip; N_() strings. (transfer none) */
const char *tap_preprocess_source_label (TapPreprocessSource source);

G_END_DECLS
