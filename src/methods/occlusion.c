/* occlusion.c - what the network says while a mask covers each part of the picture in turn
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Four maps over the mask's positions, as Zeiler & Fergus drew them: the probability of the chosen class, the
 * strength of the map that was strongest on the clean picture, that map itself, and the most probable class.
 * A dark place in the first says that the network looked there.
 *
 * Every position is computed by incremental inference from the clean pass, exactly but for rounding. Positions
 * are visited from a coarse grid to a fine one, so that a partial result covers the whole picture: cells not
 * computed yet show what the nearest coarser cell found. */
#include "config.h"

#include "methods/occlusion.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/tap-error.h"
#include "methods/occlusion-private.h"
#include "methods/tap-context-private.h"
#include "methods/tap-method.h"

/* Partial results at most this often. */
#define PARTIAL_US (G_USEC_PER_SEC / 20)
/* Places that are handed to the engine together. */
#define STRETCH    256

typedef enum
{
  PLACE_CORNER,
  PLACE_CENTRED,
} Placement;

typedef enum
{
  STRENGTH_MEAN,
  STRENGTH_SUM,
  STRENGTH_ALL,
} Strength;

static const TapChoice placements[] = {
  { "corner", N_ ("Corners every stride, inside") },
  { "centred", N_ ("Centred, clipped at the borders") },
  { NULL, NULL },
};

static const TapChoice fills[] = {
  { "black", N_ ("Black") }, { "grey", N_ ("Grey") }, { "mean", N_ ("Mean colour") },
  { "blur", N_ ("Blur") },   { NULL, NULL },
};

static const TapChoice strengths[] = {
  { "mean", N_ ("Mean of the strongest map") },
  { "sum", N_ ("Total of the strongest map") },
  { "all", N_ ("Mean over all maps") },
  { NULL, NULL },
};

static const TapParam params[] = {
  { .id = "mask",
    .kind = TAP_PARAM_INT,
    .label = N_ ("Mask size"),
    .help = N_ ("Side of the square mask, in pixels of the network's input; 0 takes a fifth of the "
                "shorter side."),
    .unit = "px",
    .min = 0,
    .max = 4096,
    .soft_min = 1,
    .soft_max = 128,
    .step = 1,
    .fallback = 0 },
  { .id = "stride",
    .kind = TAP_PARAM_INT,
    .label = N_ ("Stride"),
    .help = N_ ("How far apart the positions are, in pixels of the network's input; 0 takes a "
                "fourteenth of the shorter side."),
    .unit = "px",
    .min = 0,
    .max = 4096,
    .soft_min = 1,
    .soft_max = 64,
    .step = 1,
    .fallback = 0 },
  { .id = "placement",
    .kind = TAP_PARAM_CHOICE,
    .label = N_ ("Placement"),
    .help =
      N_ ("Corners: the top-left corner stands at every multiple of the stride and the mask "
          "lies wholly inside. Centred: its centre does, over the whole input, clipped at the "
          "borders."),
    .choices = placements,
    .fallback = PLACE_CORNER },
  { .id = "fill",
    .kind = TAP_PARAM_CHOICE,
    .label = N_ ("Fill"),
    .help = N_ ("What the mask shows: black, grey (level 128), the mean colour of the "
                "preprocessing, or the picture strongly blurred."),
    .choices = fills,
    .fallback = TAP_FILL_GREY },
  { .id = "class",
    .kind = TAP_PARAM_CLASS,
    .label = N_ ("Class"),
    .help = N_ ("Whose probability is drawn; -1 takes the most probable on the clean picture."),
    .min = -1,
    .max = 0,
    .step = 1,
    .fallback = -1 },
  { .id = "layer",
    .kind = TAP_PARAM_LAYER,
    .label = N_ ("Layer"),
    .help = N_ ("Whose strongest map is followed; when none is named, the last one that still has "
                "extent.") },
  { .id = "unit",
    .kind = TAP_PARAM_UNIT,
    .label = N_ ("Map"),
    .help = N_ ("Which map of the layer is followed; -1 takes the one with the highest mean on the "
                "clean picture."),
    .min = -1,
    .max = 0,
    .step = 1,
    .fallback = -1 },
  { .id = "strength",
    .kind = TAP_PARAM_CHOICE,
    .label = N_ ("Strength"),
    .help = N_ ("How a map becomes one number: its mean, its total, or the mean over all maps of "
                "the layer."),
    .choices = strengths,
    .fallback = STRENGTH_MEAN },
  { NULL },
};

