#include "pidfd.h"

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "arguments.h"
#include "errors.h"

namespace portcullis {

// The C library has names for these calls from 2.36 on only; the kernel has them since 5.3 and 5.1.
Napi::Value OpenPidfd(const Napi::CallbackInfo& info) {
  const uint32_t pid = Uint32Argument(info, 0, "pid");
  ClearLog(LogDetail::kWarnings);
  const long descriptor = syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0);
  if (descriptor < 0) throw KernelError(info.Env(), errno, "open process " + std::to_string(pid));
  return Napi::Number::New(info.Env(), static_cast<double>(descriptor));
}

void SignalPidfd(const Napi::CallbackInfo& info) {
  const uint32_t descriptor = Uint32Argument(info, 0, "descriptor");
  const uint32_t signal = Uint32Argument(info, 1, "signal");
  ClearLog(LogDetail::kWarnings);
  if (syscall(SYS_pidfd_send_signal, static_cast<int>(descriptor), static_cast<int>(signal), nullptr, 0) != 0)
    throw KernelError(info.Env(), errno, "send signal " + std::to_string(signal));
}

}  // namespace portcullis
