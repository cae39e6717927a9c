/* measure.h - times, peaks and networks for the benchmarks
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-model.h"
#include "engine/tap-session.h"
#include "networks.h"

G_BEGIN_DECLS

double bench_median (GArray *times); /* of doubles, which get sorted; 0 when there are none */

/* What the machine can do at most, measured at the first call; GFLOP/s of 1 or 2 threads: multiply-adds
 * in registers, and OpenBLAS on square matrices (0 without it, always one thread). */
double bench_peak (int n_threads);
double bench_sgemm (void);
/* One line with these and the engine. */
void bench_print_machine (void);

/* In [-1, 1), from nothing but the index: peers make the same. Batch × 3 × 224 × 224. */
TapTensor *bench_picture (int batch);
/* The network's file in the folder for them, written when it is not there. (transfer full) */
char *bench_network_path (const BenchNetwork *network);
/* Opened from that file, as a user would. */
TapModel *bench_network_open (const BenchNetwork *network);
double bench_gflop (const TapModel *model); /* of one picture */

/* One engine on one network. */
typedef struct
{
  TapModel *model;
  TapSession *session;
  TapTaps *scores, *input;
  TapTensor *picture;
} BenchSubject;

void bench_subject_init (BenchSubject *self, TapModel *model, int n_threads, int batch);
void bench_subject_clear (BenchSubject *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchSubject, bench_subject_clear)
/* Milliseconds of one run; negative, and @problem (transfer full), when it cannot be done. */
double bench_forward (BenchSubject *self, char **problem);
double bench_backward (BenchSubject *self, char **problem);
/* The scores of the first picture, up to @n of them. */
int bench_scores (BenchSubject *self, float *scores, int n);

G_END_DECLS
