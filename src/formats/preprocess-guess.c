/* preprocess-guess.c - how a picture probably has to be prepared, when nobody says
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A guess by what the network shows: that it normalises its input itself, the framework that wrote it,
 * and the size and channels of its input. It is only ever a guess, and `note` says what led to it.
 * Sources of the numbers: Caffe's and torchvision's model documentation; PyTorch's and Caffe's MNIST
 * examples; keras.applications. */
#include "config.h"

#include "formats/formats-private.h"

#include <math.h>
#include <string.h>

static void
set (TapPreprocess *p, TapChannelOrder order, const float mean[3], const float std[3])
{
  if (p->channels == 3)
    p->order = order;
  for (int c = 0; c < 4; c++)
    {
      p->mean[c] = mean[MIN (c, 2)];
      p->std[c] = std[MIN (c, 2)];
    }
}

static void
set_range (TapPreprocess *p, float mean, float std)
{
  const float means[3] = { mean, mean, mean }, stds[3] = { std, std, std };

  set (p, TAP_ORDER_RGB, means, stds);
}

static void
say (TapPreprocess *p, const char *note)
{
  p->source = TAP_PREPROCESS_FAMILY;
  g_strlcpy (p->note, note, sizeof p->note);
}

/* Mean magnitude of a small float constant; -1 when it is none. */
static double
magnitude (const TapGraph *graph, int value)
{
  const TapTensor *constant = value >= 0 ? tap_graph_get_value (graph, value)->constant : NULL;
  double sum = 0;

  if (constant == NULL || constant->dtype != TAP_DTYPE_F32 || constant->count < 1 ||
      constant->count > 1000000)
    return -1;
  for (gsize i = 0; i < constant->count; i++)
    sum += fabs ((double) tap_tensor_f32 (constant)[i]);
  return isfinite (sum) ? sum / (double) constant->count : -1;
}

/* Networks that begin by subtracting or scaling take pictures as they are, in 0..255 or 0..1. */
static gboolean
guess_from_first_node (const TapModel *model, TapPreprocess *p)
{
  const TapGraph *graph = model->graph;
  const TapValue *value = tap_graph_get_value (graph, model->input);

  for (int hops = 0; hops < 4 && value->consumers->len == 1; hops++)
    {
      const TapNode *node = tap_graph_get_node (graph, g_array_index (value->consumers, int, 0));
      const char *type = node->op_type;
      double size = node->n_inputs == 2 ?
                      MAX (magnitude (graph, node->inputs[0]), magnitude (graph, node->inputs[1])) :
                      -1;

      if (g_str_equal (type, "Transpose") || g_str_equal (type, "Identity") ||
          g_str_equal (type, "Cast"))
        {
          value = tap_graph_get_value (graph, node->outputs[0]);
          continue;
        }
      if (g_str_equal (type, "BatchNormalization") && node->n_inputs == 5)
        size = magnitude (graph, node->inputs[3]);
      else if (g_str_equal (type, "Mul") && size > 0)
        {
          if (size > 0.5 && size < 2.1)
            return FALSE; /* 2x: part of a longer chain that says too little */
          size = 1 / size;
        }
      else if (!g_str_equal (type, "Sub") && !g_str_equal (type, "Add") &&
               !g_str_equal (type, "Div"))
        return FALSE;
      if (size < 0)
        return FALSE;
      set_range (p, 0, size > 2.1 ? 1 : 255);
      say (p, size > 2.1 ? "the network scales its input itself, from 0..255" :
                           "the network scales its input itself, from 0..1");
      return TRUE;
    }
  return FALSE;
}

static void
guess_caffe (TapPreprocess *p)
{
  static const float mean[3] = { 104, 117, 123 }, one[3] = { 1, 1, 1 };

  if (p->channels == 1)
    {
      set_range (p, 0, 256);
      say (p, "usual for Caffe: grey, divided by 256");
      return;
    }
  set (p, TAP_ORDER_BGR, mean, one);
  say (p, "usual for Caffe: BGR minus the mean colour of ImageNet");
}

