// mlstack_kindgen [--words] -o OUT PRELUDE…: the prelude's kinds as static tables, or as a word list for editors.
// mlstack_kindgen -o OUT PRELUDE… --profiles PROFILES…: what drivers can do, as static tables.

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/arena.h"
#include "base/source.h"
#include "diag/diag.h"
#include "kindgen/profiles.h"
#include "kindgen/write.h"
#include "parse/parse.h"
#include "sema/kind_build.h"

namespace {

using namespace mlstack;

struct Prelude {
  base::SourceSet sources;
  base::SymbolTable symbols;
  base::Arena arena;
  diag::Sink sink;
  std::vector<std::unique_ptr<syntax::File>> files;
  std::vector<const syntax::Statement*> waiting;
  std::map<std::string_view, sema::Kind*> named;      // placeholders until built
  std::map<std::string_view, bool> built;
};

bool read(Prelude& prelude, const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    base::ReadError error;
    auto text = base::readFile(path, error);
    if (!text) {
      fmt::print(stderr, "mlstack_kindgen: {}: {}\n", path, error.message);
      return false;
    }
    const auto& source = prelude.sources.add(path, std::move(*text));
    auto file = parse::parseFile(source, prelude.symbols, prelude.sink);
    for (const auto* statement : file->items) {
      if (statement->kind != syntax::StatementKind::Kind) continue;
      const auto name = prelude.symbols.text(statement->name.symbol);
      if (prelude.named.count(name) != 0) {
        fmt::print(stderr, "mlstack_kindgen: {}: the kind `{}` is declared twice\n", path, name);
        return false;
      }
      prelude.waiting.push_back(statement);
      prelude.named[name] = prelude.arena.make<sema::Kind>(sema::Kind{.name = name});
    }
    prelude.files.push_back(std::move(file));
  }
  return true;
}

/// True when every kind that `statement` includes has been built.
bool ready(const Prelude& prelude, const syntax::Statement& statement) {
  const auto isBuilt = [&prelude](std::string_view name) {
    return prelude.named.count(name) == 0 || prelude.built.count(name) != 0;
  };
  if (statement.value != nullptr && !isBuilt("object-common")) return false;
  for (const auto& member : statement.members) {
    if (member.type == nullptr || member.type->path.empty() || member.type->arguments.empty()) continue;
    if (prelude.symbols.text(member.type->path[0].symbol) != "include") continue;
    const auto& argument = *member.type->arguments[0];
    if (!argument.path.empty() && !isBuilt(prelude.symbols.text(argument.path[0].symbol))) return false;
  }
  return true;
}

bool build(Prelude& prelude) {
  const sema::KindLookup lookup = [&prelude](std::string_view name) -> const sema::Kind* {
    const auto found = prelude.named.find(name);
    return found == prelude.named.end() ? nullptr : found->second;
  };
  while (!prelude.waiting.empty()) {
    std::vector<const syntax::Statement*> later;
    for (const auto* statement : prelude.waiting) {
      if (!ready(prelude, *statement)) {
        later.push_back(statement);
        continue;
      }
      const auto name = prelude.symbols.text(statement->name.symbol);
      *prelude.named[name] = *sema::buildKind(*statement, prelude.arena, prelude.symbols, lookup, prelude.sink);
      prelude.built[name] = true;
    }
    if (later.size() == prelude.waiting.size()) {
      fmt::print(stderr, "mlstack_kindgen: kinds include each other in a circle\n");
      return false;
    }
    prelude.waiting = std::move(later);
  }
  return true;
}

void printPlace(const Prelude& prelude, base::Span span) {
  const auto place = prelude.sources.place(span.begin);
  if (place) fmt::print(stderr, "{}:{}:{}: ", place->file->name, place->line, place->column);
}

bool report(Prelude& prelude) {
  prelude.sink.sort();
  for (const auto& d : prelude.sink.all()) {
    printPlace(prelude, d.span);
    fmt::print(stderr, "error[{}]: {}\n", diag::codeText(d.code), d.message);
  }
  return prelude.sink.all().empty();
}

/// The table of the files after the first `prelude` ones; nothing after a complaint.
std::string profiles(Prelude& prelude, std::size_t preludeFiles) {
  bool good = true;
  const kindgen::Complain complain = [&](base::Span span, const std::string& message) {
    printPlace(prelude, span);
    fmt::print(stderr, "error: {}\n", message);
    good = false;
  };
  std::vector<const syntax::File*> files;
  for (std::size_t i = preludeFiles; i < prelude.files.size(); ++i) files.push_back(prelude.files[i].get());
  auto text = kindgen::profilesText(files, *prelude.named["provisioner"], *prelude.named["variant"], prelude.symbols, complain);
  return good ? text : std::string();
}

}  // namespace

int main(int argc, char** argv) {
  std::string out;
  bool words = false;
  std::size_t preludeFiles = std::string::npos;   // of `paths`; what follows are profiles
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--words") {
      words = true;
    } else if (argument == "--profiles") {
      preludeFiles = paths.size();
    } else if (argument == "-o" && i + 1 < argc) {
      out = argv[++i];
    } else {
      paths.emplace_back(argument);
    }
  }
  if (paths.empty() || (out.empty() && !words)) {
    fmt::print(stderr, "usage: mlstack_kindgen [--words] [-o OUT] PRELUDE... [--profiles PROFILES...]\n");
    return 64;
  }
  Prelude prelude;
  if (!read(prelude, paths) || !build(prelude) || !report(prelude)) return 1;
  std::vector<const sema::Kind*> kinds;
  for (const auto& [name, kind] : prelude.named) kinds.push_back(kind);
  const bool ofDrivers = preludeFiles != std::string::npos;
  const auto text = ofDrivers ? profiles(prelude, preludeFiles)
                    : words   ? kindgen::wordsText(kinds)
                              : kindgen::tableText(kinds, prelude.sources);
  if (text.empty()) return 1;
  if (out.empty()) {
    fmt::print("{}", text);
    return 0;
  }
  base::ReadError error;
  if (!base::writeFileAtomically(out, text, error)) {
    fmt::print(stderr, "mlstack_kindgen: {}: {}\n", out, error.message);
    return 1;
  }
  return 0;
}
