// Numbers in memory, and their shape.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "tensorflow/c/tf_datatype.h"

extern "C" {

typedef struct TF_Tensor TF_Tensor;

// Takes the memory at `data` as it is, and calls `deallocate(data, bytes, argument)` when it is no longer needed.
TF_Tensor* TF_NewTensor(TF_DataType type, const int64_t* sizes, int axes, void* data, size_t bytes,
                        void (*deallocate)(void* data, size_t bytes, void* argument), void* argument);
TF_Tensor* TF_AllocateTensor(TF_DataType type, const int64_t* sizes, int axes, size_t bytes);
void TF_DeleteTensor(TF_Tensor* tensor);

TF_DataType TF_TensorType(const TF_Tensor* tensor);
int TF_NumDims(const TF_Tensor* tensor);
int64_t TF_Dim(const TF_Tensor* tensor, int axis);
int64_t TF_TensorElementCount(const TF_Tensor* tensor);
size_t TF_TensorByteSize(const TF_Tensor* tensor);
void* TF_TensorData(const TF_Tensor* tensor);

}  // extern "C"
