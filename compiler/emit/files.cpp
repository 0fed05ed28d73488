#include <fmt/format.h>

#include "emit/emit.h"

namespace mlstack::emit {

namespace {

/// Fit for every file system, and for a shell without quotes.
std::string fileWord(std::string_view text) {
  std::string word;
  for (const char c : text.substr(0, 180)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-') {
      word += c;
    } else if (c >= 'A' && c <= 'Z') {
      word += static_cast<char>(c + 32);
    } else {
      word += '-';
    }
  }
  return word;
}

}  // namespace

std::vector<NamedFile> emitFiles(const ir::Stack& stack, bool json) {
  const auto objects = ir::applyOrder(stack);
  const auto& symbols = *stack.symbols;
  const auto digits = fmt::formatted_size("{}", objects.size() * 10);
  std::vector<NamedFile> files;
  files.reserve(objects.size());
  std::size_t number = 0;
  for (const auto* object : objects) {
    if (!object->root) continue;
    number += 10;
    auto& file = files.emplace_back();
    file.name = fmt::format("{:0{}}-{}-{}.{}", number, digits < 3 ? 3 : digits,
                            fileWord(symbols.text(object->kind)),
                            fileWord(symbols.text(object->name)), json ? "json" : "yaml");
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
