#include "errors.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <vector>

namespace portcullis {

namespace {

// Bytes of libbpf's messages that are kept. A verifier log can have megabytes; what it fails with is at its end.
constexpr size_t kLogBytes = 64 * 1024;
constexpr int kENOTSUPP = 524;  // the kernel's own, unknown to the C library

struct Log {
  std::string text;
  LogDetail detail = LogDetail::kWarnings;
};

// Of the thread, not of the process: libbpf calls back on the thread that called it, and workers must not mix.
thread_local Log log;

int Print(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG && log.detail == LogDetail::kWarnings) return 0;
  va_list again;
  va_copy(again, arguments);
  const int length = vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (length <= 0) return 0;
  std::vector<char> line(static_cast<size_t>(length) + 1);
  vsnprintf(line.data(), line.size(), format, arguments);
  log.text.append(line.data(), static_cast<size_t>(length));
  if (log.text.size() > 2 * kLogBytes) log.text.erase(0, log.text.size() - kLogBytes);
  return length;
}

std::string CodeOf(int error) {
  if (error == kENOTSUPP) return "ENOTSUPP";
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : "E" + std::to_string(error);
}

std::string ReasonOf(int error) {
  if (error == kENOTSUPP) return "Operation not supported by the kernel";
  const char* reason = strerrordesc_np(error);
  return reason != nullptr ? reason : "Unknown error";
}

}  // namespace

Napi::Error KernelError(Napi::Env env, int error, const std::string& operation) {
  const Napi::FunctionReference& kernel_error = env.GetInstanceData<Instance>()->kernel_error;
  if (kernel_error.IsEmpty()) return StateError(env, "initialize() comes first; meanwhile cannot " + operation);
  const auto text = [env](const std::string& value) { return Napi::String::New(env, value); };
  Napi::Object value =
      kernel_error.New({text(CodeOf(error)), text(operation), text(ReasonOf(error)), text(LogTail())});
  return Napi::Error(env, value);
}

Napi::Error StateError(Napi::Env env, const std::string& sentence) {
  Napi::Error error = Napi::Error::New(env, sentence);
  error.Set("code", Napi::String::New(env, "ERR_INVALID_STATE"));
  return error;
}

void CaptureLog() { libbpf_set_print(Print); }

void ClearLog(LogDetail detail) {
  log.text.clear();
  log.detail = detail;
}

std::string LogTail() {
  if (log.text.size() <= kLogBytes) return log.text;
  return log.text.substr(log.text.size() - kLogBytes);
}

}  // namespace portcullis
