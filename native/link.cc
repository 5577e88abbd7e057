#include "link.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "descriptor.h"
#include "errors.h"

namespace portcullis {

Napi::Function Link::Define(Napi::Env env) {
  return DefineClass(env, "Link",
                     {
                         InstanceMethod<&Link::Detach>("detach"),
                         InstanceMethod<&Link::Release>("release"),
                         InstanceMethod<&Link::Pin>("pin"),
                         InstanceMethod<&Link::Unpin>("unpin"),
                         InstanceMethod<&Link::ReadIterator>("readIterator"),
                     });
}

Napi::Object Link::New(Napi::Env env, bpf_link* link) {
  return env.GetInstanceData<Instance>()->link.New({Napi::External<bpf_link>::New(env, link)});
}

Link::Link(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Link>(info) {
  if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "a link comes from attach() or a pin");
  link_ = info[0].As<Napi::External<bpf_link>>().Data();
  if (const char* pin = bpf_link__pin_path(link_)) pin_ = pin;
}

Napi::Value Link::OpenPinned(const Napi::CallbackInfo& info) {
  const std::string path = StringArgument(info, 0, "path");
  ClearLog(LogDetail::kWarnings);
  bpf_link* link = bpf_link__open(path.c_str());
  if (link == nullptr) throw KernelError(info.Env(), errno, "open pinned link " + path);
  return New(info.Env(), link);
}

bpf_link* Link::RequireOpen(Napi::Env env) {
  if (link_ == nullptr) throw StateError(env, "the link is detached");
  ClearLog(LogDetail::kWarnings);
  return link_;
}

void Link::Destroy(Napi::Env env) {
  const int error = bpf_link__destroy(std::exchange(link_, nullptr));
  if (error != 0) throw KernelError(env, -error, "detach a link");
}

// Gone already, as by who removed the whole directory: that is what was wanted.
void Link::RemovePin(Napi::Env env) {
  if (pin_.empty()) return;
  if (unlink(pin_.c_str()) != 0 && errno != ENOENT) throw KernelError(env, errno, "unpin a link");
  pin_.clear();
}

// detach(): nothing of this link is left, its pin neither. Detached already: nothing to do.
void Link::Detach(const Napi::CallbackInfo& info) {
  if (link_ == nullptr) return;
  ClearLog(LogDetail::kWarnings);
  RemovePin(info.Env());
  Destroy(info.Env());
}

// release(): this process lets go; a pin keeps the program attached.
void Link::Release(const Napi::CallbackInfo& info) {
  if (link_ == nullptr) return;
  ClearLog(LogDetail::kWarnings);
  Destroy(info.Env());
}

// pin(path): in one place at a time.
void Link::Pin(const Napi::CallbackInfo& info) {
  bpf_link* link = RequireOpen(info.Env());
  const std::string path = StringArgument(info, 0, "path");
  if (!pin_.empty()) throw StateError(info.Env(), "the link is pinned at " + pin_);
  if (bpf_obj_pin(bpf_link__fd(link), path.c_str()) != 0) throw KernelError(info.Env(), errno, "pin a link at " + path);
  pin_ = path;
}

// unpin(): without a pin there is nothing to do.
void Link::Unpin(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  RemovePin(info.Env());
}

// readIterator(): Uint8Array. Runs an iterator program over everything it walks and gives what it wrote.
Napi::Value Link::ReadIterator(const Napi::CallbackInfo& info) {
  const Descriptor run(bpf_iter_create(bpf_link__fd(RequireOpen(info.Env()))));
  if (!run.valid()) throw KernelError(info.Env(), errno, "start an iterator");
  std::vector<uint8_t> written;
  constexpr size_t kPiece = 64 * 1024;
  for (;;) {
    const size_t before = written.size();
    written.resize(before + kPiece);
    const ssize_t count = read(run.get(), written.data() + before, kPiece);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
      written.resize(before);
      continue;
    }
    if (count < 0) throw KernelError(info.Env(), errno, "read an iterator");
    written.resize(before + static_cast<size_t>(count));
    if (count == 0) return CopyBytes(info.Env(), written.data(), written.size());
  }
}

}  // namespace portcullis
