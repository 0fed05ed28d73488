#include "sema/types.h"

#include <fmt/format.h>

#include "sema/program.h"
#include "sema/sema.h"

namespace mlstack::sema::types {

const Type* enumOf(const Type* type) {
  if (type == nullptr) return nullptr;
  switch (type->kind) {
    case TypeKind::Enum: return type;
    case TypeKind::List: return type->element != nullptr && type->element->kind == TypeKind::Enum ? type->element : nullptr;
    case TypeKind::Union:
      for (const Type* alternative : type->alternatives) {
        if (const Type* found = enumOf(alternative)) return found;
      }
      return nullptr;
    case TypeKind::Any: case TypeKind::Bool: case TypeKind::Int: case TypeKind::Float: case TypeKind::String:
    case TypeKind::Quantity: case TypeKind::Duration: case TypeKind::Path: case TypeKind::Image: case TypeKind::Port:
    case TypeKind::Name: case TypeKind::Cron: case TypeKind::Map: case TypeKind::Record: case TypeKind::Ref:
    case TypeKind::Fragment: case TypeKind::Parts: case TypeKind::Raw:
      return nullptr;
  }
  return nullptr;
}

const Type* alternativeOf(const Type* type, TypeKind kind) {
  if (type == nullptr || type->kind != TypeKind::Union) return type;
  for (const Type* alternative : type->alternatives) {
    if (alternative->kind == kind) return alternative;
  }
  return nullptr;
}

bool takes(const Type* type, TypeKind kind) {
  if (type == nullptr) return false;
  if (type->kind == kind) return true;
  if (type->kind == TypeKind::Union) {
    for (const Type* alternative : type->alternatives) {
      if (takes(alternative, kind)) return true;
    }
  }
  return type->kind == TypeKind::List && takes(type->element, kind);
}

std::string wordList(const Type& type) {
  std::string out;
  for (std::size_t i = 0; i < type.words.size(); ++i) {
    if (i != 0) out += i + 1 == type.words.size() ? " or " : ", ";
    out += fmt::format("`{}`", type.words[i]);
  }
  return out;
}

namespace {

std::string joinAlternatives(const Type& type) {
  std::string out;
  for (std::size_t i = 0; i < type.alternatives.size(); ++i) {
    if (i != 0) out += i + 1 == type.alternatives.size() ? " or " : ", ";
    out += described(*type.alternatives[i]);
  }
  return out;
}

}  // namespace

std::string described(const Type& type) {
  switch (type.kind) {
    case TypeKind::Any: return "any value";
    case TypeKind::Bool: return "true or false";
    case TypeKind::Int: return "an integer";
    case TypeKind::Float: return "a number";
    case TypeKind::String: return "a string";
    case TypeKind::Quantity: return "a quantity such as 10Gi or 500m";
    case TypeKind::Duration: return "a duration such as 30s or 2h";
    case TypeKind::Path: return "a path (a string that begins with `/`)";
    case TypeKind::Image: return "an image (a string)";
    case TypeKind::Port: return "a port, 1 to 65535 or its name";
    case TypeKind::Name: return "a name (a string)";
    case TypeKind::Cron: return "a cron schedule (a string)";
    case TypeKind::List: return type.element != nullptr && type.element->kind != TypeKind::Any
                             ? fmt::format("a list, each element {}", described(*type.element)) : "a list";
    case TypeKind::Map: return type.element != nullptr && type.element->kind != TypeKind::Any
                             ? fmt::format("a map, each value {}", described(*type.element)) : "a map";
    case TypeKind::Enum: return wordList(type);
    case TypeKind::Record: return fmt::format("a map `{}`", typeText(type));
    case TypeKind::Ref: return withArticle(type.word);
    case TypeKind::Union: return joinAlternatives(type);
    case TypeKind::Fragment: return withArticle(type.word);
    case TypeKind::Parts: return "lines of its block";
    case TypeKind::Raw: return "a map or list as the schema of Kubernetes says";
  }
  return {};
}

}  // namespace mlstack::sema::types

