/* test-sweep.c - what positions of a mask share, and how their work is interrupted: neither may be seen
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "engine-test.h"
#include "engine/patch-flat.h"
#include "engine/patch-tail.h"
#include "ops/infer.h"

#define SIZE 72

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

static int
add_weights (TapGraph *graph, const TapShape *shape)
{
  g_autofree char *name = g_strdup_printf ("w%d", tap_graph_n_values (graph));
  g_autoptr (TapTensor) tensor =
    engine_test_random (shape, (guint32) tap_graph_n_values (graph) + 7);
  int value = tap_graph_value (graph, name);

  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] *= 0.1f;
  tap_graph_set_constant (graph, value, tensor);
  return value;
}

static int
add_conv (TapGraph *graph, int x, int in, int out, int stride, int pad)
{
  TapShape w = tap_shape_new (4, (gint64) out, (gint64) in, (gint64) 3, (gint64) 3);
  TapShape b = tap_shape_new (1, (gint64) out);
  int inputs[3] = { x, add_weights (graph, &w), add_weights (graph, &b) };
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_ints (attrs, "kernel_shape", (gint64[]){ 3, 3 }, 2);
  tap_attrs_set_ints (attrs, "strides", (gint64[]){ stride, stride }, 2);
  tap_attrs_set_ints (attrs, "pads", (gint64[]){ pad, pad, pad, pad }, 4);
  return add_node (graph, "Conv", attrs, inputs, 3);
}

static int
add_pool (TapGraph *graph, const char *op, int x, int kernel, int pad)
{
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_ints (attrs, "kernel_shape", (gint64[]){ kernel, kernel }, 2);
  tap_attrs_set_ints (attrs, "strides", (gint64[]){ 2, 2 }, 2);
  tap_attrs_set_ints (attrs, "pads", (gint64[]){ pad, pad, pad, pad }, 4);
  return add_node (graph, op, attrs, &x, 1);
}

static int
add_dense (TapGraph *graph, int x, int in, int out)
{
  TapShape w = tap_shape_new (2, (gint64) out, (gint64) in);
  TapShape b = tap_shape_new (1, (gint64) out);
  int inputs[3] = { x, add_weights (graph, &w), add_weights (graph, &b) };
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_int (attrs, "transB", 1);
  return add_node (graph, "Gemm", attrs, inputs, 3);
}

/* Maps with everything that a flat place may or may not get through, and two fully connected layers.
 * (transfer full) */
static TapGraph *
network_new (void)
{
  TapGraph *graph = tap_graph_new ("maps");
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) SIZE, (gint64) SIZE);
  g_autoptr (GError) error = NULL;
  int picture = tap_graph_value (graph, "picture"), a, b, both[2], x;
  TapAttrs *attrs = tap_attrs_new ();

  tap_graph_add_input (graph, picture, TAP_DTYPE_F32, &shape);
  a = add_conv (graph, picture, 3, 24, 1, 1);
  a = add_node (graph, "Relu", NULL, &a, 1);
  b = add_conv (graph, a, 24, 24, 1, 1);
  x = add_node (graph, "Add", NULL, (int[]){ a, b }, 2);
  x = add_conv (graph, x, 24, 16, 1, 0);
  both[0] = add_pool (graph, "MaxPool", x, 3, 1);
  both[1] = add_pool (graph, "AveragePool", x, 3, 1);
  tap_attrs_set_int (attrs, "axis", 1);
  x = add_node (graph, "Concat", attrs, both, 2);
  x = add_conv (graph, x, 32, 20, 1, 1);
  x = add_node (graph, "Sigmoid", NULL, &x, 1);
  x = add_conv (graph, x, 20, 8, 2, 1);
  x = add_node (graph, "Flatten", NULL, &x, 1);
  x = add_dense (graph, x, 8 * 18 * 18, 200);
  x = add_node (graph, "Relu", NULL, &x, 1);
  x = add_dense (graph, x, 200, 10);
  tap_graph_add_output (graph, x);
  g_assert_true (tap_graph_sort (graph, &error) && tap_infer_graph (graph, NULL, 0, NULL, &error));
  g_assert_no_error (error);
  return graph;
}

/* A session, a picture and its base run. */
typedef struct
{
  TapGraph *graph;
  TapTaps *taps;
  TapSession *session;
  TapTensor *picture;
  TapTrace *base;
} Scene;

