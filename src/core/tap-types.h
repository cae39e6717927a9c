/* tap-types.h - every type that crosses a file, forward-declared once
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* core */
typedef struct _TapTensor TapTensor;
typedef struct _TapAttrs TapAttrs;
typedef struct _TapValue TapValue;
typedef struct _TapNode TapNode;
typedef struct _TapGraph TapGraph;
typedef struct _TapLabels TapLabels;
typedef struct _TapModel TapModel;
typedef struct _TapParam TapParam;
typedef struct _TapParams TapParams;
typedef struct _TapResult TapResult;
typedef struct _TapProgress TapProgress;

/* ops */
typedef struct _TapOp TapOp;

/* engine */
typedef struct _TapSession TapSession;
typedef struct _TapTrace TapTrace;
typedef struct _TapTaps TapTaps;

/* formats */
typedef struct _TapFormat TapFormat;

/* methods */
typedef struct _TapMethod TapMethod;
typedef struct _TapContext TapContext;

/* job */
typedef struct _TapLane TapLane;

G_END_DECLS
