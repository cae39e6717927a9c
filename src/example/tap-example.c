/* tap-example.c - the built-in network and its pictures
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is embedded is listed in data/example/tapetum-example.gresource.xml; a picture's folder is its
 * class. */
#include "config.h"

#include "example/tap-example.h"

#include <string.h>

#include "example-resources.h"
#include "formats/registry.h"

#define ROOT     TAP_RESOURCE_PATH "/example/"
#define PICTURES ROOT "pictures/"

typedef struct
{
  char *path; /* of the resource */
  char *name;
  char *class_name;
} Picture;

static void
picture_free (gpointer data)
{
  Picture *picture = data;

  g_free (picture->path);
  g_free (picture->name);
  g_free (picture->class_name);
  g_free (picture);
}

static int
picture_compare (gconstpointer a, gconstpointer b)
{
  const Picture *x = *(Picture *const *) a, *y = *(Picture *const *) b;

  return strcmp (x->path, y->path);
}

static void
add_class (GPtrArray *pictures, const char *folder)
{
  g_autofree char *path = g_strconcat (PICTURES, folder, NULL);
  g_auto (GStrv) names = g_resource_enumerate_children (tap_example_get_resource (), path,
                                                        G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  for (int i = 0; names != NULL && names[i] != NULL; i++)
    {
      Picture *picture = g_new0 (Picture, 1);

      picture->path = g_strconcat (path, names[i], NULL);
      picture->name = g_strdup (names[i]);
      picture->class_name = g_strndup (folder, strlen (folder) - 1); /* it ends in a slash */
      g_ptr_array_add (pictures, picture);
    }
}

/* Made once; never changes. */
static GPtrArray *
get_pictures (void)
{
  static gsize once;
  static GPtrArray *pictures;

  if (g_once_init_enter (&once))
    {
      g_auto (GStrv) folders = g_resource_enumerate_children (tap_example_get_resource (), PICTURES,
                                                              G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

      pictures = g_ptr_array_new_with_free_func (picture_free);
      for (int i = 0; folders != NULL && folders[i] != NULL; i++)
        if (g_str_has_suffix (folders[i], "/"))
          add_class (pictures, folders[i]);
      g_ptr_array_sort (pictures, picture_compare);
      g_once_init_leave (&once, 1);
    }
  return pictures;
}

static const Picture *
get_picture (int index)
{
  GPtrArray *pictures = get_pictures ();

  return index >= 0 && index < (int) pictures->len ? g_ptr_array_index (pictures, index) : NULL;
}

TapModel *
tap_example_load_model (GCancellable *cancellable, GError **error)
{
  TapLoadRequest request = { .path = "example.onnx" };
  g_autoptr (GBytes) bytes = NULL;
  TapModel *model;

  bytes = g_resource_lookup_data (tap_example_get_resource (), ROOT "example.onnx",
                                  G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  if (bytes == NULL)
    return NULL;
  model = tap_format_load_bytes (bytes, "example.onnx", &request, cancellable, error);
  if (model == NULL)
    return NULL;

  g_clear_pointer (&model->path, g_free); /* there is no file to find it in again */
  g_free (model->title);
  model->title = g_strdup ("Tapetum example");
  return model;
}

int
tap_example_n_pictures (void)
{
  return (int) get_pictures ()->len;
}

const char *
tap_example_picture_name (int index)
{
  const Picture *picture = get_picture (index);

  return picture != NULL ? picture->name : NULL;
}

const char *
tap_example_picture_class (int index)
{
  const Picture *picture = get_picture (index);

  return picture != NULL ? picture->class_name : NULL;
}

TapPicture *
tap_example_load_picture (int index, GError **error)
{
  const Picture *picture = get_picture (index);
  g_autoptr (GBytes) bytes = NULL;

  if (picture == NULL)
    {
      g_set_error (error, G_RESOURCE_ERROR, G_RESOURCE_ERROR_NOT_FOUND,
                   "The example has %d pictures, but picture %d is asked for.",
                   tap_example_n_pictures (), index + 1);
      return NULL;
    }
  bytes = g_resource_lookup_data (tap_example_get_resource (), picture->path,
                                  G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  if (bytes == NULL)
    return NULL;
  return tap_picture_load_bytes (bytes, picture->name, error);
}
