// Storage classes: what they tell their driver, who that is, and what they do with the data of their claims.

#include "storage/class.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "storage/binding.h"
#include "storage/profiles.h"

namespace mlstack::storage {

namespace {

/// What is known of a class's driver, with these parameters; null when nothing is.
const ir::Facts* driverOf(const Context& context, const ir::Object& storageClass) {
  return profileOf(provisionerOf(context.model, storageClass), context.keys.at<"parameters">(storageClass.root), *context.stack.symbols);
}

char lowerOf(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool sameText(std::string_view a, std::string_view b, bool foldCase) {
  return foldCase ? std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lowerOf(x) == lowerOf(y); }) : a == b;
}

/// MLS3040: the API server takes any parameter; the driver refuses the claim, or does without.
/// pkg/apis/storage/validation/validation.go#validateParameters looks at their size only.
void unknownParameter(Context& context, const ir::Object& object, const ir::Facts& driver, const ir::Node& parameter) {
  const auto name = context.model.text(parameter.key);
  auto d = diag::make<Code::UnknownClassParameter>(parameter.keySpan(name.size()), context.nameOf(object), driver.provisioner, name);
  const auto meant = diag::nearest(name, std::vector<std::string_view>(driver.parameters.begin(), driver.parameters.end()));
  if (!meant.empty() && !meant.ends_with('*')) {
    d.severity = diag::Severity::Error;
    d.help = fmt::format("did you mean `{}`?", meant);
    if (parameter.knowsKey()) d.fixes.push_back({fmt::format("Write `{}`", meant), {{parameter.keySpan(name.size()), std::string(meant)}}});
  } else {
    d.help = fmt::format("its parameters: {}", driver.source);
  }
  context.report(std::move(d), {&object});
}

/// MLS3041: a value that the driver does not know.
void parameterValue(Context& context, const ir::Object& object, const ir::Facts& driver, const ir::Node& parameter) {
  const bool foldCase = driver.foldCase.value_or(false);
  const auto name = context.model.text(parameter.key);
  for (const auto& known : driver.values) {
    if (!sameText(known.parameter, name, foldCase) || !isText(&parameter)) continue;
    const auto value = parameter.text();
    if (std::any_of(known.values.begin(), known.values.end(), [&](std::string_view one) { return sameText(one, value, true); })) return;
    auto d = diag::make<Code::ParameterValue>(parameter.span, name, context.nameOf(object), value, driver.provisioner, fmt::join(known.values, ", "));
    context.report(std::move(d), {&object});
    return;
  }
  // Amounts that clouds count: every driver reads them as whole numbers.
  constexpr std::array<std::string_view, 6> kCounts{"iops", "iopspergb", "throughput", "provisioned-iops-on-create", "diskiopsreadwrite", "diskmbpsreadwrite"};
  std::string folded;
  for (const char c : name) folded += lowerOf(c);
  if (std::find(kCounts.begin(), kCounts.end(), folded) == kCounts.end() || !isText(&parameter) || knowsParameter(driver, name) != true) return;
  const auto value = parameter.text();
  if (!value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos) return;
  context.report(diag::make<Code::ParameterValue>(parameter.span, name, context.nameOf(object), value, driver.provisioner, "a whole number"), {&object});
}

/// MLS3041 of parameters that several drivers read alike: file systems, which need an `mkfs` of their name, and modes of a folder.
void commonValue(Context& context, const ir::Object& object, const ir::Node& parameter) {
  constexpr std::array<std::string_view, 17> kFileSystems{"ext2", "ext3", "ext4", "xfs", "btrfs", "ntfs", "zfs", "f2fs", "jfs", "nilfs2", "vfat", "exfat", "nfs", "nfs4", "cifs", "lustre", "ocfs2"};
  const auto name = context.model.text(parameter.key);
  const auto value = textOf(&parameter);
  if (!isText(&parameter) || value.find_first_of("$<{") != std::string_view::npos) return;
  const auto provisioner = provisionerOf(context.model, object);
  if (name == "csi.storage.k8s.io/fstype") {
    if (value.empty() || std::any_of(kFileSystems.begin(), kFileSystems.end(), [&](std::string_view one) { return sameText(one, value, true); })) return;
    const auto meant = diag::nearest(value, std::vector<std::string_view>(kFileSystems.begin(), kFileSystems.end()));
    auto d = diag::make<Code::ParameterValue>(parameter.span, name, context.nameOf(object), value, provisioner, "a file system that Linux makes: ext4, xfs");
    if (!meant.empty()) d.help = fmt::format("did you mean `{}`?", meant);
    context.report(std::move(d), {&object});
  } else if (name == "directoryPerms") {
    if (value.size() >= 3 && value.size() <= 4 && value.find_first_not_of("01234567") == std::string_view::npos) return;
    context.report(diag::make<Code::ParameterValue>(parameter.span, name, context.nameOf(object), value, provisioner, "three or four octal digits: \"700\""), {&object});
  }
}

/// MLS3042: a parameter that the driver does not do without.
void parameterMissing(Context& context, const ir::Object& object, const ir::Facts& driver) {
  const auto* parameters = context.keys.at<"parameters">(object.root);
  std::vector<std::string_view> missing;
  for (const auto required : driver.required) {
    bool found = false;
    for (const auto& parameter : ir::Children(parameters)) found = found || sameText(context.model.text(parameter.key), required, driver.foldCase.value_or(false));
    if (!found) missing.push_back(required);
  }
  if (missing.empty()) return;
  auto d = diag::make<Code::ParameterMissing>(parameters && parameters->span.known() ? parameters->entrySpan() : object.span, context.nameOf(object), driver.provisioner,
                                              fmt::format("`{}`", fmt::join(missing, "`, `")));
  d.help = fmt::format("its parameters: {}", driver.source);
  context.report(std::move(d), {&object});
}

void parameters(Context& context, const ir::Object& object) {
  const auto* driver = driverOf(context, object);
  if (!driver) return;
  for (const auto& parameter : ir::Children(context.keys.at<"parameters">(object.root))) {
    const auto name = context.model.text(parameter.key);
    if (driver->foldCase.value_or(false) && sameText(name, "fstype", true)) continue;   // an older name of csi.storage.k8s.io/fstype
    if (knowsParameter(*driver, name) == false) unknownParameter(context, object, *driver, parameter);
    else parameterValue(context, object, *driver, parameter);
    commonValue(context, object, parameter);
  }
  // A class without any may be one of volumes that are there already; see claimsWithoutParameters.
  if (context.keys.at<"parameters">(object.root)) parameterMissing(context, object, *driver);
}

/// MLS3042 of a class without parameters that is to make a volume.
void claimsWithoutParameters(Context& context, const State& state) {
  const auto& binding = context.model.bindingOf(state);
  const auto* object = classOf(context.model, state);
  if (!object || object->external || binding.volume != Binding::kNone || binding.named || context.keys.at<"parameters">(object->root)) return;
  if (const auto* driver = driverOf(context, *object); driver && !driver->required.empty()) parameterMissing(context, *object, *driver);
}

/// "1.31" of a version: 31.
int minorOf(std::string_view version) {
  version.remove_prefix(std::min(version.size(), version.find('.') + 1));
  int minor = 0;
  std::from_chars(version.data(), version.data() + version.size(), minor);
  return minor;
}

/// MLS3043, MLS3044: nobody looks whether a provisioner is there. In-tree names are handed to the CSI driver that took
/// their place (pv_controller.go#provisionClaimOperationExternal, CSI migration).
void provisionerThere(Context& context, const ir::Object& object) {
  const auto* at = context.keys.at<"provisioner">(object.root);
  const auto name = textOf(at);
  if (name.empty() || name == "kubernetes.io/no-provisioner") return;
  const auto* driver = driverOf(context, object);
  const bool inTree = name.starts_with("kubernetes.io/");
  const auto csi = inTree && driver ? driver->csiDriver : name;
  const bool gone = inTree && driver && !driver->removedIn.empty() && driver->csiDriver.empty() && context.since(minorOf(driver->removedIn));
  const bool absent = !csi.empty() && context.model.knowsAll("CSIDriver") && !context.model.find(nullptr, "CSIDriver", csi) &&
                      (inTree || (driver && driver->attachable.has_value() && csi.find("csi") != std::string_view::npos));
  if (gone || absent) {
    const auto why = gone ? fmt::format("Kubernetes has not had it since {}", driver->removedIn) : fmt::format("the cluster has no CSI driver `{}`", csi);
    context.report(diag::make<Code::DriverMissing>(at->span, context.nameOf(object), name, why), {&object});
    return;
  }
  if (!inTree || csi.empty() || csi == name || context.model.find(nullptr, "CSIDriver", csi)) return;
  auto d = diag::make<Code::InTreeProvisioner>(at->span, context.nameOf(object), name, csi);
  d.help = fmt::format("name `{}`, once it is installed", csi);
  context.report(std::move(d), {&object});
}

/// MLS3053: a class lets claims grow, and its driver cannot.
void expansionBeyondDriver(Context& context, const ir::Object& object) {
  const auto* allows = context.keys.at<"allowVolumeExpansion">(object.root);
  const auto* driver = driverOf(context, object);
  if (!isTrue(allows) || !driver || driver->expandable.value_or(true)) return;
  auto d = diag::make<Code::ExpansionBeyondDriver>(allows->entrySpan(), context.nameOf(object), provisionerOf(context.model, object));
  context.report(std::move(d), {&object});
}

/// MLS3054: of several default classes the newest counts (pkg/volume/util: GetDefaultClass).
void severalDefaults(Context& context) {
  const auto& defaults = context.model.matching.defaultClasses;
  if (defaults.size() < 2) return;
  const auto own = std::find_if(defaults.rbegin(), defaults.rend(), [](const ir::Object* object) { return !object->external; });
  if (own == defaults.rend()) return;
  const auto* other = *own == defaults.front() ? defaults.back() : defaults.front();
  auto d = diag::make<Code::SeveralDefaults>((*own)->span, context.nameOf(**own), context.nameOf(*other));
  d.related.push_back({other->span, "the other default class"});
  d.help = "set `storageclass.kubernetes.io/is-default-class` to \"false\" on all but one";
  context.report(std::move(d), {*own, other});
}

/// Words in the names of data that nobody can make again.
bool soundsPrecious(std::string_view name) {
  constexpr std::array<std::string_view, 12> kWords{"gold", "golden", "labels", "annotations", "groundtruth", "archive", "archives", "backup", "backups", "precious", "irreplaceable", "originals"};
  while (!name.empty()) {
    const auto end = std::min(name.find_first_of("-._"), name.size());
    if (std::find(kWords.begin(), kWords.end(), name.substr(0, end)) != kWords.end()) return true;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

/// MLS3049: data that is to be kept is on a class that deletes it with its claim.
/// https://kubernetes.io/docs/concepts/storage/storage-classes/#reclaim-policy
void preciousDeleted(Context& context, const State& state) {
  if (state.object->external || state.kind == StateKind::Ephemeral || !state.root) return;
  const auto& binding = context.model.bindingOf(state);
  const auto* object = classOf(context.model, state);
  if (!object || binding.volume != Binding::kNone || binding.classStatic) return;
  const auto written = context.keys.text<"reclaimPolicy">(object->root);
  const bool deletes = !written.empty() ? written == "Delete" : isWhole(context.model, *object) || (object->facts && object->facts->reclaim == "Delete");
  if (!deletes) return;
  const auto* annotations = context.keys.at<"metadata.annotations">(state.root);
  const auto* keep = ir::find(annotations, context.keys.symbol<"helm.sh/resource-policy">());
  std::string_view why;
  // The mark is about updates, and a class that only stands in the cluster is as its administrator wants it.
  if (state.object->isProtected && state.kind == StateKind::Claim && (!object->external || object->observed)) why = "is protected";
  else if (textOf(keep) == "keep") why = "is to be kept (helm.sh/resource-policy)";
  else if (isWhole(context.model, *object) && soundsPrecious(state.name)) why = "sounds as if nobody could make its data again";
  if (why.empty()) return;
  auto d = diag::make<Code::PreciousDeleted>(claimSpan(context, state), claimName(context, state), why, context.nameOf(*object));
  const auto* policy = context.keys.at<"reclaimPolicy">(object->root);
  if (policy && policy->span.known()) d.related.push_back({policy->entrySpan(), "what the class does with the data"});
  else d.related.push_back({object->span, "the class: without a reclaimPolicy it is Delete"});
  d.help = "use a class with `reclaimPolicy: Retain`";
  context.report(std::move(d), {state.object, object});
}

/// MLS3052: the driver of an attributes class is not that of the volume (external-provisioner, external-resizer).
void attributesDriver(Context& context, const ir::Node* at, const ir::Object& about, std::string_view name, std::string_view driver) {
  if (textOf(at).empty() || driver.empty()) return;
  const auto* attributes = context.model.find(nullptr, "VolumeAttributesClass", textOf(at));
  if (!attributes) return;
  const auto* theirs = context.keys.at<"driverName">(attributes->root);
  if (textOf(theirs).empty() || textOf(theirs) == driver) return;
  auto d = diag::make<Code::AttributesOtherDriver>(at->span, context.nameOf(*attributes), name, textOf(theirs), driver);
  d.related.push_back({theirs->entrySpan(), "the driver of the attributes class"});
  context.report(std::move(d), {&about, attributes});
}

void attributesOfClaim(Context& context, const State& state) {
  const auto* at = context.keys.at<"volumeAttributesClassName">(state.spec);
  const auto* object = classOf(context.model, state);
  if (!at || state.object->external || !object || context.model.bindingOf(state).volume != Binding::kNone) return;
  auto driver = provisionerOf(context.model, *object);
  if (const auto* profile = profileOf(driver); profile && !profile->csiDriver.empty()) driver = profile->csiDriver;
  attributesDriver(context, at, *state.object, claimName(context, state), driver);
}

void attributesOfVolume(Context& context, const ir::Object& volume) {
  attributesDriver(context, context.keys.at<"spec.volumeAttributesClassName">(volume.root), volume, context.nameOf(volume), context.keys.text<"spec.csi.driver">(volume.root));
}

/// MLS3062: attributes classes that are not there, or are spelled nearly like one that is.
void missingAttributes(Context& context) {
  std::vector<std::string_view> names;
  for (const auto& object : context.stack.objects)
    if (context.model.kindOf(object) == "VolumeAttributesClass") names.push_back(context.model.text(object.name));
  const bool known = context.model.knowsAll("VolumeAttributesClass");
  if (names.empty() && !known) return;
  for (const auto& state : context.model.states) {
    const auto* at = context.keys.at<"volumeAttributesClassName">(state.spec);
    if (textOf(at).empty() || state.object->external || std::find(names.begin(), names.end(), textOf(at)) != names.end()) continue;
    const auto meant = slipOf(textOf(at), names);
    if (meant.empty() && !known) continue;
    auto d = diag::make<Code::AttributesMissing>(at->span, claimName(context, state), textOf(at), known ? "the cluster does not have" : "is not declared here");
    if (!known) d.severity = diag::Severity::Warning;
    if (!meant.empty()) {
      d.help = fmt::format("did you mean `{}`?", meant);
      d.fixes.push_back({fmt::format("Name `{}`", meant), {{at->span, std::string(meant)}}});
    }
    context.report(std::move(d), {state.object});
  }
}

constexpr Rule kRules[] = {
    {"StorageClass", parameters},
    claimsWithoutParameters,
    {"StorageClass", provisionerThere},
    {"StorageClass", expansionBeyondDriver},
    {"StorageClass", unknownTopologyKey},
    severalDefaults,
    preciousDeleted,
    attributesOfClaim,
    missingAttributes,
    {"PersistentVolume", attributesOfVolume},
    zonePickedEarly,
    twoZonesPicked,
    topologyExcludesPods,
    volumeElsewhere,
    volumesApart,
    folderOfSomeNode,
    folderOfEachNode,
    {"PersistentVolume", mountOptionsRefused},
    {"PersistentVolume", mountOptionsOfOthers},
    {"StorageClass", mountOptionsOfOthers},
    localBoundEarly,
    sameDisk,
    sameVolumeInPod,
    deviceOrFolder,
    blockBeyondDriver,
    {"PersistentVolume", handleForm},
    {"PersistentVolume", localOnSeveral},
    diskAnywhere,
    inlineDrivers,
    {"StorageClass", parametersTogether},
};

}  // namespace

std::span<const Rule> classRules() { return kRules; }

}  // namespace mlstack::storage
