#include "schema/list_keys.h"

#include <array>
#include <unordered_map>

#include <fmt/format.h>

#include "schema/structural.h"

namespace mlstack::schema {

using ir::Node;
using ir::NodeKind;

namespace {

std::string scalarText(const Node& node) {
  switch (node.kind) {
    case NodeKind::Bool: return node.boolean ? "true" : "false";
    case NodeKind::Int: return std::to_string(node.integer);
    case NodeKind::Float: return fmt::format("{}", node.real);
    case NodeKind::String: return std::string(node.text());
    case NodeKind::Null:
    case NodeKind::List:
    case NodeKind::Map: break;
  }
  return {};
}

/// Validation lets these pass and the later entry wins; only server-side apply refuses.
bool laterEntryWins(std::string_view fieldName, const std::vector<std::string_view>& keys) {
  return fieldName == "env" || fieldName == "imagePullSecrets" || fieldName == "hostAliases" ||
         (fieldName == "ports" && keys.front() == "containerPort");
}

/// The keys of an entry as one text to compare by; empty when none of its keys is there.
std::string keyOf(const Node& entry, const std::vector<std::string_view>& keys, const base::SymbolTable& symbols) {
  std::string text;
  bool any = false;
  for (std::string_view key : keys) {
    const Node* value = member(&entry, key, symbols);
    any = any || value != nullptr;
    if (value != nullptr) text += scalarText(*value);
    else if (key == "protocol") text += "TCP";   // the API server's default
    text += '\0';
  }
  return any ? text : std::string{};
}

std::string describeKeys(const Node& entry, const std::vector<std::string_view>& keys,
                         const base::SymbolTable& symbols) {
  std::string text;
  for (std::string_view key : keys) {
    const Node* value = member(&entry, key, symbols);
    if (value == nullptr) continue;
    text += fmt::format("{}`{}` {}", text.empty() ? "" : " and ", key, scalarText(*value));
  }
  return text;
}

constexpr std::size_t kFewEntries = 64;
constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ull;

std::uint64_t hashText(std::string_view text, std::uint64_t state) {
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return (state ^ 0xff) * kStep;
}

/// Of what `scalarText` gives; false for what it would need memory for.
bool hashScalar(const Node& node, std::uint64_t& state) {
  switch (node.kind) {
    case NodeKind::String: return state = hashText(node.text(), state), true;
    case NodeKind::Bool: return state = hashText(node.boolean ? "true" : "false", state), true;
    case NodeKind::Int: {
      const fmt::format_int digits(node.integer);
      return state = hashText({digits.data(), digits.size()}, state), true;
    }
    case NodeKind::Float:
    case NodeKind::Null:
    case NodeKind::List:
    case NodeKind::Map: break;
  }
  return false;
}

/// Whether no two entries of a short list can have the same keys: nearly always, and cheap to see.
bool allApart(const Node& list, const table::Store& store, const table::TypeRow& type, const base::SymbolTable& symbols) {
  if (list.length > kFewEntries) return false;
  std::array<std::uint64_t, kFewEntries> hashes;
  std::size_t count = 0;
  const bool isSet = static_cast<ListType>(type.listType) == ListType::Set;
  for (const Node& entry : ir::Children(&list)) {
    std::uint64_t hash = kStep;
    if (isSet) {
      if (!hashScalar(entry, hash)) return false;
    } else {
      if (entry.kind != NodeKind::Map) return false;
      bool any = false;
      for (const table::Index index : store.list(type.keys, type.keyCount)) {
        const std::string_view key = store.name(index);
        const Node* value = member(&entry, key, symbols);
        any = any || value != nullptr;
        if (value != nullptr && !hashScalar(*value, hash)) return false;
        if (value == nullptr) hash = hashText(key == "protocol" ? "TCP" : "", hash);
      }
      if (!any) continue;
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (hashes[i] == hash) return false;
    }
    hashes[count++] = hash;
  }
  return true;
}

}  // namespace

std::vector<ListClash> findClashes(const Node& list, const table::Store& store, const table::TypeRow& type,
                                   std::string_view fieldName, const base::SymbolTable& symbols) {
  std::vector<ListClash> out;
  const auto kind = static_cast<ListType>(type.listType);
  if (kind == ListType::Atomic || (kind == ListType::Map && type.keyCount == 0)) return out;
  if (allApart(list, store, type, symbols)) return out;
  const std::vector<std::string_view> keys = store.texts(type.keys, type.keyCount);
  const bool shadows = kind == ListType::Map && laterEntryWins(fieldName, keys);
  std::unordered_map<std::string, const Node*> seen;
  for (const Node& entry : ir::Children(&list)) {
    if (kind == ListType::Map && entry.kind != NodeKind::Map) continue;
    if (kind == ListType::Set && entry.isContainer()) continue;
    std::string key = kind == ListType::Set ? scalarText(entry) : keyOf(entry, keys, symbols);
    if (key.empty()) continue;
    const auto [at, isNew] = seen.try_emplace(std::move(key), &entry);
    if (isNew) continue;
    std::string what = kind == ListType::Set ? fmt::format("the value {}", scalarText(entry))
                                             : describeKeys(entry, keys, symbols);
    out.push_back({at->second, &entry, std::move(what), shadows});
  }
  return out;
}

}  // namespace mlstack::schema
