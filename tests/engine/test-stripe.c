/* test-stripe.c - a mask over the full width, which the positions of a sweep share: nobody may see that
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "engine-test.h"
#include "engine/patch-stripe.h"
#include "ops/infer.h"

static int
add_node (TapGraph *graph, const char *op, TapAttrs *attrs, const int *inputs, int n_inputs)
{
  g_autofree char *name = g_strdup_printf ("n%d", tap_graph_n_nodes (graph));
  g_autoptr (GError) error = NULL;
  int output = tap_graph_value (graph, name);

  tap_graph_add_node (graph, name, op, inputs, n_inputs, &output, 1, attrs, &error);
  g_assert_no_error (error);
  return output;
}

static TapAttrs *
window_attrs (int kernel, int stride, int pad_before, int pad_after)
{
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_ints (attrs, "kernel_shape", (gint64[]){ kernel, kernel }, 2);
  tap_attrs_set_ints (attrs, "strides", (gint64[]){ stride, stride }, 2);
  tap_attrs_set_ints (attrs, "pads", (gint64[]){ pad_before, pad_before, pad_after, pad_after }, 4);
  return attrs;
}

static int
add_conv (TapGraph *graph, int x, int in, int out, int kernel, TapAttrs *attrs)
{
  TapShape shape = tap_shape_new (4, (gint64) out, (gint64) in, (gint64) kernel, (gint64) kernel);
  g_autofree char *name = g_strdup_printf ("w%d", tap_graph_n_values (graph));
  g_autoptr (TapTensor) weights =
    engine_test_random (&shape, (guint32) tap_graph_n_values (graph) + 7);
  int w = tap_graph_value (graph, name);

  for (gsize i = 0; i < weights->count; i++)
    tap_tensor_f32 (weights)[i] *= 0.1f;
  tap_graph_set_constant (graph, w, weights);
  return add_node (graph, "Conv", attrs, (int[]){ x, w }, 2);
}

static TapGraph *
graph_new (int height, int width)
{
  TapGraph *graph = tap_graph_new ("maps");
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) height, (gint64) width);

  tap_graph_add_input (graph, tap_graph_value (graph, "picture"), TAP_DTYPE_F32, &shape);
  return graph;
}

static void
graph_finish (TapGraph *graph, int output)
{
  g_autoptr (GError) error = NULL;

  tap_graph_add_output (graph, output);
  g_assert_true (tap_graph_sort (graph, &error) && tap_infer_graph (graph, NULL, 0, NULL, &error));
  g_assert_no_error (error);
}

/* (transfer full) */
static TapGraph *
random_network (GRand *rand)
{
  TapGraph *graph = graph_new (g_rand_int_range (rand, 41, 64), g_rand_int_range (rand, 41, 64));
  int x = tap_graph_get_input (graph, 0), channels = 3;

  for (int layer = 0; layer < 5; layer++)
    {
      int kernel = g_rand_int_range (rand, 0, 3), out = g_rand_int_range (rand, 5, 40);
      int stride = g_rand_int_range (rand, 0, 4) == 0 ? 2 : 1;
      TapAttrs *attrs;

      kernel = 2 * kernel + 1;
      attrs = window_attrs (kernel, stride, g_rand_int_range (rand, 0, kernel),
                            g_rand_int_range (rand, 0, kernel));
      switch (g_rand_int_range (rand, 0, 5))
        {
        case 0:
          x = add_node (graph, g_rand_boolean (rand) ? "MaxPool" : "AveragePool", attrs, &x, 1);
          break;
        case 1:
          tap_attrs_free (attrs);
          x = add_node (graph, g_rand_boolean (rand) ? "Relu" : "Sigmoid", NULL, &x, 1);
          break;
        case 2:
          tap_attrs_free (attrs);
          {
            int y = add_conv (graph, x, channels, channels, 3, window_attrs (3, 1, 1, 1));

            x = add_node (graph, "Add", NULL, (int[]){ x, y }, 2);
          }
          break;
        default:
          x = add_conv (graph, x, channels, out, kernel, attrs);
          channels = out;
        }
    }
  graph_finish (graph, x);
  return graph;
}

typedef struct
{
  TapGraph *graph;
  TapTaps *taps;
  TapSession *session;
  TapTensor *picture;
  TapTrace *base;
  int height, width;
} Scene;

/* @graph: (transfer full) */
static void
scene_init (Scene *self, TapGraph *graph, int n_threads)
{
  g_autoptr (GError) error = NULL;

  self->graph = graph;
  self->taps = tap_taps_new ();
  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    tap_taps_add (self->taps, tap_graph_get_node (graph, i)->outputs[0]);
  self->session = tap_session_new (graph, &(TapSessionOptions){ .n_threads = n_threads }, &error);
  g_assert_no_error (error);
  self->picture = engine_test_pictures (graph, 1, 3);
  self->height = (int) self->picture->shape.dims[2];
  self->width = (int) self->picture->shape.dims[3];
  self->base =
    engine_test_forward (self->session, self->picture, self->taps, TAP_RUN_FOR_PATCH, &error);
  g_assert_no_error (error);
}

