/* tap-main-window-private.h - the inside of the window, for its own files only
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/tap-main-window.h"
#include "app/widgets/tap-details-pane.h"
#include "app/widgets/tap-film-strip.h"
#include "app/widgets/tap-network-pane.h"

G_BEGIN_DECLS

#define TAP_RECENT_GROUP "tapetum-opened"

struct _TapMainWindow
{
  AdwApplicationWindow parent_instance;

  AdwToastOverlay *toasts;
  GtkWidget *header;
  GtkStack *title_stack;
  AdwViewSwitcher *switcher;
  AdwWindowTitle *network_title;
  GtkStack *main_stack;
  GtkRevealer *busy_revealer;
  GtkLabel *busy_label;
  GtkProgressBar *busy_bar;
  GtkInfoBar *problem_bar;
  GtkLabel *problem_label;
  GtkPaned *network_paned, *details_paned, *strip_paned;
  TapNetworkPane *network_pane;
  AdwViewStack *stage;
  TapDetailsPane *details_pane;
  TapFilmStrip *film_strip;
  GMenu *recent_section;

  TapDocument *document;
  TapPage *page;
  GSettings *settings;
  GtkFileChooserNative *chooser; /* while it is open */
  GString *problems;             /* what the bar says */
  guint pulse_id;
};

/* tap-main-window-actions.c */
void tap_main_window_install_actions (TapMainWindow *self);
void tap_main_window_update_actions (TapMainWindow *self);
void tap_main_window_update_recent (TapMainWindow *self);

/* tap-main-window-export.c */
typedef enum
{
  TAP_MAIN_WINDOW_EXPORT_PAGE,
  TAP_MAIN_WINDOW_EXPORT_ANIMATION,
  TAP_MAIN_WINDOW_EXPORT_NETWORK,
} TapMainWindowExport;
void tap_main_window_export (TapMainWindow *self, TapMainWindowExport what);
void tap_main_window_copy (TapMainWindow *self);

/* tap-main-window.c */
void tap_main_window_toast (TapMainWindow *self, const char *sentence);
void tap_main_window_show_problem (TapMainWindow *self, const char *sentence);

G_END_DECLS
