/* tap-error.h - error domains, one per layer
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

#define TAP_GRAPH_ERROR   (tap_graph_error_quark ())
#define TAP_FORMAT_ERROR  (tap_format_error_quark ())
#define TAP_ENGINE_ERROR  (tap_engine_error_quark ())
#define TAP_PICTURE_ERROR (tap_picture_error_quark ())
#define TAP_METHOD_ERROR  (tap_method_error_quark ())

/* The file or graph is at fault (command line exit 3) unless a comment says otherwise. */
typedef enum
{
  TAP_GRAPH_ERROR_INVALID,   /* cycle, undefined tensor, impossible shape, bad attribute */
  TAP_GRAPH_ERROR_TOO_LARGE, /* a tensor over the size budget */
  TAP_GRAPH_ERROR_NOT_FOUND, /* no such layer, unit or class: the caller's request (exit 2) */
} TapGraphError;

typedef enum
{
  TAP_FORMAT_ERROR_NOT_A_NETWORK, /* the message says what the file is instead */
  TAP_FORMAT_ERROR_DAMAGED,       /* truncated or malformed */
  TAP_FORMAT_ERROR_UNSUPPORTED,   /* a network, but of a kind that is not read */
  TAP_FORMAT_ERROR_MISSING_FILE,  /* a neighbour (weights, external data) is absent */
} TapFormatError;

typedef enum
{
  TAP_ENGINE_ERROR_UNSUPPORTED, /* an operator that cannot be run stands in the way */
  TAP_ENGINE_ERROR_INPUT,       /* wrong shape fed to a session */
  TAP_ENGINE_ERROR_MEMORY,      /* out of memory or over the budget (exit 4) */
} TapEngineError;

typedef enum
{
  TAP_PICTURE_ERROR_UNREADABLE,
  TAP_PICTURE_ERROR_TOO_LARGE,
} TapPictureError;

typedef enum
{
  TAP_METHOD_ERROR_PARAMETER,      /* a value out of range or of the wrong kind (exit 2) */
  TAP_METHOD_ERROR_NOT_APPLICABLE, /* e.g. filters of a layer without weights (exit 2) */
} TapMethodError;

GQuark tap_graph_error_quark (void);
GQuark tap_format_error_quark (void);
GQuark tap_engine_error_quark (void);
GQuark tap_picture_error_quark (void);
GQuark tap_method_error_quark (void);

G_END_DECLS
