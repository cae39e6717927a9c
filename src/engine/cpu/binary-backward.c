/* binary-backward.c - what flows back to operands that may have been repeated
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The share of an operand is worked out cell by cell of the output, in blocks. Where the operand has the
 * shape of the output, that is all. Where it was repeated, the shares are summed in double precision over
 * the dimensions in which it was, from the first cell to the last; tasks own cells of the operand. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "core/tap-error.h"
#include "engine/cpu/binary.h"

#define BLOCK 512
/* Cells of the output that a task is worth. */
#define CHUNK 16384

typedef struct _Share Share;

/* Shares of cells @offset .. @offset + @n - 1 of the output, @n at most BLOCK. */
typedef void (*ShareFunc) (const Share *share, gsize offset, gsize n, float *d);

struct _Share
{
  const TapCpuRun *run;
  ShareFunc func;
  int input;            /* whose share */
  TapBinary op;         /* of two operands, and of extremes */
  TapOperand *operands; /* per input */
};

/* The dimensions of the output, those that an operand has and those that it was repeated over by turns. */
typedef struct
{
  const Share *share;
  float *grad;
  int n_kept, n_summed; /* without the innermost of all */
  gint64 kept[TAP_MAX_DIMS], kept_strides[TAP_MAX_DIMS];
  gint64 summed[TAP_MAX_DIMS], summed_strides[TAP_MAX_DIMS];
  gint64 inner;
  gboolean inner_summed;
  gsize cells, rows; /* of the operand without the innermost; repetitions of each */
  gsize blocks, per_task;
} Fold;

static gsize
offset_of (gsize index, int n, const gint64 *dims, const gint64 *strides)
{
  gint64 offset = 0;

  for (int d = n - 1; d >= 0; d--)
    {
      offset += (gint64) (index % (gsize) dims[d]) * strides[d];
      index /= (gsize) dims[d];
    }
  return (gsize) offset;
}

/* One number of the operand: all rows, each from end to end. */
static void
fold_rows (const Fold *f, gsize cell)
{
  gsize start = offset_of (cell, f->n_kept, f->kept, f->kept_strides), length = (gsize) f->inner;
  float d[BLOCK];
  double sum = 0;

  for (gsize r = 0; r < f->rows; r++)
    {
      gsize row = start + offset_of (r, f->n_summed, f->summed, f->summed_strides);

      for (gsize i = 0; i < length; i += BLOCK)
        {
          gsize n = MIN (BLOCK, length - i);

          f->share->func (f->share, row + i, n, d);
          sum += (double) f->share->run->simd->sum (d, n);
        }
    }
  f->grad[cell] = (float) sum;
}

/* Neighbouring numbers of the operand: row upon row. */
static void
fold_columns (const Fold *f, gsize cell, gsize first)
{
  gsize start = offset_of (cell, f->n_kept, f->kept, f->kept_strides) + first;
  gsize n = MIN (BLOCK, (gsize) f->inner - first);
  float d[BLOCK];
  double sums[BLOCK] = { 0 };

  for (gsize r = 0; r < f->rows; r++)
    {
      f->share->func (f->share, start + offset_of (r, f->n_summed, f->summed, f->summed_strides), n,
                      d);
      for (gsize i = 0; i < n; i++)
        sums[i] += (double) d[i];
    }
  for (gsize i = 0; i < n; i++)
    f->grad[cell * (gsize) f->inner + first + i] = (float) sums[i];
}

static void
fold_task (gpointer user_data, int task, int worker)
{
  const Fold *f = user_data;
  gsize first = (gsize) task * f->per_task;
  gsize last = MIN (first + f->per_task, f->cells * f->blocks);

  for (gsize i = first; i < last; i++)
    if (f->inner_summed)
      fold_rows (f, i);
    else
      fold_columns (f, i / f->blocks, i % f->blocks * BLOCK);
}

/* The operand was repeated. */
static void
fold (const Share *share, const TapOperand *operand, float *grad)
{
  Fold f = { .share = share, .grad = grad, .cells = 1, .rows = 1 };
  gint64 stride = 1;
  int last = operand->n - 1;
  gsize work;

  f.inner = operand->dims[last];
  f.inner_summed = operand->strides[last] == 0;
  for (int d = 0; d < operand->n; d++)
    stride *= operand->dims[d];
  for (int d = 0; d < last; d++)
    {
      stride /= operand->dims[d];
      if (operand->strides[d] != 0)
        {
          f.kept[f.n_kept] = operand->dims[d];
          f.kept_strides[f.n_kept++] = stride;
          f.cells *= (gsize) operand->dims[d];
        }
      else
        {
          f.summed[f.n_summed] = operand->dims[d];
          f.summed_strides[f.n_summed++] = stride;
          f.rows *= (gsize) operand->dims[d];
        }
    }
  f.blocks = f.inner_summed ? 1 : ((gsize) f.inner + BLOCK - 1) / BLOCK;
  work = MAX (f.rows * MIN ((gsize) f.inner, f.inner_summed ? G_MAXSIZE : BLOCK), 1);
  f.per_task = MAX (CHUNK / work, 1);
  tap_pool_run (share->run->pool, (int) ((f.cells * f.blocks + f.per_task - 1) / f.per_task),
                fold_task, &f);
}

