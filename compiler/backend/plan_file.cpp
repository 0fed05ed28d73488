// A plan kept in a file, and read back. JSON, so that people can look at it; the digest is over everything that counts.

#include <fmt/format.h>

#include "backend/plan_json.h"
#include "base/sha256.h"
#include "diag/cluster.h"
#include "ir/node.h"
#include "yaml/yaml.h"

namespace mlstack::backend {

using diag::ClusterCode;
using ir::Node;
using ir::NodeKind;

namespace {

constexpr std::string_view kHead = "{\"kind\":\"mlstack.plan\",\"version\":1,\"digest\":\"sha256:";

/// Members by name with their types checked; the first thing that is wrong is kept.
class Reader {
 public:
  explicit Reader(base::SymbolTable& symbols) : symbols_(symbols) {}

  std::string wrong;

  std::string text(const Node* map, std::string_view name) {
    const auto* node = member(map, name, NodeKind::String);
    return node ? std::string(node->text()) : std::string();
  }
  bool flag(const Node* map, std::string_view name) {
    const auto* node = member(map, name, NodeKind::Bool);
    return node && node->boolean;
  }
  std::size_t number(const Node* map, std::string_view name) {
    const auto* node = member(map, name, NodeKind::Int);
    if (node && node->integer < 0) fail(name, "a number from 0 on");
    return node && node->integer >= 0 ? static_cast<std::size_t>(node->integer) : 0;
  }
  const Node* map(const Node* of, std::string_view name) { return member(of, name, NodeKind::Map); }
  const Node* list(const Node* of, std::string_view name) { return member(of, name, NodeKind::List); }
  std::vector<std::string> texts(const Node* of, std::string_view name) {
    std::vector<std::string> out;
    for (const Node& item : ir::Children(list(of, name))) {
      if (item.kind != NodeKind::String) fail(name, "a list of texts");
      else out.emplace_back(item.text());
    }
    return out;
  }
  /// null: absent.
  std::string value(const Node* of, std::string_view name) {
    const auto* node = find(of, symbols_.intern(name));
    return node && node->kind == NodeKind::String ? std::string(node->text()) : std::string();
  }
  ObjectRef ref(const Node* of) {
    const auto* object = map(of, "object");
    return {text(object, "apiVersion"), text(object, "kind"), text(object, "namespace"), text(object, "name")};
  }
  void fail(std::string_view name, std::string_view wanted) {
    if (wrong.empty()) wrong = fmt::format("`{}` is not {}", name, wanted);
  }

