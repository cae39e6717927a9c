/* test-networks.c - a thousand random networks against networks of twins, forwards and backwards
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Forwards, every value is compared with its node's twin on the very numbers that the engine gave the node, within
 * the twin's own bound; then the outputs of a run in which nothing else is looked at, where steps are joined
 * and memory is shared, with the whole network in double. How far these may be apart is found by shaking: a
 * second network of twins in which every cell is off by its bound shows what rounding can do at worst.
 *
 * Patches of every kind of layer give the bits of a whole pass.
 *
 * Backwards, Σ gradient · v for a random direction v stands against the difference quotient of the twins along v: of
 * the picture, of a value inside, and of a constant. A network has thousands of cells and one direction sees
 * them all. Where the quotients of both sides differ, v leads over a kink, and there is nothing to compare; few
 * may do that. TAPETUM_NETWORKS says how many networks, 1000 if it is not set. */

#include "config.h"

#include <math.h>

#include "engine-test.h"
#include "random-network.h"
#include "twin-graph.h"

#define STEP 1e-6

typedef struct
{
  guint32 seed;
  TapGraph *graph;
  TapTensor *input, *seed_gradient;
  TapSession *session;
  TwinGraph exact, shaken;
  GRand *rand;
  int output;
  int target;      /* where a backward pass starts */
  double steepest; /* the largest gradient of any value */
} Network;

static guint n_compared, n_kinks;

