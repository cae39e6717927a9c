/* onednn.c - the times of oneDNN, which is opened at run time
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * oneDNN 2's C API. Data lie in the layouts that it likes best, so changing into them is not timed. */

#include "config.h"

#include "onednn.h"

#ifdef TAP_HAVE_DNNL

#  include <dnnl.h>
#  include <gmodule.h>

#  define FUNCTIONS(F)                                                                             \
    F (dnnl_engine_create)                                                                         \
    F (dnnl_stream_create)                                                                         \
    F (dnnl_stream_wait)                                                                           \
    F (dnnl_memory_desc_init_by_tag)                                                               \
    F (dnnl_memory_create)                                                                         \
    F (dnnl_memory_destroy)                                                                        \
    F (dnnl_memory_get_data_handle)                                                                \
    F (dnnl_memory_desc_get_size)                                                                  \
    F (dnnl_primitive_attr_create)                                                                 \
    F (dnnl_primitive_attr_destroy)                                                                \
    F (dnnl_primitive_attr_set_post_ops)                                                           \
    F (dnnl_post_ops_create)                                                                       \
    F (dnnl_post_ops_destroy)                                                                      \
    F (dnnl_post_ops_append_eltwise)                                                               \
    F (dnnl_dilated_convolution_forward_desc_init)                                                 \
    F (dnnl_dilated_convolution_backward_data_desc_init)                                           \
    F (dnnl_dilated_convolution_backward_weights_desc_init)                                        \
    F (dnnl_primitive_desc_create)                                                                 \
    F (dnnl_primitive_desc_destroy)                                                                \
    F (dnnl_primitive_desc_query_md)                                                               \
    F (dnnl_primitive_create)                                                                      \
    F (dnnl_primitive_destroy)                                                                     \
    F (dnnl_primitive_execute)

#  define POINTER(name) static __typeof__ (&name) name##_;
FUNCTIONS (POINTER)

static dnnl_engine_t engine;
static dnnl_stream_t stream;