typedef struct
{
  TapContext *context;
  TapModel *model;
  TapParams *values; /* with the choices made that were left open */

  int height, width; /* of the input */
  int mask, stride;
  Placement placement;
  TapFill fill;
  Strength strength;
  TapNode *layer;
  int layer_value, unit, class_index;
  int rows, columns;

  TapTrace *base;
  TapTaps *taps;
  GArray *top; /* of the clean picture */
  float clean_probability;
  int clean_winner;
  TapTensor *probability, *strongest, *winner, *projection;
  guint8 *known;  /* rows × columns */
  float *scratch; /* n_classes */
  gsize n_done;
  gint64 start_us, shown_us; /* shown: the latest partial result */
} Sweep;

static void
sweep_clear (Sweep *self)
{
  g_clear_pointer (&self->values, tap_params_free);
  g_clear_pointer (&self->base, tap_trace_unref);
  g_clear_pointer (&self->taps, tap_taps_free);
  g_clear_pointer (&self->top, g_array_unref);
  g_clear_pointer (&self->probability, tap_tensor_unref);
  g_clear_pointer (&self->strongest, tap_tensor_unref);
  g_clear_pointer (&self->winner, tap_tensor_unref);
  g_clear_pointer (&self->projection, tap_tensor_unref);
  g_clear_pointer (&self->known, g_free);
  g_clear_pointer (&self->scratch, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sweep, sweep_clear)

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER, message);
  return FALSE;
}

static gboolean
sweep_place (Sweep *self, const TapParams *values, GError **error)
{
  const TapShape *shape = &tap_context_get_input (self->context)->shape;
  int side;

  self->height = (int) shape->dims[2];
  self->width = (int) shape->dims[3];
  side = MIN (self->height, self->width);
  self->values = tap_params_copy (values);
  self->mask = tap_params_get_int (values, "mask");
  self->stride = tap_params_get_int (values, "stride");
  if (self->mask == 0)
    self->mask = CLAMP (side / 5, 1, 4096);
  if (self->stride == 0)
    self->stride = CLAMP (side / 14, 1, 4096);
  self->placement = (Placement) tap_params_get_int (values, "placement");
  self->fill = (TapFill) tap_params_get_int (values, "fill");
  self->strength = (Strength) tap_params_get_int (values, "strength");

  if (self->placement == PLACE_CORNER)
    {
      if (self->mask > side)
        return refuse (error, "A mask of %d pixels does not lie inside an input of %d×%d.",
                       self->mask, self->height, self->width);
      self->rows = (self->height - self->mask) / self->stride + 1;
      self->columns = (self->width - self->mask) / self->stride + 1;
    }
  else
    {
      self->rows = (self->height - 1) / self->stride + 1;
      self->columns = (self->width - 1) / self->stride + 1;
    }
  return tap_params_set (self->values, "mask", self->mask, error) &&
         tap_params_set (self->values, "stride", self->stride, error);
}

static TapRect
sweep_region (const Sweep *self, int row, int column)
{
  TapRect whole = { 0, 0, self->width, self->height };
  int back = self->placement == PLACE_CENTRED ? self->mask / 2 : 0;
  TapRect region = { column * self->stride - back, row * self->stride - back, self->mask,
                     self->mask };

  return tap_rect_intersect (&region, &whole);
}

