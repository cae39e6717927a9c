/* test-files.c - labels, preprocessing, and files that are no networks
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-error.h"
#include "formats/registry.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

typedef struct
{
  char *path; /* a folder that is emptied at the end */
} Folder;

static Folder
folder_new (void)
{
  return (Folder){ g_dir_make_tmp ("tapetum-XXXXXX", NULL) };
}

static void
folder_clear (Folder *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->path, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->path, name, NULL);

      g_remove (path);
    }
  g_rmdir (self->path);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Folder, folder_clear)

/* Writes @n bytes (-1: a text) and returns the path. */
static char *
put (const Folder *self, const char *name, const char *data, gssize n)
{
  char *path = g_build_filename (self->path, name, NULL);

  g_assert_true (g_file_set_contents (path, data, n, NULL));
  return path;
}

static void
put_golden (const Folder *self, const char *name, const char *as)
{
  g_autofree char *from = g_test_build_filename (G_TEST_DIST, "formats", "golden", name, NULL);
  g_autofree char *data = NULL, *path = NULL;
  gsize n;

  g_assert_true (g_file_get_contents (from, &data, &n, NULL));
  path = put (self, as, data, (gssize) n);
}

static TapModel *
load (const Folder *self, const char *name, const char *labels, const char *preprocess)
{
  g_autofree char *path = g_build_filename (self->path, name, NULL);
  TapLoadRequest request = { .path = path, .labels_path = labels, .preprocess = preprocess };
  g_autoptr (GError) error = NULL;
  TapModel *model = tap_format_load (&request, NULL, NULL, &error);

  g_assert_no_error (error);
  return model;
}

/* --- what is no network --- */

static void
test_kinds (void)
{
  static const struct
  {
    const char *name, *data;
    gssize n;
    int code;
    const char *says;
  } files[] = {
    { "a.onnx", "", 0, TAP_FORMAT_ERROR_NOT_A_NETWORK, "a.onnx is an empty file" },
    { "b.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", -1,
      TAP_FORMAT_ERROR_NOT_A_NETWORK, "b.onnx is a Git LFS pointer, not a network: fetch" },
    { "c.onnx", "\n<!DOCTYPE html><html><body>Sign in</body></html>", -1,
      TAP_FORMAT_ERROR_NOT_A_NETWORK, "an HTML page" },
    { "d.onnx", "PK\003\004\024\0\0\0\0\0something.txt", 24, TAP_FORMAT_ERROR_NOT_A_NETWORK,
      "a zip archive" },
    { "e.pth", "PK\003\004\024\0\0\0\0\0archive/data.pkl", 26, TAP_FORMAT_ERROR_UNSUPPORTED,
      "torch.onnx.export" },
    { "f.pth", "\200\002}q\1", 5, TAP_FORMAT_ERROR_UNSUPPORTED, "contains code and is not loaded" },
    { "g.h5", "\x89HDF\r\n\x1a\n\0\0\0\0", 12, TAP_FORMAT_ERROR_UNSUPPORTED, "tf2onnx" },
    { "h.tflite", "\x1c\0\0\0TFL3", 8, TAP_FORMAT_ERROR_UNSUPPORTED, "tf2onnx" },
    { "i.safetensors", "\x10\0\0\0\0\0\0\0{\"a\":1}         ", 24, TAP_FORMAT_ERROR_UNSUPPORTED,
      "safetensors" },
    { "j.onnx", "\x89PNG\r\n\x1a\n", 8, TAP_FORMAT_ERROR_NOT_A_NETWORK, "a PNG picture" },
    { "k.onnx", "\xff\xd8\xff\xe0", 4, TAP_FORMAT_ERROR_NOT_A_NETWORK, "a JPEG picture" },
    { "l.onnx", "<?xml version=\"1.0\"?><net name=\"x\"/>", -1, TAP_FORMAT_ERROR_NOT_A_NETWORK,
      "an XML file" },
    { "m.onnx", "{\"a\": 1}", -1, TAP_FORMAT_ERROR_NOT_A_NETWORK, "a JSON file" },
    { "n.onnx", "Just some words.\n", -1, TAP_FORMAT_ERROR_NOT_A_NETWORK, "a text file" },
    { "o.npy", "\x93NUMPY\1\0", 8, TAP_FORMAT_ERROR_NOT_A_NETWORK, "a NumPy array" },
    { "p.gz", "\x1f\x8b\x08\0", 4, TAP_FORMAT_ERROR_NOT_A_NETWORK, "a gzip archive" },
    { "q.bin",
      "\x7f"
      "ELF\2\1",
      6, TAP_FORMAT_ERROR_NOT_A_NETWORK, "a program" },
    { "r.xyz", "\1\2\3\4\5\6\7\x8", 8, TAP_FORMAT_ERROR_NOT_A_NETWORK, "a file of unknown kind" },
    { "s.onnx", "x", 1, TAP_FORMAT_ERROR_NOT_A_NETWORK, "s.onnx" },
  };
  g_auto (Folder) folder = folder_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = put (&folder, files[i].name, files[i].data, files[i].n);
      TapLoadRequest request = { .path = path };
      g_autoptr (GError) error = NULL;
      g_autoptr (TapModel) model = tap_format_load (&request, NULL, NULL, &error);

      g_assert_null (model);
      g_assert_error (error, TAP_FORMAT_ERROR, files[i].code);
      if (strstr (error->message, files[i].says) == NULL ||
          !g_str_has_prefix (error->message, files[i].name))
        g_error ("“%s” does not say “%s”", error->message, files[i].says);
    }
}

