/* caffe-proto.h - field numbers of the parts of caffe.proto that are read from a caffemodel
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

enum
{
  CAFFE_NET_NAME = 1,    /* string */
  CAFFE_NET_LAYERS = 2,  /* repeated V1LayerParameter */
  CAFFE_NET_LAYER = 100, /* repeated LayerParameter */

  CAFFE_LAYER_NAME = 1,  /* string */
  CAFFE_LAYER_BLOBS = 7, /* repeated BlobProto */

  CAFFE_V1_LAYER = 1, /* V0LayerParameter: before V1 */
  CAFFE_V1_NAME = 4,  /* string */
  CAFFE_V1_BLOBS = 6, /* repeated BlobProto */

  CAFFE_V0_NAME = 1,   /* string */
  CAFFE_V0_BLOBS = 50, /* repeated BlobProto */

  CAFFE_BLOB_NUM = 1,         /* int32, the old shape: num × channels × height × width */
  CAFFE_BLOB_CHANNELS = 2,    /* int32 */
  CAFFE_BLOB_HEIGHT = 3,      /* int32 */
  CAFFE_BLOB_WIDTH = 4,       /* int32 */
  CAFFE_BLOB_DATA = 5,        /* repeated float */
  CAFFE_BLOB_SHAPE = 7,       /* BlobShape */
  CAFFE_BLOB_DOUBLE_DATA = 8, /* repeated double */

  CAFFE_SHAPE_DIM = 1, /* repeated int64 */
};
