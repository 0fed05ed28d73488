// Which class a claim has, and what that class can do for it.
// Kubernetes: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#class-1

#include <algorithm>

#include <fmt/format.h>

#include "storage/binding.h"
#include "storage/made.h"

namespace mlstack::storage {

namespace {

std::vector<std::string_view> classNames(const Context& context) {
  std::vector<std::string_view> names;
  for (const auto& object : context.stack.objects)
    if (object.role == ir::Role::Class) names.push_back(context.model.text(object.name));
  return names;
}

/// MLS3023: the class is not among the cluster's, or is spelled nearly like one that is declared.
void missingClass(Context& context, const State& state, const Binding& binding) {
  const auto meant = slipOf(*state.className, classNames(context));
  if (!binding.classAbsent && (meant.empty() || (binding.nearest != Binding::kNone && !(binding.nearestMisfits & OtherClass)))) return;
  auto d = diag::make<Code::ClassMissing>(state.classAt->span, claimName(context, state), *state.className, binding.classAbsent ? "the cluster does not have" : "is not declared here");
  if (!binding.classAbsent) d.severity = diag::Severity::Warning;
  if (!meant.empty()) {
    d.help = fmt::format("did you mean `{}`?", meant);
    d.fixes.push_back({fmt::format("Name the class `{}`", meant), {{state.classAt->span, std::string(meant)}}});
  }
  context.report(std::move(d), {state.object});
}

/// MLS3022: kubernetes.io/no-provisioner makes nothing, and there is no volume of the class.
void nothingMakesVolumes(Context& context, const State& state, const Binding& binding) {
  const auto* object = classOf(context.model, state);
  const bool noneOfClass = binding.nearest == Binding::kNone || (binding.nearestMisfits & OtherClass);
  const bool knowsVolumes = context.model.knowsAll("PersistentVolume");
  if (!object || !noneOfClass || (object->external && !knowsVolumes)) return;
  auto d = diag::make<Code::NothingMakesVolumes>(claimSpan(context, state), claimName(context, state), context.nameOf(*object));
  if (!knowsVolumes) d.severity = diag::Severity::Warning;
  d.related.push_back({object->span, "the class: its provisioner is kubernetes.io/no-provisioner"});
  d.help = fmt::format("declare a PersistentVolume with `storageClassName: {}`", context.model.text(object->name));
  context.report(std::move(d), {state.object, object});
}

/// MLS3033: `""` is no default but no class at all: nothing is made, and only volumes without a class can serve.
void noClassNoVolume(Context& context, const State& state, const Binding& binding) {
  if (binding.nearest != Binding::kNone && !(binding.nearestMisfits & OtherClass)) return;
  auto d = diag::make<Code::NoClassNoVolume>(state.classAt->entrySpan(), claimName(context, state));
  if (context.model.knowsAll("PersistentVolume")) d.severity = diag::Severity::Error;
  d.help = "leave `storageClassName` out to get the default class, or declare a PersistentVolume without a class";
  context.report(std::move(d), {state.object});
}

/// The mend of what the default class would do: a line of its own, where there is room for one.
void askForNoClass(diag::Diagnostic& d, const Context& context, const State& state) {
  d.help = "write `storageClassName: \"\"` in the claim";
  if (state.kind == StateKind::Claim && !state.classAt && state.spec && state.spec->kind == ir::NodeKind::Map && (state.spec->flags & ir::FlagRaw) && ir::Children(state.spec).size() > 0) {
    const auto& first = *ir::Children(state.spec).begin();
    const auto at = first.entrySpan().begin;
    const auto column = context.sources.text({state.spec->entrySpan().begin, at});
    const auto line = column.rfind('\n');
    // Only a block mapping has room for a line of its own.
    if (first.knowsKey() && line != std::string_view::npos)
      d.fixes.push_back({"Ask for no class", {{{at, at}, fmt::format("storageClassName: \"\"{}", column.substr(line))}}});
  }
}

/// MLS3035: a claim that names a volume gets the default class as any other does (DefaultStorageClass), and must then
/// agree with the volume's.
void defaultRefusesVolume(Context& context, const State& state, const Binding& binding) {
  const auto& row = context.model.matching.volumes[binding.volume];
  auto d = diag::make<Code::DefaultRefusesVolume>(context.keys.at<"volumeName">(state.spec)->span, claimName(context, state), context.nameOf(*row.object));
  d.related.push_back({row.object->span, "the volume: it has no class, and gets none"});
  askForNoClass(d, context, state);
  context.report(std::move(d), {state.object, row.object});
}

/// MLS3027: neither the volume nor the claim names a class. The claim gets the cluster's default class when it is
/// made (DefaultStorageClass) or later (assignDefaultStorageClass); the volume keeps none.
void defaultTakesClaim(Context& context, const State& state, const Binding& binding) {
  const auto& row = context.model.matching.volumes[binding.alternative];
  auto d = diag::make<Code::DefaultTakesClaim>(claimSpan(context, state), claimName(context, state), context.nameOf(*row.object));
  d.related.push_back({row.object->span, "the volume: it has no class, and gets none"});
  askForNoClass(d, context, state);
  context.report(std::move(d), {state.object, row.object});
}

/// MLS3024: no class is named, and the cluster has no default one.
void noDefaultClass(Context& context, const State& state) {
  auto d = diag::make<Code::NoDefaultClass>(claimSpan(context, state), claimName(context, state));
  const auto names = classNames(context);
  if (!names.empty()) d.help = fmt::format("name one of its classes: {}", fmt::join(names, ", "));
  context.report(std::move(d), {state.object});
}

bool hasSelector(const Context& context, const State& state) {
  const auto* selector = context.keys.at<"selector">(state.spec);
  return selector && selector->kind == ir::NodeKind::Map;
}

/// MLS3026 of a claim or volume.
void differingAnnotation(Context& context, const ir::Node* root, const ir::Node* field, const ir::Object& object, std::string_view name) {
  const auto* old = ir::find(context.keys.at<"metadata.annotations">(root), context.keys.symbol<"volume.beta.kubernetes.io/storage-class">());
  if (!isText(old) || !isText(field) || old->text() == field->text()) return;
  auto d = diag::make<Code::BetaAnnotation>(old->span, name, old->text(), field->text());
  d.related.push_back({field->entrySpan(), "the field, which is not looked at"});
  d.help = "remove the annotation";
  context.report(std::move(d), {&object});
}

}  // namespace

void classOfClaim(Context& context, const State& state) {
  const auto& binding = context.model.bindingOf(state);
  if (state.object->external || !state.root) return;
  if (binding.named && binding.defaultDecides && !binding.reserved && binding.misfits == 0 && binding.volume != Binding::kNone) return defaultRefusesVolume(context, state, binding);
  if (binding.named || binding.volume != Binding::kNone) return;
  if (binding.classUnknown) return missingClass(context, state, binding);
  if (!state.className && binding.alternative != Binding::kNone) return defaultTakesClaim(context, state, binding);
  if (!state.className && !binding.defaultDecides && context.model.matching.defaultClasses.empty()) return noDefaultClass(context, state);
  if (state.className && state.className->empty()) return noClassNoVolume(context, state, binding);
  if (binding.classStatic && state.className) nothingMakesVolumes(context, state, binding);
}

/// MLS3025: which class a claim gets is the cluster's to say; told once for all, of manifests: the language says it
/// in the description of `class`.
void classesOfAll(Context& context) {
  const State* first = nullptr;
  std::int64_t count = 0;
  for (const auto& state : context.model.states) {
    const auto& binding = context.model.bindingOf(state);
    const bool open = binding.defaultDecides && !binding.named && binding.volume == Binding::kNone && binding.alternative == Binding::kNone;
    if (!open || state.object->external || !state.spec || !(state.spec->flags & ir::FlagRaw)) continue;
    if (!first) first = &state;
    ++count;
  }
  if (!first) return;
  auto d = diag::make<Code::DefaultClassOpen>(claimSpan(context, *first), claimName(context, *first), count == 1 ? std::string("names") : fmt::format("and {} name", counted(count - 1, "other")));
  d.help = "name a class, or say with `--cluster` which classes there are";
  context.report(std::move(d), {first->object});
}

/// MLS3026: GetPersistentVolumeClaimClass and GetPersistentVolumeClass read the annotation first.
void olderAnnotation(Context& context, const State& state) {
  if (state.object->external) return;
  differingAnnotation(context, state.root, context.keys.at<"storageClassName">(state.spec), *state.object, claimName(context, state));
}

void volumeAnnotation(Context& context, const ir::Object& volume) {
  differingAnnotation(context, volume.root, context.keys.at<"spec.storageClassName">(volume.root), volume, context.nameOf(volume));
}

/// MLS3021: provisioners refuse a claim with a selector, an empty one included
/// (kubernetes-csi/external-provisioner pkg/controller: "claim Selector is not supported").
void selectorWithProvisioner(Context& context, const State& state) {
  const auto& binding = context.model.bindingOf(state);
  if (state.object->external || binding.volume != Binding::kNone || binding.named || !hasSelector(context, state)) return;
  const auto* object = classOf(context.model, state);
  if (!object || binding.classStatic) return;
  const auto provisioner = provisionerOf(context.model, *object);
  if (provisioner.empty()) return;
  auto d = diag::make<Code::SelectorWithProvisioner>(context.keys.at<"selector">(state.spec)->entrySpan(), claimName(context, state), context.nameOf(*object), provisioner);
  d.help = "remove the selector, or declare a volume of the class that has its labels";
  context.report(std::move(d), {state.object, object});
}

/// MLS3028: nothing here uses the claim, and its class waits for a pod.
/// pkg/controller/volume/persistentvolume/pv_controller.go#emitEventForUnboundDelayBindingClaim
void waitsForConsumer(Context& context, const State& state) {
  const auto& binding = context.model.bindingOf(state);
  if (state.kind != StateKind::Claim || state.object->external || !state.uses.empty() || binding.outcome != Outcome::Waits) return;
  if (const auto made = madeClaim(context.model, *state.object, state.name); made && made->isMade()) return;   // a set's pod uses it, by its name
  const auto* object = classOf(context.model, state);
  if (!object || !isWhole(context.model, *object)) return;
  auto d = diag::make<Code::WaitsForConsumer>(claimSpan(context, state), claimName(context, state), context.nameOf(*object));
  if (context.model.pods.empty()) d.severity = diag::Severity::Note;   // claims are often kept apart from their pods
  if (state.classAt && state.classAt->span.known()) d.related.push_back({state.classAt->entrySpan(), "its class: volumeBindingMode is WaitForFirstConsumer"});
  d.help = "do not wait for it to be Bound before its pod is made (`helm --wait`, sync waves, `kubectl wait`)";
  context.report(std::move(d), {state.object});
}

}  // namespace mlstack::storage
