#include "map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <cerrno>
#include <vector>

#include "arguments.h"
#include "errors.h"

namespace portcullis {

namespace {

bool PerCpu(uint32_t type) {
  return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
         type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

size_t RoundUp(size_t value, size_t to) { return (value + to - 1) / to * to; }

// The kernel's names of map types end here; one past the last that libbpf knows has no name.
uint32_t TypeByName(const std::string& name) {
  for (uint32_t type = 1;; type++) {
    const char* known = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(type));
    if (known == nullptr) return BPF_MAP_TYPE_UNSPEC;
    if (name == known) return type;
  }
}

}  // namespace

Napi::Function Map::Define(Napi::Env env) {
  return DefineClass(env, "Map",
                     {
                         InstanceMethod<&Map::Describe>("describe"),
                         InstanceMethod<&Map::Lookup>("lookup"),
                         InstanceMethod<&Map::Update>("update"),
                         InstanceMethod<&Map::Delete>("delete"),
                         InstanceMethod<&Map::NextKey>("nextKey"),
                         InstanceMethod<&Map::ReplaceInner>("replaceInner"),
                         InstanceMethod<&Map::Memory>("memory"),
                         InstanceMethod<&Map::Pin>("pin"),
                         InstanceMethod<&Map::Close>("close"),
                     });
}

Napi::Object Map::New(Napi::Env env, Descriptor fd) {
  return env.GetInstanceData<Instance>()->map.New({Napi::External<Descriptor>::New(env, &fd)});
}

Map::Map(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Map>(info) {
  if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "a map comes from an object, a pin or createMap()");
  fd_ = std::move(*info[0].As<Napi::External<Descriptor>>().Data());
  ClearLog(LogDetail::kWarnings);
  uint32_t length = sizeof(info_);
  if (bpf_obj_get_info_by_fd(fd_.get(), &info_, &length) != 0)
    throw KernelError(info.Env(), errno, "read the properties of a map");
  value_bytes_ = info_.value_size;
  if (PerCpu(info_.type)) value_bytes_ = RoundUp(info_.value_size, 8) * static_cast<size_t>(libbpf_num_possible_cpus());
}

Napi::Value Map::OpenPinned(const Napi::CallbackInfo& info) {
  const std::string path = StringArgument(info, 0, "path");
  ClearLog(LogDetail::kWarnings);
  Descriptor fd(bpf_obj_get(path.c_str()));
  if (!fd.valid()) throw KernelError(info.Env(), errno, "open pinned map " + path);
  return New(info.Env(), std::move(fd));
}

// createMap(type, name, keySize, valueSize, maxEntries, flags)
Napi::Value Map::Create(const Napi::CallbackInfo& info) {
  const std::string type_name = StringArgument(info, 0, "type");
  const std::string name = StringArgument(info, 1, "name");
  const uint32_t key = Uint32Argument(info, 2, "keySize");
  const uint32_t value = Uint32Argument(info, 3, "valueSize");
  const uint32_t entries = Uint32Argument(info, 4, "maxEntries");
  const uint32_t type = TypeByName(type_name);
  if (type == BPF_MAP_TYPE_UNSPEC) throw Napi::TypeError::New(info.Env(), "no type of map is called '" + type_name + "'");
  LIBBPF_OPTS(bpf_map_create_opts, options);
  options.map_flags = Uint32Argument(info, 5, "flags");
  ClearLog(LogDetail::kWarnings);
  Descriptor fd(bpf_map_create(static_cast<bpf_map_type>(type), name.c_str(), key, value, entries, &options));
  if (!fd.valid()) throw KernelError(info.Env(), errno, "create map " + name);
  return New(info.Env(), std::move(fd));
}

const Map& Map::Argument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const Instance* instance = info.Env().GetInstanceData<Instance>();
  if (!info[index].IsObject() || !info[index].As<Napi::Object>().InstanceOf(instance->map.Value()))
    throw Napi::TypeError::New(info.Env(), std::string(name) + " must be a map");
  const Map& map = *Unwrap(info[index].As<Napi::Object>());
  map.RequireOpen(info.Env());
  return map;
}

void Map::RequireOpen(Napi::Env env) const {
  if (!fd_.valid()) throw StateError(env, std::string("map '") + info_.name + "' is closed");
  ClearLog(LogDetail::kWarnings);
}

std::string Map::Operation(const char* verb) const { return std::string(verb) + " map '" + info_.name + "'"; }

