#include "storage/state.h"

#include <array>
#include <vector>

#include <fmt/format.h>

#include "ir/pods.h"

namespace mlstack::storage {

namespace {

constexpr std::array<std::pair<std::string_view, Mode>, 4> kModes{{
    {"ReadWriteOnce", ReadWriteOnce},
    {"ReadOnlyMany", ReadOnlyMany},
    {"ReadWriteMany", ReadWriteMany},
    {"ReadWriteOncePod", ReadWriteOncePod},
}};

Modes modeOf(std::string_view text) {
  for (const auto& [name, mode] : kModes)
    if (name == text) return mode;
  return 0;
}

/// Half of the largest common node (8 GPUs): two pods that ask for more cannot share one.
constexpr std::int64_t kGpusThatFillANode = 5;

std::int64_t gpusOf(const ir::Node* podSpec, const base::SymbolTable& symbols) {
  std::int64_t most = 0;
  for (const auto& container : ir::Children(ir::findPath(podSpec, "containers", symbols))) {
    const ir::Node* limits = ir::findPath(&container, "resources.limits", symbols);
    for (const auto& limit : ir::Children(limits)) {
      const auto name = symbols.text(limit.key);
      if (!name.ends_with("/gpu")) continue;
      std::int64_t count = 0;
      if (limit.kind == ir::NodeKind::Int) count = limit.integer;
      if (limit.kind == ir::NodeKind::String) {
        for (const char c : limit.text()) count = c >= '0' && c <= '9' && count < 1000 ? count * 10 + (c - '0') : count;
      }
      most = std::max(most, count);
    }
  }
  return most;
}

bool isHostname(const ir::Node& term, const base::SymbolTable& symbols) {
  const ir::Node* key = ir::findPath(&term, "topologyKey", symbols);
  return key && key->kind == ir::NodeKind::String && key->text() == "kubernetes.io/hostname";
}

/// Whether the scheduler must put the pods of one template on nodes of their own: required anti-affinity or
/// a hard spread over host names (with a skew of 1 the second pod takes a second node).
bool keepsApart(const ir::Node* podSpec, const base::SymbolTable& symbols) {
  for (const auto& term : ir::Children(ir::findPath(podSpec, "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution", symbols)))
    if (isHostname(term, symbols)) return true;
  for (const auto& spread : ir::Children(ir::findPath(podSpec, "topologySpreadConstraints", symbols))) {
    const ir::Node* otherwise = ir::findPath(&spread, "whenUnsatisfiable", symbols);
    if (isHostname(spread, symbols) && otherwise && otherwise->kind == ir::NodeKind::String && otherwise->text() == "DoNotSchedule") return true;
  }
  return false;
}

/// Whether all pods of a template run on one node, by name.
bool isPinned(const ir::Node* podSpec, const base::SymbolTable& symbols) {
  if (ir::findPath(podSpec, "nodeName", symbols)) return true;
  for (const auto& label : ir::Children(ir::findPath(podSpec, "nodeSelector", symbols)))
    if (symbols.text(label.key) == "kubernetes.io/hostname") return true;
  return false;
}

struct WorkloadShape {
  std::int64_t pods = 0;
  bool rolling = false;
  bool separateNodes = false;
  bool everyNode = false;
  bool pinned = true;
};

/// The pods of one workload that can hold `volume` at the same time.
WorkloadShape shapeOf(const std::vector<ir::PodTemplate>& templates, const ir::Edge& edge, const base::SymbolTable& symbols) {
  WorkloadShape shape;
  for (const auto& pods : templates) {
    bool mounts = false;
    for (const auto& volume : ir::Children(ir::findPath(pods.spec, "volumes", symbols))) {
      const ir::Node* name = ir::findPath(&volume, "name", symbols);
      if (name && name->kind == ir::NodeKind::String && name->text() == symbols.text(edge.volumeName)) mounts = true;
    }
    if (!mounts) continue;
    shape.pods += pods.onePerNode ? 2 : pods.replicas;   // a daemon set runs on every node: more than one
    shape.rolling = shape.rolling || pods.rolling;
    shape.everyNode = shape.everyNode || pods.onePerNode;
    shape.pinned = shape.pinned && isPinned(pods.spec, symbols);
    shape.separateNodes = shape.separateNodes || pods.onePerNode || gpusOf(pods.spec, symbols) >= kGpusThatFillANode ||
                          keepsApart(pods.spec, symbols);
  }
  return shape;
}

}  // namespace

std::string modesText(Modes modes) {
  std::vector<std::string_view> names;
  for (const auto& [name, mode] : kModes)
    if (modes & mode) names.push_back(name);
  if (names.empty()) return "no access mode";
  if (names.size() == 1) return std::string(names.front());
  const auto last = names.back();
  names.pop_back();
  return fmt::format("{} and {}", fmt::join(names, ", "), last);
}

Modes State::capability() const {
  if (!classModes) return declared;
  const Modes both = declared & *classModes;
  return both ? both : *classModes;
}

std::vector<State> states(const ir::Stack& stack) {
  const auto& symbols = *stack.symbols;
  std::vector<State> result;
  constexpr std::uint32_t kNone = 0xffffffffu;
  std::vector<std::uint32_t> byObject(stack.objects.size(), kNone);   // → result
  for (ir::ObjectId id = 0; id < stack.objects.size(); ++id) {
    const auto& object = stack.objects[id];
    if (object.role != ir::Role::Claim) continue;
    State state;
    state.claim = &object;
    state.declaredAt = ir::findPath(object.root, "spec.accessModes", symbols);
    for (const auto& mode : ir::Children(state.declaredAt))
      if (mode.kind == ir::NodeKind::String) state.declared |= modeOf(mode.text());
    state.classAt = ir::findPath(object.root, "spec.storageClassName", symbols);
    const ir::Node* size = ir::findPath(object.root, "spec.resources.requests.storage", symbols);
    if (size && size->kind == ir::NodeKind::String) state.size = base::parseQuantity(size->text());
    byObject[id] = static_cast<std::uint32_t>(result.size());
    result.push_back(std::move(state));
  }
  ir::ObjectId looked = ir::kNoObject;   // edges of one workload stand together
  std::vector<ir::PodTemplate> templates;
  for (const auto& edge : stack.edges) {
    if (edge.kind == ir::EdgeKind::Provides && edge.from != ir::kNoObject) {
      const auto found = edge.to < byObject.size() ? byObject[edge.to] : kNone;
      if (found == kNone) continue;
      auto& state = result[found];
      state.classObject = &stack.objects[edge.from];
      if (const auto* facts = state.classObject->facts; facts && !facts->accessModes.empty()) {
        Modes modes = 0;
        for (const auto mode : facts->accessModes) modes |= modeOf(mode);
        state.classModes = modes;
      }
    }
    if (edge.kind != ir::EdgeKind::Mounts || edge.from == ir::kNoObject) continue;
    const auto found = edge.to < byObject.size() ? byObject[edge.to] : kNone;
    if (found == kNone) continue;
    const auto& workload = stack.objects[edge.from];
    if (looked != edge.from) templates = ir::podTemplates(workload, symbols);
    looked = edge.from;
    const auto shape = shapeOf(templates, edge, symbols);
    result[found].uses.push_back({.edge = &edge,
                                          .workload = &workload,
                                          .pods = shape.pods,
                                          .rolling = shape.rolling,
                                          .writes = !edge.readOnly,
                                          .separateNodes = shape.separateNodes,
                                          .everyNode = shape.everyNode,
                                          .oneNode = shape.pinned && shape.pods > 0});
  }
  return result;
}

}  // namespace mlstack::storage
