#pragma once
// What was emitted is what is read: for the cases and for the fuzz targets.

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/arena.h"
#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "emit/emit.h"
#include "ir/stack.h"
#include "yaml/yaml.h"

namespace mlstack::tests {

class TextWriter final : public emit::Writer {
 public:
  bool write(std::string_view bytes) override {
    text.append(bytes);
    return true;
  }
  std::string text;
};

inline std::string yamlOf(const ir::Stack& stack) {
  TextWriter writer;
  (void)emit::emitYaml(stack, writer);
  return std::move(writer.text);
}

/// Where the YAML reader sees other trees in `yaml`, the stack as emitted, than the stack has; a sentence each.
inline std::vector<std::string> readBackBreaches(const ir::Stack& stack, const std::string& yaml) {
  std::vector<std::string> breaches;
  base::SourceSet again;
  base::SymbolTable symbols;
  base::Arena arena;
  ir::Builder builder(arena);
  diag::Sink sink;
  const auto documents = yaml::readDocuments(again.add("emitted", yaml), symbols, builder, sink);
  const auto order = ir::applyOrder(stack);
  if (documents.size() != order.size() || sink.hasErrors()) {
    breaches.push_back(fmt::format("{} documents were read back of {}{}", documents.size(), order.size(),
                                   sink.all().empty() ? "" : ": " + sink.all().front().message));
    return breaches;
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::string ours;
    std::string theirs;
    emit::appendJson(ours, *order[i]->root, *stack.symbols);
    emit::appendJson(theirs, *documents[i], symbols);
    if (ours != theirs) breaches.push_back(fmt::format("`{}` is read back differently", stack.symbols->text(order[i]->name)));
  }
  return breaches;
}

}  // namespace mlstack::tests
