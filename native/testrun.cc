#include "testrun.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "arguments.h"
#include "errors.h"

namespace portcullis {

namespace {

using Buffer = std::optional<std::vector<uint8_t>>;

Buffer OptionalBytes(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (info[index].IsUndefined()) return std::nullopt;
  const Bytes bytes = BytesArgument(info, index, name);
  return std::vector<uint8_t>(bytes.data, bytes.data + bytes.size);
}

uint64_t MonotonicNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

struct Result {
  int error = 0;  // errno
  uint32_t value = 0;
  uint64_t total_ns = 0;
};

// The kernel knows neither repetition nor duration for these programs, so both are done here; every run gets the context
// as it was given, and the program's changes land in it.
Result RunWithoutPacket(int fd, bool syscall, const Buffer& given, uint32_t repeat, Buffer* context) {
  Result result;
  for (uint32_t i = 0; i < repeat; i++) {
    *context = given;
    LIBBPF_OPTS(bpf_test_run_opts, options);
    if (*context) {
      options.ctx_in = (*context)->data();
      options.ctx_size_in = static_cast<uint32_t>((*context)->size());
    }
    const uint64_t start = MonotonicNs();
    if (bpf_prog_test_run_opts(fd, &options) != 0) {
      result.error = errno;
      return result;
    }
    result.total_ns += MonotonicNs() - start;
    result.value = options.retval;
  }
  if (!syscall) context->reset();
  return result;
}

Result RunWithPacket(int fd, const Buffer& given, const Buffer& data, uint32_t repeat, Buffer* context) {
  Result result;
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (given) {
    *context = given;
    options.ctx_in = given->data();
    options.ctx_size_in = static_cast<uint32_t>(given->size());
    options.ctx_out = (*context)->data();
    options.ctx_size_out = options.ctx_size_in;
  }
  if (data) {
    options.data_in = data->data();
    options.data_size_in = static_cast<uint32_t>(data->size());
  }
  options.repeat = static_cast<int>(repeat);
  if (bpf_prog_test_run_opts(fd, &options) != 0) result.error = errno;
  result.value = options.retval;
  result.total_ns = static_cast<uint64_t>(options.duration) * repeat;
  return result;
}

}  // namespace

Napi::Value RunTest(const Napi::CallbackInfo& info, const bpf_program* program, int fd) {
  const Napi::Env env = info.Env();
  const Buffer given = OptionalBytes(info, 1, "context");
  const Buffer data = OptionalBytes(info, 2, "data");
  const uint32_t repeat = Uint32Argument(info, 3, "repeat");
  if (repeat == 0 || repeat > INT32_MAX) throw Napi::TypeError::New(env, "repeat must be at least 1");
  const bpf_prog_type type = bpf_program__type(program);
  const bool syscall = type == BPF_PROG_TYPE_SYSCALL;
  const bool packet = !syscall && type != BPF_PROG_TYPE_RAW_TRACEPOINT && type != BPF_PROG_TYPE_TRACING;
  if (!packet && data) throw Napi::TypeError::New(env, "this type of program takes a context and no data");

  Buffer context;
  const Result run = packet ? RunWithPacket(fd, given, data, repeat, &context)
                            : RunWithoutPacket(fd, syscall, given, repeat, &context);
  if (run.error != 0)
    throw KernelError(env, run.error, "test run of program '" + std::string(bpf_program__name(program)) + "'");

  Napi::Object result = Napi::Object::New(env);
  result.Set("returnValue", Napi::Number::New(env, static_cast<int32_t>(run.value)));
  result.Set("durationNs", Napi::Number::New(env, static_cast<double>(run.total_ns) / repeat));
  if (context) result.Set("context", CopyBytes(env, context->data(), context->size()));
  return result;
}

}  // namespace portcullis
