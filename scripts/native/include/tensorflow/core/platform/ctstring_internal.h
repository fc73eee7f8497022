// Elements of tensors of strings. TensorFlow's own header has these functions inline; here they are those that its library exports.
#pragma once
#include <stddef.h>
#include <stdint.h>

extern "C" {

typedef struct TF_TString {
  uint64_t content[3];
} TF_TString;

void TF_StringInit(TF_TString* text);
void TF_StringCopy(TF_TString* text, const char* source, size_t length);
const char* TF_StringGetDataPointer(const TF_TString* text);
size_t TF_StringGetSize(const TF_TString* text);
void TF_StringDealloc(TF_TString* text);

static inline void TF_TString_Init(TF_TString* text) { TF_StringInit(text); }
static inline void TF_TString_Copy(TF_TString* text, const char* source, size_t length) { TF_StringCopy(text, source, length); }
static inline const char* TF_TString_GetDataPointer(const TF_TString* text) { return TF_StringGetDataPointer(text); }
static inline size_t TF_TString_GetSize(const TF_TString* text) { return TF_StringGetSize(text); }
static inline void TF_TString_Dealloc(TF_TString* text) { TF_StringDealloc(text); }

}  // extern "C"
