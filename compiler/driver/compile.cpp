#include "driver/compile.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <unistd.h>

#include "driver/schemas.h"
#include "driver/terminal.h"
#include "emit/emit.h"
#include "lower/lower.h"
#include "parse/parse.h"
#include "storage/profiles.h"
#include "storage/storage.h"
#include "yaml/yaml.h"

namespace mlstack::driver {
namespace {

using diag::Code;

// Walking all trees once more is for builds that look for faults of ours.
#if defined(MLSTACK_SANITIZED) || !defined(NDEBUG)
constexpr auto kVerifyDepth = ir::Depth::Trees;
#else
constexpr auto kVerifyDepth = ir::Depth::Promises;
#endif

std::string_view nodeText(const ir::Node& node) {
  switch (node.kind) {
    case ir::NodeKind::Null: return "null";
    case ir::NodeKind::Bool: return "a bool";
    case ir::NodeKind::Int:
    case ir::NodeKind::Float: return "a number";
    case ir::NodeKind::String: return "a string";
    case ir::NodeKind::List: return "a list";
    case ir::NodeKind::Map: return "a map";
  }
  return "";
}

bool isParamName(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    auto b = static_cast<unsigned char>(c);
    if (!(std::isalnum(b) != 0 || c == '_' || c == '-' || b >= 0x80)) return false;
  }
  return std::isdigit(static_cast<unsigned char>(text[0])) == 0;
}

}  // namespace

void leave(int code) {
#ifdef MLSTACK_SANITIZED
  std::exit(code);   // leaks are looked for at exit
#else
  ::_exit(code);
#endif
}

int exitFor(const std::vector<diag::Diagnostic>& diagnostics) {
  int code = ExitDone;
  for (const auto& d : diagnostics) {
    if (d.severity != diag::Severity::Error) continue;
    auto number = static_cast<unsigned>(d.code);
    // 9007 and 9012 … 9019 are about files and what is in them.
    bool usage = number >= 9001 && number <= 9024 && d.code != Code::FileNotFound && !(number >= 9012 && number <= 9018);
    usage = usage || (number >= 9030 && number <= 9034);
    if (usage) return ExitUsage;
    code = ExitErrors;
  }
  return code;
}

const diag::MessageRow* findRow(std::string_view text) {
  std::string wanted(text);
  for (auto& c : wanted) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (!wanted.starts_with("MLS")) wanted.insert(0, "MLS");
  for (const auto& row : diag::allRows())
    if (diag::codeText(row.code) == wanted) return &row;
  return nullptr;
}

// --- settings --------------------------------------------------------------------------------

void Session::configure(const Invocation& invocation) {
  settings.kubernetes = invocation.value("--kubernetes");
  settings.was = invocation.value("--was");
  settings.cluster = invocation.value("--cluster");
  settings.showAllowed = invocation.has("--show-allowed");
  // All --set values are one file of a line each, so that messages can point into them.
  std::string lines;
  for (const auto& text : invocation.values("--set")) lines += text + "\n";
  const base::SourceFile* file = lines.empty() ? nullptr : &sources.add("--set", std::move(lines));
  std::size_t offset = 0;
  for (const auto& given : invocation.given) {
    if (given.option->name == "--params") readParamsFile(given.value);
    if (given.option->name == "--set") addSet(*file, offset, given.value);
  }
  if (invocation.has("--live") && !sink.hasErrors()) takeLive(invocation);
}

void Session::addSet(const base::SourceFile& file, std::size_t& offset, const std::string& text) {
  auto begin = file.begin + static_cast<base::Pos>(offset);
  offset += text.size() + 1;
  auto equals = text.find('=');
  auto name = text.substr(0, equals);
  base::Span span{begin, begin + static_cast<base::Pos>(name.size())};
  if (equals == std::string::npos || !isParamName(name)) {
    sink.add(diag::make<Code::BadSet>(span, text));
    return;
  }
  settings.params.push_back({.name = std::move(name), .text = text.substr(equals + 1), .span = span});
}