static void
network_clear (Network *n)
{
  g_clear_pointer (&n->session, tap_session_unref);
  g_clear_pointer (&n->input, tap_tensor_unref);
  g_clear_pointer (&n->seed_gradient, tap_tensor_unref);
  twin_graph_clear (&n->exact);
  twin_graph_clear (&n->shaken);
  g_clear_pointer (&n->graph, tap_graph_unref);
  g_clear_pointer (&n->rand, g_rand_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Network, network_clear)

static void
network_init (Network *n, guint32 seed)
{
  g_autoptr (GError) error = NULL;

  *n = (Network){ .seed = seed };
  n->graph = random_network_new (seed, &n->input);
  n->rand = g_rand_new_with_seed (seed + 1);
  n->output = tap_graph_get_output (n->graph, 0);
  twin_graph_init (&n->exact, n->graph, &n->input);
  twin_graph_init_shaken (&n->shaken, &n->exact, n->rand);
  /* Layers alone, as suits, and together in bands of one or two rows. */
  n->session = tap_session_new (
    n->graph, &(TapSessionOptions){ .n_threads = 2, .chain_rows = (int) (seed % 4) - 1 }, &error);
  g_assert_no_error (error);
}

/* Returns FALSE. */
G_GNUC_PRINTF (2, 3)
static gboolean
fail (const Network *n, const char *format, ...)
{
  g_autofree char *layers = random_network_describe (n->graph);
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_test_message ("WRONG: seed %u: %s:%s", n->seed, what, layers);
  g_test_fail ();
  return FALSE;
}

/* --- forwards --- */

static TapTrace *
run (const Network *n, const TapTaps *taps, TapRunFlags flags)
{
  g_autoptr (GError) error = NULL;
  TapTrace *trace = tap_session_forward (n->session, &n->input, 1, taps, flags, NULL, NULL, &error);

  if (trace == NULL)
    fail (n, "%s", error->message);
  return trace;
}

static double
number_at (const TapTensor *tensor, gsize i)
{
  return tensor->dtype == TAP_DTYPE_I64 ? (double) tap_tensor_i64 (tensor)[i] :
                                          (double) tap_tensor_f32 (tensor)[i];
}

/* One node's outputs against its twin, on inputs that the engine computed. */
static gboolean
check_node (const Network *n, const TapNode *node, TapTrace *trace)
{
  TwinArray inputs[8], outputs[8];
  gboolean fine = TRUE;

  for (int i = 0; i < node->n_inputs; i++)
    {
      const TapValue *value =
        node->inputs[i] >= 0 ? tap_graph_get_value (n->graph, node->inputs[i]) : NULL;

      inputs[i] = twin_array_new (value == NULL           ? NULL :
                                  value->constant != NULL ? value->constant :
                                  node->inputs[i] == tap_graph_get_input (n->graph, 0) ?
                                                            n->input :
                                                            tap_trace_get (trace, node->inputs[i]));
    }
  twin_run (twin_find (node->op_type), node, inputs, node->n_inputs, outputs, node->n_outputs);
  for (int o = 0; o < node->n_outputs && fine; o++)
    {
      TapTensor *y = tap_trace_get (trace, node->outputs[o]);

      if (!tap_shape_equal (&y->shape, &outputs[o].shape) || y->dtype != outputs[o].dtype)
        fine = fail (n, "%s has another shape", node->op_type);
      for (gsize i = 0; i < y->count && fine; i++)
        if (!(fabs (number_at (y, i) - outputs[o].cells[i]) <= outputs[o].errors[i]))
          fine = fail (n, "%s, cell %" G_GSIZE_FORMAT ": %.9g, expected %.9g ± %.2g", node->op_type,
                       i, number_at (y, i), outputs[o].cells[i], outputs[o].errors[i]);
    }
  for (int i = 0; i < node->n_inputs; i++)
    twin_array_clear (&inputs[i]);
  for (int o = 0; o < node->n_outputs; o++)
    twin_array_clear (&outputs[o]);
  return fine;
}

static gboolean
check_values (const Network *n)
{
  g_autoptr (TapTaps) taps = tap_taps_new ();
  g_autoptr (TapTrace) trace = NULL;

  for (int i = 0; i < tap_graph_n_nodes (n->graph); i++)
    for (int o = 0; o < tap_graph_get_node (n->graph, i)->n_outputs; o++)
      tap_taps_add (taps, tap_graph_get_node (n->graph, i)->outputs[o]);
  trace = run (n, taps, TAP_RUN_DEFAULT);
  for (int i = 0; trace != NULL && i < tap_graph_n_nodes (n->graph); i++)
    if (!check_node (n, tap_graph_get_node (n->graph, i), trace))
      return FALSE;
  return trace != NULL;
}

static double
largest (const TwinArray *array)
{
  double most = 0;

  for (gsize i = 0; i < array->count; i++)
    most = MAX (most, fabs (array->cells[i]));
  return most;
}

/* The largest difference that shaking makes to a value. */
static double
looseness (const Network *n, int value)
{
  const TwinArray *a = &n->exact.values[value], *b = &n->shaken.values[value];
  double most = 0;

  for (gsize i = 0; i < a->count; i++)
    most = MAX (most, fabs (a->cells[i] - b->cells[i]));
  return most;
}

/* A value inside the network that something differentiable computes. */
static int
choose_value (const Network *n)
{
  for (;;)
    {
      const TapNode *node =
        tap_graph_get_node (n->graph, g_rand_int_range (n->rand, 0, tap_graph_n_nodes (n->graph)));

      if (tap_graph_get_value (n->graph, node->outputs[0])->dtype == TAP_DTYPE_F32)
        return node->outputs[0];
    }
}

static gboolean
check_whole (const Network *n)
{
  int values[2] = { n->output, choose_value (n) };
  g_autoptr (TapTaps) taps = tap_taps_new_for (values[0], values[1], -1);
  g_autoptr (TapTrace) trace = run (n, taps, TAP_RUN_DEFAULT);

  for (int k = 0; k < 2 && trace != NULL; k++)
    {
      TapTensor *y = tap_trace_get (trace, values[k]);
      const TwinArray *expected = &n->exact.values[values[k]];
      /* shaking goes one way in each cell and may cancel where there are few; rounding may go the other way, and
       * each step rounds the result at least once */
      double most = 4 * looseness (n, values[k]) +
                    tap_graph_n_nodes (n->graph) * TWIN_UNIT * largest (expected);

      for (gsize i = 0; i < y->count; i++)
        if (!(fabs (number_at (y, i) - expected->cells[i]) <= most + 2 * expected->errors[i]))
          return fail (n, "the whole, cell %" G_GSIZE_FORMAT " of “%s”: %.9g, expected %.9g ± %.2g",
                       i, tap_graph_get_value (n->graph, values[k])->name, number_at (y, i),
                       expected->cells[i], most);
    }
  return trace != NULL;
}

/* --- patches --- */

/* The picture with the pixels of @region as @pixels. (transfer full) */
static TapTensor *
put_in (const Network *n, const TapRect *region, const TapTensor *pixels)
{
  TapTensor *picture = tap_tensor_new_f32 (&n->input->shape, tap_tensor_f32 (n->input), NULL);
  const gint64 *d = picture->shape.dims;

  for (gint64 c = 0; c < d[1]; c++)
    for (int y = 0; y < region->height; y++)
      for (int x = 0; x < region->width; x++)
        tap_tensor_f32 (picture)[(c * d[2] + region->y + y) * d[3] + region->x + x] =
          tap_tensor_f32 (pixels)[(c * region->height + y) * region->width + x];
  return picture;
}

/* A patch gives the bits of a whole pass on the changed picture. */
static gboolean
check_patches (const Network *n)
{
  const gint64 *d = n->input->shape.dims;
  int values[2] = { n->output, choose_value (n) };
  g_autoptr (TapTaps) taps = tap_taps_new_for (values[0], values[1], -1);
  g_autoptr (TapTrace) base = d[0] == 1 ? run (n, taps, TAP_RUN_FOR_PATCH) : NULL;

  for (int trial = 0; trial < 3 && base != NULL; trial++)
    {
      TapRect region = { .x = g_rand_int_range (n->rand, 0, (gint32) d[3]),
                         .y = g_rand_int_range (n->rand, 0, (gint32) d[2]) };
      g_autoptr (TapTensor) pixels = NULL, picture = NULL;
      g_autoptr (TapTrace) patched = NULL, whole = NULL;
      g_autoptr (GError) error = NULL;
      TapShape shape;

      region.width = g_rand_int_range (n->rand, 1, (gint32) d[3] - region.x + 1);
      region.height = g_rand_int_range (n->rand, 1, (gint32) d[2] - region.y + 1);
      shape = tap_shape_new (4, (gint64) 1, d[1], (gint64) region.height, (gint64) region.width);
      pixels = engine_test_random (&shape, g_rand_int (n->rand));
      picture = put_in (n, &region, pixels);
      patched = tap_session_patch (n->session, base, &region, pixels, taps, NULL, NULL, &error);
      if (patched != NULL)
        whole = tap_session_forward (n->session, &picture, 1, taps, TAP_RUN_FOR_PATCH, NULL, NULL,
                                     &error);
      if (whole == NULL)
        return fail (n, "a patch: %s", error->message);
      for (int k = 0; k < 2; k++)
        {
          TapTensor *a = tap_trace_get (patched, values[k]), *b = tap_trace_get (whole, values[k]);

          for (gsize i = 0; i < a->count; i++)
            if (number_at (a, i) != number_at (b, i))
              return fail (n,
                           "a patch of %d×%d at %d, %d, cell %" G_GSIZE_FORMAT " of “%s”: %.9g, "
                           "in a whole pass %.9g",
                           region.width, region.height, region.x, region.y, i,
                           tap_graph_get_value (n->graph, values[k])->name, number_at (a, i),
                           number_at (b, i));
        }
    }
  return d[0] != 1 || base != NULL;
}

/* --- backwards --- */

/* Σ g (y (x + h v) - y (x)) / h, and the same on the other side */
static void
quotients (const Network *n,
           const TwinGraph *twins,
           int value,
           const double *direction,
           double *sides)
{
  const TwinArray *here = &twins->values[n->target];

  for (int side = 0; side < 2; side++)
    {
      double step = side == 0 ? -STEP : STEP;
      TwinArray moved = twin_graph_move (twins, value, direction, step, n->target);

      sides[side] = 0;
      for (gsize i = 0; i < moved.count; i++)
        sides[side] +=
          (double) tap_tensor_f32 (n->seed_gradient)[i] * (moved.cells[i] - here->cells[i]) / step;
      twin_array_clear (&moved);
    }
}

static gsize
most_cells (const Network *n)
{
  gsize most = 0;

  for (int v = 0; v < n->exact.n_values; v++)
    most = MAX (most, n->exact.values[v].count);
  return most;
}

static gboolean
check_gradient (const Network *n, int value, const TapTensor *gradient)
{
  g_autofree double *direction = g_new (double, gradient->count + 1);
  double found = 0, size = 0, top = n->steepest, sides[2], shaken[2], expected, tolerance;

  for (gsize i = 0; i < gradient->count; i++)
    {
      direction[i] = g_rand_double_range (n->rand, -1, 1);
      found += direction[i] * (double) tap_tensor_f32 (gradient)[i];
      size += fabs (direction[i]);
      top = MAX (top, (double) fabsf (tap_tensor_f32 (gradient)[i]));
    }
  quotients (n, &n->exact, value, direction, sides);
  quotients (n, &n->shaken, value, direction, shaken);
  expected = (sides[0] + sides[1]) / 2;
  /* What other activations do to the derivative, here too twice. On the way back each step rounds a gradient a few
   * times, which is as large as the largest anywhere: sums of them may cancel. A sum of n terms is off by some √n
   * roundings (Higham, Mary 2019). And the quotient's own. */
  tolerance = 2 * fabs (expected - (shaken[0] + shaken[1]) / 2) +
              (8 * tap_graph_n_nodes (n->graph) + 4 * sqrt ((double) most_cells (n))) * TWIN_UNIT *
                size * top +
              1e-8 * (1 + top);
  n_compared++;
  if (fabs (sides[0] - sides[1]) > tolerance + 1e-4 * fabs (expected))
    n_kinks++;
  else if (!(fabs (found - expected) <= tolerance))
    return fail (n, "the gradient of “%s” along a direction: %.9g, expected %.9g ± %.2g",
                 tap_graph_get_value (n->graph, value)->name, found, expected, tolerance);
  return TRUE;
}

/* A constant of numbers that a differentiable input reads, or -1. */
static int
choose_constant (const Network *n)
{
  for (int trial = 0; trial < 20; trial++)
    {
      const TapNode *node =
        tap_graph_get_node (n->graph, g_rand_int_range (n->rand, 0, tap_graph_n_nodes (n->graph)));
      int i = g_rand_int_range (n->rand, 0, node->n_inputs);
      const TapValue *value =
        node->inputs[i] >= 0 ? tap_graph_get_value (n->graph, node->inputs[i]) : NULL;

      if (value != NULL && value->constant != NULL && value->constant->dtype == TAP_DTYPE_F32 &&
          !g_str_equal (node->op_type, "Resize")) /* scales are no data */
        return node->inputs[i];
    }
  return -1;
}

/* What nodes compute, of numbers. */
static TapTaps *
computed_values (const Network *n)
{
  TapTaps *taps = tap_taps_new ();

  for (int i = 0; i < tap_graph_n_nodes (n->graph); i++)
    if (tap_graph_get_value (n->graph, tap_graph_get_node (n->graph, i)->outputs[0])->dtype ==
        TAP_DTYPE_F32)
      tap_taps_add (taps, tap_graph_get_node (n->graph, i)->outputs[0]);
  return taps;
}

static double
steepest (const Network *n, TapTrace *gradients)
{
  double most = 0;

  for (int v = 0; v < tap_graph_n_values (n->graph); v++)
    {
      TapTensor *gradient = tap_trace_get (gradients, v);

      for (gsize i = 0; gradient != NULL && i < gradient->count; i++)
        most = MAX (most, (double) fabsf (tap_tensor_f32 (gradient)[i]));
    }
  return most;
}

static gboolean
check_backward (Network *n)
{
  int values[3] = { tap_graph_get_input (n->graph, 0), choose_value (n), choose_constant (n) };
  g_autoptr (TapTaps) forward_taps = tap_taps_new_for (n->output, -1);
  g_autoptr (TapTaps) taps = tap_taps_new_for (values[0], values[1], values[2], -1);
  g_autoptr (TapTaps) all = computed_values (n);
  g_autoptr (TapTrace) forward = run (n, forward_taps, TAP_RUN_FOR_WEIGHTS);
  g_autoptr (TapTrace) back = NULL, everything = NULL;
  g_autoptr (GError) error = NULL;
  TapSeed seed = { .weight = 1 };

  if (forward == NULL)
    return FALSE;
  n->target = g_rand_int_range (n->rand, 0, 3) >= 0 ? choose_value (n) : n->output;
  n->seed_gradient =
    engine_test_random (&tap_graph_get_value (n->graph, n->target)->shape, n->seed);
  seed.value = n->target;
  seed.gradient = n->seed_gradient;
  back = tap_session_backward (n->session, forward, &seed, 1, TAP_RULE_GRADIENT, taps, NULL, NULL,
                               &error);
  if (back == NULL)
    return fail (n, "%s", error->message);
  everything = tap_session_backward (n->session, forward, &seed, 1, TAP_RULE_GRADIENT, all, NULL,
                                     NULL, &error);
  if (everything == NULL)
    return fail (n, "%s", error->message);
  n->steepest = steepest (n, everything);
  for (int k = 0; k < 3; k++)
    if (values[k] >= 0 && !check_gradient (n, values[k], tap_trace_get (back, values[k])))
      return FALSE;
  return TRUE;
}

static void
test_networks (gconstpointer data)
{
  const char *wish = g_getenv ("TAPETUM_NETWORKS");
  guint n = wish != NULL ? (guint) g_ascii_strtoull (wish, NULL, 10) : 1000;
  guint part = GPOINTER_TO_UINT (data), n_wrong = 0;

  g_test_summary (
    "Random networks agree with their twins, by value, whole, patched and by gradient");
  for (guint seed = part; seed < n && n_wrong < 5; seed += 4)
    {
      g_auto (Network) network = { 0 };

      network_init (&network, seed);
      n_wrong += !(check_values (&network) && check_whole (&network) && check_patches (&network) &&
                   check_backward (&network));
    }
  g_test_message ("%u networks, %u gradients, %u over kinks", (n + 3 - part) / 4, n_compared,
                  n_kinks);
  g_assert_cmpuint (n_kinks, <=, n_compared / 10);
}

int
main (int argc, char **argv)
{
  const char *one = g_getenv ("TAPETUM_SEED");

  g_test_init (&argc, &argv, NULL);
  if (one != NULL)
    {
      g_auto (Network) network = { 0 };
      g_autofree char *layers = NULL;

      network_init (&network, (guint32) g_ascii_strtoull (one, NULL, 10));
      layers = random_network_describe (network.graph);
      g_print ("#%s\n", layers);
      return check_values (&network) && check_whole (&network) && check_patches (&network) &&
                 check_backward (&network) ?
               0 :
               1;
    }
  for (guint part = 0; part < 4; part++)
    {
      g_autofree char *path = g_strdup_printf ("/engine/networks/%u", part);

      g_test_add_data_func (path, GUINT_TO_POINTER (part), test_networks);
    }
  return g_test_run ();
}
