#include "peer.h"

#include <sys/socket.h>

#include <cerrno>

#include "arguments.h"
#include "errors.h"

namespace portcullis {

Napi::Value PeerCredentials(const Napi::CallbackInfo& info) {
  const uint32_t descriptor = Uint32Argument(info, 0, "descriptor");
  ClearLog(LogDetail::kWarnings);
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (getsockopt(static_cast<int>(descriptor), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    throw KernelError(info.Env(), errno, "ask who is at the other end of a socket");
  auto result = Napi::Object::New(info.Env());
  result.Set("pid", Napi::Number::New(info.Env(), peer.pid));
  result.Set("uid", Napi::Number::New(info.Env(), peer.uid));
  result.Set("gid", Napi::Number::New(info.Env(), peer.gid));
  return result;
}

}  // namespace portcullis
