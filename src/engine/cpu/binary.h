/* binary.h - operands that are broadcast, and how they are walked
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/tap-cpu.h"

G_BEGIN_DECLS

/* An operand as seen through the output: dimensions of the output from the outermost, those that walk as
 * one joined; strides are 0 where the operand is repeated. At least one dimension. */
typedef struct
{
  const float *data; /* NULL: only walked */
  int n;
  gint64 dims[TAP_MAX_DIMS], strides[TAP_MAX_DIMS];
} TapOperand;

void
tap_operand_init (TapOperand *self, const float *data, const TapShape *shape, const TapShape *y);

/* A cell of the output, and where it is in the operand. */
typedef struct
{
  const TapOperand *operand;
  gint64 index[TAP_MAX_DIMS];
  gint64 offset;
} TapCursor;

void tap_cursor_init (TapCursor *self, const TapOperand *operand, gsize cell);
/* @n: at most tap_cursor_even() */
void tap_cursor_advance (TapCursor *self, gsize n);

/* Cells from here on that keep one step. */
static inline gsize
tap_cursor_even (const TapCursor *self)
{
  int d = self->operand->n - 1;

  return (gsize) (self->operand->dims[d] - self->index[d]);
}

/* 0 or 1 */
static inline gsize
tap_cursor_step (const TapCursor *self)
{
  return self->operand->strides[self->operand->n - 1] != 0 ? 1 : 0;
}

static inline const float *
tap_cursor_data (const TapCursor *self)
{
  return self->operand->data != NULL ? self->operand->data + self->offset : NULL;
}

/* The shape with which input @input takes part: before opset 7 an attribute places input 1. */
TapShape tap_binary_shape (const TapCpuRun *run, int input, const TapCpuArray *array);

/* --- binary-backward.c --- */

gboolean tap_binary_backward (const TapCpuRun *run, TapBinary op);
/* For the four that follow. */
gsize tap_variadic_scratch (const TapCpuRun *run);
gboolean tap_max_backward (const TapCpuRun *run, GError **error);
gboolean tap_min_backward (const TapCpuRun *run, GError **error);
gboolean tap_mean_backward (const TapCpuRun *run, GError **error);
gboolean tap_sum_backward (const TapCpuRun *run, GError **error);

G_END_DECLS
