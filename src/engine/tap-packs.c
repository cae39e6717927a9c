/* tap-packs.c - weights in the kernels' own order, made once for all sessions on a graph
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "core/tap-pages.h"
#include "engine/tap-packs.h"

/* More than any kernel has. */
#define MAX_ALGORITHMS 64
/* Bytes */
#define SMALL          (1 << 20)

typedef struct
{
  TapTensor *tensor; /* NULL: nothing to pack */
  gboolean done;
} Pack;

struct _TapPacks
{
  int ref; /* guarded by the list's lock */
  TapGraph *graph;
  GMutex mutex; /* guards the table and what is in it */
  GCond cond;
  GHashTable *table; /* key_new() → Pack */
  guint64 budget;    /* bytes; 0: ask the machine */
  guint64 bytes;     /* packed so far, or being packed */
};

G_LOCK_DEFINE_STATIC (list);
static GHashTable *list; /* TapGraph → TapPacks, both borrowed */

static void
pack_free (gpointer data)
{
  Pack *pack = data;

  tap_tensor_unref (pack->tensor);
  g_free (pack);
}

TapPacks *
tap_packs_get (TapGraph *graph)
{
  TapPacks *self;

  G_LOCK (list);
  if (list == NULL)
    list = g_hash_table_new (NULL, NULL);
  self = g_hash_table_lookup (list, graph);
  if (self == NULL)
    {
      self = g_new0 (TapPacks, 1);
      self->graph = tap_graph_ref (graph);
      g_mutex_init (&self->mutex);
      g_cond_init (&self->cond);
      self->table = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, pack_free);
      g_hash_table_insert (list, graph, self);
    }
  self->ref++;
  G_UNLOCK (list);
  return self;
}

void
tap_packs_unref (TapPacks *self)
{
  gboolean last;

  if (self == NULL)
    return;
  G_LOCK (list);
  last = --self->ref == 0;
  if (last)
    g_hash_table_remove (list, self->graph);
  G_UNLOCK (list);
  if (!last)
    return;
  g_hash_table_unref (self->table);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);
  tap_graph_unref (self->graph);
  g_free (self);
}

void
tap_packs_set_budget (TapPacks *self, guint64 bytes)
{
  g_mutex_lock (&self->mutex);
  self->budget = bytes;
  g_mutex_unlock (&self->mutex);
}

/* Bytes of the weights of @node. Packed they are as many, or a little more. */
static guint64
weight_bytes (const TapPacks *self, const TapNode *node)
{
  guint64 bytes = 0;

  for (int i = 0; i < node->n_inputs; i++)
    {
      TapTensor *constant =
        node->inputs[i] >= 0 ? tap_graph_get_value (self->graph, node->inputs[i])->constant : NULL;

      if (constant != NULL)
        bytes += constant->count * tap_dtype_size (constant->dtype);
    }
  return bytes;
}

/* Called with the lock held. */
static gboolean
fits (const TapPacks *self, guint64 bytes)
{
  guint64 available;

  if (self->budget > 0)
    return self->bytes + bytes <= self->budget;
  /* Small sums are not worth a look at the machine. */
  if (bytes < SMALL)
    return TRUE;
  available = tap_pages_available ();
  return available == 0 || bytes <= available / 2;
}

/* One for each node, algorithm and node whose scale and shift are in it. */
static gint64 *
key_new (const TapNode *node, int algorithm, const TapAffine *affine)
{
  gint64 key = (gint64) node->index * MAX_ALGORITHMS + algorithm;

  key |= (gint64) (affine != NULL ? affine->id + 1 : 0) << 32;
  return g_memdup2 (&key, sizeof key);
}

TapTensor *
tap_packs_make (TapPacks *self,
                const TapNode *node,
                int algorithm,
                const TapAffine *affine,
                GError **error)
{
  const TapCpuKernel *kernel = tap_cpu_find (node->op->name);
  g_autofree TapTensor **constants = g_new0 (TapTensor *, (gsize) node->n_inputs + 1);
  TapTensor *packed;

  for (int i = 0; i < node->n_inputs; i++)
    if (node->inputs[i] >= 0)
      constants[i] = tap_graph_get_value (self->graph, node->inputs[i])->constant;
  packed = affine != NULL ? kernel->pack_affine (node, algorithm, constants, affine, error) :
                            kernel->pack (node, algorithm, constants, error);
  /* From now on the copy is read, if it is one: some kernels only leave a note about their weights. */
  for (int i = 0; packed != NULL && i < node->n_inputs; i++)
    if (constants[i] != NULL && constants[i]->bytes != NULL && packed->count >= constants[i]->count)
      tap_pages_give_back (constants[i]->data,
                           constants[i]->count * tap_dtype_size (constants[i]->dtype));
  return packed;
}

gboolean
tap_packs_take (TapPacks *self,
                const TapNode *node,
                int algorithm,
                const TapAffine *affine,
                TapTensor **packed,
                GError **error)
{
  const TapCpuKernel *kernel = node->op != NULL ? tap_cpu_find (node->op->name) : NULL;
  g_autofree gint64 *key = NULL;
  GError *local_error = NULL;
  TapTensor *tensor;
  guint64 bytes;
  Pack *pack;

  *packed = NULL;
  if (kernel == NULL || kernel->pack == NULL || (affine != NULL && kernel->pack_affine == NULL))
    return TRUE;
  if (kernel->packing != NULL)
    algorithm = kernel->packing (algorithm);
  key = key_new (node, algorithm, affine);

  g_mutex_lock (&self->mutex);
  while ((pack = g_hash_table_lookup (self->table, key)) != NULL && !pack->done)
    g_cond_wait (&self->cond, &self->mutex);
  if (pack != NULL)
    {
      *packed = pack->tensor;
      g_mutex_unlock (&self->mutex);
      return TRUE;
    }
  bytes = weight_bytes (self, node);
  if (!fits (self, bytes))
    {
      g_mutex_unlock (&self->mutex);
      return TRUE;
    }
  self->bytes += bytes;
  pack = g_new0 (Pack, 1);
  g_hash_table_insert (self->table, g_memdup2 (key, sizeof *key), pack);
  g_mutex_unlock (&self->mutex);

  tensor = tap_packs_make (self, node, algorithm, affine, &local_error);

  g_mutex_lock (&self->mutex);
  if (local_error != NULL)
    g_hash_table_remove (self->table, key);
  if (tensor == NULL)
    self->bytes -= bytes;
  if (local_error == NULL)
    {
      pack->tensor = *packed = tensor;
      pack->done = TRUE;
    }
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  if (local_error == NULL)
    return TRUE;
  g_propagate_error (error, local_error);
  return FALSE;
}

guint64
tap_packs_get_bytes (TapPacks *self)
{
  GHashTableIter iter;
  gpointer value;
  guint64 bytes = 0;

  g_mutex_lock (&self->mutex);
  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Pack *pack = value;

      if (pack->done && pack->tensor != NULL)
        bytes += pack->tensor->count * tap_dtype_size (pack->tensor->dtype);
    }
  g_mutex_unlock (&self->mutex);
  return bytes;
}