static void
test_no_file (void)
{
  g_auto (Folder) folder = folder_new ();
  g_autofree char *absent = g_build_filename (folder.path, "absent.onnx", NULL);
  g_autoptr (GError) error = NULL;
  TapLoadRequest request = { .path = absent };

  g_assert_null (tap_format_load (&request, NULL, NULL, &error));
  g_assert_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_MISSING_FILE);
  g_clear_error (&error);
  request.path = folder.path;
  g_assert_null (tap_format_load (&request, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "is a folder"));
  g_clear_error (&error);
  request.path = "/dev/null";
  g_assert_null (tap_format_load (&request, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "not a regular file"));
}

/* --- labels --- */

static void
check_labels (const Folder *folder, const char *text, gssize n, const char *expected)
{
  g_autofree char *path = put (folder, "list.txt", text, n), *joined = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TapLabels) labels = tap_labels_load (path, &error);

  if (expected == NULL)
    {
      g_assert_null (labels);
      g_assert_true (error->domain == TAP_FORMAT_ERROR);
      return;
    }
  g_assert_no_error (error);
  joined = g_strjoinv ("|", labels->names);
  g_assert_cmpstr (joined, ==, expected);
  g_assert_cmpstr (labels->source, ==, "list.txt");
}

static void
test_label_styles (void)
{
  g_auto (Folder) folder = folder_new ();

  check_labels (&folder, "cat\ndog\n", -1, "cat|dog");
  check_labels (&folder, "cat\r\ndog", -1, "cat|dog");
  check_labels (&folder, "n01440764 tench, Tinca tinca\nn01443537 goldfish", -1,
                "tench, Tinca tinca|goldfish");
  check_labels (&folder, "0:background\n1:tench, Tinca tinca", -1, "background|tench, Tinca tinca");
  check_labels (&folder, "0 cat\n1 dog\n", -1, "cat|dog");
  check_labels (&folder, "0\n1\n2\n", -1, "0|1|2");
  check_labels (&folder, "7 up\n3 cats\n", -1, "7 up|3 cats");
  check_labels (&folder,
                "\xef\xbb\xbf"
                "caf\xc3\xa9\nna\xefve\n",
                -1, "café|na\xef\xbf\xbdve");
  check_labels (&folder, "[\"cat\", \"d\\u00f6g\"]", -1, "cat|dög");
  check_labels (&folder, "{\"1\": \"dog\", \"0\": \"cat\"}", -1, "cat|dog");
  check_labels (&folder, "{0: 'cat', 1: 'dog'}", -1, "cat|dog");
  check_labels (&folder, "{\"cat\": 0, \"dog\": 2}", -1, "cat||dog");
  check_labels (&folder, "{\"0\": [\"n01440764\", \"tench\"]}", -1, "tench");
  check_labels (&folder, "{\"id2label\": {\"0\": \"cat\", \"1\": \"dog\"}}", -1, "cat|dog");
  check_labels (&folder, "", 0, NULL);
  check_labels (&folder, "a\0b\n", 4, NULL);
  check_labels (&folder, "\x89PNG\r\n\x1a\n", 8, NULL);
}

