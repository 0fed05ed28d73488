// Manifests to deployment graphs.

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "diag/rules.h"
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

/// "apps/v1beta1/Deployment" of "no `apps/v1beta1/Deployment` is known: …".
std::string_view askedFor(const diag::Diagnostic& d) {
  auto name = std::string_view(d.message).substr(d.message.find('`') + 1);
  return name.substr(0, name.find('`'));
}

/// A custom resource whose group the tables know, in a version of which they know nothing: none that is served any more.
bool isOtherVersion(const diag::Diagnostic& d) {
  if (d.code != Code::KindInOtherVersion) return false;
  auto asked = askedFor(d);
  if (asked == "kubeflow.org/v2beta1/MPIJob") return false;   // of another operator: https://github.com/kubeflow/mpi-operator
  auto group = asked.substr(0, asked.find('/'));
  if (group == "snapshot.storage.k8s.io") return false;   // a rule tells it, with a fix
  return d.message.find(fmt::format("`{}/", group), d.message.find("belongs to")) != std::string::npos;
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
  return isBuiltInGroup(askedFor(d), catalog) || isOtherVersion(d);
}

/// Fields of Kubeflow Trainer 2.0 and 2.1 that later releases call otherwise: a cluster may run those.
/// https://github.com/kubeflow/trainer/blob/master/CHANGELOG.md
bool isOfOlderRelease(const diag::Diagnostic& d) {
  if (d.code != Code::UnknownField) return false;
  if (!d.object.starts_with("TrainJob/") && !d.object.starts_with("TrainingRuntime/") && !d.object.starts_with("ClusterTrainingRuntime/")) return false;
  return d.message.ends_with("`podTemplateOverrides`") || d.message.ends_with("`numProcPerNode`");
}

/// The finding as it is said of a manifest. `capitals`: its value may be a placeholder.
diag::Diagnostic asManifestsHave(diag::Diagnostic d, bool capitals, const schema::Catalog& catalog) {
  if (d.severity != diag::Severity::Error) return d;
  if (capitals) {
    d.severity = diag::Severity::Warning;
    if (d.help.empty()) d.help = "this looks like a placeholder: put its value in before it is applied";
  } else if (isOfOlderRelease(d)) {
    d.severity = diag::Severity::Warning;
    d.help = "older releases of Kubeflow Trainer have it, later ones drop it or refuse it: check which one the cluster runs";
  } else if (isOtherVersion(d) && !isBuiltInGroup(askedFor(d), catalog)) {
    d.severity = diag::Severity::Warning;
  }
  return d;
}

bool isUpper(std::string_view text) {
  return text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

bool isCapital(char c) { return c >= 'A' && c <= 'Z'; }
bool isNamePart(char c) { return (c >= 'a' && c <= 'z') || isCapital(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '/' || c == ':'; }

/// Whether `open`word`close` stands in a text that is otherwise as names are: "<your-bucket>", "gs://{bucket}/x".
bool hasEnclosed(std::string_view text, char open, char close, std::string_view also) {
  auto from = text.find(open);
  auto to = from == std::string_view::npos ? from : text.find(close, from);
  if (to == std::string_view::npos || to < from + 2) return false;
  auto word = text.substr(from + 1, to - from - 1);
  auto isPart = [&](char c) { return (isNamePart(c) && c != ':' && c != '/') || also.find(c) != std::string_view::npos; };
  bool letters = std::ranges::any_of(word, [](char c) { return isCapital(c) || (c >= 'a' && c <= 'z'); });
  return letters && std::ranges::all_of(word, isPart) && std::ranges::all_of(text.substr(0, from), isNamePart);
}

/// "NUM_NODES", "WEIGHTS", or "weights-V_ZONE": names have small letters, and none of those judged has `_`.
bool isInCapitals(std::string_view text) {
  if (text.empty() || !(isCapital(text.front()) || (text.front() >= 'a' && text.front() <= 'z'))) return false;
  if (isUpper(text)) return text.find('_', 1) != std::string_view::npos || text.size() >= 4;
  bool variable = false;
  for (std::size_t at = 0; at < text.size();) {
    auto end = at;
    while (end < text.size() && (isCapital(text[end]) || (text[end] >= '0' && text[end] <= '9') || text[end] == '_')) ++end;
    auto word = text.substr(at, end - at);
    auto inner = word.find('_', 1);
    variable = variable || (inner != std::string_view::npos && inner + 1 < word.size());
    if (end < text.size() && (!isNamePart(text[end]) || text[end] == '/' || text[end] == ':' || text[end] == '_')) return false;
    at = end + 1;
  }
  return variable;
}

enum class Stands : std::uint8_t { ForItself, ForAnother, PerhapsForAnother };

/// Whether a value is a text that stands for another one, which a script writes in before the manifest is applied: `${NODES}`,
/// `$NODES`, `${NODES:-3}`, `<your-bucket>`, `{{ nodes }}`, `{nodes}`; perhaps NUM_NODES. Maps and lists are none.
Stands whatStands(std::string_view text) {
  bool quotes = text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.front() == text.back();
  if (quotes) text = text.substr(1, text.size() - 2);
  if (text.empty() || text.find('\n') != std::string_view::npos) return Stands::ForItself;
  if (!quotes) {
    if (text.front() == '[' || (text.front() == '{' && !text.starts_with("{{"))) return Stands::ForItself;
    if (text.starts_with("- ") || text.find(": ") != std::string_view::npos || text.back() == ':') return Stands::ForItself;
  }
  auto encloses = [text](std::string_view open, std::string_view close) {
    auto from = text.find(open);
    return from != std::string_view::npos && text.find(close, from + open.size() + 1) != std::string_view::npos;
  };
  if (encloses("${", "}") || encloses("{{", "}}") || encloses("$(", ")")) return Stands::ForAnother;
  if (text.size() > 1 && text[0] == '$' && isUpper(text.substr(1))) return Stands::ForAnother;
  if (hasEnclosed(text, '<', '>', " /:") || hasEnclosed(text, '{', '}', {})) return Stands::ForAnother;
  return isInCapitals(text) ? Stands::PerhapsForAnother : Stands::ForItself;
}

/// Capitals are placeholders where a name or a number is expected: READ_ONLY of a list of words may be meant, and what takes a
/// list or a map is given none by any word.
bool takesNames(const diag::Diagnostic& d) {
  if (d.code == Code::UnknownEnumerator || d.code == diag::RuleCode::ValueWord) return false;
  return d.code != Code::WrongFieldType || (d.message.find("takes a list") == std::string::npos && d.message.find("takes a block") == std::string::npos);
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
    const auto stands = d.span.known() && judgesForm(d.code) ? whatStands(sources.text(d.span)) : Stands::ForItself;
    if (stands != Stands::ForAnother) {
      sink.add(asManifestsHave(d, stands == Stands::PerhapsForAnother && takesNames(d), *unit.catalog));
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

bool Session::loadWas() {
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
  return !said.hasErrors();
}

const ir::Stack* Session::compileWas(const std::string& path) {
  settings.was = path;
  settings.manifestsInFolders = true;   // what `apply --to` wrote, too
  if (!loadWas()) return nullptr;
  const Unit* one = nullptr;
  for (const auto& unit : was_) one = unit.stack ? &unit : one;
  if (stacksOf(was_) <= 1) return one ? one->stack.get() : nullptr;
  allWas_ = merged(was_, symbols);
  return allWas_.get();
}

void Session::compileChange() {
  const bool loaded = loadWas();
  auto before = stacksOf(was_);
  auto after = stacksOf(units);
  if (!loaded || before == 0 || after == 0) return;
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
