#include "layout.h"

#include <string>

namespace portcullis {

namespace {

class Describer {
 public:
  Describer(Napi::Env env, const btf* types) : env_(env), types_(types) {}

  Napi::Value Run() {
    const uint32_t count = btf__type_cnt(types_);
    for (uint32_t id = 1; id < count; id++) {
      const btf_type* type = btf__type_by_id(types_, id);
      const std::string name = Name(type->name_off);
      if (btf_is_composite(type) && !name.empty()) AddStruct(name, type);
      if (btf_is_any_enum(type) && !name.empty()) AddEnumeration(name, type);
      if (btf_is_typedef(type)) AddTypedef(name, type);
      if (btf_is_datasec(type)) AddVariables(name, type);
    }
    Napi::Object result = Napi::Object::New(env_);
    result.Set("structs", structs_);
    result.Set("enumerations", enumerations_);
    result.Set("variables", variables_);
    return result;
  }

 private:
  std::string Name(uint32_t offset) const { return btf__name_by_offset(types_, offset); }
  Napi::Number Number(double value) const { return Napi::Number::New(env_, value); }
  Napi::String Text(const std::string& value) const { return Napi::String::New(env_, value); }

  // Past typedefs and qualifiers.
  const btf_type* Bare(uint32_t id) const {
    const btf_type* type = btf__type_by_id(types_, id);
    while (btf_is_mod(type) || btf_is_typedef(type)) type = btf__type_by_id(types_, type->type);
    return type;
  }

  // Its own name, or for a nameless type that of the innermost typedef; empty when there is neither.
  std::string NameOf(uint32_t id) const {
    const btf_type* type = btf__type_by_id(types_, id);
    std::string alias;
    while (btf_is_mod(type) || btf_is_typedef(type)) {
      if (btf_is_typedef(type)) alias = Name(type->name_off);
      type = btf__type_by_id(types_, type->type);
    }
    const std::string own = Name(type->name_off);
    return own.empty() ? alias : own;
  }

  // A structure without a name is known by its typedef.
  void AddTypedef(const std::string& name, const btf_type* type) {
    const btf_type* target = Bare(type->type);
    if (!Name(target->name_off).empty()) return;
    if (btf_is_composite(target)) AddStruct(name, target);
    if (btf_is_any_enum(target)) AddEnumeration(name, target);
  }

  void AddStruct(const std::string& name, const btf_type* type) {
    Napi::Array fields = Napi::Array::New(env_);
    AddFields(name, type, 0, fields);
    Napi::Object result = Napi::Object::New(env_);
    result.Set("size", Number(type->size));
    result.Set("fields", fields);
    structs_.Set(name, result);
  }

  // Fields of a nameless member are fields of its owner, as in C.
  void AddFields(const std::string& owner, const btf_type* type, uint32_t base_bits, Napi::Array fields) {
    const btf_member* members = btf_members(type);
    for (uint32_t i = 0; i < btf_vlen(type); i++) {
      const uint32_t bit = base_bits + btf_member_bit_offset(type, i);
      const uint32_t width = btf_member_bitfield_size(type, i);
      const std::string name = Name(members[i].name_off);
      const btf_type* member = Bare(members[i].type);
      if (name.empty() && btf_is_composite(member)) {
        AddFields(owner, member, bit, fields);
        continue;
      }
      Napi::Object field = TypeOf(members[i].type, owner + "." + name);
      field.Set("name", Text(name));
      if (width > 0) {
        // Offset of the smallest run of whole units that holds the bits, as the declared type would be read.
        const uint32_t unit = member->size * 8;
        field.Set("offset", Number(bit / unit * member->size));
        Napi::Object bits = Napi::Object::New(env_);
        bits.Set("offset", Number(bit % unit));
        bits.Set("size", Number(width));
        field.Set("bitfield", bits);
      } else {
        field.Set("offset", Number(bit / 8));
      }
      fields.Set(fields.Length(), field);
    }
  }

