// Reading how a stack is doing: its members by the inventory, then the pods, volumes and classes around them.

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "backend/blocking.h"
#include "backend/inventory.h"
#include "backend/status.h"
#include "diag/cluster.h"

namespace mlstack::backend {

using diag::ClusterCode;
using ir::Node;

namespace {

constexpr std::size_t kVolumesSingly = 16;

bool isClaim(const ObjectRef& ref) { return ref.kind == "PersistentVolumeClaim" && ref.apiVersion == "v1"; }

Health worse(Health a, Health b) { return std::max(a, b); }

std::string shortModes(const Node* modes) {
  std::string text;
  for (const Node& mode : ir::Children(modes)) {
    if (mode.kind != ir::NodeKind::String) continue;
    const auto name = mode.text();
    text += fmt::format("{}{}", text.empty() ? "" : ",", name == "ReadWriteOnce" ? "RWO" : name == "ReadWriteMany" ? "RWX" : name == "ReadOnlyMany" ? "ROX" : name == "ReadWriteOncePod" ? "RWOP" : name);
  }
  return text;
}

/// Writers of fields by their office, not by anybody's wish.
bool isController(std::string_view manager) {
  return manager == "kube-controller-manager" || manager == "kube-scheduler" || manager == "kubelet" || manager == "kube-apiserver" || manager == "Go-http-client" || manager.starts_with("csi-") || manager.ends_with("-controller") || manager.ends_with("-operator") || manager.ends_with("-provisioner");
}

/// The leaves of a FieldsV1 tree as paths: `.spec.containers[name="a"].image`. What others note in metadata is theirs.
void fieldPaths(const Node& fields, const std::string& path, std::vector<std::string>& out, const base::SymbolTable& symbols) {
  for (const Node& item : ir::Children(&fields)) {
    const auto key = symbols.text(item.key);
    if (key == "." || key.size() < 2) continue;
    if (path.empty() && (key == "f:metadata" || key == "f:status")) continue;
    std::string step;
    if (key.starts_with("f:")) step = fmt::format(".{}", key.substr(2));
    else if (key.starts_with("k:{")) step = fmt::format("[{}]", key.substr(3, key.size() - 4));
    else step = fmt::format("[{}]", key.substr(2));
    if (key.starts_with("k:{")) {   // {"name":"a"} → name="a"
      std::string plain;
      bool inKey = true;
      for (const char c : step) {
        if (c == ':' && inKey) {
          plain += '=';
          inKey = false;
          continue;
        }
        if (c == ',') inKey = true;
        if (c == '"' && inKey) continue;
        plain += c;
      }
      step = std::move(plain);
    }
    const auto before = out.size();
    fieldPaths(item, path + step, out, symbols);
    if (out.size() == before) out.push_back(path + step);
  }
}

class StatusReader {
 public:
  StatusReader(Api& api, Inventory inventory, diag::Sink& sink) : api_(api), symbols_(api.symbols()), inventory_(std::move(inventory)), sink_(sink) {}

  std::optional<StackStatus> read() {
    out_.stack = inventory_.stack;
    out_.nameSpace = inventory_.nameSpace;
    out_.inventory = inventory_.name;
    out_.setId = inventory_.id();
    out_.origin = inventory_.origin;
    out_.lastApply = inventory_.lastApply;
    out_.appliedBy = inventory_.appliedBy;
    out_.applied = inventory_.members;
    readClasses();
    std::vector<std::string> unknown;
    const auto failure = listMembers(api_, inventory_, [this](const Resource& resource, Node& item, const std::shared_ptr<Document>&) { member(resource, item); }, unknown);
    if (failure.failed()) {
      sink_.add(report(failure, fmt::format("list what `{}` has", inventory_.stack)));
      return std::nullopt;
    }
    for (const auto& kind : unknown) out_.notes.push_back(fmt::format("{} is not served: whether there are any cannot be told", kind));
    if (!claimPrefixes_.empty()) readTemplateClaims();
    readPods();
    readVolumes();
    finishWork();
    std::string holder;
    if (const auto held = readHolder(api_, inventory_.stack, inventory_.nameSpace, holder); held.failed()) note("the lease", held);
    if (!holder.empty()) out_.holder.push_back(holder);
    settle();
    return std::move(out_);
  }

 private:
  struct Work {
    WorkStatus status;
    std::string uid;
    std::vector<std::string> troubles;
    std::string lastEnd;
  };