static void
share_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const Share *share = data;
  float *d = tap_cpu_f32 (&run->input_grads[share->input]) + offset;

  for (gsize i = 0; i < n; i += BLOCK)
    share->func (share, offset + i, MIN (BLOCK, n - i), d + i);
}

/* The gradient of one input. */
static void
share_out (Share *share, int input)
{
  const TapCpuRun *run = share->run;
  float *grad = tap_cpu_f32 (&run->input_grads[input]);
  gsize count = tap_cpu_count (&run->inputs[input].shape);

  share->input = input;
  if (tap_cpu_count (&run->outputs[0].shape) == 0)
    memset (grad, 0, count * sizeof (float));
  else if (count == tap_cpu_count (&run->outputs[0].shape))
    tap_cpu_spans (run, FALSE, share_span, share);
  else
    fold (share, &share->operands[input], grad);
}

/* Input 0 last: its gradient may lie over that of the output. */
static void
share_out_all (Share *share)
{
  const TapCpuRun *run = share->run;

  for (int i = run->n_inputs - 1; i >= 0; i--)
    if (run->input_grads[i].data != NULL)
      share_out (share, i);
}

static void
pair_share (const Share *share, gsize offset, gsize n, float *d)
{
  const TapCpuRun *run = share->run;
  const float *dy = tap_cpu_f32 (&run->output_grads[0]) + offset;
  TapCursor u, v;

  tap_cursor_init (&u, &share->operands[0], offset);
  tap_cursor_init (&v, &share->operands[1], offset);
  while (n > 0)
    {
      gsize length = MIN (MIN (tap_cursor_even (&u), tap_cursor_even (&v)), n);

      run->simd->binary_backward (share->op, share->input, d, dy, tap_cursor_data (&u),
                                  tap_cursor_step (&u), tap_cursor_data (&v), tap_cursor_step (&v),
                                  length);
      tap_cursor_advance (&u, length);
      tap_cursor_advance (&v, length);
      d += length;
      dy += length;
      n -= length;
    }
}

/* PRelu's first operand is told by bits: 1 where they are set, else the slope. */
static void
prelu_share (const Share *share, gsize offset, gsize n, float *d)
{
  const TapCpuRun *run = share->run;
  const TapSimd *simd = run->simd;
  TapCursor slope;

  tap_cursor_init (&slope, &share->operands[1], offset);
  while (n > 0)
    {
      gsize length = MIN (tap_cursor_even (&slope), n);
      const float *dy = tap_cpu_f32 (&run->output_grads[0]) + offset;
      const float *b = tap_cursor_data (&slope);
      const float one = 1;
      float sign[BLOCK];

      if (tap_cursor_step (&slope) == 0)
        simd->scale_by_bits (d, dy, run->saved, offset, length, 1, *b);
      else
        {
          simd->binary (TAP_BINARY_MUL, sign, &one, 0, &one, 0, length);
          simd->scale_by_bits (sign, sign, run->saved, offset, length, 1, -1);
          simd->binary_backward (TAP_BINARY_PRELU, 0, d, dy, sign, 1, b, 1, length);
        }
      tap_cursor_advance (&slope, length);
      d += length;
      offset += length;
      n -= length;
    }
}

static void
sum_share (const Share *share, gsize offset, gsize n, float *d)
{
  const float *dy = tap_cpu_f32 (&share->run->output_grads[0]) + offset;

  if (d != dy)
    memcpy (d, dy, n * sizeof (float));
}

static void
mean_share (const Share *share, gsize offset, gsize n, float *d)
{
  const float *dy = tap_cpu_f32 (&share->run->output_grads[0]) + offset;
  float count = (float) share->run->n_inputs;

  share->run->simd->binary (TAP_BINARY_DIV, d, dy, 1, &count, 0, n);
}

typedef void (*StretchFunc) (const Share *share,
                             gsize at,
                             const float *x,
                             gsize step,
                             gsize n,
                             float *first,
                             float *second,
                             const float *dy);

