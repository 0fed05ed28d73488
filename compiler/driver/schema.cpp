// `mlstackc schema`, and the schemas of a project.

#include <algorithm>
#include <filesystem>

#include "driver/command.h"
#include "driver/compile.h"
#include "driver/schemas.h"
#include "driver/terminal.h"
#include "schema/describe.h"
#include "schema/project.h"
#include "yaml/yaml.h"

namespace mlstack::driver {
namespace {

namespace fs = std::filesystem;
using diag::Code;

/// A path below the current folder as people would write it.
std::string shownPath(const fs::path& path) {
  std::error_code failed;
  auto relative = fs::proximate(path, failed).string();
  return failed || relative.starts_with("..") ? path.string() : relative;
}

struct Kept {
  std::string name;
  std::string text;
};

/// One CRD file of the command line, checked and made small.
void readCrds(const base::SourceFile& file, Session& session, schema::Catalog& catalog, std::vector<Kept>& kept) {
  base::Arena arena;
  ir::Builder builder(arena);
  auto before = session.sink.errorCount();
  auto documents = yaml::readDocuments(file, session.symbols, builder, session.sink);
  std::erase_if(documents, [](const ir::Node* node) { return node->kind == ir::NodeKind::Null; });
  if (documents.empty() && session.sink.errorCount() == before) {
    auto d = diag::make<Code::NoCrdInFile>({}, file.name);
    d.file = file.name;
    session.sink.add(std::move(d));
  }
  for (const auto* document : documents) {
    if (!catalog.addCrd(*document, session.symbols, session.sink)) continue;
    auto name = schema::crdFileName(*document, session.symbols);
    if (!name.empty()) kept.push_back({std::move(name), schema::minifyCrd(*document, session.symbols) + "\n"});
  }
}

int addSchemas(const Invocation& invocation) {
  Session session;
  Sources sources(session.sources);
  schema::Catalog catalog;
  std::vector<Kept> kept;
  for (std::size_t i = 1; i < invocation.operands.size(); ++i)
    if (const auto* file = sources.source(invocation.operands[i], {}, session.sink))
      readCrds(*file, session, catalog, kept);
  // Everything or nothing: a list of files is one wish.
  if (!session.sink.hasErrors()) {
    fs::path folder = fs::path(currentRoot()) / schema::kProjectSchemaFolder;
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) session.sink.add(diag::make<Code::CannotWrite>({}, folder.string(), reason(failed.value())));
    for (const auto& crd : kept) {
      if (session.sink.hasErrors()) break;
      base::ReadError error;
      auto path = (folder / crd.name).string();
      if (replaceFile(path, crd.text, Sync::Yes, error)) {
        printError(fmt::format("wrote {}\n", shownPath(path)));
      } else {
        session.sink.add(diag::make<Code::CannotWrite>({}, path, error.message));
      }
    }
  }
  showDiagnostics(session.sink, session.sources);
  return exitFor(session.sink.all());
}

int listSchemas(const schema::Catalog& catalog) {
  auto all = catalog.resources();
  std::ranges::sort(all, [](const auto* a, const auto* b) {
    return std::tie(a->apiVersion, a->kind) < std::tie(b->apiVersion, b->kind);
  });
  std::string out;
  for (const auto* resource : all) out += schema::describeResource(*resource) + "\n";
  return printOut(out);
}

int showSchema(const schema::Catalog& catalog, const std::string& what) {
  auto text = describePlace(catalog, what);
  if (!text.empty()) return printOut(text);
  diag::Sink sink;
  sink.add(unknownPlace(catalog, what));
  showDiagnostics(sink);
  return ExitErrors;
}

}  // namespace

std::string currentRoot() { return projectRoot("-"); }