/* The clean picture's map at the size of the input: bilinear, half-pixel centres, borders repeated. */
static TapTensor *
enlarge (const TapMaps *maps, int unit, int height, int width, GError **error)
{
  const float *map = maps->values + (gsize) unit * (gsize) maps->height * (gsize) maps->width;
  TapShape shape = tap_shape_new (2, (gint64) height, (gint64) width);
  TapTensor *out = tap_tensor_new_uninit (TAP_DTYPE_F32, &shape, error);

  if (out == NULL)
    return NULL;
  for (int y = 0; y < height; y++)
    {
      double at_y = CLAMP ((y + 0.5) * maps->height / height - 0.5, 0.0, maps->height - 1.0);
      int y0 = (int) at_y, y1 = MIN (y0 + 1, maps->height - 1);
      const float *upper = map + (gsize) y0 * (gsize) maps->width;
      const float *lower = map + (gsize) y1 * (gsize) maps->width;

      for (int x = 0; x < width; x++)
        {
          double at_x = CLAMP ((x + 0.5) * maps->width / width - 0.5, 0.0, maps->width - 1.0);
          int x0 = (int) at_x, x1 = MIN (x0 + 1, maps->width - 1);
          double a = upper[x0] + (upper[x1] - upper[x0]) * (at_x - x0);
          double b = lower[x0] + (lower[x1] - lower[x0]) * (at_x - x0);

          tap_tensor_f32 (out)[(gsize) y * (gsize) width + (gsize) x] =
            (float) (a + (b - a) * (at_y - y0));
        }
    }
  return out;
}

static float
strength_of (const Sweep *self, const TapMaps *maps)
{
  double cells = (double) maps->height * maps->width, sum = 0.0;

  switch (self->strength)
    {
    case STRENGTH_SUM:
      return (float) tap_maps_sum (maps, self->unit);
    case STRENGTH_ALL:
      for (int k = 0; k < maps->n; k++)
        sum += tap_maps_sum (maps, k);
      return (float) (sum / (cells * maps->n));
    case STRENGTH_MEAN:
    default:
      return (float) (tap_maps_sum (maps, self->unit) / cells);
    }
}

/* The clean pass, and every choice that was left to it: class and map. */
static gboolean
sweep_look (Sweep *self, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  TapTensor *tensor;
  TapMaps maps;

  self->layer =
    tap_context_resolve_layer (self->context, tap_params_get_string (self->values, "layer"), error);
  if (self->layer == NULL)
    return FALSE;
  self->layer_value = tap_graph_layer_value (self->model->graph, self->layer)->index;
  self->base = tap_context_get_trace (self->context, self->layer_value, NULL, cancellable, error);
  if (self->base == NULL)
    return FALSE;
  self->scratch = tap_context_dup_probabilities (self->context, self->base, error);
  if (self->scratch == NULL)
    return FALSE;

  self->class_index =
    tap_context_resolve_class (self->context, self->values, "class", self->scratch, error);
  if (self->class_index < 0)
    return FALSE;
  self->top = tap_scores_top (self->scratch, self->model->n_classes, 5);
  self->clean_winner = g_array_index (self->top, TapScore, 0).index;
  self->clean_probability = self->scratch[self->class_index];

  tensor = tap_trace_get (self->base, self->layer_value);
  if (tensor == NULL || !tap_maps_init (&maps, tensor))
    return refuse (error, "Layer “%s” holds whole numbers or nothing at all, not maps.",
                   self->layer->name);
  self->unit = tap_params_get_int (self->values, "unit");
  if (self->unit >= maps.n)
    return refuse (error, "Layer “%s” has maps 0 to %d, but map %d is asked for.",
                   self->layer->name, maps.n - 1, self->unit);
  if (self->unit < 0)
    self->unit = tap_maps_strongest (&maps);
  self->projection = enlarge (&maps, self->unit, self->height, self->width, error);
  if (self->projection == NULL)
    return FALSE;

  self->taps = tap_taps_new_for (self->model->scores, self->layer_value, -1);
  return tap_params_set (self->values, "class", self->class_index, error) &&
         tap_params_set (self->values, "unit", self->unit, error) &&
         tap_params_set_string (self->values, "layer", self->layer->name, error);
}