namespace mlstack::sema {

namespace {

std::string_view typeWord(TypeKind kind) {
  switch (kind) {
    case TypeKind::Any: return "any";
    case TypeKind::Bool: return "bool";
    case TypeKind::Int: return "int";
    case TypeKind::Float: return "float";
    case TypeKind::String: return "string";
    case TypeKind::Quantity: return "quantity";
    case TypeKind::Duration: return "duration";
    case TypeKind::Path: return "path";
    case TypeKind::Image: return "image";
    case TypeKind::Port: return "port";
    case TypeKind::Name: return "name";
    case TypeKind::Cron: return "cron";
    case TypeKind::List: return "list";
    case TypeKind::Map: return "map";
    case TypeKind::Enum: return "enum";
    case TypeKind::Record: return "record";
    case TypeKind::Ref: return "ref";
    case TypeKind::Union: return "union";
    case TypeKind::Fragment: return "fragment";
    case TypeKind::Parts: return "parts";
    case TypeKind::Raw: return "raw";
  }
  return {};
}

std::string wordsIn(std::string_view head, std::span<const std::string_view> words, char open, char close) {
  std::string out(head);
  out.push_back(open);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) out += ", ";
    out += words[i];
  }
  out.push_back(close);
  return out;
}

std::string recordText(const Type& type) {
  std::string out = "{ ";
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    if (i != 0) out += ", ";
    const auto& field = type.fields[i];
    out += fmt::format("{}: {}", field.name, field.type != nullptr ? typeText(*field.type) : "any");
    if (!field.defaultText.empty()) out += fmt::format(" = {}", field.defaultText);
  }
  return out + " }";
}

}  // namespace

std::string typeText(const Type& type) {
  std::string out;
  switch (type.kind) {
    case TypeKind::List: case TypeKind::Map:
      out = fmt::format("{}<{}>", typeWord(type.kind), type.element != nullptr ? typeText(*type.element) : "any");
      break;
    case TypeKind::Enum: out = wordsIn("enum", type.words, '(', ')'); break;
    case TypeKind::Parts: out = wordsIn("parts", type.words, '<', '>'); break;
    case TypeKind::Record: out = recordText(type); break;
    case TypeKind::Ref: case TypeKind::Fragment: out = std::string(type.word); break;
    case TypeKind::Union:
      for (std::size_t i = 0; i < type.alternatives.size(); ++i) {
        out += (i != 0 ? " | " : "") + typeText(*type.alternatives[i]);
      }
      break;
    case TypeKind::Any: case TypeKind::Bool: case TypeKind::Int: case TypeKind::Float: case TypeKind::String:
    case TypeKind::Quantity: case TypeKind::Duration: case TypeKind::Path: case TypeKind::Image: case TypeKind::Port:
    case TypeKind::Name: case TypeKind::Cron: case TypeKind::Raw:
      out = typeWord(type.kind);
  }
  if (type.optional) out.push_back('?');
  return out;
}

std::string withArticle(std::string_view noun) {
  if (noun.empty()) return "a thing";
  const bool vowel = std::string_view("aeiouAEIOU").find(noun.front()) != std::string_view::npos;
  return fmt::format("{} `{}`", vowel ? "an" : "a", noun);
}

std::string describedValue(const Value& value) {
  switch (value.kind) {
    case ValueKind::Error: return "an error";
    case ValueKind::Unknown: return value.type != nullptr ? types::described(*value.type) : "a value";
    case ValueKind::Null: return "null";
    case ValueKind::Bool: return value.boolean ? "true" : "false";
    case ValueKind::Int: return fmt::format("the integer {}", value.integer);
    case ValueKind::Float: return fmt::format("the number {}", value.real);
    case ValueKind::String:
      if (value.length <= 40 && value.text().find('\n') == std::string_view::npos) return fmt::format("the string \"{}\"", value.text());
      return "a string";
    case ValueKind::Quantity: return fmt::format("the quantity {}", value.quantity->text());
    case ValueKind::Duration: return "a duration";
    case ValueKind::Suffixed: return fmt::format("`{}`", value.text());
    case ValueKind::Range: return "a range";
    case ValueKind::List: return "a list";
    case ValueKind::Map: return "a map";
    case ValueKind::Ref:
      if (value.instance->kind != nullptr) return withArticle(value.instance->kind->name);
      return value.instance->api.empty() ? "the use of a component" : fmt::format("an object `{}`", value.instance->api);
    case ValueKind::KeyOf: return withArticle(fmt::format("key of a {}", value.instance->kind != nullptr ? value.instance->kind->name : "config"));
    case ValueKind::Fragment: return withArticle(value.instance->kind->name);
    case ValueKind::Cluster: return "a value that only the cluster knows";
    case ValueKind::Parts: return "lines handed through a component";
  }
  return {};
}

const FieldValue* Instance::field(std::string_view memberName) const {
  for (const FieldValue* f = fields; f != nullptr; f = f->next) {
    const std::string_view text = f->member->name;
    // Few names are as long and begin alike: mostly no call.
    if (text.size() == memberName.size() && !text.empty() && text.front() == memberName.front() && text == memberName) return f;
  }
  return nullptr;
}

}  // namespace mlstack::sema
