#include "backend/seen.h"

#include <fmt/format.h>

namespace mlstack::backend {
namespace {

using ir::Node;
using ir::NodeKind;

std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 30;
  value *= 0xbf58476d1ce4e5b9u;
  value ^= value >> 27;
  value *= 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

std::uint64_t hashText(std::string_view text, std::uint64_t hash) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return mix(hash ^ text.size());
}

enum class Part : std::uint8_t { Whole, Object, Metadata, Annotations, Spec };

/// What servers, schedulers and controllers write by themselves, with nobody meaning anything by it.
bool counts(Part part, std::string_view key) {
  switch (part) {
    case Part::Whole: return true;
    case Part::Object: return key != "status";
    case Part::Metadata: return key != "resourceVersion" && key != "generation" && key != "managedFields" && key != "selfLink" && key != "deletionGracePeriodSeconds";
    case Part::Annotations: return !key.starts_with("deployment.kubernetes.io/") && !key.starts_with("pv.kubernetes.io/") && !key.starts_with("volume.kubernetes.io/") && key != "kubectl.kubernetes.io/last-applied-configuration";
    case Part::Spec: return key != "replicas" && key != "nodeName";   // scaling and placing; who owns them decides in server-side apply
  }
  return true;
}

Part inside(Part part, std::string_view key) {
  if (part == Part::Object) return key == "metadata" ? Part::Metadata : key == "spec" ? Part::Spec : Part::Whole;
  if (part == Part::Metadata && key == "annotations") return Part::Annotations;
  return Part::Whole;
}

/// Annotations of which none counts: the first one that a scheduler writes brings the map with it.
bool isEmptyOf(const Node& node, Part part, const base::SymbolTable& symbols) {
  if (part != Part::Annotations || node.kind != NodeKind::Map) return false;
  for (const Node& item : ir::Children(&node)) {
    if (counts(part, symbols.text(item.key))) return false;
  }
  return true;
}

/// The order of a map's members does not count: their hashes are added up.
std::uint64_t hashOf(const Node& node, Part part, const base::SymbolTable& symbols) {
  const auto kind = mix(static_cast<std::uint64_t>(node.kind) + 1);
  switch (node.kind) {
    case NodeKind::Null: return kind;
    case NodeKind::Bool: return mix(kind + (node.boolean ? 1 : 0));
    case NodeKind::Int:
    case NodeKind::Float: return mix(kind ^ static_cast<std::uint64_t>(node.integer));   // the bits of either
    case NodeKind::String: return hashText(node.text(), kind);
    case NodeKind::List: {
      auto hash = kind;
      for (const Node& item : ir::Children(&node)) hash = mix(hash * 31 + hashOf(item, Part::Whole, symbols));
      return hash;
    }
    case NodeKind::Map: {
      auto sum = kind;
      for (const Node& item : ir::Children(&node)) {
        const auto key = symbols.text(item.key);
        if (counts(part, key) && !isEmptyOf(item, inside(part, key), symbols)) sum += mix(hashText(key, 17) ^ (hashOf(item, inside(part, key), symbols) * 3));
      }
      return mix(sum);
    }
  }
  return kind;
}

}  // namespace

std::string seenOf(const Node& live, const base::SymbolTable& symbols) {
  return fmt::format("{:016x}", hashOf(live, Part::Object, symbols));
}

}  // namespace mlstack::backend