  void note(std::string_view what, const Failure& failure) { out_.notes.push_back(fmt::format("{} cannot be read: {}", what, failure.message)); }

  void readClasses() {
    const auto* resource = api_.resource("storage.k8s.io/v1", "StorageClass");
    if (resource == nullptr) return;
    ListQuery query;
    query.resource = resource;
    const auto failure = blockingList(api_, query, [&](Node& item, const std::shared_ptr<Document>&) {
      const auto name = std::string(textAt(&item, "metadata.name", symbols_));
      if (textAt(&item, "volumeBindingMode", symbols_) == "WaitForFirstConsumer") lateClasses_.insert(name);
      for (const Node& annotation : ir::Children(ir::findPath(&item, "metadata.annotations", symbols_))) {
        if (symbols_.text(annotation.key) == "storageclass.kubernetes.io/is-default-class" && annotation.kind == ir::NodeKind::String && annotation.text() == "true") defaultClass_ = name;
      }
    });
    classesKnown_ = !failure.failed();
    if (failure.failed()) note("the classes", failure);
  }

  [[nodiscard]] Verdict verdictOf(const Node& object) const {
    JudgeOptions options;
    options.lateClasses = classesKnown_ ? &lateClasses_ : nullptr;
    options.defaultClass = defaultClass_;
    auto verdict = judge(object, symbols_, options);
    if (verdict.vague) verdict.health = Health::Good;
    return verdict;
  }

  void member(const Resource& resource, const Node& item) {
    ++out_.members;
    ObjectRef ref{resource.apiVersion(), resource.kind, std::string(textAt(&item, "metadata.namespace", symbols_)), std::string(textAt(&item, "metadata.name", symbols_))};
    drift(ref, item);
    if (isClaim(ref)) return claim(std::move(ref), item);
    const auto verdict = verdictOf(item);
    const bool custom = resource.group.find('.') != std::string::npos && isWaitedFor(ref.apiVersion, ref.kind) && ref.kind != "VolumeSnapshot" && ref.kind != "CustomResourceDefinition";
    if (!podSpecPath(ref.kind).empty() || custom) return workload(std::move(ref), item, verdict);
    if (verdict.health != Health::Good) out_.others.emplace_back(std::move(ref), verdict.what);
    otherHealth_ = worse(otherHealth_, verdict.health);
  }

  void claim(ObjectRef ref, const Node& item) {
    ClaimStatus claim;
    const auto verdict = verdictOf(item);
    claim.health = verdict.health;
    claim.what = verdict.what;
    claim.phase = textAt(&item, "status.phase", symbols_);
    claim.volume = textAt(&item, "spec.volumeName", symbols_);
    claim.storageClass = textAt(&item, "spec.storageClassName", symbols_);
    claim.modes = shortModes(ir::findPath(&item, "spec.accessModes", symbols_));
    const auto wanted = textAt(&item, "spec.resources.requests.storage", symbols_);
    claim.size = textAt(&item, "status.capacity.storage", symbols_);
    if (claim.size.empty()) claim.size = wanted;
    else if (wanted != claim.size) claim.wanted = wanted;
    claim.object = std::move(ref);
    out_.claims.push_back(std::move(claim));
  }

  void workload(ObjectRef ref, const Node& item, const Verdict& verdict) {
    auto& work = work_.emplace_back();
    auto& status = work.status;
    work.uid = textAt(&item, "metadata.uid", symbols_);
    status.health = verdict.health;
    status.what = verdict.what;
    const auto number = [&](std::string_view path, std::int64_t otherwise) { return numberAt(&item, path, symbols_, otherwise); };
    if (ref.kind == "Deployment" || ref.kind == "ReplicaSet") {
      status.ready = number("status.availableReplicas", 0);
      status.desired = number("spec.replicas", 1);
    } else if (ref.kind == "StatefulSet" || ref.kind == "ReplicationController") {
      status.ready = number("status.readyReplicas", 0);
      status.desired = number("spec.replicas", 1);
    } else if (ref.kind == "DaemonSet") {
      status.ready = number("status.numberAvailable", 0);
      status.desired = number("status.desiredNumberScheduled", 0);
    } else if (ref.kind == "Job") {
      status.ready = number("status.succeeded", 0);
      status.desired = number("spec.completions", 1);
    } else if (ref.kind == "Pod") {
      status.ready = verdict.health == Health::Good ? 1 : 0;
      status.desired = 1;
      pod(item, work);
    }
    if (ref.kind == "StatefulSet") {
      for (const Node& claimTemplate : ir::Children(ir::findPath(&item, "spec.volumeClaimTemplates", symbols_)))
        claimPrefixes_.emplace_back(ref.nameSpace, fmt::format("{}-{}-", textAt(&claimTemplate, "metadata.name", symbols_), ref.name));
    }
    status.object = std::move(ref);
  }

