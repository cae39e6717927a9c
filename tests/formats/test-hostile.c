/* test-hostile.c - files made to do harm
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each is written by hand, byte by byte, and has to be refused with a sentence that names what is wrong,
 * quickly and in little memory; or shown, where only a part cannot run. */
#include "config.h"

#include "wire.h"

#include "core/tap-error.h"
#include "formats/registry.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#  define SLOWDOWN 5
#else
#  define SLOWDOWN 1
#endif

static const gint64 picture[] = { 1, 3, 8, 8 };

/* A graph with the input x [1,3,8,8] and the output y. */
static Wire *
new_graph (void)
{
  Wire *graph = wire_new ();

  wire_text (graph, 2, "hostile");
  wire_message (graph, 11, wire_value ("x", picture, 4));
  wire_message (graph, 12, wire_value ("y", NULL, 0));
  return graph;
}

static TapModel *
load (GBytes *bytes, const char *name, GError **error)
{
  clock_t start = clock (); /* of this process: the machine may be busy */
  TapModel *model = tap_format_load_bytes (bytes, name, NULL, NULL, error);

  g_assert_cmpint (clock () - start, <, 2 * SLOWDOWN * CLOCKS_PER_SEC);
  return model;
}

/* Takes @model; the message has to hold every one of @parts, separated by "|". */
static void
assert_refused (Wire *file, const char *parts)
{
  g_autoptr (GBytes) bytes = wire_bytes (file);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = load (bytes, "m.onnx", &error);
  g_auto (GStrv) wanted = g_strsplit (parts, "|", -1);

  g_assert_null (model);
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, "m.onnx"));
  for (int i = 0; wanted[i] != NULL; i++)
    if (strstr (error->message, wanted[i]) == NULL)
      g_error ("“%s” does not say “%s”", error->message, wanted[i]);
}

static void
test_nesting (void)
{
  /* built from the inside out: node { attribute { g { node { … */
  const int depth = 100000;
  g_autoptr (GByteArray) reversed = g_byte_array_new ();
  gsize length = 0;
  Wire *graph;

  for (int i = 0; i < depth; i++)
    for (int level = 0; level < 3; level++)
      {
        static const guint8 tags[] = { 6 << 3 | 2, 5 << 3 | 2, 1 << 3 | 2 };
        g_autoptr (GByteArray) head = g_byte_array_new ();

        g_byte_array_append (head, &tags[level], 1);
        wire_varint (head, length);
        length += head->len;
        for (guint b = head->len; b > 0; b--)
          g_byte_array_append (reversed, &head->data[b - 1], 1);
      }
  for (guint i = 0; i < reversed->len / 2; i++)
    {
      guint8 byte = reversed->data[i];

      reversed->data[i] = reversed->data[reversed->len - 1 - i];
      reversed->data[reversed->len - 1 - i] = byte;
    }
  graph = new_graph ();
  g_byte_array_append (graph, reversed->data, reversed->len);
  assert_refused (wire_model (graph), "nested deeper than 64");
}

static void
test_length (void)
{
  Wire *file = wire_new ();

  wire_int (file, 1, 8);
  wire_varint (file, 7 << 3 | 2);
  wire_varint (file, G_GUINT64_CONSTANT (1) << 62);
  wire_int (file, 1, 8);
  assert_refused (file, "m.onnx");

  file = wire_new ();
  wire_int (file, 1, 8);
  wire_varint (file, 7 << 3 | 2);
  wire_varint (file, 1000);
  wire_int (file, 1, 8);
  assert_refused (file, "ends at byte|more are expected");
}

static void
test_dims (void)
{
  static const gint64 huge[] = { 4194305, 4194305, 211106198978564 }, negative[] = { 2, -3 };
  static const float two[] = { 1, 2 };
  static const gint64 four[] = { 4 };
  Wire *graph = new_graph ();

  wire_message (graph, 5, wire_tensor ("weights", 1, huge, 3, two, sizeof two));
  wire_message (graph, 1, wire_node ("Relu", "r", "x", "y"));
  assert_refused (wire_model (graph), "weights|too large");

  graph = new_graph ();
  wire_message (graph, 5, wire_tensor ("weights", 1, negative, 2, two, sizeof two));
  assert_refused (wire_model (graph), "weights|-3");

  graph = new_graph ();
  wire_message (graph, 5, wire_tensor ("weights", 1, four, 1, two, sizeof two));
  assert_refused (wire_model (graph), "weights|needs 16 bytes|8 are there");
}

