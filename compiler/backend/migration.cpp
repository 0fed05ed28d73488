// The steps of a change that the cluster cannot make: moving bytes to another claim, volume or snapshot.

#include <algorithm>

#include <fmt/format.h>

#include "backend/decide.h"

namespace mlstack::backend {

namespace {

using ir::Node;
using ir::NodeKind;

std::string firstOf(const Node* tree, std::string_view path, const base::SymbolTable& symbols) {
  for (const auto& one : ir::Children(ir::findPath(tree, path, symbols)))
    if (one.kind == NodeKind::String) return std::string(one.text());
  return {};
}

class Steps {
 public:
  Steps(const Draft& draft, const Circumstances& around) : draft_(draft), around_(around), symbols_(around.api.symbols()), ref_(draft.step.object) {}

  Migration run() {
    Migration migration;
    migration.object = ref_;
    if (ref_.kind == "PersistentVolumeClaim") return claim(std::move(migration));
    if (ref_.kind == "PersistentVolume") return volume(std::move(migration));
    migration.what = fmt::format("{} `{}` cannot change; another one beside it can", ref_.kind, ref_.name);
    migration.steps = {fmt::format("declare the changed one under another name, `{}`, and keep `{}` beside it", other(), ref_.name),
                       fmt::format("let what names `{}` name `{}`, and apply", ref_.name, other()),
                       fmt::format("take `{}` out of the stack once nothing needs it: it stays in the cluster until `--allow-data-loss` names it", ref_.name)};
    return migration;
  }

 private:
  /// What the stack itself declares is changed there: a change by kubectl would be a conflict of the next apply.
  bool declares(std::string_view kind, std::string_view name) const {
    return std::any_of(around_.stack.objects.begin(), around_.stack.objects.end(), [&](const ir::Object& object) {
      return !object.external && symbols_.text(object.kind) == kind && symbols_.text(object.name) == name;
    });
  }

  std::string other() const { return ref_.name + "-2"; }
  std::string in() const { return fmt::format("kubectl -n {}", ref_.nameSpace); }

  const FieldChange* changeAt(std::string_view path) const {
    const auto& changes = draft_.step.changes;
    const auto found = std::find_if(changes.begin(), changes.end(), [&](const FieldChange& change) { return change.path.starts_with(path); });
    return found == changes.end() ? nullptr : &*found;
  }

  Migration claim(Migration migration) const {
    const auto& live = *draft_.live;
    const auto wanted = draft_.desired ? draft_.desired : draft_.object->root;
    const auto storageClass = textCopyAt(wanted, "spec.storageClassName", symbols_);
    const auto size = textCopyAt(wanted, "spec.resources.requests.storage", symbols_);
    const auto access = firstOf(wanted, "spec.accessModes", symbols_);
    migration.what = what();
    declare(migration, storageClass, size, access);
    const auto policy = volumeOf(live);
    if (!policy.empty() && declares("PersistentVolume", policy)) {
      migration.steps.push_back(fmt::format("say `reclaim = Retain` of volume `{}`, and apply, so that no slip deletes the old bytes", policy));
    } else if (!policy.empty()) migration.steps.push_back(fmt::format("kubectl patch pv {} -p '{{\"spec\":{{\"persistentVolumeReclaimPolicy\":\"Retain\"}}}}', so that no slip deletes the old bytes", policy));
    snapshot(migration);
    stop(migration);
    copy(migration);
    migration.steps.push_back(fmt::format("mount `{}` where `{}` is mounted now, let what was stopped run again, and apply", other(), ref_.name));
    migration.steps.push_back(fmt::format("take `{}` out of the stack and apply: it stays in the cluster; once it may go, `mlstackc apply --allow-data-loss claim/{}` before that, or `{} delete pvc {}` after", ref_.name, ref_.name, in(), ref_.name));
    return migration;
  }