static void
scene_clear (Scene *self)
{
  tap_trace_unref (self->base);
  tap_tensor_unref (self->picture);
  tap_session_unref (self->session);
  tap_taps_free (self->taps);
  tap_graph_unref (self->graph);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static TapTensor *
one_colour (const TapRect *region)
{
  TapShape shape =
    tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) region->height, (gint64) region->width);
  TapTensor *pixels = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);

  for (gsize i = 0; i < pixels->count; i++)
    tap_tensor_f32 (pixels)[i] = 0.4f + 0.3f * (float) (i / (pixels->count / 3));
  return pixels;
}

/* A walk of its own over @region, to its end. */
static void
walk_over (TapPatchWalk *walk, const TapRect *region, const gboolean *needed)
{
  g_autoptr (TapTensor) pixels = one_colour (region);
  g_autoptr (GError) error = NULL;

  tap_patch_walk_begin (walk, region, pixels);
  g_assert_true (tap_patch_walk_run (walk, needed, 0, NULL, NULL, &error));
}

static void
init_walk (const Scene *scene, TapPatchWalk *walk, gpointer scratch)
{
  g_autoptr (GError) error = NULL;
  TapPatchBase *base = scene->base->base;
  TapPatchShadow *shadow = tap_patch_base_take_shadow (scene->session, base, &error);

  g_assert_no_error (error);
  tap_patch_walk_init (walk, scene->session, base, shadow, scene->session->pool, scratch);
}

/* Takes from the stripe whatever it has, and compares with a patch that knows of none; how many values the
 * stripe had a part of. */
static int
assert_stripe_shares (const Scene *scene,
                      TapPatchWalk *walk,
                      TapPatchWalk *stripe,
                      const TapRect *region,
                      const gboolean *all)
{
  const TapRect rows = { 0, region->y, scene->width, region->height };
  const TapPlan *plan = walk->plan;
  g_autoptr (TapTensor) pixels = one_colour (region);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapTrace) expected = tap_session_patch (scene->session, scene->base, region, pixels,
                                                     scene->taps, NULL, NULL, &error);
  int n_shared = 0;

  g_assert_no_error (error);
  walk_over (stripe, &rows, all);
  walk->stripe = stripe;
  walk->shared = all;
  g_free (walk->columns);
  walk->columns = tap_patch_stripe_columns (plan, walk->route, region->x, region->width);
  walk_over (walk, region, all);
  for (int s = 0; s < plan->n_steps; s++)
    {
      const TapChange *change = &walk->changes[plan->steps[s].outputs[0]];
      TapRect middle, sides[2];

      if (change->extent == TAP_PART && !plan->steps[s].view)
        n_shared += tap_patch_stripe_cut (walk, s, &change->rect, &middle, sides) >= 0;
    }
  for (guint i = 0; i < scene->taps->values->len; i++)
    {
      int v = g_array_index (scene->taps->values, int, i);
      TapTensor *wanted = tap_trace_get (expected, v);
      g_autoptr (TapTensor) found = tap_tensor_new (TAP_DTYPE_F32, &wanted->shape, NULL);

      tap_patch_walk_copy (walk, v, found->data);
      engine_test_assert_equal_bits (found, wanted);
    }
  return n_shared;
}

static void
test_exact (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);
  int n_shared = 0;

  g_test_summary ("What a stripe has are the bits of the mask's own patch, in random networks");
  for (int i = 0; i < 40; i++)
    {
      g_auto (Scene) scene = { 0 };
      TapPatchWalk walk = { 0 }, stripe = { 0 };
      TapBlockMemory scratch = { 0 };
      g_autofree gboolean *all = NULL;
      g_autoptr (GError) error = NULL;
      gsize bytes;

      scene_init (&scene, random_network (rand), 1 + i % 2);
      bytes = scene.base->base->plan->scratch_bytes + 64;
      g_assert_true (tap_block_memory_reserve (&scratch, bytes, &error));
      all = tap_patch_base_find_needed (scene.base->base, scene.taps);
      init_walk (&scene, &walk, scratch.data);
      init_walk (&scene, &stripe, scratch.data);
      for (int k = 0; k < 8; k++)
        {
          int width = g_rand_int_range (rand, 1, scene.width + 1);
          int height = g_rand_int_range (rand, 1, scene.height + 1);
          /* at the left, the right, the top, the bottom, and anywhere */
          int x = k == 0 ? 0 :
                  k == 1 ? scene.width - width :
                           g_rand_int_range (rand, 0, scene.width - width + 1);
          int y = k == 2 ? 0 :
                  k == 3 ? scene.height - height :
                           g_rand_int_range (rand, 0, scene.height - height + 1);
          const TapRect region = { x, y, width, height };

          n_shared += assert_stripe_shares (&scene, &walk, &stripe, &region, all);
        }
      tap_patch_walk_clear (&walk);
      tap_patch_walk_clear (&stripe);
      tap_block_memory_clear (&scratch);
    }
  g_assert_cmpint (n_shared, >, 200);
}

