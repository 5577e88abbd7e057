// One BPF map, through a descriptor of its own: it outlives the object that it came from.
#pragma once

#include <linux/bpf.h>
#include <napi.h>

#include "descriptor.h"

namespace portcullis {

class Map : public Napi::ObjectWrap<Map> {
 public:
  static Napi::Function Define(Napi::Env env);
  // Takes ownership of the descriptor.
  static Napi::Object New(Napi::Env env, Descriptor fd);
  static Napi::Value OpenPinned(const Napi::CallbackInfo& info);
  static Napi::Value Create(const Napi::CallbackInfo& info);
  // TypeError unless the argument is a native map that is open.
  static const Map& Argument(const Napi::CallbackInfo& info, size_t index, const char* name);

  explicit Map(const Napi::CallbackInfo& info);

  int fd() const { return fd_.get(); }
  const bpf_map_info& info() const { return info_; }

 private:
  Napi::Value Describe(const Napi::CallbackInfo& info);
  Napi::Value Lookup(const Napi::CallbackInfo& info);
  void Update(const Napi::CallbackInfo& info);
  Napi::Value Delete(const Napi::CallbackInfo& info);
  Napi::Value NextKey(const Napi::CallbackInfo& info);
  void ReplaceInner(const Napi::CallbackInfo& info);
  Napi::Value Memory(const Napi::CallbackInfo& info);
  void Pin(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void RequireOpen(Napi::Env env) const;
  std::string Operation(const char* verb) const;

  Descriptor fd_;
  bpf_map_info info_ = {};
  size_t value_bytes_ = 0;  // of one look-up: for per-CPU maps the values of all possible CPUs
};

}  // namespace portcullis
