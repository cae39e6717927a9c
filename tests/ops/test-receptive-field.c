/* test-receptive-field.c - the field of a cell is what a slow search through all paths finds
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The twin keeps for every cell of every layer the set of pixels it depends on, and makes these sets
 * layer by layer from the plain definition of each operator. */
#include "config.h"

#include "graphs.h"

#include "ops/infer.h"

#include <math.h>
#include <string.h>

#define SIZE 48 /* pixels each way */

/* Along one axis a set of pixels fits a 64-bit word; all operators here are separable. */
typedef struct
{
  int n;
  guint64 sets[4 * SIZE];
} Line;

static Line
twin_input (void)
{
  Line line = { .n = SIZE };

  for (int i = 0; i < SIZE; i++)
    line.sets[i] = G_GUINT64_CONSTANT (1) << i;
  return line;
}

static Line
twin_window (const Line *in, int kernel, int stride, int dilation, int pad)
{
  Line out = { .n = (in->n + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1 };

  for (int o = 0; o < out.n; o++)
    for (int r = 0; r < kernel; r++)
      {
        int i = o * stride + r * dilation - pad;

        if (i >= 0 && i < in->n)
          out.sets[o] |= in->sets[i];
      }
  return out;
}

static Line
twin_deconv (const Line *in, int kernel, int stride, int pad)
{
  Line out = { .n = (in->n - 1) * stride + kernel - 2 * pad };

  for (int i = 0; i < in->n; i++)
    for (int r = 0; r < kernel; r++)
      {
        int o = i * stride + r - pad;

        if (o >= 0 && o < out.n)
          out.sets[o] |= in->sets[i];
      }
  return out;
}

static Line
twin_join (const Line *a, const Line *b)
{
  Line out = *a;

  g_assert_cmpint (a->n, ==, b->n);
  for (int i = 0; i < a->n; i++)
    out.sets[i] |= b->sets[i];
  return out;
}

static void
check_cell (guint64 set, int first, int length, gboolean exact)
{
  int lowest = -1, highest = -1;

  for (int i = 0; i < SIZE; i++)
    if (set & (G_GUINT64_CONSTANT (1) << i))
      {
        lowest = lowest < 0 ? i : lowest;
        highest = i;
      }
  if (lowest < 0)
    return;
  g_assert_cmpint (first, <=, lowest);
  g_assert_cmpint (first + length - 1, >=, highest);
  if (exact)
    {
      g_assert_cmpint (first, ==, lowest);
      g_assert_cmpint (first + length - 1, ==, highest);
    }
}

/* The box of every cell holds its pixels, and is not larger than they are where no edge cuts it. */
static void
compare (TapGraph *graph, int x, int y, const Line *rows, const Line *columns, gboolean exact)
{
  const TapShape *shape = &tap_graph_get_value (graph, y)->shape;
  TapReceptiveField field;

  g_assert_true (tap_infer_receptive_field (graph, x, y, &field));
  g_assert_cmpint (shape->dims[2], ==, rows->n);
  g_assert_cmpint (shape->dims[3], ==, columns->n);
  for (int i = 0; i < rows->n; i++)
    {
      TapRect box = tap_receptive_field_box (&field, i, 0, SIZE, SIZE);
      double low = field.start_y + i * field.jump_y - field.size_y / 2;

      check_cell (rows->sets[i], box.y, box.height,
                  exact && low >= 0 && low + field.size_y <= SIZE);
    }
  for (int i = 0; i < columns->n; i++)
    {
      TapRect box = tap_receptive_field_box (&field, 0, i, SIZE, SIZE);
      double low = field.start_x + i * field.jump_x - field.size_x / 2;

      check_cell (columns->sets[i], box.x, box.width,
                  exact && low >= 0 && low + field.size_x <= SIZE);
    }
}

typedef struct
{
  TapGraph *graph;
  int count;
  gboolean dilated;
} Maker;

static int
add_window (Maker *maker, int value, Line *rows, Line *columns, gboolean same)
{
  g_autofree char *name = g_strdup_printf ("n%d", maker->count++);
  g_autofree char *weights = g_strdup_printf ("w%d", maker->count);
  int kh = g_test_rand_int_range (1, 4), kw = g_test_rand_int_range (1, 4);
  int sh = g_test_rand_int_range (1, 3), sw = g_test_rand_int_range (1, 3);
  int d = g_test_rand_int_range (1, 3);
  int ph = g_test_rand_int_range (0, (kh + 1) / 2 + 1),
      pw = g_test_rand_int_range (0, (kw + 1) / 2 + 1);
  gboolean pool = g_test_rand_int_range (0, 2);
  g_autofree char *text = NULL;

  if (same)
    {
      kh = kw = 2 * g_test_rand_int_range (0, 3) + 1;
      sh = sw = 1;
      d = g_test_rand_int_range (1, 3);
      ph = pw = d * (kh - 1) / 2;
    }
  else if (rows->n < 12 || columns->n < 12)
    return value;
  maker->dilated = maker->dilated || d > 1;
  text = g_strdup_printf ("strides=%d,%d dilations=%d,%d pads=%d,%d,%d,%d kernel_shape=%d,%d", sh,
                          sw, d, d, ph, pw, ph, pw, kh, kw);
  *rows = twin_window (rows, kh, sh, d, ph);
  *columns = twin_window (columns, kw, sw, d, pw);
  if (pool)
    return graph_node (maker->graph, "MaxPool", name, graph_attrs (text), value, -1);
  return graph_node (maker->graph, "Conv", name, graph_attrs (text), value,
                     graph_weights (maker->graph, weights, 4, 2, 2, kh, kw), -1);
}

static int
add_join (Maker *maker, int value, Line *rows, Line *columns)
{
  g_autofree char *name = g_strdup_printf ("j%d", maker->count++);
  Line rows_a = *rows, columns_a = *columns, rows_b = *rows, columns_b = *columns;
  int a = add_window (maker, value, &rows_a, &columns_a, TRUE);
  int b =
    g_test_rand_int_range (0, 2) ? value : add_window (maker, value, &rows_b, &columns_b, TRUE);

  *rows = twin_join (&rows_a, &rows_b);
  *columns = twin_join (&columns_a, &columns_b);
  return graph_node (maker->graph, "Add", name, NULL, a, b, -1);
}

static void
test_random_networks (void)
{
  for (int round = 0; round < 300; round++)
    {
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      Maker maker = { .graph = graph };
      Line rows = twin_input (), columns = twin_input ();
      int x = graph_input (graph, "x", 4, 1, 2, SIZE, SIZE), y = x;

      for (int n = g_test_rand_int_range (1, 7); n > 0; n--)
        y = g_test_rand_int_range (0, 3) == 0 ? add_join (&maker, y, &rows, &columns) :
                                                add_window (&maker, y, &rows, &columns, FALSE);
      if (y == x)
        continue;
      graph_finish (graph, &y, 1);
      /* strides under dilation may leave the outermost pixel of the box out */
      compare (graph, x, y, &rows, &columns, !maker.dilated);
    }
}

static void
test_transposed_convolution (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  Line line = twin_input (), half, full;
  int x = graph_input (graph, "x", 4, 1, 2, SIZE, SIZE);
  int a = graph_node (graph, "Conv", "a", graph_attrs ("strides=2,2 pads=1,1,1,1"), x,
                      graph_weights (graph, "w", 4, 2, 2, 3, 3), -1);
  int y = graph_node (graph, "ConvTranspose", "y", graph_attrs ("strides=2,2 pads=1,1,1,1"), a,
                      graph_weights (graph, "v", 4, 2, 2, 4, 4), -1);

  graph_finish (graph, &y, 1);
  half = twin_window (&line, 3, 2, 1, 1);
  full = twin_deconv (&half, 4, 2, 1);
  compare (graph, x, y, &full, &full, FALSE);
}

/* Nearest neighbour: cell o copies input o / 2. */
static void
test_enlarged (void)
{
  const float scales[] = { 1, 1, 2, 2 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  Line line = twin_input (), half, full = { .n = SIZE };
  int x = graph_input (graph, "x", 4, 1, 2, SIZE, SIZE);
  int a = graph_node (graph, "MaxPool", "a", graph_attrs ("kernel_shape=2,2 strides=2,2"), x, -1);
  TapAttrs *attrs = graph_attrs ("mode:nearest");
  int y;

  tap_attrs_set_floats (attrs, "scales", scales, 4);
  y = graph_node (graph, "Upsample", "y", attrs, a, -1);
  graph_find (graph, "y")->opset = 7;
  graph_finish (graph, &y, 1);
  half = twin_window (&line, 2, 2, 1, 0);
  for (int o = 0; o < SIZE; o++)
    full.sets[o] = half.sets[o / 2];
  compare (graph, x, y, &full, &full, FALSE);
}

/* A channel shuffle moves no pixels. */
static void
test_channel_shuffle (void)
{
  const gint64 apart[] = { 1, 2, 1, SIZE / 2, SIZE / 2 }, together[] = { 1, 2, SIZE / 2, SIZE / 2 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  Line line = twin_input (), half, out;
  int x = graph_input (graph, "x", 4, 1, 2, SIZE, SIZE);
  int a = graph_node (graph, "MaxPool", "a", graph_attrs ("kernel_shape=2,2 strides=2,2"), x, -1);
  int b = graph_node (graph, "Reshape", "b", NULL, a, graph_integers (graph, "s", 5, apart), -1);
  int c = graph_node (graph, "Transpose", "c", graph_attrs ("perm=0,2,1,3,4"), b, -1);
  int d = graph_node (graph, "Reshape", "d", NULL, c, graph_integers (graph, "t", 4, together), -1);
  int y = graph_node (graph, "MaxPool", "y", graph_attrs ("kernel_shape=3,3"), d, -1);

  graph_finish (graph, &y, 1);
  half = twin_window (&line, 2, 2, 1, 0);
  out = twin_window (&half, 3, 1, 1, 0);
  compare (graph, x, y, &out, &out, TRUE);
}

/* Pictures that come channels last, and a margin made by a node of its own. */
static void
test_transpose_and_pad (void)
{
  const gint64 pads[] = { 0, 0, 2, 1, 0, 0, 2, 1 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  Line line = twin_input (), rows, columns;
  int x = graph_input (graph, "x", 4, 1, SIZE, SIZE, 3);
  int a = graph_node (graph, "Transpose", "a", graph_attrs ("perm=0,3,1,2"), x, -1);
  int b = graph_node (graph, "Pad", "b", NULL, a, graph_integers (graph, "p", 8, pads), -1);
  int y = graph_node (graph, "MaxPool", "y", graph_attrs ("kernel_shape=5,3 strides=2,2"), b, -1);

  graph_finish (graph, &y, 1);
  rows = twin_window (&line, 5, 2, 1, 2);
  columns = twin_window (&line, 3, 2, 1, 1);
  compare (graph, x, y, &rows, &columns, TRUE);
}

static void
test_slice (void)
{
  const gint64 starts[] = { 5, 3 }, ends[] = { 40, 30 }, axes[] = { 2, 3 }, steps[] = { 2, 1 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  Line rows = { .n = 18 }, columns = { .n = 27 };
  int x = graph_input (graph, "x", 4, 1, 2, SIZE, SIZE);
  int y = graph_node (graph, "Slice", "y", NULL, x, graph_integers (graph, "s", 2, starts),
                      graph_integers (graph, "e", 2, ends), graph_integers (graph, "a", 2, axes),
                      graph_integers (graph, "t", 2, steps), -1);

  graph_finish (graph, &y, 1);
  for (int i = 0; i < rows.n; i++)
    rows.sets[i] = G_GUINT64_CONSTANT (1) << (5 + 2 * i);
  for (int i = 0; i < columns.n; i++)
    columns.sets[i] = G_GUINT64_CONSTANT (1) << (3 + i);
  compare (graph, x, y, &rows, &columns, TRUE);
}

/* Nothing local is left behind a global pool, a matrix or a gate. */
static void
test_everything (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 2, SIZE, SIZE);
  int pool = graph_node (graph, "GlobalAveragePool", "pool", NULL, x, -1);
  int gated = graph_node (graph, "Mul", "gated", NULL, x, pool, -1);
  int flat = graph_node (graph, "Flatten", "flat", NULL, x, -1);
  int scaled =
    graph_node (graph, "Mul", "scaled", NULL, x, graph_weights (graph, "g", 3, 2, 1, 1), -1);
  int outputs[] = { gated, flat, scaled };
  TapReceptiveField field;

  graph_finish (graph, outputs, 3);
  g_assert_false (tap_infer_receptive_field (graph, x, pool, &field));
  g_assert_false (tap_infer_receptive_field (graph, x, gated, &field));
  g_assert_false (tap_infer_receptive_field (graph, x, flat, &field));
  g_assert_true (tap_infer_receptive_field (graph, x, scaled, &field));
  g_assert_cmpfloat (field.size_y, ==, 1.0);
}

/* Araujo, Norris, Sim 2019, table 1: AlexNet v2's and VGG-16's last pool, size 195 and 212, stride 32. */
static void
test_published (void)
{
  static const int alexnet[][3] = { { 11, 4, 0 }, { 3, 2, 0 }, { 5, 1, 2 }, { 3, 2, 0 },
                                    { 3, 1, 1 },  { 3, 1, 1 }, { 3, 1, 1 }, { 3, 2, 0 } };
  static const int vgg16[][3] = {
    { 3, 1, 1 }, { 3, 1, 1 }, { 2, 2, 0 }, { 3, 1, 1 }, { 3, 1, 1 }, { 2, 2, 0 },
    { 3, 1, 1 }, { 3, 1, 1 }, { 3, 1, 1 }, { 2, 2, 0 }, { 3, 1, 1 }, { 3, 1, 1 },
    { 3, 1, 1 }, { 2, 2, 0 }, { 3, 1, 1 }, { 3, 1, 1 }, { 3, 1, 1 }, { 2, 2, 0 },
  };

  for (int net = 0; net < 2; net++)
    {
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      int x = graph_input (graph, "x", 4, 1, 2, 231, 231), y = x;
      TapReceptiveField field;

      for (gsize i = 0; i < (net ? G_N_ELEMENTS (vgg16) : G_N_ELEMENTS (alexnet)); i++)
        {
          const int *row = net ? vgg16[i] : alexnet[i];
          g_autofree char *name = g_strdup_printf ("n%d", (int) i);
          g_autofree char *text =
            g_strdup_printf ("kernel_shape=%d,%d strides=%d,%d pads=%d,%d,%d,%d", row[0], row[0],
                             row[1], row[1], row[2], row[2], row[2], row[2]);

          y = graph_node (graph, "MaxPool", name, graph_attrs (text), y, -1);
        }
      graph_finish (graph, &y, 1);
      g_assert_true (tap_infer_receptive_field (graph, x, y, &field));
      g_assert_cmpfloat (field.size_y, ==, net ? 212.0 : 195.0);
      g_assert_cmpfloat (field.jump_x, ==, 32.0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/receptive-field/random-networks-equal-a-slow-search",
                   test_random_networks);
  g_test_add_func ("/ops/receptive-field/transposed-convolution", test_transposed_convolution);
  g_test_add_func ("/ops/receptive-field/enlarged", test_enlarged);
  g_test_add_func ("/ops/receptive-field/channel-shuffle", test_channel_shuffle);
  g_test_add_func ("/ops/receptive-field/transpose-and-pad", test_transpose_and_pad);
  g_test_add_func ("/ops/receptive-field/slice", test_slice);
  g_test_add_func ("/ops/receptive-field/some-layers-see-everything", test_everything);
  g_test_add_func ("/ops/receptive-field/published-numbers", test_published);
  return g_test_run ();
}
