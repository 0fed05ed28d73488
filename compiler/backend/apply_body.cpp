#include "backend/apply_body.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"

namespace mlstack::backend {
namespace {

std::size_t afterString(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1;
}

std::size_t afterSpace(std::string_view json, std::size_t at) {
  while (at < json.size() && (json[at] == ' ' || json[at] == '\n' || json[at] == '\t' || json[at] == '\r')) ++at;
  return at;
}

std::size_t afterValue(std::string_view json, std::size_t at) {
  if (at < json.size() && json[at] == '"') return afterString(json, at);
  std::size_t depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = afterString(json, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    }
    if (c == ',' && depth == 0) return at;
    ++at;
  }
  return at;
}

/// Where a member's value stands in `json`; `from` is npos when there is none.
struct Extent {
  std::size_t from = std::string_view::npos;
  std::size_t to = 0;
};

Extent find(std::string_view json, std::size_t object, std::string_view key) {
  std::string quoted;
  base::appendJsonString(quoted, key);
  auto at = afterSpace(json, object);
  if (at >= json.size() || json[at] != '{') return {};
  at = afterSpace(json, at + 1);
  while (at < json.size() && json[at] == '"') {
    const auto end = std::min(afterString(json, at), json.size());
    const auto name = json.substr(at, end - at);
    auto value = afterSpace(json, end);
    if (value < json.size() && json[value] == ':') value = afterSpace(json, value + 1);
    const auto after = afterValue(json, value);
    if (name == quoted) return {value, after};
    at = afterSpace(json, after);
    if (at >= json.size() || json[at] != ',') return {};
    at = afterSpace(json, at + 1);
  }
  return {};
}

/// Sets a member of the object that begins at `object`.
void set(std::string& json, std::size_t object, std::string_view key, const std::string& value) {
  if (const auto there = find(json, object, key); there.from != std::string_view::npos) {
    json.replace(there.from, there.to - there.from, value);
    return;
  }
  std::string member;
  base::appendJsonString(member, key);
  member += ':';
  member += value;
  const auto first = afterSpace(json, object + 1);
  if (first < json.size() && json[first] != '}') member += ',';
  json.insert(object + 1, member);
}

std::string quoted(std::string_view text) {
  std::string out;
  base::appendJsonString(out, text);
  return out;
}

}  // namespace

std::string_view jsonMember(std::string_view json, std::string_view key) {
  const auto there = find(json, 0, key);
  return there.from == std::string_view::npos ? std::string_view{} : json.substr(there.from, there.to - there.from);
}

std::string withUid(std::string body, std::string_view uid) {
  const auto metadata = find(body, 0, "metadata");
  if (metadata.from != std::string_view::npos && body[metadata.from] == '{') set(body, metadata.from, "uid", quoted(uid));
  return body;
}

std::string withLabel(std::string body, std::string_view key, std::string_view value) {
  const auto metadata = find(body, 0, "metadata");
  if (metadata.from == std::string_view::npos || body[metadata.from] != '{') return body;
  const auto labels = find(body, metadata.from, "labels");
  if (labels.from == std::string_view::npos || body[labels.from] != '{') set(body, metadata.from, "labels", fmt::format("{{{}:{}}}", quoted(key), quoted(value)));
  else set(body, labels.from, key, quoted(value));
  return body;
}

}  // namespace mlstack::backend
