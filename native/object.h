// A BPF object file: opened, prepared (programs chosen, maps sized, constants written), loaded.
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

#include <string>

#include "errors.h"

namespace portcullis {

class Object : public Napi::ObjectWrap<Object> {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit Object(const Napi::CallbackInfo& info);  // (path, logLevel)
  ~Object() override;

 private:
  // Before load.
  void SelectPrograms(const Napi::CallbackInfo& info);
  void ResizeMap(const Napi::CallbackInfo& info);
  void ReuseMap(const Napi::CallbackInfo& info);
  void SetInitialBytes(const Napi::CallbackInfo& info);
  Napi::Value Layout(const Napi::CallbackInfo& info);
  void Load(const Napi::CallbackInfo& info);
  // After load.
  Napi::Value Attach(const Napi::CallbackInfo& info);
  Napi::Value FindMap(const Napi::CallbackInfo& info);
  Napi::Value TestRun(const Napi::CallbackInfo& info);
  Napi::Value ProgramInfo(const Napi::CallbackInfo& info);
  void PinProgram(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void RequireOpen(Napi::Env env) const;
  bpf_program* ProgramArgument(const Napi::CallbackInfo& info, size_t index) const;
  bpf_map* MapArgument(const Napi::CallbackInfo& info, size_t index) const;
  // Descriptor of a program that was loaded; StateError otherwise.
  int LoadedProgram(Napi::Env env, const bpf_program* program) const;

  bpf_object* object_ = nullptr;
  std::string path_;
  LogDetail detail_ = LogDetail::kWarnings;
};

}  // namespace portcullis