  std::string what() const {
    if (const auto* change = changeAt(".spec.storageClassName")) return fmt::format("claim `{}` moves from class `{}` to `{}`", ref_.name, change->before, change->after);
    if (const auto* change = changeAt(".spec.accessModes")) return fmt::format("claim `{}` goes from access {} to {}", ref_.name, change->before, change->after);
    if (const auto* change = changeAt(".spec.volumeMode")) return fmt::format("claim `{}` goes from mode {} to {}", ref_.name, change->before, change->after);
    if (const auto* change = changeAt(".spec.volumeName")) {
      return change->after.empty() ? fmt::format("claim `{}` no longer names its volume `{}`", ref_.name, change->before) : fmt::format("claim `{}` moves from volume `{}` to `{}`", ref_.name, change->before, change->after);
    }
    if (const auto* change = changeAt(".spec.resources")) return fmt::format("claim `{}` goes from {} to {}", ref_.name, change->before, change->after);
    return fmt::format("claim `{}` becomes another claim", ref_.name);
  }

  /// As the source is written: in the language, or as a manifest.
  void declare(Migration& migration, const std::string& storageClass, const std::string& size, const std::string& access) const {
    // A volume has one claim: the new one needs one of its own.
    auto volume = textCopyAt(draft_.desired, "spec.volumeName", symbols_);
    if (!volume.empty() && volume == textCopyAt(draft_.live, "spec.volumeName", symbols_)) {
      volume += "-2";
      migration.steps.push_back(fmt::format("declare a second volume `{}` beside the first, with a place of its own for the bytes", volume));
    }
    if (draft_.object->manifest) {
      migration.steps.push_back(fmt::format("write a second claim `{}` beside it, with the changed fields (class `{}`, {}, {}); leave `{}` as it was; apply", other(), storageClass, size, access, ref_.name));
      return;
    }
    std::string line = fmt::format("claim {} {{", other());
    if (!volume.empty()) line += fmt::format(" volume = {} ", volume);
    else if (!storageClass.empty()) line += fmt::format(" class = \"{}\" ", storageClass);
    if (!size.empty()) line += fmt::format(" size = {} ", size);
    if (!access.empty()) line += fmt::format(" access = {} ", access);
    migration.steps.push_back(fmt::format("beside it, declare `{}}}`; leave `{}` as it was; apply", line, ref_.name));
  }

  /// The volume's name when it would go with its claim.
  std::string volumeOf(const Node& live) const {
    const auto name = textCopyAt(&live, "spec.volumeName", symbols_);
    if (name.empty()) return {};
    const auto& found = around_.facts.volume(name);
    return found.there() && textCopyAt(found.node, "spec.persistentVolumeReclaimPolicy", symbols_) != "Retain" ? name : std::string{};
  }

  void snapshot(Migration& migration) const {
    if (!around_.facts.serves("snapshot.storage.k8s.io", "VolumeSnapshot")) return;
    migration.steps.push_back(fmt::format(
        "take a snapshot as a way back: echo '{{\"apiVersion\":\"snapshot.storage.k8s.io/v1\",\"kind\":\"VolumeSnapshot\",\"metadata\":{{\"name\":\"{0}-before\"}},\"spec\":{{\"source\":{{\"persistentVolumeClaimName\":\"{0}\"}}}}}}' | {1} apply -f -", ref_.name, in()));
  }

