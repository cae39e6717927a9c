/* conv-band.c - rows of a direct convolution
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * To a pass a band is a little convolution with pads of its own. Every output is the same chain of
 * multiply-adds in the same order, so the cut leaves no trace in the bits. */

#include "config.h"

#include "engine/cpu/conv-pass.h"
#include "engine/cpu/conv.h"

gboolean
tap_conv_band (const TapCpuRun *run, TapWindow *window)
{
  return run->algorithm == TAP_CONV_DIRECT && run->inputs[0].shape.n_dims == 4 &&
         tap_op_window (run->node, &run->inputs[0].shape, &run->inputs[1].shape, window, NULL);
}

static TapConvPass
band_pass (const TapCpuRun *run, const TapWindow *window)
{
  const TapShape *w = &run->inputs[1].shape;
  int groups = MAX (window->group, 1);

  return (TapConvPass){
    .window = *window,
    .images = 1,
    .groups = groups,
    .in_per_group = (int) w->dims[1],
    .out_per_group = (int) w->dims[0] / groups,
    .simd = run->simd,
    .pool = run->pool,
  };
}

gsize
tap_conv_band_scratch (const TapCpuRun *run, const TapWindow *window, int rows)
{
  TapConvPass pass = band_pass (run, window);
  int extent = (window->kernel_h - 1) * window->dilation_h + 1;
  gsize most = 0;

  /* More rows may need less: a block that would be too large is not shared. Any of them may be those
   * at the border. */
  for (int n = 1; n <= rows; n++)
    {
      pass.window.out_h = n;
      pass.window.in_h =
        MAX ((n - 1) * window->stride_h + extent - window->pad_top - window->pad_bottom, 1);
      most = MAX (most, tap_conv_pass_scratch (&pass));
    }
  return most;
}

void
tap_conv_forward_band (const TapCpuRun *run, const TapCpuBand *band)
{
  TapWindow window = tap_cpu_band_window (band);
  TapConvPass pass = band_pass (run, &window);

  pass.x = band->x;
  pass.x_channel = band->x_channel;
  pass.y = band->y;
  pass.residual = band->residual;
  pass.y_channel = band->y_channel;
  pass.y_row = (gsize) window.out_w;
  pass.y_pixel = 1;
  pass.clamp = run->clamp;
  pass.weights = run->packed;
  if (tap_cpu_has_input (run, 2) || run->affine != NULL)
    pass.bias =
      run->packed + tap_conv_packed_floats (pass.groups, pass.out_per_group, pass.in_per_group,
                                            window.kernel_h * window.kernel_w);
  tap_conv_pass_run (&pass, run->scratch);
}
