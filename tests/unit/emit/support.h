#pragma once
// A stack read from manifests, for tests of emission.

#include <string>

#include "ir/stack.h"
#include "yaml/yaml.h"

namespace mlstack {

struct ManifestStack {
  explicit ManifestStack(std::string text) {
    stack.symbols = &symbols;
    const auto& file = sources.add("stack.yaml", std::move(text));
    diag::Sink sink;
    ir::Builder builder(stack.arena);
    for (auto* document : yaml::readDocuments(file, symbols, builder, sink))
      ir::addManifest(stack, document);
    ir::link(stack);
  }
  [[nodiscard]] ir::Object& object(std::string_view name) {
    for (auto& object : stack.objects) {
      if (symbols.text(object.name) == name) return object;
    }
    return stack.objects.at(stack.objects.size());
  }

  base::SourceSet sources;
  base::SymbolTable symbols;
  ir::Stack stack;
};

}  // namespace mlstack
