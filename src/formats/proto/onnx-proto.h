/* onnx-proto.h - field numbers of the parts of onnx.proto that are read
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ONNX promises never to renumber a field. Source: onnx.proto of ONNX IR version 10. */
#pragma once

enum
{
  ONNX_MODEL_IR_VERSION = 1,       /* int64 */
  ONNX_MODEL_PRODUCER_NAME = 2,    /* string */
  ONNX_MODEL_PRODUCER_VERSION = 3, /* string */
  ONNX_MODEL_GRAPH = 7,            /* GraphProto */
  ONNX_MODEL_OPSET_IMPORT = 8,     /* repeated OperatorSetIdProto */
  ONNX_MODEL_METADATA_PROPS = 14,  /* repeated StringStringEntryProto */
  ONNX_MODEL_FUNCTIONS = 25,       /* repeated FunctionProto */

  ONNX_OPSET_DOMAIN = 1,  /* string */
  ONNX_OPSET_VERSION = 2, /* int64 */

  ONNX_ENTRY_KEY = 1,   /* string */
  ONNX_ENTRY_VALUE = 2, /* string */

  ONNX_GRAPH_NODE = 1,                /* repeated NodeProto */
  ONNX_GRAPH_NAME = 2,                /* string */
  ONNX_GRAPH_INITIALIZER = 5,         /* repeated TensorProto */
  ONNX_GRAPH_INPUT = 11,              /* repeated ValueInfoProto */
  ONNX_GRAPH_OUTPUT = 12,             /* repeated ValueInfoProto */
  ONNX_GRAPH_VALUE_INFO = 13,         /* repeated ValueInfoProto */
  ONNX_GRAPH_SPARSE_INITIALIZER = 15, /* repeated SparseTensorProto */

  ONNX_NODE_INPUT = 1,     /* repeated string */
  ONNX_NODE_OUTPUT = 2,    /* repeated string */
  ONNX_NODE_NAME = 3,      /* string */
  ONNX_NODE_OP_TYPE = 4,   /* string */
  ONNX_NODE_ATTRIBUTE = 5, /* repeated AttributeProto */
  ONNX_NODE_DOMAIN = 7,    /* string */

  ONNX_ATTRIBUTE_NAME = 1,      /* string */
  ONNX_ATTRIBUTE_F = 2,         /* float */
  ONNX_ATTRIBUTE_I = 3,         /* int64 */
  ONNX_ATTRIBUTE_S = 4,         /* bytes */
  ONNX_ATTRIBUTE_T = 5,         /* TensorProto */
  ONNX_ATTRIBUTE_G = 6,         /* GraphProto */
  ONNX_ATTRIBUTE_FLOATS = 7,    /* repeated float */
  ONNX_ATTRIBUTE_INTS = 8,      /* repeated int64 */
  ONNX_ATTRIBUTE_STRINGS = 9,   /* repeated bytes */
  ONNX_ATTRIBUTE_GRAPHS = 11,   /* repeated GraphProto */
  ONNX_ATTRIBUTE_TYPE = 20,     /* AttributeType */
  ONNX_ATTRIBUTE_REF_NAME = 21, /* string: in functions, the caller's attribute */

  ONNX_TENSOR_DIMS = 1,           /* repeated int64 */
  ONNX_TENSOR_DATA_TYPE = 2,      /* int32 */
  ONNX_TENSOR_FLOAT_DATA = 4,     /* repeated float */
  ONNX_TENSOR_INT32_DATA = 5,     /* repeated int32 */
  ONNX_TENSOR_INT64_DATA = 7,     /* repeated int64 */
  ONNX_TENSOR_NAME = 8,           /* string */
  ONNX_TENSOR_RAW_DATA = 9,       /* bytes */
  ONNX_TENSOR_DOUBLE_DATA = 10,   /* repeated double */
  ONNX_TENSOR_UINT64_DATA = 11,   /* repeated uint64 */
  ONNX_TENSOR_EXTERNAL_DATA = 13, /* repeated StringStringEntryProto */
  ONNX_TENSOR_DATA_LOCATION = 14, /* 1: external */

  ONNX_VALUE_NAME = 1, /* string */
  ONNX_VALUE_TYPE = 2, /* TypeProto */

  ONNX_TYPE_TENSOR = 1, /* TypeProto.Tensor */

  ONNX_TENSOR_TYPE_ELEM = 1,  /* int32 */
  ONNX_TENSOR_TYPE_SHAPE = 2, /* TensorShapeProto */

  ONNX_SHAPE_DIM = 1, /* repeated Dimension */

  ONNX_DIM_VALUE = 1, /* int64 */
  ONNX_DIM_PARAM = 2, /* string */

  ONNX_FUNCTION_NAME = 1,             /* string */
  ONNX_FUNCTION_INPUT = 4,            /* repeated string */
  ONNX_FUNCTION_OUTPUT = 5,           /* repeated string */
  ONNX_FUNCTION_NODE = 7,             /* repeated NodeProto */
  ONNX_FUNCTION_OPSET = 9,            /* repeated OperatorSetIdProto */
  ONNX_FUNCTION_DOMAIN = 10,          /* string */
  ONNX_FUNCTION_ATTRIBUTE_PROTO = 11, /* repeated AttributeProto: defaults */
};

/* TensorProto.DataType */
enum
{
  ONNX_FLOAT = 1,
  ONNX_UINT8 = 2,
  ONNX_INT8 = 3,
  ONNX_UINT16 = 4,
  ONNX_INT16 = 5,
  ONNX_INT32 = 6,
  ONNX_INT64 = 7,
  ONNX_STRING = 8,
  ONNX_BOOL = 9,
  ONNX_FLOAT16 = 10,
  ONNX_DOUBLE = 11,
  ONNX_UINT32 = 12,
  ONNX_UINT64 = 13,
  ONNX_BFLOAT16 = 16,
};

/* AttributeProto.AttributeType */
enum
{
  ONNX_ATTR_FLOAT = 1,
  ONNX_ATTR_INT = 2,
  ONNX_ATTR_STRING = 3,
  ONNX_ATTR_TENSOR = 4,
  ONNX_ATTR_GRAPH = 5,
  ONNX_ATTR_FLOATS = 6,
  ONNX_ATTR_INTS = 7,
  ONNX_ATTR_STRINGS = 8,
};
