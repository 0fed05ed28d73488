// Manifests to deployment graphs.

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "driver/allows.h"
#include "driver/compile.h"
#include "storage/storage.h"

namespace mlstack::driver {
namespace {

using diag::Code;
using ir::Node;

std::string_view textAt(const Node& root, std::string_view path, const base::SymbolTable& symbols) {
  const auto* node = ir::findPath(&root, path, symbols);
  return node != nullptr && node->kind == ir::NodeKind::String ? node->text() : std::string_view{};
}

/// Each object once; where one stands twice the last counts, as it does for `kubectl apply`.
std::vector<Node*> eachOnce(const Deployment& deployment, base::SymbolTable& symbols, diag::Sink& sink) {
  std::vector<Node*> objects;
  std::unordered_map<std::uint32_t, std::size_t> seen;
  for (const auto* file : deployment.files) {
    for (auto* object : file->objects) {
      auto id = manifestId(*object, symbols);
      auto [at, fresh] = id ? seen.emplace(id.id, objects.size()) : std::pair{seen.end(), true};
      if (fresh) {
        objects.push_back(object);
        continue;
      }
      auto& first = objects[at->second];
      const auto* name = ir::findPath(object, "metadata.name", symbols);
      sink.add(diag::make<Code::ManifestTwice>(name->span, textAt(*object, "kind", symbols), name->text())
                   .note(ir::findPath(first, "metadata.name", symbols)->span, "the first one stands here")
                   .hint("remove one of the two, or give them names or namespaces of their own"));
      first = object;
    }
  }
  return objects;
}

/// An object without a name cannot be created. Of kinds that are not known nothing is: configurations of tools look alike.
void sayNameless(const Node& object, const schema::Catalog& catalog, const base::SymbolTable& symbols, diag::Sink& sink) {
  auto version = textAt(object, "apiVersion", symbols);
  auto kind = textAt(object, "kind", symbols);
  const auto* row = catalog.resource(version, kind);
  if (row == nullptr || row->custom) return;
  if (version.starts_with("authentication.k8s.io/") || version.starts_with("authorization.k8s.io/")) return;   // questions, not objects
  const auto* name = ir::findPath(&object, "metadata.name", symbols);
  const auto* metadata = ir::findPath(&object, "metadata", symbols);
  if (name != nullptr && name->kind != ir::NodeKind::Null && name->kind != ir::NodeKind::String) {
    auto found = name->isContainer() ? "a block or list" : "a number or boolean";
    sink.add(diag::make<Code::WrongFieldType>(name->span, found, "metadata.name", "a string").hint("put it in quotes"));
    return;
  }
  auto at = name != nullptr ? name->span : metadata != nullptr ? metadata->span : ir::findPath(&object, "kind", symbols)->span;
  sink.add(diag::make<Code::MissingField>(at, fmt::format("`{}/{}`", version, kind), "`metadata.name`"));
}

/// What kustomize generates around these files is there, and nothing is known of it. A name that an object of the
/// stack has is that one.
void addGenerated(ir::Stack& stack, const std::vector<GeneratedName>& names, const Deployment& deployment) {
  std::unordered_set<std::string> taken;
  auto key = [](base::Symbol kind, base::Symbol name) { return fmt::format("{} {}", kind.id, name.id); };
  if (!names.empty())
    for (const auto& object : stack.objects) taken.insert(key(object.kind, object.name));
  for (const auto& generated : names) {
    auto near = std::ranges::any_of(deployment.files, [&](const Manifest* file) { return generated.concerns(*file); });
    auto kind = stack.symbols->intern(generated.kind);
    if (!near || !taken.insert(key(kind, generated.name)).second) continue;
    auto& object = stack.objects.emplace_back();
    object.role = ir::roleOf("v1", generated.kind);
    object.external = true;
    object.apiVersion = stack.symbols->intern("v1");
    object.kind = kind;
    object.name = object.sourceName = generated.name;
    object.nameSpace = generated.nameSpace;
    object.span = generated.span;
    object.order = static_cast<std::uint32_t>(stack.objects.size() - 1);
  }
}

/// All objects of several stacks in one. Trees and facts stay where they are: the stacks must outlive it.
std::unique_ptr<ir::Stack> merged(const std::deque<Unit>& units, base::SymbolTable& symbols) {
  auto all = std::make_unique<ir::Stack>();
  all->symbols = &symbols;
  for (const auto& unit : units) {
    if (!unit.stack) continue;
    const auto& stack = *unit.stack;
    auto first = static_cast<ir::ObjectId>(all->objects.size());
    all->kubernetes = stack.kubernetes;
    for (const auto& object : stack.objects) {
      auto& added = all->objects.emplace_back(object);
      added.order += first;
      if (!added.nameSpace) added.nameSpace = stack.nameSpace;
    }
    for (auto intent : stack.mountIntents) {
      intent.object += first;
      all->mountIntents.push_back(intent);
    }
    for (auto allow : stack.allows) {
      if (allow.object != ir::kNoObject) allow.object += first;
      all->allows.push_back(allow);
    }
  }
  ir::link(*all);
  return all;
}

/// Whether an object stands in two of the stacks: one side then holds several installations of the same.
bool haveDoubles(const std::deque<Unit>& units) {
  std::unordered_set<std::string> seen;
  for (const auto& unit : units) {
    if (!unit.stack) continue;
    for (const auto& object : unit.stack->objects) {
      auto in = object.nameSpace ? object.nameSpace : unit.stack->nameSpace;
      if (!object.external && !seen.insert(fmt::format("{} {} {}", object.kind.id, in.id, object.name.id)).second) return true;
    }
  }
  return false;
}

/// Where a stack lies below what was named on the command line.
std::string placeBelow(const Unit& unit, const std::vector<std::string>& operands) {
  auto normal = [](const std::string& path) {
    auto text = std::filesystem::path(path).lexically_normal().string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
  };
  auto label = normal(unit.isManifest ? unit.label : unit.source->name);
  for (const auto& operand : operands) {
    auto top = normal(operand);
    if (label == top) return {};
    if (top == "." || top.empty()) return label;
    if (label.starts_with(top) && label.substr(top.size()).starts_with('/')) return label.substr(top.size() + 1);
  }
  return label;
}

std::size_t stacksOf(const std::deque<Unit>& units) {
  return static_cast<std::size_t>(std::ranges::count_if(units, [](const Unit& unit) { return unit.stack != nullptr; }));
}

/// The custom resources of a manifest may be newer or older than the tables, or none that they know.
bool isBuiltInGroup(std::string_view name, const schema::Catalog& catalog) {
  auto group = name.substr(0, name.find('/'));
  if (group.size() == name.size() || group == "v1" || group.find('.') == std::string_view::npos) return true;
  return std::ranges::any_of(catalog.resources(), [&](const schema::ResourceInfo* each) {
    return !each->custom && each->apiVersion.starts_with(group) && each->apiVersion.substr(group.size()).starts_with('/');
  });
}

/// Whether what the schemas say of an object is right of a manifest, too: it may hold what the cluster wrote, and
/// custom resources that no table knows.
bool holdsForManifests(const diag::Diagnostic& d, const schema::Catalog& catalog) {
  if (d.code == Code::StatusInSource) return false;   // `kubectl get -o yaml` prints it
  // JobSet's webhook names the rules that have no name, and webhooks come before the schema:
  // https://github.com/kubernetes-sigs/jobset/blob/main/pkg/webhooks/jobset_webhook.go
  if (d.code == Code::MissingField && d.object.starts_with("JobSet/") && d.message.find("failurePolicy.rules[") != std::string::npos)
    return false;
  if (d.code != Code::UnknownKubernetesKind && d.code != Code::KindInOtherVersion && d.code != Code::ApiNotInTarget) return true;
  auto name = std::string_view(d.message).substr(d.message.find('`') + 1);   // "apps/v1beta1/Deployment"
  return isBuiltInGroup(name.substr(0, name.find('`')), catalog);
}

bool isUpper(std::string_view text) {
  return text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

/// Whether a word of capitals and `_` stands in it: `V_ZONE` of "weights-V_ZONE". No value whose form is judged has one.
bool hasVariable(std::string_view text) {
  auto isPart = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  for (std::size_t at = 0; at < text.size();) {
    auto end = at;
    while (end < text.size() && isPart(text[end])) ++end;
    auto word = text.substr(at, end - at);
    auto inner = word.find('_', 1);
    if (inner != std::string_view::npos && inner + 1 < word.size()) return true;
    at = end + 1;
  }
  return false;
}

/// A text that stands for another one, which a script writes in before the manifest is applied: `${NODES}`, `$NODES`,
/// `${NODES:-3}`, `<your-bucket>`, `NUM_NODES`, `{{ nodes }}`, `{nodes}`.
bool isPlaceholder(std::string_view text, Code code) {
  if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.front() == text.back())
    text = text.substr(1, text.size() - 2);
  if (text.find("${") != std::string_view::npos || text.find("{{") != std::string_view::npos) return true;
  if (text.size() > 1 && text[0] == '$' && isUpper(text.substr(1))) return true;
  for (const std::string_view pair : {"<>", "{}"}) {
    auto open = text.find(pair[0]);
    if (open != std::string_view::npos && text.find(pair[1], open + 2) != std::string_view::npos && text.front() != '{') return true;
  }
  return code != Code::UnknownEnumerator && hasVariable(text);   // READ_ONLY may be meant
}

/// Codes that judge the form of one value: of a placeholder they say nothing.
bool judgesForm(Code code) {
  auto number = static_cast<unsigned>(code);
  return (number >= 4007 && number <= 4025 && code != Code::MissingField) || (number >= 3500 && number < 3600);
}

}  // namespace

void Session::takeForManifests(const Unit& unit, const diag::Sink& found) {
  std::map<const base::SourceFile*, std::pair<base::Span, std::size_t>> placeholders;   // the first and their number
  for (const auto& d : found.all()) {
    if (!holdsForManifests(d, *unit.catalog)) continue;
    if (!d.span.known() || !judgesForm(d.code) || !isPlaceholder(sources.text(d.span), d.code)) {
      sink.add(d);
      continue;
    }
    auto [at, fresh] = placeholders.try_emplace(sources.fileAt(d.span.begin), d.span, 0);
    if (!fresh && d.span.begin < at->second.first.begin) at->second.first = d.span;
    ++at->second.second;
  }
  for (const auto& [file, first] : placeholders) {
    auto others = first.second - 1;
    sink.add(diag::make<Code::Placeholder>(first.first, sources.text(first.first),
                                           others == 0 ? "" : fmt::format(", as {} more {}", others, others == 1 ? "does" : "do"))
                 .hint("check what is applied: `envsubst < FILE | mlstackc check -`"));
  }
}

void Session::compileChange() {
  // What runs is built like everything else, but only what keeps it from being read is said of it.
  diag::Sink said;
  auto now = std::exchange(units, {});
  auto counted = counts;
  auto wanted = settings;
  std::swap(sink, said);
  manifests_.clear();
  settings.rules = false;
  if (openOperands({settings.was})) compileUnits();
  std::swap(sink, said);
  was_ = std::exchange(units, std::move(now));
  counts = counted;
  settings = wanted;
  for (const auto& d : said.all())
    if (d.severity == diag::Severity::Error) sink.add(d);
  std::set<std::string> bound;
  for (const auto& unit : was_) {
    if (!unit.stack) continue;
    for (const auto& object : unit.stack->objects)
      if (object.role == ir::Role::Claim) bound.insert(fmt::format("{}/{}", symbols.text(object.kind), symbols.text(object.name)));
  }
  sink.drop([&](const diag::Diagnostic& d) { return storage::isAboutMatching(d.code) && bound.contains(d.object); });
  auto before = stacksOf(was_);
  auto after = stacksOf(units);
  if (said.hasErrors() || before == 0 || after == 0) return;
  const Unit* one = nullptr;
  const Unit* other = nullptr;
  for (const auto& unit : was_) one = unit.stack ? &unit : one;
  for (const auto& unit : units) other = unit.stack ? &unit : other;
  if (before == 1 && after == 1) return storage::analyseChange(*one->stack, *other->stack, sources, sink);
  if (haveDoubles(was_) || haveDoubles(units)) {
    // Names alone do not tell which is which: the same place on both sides does.
    std::map<std::string, const Unit*> places;
    for (const auto& unit : was_)
      if (unit.stack) places.emplace(placeBelow(unit, {settings.was}), &unit);
    for (const auto& unit : units) {
      if (!unit.stack) continue;
      auto found = places.find(placeBelow(unit, operands_));
      if (found != places.end()) storage::analyseChange(*found->second->stack, *unit.stack, sources, sink);
    }
    return;
  }
  // Objects may have moved from file to file: all of the one side against all of the other.
  auto old = merged(was_, symbols);
  auto fresh = merged(units, symbols);
  storage::analyseChange(*old, *fresh, sources, sink);
}

void Session::compileManifests() {
  if (manifests_.empty()) return;
  manifests_.read(sink);
  for (const auto& deployment : manifests_.deployments()) compileDeployment(deployment);
}

void Session::compileDeployment(const Deployment& deployment) {
  auto& unit = units.emplace_back();
  unit.source = deployment.files.front()->source;
  unit.isManifest = true;
  unit.label = deployment.label;
  unit.catalog = &catalogFor(projectRoot(unit.source->name));
  auto stack = std::make_unique<ir::Stack>();
  stack->symbols = &symbols;
  stack->name = symbols.intern(deployment.label);
  if (!settings.kubernetes.empty()) stack->kubernetes = settings.kubernetes;
  bool whole = true;
  for (const auto* file : deployment.files) whole = whole && file->whole;
  for (auto* object : eachOnce(deployment, symbols, sink))
    if (ir::addManifest(*stack, object) == 0) sayNameless(*object, *unit.catalog, symbols, sink);
  for (ir::ObjectId id = 0; id < stack->objects.size(); ++id) readAllows(*stack, id, sources, sink);
  counts.manifests += deployment.files.size();
  counts.objects += stack->objects.size();
  addGenerated(*stack, manifests_.generated(), deployment);
  judge(unit, *stack, whole, true);
  unit.stack = std::move(stack);
}

}  // namespace mlstack::driver
