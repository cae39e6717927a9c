/* occlusion-probe.c - one mask position, exactly, while it is dragged
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The mask is laid over the network's own input, after resizing, so that a position is a rectangle of whole
 * input pixels and tap_session_patch() can answer it. Black and grey are 8-bit levels 0 and 128 brought
 * through the preprocessing; mean is what the preprocessing subtracts, zero in input space. */
#include "config.h"

#include "methods/occlusion.h"

#include <string.h>

#include "core/tap-error.h"
#include "methods/occlusion-private.h"
#include "methods/tap-context-private.h"

gboolean
tap_occlusion_check_input (TapContext *context, GError **error)
{
  TapTensor *input = tap_context_get_input (context);
  g_autofree char *shape = NULL;

  if (input == NULL)
    {
      g_set_error_literal (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE,
                           "Occlusion needs a picture, and there is none.");
      return FALSE;
    }
  if (input->dtype == TAP_DTYPE_F32 && input->shape.n_dims == 4 && input->shape.dims[0] == 1 &&
      input->shape.dims[2] <= G_MAXINT && input->shape.dims[3] <= G_MAXINT && input->count > 0)
    return TRUE;

  shape = tap_shape_to_string (&input->shape);
  g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE,
               "A mask can be laid over an input of 1×C×H×W, but this one is %s.", shape);
  return FALSE;
}

static float
level (const TapPreprocess *preprocess, gint64 channel, float pixel)
{
  int c = (int) MIN (channel, 3);

  return preprocess->std[c] != 0.0f ? (pixel - preprocess->mean[c]) / preprocess->std[c] : 0.0f;
}

TapTensor *
tap_occlusion_pixels (TapContext *context, const TapRect *region, TapFill fill, GError **error)
{
  const TapPreprocess *preprocess = &tap_context_get_model (context)->preprocess;
  const TapShape *input = &tap_context_get_input (context)->shape;
  TapShape shape =
    tap_shape_new (4, (gint64) 1, input->dims[1], (gint64) region->height, (gint64) region->width);
  g_autoptr (TapTensor) pixels = tap_tensor_new (TAP_DTYPE_F32, &shape, error);
  TapTensor *blurred = NULL;
  float *out;

  if (pixels == NULL || fill == TAP_FILL_MEAN)
    return g_steal_pointer (&pixels);
  if (fill == TAP_FILL_BLUR)
    {
      blurred = tap_context_get_blurred (context, error);
      if (blurred == NULL)
        return NULL;
    }

  out = tap_tensor_f32 (pixels);
  for (gint64 c = 0; c < input->dims[1]; c++)
    {
      float value = level (preprocess, c, fill == TAP_FILL_BLACK ? 0.0f : 128.0f);

      for (int y = region->y; y < region->y + region->height; y++, out += region->width)
        if (blurred != NULL)
          memcpy (out,
                  tap_tensor_f32 (blurred) + (c * input->dims[2] + y) * input->dims[3] + region->x,
                  (gsize) region->width * sizeof (float));
        else
          for (int x = 0; x < region->width; x++)
            out[x] = value;
    }
  return g_steal_pointer (&pixels);
}

TapTrace *
tap_occlusion_cover (TapContext *context,
                     TapTrace *base,
                     const TapRect *region,
                     TapFill fill,
                     const TapTaps *taps,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (TapTensor) pixels = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (tap_rect_is_empty (region))
    return tap_trace_ref (base);
  pixels = tap_occlusion_pixels (context, region, fill, error);
  if (pixels == NULL)
    return NULL;
  return tap_session_patch (tap_context_get_session (context), base, region, pixels, taps, NULL,
                            cancellable, error);
}

void
tap_occlusion_probe_free (TapOcclusionProbe *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->top, g_array_unref);
  g_clear_pointer (&self->map, tap_tensor_unref);
  g_free (self->probabilities);
  g_free (self);
}

/* One map of a layer as a tensor of its own. */
static TapTensor *
copy_map (const TapMaps *maps, int unit, GError **error)
{
  TapShape shape = tap_shape_new (2, (gint64) maps->height, (gint64) maps->width);

  return tap_tensor_new_f32 (
    &shape, maps->values + (gsize) unit * (gsize) maps->height * (gsize) maps->width, error);
}

static gboolean
read_map (TapOcclusionProbe *self,
          TapTrace *base,
          TapTrace *covered,
          int layer_value,
          int unit,
          GError **error)
{
  TapTensor *clean_tensor = tap_trace_get (base, layer_value);
  TapTensor *tensor = tap_trace_get (covered, layer_value);
  TapMaps clean, maps;

  if (clean_tensor == NULL || tensor == NULL || !tap_maps_init (&clean, clean_tensor) ||
      !tap_maps_init (&maps, tensor))
    return TRUE; /* a layer without maps; the probabilities are still of interest */

  self->unit = unit >= 0 && unit < maps.n ? unit : tap_maps_strongest (&clean);
  self->map = copy_map (&maps, self->unit, error);
  return self->map != NULL;
}

TapOcclusionProbe *
tap_occlusion_probe (TapContext *context,
                     const TapRect *mask,
                     TapFill fill,
                     int layer_value,
                     int unit,
                     GCancellable *cancellable,
                     GError **error)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (TapOcclusionProbe) self = NULL;
  g_autoptr (TapTrace) base = NULL;
  g_autoptr (TapTrace) covered = NULL;
  g_autoptr (TapTaps) taps = NULL;
  TapModel *model;
  TapTensor *input;
  TapRect whole;

  g_return_val_if_fail (context != NULL && mask != NULL, NULL);

  if (!tap_occlusion_check_input (context, error))
    return NULL;
  base = tap_context_get_trace (context, layer_value, NULL, cancellable, error);
  if (base == NULL)
    return NULL;

  model = tap_context_get_model (context);
  input = tap_context_get_input (context);
  whole = (TapRect){ 0, 0, (int) input->shape.dims[3], (int) input->shape.dims[2] };
  self = g_new0 (TapOcclusionProbe, 1);
  self->mask = tap_rect_intersect (mask, &whole);
  self->unit = -1;

  taps = tap_taps_new ();
  if (model->scores >= 0 && tap_trace_get (base, model->scores) != NULL)
    tap_taps_add (taps, model->scores);
  if (layer_value >= 0)
    tap_taps_add (taps, layer_value);
  covered = tap_occlusion_cover (context, base, &self->mask, fill, taps, cancellable, error);
  if (covered == NULL)
    return NULL;

  if (layer_value >= 0 && !read_map (self, base, covered, layer_value, unit, error))
    return NULL;
  if (model->scores >= 0 && tap_trace_get (base, model->scores) != NULL)
    {
      self->probabilities = tap_context_dup_probabilities (context, covered, error);
      if (self->probabilities == NULL)
        return NULL;
      self->n_classes = model->n_classes;
    }
  self->top = tap_scores_top (self->probabilities, self->n_classes, 5);
  self->milliseconds = (double) (g_get_monotonic_time () - start) / 1000.0;
  return g_steal_pointer (&self);
}
