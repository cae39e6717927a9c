/* conv.c - convolution: which algorithm, and on to it
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/conv-pass.h"
#include "engine/cpu/conv-winograd.h"
#include "engine/cpu/conv.h"

/* The run as a job for Winograd's algorithm; FALSE when it is none. */
static gboolean
describe_winograd (const TapCpuRun *run, TapWindow *of, TapWinogradJob *job)
{
  const TapShape *x = &run->inputs[0].shape, *w = &run->inputs[1].shape;
  TapWindow window;

  if (x->n_dims != 4 || !tap_op_window (run->node, x, w, &window, NULL))
    return FALSE;
  *of = window;
  *job = (TapWinogradJob){
    .images = (int) x->dims[0],
    .groups = MAX (window.group, 1),
    .in = (int) w->dims[1],
    .out = (int) w->dims[0] / MAX (window.group, 1),
    .in_h = window.in_h,
    .in_w = window.in_w,
    .out_h = window.out_h,
    .out_w = window.out_w,
    .pad_top = window.pad_top,
    .pad_left = window.pad_left,
    .x = run->inputs[0].data,
    .packed = run->packed,
    .residual = run->residual,
    .y = run->outputs[0].data,
    .clamp = run->clamp,
    .simd = run->simd,
    .pool = run->pool,
    .scratch = run->scratch,
  };
  return tap_winograd_can (&window, job->out);
}

/* The same where it is worth it. */
static gboolean
winograd_job (const TapCpuRun *run, TapWinogradJob *job)
{
  TapWindow window;

  return describe_winograd (run, &window, job) &&
         tap_winograd_suits (&window, job->groups, job->in, job->out, run->simd);
}

/* Rectangles of one picture as such a job. */
static gboolean
near_job (const TapCpuRun *run, const TapRect *rects, int n, TapWinogradJob *job)
{
  TapWindow window;

  if (!describe_winograd (run, &window, job) || job->images != 1)
    return FALSE;
  job->parts = rects;
  job->n_parts = n;
  return TRUE;
}

static gboolean
conv_near_costs (const TapCpuRun *run, const TapRect *rects, int n, double *near, double *by_cell)
{
  TapWinogradJob job;

  if (run->packed == NULL || !near_job (run, rects, n, &job))
    return FALSE;
  *near = tap_winograd_cost (&job);
  *by_cell = tap_winograd_direct_cost (&job);
  return TRUE;
}

static gsize
conv_near_scratch (const TapCpuRun *run, const TapRect *rects, int n)
{
  TapWinogradJob job;

  return near_job (run, rects, n, &job) ? tap_winograd_scratch (&job) : 0;
}

static void
conv_forward_near (const TapCpuRun *run, const TapRect *rects, int n)
{
  TapWinogradJob job;

  if (near_job (run, rects, n, &job))
    tap_winograd_run (&job);
}

/* The gradient of the input as such a job: a convolution of what flows back with turned weights. */
static gboolean
winograd_job_back (const TapCpuRun *run, TapWinogradJob *job)
{
  const TapShape *x = &run->inputs[0].shape, *w = &run->inputs[1].shape;
  TapWindow window;

  if (x->n_dims != 4 || !tap_op_window (run->node, x, w, &window, NULL))
    return FALSE;
  *job = (TapWinogradJob){
    .images = (int) x->dims[0],
    .groups = window.group,
    .in = (int) w->dims[0] / window.group,
    .out = (int) w->dims[1],
    .in_h = window.out_h,
    .in_w = window.out_w,
    .out_h = window.in_h,
    .out_w = window.in_w,
    .pad_top = 2 - window.pad_top,
    .pad_left = 2 - window.pad_left,
    .x = run->output_grads != NULL ? run->output_grads[0].data : NULL,
    .packed = run->packed,
    .turned = TRUE,
    .residual = run->residual,
    .y = run->input_grads != NULL ? run->input_grads[0].data : NULL,
    .simd = run->simd,
    .pool = run->pool,
    .scratch = run->scratch,
  };
  window.in_h = job->in_h;
  window.in_w = job->in_w;
  window.out_h = job->out_h;
  window.out_w = job->out_w;
  window.pad_top = job->pad_top;
  window.pad_left = job->pad_left;
  /* Few maps are not packed in blocks. */
  return job->in >= TAP_CONV_FEW &&
         tap_winograd_suits (&window, job->groups, job->in, job->out, run->simd);
}

static int
conv_choose (const TapCpuRun *run)
{
  TapWinogradJob job;

  return !run->by_cell && winograd_job (run, &job) ? TAP_CONV_WINOGRAD : TAP_CONV_DIRECT;
}

