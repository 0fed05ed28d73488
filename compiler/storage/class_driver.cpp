// What single drivers ask of the volumes that name them, and of their classes, beyond what a profile lists.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "storage/binding.h"
#include "storage/class.h"
#include "storage/placement.h"
#include "storage/profiles.h"

namespace mlstack::storage {

namespace {

/// How a driver writes the handle of a volume that exists already.
struct HandleForm {
  std::string_view driver;
  std::string_view begins;
  std::string_view has;       // somewhere after that; empty: nothing more
  std::string_view hasOr;     // or this
  std::string_view form;      // in words
  std::string_view source;
};
constexpr std::array<HandleForm, 6> kHandles{{
    {"ebs.csi.aws.com", "vol-", "", "", "the id of a volume: vol-…", "https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/examples/kubernetes/static-provisioning/manifests/pv.yaml"},
    {"efs.csi.aws.com", "fs-", "", "", "the id of a file system, perhaps with a path or an access point: fs-…[:/path][::fsap-…]",
     "https://github.com/kubernetes-sigs/aws-efs-csi-driver/blob/master/docs/README.md"},
    {"fsx.csi.aws.com", "fs-", "", "", "the id of a file system: fs-…", "https://github.com/kubernetes-sigs/aws-fsx-csi-driver/blob/master/examples/kubernetes/static_provisioning/README.md"},
    {"pd.csi.storage.gke.io", "projects/", "/disks/", "/disks/", "projects/PROJECT/zones/ZONE/disks/DISK (or regions/REGION)",
     "https://cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/preexisting-pd"},
    {"filestore.csi.storage.gke.io", "mode", "/", "/", "modeInstance/ZONE/INSTANCE/SHARE",
     "https://cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/filestore-csi-driver"},
    {"disk.csi.azure.com", "/subscriptions/", "/disks/", "/disks/", "the resource id of the disk: /subscriptions/…/disks/DISK",
     "https://learn.microsoft.com/azure/aks/azure-csi-disk-storage-provision"},
}};

char lowerOf(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string out;
  for (const char c : text) out += lowerOf(c);
  return out;
}

/// What stands for something that is filled in before the manifest is used: `<VOLUME_ID>`, `${ID}`, `{{ id }}`, REPLACE_ME.
bool isPlaceholder(std::string_view text) {
  if (text.find_first_of("<>${}[]*") != std::string_view::npos) return true;
  const auto hasAny = [&](char first, char last) { return std::any_of(text.begin(), text.end(), [&](char c) { return c >= first && c <= last; }); };
  return !hasAny('a', 'z') || (hasAny('A', 'Z') && text.find('_') != std::string_view::npos);   // FSX_Filesystem_ID
}

bool hasForm(const HandleForm& row, std::string_view handle) {
  const auto folded = lowered(handle);
  const auto begins = lowered(row.begins);
  if (!std::string_view(folded).starts_with(begins)) return false;
  return row.has.empty() || folded.find(row.has, begins.size()) != std::string::npos || folded.find(row.hasOr, begins.size()) != std::string::npos;
}

/// What a driver reads from `volumeAttributes`, and does nothing without.
struct AttributeNeed {
  std::string_view driver;
  std::string_view attribute;
  std::string_view orElse;      // an attribute that does instead
  bool ofPod = false;           // asked of volumes in pods
  bool ofVolume = false;        // asked of PersistentVolumes
};
// https://github.com/awslabs/mountpoint-s3-csi-driver/blob/main/docs/CONFIGURATION.md,
// https://secrets-store-csi-driver.sigs.k8s.io/concepts.html, https://github.com/kubernetes-csi/csi-driver-nfs/blob/master/docs/driver-parameters.md,
// https://cloud.google.com/kubernetes-engine/docs/how-to/cloud-storage-fuse-csi-driver-ephemeral
constexpr std::array<AttributeNeed, 6> kNeeds{{
    {"s3.csi.aws.com", "bucketName", "", false, true},
    {"secrets-store.csi.k8s.io", "secretProviderClass", "", true, false},
    {"gcsfuse.csi.storage.gke.io", "bucketName", "", true, false},
    {"nfs.csi.k8s.io", "server", "", true, true},
    {"nfs.csi.k8s.io", "share", "", true, true},
    {"smb.csi.k8s.io", "source", "", true, true},
}};

/// MLS3068 for what `volumeAttributes` lacks.
void attributesOf(Context& context, const ir::Node* csi, std::string_view name, bool inPod, std::initializer_list<const ir::Object*> about) {
  const auto driver = context.keys.text<"driver">(csi);
  const auto* attributes = context.keys.at<"volumeAttributes">(csi);
  for (const auto& need : kNeeds) {
    if (need.driver != driver || !(inPod ? need.ofPod : need.ofVolume)) continue;
    bool found = false;
    for (const auto& one : ir::Children(attributes)) {
      const auto key = lowered(context.model.text(one.key));
      found = found || key == lowered(need.attribute) || (!need.orElse.empty() && key == lowered(need.orElse));
    }
    if (found) continue;
    auto d = diag::make<Code::DriverNeeds>(attributes && attributes->span.known() ? attributes->entrySpan() : csi->entrySpan(), name, driver,
                                           fmt::format("`{}` among its volumeAttributes", need.attribute));
    d.help = fmt::format("add `volumeAttributes: {{{}: …}}`", need.attribute);
    context.report(std::move(d), about);
    return;
  }
}

}  // namespace

/// MLS3066, MLS3068: nobody but the driver reads a volumeHandle and the volumeAttributes, when the first pod mounts the volume
/// (https://kubernetes.io/docs/concepts/storage/volumes/#csi).
void handleForm(Context& context, const ir::Object& volume) {
  const auto* csi = context.keys.at<"spec.csi">(volume.root);
  if (!csi || volume.external) return;
  attributesOf(context, csi, context.nameOf(volume), false, {&volume});
  const auto driver = context.keys.text<"driver">(csi);
  const auto* handle = context.keys.at<"volumeHandle">(csi);
  if (!isText(handle) || handle->text().empty() || isPlaceholder(handle->text())) return;
  for (const auto& row : kHandles) {
    if (row.driver != driver || hasForm(row, handle->text())) continue;
    auto d = diag::make<Code::HandleForm>(handle->span, context.nameOf(volume), handle->text(), driver, row.form);
    d.help = fmt::format("see {}", row.source);
    context.report(std::move(d), {&volume});
  }
}

/// MLS3069: a volume made by hand has no nodeAffinity unless it is written, and the scheduler then sends its pods anywhere;
/// the disk is attached in its own zone only (https://kubernetes.io/docs/concepts/storage/persistent-volumes/#node-affinity).
void diskAnywhere(Context& context, const State& state) {
  if (!state.volume || state.volume->external || state.uses.empty()) return;
  const auto* csi = context.keys.at<"spec.csi">(state.volume->root);
  const auto driver = context.keys.text<"driver">(csi);
  if ((driver != "ebs.csi.aws.com" && driver != "pd.csi.storage.gke.io") || context.keys.at<"spec.nodeAffinity">(state.volume->root)) return;
  if (context.keys.text<"volumeHandle">(csi).find("/regions/") != std::string_view::npos) return;
  // Labels of the zone are older than nodeAffinity, and the scheduler still reads them (plugins/volumezone).
  for (const auto& label : ir::Children(context.keys.at<"metadata.labels">(state.volume->root)))
    if (canonicalLabel(context.model.text(label.key)) == "zone") return;
  for (const auto& use : state.uses) {
    const auto place = Placement::ofPod(context.keys, *context.stack.symbols, use.pods->spec);
    if (place.zone() || place.on("kubernetes.io/hostname")) continue;
    auto d = diag::make<Code::DiskAnywhere>(csi->entrySpan(), context.nameOf(*state.volume), context.nameOf(*use.pods->workload));
    d.related.push_back({use.span(), fmt::format("used here, by way of the claim `{}`", claimName(context, state))});
    d.help = "give the volume a `nodeAffinity` that requires `topology.kubernetes.io/zone` of the disk";
    context.report(std::move(d), {state.volume, state.object, use.pods->workload});
    return;
  }
}

namespace {

/// MLS3067: whether a driver may stand in a pod is `volumeLifecycleModes` of its CSIDriver; the kubelet refuses others
/// (pkg/volume/csi/csi_plugin.go: supportsVolumeLifecycleMode).
bool notInline(Context& context, const Pods& pods, const Volume& volume, std::string_view driver) {
  const auto* profile = profileOf(driver);
  if (!profile || profile->inlineVolumes.value_or(true)) return false;
  if (const auto* stated = context.model.find(nullptr, "CSIDriver", driver)) {
    for (const auto& mode : ir::Children(context.keys.at<"spec.volumeLifecycleModes">(stated->root)))
      if (textOf(&mode) == "Ephemeral") return false;
  }
  auto d = diag::make<Code::NotInline>(context.keys.at<"driver">(volume.source)->span, volume.name, context.nameOf(*pods.workload), driver);
  d.help = "mount a claim of a class of that driver; for a volume that ends with the pod, `ephemeral.volumeClaimTemplate`";
  context.report(std::move(d), {pods.workload});
  return true;
}

/// The driver's webhook gives only pods with the annotation the sidecar that mounts the bucket.
/// https://cloud.google.com/kubernetes-engine/docs/how-to/cloud-storage-fuse-csi-driver-setup
void sidecarAsked(Context& context, const Pods& pods, const ir::Node* at, std::string_view name) {
  const auto* annotations = context.model.kindOf(*pods.workload) == "Pod" ? context.keys.at<"metadata.annotations">(pods.workload->root) : context.keys.at<"annotations">(pods.metadata);
  const auto* asked = ir::find(annotations, context.keys.symbol<"gke-gcsfuse/volumes">());
  // Some operators pass on the annotations of their own object.
  if (!asked) asked = ir::find(context.keys.at<"metadata.annotations">(pods.workload->root), context.keys.symbol<"gke-gcsfuse/volumes">());
  if (textOf(asked) == "true" || isTrue(asked)) return;
  for (const auto& container : context.model.containersOf(pods))
    if (container.name == "gke-gcsfuse-sidecar") return;   // it brings its own
  auto d = diag::make<Code::DriverNeeds>(at->entrySpan(), name, "gcsfuse.csi.storage.gke.io", "the annotation `gke-gcsfuse/volumes: \"true\"` on the pods that mount it");
  d.help = "put the annotation into the metadata of the pod (of its template)";
  context.report(std::move(d), {pods.workload});
}

}  // namespace

/// MLS3067, MLS3068: CSI volumes that stand in the pod, and what their drivers ask of it.
void inlineDrivers(Context& context, const Pods& pods) {
  if (pods.workload->external) return;
  bool sidecar = false;
  for (const auto& volume : context.model.volumesOf(pods)) {
    const auto* ofClaim = volume.state && volume.state->volume ? context.keys.at<"spec.csi">(volume.state->volume->root) : nullptr;
    if (!sidecar && context.keys.text<"driver">(ofClaim) == "gcsfuse.csi.storage.gke.io") {
      sidecar = true;
      sidecarAsked(context, pods, volume.node, volume.name);
    }
    if (volume.kind != VolumeKind::Csi) continue;
    const auto driver = context.keys.text<"driver">(volume.source);
    if (driver.empty() || notInline(context, pods, volume, driver)) continue;
    attributesOf(context, volume.source, volume.name, true, {pods.workload});
    if (driver == "gcsfuse.csi.storage.gke.io" && !sidecar) {
      sidecar = true;
      sidecarAsked(context, pods, volume.source, volume.name);
    }
    // secrets-store-csi-driver, pkg/secrets-store/nodeserver.go: NodePublishVolume refuses a volume that is not read-only.
    if (driver == "secrets-store.csi.k8s.io" && !context.keys.isTrue<"readOnly">(volume.source)) {
      const auto* written = context.keys.at<"readOnly">(volume.source);
      auto d = diag::make<Code::DriverNeeds>(written ? written->entrySpan() : volume.source->entrySpan(), volume.name, driver, "`readOnly: true`");
      d.help = "set `readOnly: true` on the volume";
      if (written) d.fixes.push_back({"make it read-only", {{written->span, "true"}}});
      context.report(std::move(d), {pods.workload});
    }
  }
}

namespace {

/// A parameter that has a value asks for one of two others, or is not to stand beside another.
struct ParameterNeed {
  std::string_view driver;
  std::string_view parameter;
  std::string_view values;     // "io1 io2"; empty: any
  std::string_view needs;
  std::string_view orElse;
};
// https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md,
// https://learn.microsoft.com/azure/aks/azure-csi-disk-storage-provision
constexpr std::array<ParameterNeed, 1> kParameterNeeds{{
    {"ebs.csi.aws.com", "type", "io1 io2", "iops", "iopsPerGB"},
}};

struct ParameterPair {
  std::string_view driver;
  std::string_view one;
  std::string_view other;
};
// aws-ebs-csi-driver, pkg/cloud/cloud.go: CreateDisk.
constexpr std::array<ParameterPair, 1> kEitherOr{{
    {"ebs.csi.aws.com", "iops", "iopsPerGB"},
}};

const ir::Node* parameterOf(const Context& context, const ir::Node* parameters, std::string_view name) {
  for (const auto& one : ir::Children(parameters))
    if (lowered(context.model.text(one.key)) == lowered(name)) return &one;
  return nullptr;
}

bool isWordOf(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

/// MLS3042: the sidecars refuse a secret's name without its namespace, and the reverse
/// (external-provisioner, pkg/controller/controller.go: verifyAndGetSecretNameAndNamespaceTemplate).
void secretsWhole(Context& context, const ir::Object& object, const ir::Node* parameters) {
  for (const auto& one : ir::Children(parameters)) {
    const std::string key(context.model.text(one.key));
    if (!key.starts_with("csi.storage.k8s.io/")) continue;
    const std::string_view text = key;
    const bool isName = text.ends_with("-secret-name");
    if (!isName && !text.ends_with("-secret-namespace")) continue;
    const auto stem = text.substr(0, text.rfind("-name"));
    const auto wanted = fmt::format("{}{}", stem, isName ? "-namespace" : "-name");
    if (parameterOf(context, parameters, wanted)) continue;
    auto d = diag::make<Code::ParameterMissing>(one.entrySpan(), context.nameOf(object), provisionerOf(context.model, object), fmt::format("`{}` beside this one", wanted));
    d.severity = diag::Severity::Error;
    d.help = "a secret is named with its namespace: state both, or neither";
    context.report(std::move(d), {&object});
  }
}

}  // namespace

/// MLS3042, MLS3029: parameters that ask for each other, or do not go together.
void parametersTogether(Context& context, const ir::Object& object) {
  const auto* parameters = context.keys.at<"parameters">(object.root);
  if (!parameters || object.external) return;
  secretsWhole(context, object, parameters);
  auto driver = provisionerOf(context.model, object);
  if (const auto* profile = profileOf(driver); profile && !profile->csiDriver.empty()) driver = profile->csiDriver;
  for (const auto& row : kParameterNeeds) {
    if (row.driver != driver) continue;
    const auto* at = parameterOf(context, parameters, row.parameter);
    if (!isText(at) || (!row.values.empty() && !isWordOf(row.values, at->text()))) continue;
    if (parameterOf(context, parameters, row.needs) || parameterOf(context, parameters, row.orElse)) continue;
    auto d = diag::make<Code::ParameterMissing>(at->entrySpan(), context.nameOf(object), driver, fmt::format("`{}` or `{}` with {} {}", row.needs, row.orElse, row.parameter, at->text()));
    context.report(std::move(d), {&object});
  }
  for (const auto& row : kEitherOr) {
    if (row.driver != driver) continue;
    const auto* one = parameterOf(context, parameters, row.one);
    const auto* other = parameterOf(context, parameters, row.other);
    if (!one || !other) continue;
    auto d = diag::make<Code::ParametersClash>(other->entrySpan(), context.nameOf(object), driver, row.one, row.other);
    d.related.push_back({one->entrySpan(), "the other one"});
    d.help = "leave one of them";
    context.report(std::move(d), {&object});
  }
}

}  // namespace mlstack::storage
