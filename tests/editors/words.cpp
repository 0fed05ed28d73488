// The words of the language as JSON, for the editors' grammars: from the lexer's table, the kinds and
// the function library.

#include <cstdio>
#include <set>
#include <string>
#include <string_view>

#include "base/json.h"
#include "sema/kind.h"
#include "sema/sema.h"
#include "syntax/token.h"

namespace {

using namespace mlstack;

using Words = std::set<std::string, std::less<>>;

/// Kinds of things, words of parts, mount verbs and functions.
struct KindWords {
  Words kinds, parts, verbs, functions;

  KindWords() {
    for (const auto& kind : sema::preludeKinds()) {
      if (!kind.api.empty()) kinds.emplace(kind.name);
      if (kind.role == sema::KindRole::Source) functions.emplace(kind.name);
      if (kind.role == sema::KindRole::Mount || kind.role == sema::KindRole::ScratchMount) verbs.emplace(kind.name);
      for (const auto& member : kind.members)
        if (isBlock(member)) parts.emplace(member.name);
    }
    for (const auto& verb : verbs) parts.erase(verb);
    for (const auto* reserved : {"label", "value", "at"}) parts.erase(reserved);
    parts.emplace("with");
    for (const auto& function : sema::functions()) functions.emplace(function.name);
  }

  /// What may be written as `NAME { … }`.
  static bool isBlock(const sema::Member& member) {
    if (!member.part.empty()) return true;
    if (member.type == nullptr) return false;
    return member.type->kind == sema::TypeKind::Map || member.type->kind == sema::TypeKind::Raw;
  }
};

/// The names of types, by how messages write them.
Words typeWords() {
  Words out{"include", "part", "parts"};
  using enum sema::TypeKind;
  for (const auto kind : {Any, Bool, Int, Float, String, Quantity, Duration, Path, Image, Port, Name, Cron, List, Map}) {
    const sema::Type element{.kind = Any};
    const auto text = sema::typeText(sema::Type{.kind = kind, .element = &element});
    out.insert(text.substr(0, text.find('<')));
  }
  return out;
}

template <class List>
void write(base::JsonWriter& json, std::string_view name, const List& words) {
  json.key(name).beginArray();
  for (const auto& word : words) json.value(std::string_view(word));
  json.endArray();
}

}  // namespace

int main() {
  std::string out;
  base::JsonWriter json(out, 2);
  json.beginObject().field("version", 1);
  const KindWords words;
  write(json, "statement", syntax::statementWords());
  write(json, "inner", syntax::innerWords());
  write(json, "kinds", words.kinds);
  write(json, "parts", words.parts);
  write(json, "verbs", words.verbs);
  write(json, "functions", words.functions);
  write(json, "types", typeWords());
  json.endObject();
  std::puts(out.c_str());
  return 0;
}
