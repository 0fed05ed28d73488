// FieldsV1: sets of fields as trees (structured-merge-diff, fieldpath/serialize.go), and paths as the server writes them.

#include <algorithm>

#include <fmt/format.h>

#include "backend/compare_parts.h"
#include "base/json.h"

namespace mlstack::backend {

namespace {

using ir::Node;
using ir::NodeKind;

/// A field of a list's item; what the schema fills in when it is absent.
struct KeyValue {
  const Node* node = nullptr;
  std::string_view absent{};
};

KeyValue keyValue(const Node& item, std::string_view key, const base::SymbolTable& symbols) {
  return {ir::findPath(&item, key, symbols), key == "protocol" ? std::string_view("TCP") : std::string_view{}};
}

void appendScalar(std::string& out, const Node& node) {
  switch (node.kind) {
    case NodeKind::Null: out += "null"; return;
    case NodeKind::Bool: out += node.boolean ? "true" : "false"; return;
    case NodeKind::Int: out += fmt::format("{}", node.integer); return;
    case NodeKind::Float: out += fmt::format("{}", node.real); return;
    case NodeKind::String: base::appendJsonString(out, node.text()); return;
    case NodeKind::List:
    case NodeKind::Map: out += "{}"; return;
  }
}

/// A JSON string or a bare word at the front of `text`, taken off it.
std::string takeToken(std::string_view& text, std::string_view ends) {
  std::string token;
  if (!text.starts_with('"')) {
    const auto end = std::min(text.find_first_of(ends), text.size());
    token = std::string(text.substr(0, end));
    text.remove_prefix(end);
    return token;
  }
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    token += text[i];
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return token;
}

std::string scalarWord(const Node& node) {
  if (node.kind == NodeKind::String) return std::string(node.text());
  std::string text;
  appendScalar(text, node);
  return text;
}

/// The end of a bracket's inside: the `]` that stands in no quotes.
std::size_t bracketEnd(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') ++i;
    else if (text[i] == '"') quoted = !quoted;
    else if (text[i] == ']' && !quoted) return i;
  }
  return std::string_view::npos;
}

/// `name="a",port=80`, `="v"`, `3`: the item that is meant.
const Node* itemAt(const Node& list, std::string_view inside, const base::SymbolTable& symbols) {
  if (!inside.empty() && inside.find_first_not_of("0123456789") == std::string_view::npos && inside.size() < 9) {
    auto left = std::stoul(std::string(inside));
    for (const auto& item : ir::Children(&list))
      if (left-- == 0) return &item;
    return nullptr;
  }
  if (inside.find('=') == std::string_view::npos) return nullptr;
  std::vector<std::pair<std::string, std::string>> wanted;
  while (!inside.empty()) {
    auto key = takeToken(inside, "=,");
    if (inside.starts_with('=')) inside.remove_prefix(1);
    auto value = takeToken(inside, ",");
    if (inside.starts_with(',')) inside.remove_prefix(1);
    wanted.emplace_back(std::move(key), std::move(value));
  }
  for (const auto& item : ir::Children(&list)) {
    const bool all = std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
      if (pair.first.empty()) return !item.isContainer() && scalarWord(item) == pair.second;
      const auto value = keyValue(item, pair.first, symbols);
      return value.node ? scalarWord(*value.node) == pair.second : value.absent == pair.second;
    });
    if (all) return &item;
  }
  return nullptr;
}

/// The child whose key stands at the front of `path`: the longest that does, for keys have dots themselves. Takes it off.
const Node* childAt(const Node& map, std::string_view& path, const base::SymbolTable& symbols) {
  const Node* best = nullptr;
  std::size_t length = 0;
  for (const auto& child : ir::Children(&map)) {
    const auto key = symbols.text(child.key);
    if (key.size() < length || key.empty() || !path.starts_with(key)) continue;
    if (path.size() > key.size() && path[key.size()] != '.' && path[key.size()] != '[') continue;
    best = &child;
    length = key.size();
  }
  path.remove_prefix(length);
  return best;
}

}  // namespace

std::vector<Ownership> ownership(const Node& live, const base::SymbolTable& symbols) {
  std::vector<Ownership> all;
  const auto text = [&](const Node& entry, std::string_view key) {
    const auto* node = ir::findPath(&entry, key, symbols);
    return node && node->kind == NodeKind::String ? std::string(node->text()) : std::string{};
  };
  for (const auto& entry : ir::Children(ir::findPath(&live, "metadata.managedFields", symbols)))
    all.push_back({text(entry, "manager"), text(entry, "operation"), text(entry, "subresource"), text(entry, "apiVersion"),
                   ir::findPath(&entry, "fieldsV1", symbols)});
  return all;
}

