// BPF_PROG_TEST_RUN: one program, run natively with a context or a packet of the caller's.
#pragma once

#include <bpf/libbpf.h>
#include <napi.h>

namespace portcullis {

// Arguments of the call from index 1: context | undefined, data | undefined, repeat.
Napi::Value RunTest(const Napi::CallbackInfo& info, const bpf_program* program, int fd);

}  // namespace portcullis
