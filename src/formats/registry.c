/* registry.c - the formats that are read, and the one door to them
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file is told by its bytes first and by its name second. What comes out of a format is a graph as
 * the file has it; here it gets its shapes, its labels and its preprocessing. Inference freezes a
 * graph, so where sizes are open and a guess does not fit, the graph is read again. */
#include "config.h"

#include "formats/formats-private.h"
#include "ops/infer.h"

#include <string.h>

#define HEAD_BYTES  4096
#define MESSAGE_MAX 600

static const TapFormat *const formats[] = { &tap_format_caffe, &tap_format_onnx, NULL };

const TapFormat *const *
tap_formats_list (void)
{
  return formats;
}

/* Messages quote the file, which is not trusted: one line, valid UTF-8, of bounded length, and with
 * the file's name in front. */
static void
tidy_error (GError **error, const char *name)
{
  g_autofree char *text = NULL, *valid = NULL;
  GError *tidy;

  if (error == NULL || *error == NULL || g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  text = strstr ((*error)->message, name) != NULL ?
           g_strdup ((*error)->message) :
           g_strdup_printf ("%s: %s", name, (*error)->message);
  valid = g_utf8_make_valid (text, -1);
  for (char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    if (g_unichar_iscntrl (g_utf8_get_char (at)) && (guchar) *at < 128)
      *at = ' ';
  if (strlen (valid) > MESSAGE_MAX)
    {
      char *cut = g_utf8_find_prev_char (valid, valid + MESSAGE_MAX);

      g_free (text);
      text = g_strdup_printf ("%.*s…", (int) (cut - valid), valid);
    }
  else
    {
      g_free (text);
      text = g_steal_pointer (&valid);
    }
  tidy = g_error_new_literal ((*error)->domain, (*error)->code, text);
  g_clear_error (error);
  *error = tidy;
}

static const TapFormat *
find_format (GBytes *bytes, const char *name, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  gsize n = MIN (size, HEAD_BYTES);
  const TapFileKind *kind;
  const TapFormat *best = NULL;
  int best_score = 0;

  if (size == 0)
    {
      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_NOT_A_NETWORK, "%s is an empty file.",
                   name);
      return NULL;
    }
  for (int i = 0; formats[i] != NULL; i++)
    {
      int score = formats[i]->sniff (data, n, size, name);

      if (score > best_score)
        {
          best = formats[i];
          best_score = score;
        }
    }

  /* Below 90 it is the name that speaks. */
  kind = best_score < 90 ? tap_formats_file_kind (data, n) : NULL;
  if (kind != NULL)
    {
      g_set_error (error, TAP_FORMAT_ERROR,
                   kind->is_network ? TAP_FORMAT_ERROR_UNSUPPORTED : TAP_FORMAT_ERROR_NOT_A_NETWORK,
                   kind->is_network ? "%s is %s%s%s." : "%s is %s, not a network%s%s.", name,
                   kind->what, kind->advice != NULL ? ": " : "",
                   kind->advice != NULL ? kind->advice : "");
      return NULL;
    }
  if (best == NULL || (best_score <= 50 && tap_formats_is_text (data, n)))
    {
      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_NOT_A_NETWORK,
                   "%s is %s, not a network that can be read (ONNX or Caffe).", name,
                   tap_formats_is_text (data, n) ? "a text file" : "a file of unknown kind");
      return NULL;
    }
  return best;
}

/* One way of filling in what the file leaves open. */
typedef struct
{
  int height, width; /* 0: 224 */
  gboolean force;    /* the user's size replaces a declared one */
  gboolean batch_1;  /* a declared batch of several becomes 1 */
} Attempt;

/* Fills open dimensions of a graph input: batch 1, 3 channels, the attempt's size. */
static void
fill_shape (TapShape *shape, const Attempt *attempt, gboolean is_picture)
{
  if (shape->n_dims == 4)
    {
      if (shape->dims[2] < 0 || (is_picture && attempt->force))
        shape->dims[2] = attempt->height;
      if (shape->dims[3] < 0 || (is_picture && attempt->force))
        shape->dims[3] = attempt->width;
      if (shape->dims[1] < 0)
        shape->dims[1] = 3;
      if (shape->dims[0] < 0 || attempt->batch_1)
        shape->dims[0] = 1;
      return;
    }
  for (int i = 0; i < shape->n_dims; i++)
    if (shape->dims[i] < 0)
      shape->dims[i] = 1;
}

/* What the declared inputs leave open. */
static void
look_at_inputs (const TapGraph *graph, gboolean *open_size, gboolean *many)
{
  *open_size = *many = FALSE;
  for (int i = 0; i < tap_graph_n_inputs (graph); i++)
    {
      const TapShape *shape = &tap_graph_get_value (graph, tap_graph_get_input (graph, i))->shape;

      if (shape->n_dims != 4)
        continue;
      *open_size |= shape->dims[2] < 0 || shape->dims[3] < 0;
      *many |= shape->dims[0] > 1;
    }
}

