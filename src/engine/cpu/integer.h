/* integer.h - what sums of products of whole numbers share
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers less their zero points fit into 16 bits, their products are added up exactly. Only then are they
 * rounded: to float32, where there is no more to do, or to steps of the output. The way back is that of the
 * operator on the numbers that stand there, straight through the rounding (quantize.c). */
#pragma once

#include "engine/cpu/tap-cpu.h"
#include "ops/quantize.h"

G_BEGIN_DECLS

/* Which input is what; -1 where the operator has none. */
typedef struct
{
  int weights, x_zero, w_zero;
  int x_scale, w_scale, y_scale, y_zero, bias;
} TapIntegerInputs;

typedef struct
{
  const TapCpuRun *run;
  const TapIntegerInputs *in;
  gboolean rounds;   /* to steps of the output, as the Q… operators do */
  TapQuantum output; /* scale: of the output alone */
} TapInteger;

gboolean tap_integer_init (TapInteger *self,
                           const TapCpuRun *run,
                           const TapIntegerInputs *in,
                           GError **error);
/* Number @i of an input, or its only one; @fallback when it is left out. */
double tap_integer_number (const TapCpuRun *run, int input, gsize i, double fallback);
/* @n numbers, @step apart from @first on, less @zero; zeros up to @pitch. */
void tap_integer_row (gint16 *out,
                      TapDtype dtype,
                      gconstpointer data,
                      gsize first,
                      gsize step,
                      gsize n,
                      gsize pitch,
                      double zero);
/* Steps of the output that a sum of 1 is worth, in row @a of the left operand and @b of the right one. */
float tap_integer_scale (const TapInteger *self, gsize a, gsize b);
/* Cell @at of the output from the sum behind it. */
void tap_integer_store (const TapInteger *self, gsize at, gint64 sum, float scale);
/* What flows back to the sum behind cell @at, times its scale. */
float tap_integer_back (const TapInteger *self, gsize at, float scale);
/* TapCpuKernel.saved: which cells were within the range. */
gsize tap_integer_saved (const TapCpuRun *run);
/* Input @input as float32 less its zero points, which change every @per cells. */
void tap_integer_floats (const TapCpuRun *run, int input, int zero, gsize per, float *out);
/* Zeros for all gradients but those of inputs @a and @b: the steps are taken as given. */
void tap_integer_zero_others (const TapCpuRun *run, int a, int b);

/* Numbers in a row of whole numbers, for whole_dots(). */
static inline gsize
tap_integer_pitch (gsize n)
{
  return (n + TAP_WHOLE_STEP - 1) / TAP_WHOLE_STEP * TAP_WHOLE_STEP;
}

G_END_DECLS