static void
test_names (void)
{
  Wire *graph = new_graph ();

  wire_message (graph, 1, wire_node ("Relu", "a", "x", "y"));
  wire_message (graph, 1, wire_node ("Relu", "b", "x", "y"));
  assert_refused (wire_model (graph), "“y”|“a”|“b”");

  graph = new_graph ();
  wire_message (graph, 1, wire_node ("Relu", "a", "nowhere", "y"));
  assert_refused (wire_model (graph), "“a”|“nowhere”");

  graph = new_graph ();
  wire_message (graph, 1, wire_node ("Add", "first", "x back", "t"));
  wire_message (graph, 1, wire_node ("Relu", "second", "t", "back"));
  wire_message (graph, 1, wire_node ("Relu", "third", "t", "y"));
  assert_refused (wire_model (graph), "cycle|“first”|“second”");

  graph = new_graph ();
  wire_message (graph, 1, wire_node ("", "nothing", "x", "y"));
  assert_refused (wire_model (graph), "“nothing”");
}

static Wire *
conv_graph (const char *attribute, const gint64 *values, int n, gint64 group)
{
  static const gint64 dims[] = { 3, 3, 3, 3 };
  static const float weights[81] = { 0 };
  Wire *graph = new_graph (), *node = wire_node ("Conv", "conv", "x w", "y");

  wire_message (node, 5, wire_attr_int ("group", group));
  if (attribute != NULL)
    wire_message (node, 5, wire_ints (attribute, values, n));
  wire_message (graph, 1, node);
  wire_message (graph, 5, wire_tensor ("w", 1, dims, 4, weights, sizeof weights));
  return graph;
}

static void
test_attributes (void)
{
  static const gint64 zeros[] = { 0, 0 }, three[] = { 1, 1, 1 };

  assert_refused (wire_model (conv_graph (NULL, NULL, 0, 0)), "“conv”|group");
  assert_refused (wire_model (conv_graph ("strides", zeros, 2, 1)), "“conv”|strides");
  assert_refused (wire_model (conv_graph ("pads", three, 3, 1)), "“conv”|pads");
  assert_refused (wire_model (conv_graph ("dilations", three, 1, 1)), "“conv”|dilations");
}

static void
test_unknown_operator (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (TapModel) model = NULL;
  Wire *graph = new_graph (), *node = wire_node ("Frobnicate", "frob", "t", "u");
  const TapNode *before, *unknown;

  wire_text (node, 7, "com.example");
  wire_message (graph, 1, wire_node ("Relu", "before", "x", "t"));
  wire_message (graph, 1, node);
  wire_message (graph, 1, wire_node ("Relu", "after", "u", "y"));
  bytes = wire_bytes (wire_model (graph));
  model = load (bytes, "m.onnx", &error);
  g_assert_no_error (error);
  g_assert_cmpint (tap_graph_n_nodes (model->graph), ==, 3);
  before = tap_graph_find_layer (model->graph, "before", NULL);
  unknown = tap_graph_find_layer (model->graph, "frob", NULL);
  g_assert_null (before->problem);
  g_assert_true (tap_graph_layer_value (model->graph, before)->has_shape);
  g_assert_nonnull (unknown->problem);
  g_assert_nonnull (strstr (unknown->problem, "Frobnicate"));
  g_assert_nonnull (strstr (unknown->problem, "frob"));
}

/* Few bytes that ask for a lot of memory. */
static void
test_bombs (void)
{
  static const gint64 huge[] = { 2147483647, 4 }, dims[] = { 2 };
  struct rusage before, after;
  Wire *graph, *node, *packed = wire_new (), *tensor;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = NULL;

  getrusage (RUSAGE_SELF, &before);
  graph = new_graph ();
  wire_message (graph, 5, wire_tensor ("shape", 7, dims, 1, huge, sizeof huge));
  wire_message (graph, 1, wire_node ("ConstantOfShape", "bomb", "shape", "z"));
  wire_message (graph, 1, wire_node ("Relu", "r", "x", "y"));
  bytes = wire_bytes (wire_model (graph));
  model = load (bytes, "m.onnx", &error); /* refused, or the node marked */
  g_clear_pointer (&model, tap_model_unref);
  g_clear_error (&error);

  /* int8 numbers that would take eight times their room */
  graph = new_graph ();
  for (int i = 0; i < (20 << 20); i++)
    wire_varint (packed, 1);
  tensor = wire_new ();
  wire_int (tensor, 1, 20 << 20);
  wire_int (tensor, 2, 6);
  wire_text (tensor, 8, "ints");
  wire_message (tensor, 5, packed);
  wire_message (graph, 5, tensor);
  wire_message (graph, 1, wire_node ("Relu", "r", "x", "y"));
  assert_refused (wire_model (graph), "memory");

  /* functions that call functions */
  graph = new_graph ();
  node = wire_node ("f0", "call", "x", "y");
  wire_text (node, 7, "f");
  wire_message (graph, 1, node);
  {
    Wire *file = wire_model (graph);

    for (int i = 0; i < 16; i++)
      {
        Wire *function = wire_new ();
        g_autofree char *name = g_strdup_printf ("f%d", i), *next = g_strdup_printf ("f%d", i + 1);

        wire_text (function, 1, name);
        wire_text (function, 10, "f");
        wire_text (function, 4, "x");
        wire_text (function, 5, "y");
        for (int k = 0; k < 10; k++)
          {
            g_autofree char *out = g_strdup_printf (k == 9 ? "y" : "t%d", k);
            Wire *inner = wire_node (next, "n", "x", out);

            wire_text (inner, 7, "f");
            wire_message (function, 7, inner);
          }
        wire_message (file, 25, function);
      }
    assert_refused (file, "m.onnx");
  }
  getrusage (RUSAGE_SELF, &after);
  g_test_message ("peak %ld MB", after.ru_maxrss / 1024);
#ifndef __SANITIZE_ADDRESS__
  g_assert_cmpint (after.ru_maxrss - before.ru_maxrss, <, 300 * 1024);
#endif
}