static void
test_label_order (void)
{
  g_auto (Folder) folder = folder_new ();
  g_autoptr (TapModel) model = NULL;
  g_autofree char *own = NULL, *few = NULL, *name = NULL;

  put_golden (&folder, "small.onnx", "small.onnx");
  model = load (&folder, "small.onnx", NULL, NULL);
  g_assert_cmpstr (model->labels->names[0], ==, "house"); /* what the network carries */
  g_clear_pointer (&model, tap_model_unref);

  g_free (put (&folder, "labels.txt", "a\nb\nc\nd\ne", -1));
  model = load (&folder, "small.onnx", NULL, NULL);
  g_assert_cmpstr (model->labels->names[0], ==, "a"); /* a file beside it */
  g_assert_cmpstr (model->labels->source, ==, "labels.txt");
  g_clear_pointer (&model, tap_model_unref);

  own = put (&folder, "mine.txt", "v\nw\nx\ny\nz", -1);
  model = load (&folder, "small.onnx", own, NULL);
  g_assert_cmpstr (model->labels->names[0], ==, "v"); /* what is asked for */
  g_assert_cmpuint (model->warnings->len, ==, 0);
  g_clear_pointer (&model, tap_model_unref);

  few = put (&folder, "few.txt", "v\nw", -1);
  model = load (&folder, "small.onnx", few, NULL);
  g_assert_cmpuint (model->warnings->len, ==, 1); /* of wrong length: told, indices for the rest */
  name = tap_labels_dup_name (model->labels, 4);
  g_assert_cmpstr (name, ==, "4");
}

static void
test_background (void)
{
  g_auto (Folder) folder = folder_new ();
  g_autoptr (TapModel) model = NULL;

  put_golden (&folder, "small.onnx", "small.onnx");
  g_free (put (&folder, "labels.txt", "background\na\nb\nc\nd\ne\n", -1));
  model = load (&folder, "small.onnx", NULL, NULL);
  g_assert_cmpint (model->labels->n, ==, 5);
  g_assert_cmpstr (model->labels->names[0], ==, "a");
  g_assert_cmpuint (model->warnings->len, ==, 1);
}

/* --- preprocessing --- */

static void
check_spec (const TapModel *model, TapPreprocessSource source, const char *expected)
{
  g_autofree char *spec = tap_preprocess_to_string (&model->preprocess);

  g_assert_cmpint (model->preprocess.source, ==, source);
  g_assert_cmpstr (spec, ==, expected);
  g_assert_true (source == TAP_PREPROCESS_USER || model->preprocess.note[0] != '\0');
}