void loadSchemas(const std::string& root, schema::Catalog& catalog, Sources& sources, base::SymbolTable& symbols,
                 diag::Sink& sink) {
  std::vector<std::string> files;
  std::error_code failed;
  fs::directory_iterator at(fs::path(root) / schema::kProjectSchemaFolder, failed);
  for (fs::directory_iterator end; !failed && at != end; at.increment(failed)) {
    auto extension = at->path().extension();
    if (extension == ".json" || extension == ".yaml" || extension == ".yml") files.push_back(shownPath(at->path()));
  }
  std::ranges::sort(files);
  for (const auto& path : files) {
    const auto* file = sources.source(path, {}, sink);
    if (file == nullptr) continue;
    base::Arena arena;
    ir::Builder builder(arena);
    for (const auto* document : yaml::readDocuments(*file, symbols, builder, sink))
      if (document->kind != ir::NodeKind::Null) (void)catalog.addCrd(*document, symbols, sink);
  }
}

std::string describePlace(const schema::Catalog& catalog, std::string_view what) {
  auto subject = schema::findSubject(catalog, what);
  if (subject.resource == nullptr || !subject.type) return {};
  auto out = subject.path.empty() ? schema::describeResource(*subject.resource) + "\n"
                                  : fmt::format("{}  {}\n", what, catalog.describe(subject.type));
  if (subject.path.empty() && !subject.resource->deprecated.empty())
    out += fmt::format("deprecated: {}\n", subject.resource->deprecated);
  return out + "\n" + schema::describeType(catalog, subject.type, 2, 0);
}

diag::Diagnostic unknownPlace(const schema::Catalog& catalog, std::string_view what) {
  auto d = diag::make<Code::NothingToExplain>({}, what);
  auto subject = schema::findSubject(catalog, what);
  if (subject.resource == nullptr) {
    std::vector<std::string> names;
    for (const auto* resource : catalog.resources()) names.push_back(fmt::format("{}/{}", resource->apiVersion, resource->kind));
    auto head = what.substr(0, what.find('.', what.rfind('/') == what.npos ? 0 : what.rfind('/')));
    auto near = diag::nearest(head, {names.begin(), names.end()});
    d.help = near.empty() ? "`mlstackc schema list` shows every API" : fmt::format("did you mean `{}`?", near);
    return d;
  }
  // The longest part of the path that exists, and what is nearest to the step after it.
  auto at = subject.resource->type;
  auto path = subject.path;
  std::string known = fmt::format("{}/{}", subject.resource->apiVersion, subject.resource->kind);
  while (!path.empty()) {
    auto step = path.substr(0, path.find('.'));
    auto next = catalog.walk(at, step);
    if (!next) {
      std::vector<std::string_view> fields;
      auto object = catalog.shape(at) == schema::Shape::List || catalog.shape(at) == schema::Shape::Map ? catalog.element(at) : at;
      for (const auto& field : catalog.fields(object)) fields.push_back(field.name);
      auto near = diag::nearest(step, fields);
      d.help = near.empty() ? fmt::format("`mlstackc schema show {}` lists what is there", known)
                            : fmt::format("did you mean `{}.{}`?", known, near);
      break;
    }
    at = next;
    known += fmt::format(".{}", step);
    path.remove_prefix(std::min(path.size(), step.size() + 1));
  }
  return d;
}

int runSchema(Invocation& invocation) {
  const auto& operands = invocation.operands;
  diag::Sink usage;
  if (operands[0] != "list" && operands.size() < 2)
    usage.add(diag::make<Code::MissingOperand>({}, "schema " + operands[0], operands[0] == "add" ? "FILE…" : "WHAT"));
  if (operands[0] == "list" && operands.size() > 1)
    usage.add(diag::make<Code::UnexpectedOperand>({}, "schema list", operands[1]));
  if (operands[0] == "show" && operands.size() > 2)
    usage.add(diag::make<Code::UnexpectedOperand>({}, "schema show", operands[2]));
  if (usage.hasErrors()) {
    showDiagnostics(usage);
    return ExitUsage;
  }
  if (operands[0] == "add") return addSchemas(invocation);
  Session session;
  Sources sources(session.sources);
  schema::Catalog catalog;
  loadSchemas(currentRoot(), catalog, sources, session.symbols, session.sink);
  if (session.sink.hasErrors()) {
    showDiagnostics(session.sink, session.sources);
    return ExitErrors;
  }
  return operands[0] == "list" ? listSchemas(catalog) : showSchema(catalog, operands[1]);
}

}  // namespace mlstack::driver