  /// The claims that StatefulSets made by their templates: no members of the stack, but its state.
  void readTemplateClaims() {
    std::set<std::string> nameSpaces;
    for (const auto& prefix : claimPrefixes_) nameSpaces.insert(prefix.first);
    ListQuery query;
    query.resource = api_.resource("v1", "PersistentVolumeClaim");
    for (const auto& nameSpace : nameSpaces) {
      query.nameSpace = nameSpace;
      const auto failure = blockingList(api_, query, [&](Node& item, const std::shared_ptr<Document>&) {
        const auto name = std::string(textAt(&item, "metadata.name", symbols_));
        const bool ours = std::any_of(claimPrefixes_.begin(), claimPrefixes_.end(), [&](const auto& prefix) {
          return prefix.first == nameSpace && name.starts_with(prefix.second) && name.find_first_not_of("0123456789", prefix.second.size()) == std::string::npos;
        });
        const bool known = std::any_of(out_.claims.begin(), out_.claims.end(), [&](const ClaimStatus& each) { return each.object.name == name && each.object.nameSpace == nameSpace; });
        if (ours && !known) claim({"v1", "PersistentVolumeClaim", nameSpace, name}, item);
      });
      if (failure.failed()) note("claims made by StatefulSets", failure);
    }
  }

  void pod(const Node& item, Work& work) {
    work.status.restarts += restartsOf(item, symbols_);
    if (auto end = lastBadEnd(item, symbols_); !end.empty()) work.status.lastReason = std::move(end);
    const auto name = textAt(&item, "metadata.name", symbols_);
    for (auto& trouble : podTroubles(item, symbols_)) {
      if (textAt(&item, "kind", symbols_) == "Pod" && work.status.object.kind != "Pod" && !work.status.object.kind.empty()) trouble.text = fmt::format("pod `{}`: {}", name, trouble.text);
      work.troubles.push_back(std::move(trouble.text));
    }
  }

  void readPods() {
    std::set<std::string> nameSpaces;
    for (const auto& each : out_.claims) nameSpaces.insert(each.object.nameSpace);
    for (const auto& each : work_) {
      if (each.status.object.kind != "Pod" && !each.status.object.nameSpace.empty()) nameSpaces.insert(each.status.object.nameSpace);
    }
    ListQuery query;
    query.resource = api_.resource("v1", "Pod");
    if (query.resource == nullptr) return;
    for (const auto& nameSpace : nameSpaces) {
      query.nameSpace = nameSpace;
      const auto failure = blockingList(api_, query, [&](Node& item, const std::shared_ptr<Document>&) { podSeen(nameSpace, item); });
      if (failure.failed()) note(fmt::format("the pods of `{}`", nameSpace), failure);
    }
  }

  void podSeen(const std::string& nameSpace, const Node& item) {
    const auto name = std::string(textAt(&item, "metadata.name", symbols_));
    const auto phase = textAt(&item, "status.phase", symbols_);
    for (const auto& used : claimsOf(item, symbols_)) {
      for (auto& each : out_.claims) {
        if (each.object.nameSpace == nameSpace && each.object.name == used && phase != "Succeeded" && phase != "Failed") each.usedBy.push_back(name);
      }
    }
    for (const Node& owner : ir::Children(ir::findPath(&item, "metadata.ownerReferences", symbols_))) {
      if (auto* work = ownerOf(nameSpace, owner); work != nullptr) return pod(item, *work);
    }
  }

  /// By uid, else by the name in front: ReplicaSets of a Deployment, Jobs of a CronJob or of a custom resource.
  Work* ownerOf(const std::string& nameSpace, const Node& owner) {
    const auto uid = textAt(&owner, "uid", symbols_);
    const auto name = textAt(&owner, "name", symbols_);
    Work* further = nullptr;
    for (auto& work : work_) {
      const auto& ref = work.status.object;
      if (work.uid == uid) return &work;
      if (ref.nameSpace != nameSpace || ref.kind == "Pod" || !name.starts_with(ref.name + "-")) continue;
      if (further == nullptr || ref.name.size() > further->status.object.name.size()) further = &work;
    }
    return further;
  }