static void
scene_init (Scene *self, int n_threads)
{
  g_autoptr (GError) error = NULL;

  self->graph = network_new ();
  self->taps = tap_taps_new ();
  for (int i = 0; i < tap_graph_n_nodes (self->graph); i++)
    tap_taps_add (self->taps, tap_graph_get_node (self->graph, i)->outputs[0]);
  self->session =
    tap_session_new (self->graph, &(TapSessionOptions){ .n_threads = n_threads }, &error);
  self->picture = engine_test_pictures (self->graph, 1, 3);
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

/* One number per channel, the first of them @first. (transfer full) */
static TapTensor *
one_colour (const TapRect *region, float first)
{
  TapShape shape =
    tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) region->height, (gint64) region->width);
  TapTensor *pixels = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);
  gsize each = pixels->count / 3;

  for (gsize i = 0; i < pixels->count; i++)
    tap_tensor_f32 (pixels)[i] = first + 0.3f * (float) (i / each);
  return pixels;
}

/* The picture with the pixels laid over it. (transfer full) */
static TapTensor *
covered (const TapTensor *picture, const TapRect *region, const TapTensor *pixels)
{
  TapTensor *out =
    tap_tensor_new_f32 (&picture->shape, tap_tensor_f32 ((TapTensor *) picture), NULL);
  const float *from = tap_tensor_f32 ((TapTensor *) pixels);

  for (int c = 0; c < 3; c++)
    for (int y = 0; y < region->height; y++, from += region->width)
      memcpy (tap_tensor_f32 (out) + (c * SIZE + region->y + y) * SIZE + region->x, from,
              (gsize) region->width * sizeof (float));
  return out;
}

static void
assert_all_equal (const Scene *scene, TapTrace *a, TapTrace *b)
{
  for (guint i = 0; i < scene->taps->values->len; i++)
    {
      int v = g_array_index (scene->taps->values, int, i);

      engine_test_assert_equal_bits (tap_trace_get (a, v), tap_trace_get (b, v));
    }
}

static const TapRect places[] = {
  { 20, 9, 40, 44 },   { 0, 0, 33, 30 },   { 30, 40, 42, 32 }, { 0, 0, SIZE, SIZE },
  { 10, 0, 24, SIZE }, { 0, 31, SIZE, 7 }, { 50, 50, 6, 6 },   { 17, 18, 1, 1 },
  { 5, 60, 60, 5 },    { 12, 12, 50, 50 },
};

static void
test_one_colour (void)
{
  g_test_summary ("Masks of one colour give the bits of a full pass in every layer");
  for (int n_threads = 1; n_threads <= 2; n_threads++)
    {
      g_auto (Scene) scene = { 0 };

      scene_init (&scene, n_threads);
      for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (TapTensor) pixels = one_colour (&places[i], (float) i - 2);
          g_autoptr (TapTensor) changed = covered (scene.picture, &places[i], pixels);
          g_autoptr (TapTrace) patched = tap_session_patch (scene.session, scene.base, &places[i],
                                                            pixels, scene.taps, NULL, NULL, &error);
          g_autoptr (TapTrace) full = NULL;

          g_assert_no_error (error);
          full =
            engine_test_forward (scene.session, changed, scene.taps, TAP_RUN_FOR_PATCH, &error);
          g_assert_no_error (error);
          assert_all_equal (&scene, patched, full);
        }
    }
}

/* --- from within --- */

typedef struct
{
  TapPatchWalk walk;
  TapBlockMemory scratch;
  gboolean *needed;
} Walking;

static void
walking_init (Walking *self, const Scene *scene)
{
  g_autoptr (GError) error = NULL;
  TapPatchBase *base = scene->base->base;
  TapPatchShadow *shadow = tap_patch_base_take_shadow (scene->session, base, &error);

  g_assert_no_error (error);
  g_assert_true (tap_block_memory_reserve (&self->scratch, base->plan->scratch_bytes + 64, &error));
  self->needed = tap_patch_base_find_needed (base, scene->taps);
  tap_patch_walk_init (&self->walk, scene->session, base, shadow, scene->session->pool,
                       self->scratch.data);
}