/* A batch that is written into the graph (Reshape to [N, -1]) shows in the outputs. */
static gboolean
outputs_have_batch (const TapGraph *graph, gint64 batch)
{
  for (int i = 0; i < tap_graph_n_outputs (graph); i++)
    {
      const TapValue *value = tap_graph_get_value (graph, tap_graph_get_output (graph, i));

      if (value->has_shape && value->shape.n_dims > 0 && value->shape.dims[0] != batch)
        return FALSE;
    }
  return TRUE;
}

static gboolean
try_infer (TapGraph *graph, const Attempt *attempt, GCancellable *cancellable, GError **error)
{
  int n = tap_graph_n_inputs (graph);
  g_autofree TapShape *shapes = g_new0 (TapShape, n + 1);
  gboolean seen = FALSE;

  for (int i = 0; i < n; i++)
    {
      const TapValue *value = tap_graph_get_value (graph, tap_graph_get_input (graph, i));

      shapes[i] = value->shape;
      fill_shape (&shapes[i], attempt, !seen && shapes[i].n_dims == 4);
      seen |= shapes[i].n_dims == 4;
    }
  if (!tap_infer_graph (graph, shapes, attempt->height, cancellable, error))
    return FALSE;
  if (attempt->batch_1 && !outputs_have_batch (graph, 1))
    {
      g_set_error_literal (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
                           "The batch size is written into the graph.");
      return FALSE;
    }
  return TRUE;
}

/* The node that spoils an input of @node, by the producers' entries in @culprits; -1 when none does. */
static int
find_culprit (const TapGraph *graph, const TapNode *node, const int *culprits)
{
  for (int i = 0; i < node->n_inputs; i++)
    if (node->inputs[i] >= 0)
      {
        int producer = tap_graph_get_value (graph, node->inputs[i])->producer;

        if (producer >= 0 && culprits[producer] >= 0)
          return culprits[producer];
      }
  return -1;
}

/* Layers whose weights a format could not find were given zeros, so that shapes are known; running them
 * and what follows would be a lie. */
static void
mark_missing_weights (TapGraph *graph)
{
  g_autofree int *culprits = g_new (int, (gsize) tap_graph_n_nodes (graph) + 1);

  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    {
      TapNode *node = tap_graph_get_node (graph, i);
      const TapNode *culprit;

      culprits[i] = find_culprit (graph, node, culprits);
      if (tap_attrs_get_int (node->attrs, "missing_weights", 0) != 0)
        culprits[i] = i;
      if (culprits[i] < 0 || node->problem != NULL)
        continue;
      culprit = tap_graph_get_node (graph, culprits[i]);
      node->problem = culprit == node ?
                        g_strdup_printf ("The node “%s” (%s) cannot run: its weights are missing.",
                                         node->name, node->op_type) :
                        g_strdup_printf (
                          "The node “%s” needs the result of “%s” (%s), whose weights are missing.",
                          node->name, culprit->name, culprit->op_type);
    }
}

typedef struct
{
  const TapLoadRequest *request;
  const TapFormat *format;
  GBytes *bytes;
  TapProgress *progress;
  GCancellable *cancellable;
} Loading;

/* The size in the user's preprocessing; 0×0 when there is none. */
static gboolean
read_user_size (const TapLoadRequest *request,
                const TapGraph *graph,
                int *height,
                int *width,
                GError **error)
{
  TapPreprocess p;
  int channels = 3;

  *height = *width = 0;
  if (request->preprocess == NULL)
    return TRUE;
  for (int i = tap_graph_n_inputs (graph) - 1; i >= 0; i--)
    {
      const TapShape *shape = &tap_graph_get_value (graph, tap_graph_get_input (graph, i))->shape;

      if (shape->n_dims == 4 && shape->dims[1] > 0)
        channels = (int) MIN (shape->dims[1], 4);
    }
  tap_preprocess_init (&p, 0, 0, channels);
  if (!tap_preprocess_parse (&p, request->preprocess, error))
    return FALSE;
  *height = p.height;
  *width = p.width;
  return TRUE;
}

