/* file-kind.c - names files that are not networks, or networks of a kind that is not read
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "formats/formats-private.h"

#include <string.h>

#define TORCH_EXPORT                                                                               \
  "export it in Python with “torch.onnx.export(model.eval(), x, \"m.onnx\", dynamo=True, "       \
  "external_data=False)”"
#define KERAS_EXPORT                                                                               \
  "export it in Python with “model.export(\"m.onnx\", format=\"onnx\")”, or with "             \
  "“python -m tf2onnx.convert --keras m.h5 --output m.onnx”"
#define TFLITE_EXPORT                                                                              \
  "convert it with “python -m tf2onnx.convert --tflite m.tflite --output m.onnx”"
#define NOT_READ_CODE "a PyTorch file, which contains code and is not loaded: " TORCH_EXPORT

typedef struct
{
  gsize offset;
  const char *bytes;
  gsize n;
  TapFileKind kind;
} Signature;

#define MAGIC(offset, bytes) offset, bytes, sizeof (bytes) - 1

static const Signature signatures[] = {
  { MAGIC (0, "version https://git-lfs"),
    { "a Git LFS pointer", "fetch the real file with “git lfs pull”", FALSE } },
  { MAGIC (0, "\x89PNG\r\n\x1a\n"), { "a PNG picture", NULL, FALSE } },
  { MAGIC (0, "\xff\xd8\xff"), { "a JPEG picture", NULL, FALSE } },
  { MAGIC (0, "GIF87a"), { "a GIF picture", NULL, FALSE } },
  { MAGIC (0, "GIF89a"), { "a GIF picture", NULL, FALSE } },
  { MAGIC (8, "WEBPVP8"), { "a WebP picture", NULL, FALSE } },
  { MAGIC (0, "II*\0"), { "a TIFF picture", NULL, FALSE } },
  { MAGIC (0, "MM\0*"), { "a TIFF picture", NULL, FALSE } },
  { MAGIC (0, "%PDF-"), { "a PDF document", NULL, FALSE } },
  { MAGIC (0, "PK\005\006"), { "an empty zip archive", NULL, FALSE } },
  { MAGIC (0, "\x1f\x8b"), { "a gzip archive", "unpack it and open the network inside", FALSE } },
  { MAGIC (0, "BZh"), { "a bzip2 archive", "unpack it and open the network inside", FALSE } },
  { MAGIC (0,
           "\xfd"
           "7zXZ\0"),
    { "an xz archive", "unpack it and open the network inside", FALSE } },
  { MAGIC (0, "7z\xbc\xaf\x27\x1c"),
    { "a 7-Zip archive", "unpack it and open the network inside", FALSE } },
  { MAGIC (0, "Rar!\x1a\007"),
    { "a RAR archive", "unpack it and open the network inside", FALSE } },
  { MAGIC (257, "ustar"), { "a tar archive", "unpack it and open the network inside", FALSE } },
  { MAGIC (0,
           "\x7f"
           "ELF"),
    { "a program (ELF)", NULL, FALSE } },
  { MAGIC (0, "\x89HDF\r\n\x1a\n"), { "an HDF5 file, as Keras saves", KERAS_EXPORT, TRUE } },
  { MAGIC (4, "TFL3"), { "a TensorFlow Lite network", TFLITE_EXPORT, TRUE } },
  { MAGIC (0, "\x93NUMPY"), { "a NumPy array", NULL, FALSE } },
  { MAGIC (0, "GGUF"), { "a GGUF language model", NULL, TRUE } },
  { MAGIC (0, "SQLite format 3"), { "an SQLite database", NULL, FALSE } },
  { MAGIC (0, "\x28\xb5\x2f\xfd"),
    { "a Zstandard archive", "unpack it and open the network inside", FALSE } },
  { MAGIC (0, "\200\002"), { NOT_READ_CODE, NULL, TRUE } },
  { MAGIC (0, "\200\003"), { NOT_READ_CODE, NULL, TRUE } },
  { MAGIC (0, "\200\004\225"), { NOT_READ_CODE, NULL, TRUE } },
  { MAGIC (0, "\200\005\225"), { NOT_READ_CODE, NULL, TRUE } },
};

static const TapFileKind kind_zip = { "a zip archive", "unpack it and open the network inside",
                                      FALSE };
static const TapFileKind kind_torch_zip = { NOT_READ_CODE, NULL, TRUE };
static const TapFileKind kind_npz = { "an archive of NumPy arrays (.npz)", NULL, FALSE };
static const TapFileKind kind_keras = { "a Keras archive", KERAS_EXPORT, TRUE };
static const TapFileKind kind_html = { "an HTML page",
                                       "download the file itself, not the page "
                                       "about it",
                                       FALSE };
static const TapFileKind kind_xml = { "an XML file", NULL, FALSE };
static const TapFileKind kind_json = { "a JSON file", NULL, FALSE };
static const TapFileKind kind_bmp = { "a BMP picture", NULL, FALSE };
static const TapFileKind kind_safetensors = {
  "a safetensors file, which holds weights but no network",
  "build the network in Python, load these weights into it, and export it with "
  "“torch.onnx.export(model.eval(), x, \"m.onnx\", dynamo=True, external_data=False)”",
  TRUE
};
static const TapFileKind kind_graphdef = {
  "a TensorFlow graph",
  "convert it with “python -m tf2onnx.convert --graphdef m.pb --inputs input:0 --outputs output:0 "
  "--output m.onnx”",
  TRUE
};
static const TapFileKind kind_saved_model = {
  "a TensorFlow SavedModel",
  "convert its folder with “python -m tf2onnx.convert --saved-model FOLDER --output m.onnx”", TRUE
};

gboolean
tap_formats_is_text (const guint8 *head, gsize n)
{
  const char *end;

  for (gsize i = 0; i < n; i++)
    if (head[i] < 32 && head[i] != '\n' && head[i] != '\r' && head[i] != '\t' && head[i] != '\f')
      return FALSE;
  /* A character may be cut at the end of the head. */
  return g_utf8_validate ((const char *) head, (gssize) n, &end) ||
         n - (gsize) (end - (const char *) head) < 4;
}

