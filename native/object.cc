#include "object.h"

#include <malloc.h>
#include <bpf/bpf.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "arguments.h"
#include "descriptor.h"
#include "layout.h"
#include "link.h"
#include "map.h"
#include "testrun.h"

namespace portcullis {

Napi::Function Object::Define(Napi::Env env) {
  return DefineClass(env, "Object",
                     {
                         InstanceMethod<&Object::SelectPrograms>("selectPrograms"),
                         InstanceMethod<&Object::ResizeMap>("resizeMap"),
                         InstanceMethod<&Object::ReuseMap>("reuseMap"),
                         InstanceMethod<&Object::SetInitialBytes>("setInitialBytes"),
                         InstanceMethod<&Object::Layout>("layout"),
                         InstanceMethod<&Object::Load>("load"),
                         InstanceMethod<&Object::Attach>("attach"),
                         InstanceMethod<&Object::FindMap>("map"),
                         InstanceMethod<&Object::TestRun>("testRun"),
                         InstanceMethod<&Object::ProgramInfo>("programInfo"),
                         InstanceMethod<&Object::PinProgram>("pinProgram"),
                         InstanceMethod<&Object::Close>("close"),
                     });
}

Object::Object(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Object>(info) {
  path_ = StringArgument(info, 0, "path");
  const uint32_t level = Uint32Argument(info, 1, "logLevel");
  detail_ = level > 0 ? LogDetail::kEverything : LogDetail::kWarnings;
  LIBBPF_OPTS(bpf_object_open_opts, options);
  options.kernel_log_level = level;
  ClearLog(detail_);
  object_ = bpf_object__open_file(path_.c_str(), &options);
  if (object_ == nullptr) throw KernelError(info.Env(), errno, "open " + path_);
}

Object::~Object() { bpf_object__close(object_); }

void Object::RequireOpen(Napi::Env env) const {
  if (object_ == nullptr) throw StateError(env, path_ + " is closed");
  ClearLog(detail_);
}

bpf_program* Object::ProgramArgument(const Napi::CallbackInfo& info, size_t index) const {
  RequireOpen(info.Env());
  const std::string name = StringArgument(info, index, "program");
  bpf_program* program = bpf_object__find_program_by_name(object_, name.c_str());
  if (program == nullptr) throw Napi::TypeError::New(info.Env(), path_ + " has no program '" + name + "'");
  return program;
}

bpf_map* Object::MapArgument(const Napi::CallbackInfo& info, size_t index) const {
  RequireOpen(info.Env());
  const std::string name = StringArgument(info, index, "map");
  bpf_map* map = bpf_object__find_map_by_name(object_, name.c_str());
  if (map == nullptr) throw Napi::TypeError::New(info.Env(), path_ + " has no map '" + name + "'");
  return map;
}

int Object::LoadedProgram(Napi::Env env, const bpf_program* program) const {
  const int fd = bpf_program__fd(program);
  if (fd < 0) throw StateError(env, "program '" + std::string(bpf_program__name(program)) + "' is not loaded");
  return fd;
}

// selectPrograms(names): exactly these are loaded.
void Object::SelectPrograms(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  if (!info[0].IsArray()) throw Napi::TypeError::New(info.Env(), "programs must be an array of names");
  const Napi::Array names = info[0].As<Napi::Array>();
  std::vector<bpf_program*> chosen;
  for (uint32_t i = 0; i < names.Length(); i++) {
    const Napi::Value name = names.Get(i);
    if (!name.IsString()) throw Napi::TypeError::New(info.Env(), "programs must be an array of names");
    const std::string text = name.As<Napi::String>().Utf8Value();
    chosen.push_back(bpf_object__find_program_by_name(object_, text.c_str()));
    if (chosen.back() == nullptr) throw Napi::TypeError::New(info.Env(), path_ + " has no program '" + text + "'");
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_) {
    bool wanted = false;
    for (const bpf_program* one : chosen) wanted = wanted || one == program;
    const int error = bpf_program__set_autoload(program, wanted);
    if (error != 0) throw KernelError(info.Env(), -error, "choose programs of " + path_);
  }
}

// resizeMap(map, 'self' | 'inner', maxEntries | 0, valueSize | 0)
void Object::ResizeMap(const Napi::CallbackInfo& info) {
  bpf_map* map = MapArgument(info, 0);
  const std::string name = bpf_map__name(map);
  const std::string which = StringArgument(info, 1, "which");
  const uint32_t entries = Uint32Argument(info, 2, "maxEntries");
  const uint32_t value = Uint32Argument(info, 3, "valueSize");
  if (which == "inner") map = bpf_map__inner_map(map);
  if (map == nullptr) throw Napi::TypeError::New(info.Env(), "map '" + name + "' has no inner map");
  int error = entries > 0 ? bpf_map__set_max_entries(map, entries) : 0;
  if (error == 0 && value > 0) error = bpf_map__set_value_size(map, value);
  if (error != 0) throw KernelError(info.Env(), -error, "resize map '" + name + "'");
}

// reuseMap(name, map): load() takes this map instead of making one.
void Object::ReuseMap(const Napi::CallbackInfo& info) {
  bpf_map* own = MapArgument(info, 0);
  const Map& other = Map::Argument(info, 1, "map");
  const int error = bpf_map__reuse_fd(own, other.fd());
  if (error != 0) throw KernelError(info.Env(), -error, std::string("reuse a map as '") + bpf_map__name(own) + "'");
}

// setInitialBytes(map, offset, bytes): of a data section such as .rodata
void Object::SetInitialBytes(const Napi::CallbackInfo& info) {
  const bpf_map* map = MapArgument(info, 0);
  const uint32_t offset = Uint32Argument(info, 1, "offset");
  const Bytes bytes = BytesArgument(info, 2, "bytes");
  size_t size = 0;
  void* memory = const_cast<void*>(bpf_map__initial_value(const_cast<bpf_map*>(map), &size));
  if (memory == nullptr || bpf_map__fd(map) >= 0) throw StateError(info.Env(), "constants are written before load()");
  if (offset > size || bytes.size > size - offset)
    throw Napi::TypeError::New(info.Env(), "bytes end past the section of " + std::to_string(size) + " bytes");
  std::memcpy(static_cast<uint8_t*>(memory) + offset, bytes.data, bytes.size);
}

Napi::Value Object::Layout(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  const btf* types = bpf_object__btf(object_);
  if (types == nullptr) throw StateError(info.Env(), path_ + " has no BTF: compile it with -g");
  return DescribeTypes(info.Env(), types);
}

void Object::Load(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  const int error = bpf_object__load(object_);
  // Loading took the kernel's types and the verifier's words; without this their memory stays with a process that mostly sleeps.
  malloc_trim(0);
  if (error != 0) throw KernelError(info.Env(), -error, "load " + path_);
}

Napi::Value Object::Attach(const Napi::CallbackInfo& info) {
  const bpf_program* program = ProgramArgument(info, 0);
  LoadedProgram(info.Env(), program);
  bpf_link* link = bpf_program__attach(program);
  if (link == nullptr)
    throw KernelError(info.Env(), errno, "attach program '" + std::string(bpf_program__name(program)) + "'");
  return Link::New(info.Env(), link);
}

// map(name): a handle that outlives the object
Napi::Value Object::FindMap(const Napi::CallbackInfo& info) {
  const bpf_map* map = MapArgument(info, 0);
  const std::string name = bpf_map__name(map);
  if (bpf_map__fd(map) < 0) throw StateError(info.Env(), "map '" + name + "' is not created: load() comes first");
  Descriptor fd = Descriptor::Duplicate(bpf_map__fd(map));
  if (!fd.valid()) throw KernelError(info.Env(), errno, "open map '" + name + "'");
  return Map::New(info.Env(), std::move(fd));
}

// testRun(program, context | undefined, data | undefined, repeat)
Napi::Value Object::TestRun(const Napi::CallbackInfo& info) {
  const bpf_program* program = ProgramArgument(info, 0);
  return RunTest(info, program, LoadedProgram(info.Env(), program));
}

Napi::Value Object::ProgramInfo(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const bpf_program* program = ProgramArgument(info, 0);
  bpf_prog_info facts = {};
  uint32_t length = sizeof(facts);
  if (bpf_obj_get_info_by_fd(LoadedProgram(env, program), &facts, &length) != 0)
    throw KernelError(env, errno, "read the properties of program '" + std::string(bpf_program__name(program)) + "'");
  Napi::Object result = Napi::Object::New(env);
  result.Set("id", Napi::Number::New(env, facts.id));
  result.Set("verifiedInstructions", Napi::Number::New(env, facts.verified_insns));
  result.Set("runTimeNs", Napi::BigInt::New(env, static_cast<uint64_t>(facts.run_time_ns)));
  result.Set("runCount", Napi::BigInt::New(env, static_cast<uint64_t>(facts.run_cnt)));
  result.Set("recursionMisses", Napi::BigInt::New(env, static_cast<uint64_t>(facts.recursion_misses)));
  std::string tag;
  for (const uint8_t byte : facts.tag) {
    constexpr char kDigits[] = "0123456789abcdef";
    tag += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  result.Set("tag", Napi::String::New(env, tag));
  return result;
}

// pinProgram(program, path)
void Object::PinProgram(const Napi::CallbackInfo& info) {
  const bpf_program* program = ProgramArgument(info, 0);
  const std::string path = StringArgument(info, 1, "path");
  if (bpf_obj_pin(LoadedProgram(info.Env(), program), path.c_str()) != 0)
    throw KernelError(info.Env(), errno, "pin program '" + std::string(bpf_program__name(program)) + "' at " + path);
}

void Object::Close(const Napi::CallbackInfo&) { bpf_object__close(std::exchange(object_, nullptr)); }

}  // namespace portcullis