  /// Who uses it now must not write while it is copied.
  void stop(Migration& migration) const {
    std::set<std::string> lines;
    const auto& pods = around_.facts.pods(ref_.nameSpace);
    for (const auto& pod : pods.all) {
      if (std::find(pod.claims.begin(), pod.claims.end(), ref_.name) == pod.claims.end() || pod.phase == "Succeeded" || pod.phase == "Failed") continue;
      const auto owner = std::find_if(pod.owners.begin(), pod.owners.end(), [](const Owner& one) { return one.controller; });
      if (owner == pod.owners.end()) lines.insert(fmt::format("{} delete pod {}", in(), pod.name));
      else if (owner->kind == "StatefulSet" && declares("StatefulSet", owner->name)) lines.insert(fmt::format("say `replicas = 0` of StatefulSet `{}` and apply", owner->name));
      else if (owner->kind == "ReplicaSet" && declares("Deployment", owner->name.substr(0, owner->name.rfind('-')))) lines.insert(fmt::format("say `replicas = 0` of Deployment `{}` and apply", owner->name.substr(0, owner->name.rfind('-'))));
      else if (owner->kind == "Job" && declares("Job", owner->name)) lines.insert(fmt::format("say `suspend = true` of Job `{}` and apply", owner->name));
      else if (owner->kind == "StatefulSet") lines.insert(fmt::format("{} scale statefulset {} --replicas=0", in(), owner->name));
      else if (owner->kind == "ReplicaSet") lines.insert(fmt::format("{} scale deployment {} --replicas=0", in(), owner->name.substr(0, owner->name.rfind('-'))));
      else if (owner->kind == "Job") lines.insert(fmt::format("{} patch job {} -p '{{\"spec\":{{\"suspend\":true}}}}'", in(), owner->name));
      else lines.insert(fmt::format("stop {}/{}, whose pod `{}` uses it", owner->kind, owner->name, pod.name));
    }
    for (const auto& line : lines) migration.steps.push_back(line);
    if (lines.empty()) migration.steps.push_back(fmt::format("see that nothing writes to it: `{} describe pvc {}` says under \"Used By\" who does", in(), ref_.name));
  }

  void copy(Migration& migration) const {
    const bool block = textCopyAt(draft_.live, "spec.volumeMode", symbols_) == "Block";
    const std::string_view mounts = block ? R"("volumeDevices":[{"name":"from","devicePath":"/from"},{"name":"to","devicePath":"/to"}])"
                                          : R"("volumeMounts":[{"name":"from","mountPath":"/from","readOnly":true},{"name":"to","mountPath":"/to"}])";
    const std::string_view command = block ? R"(["dd","if=/from","of=/to","bs=4M","conv=fsync"])" : R"(["cp","-a","/from/.","/to/"])";
    migration.steps.push_back(fmt::format(
        "{0} run copy-{1} --restart=Never --image=busybox --overrides='{{\"spec\":{{\"volumes\":[{{\"name\":\"from\",\"persistentVolumeClaim\":{{\"claimName\":\"{1}\"}}}},{{\"name\":\"to\",\"persistentVolumeClaim\":{{\"claimName\":\"{2}\"}}}}],"
        "\"containers\":[{{\"name\":\"copy\",\"image\":\"busybox\",\"command\":{3},{4}}}]}}}}'",
        in(), ref_.name, other(), command, mounts));
    migration.steps.push_back(fmt::format("{0} wait pod/copy-{1} --for=jsonpath='{{.status.phase}}'=Succeeded --timeout=24h, then {0} delete pod copy-{1}", in(), ref_.name));
  }

  Migration volume(Migration migration) const {
    const auto claim = textCopyAt(draft_.live, "spec.claimRef.name", symbols_);
    const auto nameSpace = textCopyAt(draft_.live, "spec.claimRef.namespace", symbols_);
    migration.what = fmt::format("volume `{}` would name other bytes", ref_.name);
    migration.steps.push_back(fmt::format("declare the changed volume under another name, `{}`; leave `{}` as it was", other(), ref_.name));
    if (claim.empty()) {
      migration.steps.push_back(fmt::format("apply; take `{}` out of the stack once its bytes may be forgotten", ref_.name));
      return migration;
    }
    migration.steps.push_back(fmt::format("declare a second claim beside `{}/{}` that takes it: `claim {}-2 {{ volume = {} }}`; apply", nameSpace, claim, claim, other()));
    migration.steps.push_back(fmt::format("mount `{}-2` where `{}` is mounted now, and apply; copy first what is needed from the old volume", claim, claim));
    migration.steps.push_back(fmt::format("take claim `{}` and volume `{}` out of the stack: they stay in the cluster until `--allow-data-loss` names them", claim, ref_.name));
    return migration;
  }

  const Draft& draft_;
  const Circumstances& around_;
  const base::SymbolTable& symbols_;
  const ObjectRef& ref_;
};

}  // namespace

Migration migrationOf(const Draft& draft, const Circumstances& around) { return Steps(draft, around).run(); }

}  // namespace mlstack::backend