static gboolean
sweep_allocate (Sweep *self, GError **error)
{
  TapShape shape = tap_shape_new (2, (gint64) self->rows, (gint64) self->columns);

  self->probability = tap_tensor_new (TAP_DTYPE_F32, &shape, error);
  self->strongest = self->probability ? tap_tensor_new (TAP_DTYPE_F32, &shape, error) : NULL;
  self->winner = self->strongest ? tap_tensor_new (TAP_DTYPE_F32, &shape, error) : NULL;
  if (self->winner == NULL)
    return FALSE;
  self->known = g_try_malloc0 (self->probability->count);
  if (self->known == NULL)
    return refuse (error, "There is no memory for %d×%d positions.", self->rows, self->columns);
  return TRUE;
}

/* Reads off what the maps show of one place. */
static gboolean
sweep_note (Sweep *self, gsize cell, TapTrace *trace, GError **error)
{
  g_autoptr (GArray) top = NULL;
  TapMaps maps;

  if (!tap_context_probabilities (self->context, trace, 0, self->scratch, error))
    return FALSE;
  top = tap_scores_top (self->scratch, self->model->n_classes, 1);
  tap_tensor_f32 (self->probability)[cell] = self->scratch[self->class_index];
  tap_tensor_f32 (self->winner)[cell] = (float) g_array_index (top, TapScore, 0).index;
  if (tap_maps_init (&maps, tap_trace_get (trace, self->layer_value)))
    tap_tensor_f32 (self->strongest)[cell] = strength_of (self, &maps);
  self->known[cell] = 1;
  self->n_done++;
  return TRUE;
}

/* A copy in which every unknown cell shows the nearest coarser one that is known; the first cell always
 * is. */
static TapTensor *
fill_in (const Sweep *self, const TapTensor *from)
{
  TapTensor *out = tap_tensor_new_uninit (TAP_DTYPE_F32, &from->shape, NULL);

  if (out == NULL)
    return NULL;
  for (int r = 0; r < self->rows; r++)
    for (int c = 0; c < self->columns; c++)
      {
        int row = r, column = c;

        for (int step = 2; !self->known[row * self->columns + column]; step *= 2)
          {
            row = r - r % step;
            column = c - c % step;
          }
        tap_tensor_f32 (out)[r * self->columns + c] =
          tap_tensor_f32 ((TapTensor *) from)[row * self->columns + column];
      }
  return out;
}

/* “Egyptian cat”, or class 285 where there are no labels. (transfer full) */
static char *
sweep_dup_class (const Sweep *self)
{
  g_autofree char *label = tap_labels_dup_short_name (self->model->labels, self->class_index);

  if (self->model->labels->source == NULL || self->class_index >= self->model->labels->n)
    return g_strdup_printf ("class %d", self->class_index);
  return g_strdup_printf ("“%s”", label);
}

static char *
sweep_describe (const Sweep *self)
{
  static const char *const words[] = { "black", "grey", "mean-coloured", "blurred" };
  const float *values = tap_tensor_f32 (self->probability);
  g_autofree char *picture = tap_context_dup_picture_label (self->context);
  g_autofree char *label = sweep_dup_class (self);
  g_autofree char *clean = tap_number_to_string (self->clean_probability);
  g_autofree char *lowest = NULL;
  gsize n = self->probability->count, least = 0;
  int n_changed = 0;

  for (gsize i = 0; i < n; i++)
    {
      if (values[i] < values[least])
        least = i;
      n_changed += (int) tap_tensor_f32 (self->winner)[i] != self->clean_winner;
    }
  lowest = tap_number_to_string (values[least]);
  return g_strdup_printf (
    "A %s mask of %d×%d pixels over %s at %d×%d places: the probability of %s, %s uncovered, is "
    "lowest (%s) in row %d, column %d; another class wins at %d of %d places.",
    words[self->fill], self->mask, self->mask, picture, self->rows, self->columns, label, clean,
    lowest, (int) (least / (gsize) self->columns) + 1, (int) (least % (gsize) self->columns) + 1,
    n_changed, (int) n);
}

