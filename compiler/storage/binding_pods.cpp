// Pods and the claims that they name.

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "storage/binding.h"

namespace mlstack::storage {

namespace {

/// The claims at hand by name, whatever their namespace, and those that sets make: `TEMPLATE-SET`.
struct ClaimNames {
  std::unordered_map<std::string_view, std::vector<const State*>> declared;
  std::unordered_set<std::string> made;
  std::vector<std::string_view> all;

  explicit ClaimNames(const Model& model) {
    for (const auto& state : model.states) {
      if (state.kind == StateKind::Claim) {
        if (declared[state.name].empty()) all.push_back(state.name);
        declared[state.name].push_back(&state);
      } else if (state.kind == StateKind::Template) {
        made.insert(fmt::format("{}-{}", state.name, model.text(state.object->name)));
      } else {
        made.insert(fmt::format("{}-{}", model.text(state.object->name), state.name));
      }
    }
  }

  /// `data-db-0` of the template `data` of the set `db`.
  bool makes(std::string_view name) const {
    const auto dash = name.rfind('-');
    return made.contains(std::string(name)) || (dash != std::string_view::npos && made.contains(std::string(name.substr(0, dash))));
  }
};

/// Resources whose controllers make a claim of their own name.
bool isMadeByOther(const Context& context, const Pods& pods, std::string_view name) {
  for (const auto kind : {"DataVolume", "Dataset", "VolumeClone", "LocalPVC", "Workspace"})
    if (context.model.find(pods.workload, kind, name)) return true;
  return false;
}

base::Span spanOfName(const Context& context, const Volume& volume) {
  const auto* at = context.keys.at<"claimName">(volume.source);
  return at ? at->span : volume.node->span;
}

/// MLS3030: a claim is mounted from its own namespace only; a pod's volume has no field for another.
void claimElsewhere(Context& context, const Pods& pods, const Volume& volume, const State& there) {
  const auto& model = context.model;
  const auto here = model.text(model.nameSpaceOf(*pods.workload));
  const auto space = model.text(model.nameSpaceOf(*there.object));
  auto d = diag::make<Code::ClaimElsewhere>(spanOfName(context, volume), context.nameOf(*pods.workload), here, volume.refers, space);
  const bool bothWritten = context.keys.at<"metadata.namespace">(pods.workload->root) && context.keys.at<"metadata.namespace">(there.root);
  if (!bothWritten && !model.knowsAll("PersistentVolumeClaim")) d.severity = diag::Severity::Warning;
  d.related.push_back({there.object->span, fmt::format("the claim, in namespace `{}`", space)});
  context.report(std::move(d), {pods.workload, there.object});
}

/// MLS3029: the scheduler looks every claim of `spec.volumes` up, mounted or not; the API server none of them
/// (pkg/scheduler/framework/plugins/volumebinding/volume_binding.go#PreFilter).
void claimNotDeclared(Context& context, const Pods& pods, const Volume& volume, const ClaimNames& names) {
  auto d = diag::make<Code::ClaimNotDeclared>(spanOfName(context, volume), context.nameOf(*pods.workload), volume.refers);
  const auto meant = diag::nearest(volume.refers, names.all);
  if (!meant.empty()) {
    d.severity = diag::Severity::Warning;
    d.help = fmt::format("did you mean `{}`?", meant);
    if (const auto* at = context.keys.at<"claimName">(volume.source)) d.fixes.push_back({fmt::format("Name the claim `{}`", meant), {{at->span, std::string(meant)}}});
  }
  if (context.model.knowsAll("PersistentVolumeClaim")) d.severity = diag::Severity::Error;
  context.report(std::move(d), {pods.workload});
}

}  // namespace

void claimsOfAllPods(Context& context) {
  std::optional<ClaimNames> names;
  std::unordered_set<std::string> told;
  for (const auto& pods : context.model.pods) {
    for (const auto& volume : context.model.volumesOf(pods)) {
      if (volume.kind != VolumeKind::Claim || volume.object != ir::kNoObject || volume.refers.empty()) continue;
      if (!names) names.emplace(context.model);
      if (names->makes(volume.refers) || isMadeByOther(context, pods, volume.refers)) continue;
      const auto space = context.model.text(context.model.nameSpaceOf(*pods.workload));
      if (!told.insert(fmt::format("{}/{}", space, volume.refers)).second) continue;
      const auto there = names->declared.find(volume.refers);
      if (there != names->declared.end()) claimElsewhere(context, pods, volume, *there->second.front());
      else claimNotDeclared(context, pods, volume, *names);
    }
  }
}

/// MLS3032: nodeName places a pod without the scheduler, which alone binds the claims of such classes.
/// https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
void pastTheScheduler(Context& context, const Pods& pods) {
  const auto* node = context.keys.at<"nodeName">(pods.spec);
  if (!isText(node)) return;
  for (const auto& volume : context.model.volumesOf(pods)) {
    if (!volume.state || volume.state->object->external) continue;
    const auto& state = *volume.state;
    if (context.model.bindingOf(state).outcome != Outcome::Waits) continue;
    const auto* object = classOf(context.model, state);
    if (!object) continue;
    auto d = diag::make<Code::PastTheScheduler>(node->entrySpan(), context.nameOf(*pods.workload), claimName(context, state), context.nameOf(*object));
    d.related.push_back({claimSpan(context, state), "the claim"});
    d.help = fmt::format("write `nodeSelector: {{kubernetes.io/hostname: {}}}` instead", node->text());
    context.report(std::move(d), {pods.workload, state.object, object});
  }
}

}  // namespace mlstack::storage