  void readVolumes() {
    std::map<std::string, std::vector<ClaimStatus*>> wanted;
    for (auto& each : out_.claims) {
      if (!each.volume.empty()) wanted[each.volume].push_back(&each);
    }
    const auto* resource = api_.resource("v1", "PersistentVolume");
    if (wanted.empty() || resource == nullptr) return;
    const auto take = [&](const Node& item) {
      const auto at = wanted.find(std::string(textAt(&item, "metadata.name", symbols_)));
      if (at == wanted.end()) return;
      for (auto* each : at->second) each->reclaim = textAt(&item, "spec.persistentVolumeReclaimPolicy", symbols_);
    };
    if (wanted.size() > kVolumesSingly) {
      ListQuery query;
      query.resource = resource;
      const auto failure = blockingList(api_, query, [&](Node& item, const std::shared_ptr<Document>&) { take(item); });
      if (failure.failed()) note("volumes", failure);
      return;
    }
    for (const auto& entry : wanted) {
      const auto answer = blocking(api_, [&](Api::Done done) { api_.get({"v1", "PersistentVolume", {}, entry.first}, std::move(done)); });
      if (answer.ok()) {
        take(*answer.document->root);
      } else if (!answer.failure.notFound()) {
        note("volumes", answer.failure);
        return;
      }
    }
  }

  void drift(const ObjectRef& ref, const Node& item) {
    const auto* entries = ir::findPath(&item, "metadata.managedFields", symbols_);
    std::string_view applied;
    for (const Node& entry : ir::Children(entries)) {
      if (textAt(&entry, "manager", symbols_) == kFieldManager && textAt(&entry, "operation", symbols_) == "Apply") applied = textAt(&entry, "time", symbols_);
    }
    if (applied.empty()) return;
    for (const Node& entry : ir::Children(entries)) {
      const auto manager = textAt(&entry, "manager", symbols_);
      const auto time = textAt(&entry, "time", symbols_);
      if (manager == kFieldManager || isController(manager) || !textAt(&entry, "subresource", symbols_).empty() || time < applied) continue;
      Drift drift{ref, std::string(manager), std::string(time), {}};
      if (const auto* fields = ir::findPath(&entry, "fieldsV1", symbols_)) fieldPaths(*fields, {}, drift.fields, symbols_);
      if (!drift.fields.empty()) out_.drift.push_back(std::move(drift));
    }
  }

  void finishWork() {
    for (auto& work : work_) {
      auto& status = work.status;
      if (status.health != Health::Good && !work.troubles.empty()) status.what += fmt::format("{}{}", status.what.empty() ? "" : "; ", work.troubles.front());
      out_.work.push_back(std::move(status));
    }
  }

  void settle() {
    const auto byName = [](const auto& a, const auto& b) { return a.object < b.object; };
    std::sort(out_.claims.begin(), out_.claims.end(), byName);
    std::sort(out_.work.begin(), out_.work.end(), byName);
    std::sort(out_.others.begin(), out_.others.end());
    std::sort(out_.drift.begin(), out_.drift.end(), byName);
    for (auto& each : out_.claims) std::sort(each.usedBy.begin(), each.usedBy.end());
    out_.health = otherHealth_;
    for (const auto& each : out_.claims) out_.health = worse(out_.health, each.health);
    for (const auto& each : out_.work) out_.health = worse(out_.health, each.health);
    if (out_.applied > out_.members) out_.health = worse(out_.health, Health::Waiting);
  }

  Api& api_;
  base::SymbolTable& symbols_;
  Inventory inventory_;
  diag::Sink& sink_;
  StackStatus out_;
  std::vector<Work> work_;
  std::vector<std::pair<std::string, std::string>> claimPrefixes_;   // namespace, "data-db-"
  Health otherHealth_ = Health::Good;
  std::set<std::string> lateClasses_;
  std::string defaultClass_;
  bool classesKnown_ = false;
};

}  // namespace

std::optional<StackStatus> readStatus(Api& api, std::string_view stack, std::string_view nameSpace, diag::Sink& sink) {
  Inventory inventory;
  if (!findStack(api, stack, nameSpace, inventory, sink)) return std::nullopt;
  return StatusReader(api, std::move(inventory), sink).read();
}

}  // namespace mlstack::backend
