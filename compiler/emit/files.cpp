#include <cstdint>
#include <unordered_set>

#include <fmt/format.h>

#include "emit/emit.h"

namespace mlstack::emit {

namespace {

/// Fit for every file system, and for a shell without quotes. `exact` tells whether the text can be read off it.
std::string fileWord(std::string_view text, bool& exact) {
  std::string word;
  for (const char c : text.substr(0, 120)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-') {
      word += c;
      continue;
    }
    const bool upper = c >= 'A' && c <= 'Z';
    word += upper ? static_cast<char>(c + 32) : '-';
    exact = false;
  }
  exact = exact && text.size() <= 120;
  return word;
}

/// FNV-1a, 32 bits: the same on every machine.
std::uint32_t digest(std::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

std::string_view groupOf(std::string_view apiVersion) {
  const auto slash = apiVersion.find('/');
  return slash == std::string_view::npos ? std::string_view{} : apiVersion.substr(0, slash);
}

/// "090-training-persistentvolumeclaim-model": its group's number, its namespace when stated, its kind and name, joined by
/// what none of them holds in that place. It says nothing of the other objects, so adding one renames none.
std::string fileName(const ir::Stack& stack, const ir::Object& object) {
  const auto& symbols = *stack.symbols;
  bool exact = true;
  bool kindExact = true;   // Kubernetes has no two kinds that only case tells apart
  const auto nameSpace = symbols.text(object.nameSpace);
  std::string name = fmt::format("{:03}-", 10 * (ir::applyGroup(stack, object) + 1));
  if (!nameSpace.empty()) name += fileWord(nameSpace, exact) + "_";
  name += fileWord(symbols.text(object.kind), kindExact);
  // Kubernetes' own kinds have names of their own; others may share one (`Service` of Knative).
  const auto group = groupOf(symbols.text(object.apiVersion));
  const bool ours = group.find('.') == std::string_view::npos || (group.ends_with(".k8s.io") && !group.ends_with(".x-k8s.io"));
  if (!ours) name += "." + fileWord(group, exact);
  name += "-" + fileWord(symbols.text(object.name), exact);
  if (!exact) name += fmt::format("_{:08x}", digest(fmt::format("{}/{}", nameSpace, symbols.text(object.name))));
  return name;
}

}  // namespace

std::vector<NamedFile> emitFiles(const ir::Stack& stack, bool json) {
  const auto objects = ir::applyOrder(stack);
  const auto& symbols = *stack.symbols;
  std::unordered_set<std::string> taken;
  std::vector<NamedFile> files;
  files.reserve(objects.size());
  for (const auto* object : objects) {
    if (!object->root) continue;
    auto& file = files.emplace_back();
    file.name = fileName(stack, *object);
    // Only a collision of digests comes here: never one file for two objects.
    const std::string own = file.name;
    for (unsigned count = 2; !taken.insert(file.name).second; ++count) file.name = fmt::format("{}_{}", own, count);
    file.name += json ? ".json" : ".yaml";
    if (json) {
      appendJson(file.bytes, *object->root, symbols);
      file.bytes += '\n';
    } else {
      appendYaml(file.bytes, *object->root, symbols);
    }
  }
  return files;
}

}  // namespace mlstack::emit