// [name, type, keySize, valueSize, maxEntries, valueBytes, fd, id, flags]
Napi::Value Map::Describe(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  const Napi::Env env = info.Env();
  const char* type = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(info_.type));
  Napi::Object result = Napi::Object::New(env);
  result.Set("name", Napi::String::New(env, info_.name));
  result.Set("type", Napi::String::New(env, type != nullptr ? type : "unknown"));
  result.Set("keySize", Napi::Number::New(env, info_.key_size));
  result.Set("valueSize", Napi::Number::New(env, info_.value_size));
  result.Set("maxEntries", Napi::Number::New(env, info_.max_entries));
  result.Set("fd", Napi::Number::New(env, fd_.get()));
  result.Set("id", Napi::Number::New(env, info_.id));
  return result;
}

// lookup(key): Uint8Array | undefined
Napi::Value Map::Lookup(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  const Bytes key = BytesArgument(info, 0, "key", info_.key_size);
  Napi::Uint8Array value = Napi::Uint8Array::New(info.Env(), value_bytes_);
  if (bpf_map_lookup_elem(fd_.get(), key.data, value.Data()) == 0) return value;
  if (errno == ENOENT) return info.Env().Undefined();
  throw KernelError(info.Env(), errno, Operation("look up in"));
}

// update(key, value, flags)
void Map::Update(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  const Bytes key = BytesArgument(info, 0, "key", info_.key_size);
  const Bytes value = BytesArgument(info, 1, "value", value_bytes_);
  const uint32_t flags = Uint32Argument(info, 2, "flags");
  if (bpf_map_update_elem(fd_.get(), key.data, value.data, flags) != 0)
    throw KernelError(info.Env(), errno, Operation("update"));
}

// delete(key): boolean
Napi::Value Map::Delete(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  const Bytes key = BytesArgument(info, 0, "key", info_.key_size);
  if (bpf_map_delete_elem(fd_.get(), key.data) == 0) return Napi::Boolean::New(info.Env(), true);
  if (errno == ENOENT) return Napi::Boolean::New(info.Env(), false);
  throw KernelError(info.Env(), errno, Operation("delete from"));
}

// nextKey(key | undefined): Uint8Array | undefined
Napi::Value Map::NextKey(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  const void* key = info[0].IsUndefined() ? nullptr : BytesArgument(info, 0, "key", info_.key_size).data;
  Napi::Uint8Array next = Napi::Uint8Array::New(info.Env(), info_.key_size);
  if (bpf_map_get_next_key(fd_.get(), key, next.Data()) == 0) return next;
  if (errno == ENOENT) return info.Env().Undefined();
  throw KernelError(info.Env(), errno, Operation("walk"));
}

// replaceInner(key, map)
void Map::ReplaceInner(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  const Bytes key = BytesArgument(info, 0, "key", info_.key_size);
  const int inner = Argument(info, 1, "inner").fd();
  if (bpf_map_update_elem(fd_.get(), key.data, &inner, BPF_ANY) != 0)
    throw KernelError(info.Env(), errno, Operation("replace an inner map of"));
}

// memory(): ArrayBuffer. The mapping is the buffer's: it holds the map by itself and goes when the buffer is collected,
// so neither close() nor the object's end leaves a dangling pointer.
Napi::Value Map::Memory(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  if (info_.type != BPF_MAP_TYPE_ARRAY || (info_.map_flags & BPF_F_MMAPABLE) == 0)
    throw Napi::TypeError::New(info.Env(), std::string("map '") + info_.name + "' is not an array with BPF_F_MMAPABLE");
  const size_t bytes = RoundUp(info_.value_size, 8) * info_.max_entries;
  const size_t mapped = RoundUp(bytes, static_cast<size_t>(sysconf(_SC_PAGESIZE)));
  void* memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (memory == MAP_FAILED) throw KernelError(info.Env(), errno, Operation("map the memory of"));
  return Napi::ArrayBuffer::New(info.Env(), memory, bytes,
                                [mapped](Napi::Env, void* address) { munmap(address, mapped); });
}

// pin(path)
void Map::Pin(const Napi::CallbackInfo& info) {
  RequireOpen(info.Env());
  const std::string path = StringArgument(info, 0, "path");
  if (bpf_obj_pin(fd_.get(), path.c_str()) != 0)
    throw KernelError(info.Env(), errno, Operation("pin") + " at " + path);
}

void Map::Close(const Napi::CallbackInfo&) { fd_.Close(); }

}  // namespace portcullis