/* --- sweeps --- */

#define ACROSS 17
#define PLACES (2 * ACROSS)
#define MASK   44

static TapGraph *
deep_network (void)
{
  TapGraph *graph = graph_new (61, 60);
  int x = tap_graph_get_input (graph, 0);

  x = add_conv (graph, x, 3, 32, 3, window_attrs (3, 1, 1, 1));
  x = add_node (graph, "Relu", NULL, &x, 1);
  x = add_conv (graph, x, 32, 40, 3, window_attrs (3, 1, 1, 1));
  x = add_conv (graph, x, 40, 32, 5, window_attrs (5, 1, 2, 2));
  x = add_node (graph, "MaxPool", window_attrs (2, 2, 0, 0), &x, 1);
  x = add_conv (graph, x, 32, 24, 3, window_attrs (3, 2, 1, 1));
  graph_finish (graph, x);
  return graph;
}

static TapRect
place_of (int position)
{
  return (TapRect){ position % ACROSS, position / ACROSS * 9, MASK, MASK };
}

static gboolean
keep_cb (int position, TapTrace *trace, gpointer user_data, GError **error)
{
  ((TapTrace **) user_data)[position] = tap_trace_ref (trace);
  return TRUE;
}

static void
sweep (const Scene *scene, TapTrace **found)
{
  TapRect regions[PLACES];
  g_autoptr (GError) error = NULL;
  g_autoptr (TapTensor) pixels = NULL;

  for (int i = 0; i < PLACES; i++)
    regions[i] = place_of (i);
  pixels = one_colour (&regions[0]);
  g_assert_true (tap_session_patch_many (scene->session, scene->base, regions, &pixels, PLACES, 1,
                                         scene->taps, keep_cb, found, NULL, NULL, &error));
  g_assert_no_error (error);
}

/* Whether the sweep's positions take anything from a stripe, and how many steps they do that in. */
static int
count_shared (const Scene *scene, int n)
{
  const TapPatchBase *base = scene->base->base;
  gsize n_steps = (gsize) base->plan->n_steps + 1;
  g_autofree TapRect *columns = tap_patch_stripe_columns (base->plan, base->route, 0, MASK);
  g_autofree gboolean *needed = tap_patch_base_find_needed (base, scene->taps);
  g_autofree gboolean *shared = g_new0 (gboolean, n_steps), *steps = g_new0 (gboolean, n_steps);
  gboolean any =
    tap_patch_stripe_choose (base->plan, base->route, columns, n, needed, shared, steps);
  int count = 0;

  for (int s = 0; s < base->plan->n_steps; s++)
    {
      g_assert_true (steps[s] || !shared[s]);
      count += shared[s];
    }
  g_assert_cmpint (any, ==, count > 0);
  return count;
}

static double
difference (TapTensor *a, TapTensor *b)
{
  double worst = 0, scale = 1;

  for (gsize i = 0; i < b->count; i++)
    {
      worst = MAX (worst, fabs ((double) tap_tensor_f32 (a)[i] - (double) tap_tensor_f32 (b)[i]));
      scale = MAX (scale, fabs ((double) tap_tensor_f32 (b)[i]));
    }
  return worst / scale;
}

static void
assert_like_single (const Scene *scene, TapTrace *found, int position)
{
  const TapRect region = place_of (position);
  g_autoptr (TapTensor) pixels = one_colour (&region);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapTrace) single = tap_session_patch (scene->session, scene->base, &region, pixels,
                                                   scene->taps, NULL, NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < scene->taps->values->len; i++)
    {
      int v = g_array_index (scene->taps->values, int, i);

      g_assert_cmpfloat (difference (tap_trace_get (found, v), tap_trace_get (single, v)), <=,
                         1e-5);
    }
}

static void
test_sweep (void)
{
  TapTrace *first[PLACES] = { NULL };

  g_test_summary ("A sweep whose positions share stripes says what single patches say, with the "
                  "same bits in any number of threads");
  for (int n_threads = 1; n_threads <= 3; n_threads++)
    {
      g_auto (Scene) scene = { 0 };
      TapTrace *found[PLACES] = { NULL };

      scene_init (&scene, deep_network (), n_threads);
      sweep (&scene, found);
      g_assert_cmpint (count_shared (&scene, ACROSS), >=, 2);
      g_assert_cmpint (count_shared (&scene, 2), ==, 0);
      for (int i = 0; i < PLACES; i++)
        {
          assert_like_single (&scene, found[i], i);
          for (guint k = 0; n_threads > 1 && k < scene.taps->values->len; k++)
            {
              int v = g_array_index (scene.taps->values, int, k);

              engine_test_assert_equal_bits (tap_trace_get (found[i], v),
                                             tap_trace_get (first[i], v));
            }
          if (n_threads == 1)
            first[i] = found[i];
          else
            tap_trace_unref (found[i]);
        }
    }
  for (int i = 0; i < PLACES; i++)
    tap_trace_unref (first[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/stripe/exact", test_exact);
  g_test_add_func ("/engine/stripe/sweep", test_sweep);
  return g_test_run ();
}
