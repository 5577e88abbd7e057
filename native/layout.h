// The object's own BTF as plain JavaScript values.
#pragma once

#include <bpf/btf.h>
#include <napi.h>

namespace portcullis {

// {structs: {name: {size, fields}}, enumerations: {name: {member: bigint}}, variables: {name: {section, offset, ...type}}}.
// The shapes are those of src/kernel/addon/layout.ts.
Napi::Value DescribeTypes(Napi::Env env, const btf* types);

}  // namespace portcullis