static int
conv_packing (int algorithm)
{
  /* Winograd's turns the weights of the forward pass over as it transforms them. */
  return algorithm == TAP_CONV_WINOGRAD || algorithm == TAP_CONV_BACK_WINOGRAD ? TAP_CONV_DIRECT :
                                                                                 algorithm;
}

static TapTensor *
conv_pack_affine (const TapNode *node,
                  int algorithm,
                  TapTensor *const *constants,
                  const TapAffine *affine,
                  GError **error)
{
  switch ((TapConvAlgorithm) algorithm)
    {
    case TAP_CONV_DIRECT:
    case TAP_CONV_WINOGRAD:
      return tap_conv_direct_pack (node, constants, affine, error);
    case TAP_CONV_BACK_DIRECT:
      return tap_conv_direct_pack_back (node, constants, error);
    default:
      return NULL;
    }
}

static TapTensor *
conv_pack (const TapNode *node, int algorithm, TapTensor *const *constants, GError **error)
{
  return conv_pack_affine (node, algorithm, constants, NULL, error);
}

static gsize
conv_scratch (const TapCpuRun *run)
{
  TapWinogradJob job;

  switch ((TapConvAlgorithm) run->algorithm)
    {
    case TAP_CONV_WINOGRAD:
      /* Weights that turn out to be no constants are not packed, and the run is a direct one. */
      return winograd_job (run, &job) ?
               MAX (tap_winograd_scratch (&job), tap_conv_direct_scratch (run)) :
               0;
    case TAP_CONV_DIRECT:
      return tap_conv_direct_scratch (run);
    default:
      return 0;
    }
}

/**
 * conv_forward:
 *
 * Cross-correlation, as all frameworks call convolution.
 *
 * Shapes: x [N,C,H,W] or [N,C,L], w [K,C/group,R,S], bias [K], y [N,K,P,Q].
 * Units: those of x times w.
 * Edges: padding counts as 0.
 * Errors: none that inference has not found.
 */
static gboolean
conv_forward (const TapCpuRun *run, GError **error)
{
  TapWinogradJob job;

  switch ((TapConvAlgorithm) run->algorithm)
    {
    case TAP_CONV_WINOGRAD:
      if (run->packed == NULL || !winograd_job (run, &job))
        return tap_conv_direct_forward (run, error);
      tap_winograd_run (&job);
      return TRUE;
    case TAP_CONV_DIRECT:
      return tap_conv_direct_forward (run, error);
    default:
      g_assert_not_reached ();
    }
}

static int
conv_choose_backward (const TapCpuRun *run)
{
  TapWinogradJob job;

  return winograd_job_back (run, &job) ? TAP_CONV_BACK_WINOGRAD : TAP_CONV_BACK_DIRECT;
}

static gsize
conv_scratch_backward (const TapCpuRun *run)
{
  gsize bytes = MAX (tap_conv_direct_scratch_back (run), tap_conv_weights_scratch (run));
  TapWinogradJob job;

  if (run->algorithm == TAP_CONV_BACK_WINOGRAD && winograd_job_back (run, &job))
    bytes = MAX (bytes, tap_winograd_scratch (&job));
  return bytes;
}

/**
 * conv_backward:
 *
 * Gradients of x, w and bias, whichever are wanted.
 */
static gboolean
conv_backward (const TapCpuRun *run, GError **error)
{
  TapWinogradJob job;

  if (run->input_grads[0].data != NULL)
    {
      if (run->algorithm == TAP_CONV_BACK_WINOGRAD && run->packed != NULL &&
          winograd_job_back (run, &job))
        tap_winograd_run (&job);
      else if (!tap_conv_direct_back (run, error))
        return FALSE;
    }
  return tap_conv_weights_back (run, error);
}

const TapCpuKernel tap_cpu_conv = {
  .op = "Conv",
  .flags = TAP_CPU_REGIONS | TAP_CPU_CLAMPS | TAP_CPU_ADDS | TAP_CPU_BACK_ADDS,
  .choose = conv_choose,
  .packing = conv_packing,
  .pack = conv_pack,
  .pack_affine = conv_pack_affine,
  .scratch = conv_scratch,
  .forward = conv_forward,
  .goes_together = tap_conv_direct_goes_together,
  .forward_together = tap_conv_direct_together,
  .near_grain = TAP_WINOGRAD_TILE,
  .near_costs = conv_near_costs,
  .near_scratch = conv_near_scratch,
  .forward_near = conv_forward_near,
  .band = tap_conv_band,
  .band_scratch = tap_conv_band_scratch,
  .forward_band = tap_conv_forward_band,
  .backward = conv_backward,
  .needs = tap_conv_needs,
  .choose_backward = conv_choose_backward,
  .scratch_backward = conv_scratch_backward,
};
