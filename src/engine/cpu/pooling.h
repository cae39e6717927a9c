/* pooling.h - what the pooling kernels share: windows, borders, tasks
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layout: NCHW, row-major, float32; a task is some whole planes (n, c). */
#pragma once

#include "engine/cpu/tap-cpu.h"

G_BEGIN_DECLS

/* The most rows of a window that are joined in registers. */
#define TAP_POOLING_ROWS 16

typedef enum
{
  TAP_POOLING_MAX,
  TAP_POOLING_AVERAGE,
  TAP_POOLING_LP,
} TapPoolingKind;

typedef struct
{
  const TapCpuRun *run;
  TapPoolingKind kind;
  TapWindow w;
  gboolean count_padding; /* divide by the window clipped to the padded input, not to the input */
  gboolean whole;         /* one window that is the map */
  gboolean narrow;        /* rows can be seen as TapPoolWindows: no dilation, one or two apart */
  int p;                  /* the norm */
  int inner,
    inner_end; /* first and one past the last output of a row whose windows lie within it */
  gsize in_plane, out_plane, channels, n_planes, planes_per_task;
  gsize reach; /* columns from the first window's first tap to the last one's last */
  gsize in_pitch,
    out_pitch; /* numbers of scratch for a row of input with its padding, and of output */
} TapPooling;

/* Errors: those of tap_op_window(). */
gboolean
tap_pooling_init (TapPooling *self, const TapCpuRun *run, TapPoolingKind kind, GError **error);
/* The same for rows of one image: planes are those of @band, which starts them at row 0. */
void tap_pooling_init_band (TapPooling *self,
                            const TapCpuRun *run,
                            TapPoolingKind kind,
                            const TapCpuBand *band);
/* Calls @task for all planes, planes_per_task at a time. */
void tap_pooling_run (TapPooling *self, TapPoolFunc task);

/* Bytes for a row of input, and two of output, for each worker. */
gsize tap_pooling_scratch (const TapCpuRun *run);
/* Those of one worker: a row of input, whereupon two of output follow. */
float *tap_pooling_row (const TapPooling *self, int worker);

/* Taps @first .. @last - 1 of a window that starts at @start lie within [0, limit). */
static inline void
tap_pooling_taps (gint64 start, int kernel, int dilation, gint64 limit, int *first, int *last)
{
  gint64 end = limit - start;

  if (dilation == 1) /* as below, without divisions */
    {
      *first = (int) CLAMP (-start, 0, kernel);
      *last = MAX ((int) CLAMP (end, 0, kernel), *first);
      return;
    }
  *first = start < 0 ? (int) MIN ((-start + dilation - 1) / dilation, kernel) : 0;
  *last = end <= 0 ? 0 : (int) MIN ((end + dilation - 1) / dilation, kernel);
  *last = MAX (*last, *first);
}

/* Rows of the window of output row @p, by number of the kernel; the first input row of the window. */
static inline gint64
tap_pooling_rows (const TapPooling *self, int p, int *first, int *last)
{
  gint64 top = (gint64) p * self->w.stride_h - self->w.pad_top;

  tap_pooling_taps (top, self->w.kernel_h, self->w.dilation_h, self->w.in_h, first, last);
  return top;
}

static inline gint64
tap_pooling_columns (const TapPooling *self, int q, int *first, int *last)
{
  gint64 left = (gint64) q * self->w.stride_w - self->w.pad_left;

  tap_pooling_taps (left, self->w.kernel_w, self->w.dilation_w, self->w.in_w, first, last);
  return left;
}

/* Windows @q .. @q + @n - 1 of row @p; n_rows 0 when they see nothing. @row: offset in a plane of the
 * first row that they see; the others are @step apart. */
TapPoolWindows
tap_pooling_windows (const TapPooling *self, int p, int q, int n, gsize *row, gsize *step);
/* By how much the sums over windows from .. to - 1 of row @p are to be divided, at least 1. Nothing is done
 * when the row sees *@rows rows, which starts as -1, for then the last answer still holds. */
void tap_pooling_counts (const TapPooling *self, int p, int from, int to, int *rows, float *counts);

/* What plane @i of the input's gradient starts from: run->residual, or 0. */
void tap_pooling_start (const TapPooling *self, gsize i);

/* --- pool-switches.c: where the maxima were --- */

gsize tap_pooling_saved (const TapCpuRun *run);
/* Maxima of @rect of plane @i, and what run->saved and output 1 are to hold of it. */
void tap_pooling_max_plane (const TapPooling *self, gsize i, const TapRect *rect, float *scratch);
gboolean tap_pooling_max_backward (const TapCpuRun *run, GError **error);

/* --- pool-backward.c --- */

gboolean tap_pooling_average_backward (const TapCpuRun *run, GError **error);
gboolean tap_pooling_lp_backward (const TapCpuRun *run, GError **error);

G_END_DECLS
