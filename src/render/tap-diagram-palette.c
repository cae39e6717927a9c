/* tap-diagram-palette.c - the colours of the diagram, light and dark
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tints of one lightness per style, so that no family shouts; the bar at the left tells them apart.
 * Every text keeps a contrast of 4.5 : 1 or more on its fill, hovered or not (a test measures it). */
#include "config.h"

#include "render/tap-diagram-private.h"

static const TapFamilyColours light[TAP_N_FAMILIES] = {
  /*                            fill      hover     border    bar       title     text */
  [TAP_FAMILY_OTHER] = { 0xf4f4f5, 0xe9e9eb, 0xc9cacf, 0x8d9099, 0x1d1e21, 0x55585f },
  [TAP_FAMILY_CONV] = { 0xeaf2fd, 0xdbe8fa, 0xb4cdf0, 0x3584e4, 0x12243d, 0x48596f },
  [TAP_FAMILY_POOL] = { 0xfdf3e2, 0xf9e8cb, 0xe9cf9e, 0xe08e0b, 0x36260a, 0x67573a },
  [TAP_FAMILY_NORM] = { 0xe6f5f2, 0xd5ece8, 0xa9d6cd, 0x1a9a86, 0x0c2f29, 0x41605a },
  [TAP_FAMILY_ACTIVATION] = { 0xebf6e7, 0xdcefd6, 0xb5d9aa, 0x4ba53a, 0x17310f, 0x48613f },
  [TAP_FAMILY_JOIN] = { 0xf3eefc, 0xe9e0f8, 0xccbbea, 0x8658c7, 0x281640, 0x5b4d72 },
  [TAP_FAMILY_DENSE] = { 0xfdeeee, 0xf9dfdf, 0xebb9bb, 0xd0434b, 0x3c1215, 0x70484b },
  [TAP_FAMILY_SHAPE] = { 0xf6f5f4, 0xecebe9, 0xd3d0cc, 0xa39d95, 0x2a2825, 0x5f5a54 },
  [TAP_FAMILY_SCORES] = { 0xfdedf5, 0xf9deec, 0xebb8d2, 0xc64a8d, 0x3c1129, 0x70475d },
  [TAP_FAMILY_BLOCK] = { 0xffffff, 0xf1f3f7, 0xb9c0cc, 0x5e6b82, 0x1b2230, 0x515c6e },
  [TAP_FAMILY_INPUT] = { 0xe9ecf1, 0xdde1e8, 0xbcc3cf, 0x6b7686, 0x1f2631, 0x4f5866 },
  [TAP_FAMILY_PROBLEM] = { 0xfff4d6, 0xffebb8, 0xc88800, 0xc88800, 0x3b2a00, 0x6a5210 },
};

static const TapFamilyColours dark[TAP_N_FAMILIES] = {
  [TAP_FAMILY_OTHER] = { 0x35363a, 0x404146, 0x55575d, 0xa3a6ae, 0xf3f3f4, 0xbfc1c7 },
  [TAP_FAMILY_CONV] = { 0x243347, 0x2d3f58, 0x3d5a82, 0x62a0ea, 0xeef5ff, 0xb3c6de },
  [TAP_FAMILY_POOL] = { 0x3f3320, 0x4d3f29, 0x71592c, 0xe9ad4b, 0xfff6e6, 0xd8c7a6 },
  [TAP_FAMILY_NORM] = { 0x1f3936, 0x284743, 0x356a62, 0x4fc1ae, 0xe9fffb, 0xaed2cb },
  [TAP_FAMILY_ACTIVATION] = { 0x283a23, 0x33492d, 0x476d3c, 0x7cc66b, 0xf0ffec, 0xb8d3af },
  [TAP_FAMILY_JOIN] = { 0x352b47, 0x423657, 0x62508a, 0xb18ce8, 0xf7f1ff, 0xcdbfe2 },
  [TAP_FAMILY_DENSE] = { 0x43292b, 0x523336, 0x7d4347, 0xee7d83, 0xfff0f0, 0xdfbcbe },
  [TAP_FAMILY_SHAPE] = { 0x323130, 0x3d3c3a, 0x504e4b, 0x9a958d, 0xf2f1ef, 0xc0bcb6 },
  [TAP_FAMILY_SCORES] = { 0x42283a, 0x513348, 0x7a446a, 0xe77fb8, 0xfff0f8, 0xdcbacd },
  [TAP_FAMILY_BLOCK] = { 0x2c2f36, 0x383c45, 0x5b6370, 0x9fabbf, 0xf4f6fa, 0xbac2d0 },
  [TAP_FAMILY_INPUT] = { 0x33373e, 0x3f444d, 0x59616d, 0xa8b2c1, 0xf1f4f8, 0xbbc2cd },
  [TAP_FAMILY_PROBLEM] = { 0x453912, 0x544617, 0xc79a2a, 0xf0c04a, 0xfff8e0, 0xe6d29a },
};

static const TapDiagramColours plain_light = {
  .background = 0xfafafa,
  .frame = 0x5e6b82,
  .frame_border = 0xc2c8d3,
  .edge = 0x8a93a1,
  .find = 0xf5c211,
  .warning = 0xc88800,
  .warning_text = 0x3b2a00,
  .frame_alpha = 0.06,
};

static const TapDiagramColours plain_dark = {
  .background = 0x1e1e20,
  .frame = 0xb4c0d8,
  .frame_border = 0x4a505b,
  .edge = 0x868e9b,
  .find = 0xf8e45c,
  .warning = 0xf0c04a,
  .warning_text = 0x2d2000,
  .frame_alpha = 0.06,
};

const TapFamilyColours *
tap_diagram_family_colours (TapFamily family, gboolean is_dark)
{
  g_return_val_if_fail (family < TAP_N_FAMILIES, NULL);
  return is_dark ? &dark[family] : &light[family];
}

const TapDiagramColours *
tap_diagram_colours (gboolean is_dark)
{
  return is_dark ? &plain_dark : &plain_light;
}
