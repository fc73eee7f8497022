// Devices, and running a saved model. Training needs none of the latter, but the binding is compiled whole.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "tensorflow/c/tf_datatype.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

extern "C" {

const char* TF_Version(void);

typedef enum TF_AttrType {
  TF_ATTR_STRING = 0,
  TF_ATTR_INT = 1,
  TF_ATTR_FLOAT = 2,
  TF_ATTR_BOOL = 3,
  TF_ATTR_TYPE = 4,
  TF_ATTR_SHAPE = 5
} TF_AttrType;

typedef struct TF_Buffer TF_Buffer;
TF_Buffer* TF_NewBuffer(void);
TF_Buffer* TF_NewBufferFromString(const void* text, size_t length);
void TF_DeleteBuffer(TF_Buffer* buffer);

typedef struct TF_DeviceList TF_DeviceList;
void TF_DeleteDeviceList(TF_DeviceList* list);
int TF_DeviceListCount(const TF_DeviceList* list);
const char* TF_DeviceListName(const TF_DeviceList* list, int index, TF_Status* status);
const char* TF_DeviceListType(const TF_DeviceList* list, int index, TF_Status* status);

typedef struct TF_Graph TF_Graph;
typedef struct TF_Operation TF_Operation;
TF_Graph* TF_NewGraph(void);
void TF_DeleteGraph(TF_Graph* graph);
TF_Operation* TF_GraphOperationByName(TF_Graph* graph, const char* name);

// One of an operation's results.
typedef struct TF_Output {
  TF_Operation* oper;
  int index;
} TF_Output;

typedef struct TF_SessionOptions TF_SessionOptions;
TF_SessionOptions* TF_NewSessionOptions(void);
void TF_DeleteSessionOptions(TF_SessionOptions* options);

typedef struct TF_Session TF_Session;
TF_Session* TF_LoadSessionFromSavedModel(const TF_SessionOptions* options, const TF_Buffer* run_options, const char* folder,
                                         const char* const* tags, int tag_count, TF_Graph* graph, TF_Buffer* meta_graph,
                                         TF_Status* status);
void TF_SessionRun(TF_Session* session, const TF_Buffer* run_options, const TF_Output* inputs, TF_Tensor* const* input_values,
                   int input_count, const TF_Output* outputs, TF_Tensor** output_values, int output_count,
                   const TF_Operation* const* targets, int target_count, TF_Buffer* run_metadata, TF_Status* status);
void TF_DeleteSession(TF_Session* session, TF_Status* status);

}  // extern "C"
