#include "kindgen/write.h"

#include <array>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "base/json.h"
#include "syntax/ast.h"

namespace mlstack::kindgen {

namespace {

using sema::Cardinality;
using sema::Kind;
using sema::KindRole;
using sema::Member;
using sema::Step;
using sema::Type;
using sema::TypeKind;

constexpr std::array<std::string_view, 20> kTypeKinds{
    "Any", "Bool", "Int", "Float", "String", "Quantity", "Duration", "Path", "Image", "Port", "Name", "Cron",
    "List", "Map", "Enum", "Record", "Ref", "Union", "Fragment", "Parts"};
constexpr std::array<std::string_view, 18> kVias{
    "Plain", "Merge", "Seconds", "Text", "EnvValue", "EnvFrom", "Script", "Gpus", "RequestAndLimit", "DataSource",
    "ClaimRef", "Selector", "ObjectRef", "NamedRefs", "NodeSelector", "Subjects", "Facts", "Self"};
constexpr std::array<std::string_view, 19> kRoles{
    "Plain", "Class", "Volume", "Claim", "SnapshotClass", "Snapshot", "Workload", "Config", "Secret", "Namespace",
    "Service", "Account", "Part", "Mount", "ScratchMount", "PodScratch", "ClaimTemplate", "Ephemeral", "Source"};
static_assert(kTypeKinds.size() == static_cast<std::size_t>(TypeKind::Raw));
static_assert(kVias.size() == static_cast<std::size_t>(sema::Via::Self) + 1);
static_assert(kRoles.size() == static_cast<std::size_t>(KindRole::Source) + 1);

std::string_view spell(TypeKind kind) {
  return kind == TypeKind::Raw ? "Raw" : kTypeKinds[static_cast<std::size_t>(kind)];
}
std::string_view spell(sema::Via via) { return kVias[static_cast<std::size_t>(via)]; }
std::string_view spell(KindRole role) { return kRoles[static_cast<std::size_t>(role)]; }

/// Each distinct initialiser becomes one constant, written before its first use.
class Table {
 public:
  explicit Table(const base::SourceSet& sources) : sources_(sources) {}

  std::string kinds(std::span<const Kind* const> all) {
    std::string rows;
    for (const auto* kind : all) rows += this->kind(*kind);
    out_ += fmt::format("constexpr Kind kPreludeKinds[] = {{\n{}}};\n", rows);
    return std::move(out_);
  }

 private:
  std::string shared(std::string_view type, std::string_view prefix, bool array, const std::string& text) {
    auto& names = names_[std::string(type)];
    const auto found = names.find(text);
    if (found != names.end()) return found->second;
    auto name = fmt::format("{}{}", prefix, names.size());
    out_ += fmt::format("constexpr {} {}{}{{{}}};\n", type, name, array ? "[] = " : "", text);
    names.emplace(text, name);
    return name;
  }

  std::string defaultOf(const syntax::Expr* value) const {
    return value == nullptr ? std::string() : std::string(sources_.text(value->span));
  }

  std::string words(std::span<const std::string_view> items) {
    std::string text;
    for (const auto item : items) text += quoted(item) + ", ";
    return shared("std::string_view", "kWords", true, text);
  }

  std::string fields(std::span<const sema::RecordField> items) {
    std::string text;
    for (const auto& field : items) {
      text += fmt::format("{{{}, {}, {}, {}}}, ", quoted(field.name),
                          field.type != nullptr ? "&" + type(*field.type) : "nullptr", field.required,
                          quoted(defaultOf(field.defaultValue)));
    }
    return shared("RecordField", "kFields", true, text);
  }

  std::string type(const Type& t) {
    std::string text = fmt::format(".kind = TypeKind::{}", spell(t.kind));
    const auto add = [&text](std::string_view name, const std::string& value) { text += fmt::format(", .{} = {}", name, value); };
    if (t.optional) add("optional", "true");
    if (t.element != nullptr) add("element", "&" + type(*t.element));
    if (!t.word.empty()) add("word", quoted(t.word));
    if (!t.words.empty()) add("words", words(t.words));
    if (!t.alternatives.empty()) {
      std::string items;
      for (const auto* alternative : t.alternatives) items += "&" + type(*alternative) + ", ";
      add("alternatives", shared("const Type*", "kAlternatives", true, items));
    }
    if (!t.fields.empty()) add("fields", fields(t.fields));
    if (t.hasLow) text += fmt::format(", .hasLow = true, .hasHigh = true, .low = {}, .high = {}", t.low, t.high);
    if (!t.pattern.empty()) add("pattern", quoted(t.pattern));
    return shared("Type", "kType", false, text);
  }