  // `path` names a structure that has no name of its own.
  Napi::Object TypeOf(uint32_t id, const std::string& path) {
    const btf_type* type = Bare(id);
    Napi::Object result = Napi::Object::New(env_);
    const int64_t size = btf__resolve_size(types_, id);
    result.Set("size", Number(size > 0 ? static_cast<double>(size) : 0));
    result.Set("signed", Napi::Boolean::New(env_, false));
    const std::string own = NameOf(id);
    switch (btf_kind(type)) {
      case BTF_KIND_INT:
        result.Set("kind", Text((btf_int_encoding(type) & BTF_INT_BOOL) != 0 ? "bool" : "int"));
        result.Set("signed", Napi::Boolean::New(env_, (btf_int_encoding(type) & BTF_INT_SIGNED) != 0));
        break;
      case BTF_KIND_ENUM:
      case BTF_KIND_ENUM64:
        result.Set("kind", Text("enum"));
        result.Set("signed", Napi::Boolean::New(env_, btf_kflag(type)));
        if (!own.empty()) result.Set("type", Text(own));
        break;
      case BTF_KIND_STRUCT:
      case BTF_KIND_UNION:
        if (own.empty()) AddStruct(path, type);
        result.Set("kind", Text(btf_is_struct(type) ? "struct" : "union"));
        result.Set("type", Text(own.empty() ? path : own));
        break;
      case BTF_KIND_ARRAY:
        result.Set("kind", Text("array"));
        result.Set("count", Number(btf_array(type)->nelems));
        result.Set("element", TypeOf(btf_array(type)->type, path));
        break;
      case BTF_KIND_PTR:
        result.Set("kind", Text("pointer"));
        break;
      case BTF_KIND_FLOAT:
        result.Set("kind", Text("float"));
        break;
      default:
        result.Set("kind", Text("opaque"));
    }
    return result;
  }

  void AddEnumeration(const std::string& name, const btf_type* type) {
    // A compiler that does not know ENUM64 (clang before 15) has cut the members to 32 bits: better none than those.
    if (btf_is_enum(type) && type->size > 4) return;
    Napi::Object members = Napi::Object::New(env_);
    for (uint32_t i = 0; i < btf_vlen(type); i++) {
      if (btf_is_enum64(type)) {
        const struct btf_enum64* member = btf_enum64(type) + i;
        const uint64_t value = btf_enum64_value(member);
        members.Set(Name(member->name_off), btf_kflag(type) ? Napi::BigInt::New(env_, static_cast<int64_t>(value))
                                                            : Napi::BigInt::New(env_, value));
      } else {
        const struct btf_enum* member = btf_enum(type) + i;
        const int64_t value = btf_kflag(type) ? member->val : static_cast<int64_t>(static_cast<uint32_t>(member->val));
        members.Set(Name(member->name_off), Napi::BigInt::New(env_, value));
      }
    }
    enumerations_.Set(name, members);
  }

  void AddVariables(const std::string& section, const btf_type* type) {
    const btf_var_secinfo* entries = btf_var_secinfos(type);
    for (uint32_t i = 0; i < btf_vlen(type); i++) {
      const btf_type* variable = btf__type_by_id(types_, entries[i].type);
      if (!btf_is_var(variable)) continue;  // externs and functions live in sections as well
      const std::string name = Name(variable->name_off);
      Napi::Object result = TypeOf(variable->type, name);
      result.Set("section", Text(section));
      result.Set("offset", Number(entries[i].offset));
      variables_.Set(name, result);
    }
  }

  Napi::Env env_;
  const btf* types_;
  Napi::Object structs_ = Napi::Object::New(env_);
  Napi::Object enumerations_ = Napi::Object::New(env_);
  Napi::Object variables_ = Napi::Object::New(env_);
};

}  // namespace

Napi::Value DescribeTypes(Napi::Env env, const btf* types) { return Describer(env, types).Run(); }

}  // namespace portcullis
