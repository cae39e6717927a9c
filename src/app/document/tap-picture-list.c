/* tap-picture-list.c - the pictures that are open, as a list model whose items are made on demand
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hundred thousand files cost a hundred thousand small structs and not one object more than the strip
 * shows: items are made when asked for and remembered weakly, so that one place has one item. */
#include "config.h"

#include "app/document/tap-picture-list.h"

#include "example/tap-example.h"

struct _TapPictureList
{
  GObject parent_instance;

  TapFolder *folder; /* NULL when empty or when the example is shown */
  guint n_examples;
  int n_skipped;
  int n_classes;
  GHashTable *items; /* position → TapPictureItem, not owned: weakly referenced */
};

static void tap_picture_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TapPictureList,
                               tap_picture_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      tap_picture_list_model_init))

typedef struct
{
  TapPictureList *list; /* the list outlives the weak reference, see forget_items() */
  guint position;
} Place;

static guint
count (TapPictureList *self)
{
  return self->folder != NULL ? self->folder->entries->len : self->n_examples;
}

static GType
tap_picture_list_get_item_type (GListModel *model)
{
  return TAP_TYPE_PICTURE_ITEM;
}

static guint
tap_picture_list_get_n_items (GListModel *model)
{
  return count (TAP_PICTURE_LIST (model));
}

static gpointer
make_item (TapPictureList *self, guint position)
{
  const TapFolderEntry *entry;
  const char *class_name = NULL;

  if (self->folder == NULL)
    return tap_picture_item_new_example (position);

  entry = g_ptr_array_index (self->folder->entries, position);
  if (entry->class_index >= 0 && (guint) entry->class_index < self->folder->classes->len)
    class_name = g_ptr_array_index (self->folder->classes, entry->class_index);

  return tap_picture_item_new (entry->path, class_name, entry->class_index);
}

static GQuark
place_quark (void)
{
  return g_quark_from_static_string ("tap-picture-list-place");
}

/* Requests hold plain values and never items, so items end in the main thread. */
static void
place_free (gpointer data)
{
  Place *place = data;

  g_hash_table_remove (place->list->items, GUINT_TO_POINTER (place->position));
  g_free (place);
}

static gpointer
tap_picture_list_get_item (GListModel *model, guint position)
{
  TapPictureList *self = TAP_PICTURE_LIST (model);
  TapPictureItem *item;
  Place *place;

  if (position >= count (self))
    return NULL;

  item = g_hash_table_lookup (self->items, GUINT_TO_POINTER (position));
  if (item != NULL)
    return g_object_ref (item);

  item = make_item (self, position);
  place = g_new (Place, 1);
  place->list = self;
  place->position = position;
  g_object_set_qdata_full (G_OBJECT (item), place_quark (), place, place_free);
  g_hash_table_insert (self->items, GUINT_TO_POINTER (position), item);

  return item;
}

/* Items that someone still holds stop pointing back. */
static void
forget_items (TapPictureList *self)
{
  GHashTableIter iter;
  gpointer item;

  g_hash_table_iter_init (&iter, self->items);
  while (g_hash_table_iter_next (&iter, NULL, &item))
    g_free (g_object_steal_qdata (item, place_quark ()));
  g_hash_table_remove_all (self->items);
}

static void
tap_picture_list_finalize (GObject *object)
{
  TapPictureList *self = TAP_PICTURE_LIST (object);

  forget_items (self);
  g_clear_pointer (&self->items, g_hash_table_unref);
  g_clear_pointer (&self->folder, tap_folder_free);

  G_OBJECT_CLASS (tap_picture_list_parent_class)->finalize (object);
}

static void
tap_picture_list_class_init (TapPictureListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tap_picture_list_finalize;
}

static void
tap_picture_list_init (TapPictureList *self)
{
  self->items = g_hash_table_new (NULL, NULL);
}

static void
tap_picture_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = tap_picture_list_get_item_type;
  iface->get_n_items = tap_picture_list_get_n_items;
  iface->get_item = tap_picture_list_get_item;
}

TapPictureList *
tap_picture_list_new (void)
{
  return g_object_new (TAP_TYPE_PICTURE_LIST, NULL);
}

static void
replace (TapPictureList *self, TapFolder *folder, guint n_examples)
{
  guint before = count (self);

  forget_items (self);
  g_clear_pointer (&self->folder, tap_folder_free);
  self->folder = folder;
  self->n_examples = n_examples;
  self->n_skipped = folder != NULL ? folder->n_skipped : 0;
  self->n_classes = folder != NULL ? (int) folder->classes->len : 0;
  if (n_examples > 0)
    {
      g_autoptr (TapPictureItem) last = tap_picture_item_new_example ((int) n_examples - 1);

      self->n_classes = tap_picture_item_get_class_index (last) + 1;
    }
  g_list_model_items_changed (G_LIST_MODEL (self), 0, before, count (self));
}

void
tap_picture_list_set_folder (TapPictureList *self, TapFolder *folder)
{
  g_return_if_fail (TAP_IS_PICTURE_LIST (self));
  g_return_if_fail (folder != NULL);

  replace (self, folder, 0);
}

void
tap_picture_list_set_examples (TapPictureList *self)
{
  g_return_if_fail (TAP_IS_PICTURE_LIST (self));

  replace (self, NULL, tap_example_n_pictures ());
}

int
tap_picture_list_get_n_skipped (TapPictureList *self)
{
  return self->n_skipped;
}

int
tap_picture_list_get_n_classes (TapPictureList *self)
{
  return self->n_classes;
}