gboolean
onednn_open (void)
{
  GModule *module = g_module_open ("libdnnl.so.2", G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);

  if (module == NULL)
    return FALSE;
#  define LOOK_UP(name)                                                                            \
    if (!g_module_symbol (module, #name, (gpointer *) &name##_))                                   \
      return FALSE;
  FUNCTIONS (LOOK_UP)
  return dnnl_engine_create_ (&engine, dnnl_cpu, 0) == dnnl_success &&
         dnnl_stream_create_ (&stream, engine, dnnl_stream_default_flags) == dnnl_success;
}

/* Filled with numbers: zeros may be faster. */
static dnnl_memory_t
memory (const dnnl_memory_desc_t *desc)
{
  dnnl_memory_t memory = NULL;
  void *data;

  if (dnnl_memory_create_ (&memory, desc, engine, DNNL_MEMORY_ALLOCATE) != dnnl_success)
    return NULL;
  dnnl_memory_get_data_handle_ (memory, &data);
  for (gsize i = 0; i < dnnl_memory_desc_get_size_ (desc) / sizeof (float); i++)
    ((float *) data)[i] = (float) (i % 31) / 31 - 0.5f;
  return memory;
}

static double
time_primitive (dnnl_primitive_t primitive, int n, const dnnl_exec_arg_t *args)
{
  double best = G_MAXDOUBLE;
  gint64 begin = g_get_monotonic_time ();

  for (int i = 0; i < 40; i++)
    {
      gint64 start = g_get_monotonic_time ();

      if (dnnl_primitive_execute_ (primitive, stream, n, args) != dnnl_success)
        return 0;
      dnnl_stream_wait_ (stream);
      if (i > 0)
        best = MIN (best, (double) (g_get_monotonic_time () - start) / 1e6);
      if (i > 3 && g_get_monotonic_time () - begin > 60000)
        break;
    }
  return best;
}

static const dnnl_memory_desc_t *
layout (dnnl_primitive_desc_t pd, dnnl_query_t what)
{
  return dnnl_primitive_desc_query_md_ (pd, what, 0);
}

static double
time_desc (dnnl_primitive_desc_t pd, OneDnnPass pass)
{
  static const struct
  {
    dnnl_query_t query[3];
    int arg[3];
  } uses[] = {
    { { dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md },
      { DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST } },
    { { dnnl_query_diff_src_md, dnnl_query_weights_md, dnnl_query_diff_dst_md },
      { DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST } },
    { { dnnl_query_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md },
      { DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST } },
  };
  dnnl_exec_arg_t args[3];
  dnnl_primitive_t primitive;
  double seconds;

  if (dnnl_primitive_create_ (&primitive, pd) != dnnl_success)
    return 0;
  for (int i = 0; i < 3; i++)
    {
      args[i].arg = uses[pass].arg[i];
      args[i].memory = memory (layout (pd, uses[pass].query[i]));
    }
  seconds = time_primitive (primitive, 3, args);
  for (int i = 0; i < 3; i++)
    dnnl_memory_destroy_ (args[i].memory);
  dnnl_primitive_destroy_ (primitive);
  return seconds;
}

static double
time_algorithm (const OneDnnConv *c, OneDnnPass pass, dnnl_alg_kind_t algorithm)
{
  const TapWindow *w = &c->window;
  dnnl_dims_t source = { c->images, c->in, w->in_h, w->in_w };
  dnnl_dims_t target = { c->images, c->out, w->out_h, w->out_w };
  dnnl_dims_t plain = { c->out, c->in, w->kernel_h, w->kernel_w };
  dnnl_dims_t grouped = { w->group, c->out / w->group, c->in / w->group, w->kernel_h, w->kernel_w };
  dnnl_dims_t strides = { w->stride_h, w->stride_w };
  dnnl_dims_t dilates = { w->dilation_h - 1, w->dilation_w - 1 };
  dnnl_dims_t begin = { w->pad_top, w->pad_left };
  dnnl_dims_t end = {
    (w->out_h - 1) * w->stride_h + (w->kernel_h - 1) * w->dilation_h + 1 - w->in_h - w->pad_top,
    (w->out_w - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w + 1 - w->in_w - w->pad_left,
  };
  dnnl_memory_desc_t s, k, d;
  dnnl_convolution_desc_t forward, desc;
  dnnl_primitive_attr_t attr;
  dnnl_post_ops_t ops;
  dnnl_primitive_desc_t hint = NULL, pd;
  double seconds = 0;

  dnnl_memory_desc_init_by_tag_ (&s, 4, source, dnnl_f32, dnnl_format_tag_any);
  dnnl_memory_desc_init_by_tag_ (&d, 4, target, dnnl_f32, dnnl_format_tag_any);
  dnnl_memory_desc_init_by_tag_ (&k, w->group > 1 ? 5 : 4, w->group > 1 ? grouped : plain, dnnl_f32,
                                 dnnl_format_tag_any);
  dnnl_primitive_attr_create_ (&attr);
  dnnl_post_ops_create_ (&ops);
  if (dnnl_dilated_convolution_forward_desc_init_ (
        &forward, pass == ONEDNN_FORWARD ? dnnl_forward_inference : dnnl_forward_training,
        algorithm, &s, &k, NULL, &d, strides, dilates, begin, end) != dnnl_success)
    return 0;
  if (pass == ONEDNN_FORWARD)
    {
      desc = forward;
      dnnl_post_ops_append_eltwise_ (ops, 1, dnnl_eltwise_relu, 0, 0);
      dnnl_primitive_attr_set_post_ops_ (attr, ops);
    }
  else if (dnnl_primitive_desc_create_ (&hint, &forward, NULL, engine, NULL) != dnnl_success ||
           (pass == ONEDNN_DATA ?
              dnnl_dilated_convolution_backward_data_desc_init_ (&desc, algorithm, &s, &k, &d,
                                                                 strides, dilates, begin, end) :
              dnnl_dilated_convolution_backward_weights_desc_init_ (
                &desc, algorithm, &s, &k, NULL, &d, strides, dilates, begin, end)) != dnnl_success)
    return 0;
  if (dnnl_primitive_desc_create_ (&pd, &desc, attr, engine, hint) == dnnl_success)
    {
      seconds = time_desc (pd, pass);
      dnnl_primitive_desc_destroy_ (pd);
    }
  if (hint != NULL)
    dnnl_primitive_desc_destroy_ (hint);
  dnnl_post_ops_destroy_ (ops);
  dnnl_primitive_attr_destroy_ (attr);
  return seconds;
}

double
onednn_time (const OneDnnConv *conv, OneDnnPass pass)
{
  const TapWindow *w = &conv->window;
  double direct, winograd = 0;

  if (engine == NULL || w->transposed)
    return 0;
  direct = time_algorithm (conv, pass, dnnl_convolution_direct);
  if (w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h == 1 && w->stride_w == 1 && w->group == 1)
    winograd = time_algorithm (conv, pass, dnnl_convolution_winograd);
  return winograd > 0 && winograd < direct ? winograd : direct;
}

#else

gboolean
onednn_open (void)
{
  return FALSE;
}

double
onednn_time (const OneDnnConv *conv, OneDnnPass pass)
{
  return 0;
}

#endif