static TapResult *
sweep_result (const Sweep *self,
              TapTensor *probability,
              TapTensor *strongest,
              TapTensor *winner,
              double fraction)
{
  TapResult *result = tap_context_new_result (self->context, "occlusion", self->values);
  g_autofree char *label = sweep_dup_class (self);
  g_autofree char *probability_title = g_strdup_printf ("Probability of %s", label);
  g_autofree char *strongest_title = NULL;
  g_autofree char *projection_title = NULL;
  TapArray *array;

  if (self->strength == STRENGTH_ALL)
    strongest_title = g_strdup_printf ("Mean of all maps of “%s”", self->layer->name);
  else
    strongest_title =
      g_strdup_printf ("%s of map %d of “%s”", self->strength == STRENGTH_SUM ? "Total" : "Mean",
                       self->unit, self->layer->name);
  projection_title =
    g_strdup_printf ("Clean map %d of “%s”, enlarged", self->unit, self->layer->name);

  array = tap_result_add (result, "probability", probability_title, TAP_ARRAY_MAP, probability);
  array->has_range = TRUE;
  array->min = 0.0f;
  array->max = 1.0f;
  tap_result_add (result, "strongest", strongest_title, TAP_ARRAY_MAP, strongest);
  tap_result_add (result, "projection", projection_title, TAP_ARRAY_MAP, self->projection);
  array = tap_result_add (result, "winner", "Most probable class", TAP_ARRAY_CLASSES, winner);
  array->is_int32 = TRUE;

  result->fraction = fraction;
  result->layer = g_strdup (self->layer->name);
  result->unit = self->unit;
  result->class_index = self->class_index;
  result->top = g_array_ref (self->top);
  result->milliseconds = (double) (g_get_monotonic_time () - self->start_us) / 1000.0;
  return result;
}

static void
sweep_show (const Sweep *self, double fraction, TapProgress *progress)
{
  g_autoptr (TapTensor) probability = fill_in (self, self->probability);
  g_autoptr (TapTensor) strongest = fill_in (self, self->strongest);
  g_autoptr (TapTensor) winner = fill_in (self, self->winner);
  TapResult *partial;

  if (probability == NULL || strongest == NULL || winner == NULL)
    return;
  partial = sweep_result (self, probability, strongest, winner, fraction);
  partial->sentence =
    g_strdup_printf ("%.0f %% of the places have been covered so far.", 100.0 * fraction);
  tap_progress_partial (progress, partial);
}

/* All cells, coarse ones first: a cell comes at the largest power of two that divides both its row and its
 * column. (transfer full) (element-type gsize) */
static GArray *
sweep_order (const Sweep *self)
{
  GArray *order = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_autofree guint8 *listed = g_malloc0 (self->probability->count);
  int step = 1;

  while (step < MAX (self->rows, self->columns))
    step *= 2;
  for (; step > 0; step /= 2)
    for (int row = 0; row < self->rows; row += step)
      for (int column = 0; column < self->columns; column += step)
        {
          gsize cell = (gsize) row * (gsize) self->columns + (gsize) column;

          if (!listed[cell])
            g_array_append_val (order, cell);
          listed[cell] = 1;
        }
  return order;
}

/* Some places of the sweep, as the engine takes them. */
typedef struct
{
  Sweep *sweep;
  TapProgress *progress;
  const gsize *cells;
  int n;
  gsize done_before;
} Stretch;

