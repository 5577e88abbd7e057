// Node-API addon over libbpf. It knows objects, programs, maps, links and ring buffers, and nothing of policies.
//
//   object   open, choose programs, constants, load, attach     link      what attach() gave
//   map      look up, update, inner maps, shared memory         ring      batches of a ring buffer, acknowledged by JavaScript
//   testrun  BPF_PROG_TEST_RUN                                  layout    the object's own BTF
//   pidfd    processes by descriptor, and signals to them   datagram  messages to a local socket
//   peer     who is at the other end of a local socket
#include <bpf/libbpf.h>
#include <linux/magic.h>
#include <napi.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "arguments.h"
#include "datagram.h"
#include "errors.h"
#include "link.h"
#include "map.h"
#include "object.h"
#include "peer.h"
#include "pidfd.h"
#include "ring.h"

namespace portcullis {

namespace {

// initialize(KernelError)
void Initialize(const Napi::CallbackInfo& info) {
  if (!info[0].IsFunction()) throw Napi::TypeError::New(info.Env(), "initialize() takes the class of kernel errors");
  info.Env().GetInstanceData<Instance>()->kernel_error = Napi::Persistent(info[0].As<Napi::Function>());
}

Napi::Value BootTimeNs(const Napi::CallbackInfo& info) {
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 +
                                           static_cast<uint64_t>(now.tv_nsec));
}

Napi::Value PossibleCpus(const Napi::CallbackInfo& info) {
  ClearLog(LogDetail::kWarnings);
  const int count = libbpf_num_possible_cpus();
  if (count < 0) throw KernelError(info.Env(), -count, "count possible CPUs");
  return Napi::Number::New(info.Env(), count);
}

Napi::Value LibbpfVersion(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), libbpf_version_string());
}

// The end of what libbpf said during the last call on this thread.
Napi::Value LastLog(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), LogTail()); }

// unpin(path): boolean. Only ever removes what lies in a BPF file system.
Napi::Value Unpin(const Napi::CallbackInfo& info) {
  const std::string path = StringArgument(info, 0, "path");
  ClearLog(LogDetail::kWarnings);
  struct statfs system = {};
  if (statfs(path.c_str(), &system) != 0) {
    if (errno == ENOENT) return Napi::Boolean::New(info.Env(), false);
    throw KernelError(info.Env(), errno, "unpin " + path);
  }
  if (system.f_type != BPF_FS_MAGIC) throw Napi::TypeError::New(info.Env(), path + " is not in a BPF file system");
  if (unlink(path.c_str()) != 0) throw KernelError(info.Env(), errno, "unpin " + path);
  return Napi::Boolean::New(info.Env(), true);
}

}  // namespace

Napi::Object Register(Napi::Env env, Napi::Object exports) {
  CaptureLog();
  auto* instance = new Instance();
  env.SetInstanceData(instance);
  const auto publish = [&](const char* name, Napi::Function constructor, Napi::FunctionReference* reference) {
    *reference = Napi::Persistent(constructor);
    exports.Set(name, constructor);
  };
  publish("Object", Object::Define(env), &instance->object);
  publish("Map", Map::Define(env), &instance->map);
  publish("Link", Link::Define(env), &instance->link);
  publish("Ring", Ring::Define(env), &instance->ring);
  exports.Set("initialize", Napi::Function::New<Initialize>(env, "initialize"));
  exports.Set("openPinnedMap", Napi::Function::New<Map::OpenPinned>(env, "openPinnedMap"));
  exports.Set("createMap", Napi::Function::New<Map::Create>(env, "createMap"));
  exports.Set("openPinnedLink", Napi::Function::New<Link::OpenPinned>(env, "openPinnedLink"));
  exports.Set("unpin", Napi::Function::New<Unpin>(env, "unpin"));
  exports.Set("lastLog", Napi::Function::New<LastLog>(env, "lastLog"));
  exports.Set("peerCredentials", Napi::Function::New<PeerCredentials>(env, "peerCredentials"));
  exports.Set("openPidfd", Napi::Function::New<OpenPidfd>(env, "openPidfd"));
  exports.Set("signalPidfd", Napi::Function::New<SignalPidfd>(env, "signalPidfd"));
  exports.Set("sendDatagram", Napi::Function::New<SendDatagram>(env, "sendDatagram"));
  exports.Set("bootTimeNs", Napi::Function::New<BootTimeNs>(env, "bootTimeNs"));
  exports.Set("possibleCpus", Napi::Function::New<PossibleCpus>(env, "possibleCpus"));
  exports.Set("libbpfVersion", Napi::Function::New<LibbpfVersion>(env, "libbpfVersion"));
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Register)

}  // namespace portcullis
