// Claims, volumes, classes, drivers and snapshots.
// Kubernetes: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaimSpec, ValidatePersistentVolumeSpec),
// pkg/apis/storage/validation/validation.go; the schemas and CEL rules of snapshot.storage.k8s.io/v1.

#include "storage/admission_volume.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

/// ReadWriteOncePod is the only one that cannot stand beside others.
void accessModes(Judge& judge, const Node& list) {
  const Node* alone = nullptr;
  Modes others = 0;
  for (const auto& mode : ir::Children(&list)) {
    const auto known = modeOf(textOf(&mode));
    if (known == ReadWriteOncePod) alone = &mode;
    else others |= known;
  }
  if (!alone || !others) return;
  auto d = diag::make<Code::OncePodWithOthers>(judge.spanOf(*alone), judge.path(), modesText(others));
  d.help = "ReadWriteOncePod already lets one pod read and write";
  judge.say(std::move(d));
}

/// A claim's `requests.storage`: it is not taken from a limit, as a container's is.
void claimSize(Judge& judge, const Node& spec) {
  if (spec.kind != ir::NodeKind::Map) return;
  const auto* resources = judge.keys.at<"resources">(&spec);
  if (resources && (resources->flags & ir::FlagError) != 0) return;
  const auto* amount = judge.keys.at<"requests.storage">(resources);
  if (amount && (amount->flags & ir::FlagError) != 0) return;
  if (!isSet(amount)) {
    const auto* limit = judge.keys.at<"limits.storage">(resources);
    judge.sayLacks(resources ? *resources : spec, judge.path(), "`resources.requests.storage`",
                   limit ? "a claim's size is what it requests; a limit alone is not taken for one" : "a claim without a size is refused");
    return;
  }
  const auto size = quantityOf(amount);
  if (size && *size <= base::Quantity::ofInt(0)) judge.sayRange(*amount, judge.path("resources", "requests", "storage"), "a size of more than 0");
}

/// Where a claim's content comes from (`dataSourceRef`; of a `dataSource` such a kind is dropped): only the core group has a kind without a group, and it is the claim.
void sourceGroup(Judge& judge, const Node& source) {
  const auto kind = judge.keys.text<"kind">(&source);
  const auto* kindAt = judge.keys.at<"kind">(&source);
  if (!judge.keys.text<"apiGroup">(&source).empty() || kind.empty() || kind == "PersistentVolumeClaim") return;
  auto d = diag::make<Code::ValueWord>(judge.spanOf(*kindAt), judge.path("kind"), judge.shown(*kindAt), "PersistentVolumeClaim only, without an `apiGroup`");
  if (kind == "VolumeSnapshot") d.help = "a VolumeSnapshot is of the group snapshot.storage.k8s.io";
  judge.say(std::move(d));
}

bool sameText(const Node* a, const Node* b) { return textOf(a) == textOf(b); }

/// `dataSource` and `dataSourceRef` are two names of one field. What is no claim and no snapshot is taken out of
/// `dataSource`, and a reference with a namespace out of `dataSourceRef`, before anything is compared.
/// Kubernetes: pkg/api/persistentvolumeclaim/util.go, DropDisabledFields.
void bothSources(Judge& judge, const Node& spec) {
  const auto* source = judge.keys.at<"dataSource">(&spec);
  const auto* ref = judge.keys.at<"dataSourceRef">(&spec);
  if (!isSet(source) || !isSet(ref) || isSet(judge.keys.at<"namespace">(ref))) return;
  const auto group = judge.keys.text<"apiGroup">(source);
  const auto kind = judge.keys.text<"kind">(source);
  if (!(group.empty() && kind == "PersistentVolumeClaim") && !(group == "snapshot.storage.k8s.io" && kind == "VolumeSnapshot")) return;
  const bool same = sameText(judge.keys.at<"apiGroup">(source), judge.keys.at<"apiGroup">(ref)) &&
                    sameText(judge.keys.at<"kind">(source), judge.keys.at<"kind">(ref)) && sameText(judge.keys.at<"name">(source), judge.keys.at<"name">(ref));
  if (same) return;
  auto d = diag::make<Code::DataSourcesDiffer>(judge.headOf(*ref), judge.path("dataSource"));
  if (source->span.known()) d.related.push_back({source->entrySpan(), "the other one stands here"});
  d.help = "give one of them: Kubernetes sets the other";
  judge.say(std::move(d));
}

