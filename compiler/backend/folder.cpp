// A folder as backend, for GitOps: one file an object, an index of what is ours, the same plan as against a cluster.

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

#include "backend/folder_files.h"
#include "backend/inventory.h"
#include "backend/offline.h"
#include "base/sha256.h"
#include "diag/cluster.h"
#include "yaml/yaml.h"

namespace mlstack::backend {

using diag::ClusterCode;

namespace {

namespace fs = std::filesystem;

/// What a folder holds of one stack.
struct Held {
  ir::Stack objects;
  std::map<ObjectRef, std::string> digests;   // of the file that an object stands in
  std::map<ObjectRef, std::string> files;
};

class FolderBackend final : public Backend {
 public:
  FolderBackend(std::string folder, const schema::Catalog& catalog, base::SymbolTable& symbols, base::SourceSet& sources)
      : folder_(std::move(folder)), catalog_(catalog), symbols_(symbols), sources_(sources) {}

  std::optional<Plan> plan(const ir::Stack& desired, const PlanOptions& options, diag::Sink& sink) override {
    std::error_code failed;
    if (fs::exists(folder_, failed) && !fs::is_directory(folder_, failed)) {
      sink.add(diag::make<ClusterCode::NoFolder>({}, folder_));
      return std::nullopt;
    }
    const auto held = read(symbols_.text(desired.name), desired.nameSpace, sink);
    if (!held) return std::nullopt;
    auto plan = planBetween(&held->objects, desired, catalog_, options);
    std::error_code unused;
    plan.server = fs::weakly_canonical(folder_, unused).string();
    plan.inventory = std::string(kIndexName);
    guard(plan, *held, options);
    setPlaces(plan, sources_);
    return plan;
  }

  Report apply(const Plan& plan, const ApplyOptions& options, Progress& progress, diag::Sink& sink) override {
    Report report;
    const auto moved = [&] {
      const auto held = read(plan.stack, symbols_.intern(plan.nameSpace), sink);
      if (!held) return true;
      for (const auto& step : plan.steps) {
        const auto at = held->digests.find(step.object);
        if ((at == held->digests.end() ? std::string() : at->second) == step.uid) continue;
        sink.add(diag::make<ClusterCode::FolderMoved>(step.span, folder_, step.object.text(plan.nameSpace)).hint("plan again"));
        return true;
      }
      return false;
    };
    if (!mayGo(plan, sink) || moved()) {
      for (const auto& step : plan.steps) {
        if (step.action != Action::Unchanged) report.left.push_back(step.object);
      }
      return report;
    }
    const auto before = sink.errorCount();
    writeFolder(folder_, plan.stack, filesOf(plan), {.force = options.forceConflicts, .kept = strangers(plan), .released = releasedFiles(plan)}, sink);
    if (sink.errorCount() != before) return report;
    for (const auto& step : plan.steps) {
      if (step.action != Action::Unchanged) progress.done(step, {});
      count(step.action, report);
    }
    report.complete = true;
    return report;
  }

 private:
  /// The objects of the files that the index lists for the stack; a file that is not there (any more) is no object.
  std::optional<Held> read(std::string_view stack, base::Symbol nameSpace, diag::Sink& sink) {
    std::optional<Held> held(std::in_place);
    held->objects.symbols = &symbols_;
    held->objects.nameSpace = nameSpace;
    ir::Builder builder(held->objects.arena);
    const auto before = sink.errorCount();
    for (const auto& [name, owner] : readFolderIndex(folder_)) {
      if (owner != stack) continue;
      const auto path = (fs::path(folder_) / name).string();
      std::error_code failed;
      if (!fs::exists(path, failed)) continue;
      base::ReadError error;
      auto text = base::readFile(path, error);
      if (!text) {
        sink.add(diag::make<ClusterCode::FolderFile>({}, path, error.message));
        continue;
      }
      const auto digest = base::sha256Hex(*text);
      const auto& file = sources_.add(path, std::move(*text));
      const auto first = held->objects.objects.size();
      for (auto* document : yaml::readDocuments(file, symbols_, builder, sink)) ir::addManifest(held->objects, document);
      for (auto i = first; i < held->objects.objects.size(); ++i) {
        const auto ref = refOf(held->objects, held->objects.objects[i]);
        auto& object = held->objects.objects[i];
        const auto* mark = ir::findPath(object.root, "metadata.annotations", symbols_);
        for (const auto& one : ir::Children(mark)) {
          if (symbols_.text(one.key) == kProtectAnnotation && one.kind == ir::NodeKind::String && one.text() == "true") object.isProtected = true;
        }
        held->digests[ref] = digest;
        held->files[ref] = name;
      }
    }
    if (sink.errorCount() != before) return std::nullopt;
    ir::link(held->objects);
    return held;
  }

