/* tap-picture-item.c - one picture of the film strip
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Immutable after construction, so that a worker may decode from it. */
#include "config.h"

#include "app/document/tap-picture-item.h"

#include "example/tap-example.h"

struct _TapPictureItem
{
  GObject parent_instance;

  char *path;
  char *name;
  char *class_name;
  int class_index;
  int example;
};

G_DEFINE_FINAL_TYPE (TapPictureItem, tap_picture_item, G_TYPE_OBJECT)

static void
tap_picture_item_finalize (GObject *object)
{
  TapPictureItem *self = TAP_PICTURE_ITEM (object);

  g_free (self->path);
  g_free (self->name);
  g_free (self->class_name);

  G_OBJECT_CLASS (tap_picture_item_parent_class)->finalize (object);
}

static void
tap_picture_item_class_init (TapPictureItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tap_picture_item_finalize;
}

static void
tap_picture_item_init (TapPictureItem *self)
{
  self->class_index = -1;
  self->example = -1;
}

TapPictureItem *
tap_picture_item_new (const char *path, const char *class_name, int class_index)
{
  TapPictureItem *self = g_object_new (TAP_TYPE_PICTURE_ITEM, NULL);

  self->path = g_strdup (path);
  self->name = g_filename_display_basename (path);
  self->class_name = class_name != NULL ? g_filename_display_name (class_name) : NULL;
  self->class_index = class_index;

  return self;
}

/* Examples come in order of class. */
static int
example_class_index (int example)
{
  int index = 0;

  for (int i = 1; i <= example; i++)
    index += g_strcmp0 (tap_example_picture_class (i - 1), tap_example_picture_class (i)) != 0;

  return index;
}

TapPictureItem *
tap_picture_item_new_example (int example)
{
  TapPictureItem *self = g_object_new (TAP_TYPE_PICTURE_ITEM, NULL);

  self->example = example;
  self->name = g_strdup (tap_example_picture_name (example));
  self->class_name = g_strdup (tap_example_picture_class (example));
  self->class_index = example_class_index (example);

  return self;
}

const char *
tap_picture_item_get_path (TapPictureItem *self)
{
  return self->path;
}

int
tap_picture_item_get_example (TapPictureItem *self)
{
  return self->example;
}

const char *
tap_picture_item_get_name (TapPictureItem *self)
{
  return self->name;
}

const char *
tap_picture_item_get_class_name (TapPictureItem *self)
{
  return self->class_name;
}

int
tap_picture_item_get_class_index (TapPictureItem *self)
{
  return self->class_index;
}

TapPicture *
tap_picture_item_load (TapPictureItem *self, GCancellable *cancellable, GError **error)
{
  if (self->example >= 0)
    return tap_example_load_picture (self->example, error);

  return tap_picture_load (self->path, cancellable, error);
}