void recycleOfRoot(Judge& judge, const Node& spec) {
  const auto* reclaim = judge.keys.at<"persistentVolumeReclaimPolicy">(&spec);
  auto path = judge.keys.text<"hostPath.path">(&spec);
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (textOf(reclaim) == "Recycle" && path == "/")
    judge.sayRefused(*reclaim, judge.path("persistentVolumeReclaimPolicy"), "to Recycle with the hostPath \"/\": it would delete the node");
}

/// A class's parameters: 512 at most, 256 KiB together.
void parameterBytes(Judge& judge, const Node& parameters) {
  if (parameters.length > 512)
    judge.say(diag::make<Code::FieldTooLarge>(judge.headOf(parameters), judge.path(), fmt::format("{} entries", parameters.length), 512));
  std::int64_t total = 0;
  for (const auto& entry : ir::Children(&parameters)) {
    total += static_cast<std::int64_t>(judge.text(entry.key).size() + textOf(&entry).size());
    if (judge.text(entry.key).empty()) judge.sayLacks(parameters, judge.path(), "the name of a parameter");
  }
  if (total > 256 * 1024) judge.say(diag::make<Code::FieldTooLarge>(judge.headOf(parameters), judge.path(), counted(total, "byte"), 256 * 1024));
}

/// What is none of Kubernetes' words the schema says.
void reclaimOfClass(Judge& judge, const Node& policy) {
  if (textOf(&policy) == "Recycle") judge.sayWord(policy, judge.path(), "Delete or Retain");
}

void sameTerms(Judge& judge, const Node& terms) {
  std::size_t index = 0;
  std::vector<const Node*> before;
  for (const auto& term : ir::Children(&terms)) {
    // A class has a handful; each is compared with all.
    if (before.size() < 64)
      for (const auto* other : before)
        if (ir::sameValue(*other, term)) judge.sayTwice(term, judge.path(index), *other, "a term");
    before.push_back(&term);
    ++index;
  }
}

constexpr std::string_view kOtherVolumeFields =
    "accessModes capacity claimRef mountOptions nodeAffinity persistentVolumeReclaimPolicy storageClassName volumeAttributesClassName volumeMode";

constexpr Row kClaimSpecRows[] = {
    has("", "accessModes"),
    call("accessModes", accessModes),
    call("", claimSize),
    use("selector", kLabelSelector),
    is("storageClassName", Form::DnsSubdomain),
    is("volumeAttributesClassName", Form::DnsSubdomain),
    filled("dataSource.kind"),
    filled("dataSource.name"),
    filled("dataSourceRef.kind"),
    filled("dataSourceRef.name"),
    is("dataSourceRef.apiGroup", Form::DnsSubdomain),
    is("dataSourceRef.namespace", Form::DnsLabel),
    call("dataSourceRef", sourceGroup),
    call("", bothSources),
    gate("volumeAttributesClassName", "it is dropped without a word, and the volume is made with its class's parameters alone").before(34),
};

/// A claim that states a status and no spec is what a test expects to find, not what is applied.
void claimSpec(Judge& judge, const Node& root) {
  if (!isSet(judge.keys.at<"spec">(&root)) && !judge.keys.at<"status">(&root)) judge.sayLacks(root, {}, "`spec`");
}

constexpr Row kClaimRows[] = {
    call("", claimSpec),
    use("spec", kClaimSpec),
};

