#include "storage/rule.h"

#include <charconv>

#include <fmt/format.h>

namespace mlstack::storage {

std::string counted(std::int64_t count, std::string_view noun) { return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"); }

bool Context::report(diag::Diagnostic d, std::initializer_list<const ir::Object*> about) {
  bool allowed = false;
  for (std::size_t i = 0; i < stack.allows.size(); ++i) {
    const auto& allow = stack.allows[i];
    if (allow.code != static_cast<std::uint16_t>(d.code)) continue;
    bool here = allow.object == ir::kNoObject;
    for (const auto* object : about) here = here || (object && object->order == allow.object);
    if (!here) continue;
    allowUsed_[i] = true;
    allowed = true;
  }
  if (allowed) {
    silenced_.push_back(std::move(d));
    return false;
  }
  for (const auto* object : about) {
    if (!object || !d.object.empty()) continue;
    d.object = objectText(*object);
  }
  sink_.add(std::move(d));
  return true;
}

std::string Context::objectText(const ir::Object& object) const { return fmt::format("{}/{}", model.text(object.kind), model.text(object.name)); }

std::string_view Context::nameOf(const ir::Object& object) const { return model.text(object.sourceName ? object.sourceName : object.name); }

const Words& Context::wordsOf(const Container& container) const {
  if (read_ == &container) return words_;
  read_ = &container;
  words_.arguments = argumentsOf(model, container);
  words_.directories = stateDirectories(model, container, words_.arguments);
  return words_;
}

bool Context::since(int minor) const {
  auto text = stack.kubernetes;
  text.remove_prefix(std::min(text.size(), text.find('.') + 1));
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number >= minor;
}

}  // namespace mlstack::storage
