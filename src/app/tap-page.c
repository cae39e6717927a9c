/* tap-page.c - what the window asks of a page of the stage
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/tap-page.h"

#include <glib/gi18n.h>

G_DEFINE_INTERFACE (TapPage, tap_page, GTK_TYPE_WIDGET)

static guint export_changed_signal;

static void
tap_page_default_init (TapPageInterface *iface)
{
  export_changed_signal = g_signal_new ("export-changed", TAP_TYPE_PAGE, G_SIGNAL_RUN_LAST, 0, NULL,
                                        NULL, NULL, G_TYPE_NONE, 0);
}

void
tap_page_set_document (TapPage *self, TapDocument *document)
{
  TAP_PAGE_GET_IFACE (self)->set_document (self, document);
}

void
tap_page_set_active (TapPage *self, gboolean active)
{
  TapPageInterface *iface = TAP_PAGE_GET_IFACE (self);

  if (iface->set_active != NULL)
    iface->set_active (self, active);
}

TapExport *
tap_page_dup_export (TapPage *self)
{
  TapPageInterface *iface = TAP_PAGE_GET_IFACE (self);

  return iface->dup_export != NULL ? iface->dup_export (self) : NULL;
}

GtkWidget *
tap_page_get_panel (TapPage *self)
{
  TapPageInterface *iface = TAP_PAGE_GET_IFACE (self);

  return iface->get_panel != NULL ? iface->get_panel (self) : NULL;
}

gboolean
tap_page_perform (TapPage *self, const char *intention)
{
  TapPageInterface *iface = TAP_PAGE_GET_IFACE (self);

  return iface->perform != NULL && iface->perform (self, intention);
}

const char *
tap_page_get_id (TapPage *self)
{
  return TAP_PAGE_GET_IFACE (self)->id;
}

const char *
tap_page_get_title (TapPage *self)
{
  return _ (TAP_PAGE_GET_IFACE (self)->title);
}

const char *
tap_page_get_icon_name (TapPage *self)
{
  return TAP_PAGE_GET_IFACE (self)->icon_name;
}

void
tap_page_export_changed (TapPage *self)
{
  g_signal_emit (self, export_changed_signal, 0);
}