  std::string target(std::span<const Step> steps) {
    if (steps.empty()) return "{}";
    std::string text;
    for (const auto& step : steps) {
      text += fmt::format("{{{}, {}, {}}}, ", quoted(step.key), step.isList, quoted(step.elementKey));
    }
    return shared("Step", "kTarget", true, text);
  }

  std::string member(const Member& m) {
    std::string text = fmt::format("{{.name = {}", quoted(m.name));
    const auto add = [&text](std::string_view name, const std::string& value) { text += fmt::format(", .{} = {}", name, value); };
    if (m.type != nullptr) add("type", "&" + type(*m.type));
    if (!m.part.empty()) add("part", quoted(m.part));
    if (m.cardinality == Cardinality::Part) add("cardinality", "Cardinality::Part");
    if (m.cardinality == Cardinality::Parts) add("cardinality", "Cardinality::Parts");
    if (m.via != sema::Via::Plain) add("via", fmt::format("Via::{}", spell(m.via)));
    if (m.required) add("required", "true");
    add("target", target(m.target));
    if (m.defaultValue != nullptr) add("defaultText", quoted(defaultOf(m.defaultValue)));
    if (!m.doc.empty()) add("doc", quoted(m.doc));
    return text + "},\n";
  }

  std::string kind(const Kind& k) {
    std::string members;
    for (const auto& m : k.members) members += "  " + member(m);
    std::string order;
    for (const auto index : k.order) order += fmt::format("{}, ", index);
    const auto id = std::to_string(count_++);
    if (!k.members.empty()) {
      out_ += fmt::format("constexpr Member kMembers{}[] = {{\n{}}};\nconstexpr std::uint16_t kOrder{}[] = {{{}}};\n", id, members, id, order);
    }
    std::string text = fmt::format("  {{.name = {}, .api = {}, .role = KindRole::{}", quoted(k.name), quoted(k.api), spell(k.role));
    const auto add = [&text](std::string_view name, const std::string& value) { text += fmt::format(", .{} = {}", name, value); };
    if (!k.word.empty()) add("word", quoted(k.word));
    if (!k.podSpec.empty()) add("podSpec", quoted(k.podSpec));
    if (!k.podMetadata.empty()) add("podMetadata", quoted(k.podMetadata));
    if (!k.members.empty()) {
      add("members", "kMembers" + id);
      add("order", "kOrder" + id);
    }
    if (!k.doc.empty()) add("doc", quoted(k.doc));
    if (k.openEntries) add("openEntries", "true");
    if (k.clusterScoped) add("clusterScoped", "true");
    return text + "},\n";
  }

  const base::SourceSet& sources_;
  std::string out_ = "// Written by mlstack_kindgen from stdlib/prelude.\n";
  std::map<std::string, std::map<std::string, std::string>> names_;
  std::size_t count_ = 0;
};

}  // namespace

// Octal escapes end after three digits, whatever follows.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\{:03o}", static_cast<unsigned>(c));
    } else {
      out.push_back(c);
    }
  }
  return out + '"';
}

std::string tableText(std::span<const Kind* const> kinds, const base::SourceSet& sources) {
  return Table(sources).kinds(kinds);
}

std::string wordsText(std::span<const Kind* const> kinds) {
  std::set<std::string_view> things, parts, mounts, functions, fields;
  for (const auto* kind : kinds) {
    if (!kind->api.empty()) things.insert(kind->name);
    if (kind->role == KindRole::Source) functions.insert(kind->name);
    if (kind->role == KindRole::Mount || kind->role == KindRole::ScratchMount) mounts.insert(kind->name);
    for (const auto& member : kind->members) (member.part.empty() ? fields : parts).insert(member.name);
  }
  for (const auto mount : mounts) parts.erase(mount);
  for (const auto reserved : {"label", "value", "at"}) fields.erase(reserved);
  std::string out;
  base::JsonWriter json(out, 2);
  json.beginObject().field("version", 1);
  const std::pair<std::string_view, const std::set<std::string_view>*> lists[] = {
      {"kinds", &things}, {"parts", &parts}, {"mounts", &mounts}, {"functions", &functions}, {"fields", &fields}};
  for (const auto& [name, items] : lists) {
    json.key(name).beginArray();
    for (const auto item : *items) json.value(item);
    json.endArray();
  }
  json.endObject();
  return out + "\n";
}

}  // namespace mlstack::kindgen