static gboolean
guess_onnx (const TapModel *model, TapPreprocess *p)
{
  const char *writer = model->format;

  if (p->channels == 1)
    {
      if (strstr (writer, "CNTK") != NULL)
        {
          set_range (p, 0, 1);
          say (p, "usual for CNTK: grey, 0..255");
        }
      else if (p->height == 28 && p->width == 28 && strstr (writer, "pytorch") != NULL)
        {
          set_range (p, 0.1307f * 255, 0.3081f * 255);
          say (p, "28×28 grey from PyTorch: mean and deviation of MNIST");
        }
      else
        {
          set_range (p, 0, 255);
          say (p, "one channel: grey, 0..1");
        }
      return TRUE;
    }
  if (p->channels != 3)
    return FALSE;
  if (strstr (writer, "caffe") != NULL)
    {
      guess_caffe (p);
      return TRUE;
    }
  if (strstr (writer, "tf2onnx") != NULL || strstr (writer, "keras") != NULL ||
      strstr (writer, "tflite") != NULL)
    {
      if (p->height <= 64)
        {
          set_range (p, 0, 255);
          say (p, "small pictures from TensorFlow: 0..1");
        }
      else
        {
          set_range (p, 127.5f, 127.5f);
          say (p, "usual for TensorFlow: -1..1");
        }
      return TRUE;
    }
  if (strstr (writer, "pytorch") != NULL)
    {
      say (p, "usual for PyTorch: mean and deviation of ImageNet");
      return TRUE;
    }
  return FALSE;
}

void
tap_formats_guess_family (TapModel *model, const TapFormat *format)
{
  TapPreprocess *p = &model->preprocess;

  if (guess_from_first_node (model, p))
    return;
  if (format != NULL && g_str_equal (format->id, "caffe") && (p->channels == 1 || p->channels == 3))
    {
      guess_caffe (p);
      return;
    }
  if (!guess_onnx (model, p))
    {
      p->source = TAP_PREPROCESS_DEFAULT;
      g_strlcpy (p->note, "nothing to go by: mean and deviation of ImageNet", sizeof p->note);
    }
}

gboolean
tap_formats_settle_preprocess (TapModel *model,
                               const TapFormat *format,
                               const TapLoadRequest *request,
                               GError **error)
{
  TapPreprocess *p = &model->preprocess;
  const TapValue *input =
    model->input >= 0 ? tap_graph_get_value (model->graph, model->input) : NULL;
  int channels = 3, height = 0, width = 0;

  if (input != NULL && input->shape.n_dims == 4)
    {
      channels = (int) CLAMP (input->shape.dims[1], 0, G_MAXINT);
      height = (int) CLAMP (input->shape.dims[2], 0, G_MAXINT);
      width = (int) CLAMP (input->shape.dims[3], 0, G_MAXINT);
    }
  if (p->source == TAP_PREPROCESS_DEFAULT)
    {
      tap_preprocess_init (p, height, width, channels);
      if (input != NULL)
        tap_formats_guess_family (model, format);
    }
  else
    {
      if (channels == 1 && p->channels == 3 && p->order != TAP_ORDER_GREY)
        {
          /* what was said for three channels, seen in grey */
          p->mean[0] = (p->mean[0] + p->mean[1] + p->mean[2]) / 3;
          p->std[0] = (p->std[0] + p->std[1] + p->std[2]) / 3;
          for (int c = 1; c < 4; c++)
            {
              p->mean[c] = p->mean[0];
              p->std[c] = p->std[0];
            }
          p->order = TAP_ORDER_GREY;
        }
      p->channels = channels;
      p->height = height;
      p->width = width;
    }
  if (request->preprocess == NULL)
    return TRUE;
  if (!tap_preprocess_parse (p, request->preprocess, error))
    return FALSE;
  p->height = height > 0 ? height : p->height;
  p->width = width > 0 ? width : p->width;
  return TRUE;
}
