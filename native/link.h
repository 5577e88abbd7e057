// One attachment of a program. It stays until detach() is called or the process ends: being collected does not detach,
// because what is enforced must not depend on when a garbage collector runs.
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

#include <string>

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
  void RemovePin(Napi::Env env);
  void Destroy(Napi::Env env);

  bpf_link* link_ = nullptr;
  // Ours and not libbpf's, which takes a link for pinned as long as it has not removed the pin itself.
  std::string pin_;
};

}  // namespace portcullis