/* Many small parts rather than few large ones. */
static void
test_crowds (void)
{
  Wire *graph = new_graph ();

  for (int i = 0; i < 300000; i++)
    {
      static const guint8 node[] = { 0x0a, 0x03, 0x22, 0x01, 'A' };

      g_byte_array_append (graph, node, sizeof node);
    }
  assert_refused (wire_model (graph), "more than 50000 nodes");
}

/* --- external data --- */

static GBytes *
external_model (const char *location, const char *offset, const char *length)
{
  static const gint64 dims[] = { 4 };
  Wire *graph = new_graph (), *tensor = wire_tensor ("w", 1, dims, 1, NULL, 0);

  wire_message (tensor, 13, wire_pair ("location", location));
  if (offset != NULL)
    wire_message (tensor, 13, wire_pair ("offset", offset));
  if (length != NULL)
    wire_message (tensor, 13, wire_pair ("length", length));
  wire_int (tensor, 14, 1);
  wire_message (graph, 5, tensor);
  wire_message (graph, 1, wire_node ("Relu", "r", "x", "y"));
  return wire_bytes (wire_model (graph));
}

static void
try_external (const char *folder,
              const char *location,
              const char *offset,
              const char *length,
              int code,
              const char *says)
{
  g_autofree char *path = g_build_filename (folder, "m.onnx", NULL);
  g_autoptr (GBytes) bytes = external_model (location, offset, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = NULL;
  TapLoadRequest request = { .path = path };
  gsize n;
  const char *data = g_bytes_get_data (bytes, &n);

  g_assert_true (g_file_set_contents (path, data, (gssize) n, NULL));
  model = tap_format_load (&request, NULL, NULL, &error);
  if (code < 0)
    {
      const TapValue *value;

      g_assert_no_error (error);
      value = tap_graph_get_value (model->graph, tap_graph_find_value (model->graph, "w"));
      g_assert_cmpfloat (tap_tensor_f32 (value->constant)[3], ==, 4.5f);
      return;
    }
  g_assert_error (error, TAP_FORMAT_ERROR, code);
  if (strstr (error->message, says) == NULL)
    g_error ("“%s” does not say “%s”", error->message, says);
}

static void
test_external (void)
{
  static const float values[] = { 1.5f, 2.5f, 3.5f, 4.5f, 5.5f };
  g_autofree char *folder = g_dir_make_tmp ("tapetum-XXXXXX", NULL);
  g_autofree char *data = g_build_filename (folder, "m.onnx.data", NULL);
  g_autofree char *link = g_build_filename (folder, "link", NULL);
  g_autofree char *hard = g_build_filename (folder, "hard", NULL);
  g_autofree char *other = g_build_filename (folder, "other", NULL);
  g_autofree char *pipe = g_build_filename (folder, "pipe", NULL);
  g_autofree char *inner = g_build_filename (folder, "sub", NULL);
  g_autofree char *model = g_build_filename (folder, "m.onnx", NULL);
  const int bad = TAP_FORMAT_ERROR_DAMAGED;

  try_external (folder, "m.onnx.data", NULL, NULL, TAP_FORMAT_ERROR_MISSING_FILE,
                "also needs m.onnx.data");
  g_assert_true (g_file_set_contents (data, (const char *) values, sizeof values, NULL));
  try_external (folder, "m.onnx.data", NULL, NULL, -1, NULL);
  try_external (folder, "./m.onnx.data", "0", "16", -1, NULL);
  try_external (folder, "m.onnx.data", "8", "16", bad, "“w”");
  try_external (folder, "m.onnx.data", "18446744073709551612", "16", bad, "offset");
  try_external (folder, "m.onnx.data", "-4", "16", bad, "offset");
  try_external (folder, "m.onnx.data", "0", "12", bad, "“w”");
  try_external (folder, "../../../../../../etc/passwd", NULL, NULL, bad, "outside");
  try_external (folder, "sub/../../m.onnx.data", NULL, NULL, bad, "outside");
  try_external (folder, "/etc/passwd", NULL, NULL, bad, "absolute");
  try_external (folder, "", NULL, NULL, bad, "names no file");
  try_external (folder, ".", NULL, NULL, bad, "names no file");

  g_assert_cmpint (symlink ("m.onnx.data", link), ==, 0);
  try_external (folder, "link", NULL, NULL, bad, "symbolic link");
  g_assert_true (g_file_set_contents (other, (const char *) values, sizeof values, NULL));
  if (linkat (AT_FDCWD, other, AT_FDCWD, hard, 0) == 0)
    try_external (folder, "hard", NULL, NULL, bad, "hard link");
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  try_external (folder, "pipe", NULL, NULL, bad, "not a regular file");
  g_assert_cmpint (g_mkdir (inner, 0700), ==, 0);
  try_external (folder, "sub", NULL, NULL, bad, "not a regular file");

  g_remove (data);
  g_remove (link);
  g_remove (hard);
  g_remove (other);
  g_remove (pipe);
  g_remove (model);
  g_rmdir (inner);
  g_rmdir (folder);
}

/* --- text --- */

static void
assert_text_refused (const char *text, const char *says)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = load (bytes, "net.prototxt", &error);

  g_assert_null (model);
  g_assert_nonnull (error);
  if (strstr (error->message, says) == NULL)
    g_error ("“%s” does not say “%s”", error->message, says);
}

