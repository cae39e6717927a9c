/* tap-start-view.c - what a first start shows: three ways to begin
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-start-view.h"

struct _TapStartView
{
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (TapStartView, tap_start_view, ADW_TYPE_BIN)

static void
tap_start_view_class_init (TapStartViewClass *klass)
{
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               TAP_RESOURCE_PATH "/ui/tap-start-view.ui");
}

static void
tap_start_view_init (TapStartView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
tap_start_view_new (void)
{
  return g_object_new (TAP_TYPE_START_VIEW, NULL);
}
