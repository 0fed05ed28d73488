// Pods that no node can be right for by their own words, and claims of pods that are somebody else's.

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "storage/binding.h"
#include "storage/placement.h"

namespace mlstack::storage {

namespace {

/// Labels that kubelets set, with every value that they have (Go's names of platforms:
/// https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-arch).
struct NodeLabel {
  std::string_view key;
  std::string_view values;
};
constexpr std::array<NodeLabel, 4> kLabels{{
    {"kubernetes.io/arch", " amd64 arm64 arm 386 ppc64le ppc64 s390x riscv64 loong64 mips64le "},
    {"beta.kubernetes.io/arch", " amd64 arm64 arm 386 ppc64le ppc64 s390x riscv64 loong64 mips64le "},
    {"kubernetes.io/os", " linux windows "},
    {"beta.kubernetes.io/os", " linux windows "},
}};

std::string_view meantBy(std::string_view value) {
  if (value == "x86_64" || value == "x86-64" || value == "x64" || value == "AMD64" || value == "x86") return "amd64";
  if (value == "aarch64" || value == "ARM64" || value == "armv8" || value == "arm64v8") return "arm64";
  if (value == "Linux" || value == "ubuntu") return "linux";
  if (value == "Windows") return "windows";
  return {};
}

bool isFilledIn(std::string_view value) { return value.find_first_of("$<{") != std::string_view::npos; }

/// MLS3038 of a value that its label never has.
bool unknownValue(Context& context, const Pods& pods, const Condition& condition) {
  if (condition.kind != Condition::Kind::In || condition.values.empty()) return false;
  const auto* row = std::find_if(kLabels.begin(), kLabels.end(), [&](const NodeLabel& one) { return one.key == condition.key; });
  if (row == kLabels.end()) return false;
  for (const auto value : condition.values)
    if (isFilledIn(value) || row->values.find(fmt::format(" {} ", value)) != std::string_view::npos) return false;
  const auto* at = condition.node;
  const auto* values = context.keys.at<"values">(at);
  const auto* one = values && values->kind == ir::NodeKind::List && values->length > 0 ? &*ir::Children(values).begin() : at;
  auto d = diag::make<Code::NoNodeHas>(one->span, context.nameOf(*pods.workload), fmt::format("{}: {}", condition.key, valuesText(condition)), "kubelets write no such value, and its pods would stay Pending");
  if (const auto meant = meantBy(condition.values.front()); !meant.empty()) {
    d.help = fmt::format("write `{}`", meant);
    d.fixes.push_back({fmt::format("Write `{}`", meant), {{one->span, std::string(meant)}}});
  }
  context.report(std::move(d), {pods.workload});
  return true;
}

/// MLS3038 of Gt and Lt, which compare whole numbers (apimachinery, pkg/labels/selector.go: NewRequirement).
bool comparesText(Context& context, const Pods& pods, const Condition& condition) {
  const auto* word = context.keys.at<"operator">(condition.node);
  if ((textOf(word) != "Gt" && textOf(word) != "Lt") || condition.values.size() != 1) return false;
  auto value = condition.values.front();
  const auto* values = context.keys.at<"values">(condition.node);
  if (!isText(&*ir::Children(values).begin()) || isFilledIn(value)) return false;
  const auto digits = value.starts_with('-') || value.starts_with('+') ? value.substr(1) : value;
  if (!digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos) return false;
  auto d = diag::make<Code::NoNodeHas>(values->entrySpan(), context.nameOf(*pods.workload), fmt::format("{} {} {}", condition.key, textOf(word), value),
                                       fmt::format("{} compares whole numbers, and its pods would stay Pending", textOf(word)));
  d.help = "compare with a whole number; the label must be one, too";
  context.report(std::move(d), {pods.workload});
  return true;
}

}  // namespace

/// MLS3037, MLS3038: the scheduler wants nodeSelector and the required affinity both
/// (https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity).
void placesOfPod(Context& context, const Pods& pods) {
  if (pods.workload->external || (!context.keys.at<"nodeSelector">(pods.spec) && !context.keys.at<"affinity.nodeAffinity">(pods.spec))) return;
  const auto place = Placement::ofPod(context.keys, *context.stack.symbols, pods.spec);
  for (const auto& term : place.terms)
    for (const auto& condition : term)
      if (unknownValue(context, pods, condition) || comparesText(context, pods, condition)) return;
  const auto conflict = place.contradiction();
  if (!conflict.here) return;
  for (const auto value : conflict.here->values)
    if (isFilledIn(value)) return;
  auto d = diag::make<Code::PlacesContradict>(conflict.there->node->entrySpan(), context.nameOf(*pods.workload), conflict.here->key, valuesText(*conflict.here), valuesText(*conflict.there));
  d.related.push_back({conflict.here->node->entrySpan(), "the other condition"});
  d.help = "all conditions of a term and the nodeSelector must hold at once; for a choice write several values, or several terms";
  context.report(std::move(d), {pods.workload});
}

/// MLS3036: the claim of an ephemeral volume is called after pod and volume, and a claim of that name that is not the pod's own
/// is never taken (https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#persistentvolumeclaim-naming).
void namesOfEphemeral(Context& context) {
  std::unordered_map<std::string, const State*> first;
  for (const auto& state : context.model.states) {
    if (state.kind != StateKind::Ephemeral || context.model.kindOf(*state.object) != "Pod" || state.object->external || state.object->generated) continue;
    const auto claim = fmt::format("{}-{}", context.model.text(state.object->name), state.name);
    const auto* declared = context.model.find(state.object, "PersistentVolumeClaim", claim);
    const auto [at, isNew] = first.emplace(fmt::format("{}/{}", context.model.text(context.model.nameSpaceOf(*state.object)), claim), &state);
    if (!declared && isNew) continue;
    if (declared && declared->observed) continue;   // made for this very pod
    const auto span = state.uses.empty() ? claimSpan(context, state) : state.uses.front().volume->node->span;
    auto d = diag::make<Code::ClaimNameTaken>(span, state.name, context.nameOf(*state.object), claim,
                                              declared ? "which is declared here and is not the pod's" : fmt::format("and so does volume \"{}\" of `{}`", at->second->name, context.nameOf(*at->second->object)));
    d.related.push_back({declared ? declared->span : at->second->object->span, declared ? "the claim" : "the other pod"});
    d.help = "call the volume something else";
    context.report(std::move(d), {state.object, declared ? declared : at->second->object});
  }
}

}  // namespace mlstack::storage