const Node* fieldsChild(const Node* fields, std::string_view key, const base::SymbolTable& symbols) {
  for (const auto& child : ir::Children(fields))
    if (symbols.text(child.key) == key) return &child;
  return nullptr;
}

const Node* fieldsField(const Node* fields, std::string_view name, const base::SymbolTable& symbols) {
  for (const auto& child : ir::Children(fields)) {
    const auto key = symbols.text(child.key);
    if (key.size() == name.size() + 2 && key.starts_with("f:") && key.substr(2) == name) return &child;
  }
  return nullptr;
}

bool owns(const Node* fields, std::span<const Element> way, const base::SymbolTable& symbols) {
  for (const auto& element : way) {
    if (!fields) return false;
    if (isLeaf(*fields)) return true;   // an atomic value is owned as one
    fields = fieldsChild(fields, element.fields, symbols);
  }
  return fields && (isLeaf(*fields) || fieldsChild(fields, ".", symbols));
}

bool ownsBelow(const Node* fields, std::span<const Element> way, const base::SymbolTable& symbols) {
  for (const auto& element : way) {
    if (!fields) return false;
    if (isLeaf(*fields)) return true;
    fields = fieldsChild(fields, element.fields, symbols);
  }
  return fields != nullptr;
}

std::string keyedText(const Node& item, std::span<const std::string> keys, const base::SymbolTable& symbols) {
  std::string text = "k:{";
  for (const auto& key : keys) {
    if (text.size() > 3) text += ',';
    base::appendJsonString(text, key);
    text += ':';
    const auto value = keyValue(item, key, symbols);
    if (value.node) appendScalar(text, *value.node);
    else base::appendJsonString(text, value.absent);
  }
  return text + '}';
}

std::string valueText(const Node& scalar) {
  std::string text = "v:";
  appendScalar(text, scalar);
  return text;
}

std::string keyedPath(const Node& item, std::span<const std::string> keys, const base::SymbolTable& symbols) {
  std::string text = "[";
  for (const auto& key : keys) {
    const auto value = keyValue(item, key, symbols);
    if (!value.node && keys.size() > 1 && value.absent.empty()) continue;
    const auto word = value.node ? scalarWord(*value.node) : std::string(value.absent);
    if (text.size() > 1) text += ',';
    text += key;
    text += '=';
    if (word.find_first_of(",]\"") != std::string::npos) base::appendJsonString(text, word);
    else text += word;
  }
  return text + ']';
}

std::vector<std::string> keysOfFields(const Node& fields, const base::SymbolTable& symbols) {
  std::vector<std::string> keys;
  for (const auto& child : ir::Children(&fields)) {
    auto text = symbols.text(child.key);
    if (!text.starts_with("k:{")) continue;
    text.remove_prefix(3);
    while (!text.empty() && text.front() == '"') {
      keys.push_back(takeToken(text, ":"));
      if (text.starts_with(':')) text.remove_prefix(1);
      static_cast<void>(takeToken(text, ",}"));
      if (text.starts_with(',')) text.remove_prefix(1);
    }
    break;
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

namespace {

/// As far as it goes; `whole` when that is all of it.
const Node* follow(const Node& tree, std::string_view path, const base::SymbolTable& symbols, bool& whole) {
  whole = false;
  const Node* at = &tree;
  while (!path.empty()) {
    if (path.front() == '.') {
      path.remove_prefix(1);
      continue;
    }
    const Node* next = nullptr;
    if (path.front() == '[') {
      const auto end = bracketEnd(path);
      if (end == std::string_view::npos) return at;
      auto inside = path.substr(1, end - 1);
      path.remove_prefix(end + 1);
      if (at->kind == NodeKind::List) {
        next = itemAt(*at, inside, symbols);
      } else {
        const auto key = takeToken(inside, {});
        for (const auto& child : ir::Children(at))
          if (symbols.text(child.key) == key) next = &child;
      }
    } else {
      next = childAt(*at, path, symbols);
      // The server knows a Secret's texts as `data` only.
      if (!next && at == &tree && path.starts_with("data")) {
        next = ir::findPath(at, "stringData", symbols);
        if (next) path.remove_prefix(4);
      }
    }
    if (!next) return at;
    at = next;
  }
  whole = true;
  return at;
}

}  // namespace

const Node* nodeAt(const Node& tree, std::string_view path, const base::SymbolTable& symbols) {
  bool whole = false;
  return follow(tree, path, symbols, whole);
}

const Node* exactAt(const Node& tree, std::string_view path, const base::SymbolTable& symbols) {
  bool whole = false;
  const auto* at = follow(tree, path, symbols, whole);
  return whole ? at : nullptr;
}

}  // namespace mlstack::backend