static void
test_preprocess_order (void)
{
  g_auto (Folder) folder = folder_new ();
  g_autoptr (TapModel) model = NULL;

  put_golden (&folder, "channels-last.onnx", "net.onnx");
  model = load (&folder, "net.onnx", NULL, NULL);
  check_spec (model, TAP_PREPROCESS_FAMILY,
              "size=96x128,order=rgb,mean=127.5,std=127.5,resize=stretch");
  g_clear_pointer (&model, tap_model_unref);

  g_free (put (&folder, "config.json",
               "{\"architecture\": \"x\", \"pretrained_cfg\": {\"mean\": [0.5, 0.5, 0.5], \"std\": "
               "[0.25, 0.25, 0.25], \"input_size\": [3, 96, 128], \"crop_pct\": 0.9}}",
               -1));
  model = load (&folder, "net.onnx", NULL, NULL);
  check_spec (model, TAP_PREPROCESS_NEIGHBOUR,
              "size=96x128,order=rgb,mean=127.5,std=63.75,resize=crop");
  g_clear_pointer (&model, tap_model_unref);

  g_free (put (&folder, "preprocessor_config.json",
               "{\"do_rescale\": true, \"rescale_factor\": 0.00392156862745098, \"do_normalize\": "
               "false, \"size\": {\"height\": 96, \"width\": 128}}",
               -1));
  model = load (&folder, "net.onnx", NULL, NULL);
  check_spec (model, TAP_PREPROCESS_NEIGHBOUR,
              "size=96x128,order=rgb,mean=0,std=255,resize=stretch");
  g_clear_pointer (&model, tap_model_unref);

  g_free (put (&folder, "net.preprocess", "order=bgr,mean=1,std=2,resize=pad\n", -1));
  model = load (&folder, "net.onnx", NULL, NULL);
  check_spec (model, TAP_PREPROCESS_NEIGHBOUR, "size=96x128,order=bgr,mean=1,std=2,resize=pad");
  g_clear_pointer (&model, tap_model_unref);

  model = load (&folder, "net.onnx", NULL, "mean=5");
  check_spec (model, TAP_PREPROCESS_USER, "size=96x128,order=bgr,mean=5,std=2,resize=pad");
}

/* mean.binaryproto: BlobProto with legacy dimensions, here 1×3×2×2. */
static void
test_mean_file (void)
{
  static const float planes[12] = { 10, 20, 30, 40, 100, 100, 100, 100, 0, 0, 0, 4 };
  g_auto (Folder) folder = folder_new ();
  g_autoptr (TapModel) model = NULL;
  guint8 blob[10 + sizeof planes] = { 8, 1, 16, 3, 24, 2, 32, 2, 42, sizeof planes };

  memcpy (blob + 10, planes, sizeof planes);
  put_golden (&folder, "old.prototxt", "deploy.prototxt");
  put_golden (&folder, "old.caffemodel", "weights.caffemodel");
  model = load (&folder, "deploy.prototxt", NULL, NULL);
  check_spec (model, TAP_PREPROCESS_FAMILY,
              "size=8,order=bgr,mean=104/117/123,std=1,resize=stretch");
  g_clear_pointer (&model, tap_model_unref);

  g_free (put (&folder, "mean.binaryproto", (const char *) blob, sizeof blob));
  model = load (&folder, "deploy.prototxt", NULL, NULL);
  check_spec (model, TAP_PREPROCESS_NEIGHBOUR,
              "size=8,order=bgr,mean=25/100/1,std=1,resize=stretch");
}

/* Numbers in files do not depend on the user's language. */
static void
test_locale (void)
{
  g_auto (Folder) folder = folder_new ();
  g_autoptr (TapModel) model = NULL;

  if (setlocale (LC_ALL, "de_DE.UTF-8") == NULL)
    {
      g_test_skip ("this machine has no locale with a decimal comma");
      return;
    }
  put_golden (&folder, "trained.prototxt", "trained.prototxt");
  model = load (&folder, "trained.prototxt", NULL, NULL);
  setlocale (LC_ALL, "C");
  g_assert_cmpfloat (model->preprocess.std[0], ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_summary ("Labels and preprocessing are found; what is no network is named.");
  g_test_add_func ("/files/what-is-no-network-is-named", test_kinds);
  g_test_add_func ("/files/absent-files-and-folders-are-told", test_no_file);
  g_test_add_func ("/files/labels-are-read-in-every-style", test_label_styles);
  g_test_add_func ("/files/labels-asked-for-win-over-neighbours", test_label_order);
  g_test_add_func ("/files/background-label-is-left-out", test_background);
  g_test_add_func ("/files/preprocessing-asked-for-wins-over-neighbours", test_preprocess_order);
  g_test_add_func ("/files/mean-picture-gives-mean-colour", test_mean_file);
  g_test_add_func ("/files/numbers-do-not-depend-on-the-locale", test_locale);
  return g_test_run ();
}
