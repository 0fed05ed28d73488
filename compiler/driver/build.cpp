// `mlstackc build`.

#include <cerrno>
#include <filesystem>
#include <map>

#include <unistd.h>

#include "backend/folder_files.h"
#include "driver/command.h"
#include "driver/compile.h"
#include "driver/terminal.h"
#include "emit/emit.h"
#include "ir/dump.h"
#include "parse/parse.h"
#include "storage/describe.h"
#include "syntax/dump.h"

namespace mlstack::driver {
namespace {

namespace fs = std::filesystem;
using diag::Code;

enum class Emit : std::uint8_t { Yaml, Json, Ir, Ast, Tokens };

Emit emitOf(std::string_view word) {
  if (word == "json") return Emit::Json;
  if (word == "ir") return Emit::Ir;
  if (word == "ast") return Emit::Ast;
  if (word == "tokens") return Emit::Tokens;
  return Emit::Yaml;
}

/// Runs the phases that the output needs.
void runPhases(Session& session, Emit emit) {
  switch (emit) {
    case Emit::Yaml:
    case Emit::Json:
    case Emit::Ir: session.compile(); return;
    case Emit::Ast: session.parse(); return;
    case Emit::Tokens:
      for (const auto& unit : session.units) (void)parse::lex(*unit.source, session.sink);
      return;
  }
}

bool emitUnit(Session& session, const Unit& unit, Emit emit, emit::Writer& out) {
  switch (emit) {
    case Emit::Yaml: return emit::emitYaml(*unit.stack, out);
    case Emit::Json: return emit::emitJson(*unit.stack, out);
    case Emit::Ir: return out.write(ir::dumpText(*unit.stack, session.sources)) && out.write(storage::stateFacts(*unit.stack));
    case Emit::Ast: return out.write(syntax::dumpAst(*unit.tree, session.symbols, syntax::DumpStyle::Text));
    case Emit::Tokens: {
      diag::Sink known;   // its slips were shown before anything is written
      return out.write(syntax::dumpTokens(*unit.source, parse::lex(*unit.source, known), syntax::DumpStyle::Text));
    }
  }
  return true;
}

bool hasOutput(const Unit& unit, Emit emit) {
  return emit == Emit::Tokens || (emit == Emit::Ast ? unit.tree != nullptr : unit.stack != nullptr);
}

/// All units to one writer. Documents of further stacks are set apart as documents of one are.
bool emitAll(Session& session, Emit emit, emit::Writer& out) {
  bool first = true;
  for (const auto& unit : session.units) {
    if (!hasOutput(unit, emit)) continue;
    bool separate = !first && emit == Emit::Yaml && !ir::applyOrder(*unit.stack).empty();
    if (separate && !out.write("---\n")) return false;
    if (!emitUnit(session, unit, emit, out)) return false;
    first = false;
  }
  return true;
}

void emitToFile(Session& session, Emit emit, const std::string& path) {
  base::ReadError error;
  auto failed = [&](std::string text) { session.sink.add(diag::make<Code::CannotWrite>({}, path, std::move(text))); };
  auto file = AtomicFile::create(path, Sync::Yes, error);
  if (!file) return failed(error.message);
  StreamWriter out(file->descriptor());
  if (!emitAll(session, emit, out) || !out.flush()) {
    if (out.error() != EPIPE) failed(reason(out.error()));
    return;
  }
  if (!file->commit(error)) failed(error.message);
}

void emitToFolder(Session& session, Emit emit, const std::string& folder, bool force) {
  std::map<std::string, std::string> made;   // stack → file
  for (const auto& unit : session.units) {
    if (!unit.stack) continue;
    auto name = std::string(session.symbols.text(unit.stack->name));
    auto [at, fresh] = made.emplace(name, unit.source->name);
    if (!fresh) {
      session.sink.add(diag::make<Code::SameStackName>({unit.source->begin, unit.source->begin}, name, at->second)
                           .hint("build them into folders of their own"));
      return;
    }
  }
  for (const auto& unit : session.units) {
    if (!unit.stack) continue;
    auto name = session.symbols.text(unit.stack->name);
    // Several stacks get a folder each: their files would have the same names.
    auto to = made.size() == 1 ? fs::path(folder) : fs::path(folder) / name;
    auto write = [](const std::string& path, std::string_view bytes, base::ReadError& error) { return replaceFile(path, bytes, Sync::No, error); };
    backend::writeFolder(to.string(), name, emit::emitFiles(*unit.stack, emit == Emit::Json), {.force = force, .write = write}, session.sink);
  }
}

bool isFolder(const std::string& path) {
  std::error_code failed;
  return path.ends_with('/') || fs::is_directory(path, failed);
}

}  // namespace

int runBuild(Invocation& invocation) {
  Session session;
  session.configure(invocation);
  auto emit = emitOf(invocation.value("--emit", "yaml"));
  session.settings.manifestsBesideStacks = false;
  session.settings.manifestsInFolders = emit == Emit::Ir;   // what an earlier build wrote is often there
  if (!session.sink.hasErrors() && session.open(invocation.operands)) {
    if (session.hasManifests() && emit != Emit::Ir) {
      session.sink.add(diag::make<Code::ManifestNotBuilt>({}, invocation.operands[0])
                           .hint("`mlstackc check` looks for mistakes in them"));
    } else {
      session.settings.rules = !session.hasManifests();   // what is wrong with them is for `check` to say
      runPhases(session, emit);
    }
  }
  if (invocation.has("--werror")) session.sink.promoteWarnings();
  if (session.sink.hasErrors()) {
    showDiagnostics(session.sink, session.sources);
    return exitFor(session.sink.all());
  }
  auto output = std::string(invocation.value("--output"));
  int code = ExitDone;
  if (output.empty() || output == "-") {
    showDiagnostics(session.sink, session.sources);
    StreamWriter out(STDOUT_FILENO);
    (void)emitAll(session, emit, out);
    return finishOut(out);
  }
  if (isFolder(output) && (emit == Emit::Yaml || emit == Emit::Json)) {
    emitToFolder(session, emit, output, invocation.has("--force"));
  } else {
    emitToFile(session, emit, output);
  }
  if (session.sink.hasErrors()) code = ExitErrors;
  showDiagnostics(session.sink, session.sources);
  return code;
}

}  // namespace mlstack::driver
