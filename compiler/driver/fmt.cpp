// `mlstackc fmt`.

#include <algorithm>
#include <filesystem>

#include <unistd.h>

#include "driver/command.h"
#include "driver/compile.h"
#include "driver/diff.h"
#include "driver/project.h"
#include "driver/terminal.h"
#include "format/format.h"
#include "parse/parse.h"

namespace mlstack::driver {
namespace {

using diag::Code;

/// All files that the operands mean; of folders every .mlstack file below.
std::vector<std::string> filesOf(const std::vector<std::string>& operands) {
  std::vector<std::string> out;
  for (const auto& operand : operands) {
    std::error_code failed;
    if (operand != "-" && std::filesystem::is_directory(operand, failed)) {
      auto below = sourcesBelow(operand);
      out.insert(out.end(), below.begin(), below.end());
    } else {
      out.push_back(operand);
    }
  }
  return out;
}

/// Layout only: the formatter is held to its promise before a source is replaced.
bool sameTokens(const base::SourceFile& before, const syntax::TokenList& tokens, const base::SourceFile& after,
                base::SourceSet& set) {
  diag::Sink ignored;
  auto again = parse::lex(after, ignored);
  if (again.tokens.size() != tokens.tokens.size() || again.comments.size() != tokens.comments.size()) return false;
  for (std::size_t i = 0; i < tokens.tokens.size(); ++i) {
    if (tokens.tokens[i].kind != again.tokens[i].kind) return false;
    // The indentation of a block string is layout; its kind and place are not.
    if (tokens.tokens[i].kind == syntax::TokenKind::BlockString) continue;
    bool piece = tokens.tokens[i].kind == syntax::TokenKind::StringHead ||
                 tokens.tokens[i].kind == syntax::TokenKind::StringMid ||
                 tokens.tokens[i].kind == syntax::TokenKind::StringTail ||
                 tokens.tokens[i].kind == syntax::TokenKind::Doc;
    if (!piece && set.text(tokens.tokens[i].span) != set.text(again.tokens[i].span)) return false;
  }
  (void)before;
  return true;
}

/// The canonical text, or nothing with diagnostics.
std::optional<std::string> formatted(const base::SourceFile& file, diag::Sink& sink) {
  diag::Sink own;
  base::SymbolTable symbols;
  auto tokens = parse::lex(file, own);
  bool broken = own.hasErrors();
  if (!broken) broken = parse::parseTokens(file, tokens, symbols, own)->hasErrors || own.hasErrors();
  for (const auto& d : own.all()) sink.add(d);
  if (broken) return std::nullopt;
  auto text = format::formatFile(file, tokens);
  base::SourceSet scratch;
  const auto& before = scratch.add(file.name, file.text);
  const auto& after = scratch.add(file.name, text);
  if (!sameTokens(before, parse::lex(before, own), after, scratch)) {
    auto d = diag::make<Code::InternalError>({}, "formatting would change more than layout; the file is left as it is");
    d.file = file.name;
    sink.add(std::move(d));
    return std::nullopt;
  }
  return text;
}

struct Mode {
  bool check = false;
  bool diff = false;
};

/// What to do with one formatted text; true when the file differs from it.
bool settle(const base::SourceFile& file, const std::string& text, Mode mode, StreamWriter& out, diag::Sink& sink) {
  bool differs = text != file.text;
  if (mode.diff) (void)out.write(unifiedDiff(file.name, file.text, text, colorOn(STDOUT_FILENO)));
  if (mode.check && differs && !mode.diff) (void)out.write(file.name + "\n");
  if (mode.check || mode.diff) return differs;
  if (file.name == "-") {
    (void)out.write(text);
  } else if (differs) {
    base::ReadError error;
    if (!replaceFile(file.name, text, Sync::Yes, error))
      sink.add(diag::make<Code::CannotWrite>({}, file.name, error.message));
  }
  return differs;
}

}  // namespace

int runFmt(Invocation& invocation) {
  Mode mode{.check = invocation.has("--check"), .diff = invocation.has("--diff")};
  auto operands = invocation.operands;
  if (operands.empty()) operands.emplace_back(".");
  base::SourceSet set;
  diag::Sink sink;
  if (std::ranges::count(operands, "-") > 1) {
    sink.add(diag::make<Code::StdinTwice>({}));
    showDiagnostics(sink);
    return ExitUsage;
  }
  Sources sources(set);
  StreamWriter out(STDOUT_FILENO);
  std::size_t differing = 0;
  std::vector<const base::SourceFile*> seen;
  for (const auto& path : filesOf(operands)) {
    const auto* file = sources.source(path, {}, sink);
    if (file == nullptr || std::ranges::find(seen, file) != seen.end()) continue;
    seen.push_back(file);
    auto text = formatted(*file, sink);
    if (text && settle(*file, *text, mode, out, sink)) ++differing;
  }
  showDiagnostics(sink, set);
  int code = finishOut(out);
  if (code != ExitDone || sink.hasErrors()) return ExitErrors;
  if (mode.check && differing != 0) {
    printError(fmt::format("{} would change: run `mlstackc fmt`\n",
                           differing == 1 ? "1 file" : fmt::format("{} files", differing)));
    return ExitErrors;
  }
  return ExitDone;
}

}  // namespace mlstack::driver
