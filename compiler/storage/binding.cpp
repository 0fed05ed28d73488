// Claims and volumes find each other, or never. The rules here put into words what matching.h found.
// Kubernetes: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding

#include "storage/binding.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

namespace mlstack::storage {

std::string_view claimName(const Context& context, const State& state) {
  return state.kind == StateKind::Claim ? context.nameOf(*state.object) : state.name;
}

base::Span claimSpan(const Context& context, const State& state) {
  if (state.kind == StateKind::Claim) return state.object->span;
  if (const auto* name = context.keys.at<"metadata.name">(state.root); name && name->span.known()) return name->span;
  if (state.spec && state.spec->span.known()) return state.spec->entrySpan();
  return state.root ? state.root->span : state.object->span;
}

std::string_view slipOf(std::string_view wrong, const std::vector<std::string_view>& names) {
  const auto meant = std::find_if(names.begin(), names.end(), [&](std::string_view name) { return isSlip(wrong, name); });
  return meant == names.end() ? std::string_view{} : *meant;
}

const ir::Object* classOf(const Model& model, const State& state) {
  if (state.className) return state.classObject;
  return model.matching.defaultClasses.size() == 1 ? model.matching.defaultClasses.front() : nullptr;
}

bool isWhole(const Model& model, const ir::Object& storageClass) {
  return model.keys.at<"provisioner">(storageClass.root) && (!storageClass.external || model.keys.at<"metadata.uid">(storageClass.root));
}

std::string_view bindingModeOf(const Model& model, const ir::Object& storageClass) {
  if (const auto written = model.keys.text<"volumeBindingMode">(storageClass.root); !written.empty()) return written;
  if (storageClass.facts && !storageClass.facts->bindingMode.empty()) return storageClass.facts->bindingMode;
  return isWhole(model, storageClass) ? "Immediate" : std::string_view{};
}

std::string_view provisionerOf(const Model& model, const ir::Object& storageClass) {
  if (const auto written = model.keys.text<"provisioner">(storageClass.root); !written.empty()) return written;
  return storageClass.facts ? storageClass.facts->provisioner : std::string_view{};
}

namespace {

const VolumeRow& rowOf(const Context& context, std::uint32_t volume) { return context.model.matching.volumes[volume]; }

std::string_view volumeName(const Context& context, std::uint32_t volume) { return context.nameOf(*rowOf(context, volume).object); }

/// "100G are 93.13Gi": decimal amounts look like binary ones and are smaller.
std::string unitsHint(const State& state, const VolumeRow& row) {
  const auto held = textOf(row.sizeAt);
  const auto asked = textOf(state.sizeAt);
  if (!row.size || held.empty() || !asked.ends_with('i') || held.ends_with('i')) return {};
  return fmt::format("{} are {:.4g}Gi: write both sizes in the same unit", held, row.size->toDouble() / (1024.0 * 1024 * 1024));
}

void relateVolume(diag::Diagnostic& d, const Context& context, const State& state, const VolumeRow& row, Misfits misfits) {
  const auto relate = [&](const ir::Node* node, std::string text) {
    if (node && node->span.known()) d.related.push_back({node->entrySpan(), std::move(text)});
  };
  const auto name = context.nameOf(*row.object);
  if (misfits & TooSmall) relate(row.sizeAt, fmt::format("what `{}` has", name));
  if (misfits & LacksMode) relate(context.keys.at<"accessModes">(row.spec), fmt::format("what `{}` can do", name));
  if (misfits & OtherVolumeMode) relate(context.keys.at<"volumeMode">(row.spec), fmt::format("the volumeMode of `{}`", name));
  if ((misfits & OtherClass) && row.classAt) relate(row.classAt, fmt::format("the class of `{}`", name));
  if (misfits & NotSelected) relate(row.labels, fmt::format("the labels of `{}`", name));
  if (misfits & Reserved) relate(row.claimRef, fmt::format("the claim that `{}` is for", name));
  if ((misfits & Taken) && row.taker && row.taker != &state) d.related.push_back({claimSpan(context, *row.taker), "the claim that takes it"});
  if (d.related.empty()) d.related.push_back({row.object->span, fmt::format("`{}` is declared here", name)});
}

/// MLS3010: spec.volumeName names a volume that does not satisfy the claim: VolumeMismatch, and Pending.
/// pkg/controller/volume/persistentvolume/pv_controller.go#checkVolumeSatisfyClaim
void refusedVolume(Context& context, const State& state, const Binding& binding) {
  const auto& row = rowOf(context, binding.volume);
  auto d = diag::make<Code::VolumeRefused>(context.keys.at<"volumeName">(state.spec)->span, claimName(context, state), volumeName(context, binding.volume),
                                           misfitText(context.model, state, row, binding.misfits));
  if (binding.outcome == Outcome::Unknown) d.severity = diag::Severity::Warning;   // unless that is the default class
  relateVolume(d, context, state, row, binding.misfits);
  if (binding.alternative != Binding::kNone) d.help = fmt::format("`{}` would do", volumeName(context, binding.alternative));
  else if (binding.misfits & TooSmall) d.help = unitsHint(state, row);
  if ((binding.misfits & Unavailable) && row.claimRef) d.help = "its data is kept: remove `spec.claimRef` from the volume, and it is Available again";
  context.report(std::move(d), {state.object, row.object});
}

/// MLS3020: a volume and a claim that are reserved for each other are bound without a look at their sizes, modes or
/// classes (syncUnboundClaim); the volume's word alone leaves out class and selector (FindMatchingVolume).
void boundUnchecked(Context& context, const State& state, const Binding& binding) {
  const auto& row = rowOf(context, binding.volume);
  const bool known = !state.object->external;
  if (binding.misfits == 0 || !known) return;
  auto d = diag::make<Code::BoundUnchecked>(row.claimRef->span, claimName(context, state), volumeName(context, binding.volume),
                                            misfitText(context.model, state, row, binding.misfits));
  if (!(binding.misfits & ~(OtherClass | NotSelected))) d.severity = diag::Severity::Note;
  d.related.push_back({claimSpan(context, state), "the claim"});
  context.report(std::move(d), {state.object, row.object});
}

/// MLS3018, MLS3019: what binds is not what was meant. Groups of access modes come before size
/// (persistentvolume/index.go#findByClaim).
void largerThanNeeded(Context& context, const State& state, const Binding& binding) {
  const auto& row = rowOf(context, binding.volume);
  if (!state.size || !row.size || binding.named || binding.reserved || state.size->isZero()) return;
  if (binding.smaller != Binding::kNone) {
    const auto& smaller = rowOf(context, binding.smaller);
    auto d = diag::make<Code::FewerModesFirst>(claimSpan(context, state), claimName(context, state), volumeName(context, binding.volume), row.size->text(),
                                               volumeName(context, binding.smaller), smaller.size->text());
    d.related.push_back({row.object->span, fmt::format("it has {} only", modesText(row.modes))});
    d.related.push_back({smaller.object->span, fmt::format("it has {}, and comes later for that", modesText(smaller.modes))});
    d.help = fmt::format("name the volume: `volumeName: {}`", volumeName(context, binding.smaller));
    context.report(std::move(d), {state.object, row.object, smaller.object});
    return;
  }
  constexpr double kMuch = 10;
  if (const auto times = base::ratio(*row.size, *state.size); times && *times >= kMuch) {
    auto d = diag::make<Code::MuchLarger>(claimSpan(context, state), claimName(context, state), state.size->text(), volumeName(context, binding.volume), row.size->text());
    d.related.push_back({row.object->span, "the whole volume is the claim's: no other can use the rest"});
    context.report(std::move(d), {state.object, row.object});
  }
}

/// Whether matching alone decides over the claim: its class makes nothing, or its selector keeps provisioners away.
bool onlyMatching(const State& state, const Binding& binding) {
  return binding.outcome == Outcome::Never && (binding.classStatic || state.spec == nullptr);
}

/// MLS3011, MLS3012: no volume at hand fits, though one nearly does.
void nothingFits(Context& context, const State& state, const Binding& binding) {
  if (binding.nearest == Binding::kNone || binding.alternative != Binding::kNone || state.object->external) return;
  const auto& row = rowOf(context, binding.nearest);
  const auto misfits = binding.nearestMisfits;
  const bool sameClass = !(misfits & OtherClass);
  const bool selector = context.keys.at<"selector">(state.spec) != nullptr;
  // A provisioner never serves a claim with a selector, so that only volumes that are there can.
  const bool certain = onlyMatching(state, binding) || (selector && sameClass && binding.classUnknown);
  // A reservation for another claim is told where it stands.
  if ((misfits & Reserved) && !certain) return;
  const auto text = misfitText(context.model, state, row, misfits);
  diag::Diagnostic d;
  if (certain) {
    d = diag::make<Code::NoVolumeFits>(claimSpan(context, state), claimName(context, state), volumeName(context, binding.nearest), text);
  } else {
    const bool alike = !nameStem(state.name).empty() && nameStem(state.name) == nameStem(context.model.text(row.object->name));
    const bool isKnown = binding.outcome == Outcome::Waits || binding.outcome == Outcome::Provisioned;
    if (!isKnown && binding.outcome != Outcome::Unknown) return;
    // Another claim names the volume, or has its name: it is that one's.
    const bool anothers = row.taker && (context.model.bindingOf(*row.taker).named || binding.defaultDecides || alike);
    if (alike ? row.taker || (!sameClass && std::uint32_t{misfits} != OtherClass) : isKnown || !sameClass || binding.defaultDecides || anothers) return;
    const auto instead = binding.outcome == Outcome::Unknown ? "" : "; its class makes a new, empty volume instead";
    d = diag::make<Code::VolumeMissed>(claimSpan(context, state), claimName(context, state), volumeName(context, binding.nearest), text, instead);
  }
  relateVolume(d, context, state, row, misfits);
  if (misfits & TooSmall) d.help = unitsHint(state, row);
  if ((misfits & NotSelected) && d.help.empty()) d.help = "write the labels of the volume in the selector, or the selector's on the volume";
  context.report(std::move(d), {state.object, row.object});
}

/// MLS3031: of the claims that a template makes, some find no volume.
void tooFewVolumes(Context& context, const State& state, const Binding& binding) {
  const auto served = state.copies - binding.unserved;
  auto d = diag::make<Code::TooFewVolumes>(claimSpan(context, state), claimName(context, state), state.copies, served == 0 ? std::string("none") : fmt::format("only {}", served));
  if (!binding.classStatic) d.severity = diag::Severity::Warning;
  d.related.push_back({rowOf(context, binding.volume).object->span, "one that fits"});
  context.report(std::move(d), {state.object});
}

/// MLS3016: spec.volumeName of a volume that is not there: Pending, without an event.
void missingVolume(Context& context, const State& state) {
  if (state.object->external) return;
  const auto* at = context.keys.at<"volumeName">(state.spec);
  const auto wanted = textOf(at);
  if (wanted.empty()) return;
  auto d = diag::make<Code::VolumeMissing>(at->span, claimName(context, state), wanted);
  std::vector<std::string_view> names;
  for (const auto& row : context.model.matching.volumes) names.push_back(context.model.text(row.object->name));
  const auto meant = slipOf(wanted, names);
  if (!meant.empty()) {
    d.help = fmt::format("did you mean `{}`?", meant);
    d.fixes.push_back({fmt::format("Name `{}`", meant), {{at->span, std::string(meant)}}});
  } else if (wanted.starts_with("pvc-") && wanted.size() == 40) {
    d.help = "that is the name of a volume that a provisioner made for another claim: leave `volumeName` out of manifests that were read from a cluster";
  }
  if (context.model.knowsAll("PersistentVolume")) d.severity = diag::Severity::Error;
  else if (!d.help.empty()) d.severity = diag::Severity::Warning;
  context.report(std::move(d), {state.object});
}

void volumeOfClaim(Context& context, const State& state) {
  const auto& binding = context.model.bindingOf(state);
  if (binding.named && binding.missing) return missingVolume(context, state);
  if (binding.named && (binding.outcome == Outcome::Never || binding.outcome == Outcome::Unknown)) return refusedVolume(context, state, binding);
  if (binding.volume == Binding::kNone) return nothingFits(context, state, binding);
  if (binding.unserved > 0) {
    if (state.kind != StateKind::Claim && (binding.classStatic || binding.classUnknown)) tooFewVolumes(context, state, binding);
    return;
  }
  if (binding.reserved) return boundUnchecked(context, state, binding);
  largerThanNeeded(context, state, binding);
}

/// MLS3014, MLS3015: a claimRef is compared by namespace, name, and uid when it has one (IsVolumeBoundToClaim).
void claimRefForm(Context& context, const VolumeRow& row) {
  const auto& volume = *row.object;
  if (row.claimSpace.empty()) {
    auto d = diag::make<Code::ClaimRefNoNamespace>(row.claimRef->span, context.nameOf(volume), row.claimName);
    d.help = "write `namespace:` beside `name:`";
    context.report(std::move(d), {&volume});
  } else if (row.claimUid && context.keys.text<"status.phase">(volume.root) != "Bound" && !context.keys.at<"metadata.uid">(volume.root)) {   // not as the cluster prints it
    auto d = diag::make<Code::StaleClaimRef>(context.keys.at<"uid">(row.claimRef)->span, context.nameOf(volume), row.claimSpace, row.claimName);
    d.help = "keep `namespace` and `name`, and leave `uid` and `resourceVersion` out";
    context.report(std::move(d), {&volume});
  }
}

/// MLS3013: a volume that is kept for a claim of another namespace.
void reservedElsewhere(Context& context, const VolumeRow& row, const State& state) {
  const auto space = context.model.text(context.model.nameSpaceOf(*state.object));
  if (context.model.bindingOf(state).volume != Binding::kNone) return;
  auto d = diag::make<Code::ReservedElsewhere>(row.claimRef->span, context.nameOf(*row.object), row.claimSpace, row.claimName, space);
  // Without one written, whoever applies it may choose the namespace.
  if (context.keys.at<"metadata.namespace">(state.root)) d.severity = diag::Severity::Error;
  d.related.push_back({state.object->span, "the claim of that name"});
  context.report(std::move(d), {row.object, state.object});
}

using ClaimsByName = std::unordered_map<std::string_view, std::vector<const State*>>;

/// MLS3034: a volume that is kept for a claim of nearly the name of one that has none.
void reservedForNobody(Context& context, const VolumeRow& row, const std::vector<std::string_view>& unserved) {
  const auto meant = slipOf(row.claimName, unserved);
  if (meant.empty()) return;
  const auto* at = context.keys.at<"name">(row.claimRef);
  auto d = diag::make<Code::ReservedForNobody>(at->span, context.nameOf(*row.object), row.claimSpace, row.claimName);
  d.help = fmt::format("did you mean `{}`?", meant);
  if (at->span.known()) d.fixes.push_back({fmt::format("Name `{}`", meant), {{at->span, std::string(meant)}}});
  context.report(std::move(d), {row.object});
}

void reservations(Context& context) {
  ClaimsByName byName;
  std::vector<std::string_view> unserved;
  for (const auto& row : context.model.matching.volumes) {
    if (!row.claimRef || row.claimName.empty() || row.object->external) continue;
    claimRefForm(context, row);
    if (row.taker || row.claimSpace.empty()) continue;
    if (byName.empty())
      for (const auto& state : context.model.states) {
        if (state.kind != StateKind::Claim) continue;
        byName[state.name].push_back(&state);
        if (context.model.bindingOf(state).volume == Binding::kNone) unserved.push_back(state.name);
      }
    const auto at = byName.find(row.claimName);
    if (at == byName.end()) {
      reservedForNobody(context, row, unserved);
      continue;
    }
    const auto isMeant = [&](const State* state) { return context.model.text(context.model.nameSpaceOf(*state->object)) == row.claimSpace; };
    // When it is there, why it does not bind is told of the claim.
    if (std::none_of(at->second.begin(), at->second.end(), isMeant)) reservedElsewhere(context, row, *at->second.front());
  }
}

/// MLS3017: two volumes are kept for one claim, which takes one.
void twoReservations(Context& context) {
  std::unordered_map<std::string, const VolumeRow*> first;
  for (const auto& row : context.model.matching.volumes) {
    if (row.claimName.empty() || row.claimSpace.empty() || row.object->external) continue;
    const auto [at, isNew] = first.emplace(fmt::format("{}/{}", row.claimSpace, row.claimName), &row);
    if (isNew) continue;
    auto d = diag::make<Code::TwoReservations>(row.claimRef->span, context.nameOf(*at->second->object), context.nameOf(*row.object), at->first);
    d.related.push_back({at->second->claimRef->span, "the other volume that names it"});
    context.report(std::move(d), {row.object, at->second->object});
  }
}

constexpr Rule kRules[] = {
    volumeOfClaim,
    reservations,
    twoReservations,
    classOfClaim,
    classesOfAll,
    olderAnnotation,
    {"PersistentVolume", volumeAnnotation},
    selectorWithProvisioner,
    waitsForConsumer,
    pastTheScheduler,
    placesOfPod,
    namesOfEphemeral,
};

}  // namespace

std::span<const Rule> bindingRules() { return kRules; }

}  // namespace mlstack::storage
