// How a call ended: every function that may fail is handed one of these.
#pragma once

extern "C" {

typedef struct TF_Status TF_Status;

// All other codes are errors; the message tells which.
typedef enum TF_Code { TF_OK = 0 } TF_Code;

TF_Status* TF_NewStatus(void);
void TF_DeleteStatus(TF_Status* status);
TF_Code TF_GetCode(const TF_Status* status);
const char* TF_Message(const TF_Status* status);

}  // extern "C"
