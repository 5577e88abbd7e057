// One attachment of a program. It stays until detach() is called or the process ends: being collected does not detach,
// because what is enforced must not depend on when a garbage collector runs.
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

namespace portcullis {

class Link : public Napi::ObjectWrap<Link> {
 public:
  static Napi::Function Define(Napi::Env env);
  static Napi::Object New(Napi::Env env, bpf_link* link);
  static Napi::Value OpenPinned(const Napi::CallbackInfo& info);

  explicit Link(const Napi::CallbackInfo& info);

 private:
  void Detach(const Napi::CallbackInfo& info);
  void Release(const Napi::CallbackInfo& info);
  void Pin(const Napi::CallbackInfo& info);
  void Unpin(const Napi::CallbackInfo& info);
  Napi::Value ReadIterator(const Napi::CallbackInfo& info);

  bpf_link* RequireOpen(Napi::Env env);
  void Destroy(Napi::Env env);

  bpf_link* link_ = nullptr;
};

}  // namespace portcullis