/* Calls @func for the stretches of @operand in a block. */
static void
stretches (const Share *share,
           const TapOperand *operand,
           gsize offset,
           gsize n,
           StretchFunc func,
           float *first,
           float *second,
           const float *dy)
{
  TapCursor x;

  tap_cursor_init (&x, operand, offset);
  for (gsize i = 0; i < n;)
    {
      gsize length = MIN (tap_cursor_even (&x), n - i);

      func (share, i, tap_cursor_data (&x), tap_cursor_step (&x), length, first, second, dy);
      tap_cursor_advance (&x, length);
      i += length;
    }
}

static void
join_stretch (const Share *share,
              gsize at,
              const float *x,
              gsize step,
              gsize n,
              float *extreme,
              float *unused,
              const float *dy)
{
  share->run->simd->binary (share->op, extreme + at, extreme + at, 1, x, step, n);
}

static void
count_stretch (const Share *share,
               gsize at,
               const float *x,
               gsize step,
               gsize n,
               float *extreme,
               float *count,
               const float *dy)
{
  share->run->simd->count_ties (count + at, x, step, extreme + at, n);
}

/* Here @extreme turns into the share. */
static void
share_stretch (const Share *share,
               gsize at,
               const float *x,
               gsize step,
               gsize n,
               float *extreme,
               float *count,
               const float *dy)
{
  share->run->simd->share_ties (extreme + at, dy + at, x, step, extreme + at, count + at, n);
}

/* All that equal the extreme share evenly, as in torch.amax and torch.maximum; NaN is extreme. */
static void
extreme_share (const Share *share, gsize offset, gsize n, float *d)
{
  const TapCpuRun *run = share->run;
  const float *dy = tap_cpu_f32 (&run->output_grads[0]) + offset;
  float extreme[BLOCK], count[BLOCK] = { 0 };
  const float none = share->op == TAP_BINARY_MAX ? -INFINITY : INFINITY;

  for (gsize i = 0; i < n; i++)
    extreme[i] = none;
  for (int i = 0; i < run->n_inputs; i++)
    stretches (share, &share->operands[i], offset, n, join_stretch, extreme, NULL, NULL);
  for (int i = 0; i < run->n_inputs; i++)
    stretches (share, &share->operands[i], offset, n, count_stretch, extreme, count, NULL);
  stretches (share, &share->operands[share->input], offset, n, share_stretch, extreme, count, dy);
  memcpy (d, extreme, n * sizeof (float));
}

static void
init_operands (const TapCpuRun *run, TapOperand *operands)
{
  for (int i = 0; i < run->n_inputs; i++)
    {
      TapShape shape = tap_binary_shape (run, i, &run->inputs[i]);

      tap_operand_init (&operands[i], tap_cpu_f32 (&run->inputs[i]), &shape,
                        &run->outputs[0].shape);
    }
}

gboolean
tap_binary_backward (const TapCpuRun *run, TapBinary op)
{
  TapOperand operands[2];
  Share share = { .run = run, .func = pair_share, .op = op, .operands = operands };

  init_operands (run, operands);
  if (op != TAP_BINARY_PRELU)
    {
      share_out_all (&share);
      return TRUE;
    }
  if (run->input_grads[1].data != NULL)
    share_out (&share, 1);
  share.func = prelu_share;
  if (run->input_grads[0].data != NULL)
    share_out (&share, 0);
  return TRUE;
}

gsize
tap_variadic_scratch (const TapCpuRun *run)
{
  return (gsize) run->n_inputs * sizeof (TapOperand);
}

static void
variadic_backward (const TapCpuRun *run, ShareFunc func, TapBinary op)
{
  Share share = { .run = run, .func = func, .op = op, .operands = run->scratch };

  init_operands (run, share.operands);
  share_out_all (&share);
}

static gboolean
extreme_backward (const TapCpuRun *run, TapBinary op, GError **error)
{
  for (int i = 0; i < run->n_inputs; i++)
    if (run->inputs[i].data == NULL && tap_cpu_count (&run->inputs[i].shape) > 0)
      {
        g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED,
                     "Nothing can be taken back through node “%s” (%s), because it has more than "
                     "16 inputs.",
                     run->node->name, run->node->op_type);
        return FALSE;
      }
  variadic_backward (run, extreme_share, op);
  return TRUE;
}

gboolean
tap_max_backward (const TapCpuRun *run, GError **error)
{
  return extreme_backward (run, TAP_BINARY_MAX, error);
}

gboolean
tap_min_backward (const TapCpuRun *run, GError **error)
{
  return extreme_backward (run, TAP_BINARY_MIN, error);
}

gboolean
tap_mean_backward (const TapCpuRun *run, GError **error)
{
  variadic_backward (run, mean_share, TAP_BINARY_ADD);
  return TRUE;
}

gboolean
tap_sum_backward (const TapCpuRun *run, GError **error)
{
  variadic_backward (run, sum_share, TAP_BINARY_ADD);
  return TRUE;
}
