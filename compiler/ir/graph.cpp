#include "ir/graph.h"

#include <map>
#include <tuple>

#include <fmt/format.h>

#include "ir/pods.h"

namespace mlstack::ir {

std::string_view word(Shape shape) {
  switch (shape) {
    case Shape::Class:
      return "class";
    case Shape::Volume:
      return "volume";
    case Shape::Snapshot:
      return "snapshot";
    case Shape::Claim:
      return "claim";
    case Shape::Scratch:
      return "scratch";
    case Shape::Config:
      return "config";
    case Shape::Secret:
      return "secret";
    case Shape::Outside:
      return "outside";
    case Shape::Workload:
      return "workload";
  }
  return {};
}

std::string_view word(Flow flow) {
  switch (flow) {
    case Flow::Read:
      return "read";
    case Flow::Write:
      return "write";
    case Flow::Checkpoint:
      return "checkpoint";
    case Flow::Scratch:
      return "scratch";
    case Flow::Environment:
      return "env";
    case Flow::Supply:
      return "supply";
  }
  return {};
}

namespace {

std::string_view textOf(const Node* node) {
  return node && node->kind == NodeKind::String ? node->text() : std::string_view{};
}

std::string count(std::int64_t number, std::string_view one) {
  return fmt::format("{} {}{}", number, one, number == 1 ? "" : "s");
}

/// "10m", "2h", "90s".
std::string duration(std::int64_t ms) {
  if (ms % 3'600'000 == 0) return fmt::format("{}h", ms / 3'600'000);
  if (ms % 60'000 == 0) return fmt::format("{}m", ms / 60'000);
  return ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}ms", ms);
}

class GraphBuilder {
 public:
  explicit GraphBuilder(const Stack& stack)
      : stack_(stack), symbols_(*stack.symbols), nodeOf_(stack.objects.size(), kNone) {}