  ObjectRef refOf(const ir::Stack& stack, const ir::Object& object) const {
    const auto apiVersion = symbols_.text(object.apiVersion);
    const auto kind = symbols_.text(object.kind);
    const auto* resource = catalog_.resource(apiVersion, kind);
    const auto in = object.nameSpace ? object.nameSpace : stack.nameSpace;
    const bool namespaced = !resource || resource->namespaced;
    return {std::string(apiVersion), std::string(kind), namespaced ? std::string(symbols_.text(in)) : std::string(), std::string(symbols_.text(object.name))};
  }

  /// Notes what was looked at, and refuses what would overwrite somebody's file.
  void guard(Plan& plan, const Held& held, const PlanOptions& options) const {
    const auto files = filesOf(plan);
    const auto index = readFolderIndex(folder_);
    std::size_t number = 0;
    for (auto& step : plan.steps) {
      if (const auto at = held.digests.find(step.object); at != held.digests.end()) step.uid = at->second;
      // The file that goes, or goes out of the index.
      if (step.action == Action::Release || step.action == Action::Delete) step.resourceVersion = held.files.at(step.object);
      if (step.body.empty()) continue;
      const auto& name = files[number++].name;
      const auto owner = index.find(name);
      std::error_code failed;
      const bool ours = owner != index.end() && owner->second == plan.stack;
      if (ours || options.takeOver || options.forceConflicts || !fs::exists(fs::symlink_status(fs::path(folder_) / name, failed))) continue;
      step.action = Action::Refused;
      step.why = fmt::format("the file {} is in the way, and is not this stack's; `--force-conflicts` replaces it", name);
    }
  }

  /// One file for each step with a body, in the order of the steps.
  std::vector<emit::NamedFile> filesOf(const Plan& plan) const {
    std::vector<emit::NamedFile> files;
    ir::Stack stack;
    stack.symbols = &symbols_;
    ir::Builder builder(stack.arena);
    for (const auto& step : plan.steps) {
      if (step.body.empty()) continue;
      base::SourceFile file;
      file.name = "plan";
      file.text = step.body;
      file.begin = 1;
      diag::Sink ignored;   // the body is our own
      stack.objects.clear();
      for (auto* document : yaml::readDocuments(file, symbols_, builder, ignored)) ir::addManifest(stack, document);
      auto made = emit::emitFiles(stack, false);
      files.insert(files.end(), std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
    }
    return files;
  }

  /// Files of the stack in which no object of the plan stands (`--no-prune`): nothing is ever removed without a step.
  std::vector<std::string> strangers(const Plan& plan) {
    diag::Sink ignored;   // read before, without an error
    std::set<ObjectRef> planned;
    for (const auto& step : plan.steps) planned.insert(step.object);
    std::vector<std::string> out;
    const auto held = read(plan.stack, symbols_.intern(plan.nameSpace), ignored);
    for (const auto& [ref, file] : held ? held->files : std::map<ObjectRef, std::string>()) {
      if (!planned.contains(ref)) out.push_back(file);
    }
    return out;
  }

  static std::vector<std::string> releasedFiles(const Plan& plan) {
    std::vector<std::string> out;
    for (const auto& step : plan.steps) {
      if (step.action == Action::Release) out.push_back(step.resourceVersion);
    }
    return out;
  }

  static bool mayGo(const Plan& plan, diag::Sink& sink) {
    bool may = true;
    for (const auto& step : plan.steps) {
      if (step.action != Action::Refused) continue;
      sink.add(diag::make<ClusterCode::StepRefused>(step.span, step.object.text(plan.nameSpace), step.why));
      may = false;
    }
    for (const auto& fate : plan.state) {
      if (fate.consent.empty() || fate.consented) continue;
      sink.add(diag::make<ClusterCode::StepRefused>({}, fate.object.text(plan.nameSpace), fmt::format("`--allow-data-loss {}` is missing", fate.consent)));
      may = false;
    }
    return may;
  }

  static void count(Action action, Report& report) {
    switch (action) {
      case Action::Create: ++report.created; return;
      case Action::Update:
      case Action::Adopt: ++report.updated; return;
      case Action::Replace:
      case Action::Recreate: ++report.replaced; return;
      case Action::Delete: ++report.deleted; return;
      case Action::Release: ++report.released; return;
      case Action::Unchanged: ++report.unchanged; return;
      case Action::Refused: return;
    }
  }

  std::string folder_;
  const schema::Catalog& catalog_;
  base::SymbolTable& symbols_;
  base::SourceSet& sources_;
};

}  // namespace

std::unique_ptr<Backend> folderBackend(std::string folder, const schema::Catalog& catalog, base::SymbolTable& symbols, base::SourceSet& sources) {
  return std::make_unique<FolderBackend>(std::move(folder), catalog, symbols, sources);
}

}  // namespace mlstack::backend
