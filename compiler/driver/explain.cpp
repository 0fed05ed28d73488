// `mlstackc explain`: one word for codes, kinds, fields, functions, Kubernetes fields and stacks.

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "diag/render.h"
#include "driver/command.h"
#include "driver/compile.h"
#include "driver/explain_library.h"
#include "driver/project.h"
#include "driver/schemas.h"
#include "driver/terminal.h"
#include "schema/describe.h"
#include "storage/describe.h"
#include "sema/explain.h"
#include "sema/kubernetes_words.h"
#include "sema/kind.h"
#include "sema/sema.h"

namespace mlstack::driver {
namespace {

using diag::Code;

std::string_view firstLine(std::string_view doc) { return doc.substr(0, doc.find('\n')); }

bool isCode(std::string_view text) {
  if (text.size() == 7 && (text.starts_with("MLS") || text.starts_with("mls"))) text.remove_prefix(3);
  return text.size() == 4 && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string explainCode(std::string_view text) {
  const auto* row = findRow(text);
  if (row == nullptr) return {};
  auto page = diag::explainPage(diag::codeText(row->code));
  if (!page.empty()) return std::string(page);
  return fmt::format("# {}: {}\n\n{}\n", diag::codeText(row->code), row->name, row->text);
}

std::string explainFunction(std::string_view name) {
  for (const auto& function : sema::functions())
    if (function.name == name) return fmt::format("{}\n\n{}\n", function.signature, function.doc);
  return {};
}

/// "StatefulSet", "StatefulSet.spec": the kind of Kubernetes alone, in every group that has it.
std::string explainBareKind(const schema::Catalog& catalog, std::string_view what) {
  auto kind = what.substr(0, what.find('.'));
  std::string out;
  for (const auto* resource : catalog.resources()) {
    if (resource->kind != kind) continue;
    if (!out.empty()) out += "\n";
    out += describePlace(catalog, fmt::format("{}/{}{}", resource->apiVersion, kind, what.substr(kind.size())));
  }
  return out;
}

void appendParam(std::string& out, const sema::ParamInfo& param) {
  out += fmt::format("  {}: {}{}\n", param.name, param.type, param.required ? "  (must be given)" : "");
  std::string_view doc = param.doc;
  while (!doc.empty()) {
    out += fmt::format("      {}\n", firstLine(doc));
    doc.remove_prefix(std::min(doc.size(), firstLine(doc).size() + 1));
  }
}

/// The parameters that a stack takes.
int explainFile(const std::string& path) {
  Session session;
  session.settings.missingParamsAreUnknown = true;
  if (session.open({path})) session.evaluate();
  if (session.sink.hasErrors() || session.units.empty() || !session.units[0].program) {
    showDiagnostics(session.sink, session.sources);
    return ExitErrors;
  }
  const auto& program = *session.units[0].program;
  auto out = fmt::format("stack {}\n", session.symbols.text(program.name));
  out += program.params.empty() ? "\nIt takes no parameters.\n" : "\nParameters (--set NAME=VALUE, --params FILE):\n";
  for (const auto& param : program.params) appendParam(out, param);
  return printOut(out);
}

void appendAligned(std::string& out, std::string_view name, std::string_view text, std::size_t width) {
  out += fmt::format("  {:<{}}  {}\n", name, width, firstLine(text));
}

std::string overview() {
  std::string resources;
  std::string parts;
  std::string functions;
  for (const auto& kind : sema::preludeKinds()) {
    if (kind.role == sema::KindRole::Source) continue;   // listed as a function
    appendAligned(kind.api.empty() ? parts : resources, kind.name, kind.doc, 18);
  }
  for (const auto& function : sema::functions()) appendAligned(functions, function.name, function.doc, 18);
  return fmt::format("Kinds: things that become Kubernetes objects\n{}\nParts: blocks and lines inside of them\n{}\n"
                     "Functions\n{}\n`mlstackc explain NAME` says more about each, `NAME.FIELD` about a field, "
                     "`MLS3004` about a diagnostic,\n`v1/Pod.spec` about Kubernetes, `std/train` about a library; `mlstackc schema list` "
                     "shows every API.\n",
                     resources, parts, functions);
}

diag::Diagnostic unknownSubject(std::string_view what) {
  std::vector<std::string_view> names;
  for (const auto& kind : sema::preludeKinds()) names.push_back(kind.name);
  for (const auto& function : sema::functions()) names.push_back(function.name);
  auto d = diag::make<Code::NothingToExplain>({}, what);
  d.help = "`mlstackc explain` lists what there is";
  auto dot = what.find('.');
  const auto* kind = sema::preludeKind(what.substr(0, dot));
  if (kind != nullptr && dot != std::string_view::npos) {
    std::vector<std::string_view> members;
    for (const auto& member : kind->members) members.push_back(member.name);
    auto near = diag::nearest(what.substr(dot + 1), members);
    d.help = near.empty() ? fmt::format("`mlstackc explain {}` lists its fields", kind->name)
                          : fmt::format("did you mean `{}.{}`?", kind->name, near);
    return d;
  }
  if (const auto members = libraryMembers(what.substr(0, dot)); !members.empty()) {
    const std::vector<std::string_view> known(members.begin(), members.end());
    const auto near = diag::nearest(what, known);
    d.help = near.empty() ? fmt::format("the library has {}", fmt::join(members, ", ")) : fmt::format("did you mean `{}`?", near);
    return d;
  }
  if (what.starts_with("std/")) {
    d.help = fmt::format("the libraries are std/{}", fmt::join(libraryNames(), ", std/"));
    return d;
  }
  if (const auto* ours = sema::kindFor(what)) {
    d.help = fmt::format("`mlstackc explain {}`: it is called so here", ours->name);
    return d;
  }
  std::size_t depth = 0;
  for (const auto& each : sema::preludeKinds()) {
    const auto writers = sema::membersFor(each, what);
    if (writers.empty() || each.api.empty() || (depth != 0 && writers[0]->target.size() >= depth)) continue;
    depth = writers[0]->target.size();   // of a job rather than of a cronjob's jobs
    d.help = fmt::format("in `{}`, {}", each.name, sema::membersText(writers));
  }
  if (depth != 0) return d;
  auto near = diag::nearest(what.substr(0, dot), names);
  if (!near.empty()) d.help = fmt::format("did you mean `{}`?", near);
  return d;
}

int unknown(diag::Diagnostic d) {
  diag::Sink sink;
  sink.add(std::move(d));
  showDiagnostics(sink);
  return ExitErrors;
}

}  // namespace

int runExplain(Invocation& invocation) {
  if (invocation.has("--reference")) return printOut(sema::referenceMarkdown());
  if (invocation.operands.empty()) return printOut(overview());
  const auto& what = invocation.operands[0];
  if (isCode(what)) {
    auto text = explainCode(what);
    return text.empty() ? unknown(unknownSubject(what)) : printOut(text);
  }
  std::error_code failed;
  if (what.ends_with(".mlstack") && std::filesystem::exists(what, failed)) return explainFile(what);
  if (auto text = sema::explainKind(what); !text.empty()) return printOut(text);
  if (auto text = explainFunction(what); !text.empty()) return printOut(text);
  if (auto text = explainLibrary(what); !text.empty()) return printOut(text);
  if (auto text = storage::describeProfile(what); !text.empty()) return printOut(text);
  bool place = what.find('/') != std::string::npos && !what.starts_with("std/");
  if (!place && std::isupper(static_cast<unsigned char>(what[0])) == 0) return unknown(unknownSubject(what));

  Session session;
  Sources sources(session.sources);
  schema::Catalog catalog;
  loadSchemas(currentRoot(), catalog, sources, session.symbols, session.sink);
  if (session.sink.hasErrors()) {
    showDiagnostics(session.sink, session.sources);
    return ExitErrors;
  }
  auto text = place ? describePlace(catalog, what) : explainBareKind(catalog, what);
  if (!text.empty()) return printOut(text);
  return unknown(place ? unknownPlace(catalog, what) : unknownSubject(what));
}

}  // namespace mlstack::driver