static gboolean
stretch_place_cb (int position, TapTrace *trace, gpointer user_data, GError **error)
{
  Stretch *stretch = user_data;
  Sweep *sweep = stretch->sweep;
  gsize n = sweep->probability->count;
  gint64 now;

  if (!sweep_note (sweep, stretch->cells[position], trace, error))
    return FALSE;
  now = g_get_monotonic_time ();
  if (sweep->n_done < n && now - sweep->shown_us >= PARTIAL_US &&
      tap_progress_wants_partial (stretch->progress))
    {
      sweep->shown_us = now;
      sweep_show (sweep, (double) sweep->n_done / (double) n, stretch->progress);
    }
  return TRUE;
}

static void
stretch_progress_cb (double fraction, gpointer user_data)
{
  const Stretch *stretch = user_data;

  tap_progress_set (stretch->progress, ((double) stretch->done_before + fraction * stretch->n) /
                                         (double) stretch->sweep->probability->count);
}

static gboolean
stretch_run (Stretch *self, GCancellable *cancellable, GError **error)
{
  Sweep *sweep = self->sweep;
  g_autofree TapRect *regions = g_new (TapRect, self->n);
  g_autoptr (GPtrArray) pixels = g_ptr_array_new_with_free_func ((GDestroyNotify) tap_tensor_unref);
  g_autoptr (TapProgress) progress = tap_progress_new (stretch_progress_cb, NULL, self);

  for (int i = 0; i < self->n; i++)
    {
      int row = (int) (self->cells[i] / (gsize) sweep->columns);
      int column = (int) (self->cells[i] % (gsize) sweep->columns);
      TapTensor *covering;

      regions[i] = sweep_region (sweep, row, column);
      covering = tap_occlusion_pixels (sweep->context, &regions[i], sweep->fill, error);
      if (covering == NULL)
        return FALSE;
      g_ptr_array_add (pixels, covering);
    }
  return tap_session_patch_many (tap_context_get_session (sweep->context), sweep->base, regions,
                                 (TapTensor *const *) pixels->pdata, self->n, self->n, sweep->taps,
                                 stretch_place_cb, self, progress, cancellable, error);
}

/* A stretch at a time, for what covers the places takes memory. */
static gboolean
sweep_run (Sweep *self, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) order = sweep_order (self);

  self->shown_us = self->start_us;
  for (guint first = 0; first < order->len; first += STRETCH)
    {
      Stretch stretch = { .sweep = self,
                          .progress = progress,
                          .cells = &g_array_index (order, gsize, first),
                          .n = (int) MIN (STRETCH, order->len - first),
                          .done_before = self->n_done };

      if (!stretch_run (&stretch, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

static TapResult *
occlusion_run (TapContext *context,
               const TapParams *values,
               TapProgress *progress,
               GCancellable *cancellable,
               GError **error)
{
  g_auto (Sweep) sweep = { .context = context,
                           .model = tap_context_get_model (context),
                           .start_us = g_get_monotonic_time () };
  TapResult *result;

  if (!tap_occlusion_check_input (context, error) || !sweep_place (&sweep, values, error) ||
      !sweep_look (&sweep, progress, cancellable, error) || !sweep_allocate (&sweep, error) ||
      !sweep_run (&sweep, progress, cancellable, error))
    return NULL;

  result = sweep_result (&sweep, sweep.probability, sweep.strongest, sweep.winner, 1.0);
  result->sentence = sweep_describe (&sweep);
  return result;
}

const TapMethod tap_method_occlusion = {
  .id = "occlusion",
  .title = N_ ("Occlusion map"),
  .summary = N_ ("Covers each part of the picture in turn and draws what the network then says."),
  .source = "Zeiler & Fergus 2014, arXiv:1311.2901, section 4.2",
  .needs = TAP_NEEDS_PICTURE | TAP_NEEDS_FORWARD | TAP_NEEDS_CLASSES,
  .params = params,
  .run = occlusion_run,
};