static void
walking_clear (Walking *self)
{
  tap_patch_walk_clear (&self->walk);
  tap_block_memory_clear (&self->scratch);
  g_free (self->needed);
}

/* One step, or all that are left. */
static void
walking_run (Walking *self, gboolean one_step)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (
    tap_patch_walk_run (&self->walk, self->needed, one_step ? 1 : 0, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
test_holes (void)
{
  g_auto (Scene) scene = { 0 };
  Walking walking = { 0 };
  const TapRect place = { 12, 12, 50, 50 };
  g_autoptr (TapTensor) pixels = one_colour (&place, 1);
  const TapPlan *plan;
  int cuts = 0, flats = 0;

  g_test_summary ("What is under a mask of one colour is computed once where that saves time");
  scene_init (&scene, 1);
  walking_init (&walking, &scene);
  plan = walking.walk.plan;
  tap_patch_walk_begin (&walking.walk, &place, pixels);
  walking_run (&walking, FALSE);
  for (int s = 0; s < plan->n_steps; s++)
    {
      int v = plan->steps[s].outputs[0];
      TapRect strips[TAP_PATCH_STRIPS], flat = walking.walk.flats[v];
      TapChange change = walking.walk.changes[v];
      gint64 cells = 0;
      int n;

      if (change.extent != TAP_PART)
        continue;
      flats += !tap_rect_is_empty (&flat);
      n = tap_patch_flat_cut (&walking.walk, s, &change.rect, &flat, strips);
      cuts += n > 0;
      /* with the rows below the first of the flat, the strips are the rectangle */
      for (int i = 0; i < n; i++)
        cells += (gint64) strips[i].width * strips[i].height;
      if (n > 0)
        g_assert_cmpint (cells + (gint64) flat.width * (flat.height - 1), ==,
                         (gint64) change.rect.width * change.rect.height);
    }
  /* Four convolutions have room; the one of stride 2 is too small. */
  g_assert_cmpint (cuts, >=, 3);
  g_assert_cmpint (flats, >=, 6);

  /* colours that only look alike */
  tap_tensor_f32 (pixels)[2600] = 1;
  g_assert_cmpint (tap_patch_flat_of_pixels (&place, pixels).width, ==, 0);
  memset (pixels->data, 0, pixels->count * sizeof (float));
  g_assert_cmpint (tap_patch_flat_of_pixels (&place, pixels).width, ==, 50);
  tap_tensor_f32 (pixels)[7] = -0.0f;
  g_assert_cmpint (tap_patch_flat_of_pixels (&place, pixels).width, ==, 0);
  walking_clear (&walking);
}

static void
test_steps (void)
{
  g_auto (Scene) scene = { 0 };
  Walking a = { 0 }, b = { 0 };
  int n_a = 0, n_b = 0;

  g_test_summary ("Patches that take turns step by step give the bits of those that do not");
  scene_init (&scene, 2);
  walking_init (&a, &scene);
  walking_init (&b, &scene);
  g_assert_true (a.walk.shadow != b.walk.shadow);
  for (gsize i = 0; i + 1 < G_N_ELEMENTS (places); i++)
    {
      const TapRect *place = &places[i], *other = &places[i + 1];
      g_autoptr (GError) error = NULL;
      g_autoptr (TapTensor) pixels = one_colour (place, 0.5f);
      g_autoptr (TapTensor) others = one_colour (other, 0.7f);
      g_autoptr (TapTrace) alone = NULL;

      tap_patch_walk_begin (&a.walk, place, pixels);
      tap_patch_walk_begin (&b.walk, other, others);
      while (!tap_patch_walk_is_done (&a.walk))
        {
          walking_run (&a, TRUE);
          n_a++;
          if (!tap_patch_walk_is_done (&b.walk))
            walking_run (&b, TRUE);
          n_b++;
        }
      /* a third one comes in between */
      alone = tap_session_patch (scene.session, scene.base, place, pixels, scene.taps, NULL, NULL,
                                 &error);
      g_assert_no_error (error);
      for (guint k = 0; k < scene.taps->values->len; k++)
        {
          int v = g_array_index (scene.taps->values, int, k);
          TapTensor *expected = tap_trace_get (alone, v);
          g_autoptr (TapTensor) found = tap_tensor_new (TAP_DTYPE_F32, &expected->shape, NULL);

          tap_patch_walk_copy (&a.walk, v, found->data);
          engine_test_assert_equal_bits (found, expected);
        }
    }
  g_assert_cmpint (n_a, >, 10 * ((int) G_N_ELEMENTS (places) - 1));
  g_assert_cmpint (n_b, >, 0);
  walking_clear (&a);
  walking_clear (&b);
}

/* Runs the tail for @n pieces, a little at a time or all at once; in how many goes. */
static int
run_tail (TapPatchTail *tail, int n, gint64 microseconds)
{
  g_autoptr (GError) error = NULL;
  int goes = 0;

  for (tap_patch_tail_begin (tail, n); !tap_patch_tail_is_done (tail); goes++)
    g_assert_true (tap_patch_tail_run (tail, microseconds, &error));
  return goes;
}

static void
test_tail (void)
{
  const int n = 5;
  g_auto (Scene) scene = { 0 };
  g_autofree gboolean *needed = NULL;
  g_autoptr (TapPatchTail) tail = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree float *whole = g_new (float, 10 * n);
  int output, read;

  g_test_summary ("The end of a network is the same however it is cut");
  scene_init (&scene, 2);
  output = tap_graph_get_output (scene.graph, 0);
  /* makes the route */
  g_assert_nonnull (tap_patch_base_take_shadow (scene.session, scene.base->base, &error));
  needed = tap_patch_base_find_needed (scene.base->base, scene.taps);
  tail = tap_patch_tail_new (scene.session, scene.base->base, needed, n, &error);
  g_assert_no_error (error);
  g_assert_cmpint (tail->room, ==, n);
  g_assert_cmpint (tail->reads->len, ==, 1);
  read = g_array_index (tail->reads, int, 0);
  for (int i = 0; i < n; i++)
    for (int k = 0; k < 8 * 18 * 18; k++)
      ((float *) tap_patch_tail_get (tail, read, i))[k] = (float) ((k * 7 + i * 3) % 11) - 5;

  g_assert_cmpint (run_tail (tail, n, G_MAXINT64 / 2000), ==, 1);
  memcpy (whole, tap_patch_tail_get (tail, output, 0), 10 * n * sizeof (float));
  memset (tap_patch_tail_get (tail, output, 0), 0, 10 * n * sizeof (float));
  /* 200 outputs, some 32 at a time */
  g_assert_cmpint (run_tail (tail, n, 1), >=, 7);
  g_assert_cmpmem (tap_patch_tail_get (tail, output, 0), 10 * n * sizeof (float), whole,
                   10 * n * sizeof (float));
}

/* A sink that has something more urgent to do whenever it hears of progress. */
typedef struct
{
  const Scene *scene;
  TapTensor *pixels, *expected;
  int output, n_calls;
} Urgent;

static void
interrupt_cb (double fraction, gpointer user_data)
{
  Urgent *urgent = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TapTrace) trace =
    tap_session_patch (urgent->scene->session, urgent->scene->base, &places[0], urgent->pixels,
                       urgent->scene->taps, NULL, NULL, &error);

  g_assert_no_error (error);
  engine_test_assert_equal_bits (tap_trace_get (trace, urgent->output), urgent->expected);
  urgent->n_calls++;
}

#define N_PLACES ((int) G_N_ELEMENTS (places))

typedef struct
{
  TapTrace *found[N_PLACES];
  gboolean backwards;
} Found;

static void
found_clear (Found *self)
{
  for (int i = 0; i < N_PLACES; i++)
    g_clear_pointer (&self->found[i], tap_trace_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Found, found_clear)

static gboolean
keep_cb (int position, TapTrace *trace, gpointer user_data, GError **error)
{
  Found *self = user_data;

  self->found[self->backwards ? N_PLACES - 1 - position : position] = tap_trace_ref (trace);
  return TRUE;
}

/* The mask of each place has a colour of its own. */
static TapTensor *
colour_of (int place)
{
  return one_colour (&places[place], (float) place - 3);
}

static void
sweep (const Scene *scene, Found *found, TapProgress *progress)
{
  g_autoptr (GPtrArray) pixels = g_ptr_array_new_with_free_func ((GDestroyNotify) tap_tensor_unref);
  g_autoptr (GError) error = NULL;
  TapRect regions[N_PLACES];

  for (int i = 0; i < N_PLACES; i++)
    {
      int place = found->backwards ? N_PLACES - 1 - i : i;

      regions[i] = places[place];
      g_ptr_array_add (pixels, colour_of (place));
    }
  g_assert_true (tap_session_patch_many (scene->session, scene->base, regions,
                                         (TapTensor *const *) pixels->pdata, N_PLACES, N_PLACES,
                                         scene->taps, keep_cb, found, progress, NULL, &error));
  g_assert_no_error (error);
}

static void
assert_same (const Scene *scene, const Found *a, const Found *b)
{
  for (int i = 0; i < N_PLACES; i++)
    assert_all_equal (scene, a->found[i], b->found[i]);
}

static void
test_same_bits (void)
{
  g_auto (Found) first = { 0 };

  g_test_summary ("A sweep gives the same bits in any order, in any number of threads, and when it "
                  "is interrupted");
  for (int n_threads = 1; n_threads <= 3; n_threads++)
    {
      g_auto (Scene) scene = { 0 };
      g_auto (Found) again = { 0 };
      g_auto (Found) backwards = { .backwards = TRUE };
      g_auto (Found) disturbed = { 0 };
      g_autoptr (TapTensor) pixels = one_colour (&places[0], 2);
      g_autoptr (GError) error = NULL;
      g_autoptr (TapTrace) trace = NULL;
      Urgent urgent = { &scene, pixels };
      g_autoptr (TapProgress) progress = tap_progress_new (interrupt_cb, NULL, &urgent);

      scene_init (&scene, n_threads);
      trace = tap_session_patch (scene.session, scene.base, &places[0], pixels, scene.taps, NULL,
                                 NULL, &error);
      g_assert_no_error (error);
      urgent.output = tap_graph_get_output (scene.graph, 0);
      urgent.expected = tap_trace_get (trace, urgent.output);
      sweep (&scene, &again, NULL);
      sweep (&scene, &backwards, NULL);
      sweep (&scene, &disturbed, progress);
      g_assert_cmpint (urgent.n_calls, >, 0);
      if (n_threads == 1)
        sweep (&scene, &first, NULL);
      assert_same (&scene, &again, &first);
      assert_same (&scene, &backwards, &first);
      assert_same (&scene, &disturbed, &first);
    }
}

/* What rounding does to a sum goes by what was summed up. */
static void
assert_near (TapTensor *a, TapTensor *b, gboolean *differs)
{
  double worst = 0, scale = 1;

  for (gsize i = 0; i < b->count; i++)
    {
      worst = MAX (worst, fabs ((double) tap_tensor_f32 (a)[i] - (double) tap_tensor_f32 (b)[i]));
      scale = MAX (scale, fabs ((double) tap_tensor_f32 (b)[i]));
    }
  g_assert_cmpfloat (worst / scale, <=, 1e-5);
  *differs = *differs || worst > 0;
}

static void
test_near (void)
{
  g_auto (Scene) scene = { 0 };
  g_auto (Found) found = { 0 };
  gboolean differs = FALSE;

  g_test_summary ("A sweep says what single patches say, but for rounding");
  scene_init (&scene, 2);
  sweep (&scene, &found, NULL);
  for (int i = 0; i < N_PLACES; i++)
    {
      g_autoptr (TapTensor) pixels = colour_of (i);
      g_autoptr (GError) error = NULL;
      g_autoptr (TapTrace) single = tap_session_patch (scene.session, scene.base, &places[i],
                                                       pixels, scene.taps, NULL, NULL, &error);

      g_assert_no_error (error);
      for (guint k = 0; k < scene.taps->values->len; k++)
        {
          int v = g_array_index (scene.taps->values, int, k);

          assert_near (tap_trace_get (found.found[i], v), tap_trace_get (single, v), &differs);
        }
    }
  /* or the faster way has not been tried */
  g_assert_true (differs);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/sweep/one-colour", test_one_colour);
  g_test_add_func ("/engine/sweep/holes", test_holes);
  g_test_add_func ("/engine/sweep/steps", test_steps);
  g_test_add_func ("/engine/sweep/tail", test_tail);
  g_test_add_func ("/engine/sweep/same-bits", test_same_bits);
  g_test_add_func ("/engine/sweep/near", test_near);
  return g_test_run ();
}