void Session::readParamsFile(const std::string& path) {
  if (path == "-") ++settings.paramsFromStdin;
  const auto* file = files_.source(path, {}, sink);
  if (file == nullptr) return;
  ir::Builder builder(arena_);
  auto documents = yaml::readDocuments(*file, symbols, builder, sink, {.keysAreNames = true});
  base::Span all{file->begin, file->begin};
  if (documents.size() > 1) {
    sink.add(diag::make<Code::ParamsNotMap>(documents[1]->span, "a second document"));
    return;
  }
  for (const auto* document : documents) {
    if (document->kind == ir::NodeKind::Null) continue;   // an empty file
    if (document->kind != ir::NodeKind::Map) {
      sink.add(diag::make<Code::ParamsNotMap>(document->span.known() ? document->span : all,
                                              nodeText(*document)));
      continue;
    }
    for (const auto& child : ir::Children(document))
      settings.params.push_back({.name = std::string(symbols.text(child.key)), .node = &child, .span = child.keySpan(symbols.text(child.key).size())});
  }
}

const schema::Catalog& Session::catalogFor(const std::string& root) {
  auto& catalog = catalogs_[root];
  if (!catalog) {
    catalog = std::make_unique<schema::Catalog>();
    loadSchemas(root, *catalog, files_, symbols, sink);
    for (const auto* definition : cluster_.definitions()) {
      diag::Sink unsaid;   // the cluster has taken it
      (void)catalog->addCrd(*definition, symbols, unsaid);
    }
  }
  return *catalog;
}

// --- phases ----------------------------------------------------------------------------------

void Session::noteParams(const syntax::File& tree) {
  // What a slip left unread may have been a parameter.
  for (const auto* s : tree.items) {
    const bool declares = s->kind == syntax::StatementKind::Param || s->kind == syntax::StatementKind::Error;
    if (declares && s->name.symbol) declaredParams_.emplace(symbols.text(s->name.symbol));
  }
}

/// Of several stacks each takes the parameters that it declares. What none of them declares, all complain of.
std::vector<sema::ParamValue> Session::paramsFor(const syntax::File& tree) const {
  const auto declares = [&](const std::string& name) {
    return std::ranges::any_of(tree.items, [&](const auto* s) { return s->name.symbol && symbols.text(s->name.symbol) == name; });
  };
  std::vector<sema::ParamValue> out;
  for (const auto& value : settings.params) {
    if (!declaredParams_.contains(value.name) || declares(value.name)) out.push_back(value);
  }
  return out;
}

void Session::parse() {
  for (auto& unit : units) {
    if (unit.tree || unit.isManifest) continue;
    unit.tree = parse::parseFile(*unit.source, symbols, sink);
    if (unit.isStack) noteParams(*unit.tree);
    if (unit.tree->items.empty() && !unit.tree->hasErrors) {
      auto d = diag::make<Code::EmptyFile>({}, unit.source->name);
      d.file = unit.source->name;
      sink.add(std::move(d));
      unit.isStack = false;
    }
  }
}

void Session::evaluateUnit(Unit& unit, Finished finished, Repeat repeat) {
  auto root = projectRoot(unit.source->name);
  unit.catalog = &catalogFor(root);
  unit.imports = std::make_unique<Imports>(files_, symbols, sink, std::move(root));
  sema::Options options{.params = paramsFor(*unit.tree),
                        .kubernetes = settings.kubernetes,
                        .missingParamsAreUnknown = settings.missingParamsAreUnknown,
                        .finished = std::move(finished),
                        .repeat = std::move(repeat),
                        .budgets = settings.budgets};
  unit.program = sema::evaluate(*unit.source, *unit.tree, unit.imports->access(), *unit.catalog, options,
                                symbols, sink);
}

void Session::evaluate() {
  parse();
  for (auto& unit : units)
    if (unit.isStack && !unit.isManifest) evaluateUnit(unit);
}

std::vector<std::string_view> Session::missingParams(const sema::Program& program) const {
  std::vector<std::string_view> missing;
  for (const auto& param : program.params) {
    bool given = std::ranges::find(settings.params, param.name, &sema::ParamValue::name) != settings.params.end();
    if (param.required && !given) missing.push_back(param.name);
  }
  return missing;
}