static gboolean
contains (const guint8 *head, gsize n, const char *needle)
{
  gsize length = strlen (needle);

  for (gsize i = 0; i + length <= n; i++)
    if (memcmp (head + i, needle, length) == 0)
      return TRUE;
  return FALSE;
}

static const TapFileKind *
name_zip (const guint8 *head, gsize n)
{
  if (contains (head, n, "/data.pkl") || contains (head, n, "/byteorder") ||
      contains (head, n, "data.pkl"))
    return &kind_torch_zip;
  if (contains (head, n, "model.weights.h5") || contains (head, n, "metadata.json"))
    return &kind_keras;
  return contains (head, n, ".npy") ? &kind_npz : &kind_zip;
}

static const TapFileKind *
name_markup (const guint8 *head, gsize n)
{
  g_autofree char *start = NULL;
  gsize skip = 0;

  if (n >= 3 && memcmp (head, "\xef\xbb\xbf", 3) == 0)
    skip = 3;
  while (skip < n && g_ascii_isspace (head[skip]))
    skip++;
  start = g_ascii_strdown ((const char *) head + skip, (gssize) MIN (n - skip, 512));
  if (start[0] == '{' || start[0] == '[')
    return tap_formats_is_text (head, n) ? &kind_json : NULL;
  if (start[0] != '<')
    return NULL;
  if (g_str_has_prefix (start, "<!doctype html") || strstr (start, "<html") != NULL ||
      g_str_has_prefix (start, "<head") || g_str_has_prefix (start, "<body"))
    return &kind_html;
  return g_str_has_prefix (start, "<?xml") || g_str_has_prefix (start, "<!") ||
             g_ascii_isalpha (start[1]) ?
           &kind_xml :
           NULL;
}

/* Eight bytes of header length, then a JSON object. */
static gboolean
is_safetensors (const guint8 *head, gsize n)
{
  guint64 length = 0;

  if (n < 10 || head[8] != '{' || (head[9] != '"' && head[9] != '}' && head[9] != ' '))
    return FALSE;
  for (int i = 7; i >= 0; i--)
    length = length << 8 | head[i];
  return length >= 2 && length <= 100000000;
}

/* GraphDef: a first node { name, op } whose operator has a name that TensorFlow starts graphs with. */
static gboolean
is_graphdef (const guint8 *head, gsize n)
{
  return n > 16 && head[0] == 0x0a &&
         (contains (head, MIN (n, 512), "\x12\x0bPlaceholder") || contains (head, MIN (n, 512),
                                                                            "\x12\x05"
                                                                            "Const"));
}

static gboolean
is_saved_model (const guint8 *head, gsize n)
{
  return n > 32 && head[0] == 0x08 && head[1] == 0x01 && head[2] == 0x12 &&
         (contains (head, n, "\x0a") &&
          (contains (head, n, "serve") || contains (head, n, "allowed_values") ||
           contains (head, n, "AssignVariableOp") || contains (head, n, "AddV2")));
}

const TapFileKind *
tap_formats_file_kind (const guint8 *head, gsize n)
{
  for (gsize i = 0; i < G_N_ELEMENTS (signatures); i++)
    {
      const Signature *s = &signatures[i];

      if (s->offset + s->n <= n && memcmp (head + s->offset, s->bytes, s->n) == 0)
        return &s->kind;
    }
  if (n >= 4 && memcmp (head, "PK\003\004", 4) == 0)
    return name_zip (head, n);
  if (n >= 26 && memcmp (head, "BM", 2) == 0 && memcmp (head + 6, "\0\0\0\0", 4) == 0)
    return &kind_bmp;
  if (is_safetensors (head, n))
    return &kind_safetensors;
  if (is_graphdef (head, n))
    return &kind_graphdef;
  if (is_saved_model (head, n))
    return &kind_saved_model;
  return n > 0 ? name_markup (head, n) : NULL;
}

const char *
tap_format_name_file (const guint8 *head, gsize n)
{
  const TapFileKind *kind = tap_formats_file_kind (head, n);

  if (n == 0)
    return "an empty file";
  if (kind != NULL)
    return kind->what;
  return tap_formats_is_text (head, n) ? "a text file" : NULL;
}
