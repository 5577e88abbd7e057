#include "arguments.h"

#include <cmath>
#include <cstring>

namespace portcullis {

namespace {

[[noreturn]] void Refuse(const Napi::CallbackInfo& info, const char* name, const std::string& expected) {
  throw Napi::TypeError::New(info.Env(), std::string(name) + " must be " + expected);
}

}  // namespace

std::string StringArgument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (!info[index].IsString()) Refuse(info, name, "a string");
  const std::string text = info[index].As<Napi::String>().Utf8Value();
  if (text.find('\0') != std::string::npos) Refuse(info, name, "a string without NUL");
  return text;
}

Bytes BytesArgument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (!info[index].IsTypedArray() || info[index].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
    Refuse(info, name, "a Uint8Array");
  Napi::Uint8Array array = info[index].As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

Bytes BytesArgument(const Napi::CallbackInfo& info, size_t index, const char* name, size_t size) {
  const Bytes bytes = BytesArgument(info, index, name);
  if (bytes.size != size)
    Refuse(info, name, "of " + std::to_string(size) + " bytes, not " + std::to_string(bytes.size));
  return bytes;
}

uint32_t Uint32Argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const double value = info[index].IsNumber() ? info[index].As<Napi::Number>().DoubleValue() : -1;
  if (!(value >= 0 && value <= UINT32_MAX && std::floor(value) == value))
    Refuse(info, name, "an integer from 0 to 4294967295");
  return static_cast<uint32_t>(value);
}

uint64_t Uint64Argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  bool lossless = false;
  const uint64_t value = info[index].IsBigInt() ? info[index].As<Napi::BigInt>().Uint64Value(&lossless) : 0;
  if (!lossless) Refuse(info, name, "a bigint of 64 bits without sign");
  return value;
}

Napi::Uint8Array CopyBytes(Napi::Env env, const void* data, size_t size) {
  Napi::Uint8Array copy = Napi::Uint8Array::New(env, size);
  if (size > 0) std::memcpy(copy.Data(), data, size);
  return copy;
}

}  // namespace portcullis