 private:
  const Node* member(const Node* of, std::string_view name, NodeKind kind) {
    const auto* node = of ? find(of, symbols_.intern(name)) : nullptr;
    if (node && node->kind == kind) return node;
    fail(name, kind == NodeKind::String ? "a text" : kind == NodeKind::Bool ? "true or false" : kind == NodeKind::Int ? "a number" : kind == NodeKind::Map ? "an object" : "a list");
    return nullptr;
  }
  base::SymbolTable& symbols_;
};

template <class T, std::size_t N>
T wordIn(Reader& in, const Node* of, std::string_view name, const T (&all)[N]) {
  const auto text = in.text(of, name);
  for (const T one : all) {
    if (word(one) == text) return one;
  }
  in.fail(name, "a word that this version knows");
  return all[0];
}

PlanStep readStep(Reader& in, const Node* node) {
  static constexpr Action kAll[] = {Action::Unchanged, Action::Create, Action::Update,  Action::Adopt,  Action::Replace,
                                    Action::Recreate,  Action::Delete, Action::Release, Action::Refused};
  PlanStep step;
  step.action = wordIn(in, node, "action", kAll);
  step.object = in.ref(node);
  step.place = in.text(node, "place");
  step.why = in.text(node, "why");
  for (const Node& item : ir::Children(in.list(node, "changes"))) {
    auto& change = step.changes.emplace_back();
    change.path = in.text(&item, "path");
    change.before = in.value(&item, "before");
    change.after = in.value(&item, "after");
    change.frozen = in.flag(&item, "frozen");
    change.redacted = in.flag(&item, "redacted");
  }
  for (const Node& item : ir::Children(in.list(node, "conflicts"))) {
    auto& conflict = step.conflicts.emplace_back();
    conflict.path = in.text(&item, "path");
    conflict.manager = in.text(&item, "manager");
    conflict.theirs = in.text(&item, "theirs");
    conflict.ours = in.text(&item, "ours");
  }
  step.warnings = in.texts(node, "warnings");
  step.dryRun = in.flag(node, "dryRun");
  step.notDryRun = in.text(node, "notDryRun");
  step.group = static_cast<unsigned>(in.number(node, "group"));
  step.uid = in.text(node, "uid");
  step.resourceVersion = in.text(node, "resourceVersion");
  step.seen = in.text(node, "seen");
  step.body = in.text(node, "body");
  step.bodyFirst = in.text(node, "bodyFirst");
  return step;
}

StateFate readFate(Reader& in, const Node* node, std::size_t steps) {
  static constexpr Fate kAll[] = {Fate::New, Fate::Kept, Fate::Grown, Fate::Rebound, Fate::Orphaned, Fate::Lost, Fate::AtRisk};
  StateFate fate;
  fate.fate = wordIn(in, node, "fate", kAll);
  fate.object = in.ref(node);
  fate.volume = in.text(node, "volume");
  fate.size = in.text(node, "size");
  fate.newSize = in.text(node, "newSize");
  fate.why = in.text(node, "why");
  fate.instead = in.text(node, "instead");
  fate.consent = in.text(node, "consent");
  fate.consented = in.flag(node, "consented");
  fate.step = in.number(node, "step");
  if (fate.step >= steps && fate.step != 0) in.fail("step", "the number of a step");
  return fate;
}

Plan readPlan(Reader& in, const Node* node) {
  Plan plan;
  plan.stack = in.text(node, "stack");
  plan.nameSpace = in.text(node, "namespace");
  plan.context = in.text(node, "context");
  plan.server = in.text(node, "server");
  plan.inventory = in.text(node, "inventory");
  plan.setId = in.text(node, "setId");
  plan.destroys = in.flag(node, "destroys");
  for (const Node& item : ir::Children(in.list(node, "steps"))) plan.steps.push_back(readStep(in, &item));
  for (const Node& item : ir::Children(in.list(node, "state"))) plan.state.push_back(readFate(in, &item, plan.steps.size()));
  for (const Node& item : ir::Children(in.list(node, "migrations")))
    plan.migrations.push_back({in.ref(&item), in.text(&item, "what"), in.texts(&item, "steps")});
  plan.notes = in.texts(node, "notes");
  plan.inventoryExists = in.flag(node, "inventoryExists");
  plan.origin = in.text(node, "origin");
  plan.outputs = in.text(node, "outputs");
  plan.graphSvg = in.text(node, "graph");
  return plan;
}

}  // namespace

std::string planFile(const Plan& plan) {
  std::string body;
  base::JsonWriter out(body);
  out.beginObject();
  writePlan(out, plan, true);
  out.endObject();
  return fmt::format("{}{}\",\"plan\":{}}}\n", kHead, base::sha256Hex(body), body);
}

std::optional<Plan> readPlanFile(const base::SourceFile& file, diag::Sink& sink) {
  const auto damaged = [&](std::string why) {
    auto d = diag::make<ClusterCode::PlanFileDamaged>({}, file.name, std::move(why));
    d.file = file.name;
    sink.add(std::move(d).hint("make it anew: `mlstackc plan … --out FILE`"));
    return std::nullopt;
  };
  const std::string_view text = file.text;
  constexpr std::string_view kMiddle = "\",\"plan\":";
  constexpr std::size_t kDigest = 64;
  const auto bodyAt = kHead.size() + kDigest + kMiddle.size();
  if (!text.starts_with(kHead.substr(0, kHead.find(",\"version\"")))) return damaged("`mlstackc plan --out` did not write it");
  if (!text.starts_with(kHead)) return damaged("another version of mlstackc wrote it");
  if (text.size() < bodyAt + 2 || text.substr(kHead.size() + kDigest, kMiddle.size()) != kMiddle || !text.ends_with("}\n")) return damaged("it ends too early");
  const auto body = text.substr(bodyAt, text.size() - bodyAt - 2);
  if (base::sha256Hex(body) != text.substr(kHead.size(), kDigest)) return damaged("its digest is another: it was cut off or changed");
  base::SymbolTable symbols;
  base::Arena arena;
  ir::Builder builder(arena);
  diag::Sink found;
  const auto documents = yaml::readDocuments(file, symbols, builder, found);
  if (found.hasErrors() || documents.size() != 1) return damaged("it is not JSON");
  Reader in(symbols);
  const auto* node = in.map(documents[0], "plan");
  auto plan = readPlan(in, node);
  if (!in.wrong.empty()) return damaged(in.wrong);
  return plan;
}

}  // namespace mlstack::backend
