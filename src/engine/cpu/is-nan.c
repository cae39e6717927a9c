/* is-nan.c - what is no number one could count with
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "engine/cpu/tap-cpu.h"

static gboolean
is_inf_forward (const TapCpuRun *run, GError **error)
{
  const TapAttrs *attrs = run->node->attrs;
  gboolean above = tap_attrs_get_int (attrs, "detect_positive", 1) != 0;
  gboolean below = tap_attrs_get_int (attrs, "detect_negative", 1) != 0;
  const float *x = tap_cpu_f32 (&run->inputs[0]);
  gsize n = tap_cpu_count (&run->inputs[0].shape);

  for (gsize i = 0; i < n; i++)
    tap_cpu_i64 (&run->outputs[0])[i] =
      isinf (x[i]) && ((x[i] > 0 && above) || (x[i] < 0 && below));
  return TRUE;
}

static gboolean
is_nan_forward (const TapCpuRun *run, GError **error)
{
  const float *x = tap_cpu_f32 (&run->inputs[0]);
  gsize n = tap_cpu_count (&run->inputs[0].shape);

  for (gsize i = 0; i < n; i++)
    tap_cpu_i64 (&run->outputs[0])[i] = isnan (x[i]) != 0;
  return TRUE;
}

const TapCpuKernel tap_cpu_is_inf = {
  .op = "IsInf",
  .forward = is_inf_forward,
};

const TapCpuKernel tap_cpu_is_nan = {
  .op = "IsNaN",
  .forward = is_nan_forward,
};
