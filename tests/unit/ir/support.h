#pragma once
// A linked stack from manifests, and its edges as lines of text.

#include <string>

#include <fmt/format.h>

#include "ir/stack.h"
#include "ir/words.h"
#include "yaml/yaml.h"

namespace mlstack {

struct LinkedStack {
  explicit LinkedStack(std::string text, std::string name = "stack.yaml") {
    stack.symbols = &symbols;
    const auto& file = sources.add(std::move(name), std::move(text));
    ir::Builder builder(stack.arena);
    for (auto* document : yaml::readDocuments(file, symbols, builder, sink))
      ir::addManifest(stack, document);
    ir::link(stack);
  }
  [[nodiscard]] std::string title(ir::ObjectId id) const {
    if (id == ir::kNoObject) return "-";
    return fmt::format("{}/{}", symbols.text(stack.objects[id].kind),
                       symbols.text(stack.objects[id].name));
  }
  /// "mounts Job/a -> PersistentVolumeClaim/b main /data"; an end outside of the stack as `(name)`.
  [[nodiscard]] std::vector<std::string> edges() const {
    std::vector<std::string> lines;
    for (const auto& edge : stack.edges) {
      const auto outside = fmt::format("({} {})", ir::word(edge.toRole), symbols.text(edge.name));
      auto line = fmt::format("{} {} -> {}", ir::word(edge.kind),
                              edge.from == ir::kNoObject ? outside : title(edge.from),
                              edge.to == ir::kNoObject ? outside : title(edge.to));
      if (edge.container) line += fmt::format(" {}", symbols.text(edge.container));
      if (!edge.path.empty()) line += fmt::format(" {}", edge.path);
      if (!edge.subPath.empty()) line += fmt::format(" sub={}", edge.subPath);
      if (edge.readOnly) line += " ro";
      if (edge.intent != ir::Intent::Unstated) line += fmt::format(" {}", ir::word(edge.intent));
      lines.push_back(std::move(line));
    }
    return lines;
  }

  base::SourceSet sources;
  base::SymbolTable symbols;
  diag::Sink sink;
  ir::Stack stack;
};

}  // namespace mlstack
