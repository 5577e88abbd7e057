// JavaScript arguments to plain values. What does not fit is a TypeError with one sentence.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace portcullis {

// Borrowed from a Uint8Array; good until the call returns to JavaScript.
struct Bytes {
  uint8_t* data;
  size_t size;
};

std::string StringArgument(const Napi::CallbackInfo& info, size_t index, const char* name);
Bytes BytesArgument(const Napi::CallbackInfo& info, size_t index, const char* name);
// As above, of exactly `size` bytes.
Bytes BytesArgument(const Napi::CallbackInfo& info, size_t index, const char* name, size_t size);
uint32_t Uint32Argument(const Napi::CallbackInfo& info, size_t index, const char* name);
uint64_t Uint64Argument(const Napi::CallbackInfo& info, size_t index, const char* name);

// A new Uint8Array over its own ArrayBuffer.
Napi::Uint8Array CopyBytes(Napi::Env env, const void* data, size_t size);

}  // namespace portcullis