static void
test_prototxt (void)
{
  g_autoptr (GString) deep = g_string_new (NULL), wide = g_string_new (NULL);

  assert_text_refused ("layer { name: \"a\"", "line 1, column 18");
  assert_text_refused ("layer {\n  name: \"a\n}\n", "line 2");
  assert_text_refused ("layer {\n  name \"a\"\n}\n", "line 2, column 8");
  assert_text_refused ("layer { name: \"a\" bottom: \"x\" top: \"y\" }", "has no type");
  assert_text_refused ("input: \"x\" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n"
                       "layer { name: \"c\" type: \"Convolution\" bottom: \"x\" top: \"y\"\n"
                       "  convolution_param { num_output: many kernel_size: 3 } }",
                       "line 3");
  assert_text_refused ("input: \"x\" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n"
                       "layer { name: \"c\" type: \"Convolution\" bottom: \"x\" top: \"y\"\n"
                       "  convolution_param { num_output: 4 kernel_size: 3 group: 0 } }",
                       "“c”");
  assert_text_refused ("input: \"x\" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n"
                       "layer { name: \"r\" type: \"ReLU\" bottom: \"z\" top: \"y\" }",
                       "“z”");
  for (int i = 0; i < 1000000; i++)
    g_string_append (deep, "layer{");
  assert_text_refused (deep->str, "nested deeper than 64");
  for (int i = 0; i < 1000000; i++)
    g_string_append (wide, "layer{}");
  assert_text_refused (wide->str, "more than 400000 fields");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_summary ("Hostile networks are refused with a sentence that names what is wrong.");
  g_test_add_func ("/hostile/nesting-beyond-64-is-refused", test_nesting);
  g_test_add_func ("/hostile/length-beyond-the-file-is-refused", test_length);
  g_test_add_func ("/hostile/impossible-dimensions-name-their-tensor", test_dims);
  g_test_add_func ("/hostile/names-made-twice-or-never-or-in-a-circle-are-told", test_names);
  g_test_add_func ("/hostile/impossible-attributes-name-their-node", test_attributes);
  g_test_add_func ("/hostile/unknown-operator-keeps-the-graph", test_unknown_operator);
  g_test_add_func ("/hostile/small-files-take-little-memory", test_bombs);
  g_test_add_func ("/hostile/crowds-are-refused", test_crowds);
  g_test_add_func ("/hostile/external-data-stays-beside-the-network", test_external);
  g_test_add_func ("/hostile/prototxt-errors-have-line-and-column", test_prototxt);
  return g_test_run ();
}