constexpr Row kSecretRefRows[] = {
    has("", "name namespace"),
    is("name", Form::DnsSubdomain),
    is("namespace", Form::DnsLabel),
};
constexpr Shape kSecretRef{kSecretRefRows};

constexpr Row kPersistentVolumeRows[] = {
    has("", "spec"),
    has("spec", "capacity accessModes"),
    has("spec.capacity", "storage"),
    only("spec.capacity", "storage"),
    size("spec.capacity.storage", 1),
    call("spec.accessModes", accessModes),
    oneOf("spec", kPersistentSources, kOtherVolumeFields),
    use("spec", kVolumeSource),
    filled("spec.local.path"),
    is("spec.local.path", Form::NoBacksteps),
    needs("spec", "local", "nodeAffinity"),
    filled("spec.csi.volumeHandle"),
    use("spec.csi.controllerPublishSecretRef", kSecretRef),
    use("spec.csi.controllerExpandSecretRef", kSecretRef),
    use("spec.csi.nodeStageSecretRef", kSecretRef),
    use("spec.csi.nodePublishSecretRef", kSecretRef),
    use("spec.csi.nodeExpandSecretRef", kSecretRef),
    has("spec.nodeAffinity", "required"),
    use("spec.nodeAffinity.required", kNodeSelector),
    is("spec.storageClassName", Form::DnsSubdomain),
    filled("spec.volumeAttributesClassName"),
    is("spec.volumeAttributesClassName", Form::DnsSubdomain),
    needs("spec", "volumeAttributesClassName", "csi"),
    call("spec", recycleOfRoot),
    gate("spec.volumeAttributesClassName", "it is dropped without a word").before(34),
};

constexpr Row kStorageClassRows[] = {
    filled("provisioner"),
    is("provisioner", Form::Provisioner),
    call("reclaimPolicy", reclaimOfClass),
    call("parameters", parameterBytes),
    use("allowedTopologies[]", kTopologyTerm),
    call("allowedTopologies", sameTerms),
};

constexpr Row kAttributesClassRows[] = {
    filled("driverName"),
    is("driverName", Form::DriverName),
    has("", "parameters"),
    call("parameters", parameterBytes),
};

constexpr Row kCsiDriverRows[] = {
    words("spec.volumeLifecycleModes[]", "Persistent Ephemeral"),
    words("spec.fsGroupPolicy", "ReadWriteOnceWithFSType File None"),
    apart("spec.tokenRequests", "audience"),
    range("spec.tokenRequests[].expirationSeconds", 600, std::int64_t{1} << 32),
    range("spec.nodeAllocatableUpdatePeriodSeconds", 10),
    gate("spec.nodeAllocatableUpdatePeriodSeconds", "it is dropped without a word").since(33).before(35),
};

constexpr Row kSnapshotRows[] = {
    // That there is a source, the rules of snapshots say.
    atMostOneOf("spec.source", "persistentVolumeClaimName volumeSnapshotContentName"),
    filled("spec.source.persistentVolumeClaimName"),
    filled("spec.source.volumeSnapshotContentName"),
    filled("spec.volumeSnapshotClassName"),
};

constexpr Row kSnapshotContentRows[] = {
    oneOf("spec.source", "volumeHandle snapshotHandle", "volumeHandle snapshotHandle"),
    has("spec.volumeSnapshotRef", "name namespace"),
};

}  // namespace

const Shape kClaimSpec{kClaimSpecRows};
const Shape kClaim{kClaimRows};
const Shape kPersistentVolume{kPersistentVolumeRows};
const Shape kStorageClass{kStorageClassRows};
const Shape kAttributesClass{kAttributesClassRows};
const Shape kCsiDriver{kCsiDriverRows};
const Shape kSnapshot{kSnapshotRows};
const Shape kSnapshotContent{kSnapshotContentRows};

}  // namespace mlstack::storage::admission
