// Errors that leave the addon, and the messages libbpf writes on the way to them.
#pragma once

#include <napi.h>

#include <string>

namespace portcullis {

// What one instance of the addon (one JavaScript environment) keeps.
struct Instance {
  Napi::FunctionReference kernel_error;  // class KernelError of src/kernel/addon/errors.ts
  Napi::FunctionReference object;
  Napi::FunctionReference map;
  Napi::FunctionReference link;
  Napi::FunctionReference ring;
};

// An error of the kernel or libbpf: `new KernelError(code, operation, reason, log)`. `error` is a positive errno value.
Napi::Error KernelError(Napi::Env env, int error, const std::string& operation);

// A call that came at the wrong time (not loaded, closed): Error with code ERR_INVALID_STATE.
Napi::Error StateError(Napi::Env env, const std::string& sentence);

// libbpf reports through a callback on the calling thread. The end of what it said since ClearLog() stays here.
enum class LogDetail { kWarnings, kEverything };
void CaptureLog();
void ClearLog(LogDetail detail);
std::string LogTail();

}  // namespace portcullis
