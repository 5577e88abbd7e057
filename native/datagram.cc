#include "datagram.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "arguments.h"
#include "errors.h"

namespace portcullis {

void SendDatagram(const Napi::CallbackInfo& info) {
  const std::string path = StringArgument(info, 0, "path");
  const std::string text = StringArgument(info, 1, "text");
  ClearLog(LogDetail::kWarnings);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    throw Napi::TypeError::New(info.Env(), "path takes 1 to 107 bytes");
  memcpy(address.sun_path, path.data(), path.size());
  socklen_t length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (path[0] == '@') {
    address.sun_path[0] = '\0';
  } else {
    length++;  // the NUL behind a file's name
  }
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) throw KernelError(info.Env(), errno, "open a local socket");
  const ssize_t sent = sendto(descriptor, text.data(), text.size(), MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address), length);
  const int error = errno;
  close(descriptor);
  if (sent < 0) throw KernelError(info.Env(), error, "write to the socket " + path);
}

}  // namespace portcullis
