/* cases-index.c - named axes
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "operator-cases.h"

const OperatorCase cases_index[] = {
  { "Einsum", "equation='ij,jk->ik'", "4x5 5x3" },
  { "Einsum", "equation='bhid,bhjd->bhij'", "2x3x5x7 2x3x4x7" },
  { "Einsum", "equation='bhij,bhjd->bihd'", "2x3x5x4 2x3x4x7" },
  { "Einsum", "equation='...ij,...jk'", "2x1x4x5 3x5x6" },
  { "Einsum", "equation='...i->...'", "2x3x5" },
  { "Einsum", "equation='ii->i'", "5x5" },
  { "Einsum", "equation='ii'", "5x5" },
  { "Einsum", "equation='iij,j->ji'", "4x4x3 3" },
  { "Einsum", "equation='ij->ji'", "4x5" },
  { "Einsum", "equation='i,j,k->kij'", "4 5 3" },
  { "Einsum", "equation='ijk,k->i'", "4x5x3 3" },
  { "Einsum", "equation='bn,anm,bm->ba'", "2x4 3x4x5 2x5" },
  { "Einsum", "equation='ba'", "4x5" },
  { "Einsum", "equation='i,i->'", "300 300" },
  { NULL },
};
