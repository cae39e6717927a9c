/* tap-thumbnails.h - small pictures on demand, decoded off the main thread
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For list and grid factories: request in bind, cancel in unbind. What was asked for last is decoded first, so
 * that the cells in view come before those that were scrolled past; results stay in a cache that is bounded
 * in bytes. All functions belong to the thread that made the service; callbacks run there too, from its
 * thread-default main context, a few milliseconds' worth at a time, and never after
 * tap_thumbnails_dispose() has returned. */
#pragma once

#include "pictures/tap-picture.h"

G_BEGIN_DECLS

typedef struct _TapThumbnails TapThumbnails;

/* Exactly one of @picture and @error is set (both transfer none). */
typedef void (*TapThumbnailFunc) (TapPicture *picture, const GError *error, gpointer user_data);

/* @size: the longer side in pixels; smaller pictures keep their size. @cache_bytes: of pixels kept. */
TapThumbnails *tap_thumbnails_new (int size, gsize cache_bytes);
/* What the cache holds, right now and without decoding; NULL when it holds nothing, or an error.
 * (transfer full) */
TapPicture *tap_thumbnails_lookup (TapThumbnails *self, const char *path);
/* Asks for the thumbnail of the file at @path. @func is called once, and always later than this call, unless
 * cancelled first. Several requests for one path decode it once. Returns an id above 0. */
guint tap_thumbnails_request (TapThumbnails *self,
                              const char *path,
                              TapThumbnailFunc func,
                              gpointer user_data);
/* @func of this request will not be called any more. Ids that were answered are ignored. */
void tap_thumbnails_cancel (TapThumbnails *self, guint id);
/* How many different files have turned out to be broken so far. */
guint tap_thumbnails_n_broken (TapThumbnails *self);
/* Drops the owner's reference without waiting for the workers. */
void tap_thumbnails_dispose (TapThumbnails *self);

G_END_DECLS
