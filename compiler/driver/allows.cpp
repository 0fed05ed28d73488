#include "driver/allows.h"

#include "driver/compile.h"

namespace mlstack::driver {
namespace {

using diag::Code;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

/// Where an entry stands in the annotation as it is written; the whole of it when escapes or folded lines part the two.
base::Span placeOf(std::string_view entry, const ir::Node& value, const base::SourceSet& sources) {
  auto at = sources.text(value.span).find(entry);
  if (at == std::string_view::npos) return value.span;
  auto begin = value.span.begin + static_cast<base::Pos>(at);
  return {begin, begin + static_cast<base::Pos>(entry.size())};
}

}  // namespace

void readAllows(ir::Stack& stack, ir::ObjectId object, const base::SourceSet& sources, diag::Sink& sink) {
  const auto& symbols = *stack.symbols;
  const ir::Node* value = nullptr;
  // The key has dots of its own: no dotted path leads to it.
  for (const auto& annotation : ir::Children(ir::findPath(stack.objects[object].root, "metadata.annotations", symbols)))
    if (symbols.text(annotation.key) == kAllowAnnotation) value = &annotation;
  if (value == nullptr || value->kind != ir::NodeKind::String) return;
  for (auto rest = value->text(); !rest.empty();) {
    auto end = std::min(rest.find_first_of(";\n"), rest.size());
    auto entry = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (entry.empty()) continue;
    auto code = entry.substr(0, entry.find_first_of(" \t:"));
    auto reason = trimmed(entry.substr(code.size()));
    while (reason.starts_with(':')) reason = trimmed(reason.substr(1));
    auto span = placeOf(entry, *value, sources);
    const auto* row = findRow(code);
    auto number = row == nullptr ? 0u : static_cast<unsigned>(row->code);
    if (number < 3000 || number >= 4000) {
      sink.add(diag::make<Code::AllowUnknown>(span, code).hint("an entry is a code and its reason: \"MLS3004 one reader at a time\""));
      continue;
    }
    if (reason.empty())
      sink.add(diag::make<Code::AllowWithoutReason>(span, diag::codeText(row->code)).hint("write behind the code why this is right here"));
    stack.allows.push_back({.code = static_cast<std::uint16_t>(number), .reason = reason, .object = object, .span = span});
  }
}

}  // namespace mlstack::driver