/* The ways to try, best first. NULL when the user's preprocessing makes no sense. */
static GArray *
plan_attempts (const Loading *loading, const TapModel *model, gboolean *guessed, GError **error)
{
  static const int usual_sizes[] = { 299, 227, 32, 28, 64, 96, 128, 256, 384, 512, 640 };
  const TapPreprocess *known = &model->preprocess;
  int fallback = loading->request->fallback_size > 0 ? loading->request->fallback_size : 224;
  gboolean open_size, many, sized;
  Attempt attempt = { 0 };
  GArray *attempts;

  if (!read_user_size (loading->request, model->graph, &attempt.height, &attempt.width, error))
    return NULL;
  look_at_inputs (model->graph, &open_size, &many);
  attempt.force = attempt.height > 0;
  sized = attempt.force || (known->source != TAP_PREPROCESS_DEFAULT && known->height > 0);
  if (!attempt.force)
    {
      attempt.height = sized ? known->height : fallback;
      attempt.width = sized ? known->width : fallback;
    }
  *guessed = open_size && !sized;

  attempts = g_array_new (FALSE, FALSE, sizeof (Attempt));
  attempt.batch_1 = many;
  g_array_append_val (attempts, attempt);
  attempt.batch_1 = FALSE;
  if (many)
    g_array_append_val (attempts, attempt);
  for (guint i = 0; *guessed && i < G_N_ELEMENTS (usual_sizes); i++)
    {
      attempt.height = attempt.width = usual_sizes[i];
      g_array_append_val (attempts, attempt);
    }
  return attempts;
}

/* Loads and infers until an attempt succeeds; the first error is the one that is told. */
static TapModel *
load_with_attempts (const Loading *loading, GError **error)
{
  g_autoptr (GArray) attempts = NULL;
  g_autoptr (GError) first = NULL;
  gboolean guessed = FALSE;

  for (guint i = 0; attempts == NULL || i < attempts->len; i++)
    {
      g_autoptr (GError) reason = NULL;
      g_autoptr (TapModel) model = loading->format->load (
        loading->request, loading->bytes, loading->progress, loading->cancellable, error);
      const Attempt *attempt;

      if (model == NULL)
        return NULL;
      tap_formats_find_preprocess (model, loading->request);
      if (attempts == NULL)
        attempts = plan_attempts (loading, model, &guessed, error);
      if (attempts == NULL)
        return NULL;
      attempt = &g_array_index (attempts, Attempt, i);
      if (try_infer (model->graph, attempt, loading->cancellable, &reason))
        {
          mark_missing_weights (model->graph);
          if (guessed)
            g_ptr_array_add (model->warnings,
                             g_strdup_printf ("The network does not say the size of its input; "
                                              "%d×%d pixels were assumed.",
                                              attempt->width, attempt->height));
          return g_steal_pointer (&model);
        }
      if (first == NULL)
        first = g_steal_pointer (&reason);
      if (g_cancellable_set_error_if_cancelled (loading->cancellable, error))
        return NULL;
    }
  g_propagate_error (error, g_steal_pointer (&first));
  return NULL;
}

static TapModel *
load (const Loading *loading, const char *name, GError **error)
{
  g_autoptr (TapModel) model = load_with_attempts (loading, error);

  if (model == NULL)
    return NULL;

  tap_model_complete (model);
  if (!tap_formats_settle_preprocess (model, loading->format, loading->request, error) ||
      !tap_formats_settle_labels (model, loading->request, error))
    return NULL;
  if (loading->request->path != NULL)
    {
      g_free (model->path);
      model->path = g_canonicalize_filename (loading->request->path, NULL);
    }
  if (model->title == NULL || model->title[0] == '\0' || loading->request->path != NULL)
    {
      g_autofree char *stem = tap_formats_stem (name);

      g_free (model->title);
      model->title = g_utf8_make_valid (stem, -1);
    }
  if (!loading->request->no_checksum && model->checksum[0] == '\0')
    tap_formats_checksum (model, &loading->bytes, 1);
  return g_steal_pointer (&model);
}

TapModel *
tap_format_load (const TapLoadRequest *request,
                 TapProgress *progress,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *name = g_filename_display_basename (request->path);
  Loading loading = { .request = request, .progress = progress, .cancellable = cancellable };
  TapModel *model = NULL;

  bytes = tap_formats_map (request->path, &reason);
  if (bytes != NULL)
    {
      loading.bytes = bytes;
      loading.format = find_format (bytes, name, &reason);
      if (loading.format != NULL)
        model = load (&loading, name, &reason);
    }
  if (model == NULL)
    {
      tidy_error (&reason, name);
      g_propagate_error (error, g_steal_pointer (&reason));
    }
  return model;
}

TapModel *
tap_format_load_bytes (GBytes *bytes,
                       const char *name,
                       const TapLoadRequest *request,
                       GCancellable *cancellable,
                       GError **error)
{
  static const TapLoadRequest nothing = { 0 };
  g_autoptr (GError) reason = NULL;
  Loading loading = { .request = request != NULL ? request : &nothing,
                      .bytes = bytes,
                      .cancellable = cancellable };
  TapModel *model = NULL;

  loading.format = find_format (bytes, name, &reason);
  if (loading.format != NULL)
    model = load (&loading, name, &reason);
  if (model == NULL)
    {
      tidy_error (&reason, name);
      g_propagate_error (error, g_steal_pointer (&reason));
    }
  return model;
}