/// With errors in some objects the others are still lowered and judged, so that all that is wrong is said
/// at once; the stack is kept only when everything is well.
void Session::compileUnit(Unit& unit) {
  const auto& catalog = catalogFor(projectRoot(unit.source->name));
  lower::Steps lowering(catalog, sink);
  std::size_t faults = 0;   // found by lowering
  const auto counted = [&](auto step) {
    const auto before = sink.errorCount();
    step();
    faults += sink.errorCount() - before;
  };
  Finished finished;
  if (!unit.tree->hasErrors) {
    finished = [&](const sema::Program& program, std::span<sema::Instance* const> resources, const base::Arena* vanishing) {
      counted([&] { lowering.take(program, resources, vanishing); });
    };
  }
  evaluateUnit(unit, std::move(finished), [&](std::span<const std::string_view> texts) { return lowering.repeat(texts); });
  if (unit.program->partial || unit.program->dropped || unit.tree->hasErrors) return;
  const bool whole = unit.program->ok;
  std::unique_ptr<ir::Stack> stack;
  counted([&] { stack = lowering.finish(*unit.program); });
  unit.program.reset();
  unit.tree.reset();
  unit.imports.reset();
  const bool lowered = faults == 0;
  judge(unit, *stack, whole, lowered);
  if (!whole || !lowered) return;
  emit::proveComplete(*stack, sink);
  unit.stack = std::move(stack);
}

void Session::checkSchemas(const Unit& unit, const ir::Stack& stack, diag::Sink& found) const {
  schema::CheckOptions options{.version = schema::versionBit(stack.kubernetes), .everything = true};
  schema::checkObjects(*unit.catalog, stack, options, found);
}

namespace {

/// What the API server asks of fields is not said of an object whose kind the target does not have.
void dropOfUnknownKinds(diag::Sink& found) {
  std::set<std::string> unknown;
  for (const auto& d : found.all()) {
    if (d.message.find("`kubeflow.org/v2beta1/MPIJob`") != std::string::npos) continue;   // no table has it, and the rules know it
    if (d.code == Code::UnknownKubernetesKind || d.code == Code::KindInOtherVersion || d.code == Code::ApiNotInTarget) unknown.insert(d.object);
  }
  if (unknown.empty()) return;
  found.drop([&](const diag::Diagnostic& d) { return static_cast<int>(d.code) / 100 == 35 && unknown.contains(d.object); });
}

}  // namespace

void Session::judge(const Unit& unit, ir::Stack& stack, bool whole, bool lowered) {
  cluster_.addTo(stack, sink);
  ir::link(stack);
  storage::applyProfiles(stack);
  if (whole && lowered) {
    for (const auto& breach : ir::verify(stack, kVerifyDepth)) sink.add(diag::make<Code::InternalError>({}, breach));
  }
  if (!settings.rules) return;
  diag::Sink found;
  checkSchemas(unit, stack, found);
  if (unit.isManifest || lowered) checkStorage(stack, whole, found);
  dropOfUnknownKinds(found);
  if (unit.isManifest) return takeForManifests(unit, found);
  for (const auto& d : found.all()) sink.add(d);
}

void Session::checkStorage(ir::Stack& stack, bool whole, diag::Sink& into) {
  diag::Sink found;
  counts.allowed += storage::analyse(stack, sources, whole, found);
  for (const auto& d : found.all()) into.add(d);
  if (!settings.showAllowed || stack.allows.empty()) return;
  // What appears once nothing is allowed is what was silenced.
  const auto allows = std::exchange(stack.allows, {});
  diag::Sink all;
  (void)storage::analyse(stack, sources, whole, all);
  stack.allows = allows;
  for (auto d : all.all()) {
    const auto before = found.all().size();
    found.add(d);
    if (found.all().size() == before) continue;
    d.severity = diag::Severity::Note;
    d.fixes.clear();
    for (const auto& allow : allows)
      if (allow.code == static_cast<std::uint16_t>(d.code)) d.related.push_back({allow.span, fmt::format("allowed here: {}", allow.reason)});
    into.add(std::move(d));
  }
}

void Session::compileUnits() {
  parse();
  for (auto& unit : units)
    if (unit.isStack && !unit.isManifest) compileUnit(unit);
  compileManifests();
}

void Session::compile() {
  compileUnits();
  if (!settings.was.empty()) compileChange();
}

}  // namespace mlstack::driver
