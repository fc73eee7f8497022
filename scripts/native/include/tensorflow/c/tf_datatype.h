// Types of a tensor's elements. Numbers as in TensorFlow's own c/tf_datatype.h; those that the binding has no name for are left out.
#pragma once
#include <stddef.h>

extern "C" {

typedef enum TF_DataType {
  TF_FLOAT = 1,
  TF_DOUBLE = 2,
  TF_INT32 = 3,
  TF_UINT8 = 4,
  TF_STRING = 7,
  TF_COMPLEX64 = 8,
  TF_INT64 = 9,
  TF_BOOL = 10,
  TF_RESOURCE = 20
} TF_DataType;

// Bytes of one element.
size_t TF_DataTypeSize(TF_DataType type);

}  // extern "C"
