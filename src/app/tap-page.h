/* tap-page.h - what the window asks of a page of the stage
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"
#include "app/tap-export.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_PAGE (tap_page_get_type ())
G_DECLARE_INTERFACE (TapPage, tap_page, TAP, PAGE, GtkWidget)

struct _TapPageInterface
{
  GTypeInterface g_iface;

  /* required, untranslated N_() and constant. id: "layers", for settings and actions; title: for the
   * switcher; icon_name: symbolic. */
  const char *id;
  const char *title;
  const char *icon_name;

  /* required: called once, soon after construction. The page takes a reference. */
  void (*set_document) (TapPage *self, TapDocument *document);
  /* optional: the page comes to the front, or goes to the back. A page in the back starts no work. */
  void (*set_active) (TapPage *self, gboolean active);
  /* optional: a snapshot of what is shown, or NULL when there is nothing to export yet. (transfer full) */
  TapExport *(*dup_export) (TapPage *self);
  /* optional: controls of the page for the top of the right column, or NULL. (transfer none), floating
   * or owned by the page; asked for once after set_document. */
  GtkWidget *(*get_panel) (TapPage *self);
  /* optional: an intention by name from menus, keys and tests: "sweep", "cancel" …; FALSE when the page does not
   * know it. */
  gboolean (*perform) (TapPage *self, const char *intention);
};

/* Signal "export-changed": whether or what dup_export would return has changed. */
void tap_page_set_document (TapPage *self, TapDocument *document);
void tap_page_set_active (TapPage *self, gboolean active);
TapExport *tap_page_dup_export (TapPage *self);
GtkWidget *tap_page_get_panel (TapPage *self);
gboolean tap_page_perform (TapPage *self, const char *intention);
const char *tap_page_get_id (TapPage *self);
const char *tap_page_get_title (TapPage *self); /* translated */
const char *tap_page_get_icon_name (TapPage *self);
/* For implementations: emits "export-changed". */
void tap_page_export_changed (TapPage *self);

G_END_DECLS