  Graph build() {
    graph_.title = std::string(symbols_.text(stack_.name));
    for (ObjectId id = 0; id < stack_.objects.size(); ++id) addObject(id);
    for (const auto& edge : stack_.edges) addEdge(edge);
    finishLabels();
    return std::move(graph_);
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  [[nodiscard]] const Node* at(const Node* from, std::string_view path) const {
    return findPath(from, path, symbols_);
  }

  // --- nodes
  [[nodiscard]] static bool isDrawn(const Object& object) {
    switch (object.role) {
      case Role::Class:
      case Role::Volume:
      case Role::Claim:
      case Role::Snapshot:
      case Role::Workload:
        return true;
      case Role::Config:
      case Role::Secret:  // only where work uses them
      case Role::Other:
      case Role::SnapshotClass:
      case Role::Namespace:
      case Role::Service:
      case Role::Account:
        return false;
    }
    return false;
  }
  static Shape shapeOf(Role role) {
    switch (role) {
      case Role::Class:
      case Role::SnapshotClass:
        return Shape::Class;
      case Role::Volume:
        return Shape::Volume;
      case Role::Claim:
        return Shape::Claim;
      case Role::Snapshot:
        return Shape::Snapshot;
      case Role::Config:
        return Shape::Config;
      case Role::Secret:
        return Shape::Secret;
      case Role::Workload:
        return Shape::Workload;
      case Role::Other:
      case Role::Namespace:
      case Role::Service:
      case Role::Account:
        break;
    }
    return Shape::Outside;
  }

  void addObject(ObjectId id) {
    const auto& object = stack_.objects[id];
    if (!isDrawn(object)) return;
    // A class that a profile brings in but nothing uses only makes noise.
    if (object.external && object.role == Role::Class) return;
    nodeFor(id);
  }

  std::size_t nodeFor(ObjectId id) {
    auto& index = nodeOf_[id];
    if (index != kNone) return index;
    const auto& object = stack_.objects[id];
    index = graph_.nodes.size();
    auto& node = graph_.nodes.emplace_back();
    node.shape = shapeOf(object.role);
    node.external = object.external;
    node.title = std::string(symbols_.text(object.name));
    if (object.nameSpace && object.nameSpace != stack_.nameSpace) node.title = fmt::format("{}/{}", symbols_.text(object.nameSpace), node.title);
    describe(object, node.lines);
    return index;
  }

  /// A node for what no object stands for: undeclared names, scratch, claim templates.
  std::size_t nodeNamed(Shape shape, const std::string& key, std::string_view title, bool external,
                        std::vector<std::string> lines) {
    const auto [found, isNew] = named_.try_emplace({shape, key}, graph_.nodes.size());
    if (isNew) graph_.nodes.push_back({shape, external, std::string(title), std::move(lines)});
    return found->second;
  }

  void describe(const Object& object, std::vector<std::string>& lines) const {
    switch (object.role) {
      case Role::Class:
        return describeClass(object, lines);
      case Role::Volume:
      case Role::Claim:
        return describeState(object, lines);
      case Role::Workload:
        return describeWork(object, lines);
      case Role::Config:
      case Role::Secret: {
        const auto keys = Children(at(object.root, "data")).size() +
                          Children(at(object.root, "binaryData")).size() +
                          Children(at(object.root, "stringData")).size();
        if (keys) lines.push_back(count(keys, "key"));
        break;
      }
      case Role::Snapshot:
        lines.emplace_back("a copy at one moment");
        break;
      case Role::SnapshotClass:
      case Role::Other:
      case Role::Namespace:
      case Role::Service:
      case Role::Account:
        break;
    }
    if (object.external) lines.emplace_back("exists already");
  }

  void describeClass(const Object& object, std::vector<std::string>& lines) const {
    auto provisioner = textOf(at(object.root, "provisioner"));
    if (provisioner.empty() && object.facts) provisioner = object.facts->provisioner;
    if (!provisioner.empty()) lines.emplace_back(provisioner);
    if (object.external) lines.emplace_back("exists already");
  }

  void describeState(const Object& object, std::vector<std::string>& lines) const {
    const bool claim = object.role == Role::Claim;
    auto what = std::string(textOf(
        at(object.root, claim ? "spec.resources.requests.storage" : "spec.capacity.storage")));
    for (const auto& mode : Children(at(object.root, "spec.accessModes"))) {
      if (textOf(&mode).empty()) continue;
      if (!what.empty()) what += " · ";
      what += textOf(&mode);
    }
    if (!what.empty()) lines.push_back(std::move(what));
    lines.push_back(claim ? claimLifetime(object) : volumeLifetime(object));
  }

  [[nodiscard]] std::string claimLifetime(const Object& claim) const {
    if (claim.external) return "exists already";
    if (claim.isProtected) return "outlives the pods, protected";
    const auto reclaim = reclaimOf(claim);
    if (reclaim == "Delete") return "outlives the pods, data goes with the claim";
    if (reclaim == "Retain") return "outlives the pods, data outlives the claim";
    return "outlives the pods";
  }

  [[nodiscard]] std::string volumeLifetime(const Object& volume) const {
    if (volume.external) return "exists already";
    return textOf(at(volume.root, "spec.persistentVolumeReclaimPolicy")) == "Delete"
               ? "data goes with the claim"
               : "data outlives the claim";
  }

  [[nodiscard]] std::string_view reclaimOf(const Object& claim) const {
    const auto name = textOf(at(claim.root, "spec.storageClassName"));
    const auto found = reclaims_.find(name);
    if (found != reclaims_.end()) return found->second;
    std::string_view reclaim;
    for (const auto& object : stack_.objects) {
      if (object.role != Role::Class || symbols_.text(object.name) != name) continue;
      reclaim = textOf(at(object.root, "reclaimPolicy"));
      if (reclaim.empty() && object.facts) reclaim = object.facts->reclaim;
      if (reclaim.empty() && !object.external) reclaim = "Delete";
    }
    reclaims_.emplace(name, reclaim);
    return reclaim;
  }

  void describeWork(const Object& object, std::vector<std::string>& lines) const {
    const auto pods = podTemplates(object, symbols_);
    std::int64_t replicas = 0;
    bool everyNode = false;
    for (const auto& one : pods) {
      replicas += one.replicas;
      everyNode = everyNode || one.onePerNode;
    }
    auto line = std::string(symbols_.text(object.kind));
    if (everyNode)
      line += " · one pod a node";
    else if (replicas != 1 || symbols_.text(object.kind) != "Pod")
      line += " · " + count(replicas, "pod");
    if (pods.empty()) line = std::string(symbols_.text(object.kind));
    lines.push_back(std::move(line));
    if (object.external) lines.emplace_back("exists already");
  }

  // --- edges
  void addEdge(const Edge& edge) {
    switch (edge.kind) {
      case EdgeKind::Provides:
        return supply(giver(edge), edge.to, edge);
      case EdgeKind::Binds: {
        // Between a claim and its volume, whichever of the two says so.
        const bool fromClaim = stack_.objects[edge.from].role == Role::Claim;
        const auto other = target(edge);
        const auto self = nodeFor(edge.from);
        return connect(Flow::Supply, fromClaim ? other : self, fromClaim ? self : other, "binds");
      }
      case EdgeKind::RestoresFrom:
        return connect(Flow::Supply, target(edge), nodeFor(edge.from), "restores");
      case EdgeKind::Snapshots:
        return connect(Flow::Supply, target(edge), nodeFor(edge.from), "is copied");
      case EdgeKind::Mounts:
        return mount(edge);
      case EdgeKind::References:
        if (edge.toRole != Role::Config && edge.toRole != Role::Secret) return;
        if (stack_.objects[edge.from].role != Role::Workload || !edge.container) return;
        return connect(Flow::Environment, target(edge), nodeFor(edge.from),
                       edge.path.empty() ? "all keys" : edge.path);
      case EdgeKind::Selects:
      case EdgeKind::Owns:
        return;
    }
  }

  std::size_t classNode(std::string_view name) {
    if (classes_.empty()) {
      for (ObjectId id = 0; id < stack_.objects.size(); ++id) {
        if (stack_.objects[id].role == Role::Class)
          classes_.emplace(symbols_.text(stack_.objects[id].name), id);
      }
    }
    const auto found = classes_.find(name);
    if (found != classes_.end()) return nodeFor(found->second);
    return nodeNamed(Shape::Class, std::string(name), name, true, {"not in this stack"});
  }
  std::size_t giver(const Edge& edge) {
    return edge.from != kNoObject ? nodeFor(edge.from) : classNode(symbols_.text(edge.name));
  }
  void supply(std::size_t from, ObjectId to, const Edge& edge) {
    const auto role = stack_.objects[to].role;
    if (role != Role::Claim && role != Role::Volume) return;
    // A bound claim has its class from the volume: one line is enough.
    if (role == Role::Claim && at(stack_.objects[to].root, "spec.volumeName") &&
        edge.from == kNoObject)
      return;
    connect(Flow::Supply, from, nodeFor(to), "");
  }

  std::size_t target(const Edge& edge) {
    if (edge.to != kNoObject) return nodeFor(edge.to);
    const auto name = symbols_.text(edge.name);
    const auto nameSpace = edge.from == kNoObject ? std::string_view{} : symbols_.text(stack_.objects[edge.from].nameSpace);   // where it is looked for
    return nodeNamed(shapeOf(edge.toRole), fmt::format("{}/{}", nameSpace, name), name, true, {"not in this stack"});
  }

  /// What a mount leads to, with nodes of its own for what lives and dies with the workload.
  std::size_t mountTarget(const Edge& edge) {
    if (edge.to != kNoObject) return nodeFor(edge.to);
    const auto& owner = stack_.objects[edge.from];
    const auto key = fmt::format("{} {}", edge.from, edge.volumeName.id);
    if (edge.intent == Intent::Scratch ||
        (edge.toRole == Role::Other && edge.name == edge.volumeName)) {
      const auto* volume = podVolume(owner, symbols_.text(edge.volumeName));
      if (const auto* scratch = at(volume, "emptyDir"))
        return nodeNamed(Shape::Scratch, key, symbols_.text(edge.volumeName), false,
                         scratchLines(*scratch));
      if (at(volume, "ephemeral"))
        return nodeNamed(Shape::Claim, key, symbols_.text(edge.volumeName), false,
                         {"one a pod", "dies with the pod"});
      if (edge.toRole == Role::Other)
        return nodeNamed(Shape::Outside, key, symbols_.text(edge.volumeName), true,
                         outsideLines(volume));
    }
    if (const auto* claim = claimTemplate(owner, edge)) {
      const auto node = nodeNamed(Shape::Claim, key, symbols_.text(edge.volumeName), false,
                                  templateLines(owner, *claim));
      const auto className = textOf(at(claim, "spec.storageClassName"));
      if (!className.empty()) connect(Flow::Supply, classNode(className), node, "");
      return node;
    }
    return target(edge);
  }

  [[nodiscard]] const Node* podVolume(const Object& owner, std::string_view name) const {
    for (const auto& pods : podTemplates(owner, symbols_)) {
      for (const auto& volume : Children(at(pods.spec, "volumes"))) {
        if (textOf(at(&volume, "name")) == name) return &volume;
      }
    }
    return nullptr;
  }

  [[nodiscard]] static std::vector<std::string> scratchLines(std::string_view medium,
                                                             std::string_view limit) {
    auto line = medium == "Memory" ? std::string("memory") : std::string("node disk");
    if (!limit.empty()) line = fmt::format("{} · {}", limit, line);
    return {line, "dies with the pod"};
  }
  [[nodiscard]] std::vector<std::string> scratchLines(const Node& emptyDir) const {
    return scratchLines(textOf(at(&emptyDir, "medium")), textOf(at(&emptyDir, "sizeLimit")));
  }

  [[nodiscard]] std::vector<std::string> outsideLines(const Node* volume) const {
    std::vector<std::string> lines;
    for (const auto& child : Children(volume)) {
      const auto key = symbols_.text(child.key);
      if (key == "name") continue;
      lines.emplace_back(key);
      for (const std::string_view field : {"path", "server", "driver"}) {
        if (const auto text = textOf(at(&child, field)); !text.empty())
          lines.back() += fmt::format(" {}", text);
      }
    }
    return lines;
  }

  [[nodiscard]] const Node* claimTemplate(const Object& owner, const Edge& edge) const {
    const auto named = [&](const Node* list) -> const Node* {
      for (const auto& claim : Children(list)) {
        if (textOf(at(&claim, "metadata.name")) == symbols_.text(edge.volumeName)) return &claim;
      }
      return nullptr;
    };
    if (const auto* claim = named(at(owner.root, "spec.volumeClaimTemplates"))) return claim;
    for (const auto& policy : Children(at(owner.root, "spec.volumeClaimPolicies"))) {
      if (const auto* claim = named(at(&policy, "templates"))) return claim;
    }
    return nullptr;
  }

  [[nodiscard]] std::vector<std::string> templateLines(const Object& owner,
                                                       const Node& claim) const {
    std::vector<std::string> lines;
    auto what = std::string(textOf(at(&claim, "spec.resources.requests.storage")));
    for (const auto& mode : Children(at(&claim, "spec.accessModes")))
      what += fmt::format("{}{}", what.empty() ? "" : " · ", textOf(&mode));
    if (!what.empty()) lines.push_back(std::move(what));
    const bool perPod = symbols_.text(owner.kind) == "StatefulSet";
    const bool deleted =
        perPod ? textOf(at(owner.root, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted")) ==
                     "Delete"
               : true;  // a JobSet deletes them unless told to retain
    lines.push_back(fmt::format("{}, {}", perPod ? "one a pod" : "one a JobSet",
                                deleted ? "deleted with the set" : "kept when the set goes"));
    return lines;
  }

  void mount(const Edge& edge) {
    if (edge.path.empty()) return;  // listed, mounted nowhere
    const auto state = mountTarget(edge);
    auto flow = edge.readOnly ? Flow::Read : Flow::Write;
    if (edge.intent == Intent::Read) flow = Flow::Read;
    if (edge.intent == Intent::Checkpoint) flow = Flow::Checkpoint;
    if (graph_.nodes[state].shape == Shape::Scratch) flow = Flow::Scratch;
    auto label = std::string(edge.path);
    if (edge.contract && edge.contract->everyMs)
      label += fmt::format(" every {}", duration(*edge.contract->everyMs));
    if (edge.contract && edge.contract->keep)
      label += fmt::format(" keep {}", *edge.contract->keep);
    connect(flow, state, nodeFor(edge.from), label);
  }

  /// Adds to the edge of the same ends and flow: containers that share a mount make one line.
  void connect(Flow flow, std::size_t state, std::size_t work, std::string_view label) {
    const auto [found, isNew] = edgeOf_.try_emplace({flow, state, work}, graph_.edges.size());
    if (isNew) {
      graph_.edges.push_back({flow, state, work, {}});
      labels_.emplace_back();
    }
    auto& labels = labels_[found->second];
    for (const auto& known : labels) {
      if (known == label) return;
    }
    labels.emplace_back(label);
  }

  void finishLabels() {
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) {
      auto& edge = graph_.edges[i];
      const auto& labels = labels_[i];
      const bool few = labels.size() <= 2;
      if (edge.flow == Flow::Supply) {
        edge.label = labels.front();
      } else if (edge.flow == Flow::Environment) {
        edge.label = labels.size() == 1 ? fmt::format("env {}", labels.front())
                                        : fmt::format("env, {} names", labels.size());
      } else if (few) {
        edge.label = fmt::format("{} {}", word(edge.flow), fmt::join(labels, ", "));
      } else {
        edge.label =
            fmt::format("{} {} and {} more", word(edge.flow), labels.front(), labels.size() - 1);
      }
    }
  }

  const Stack& stack_;
  const base::SymbolTable& symbols_;
  Graph graph_;
  std::vector<std::size_t> nodeOf_;
  std::map<std::pair<Shape, std::string>, std::size_t> named_;
  std::map<std::tuple<Flow, std::size_t, std::size_t>, std::size_t> edgeOf_;
  std::vector<std::vector<std::string>> labels_;
  std::map<std::string_view, ObjectId> classes_;
  mutable std::map<std::string_view, std::string_view> reclaims_;
};

}  // namespace

Graph graphOf(const Stack& stack) {
  return GraphBuilder(stack).build();
}

}  // namespace mlstack::ir
