// The volumes of a pod, and where the bytes of a PersistentVolume are.
// Kubernetes: pkg/apis/core/validation/validation.go, validateVolumeSource and what it calls.

#include "storage/admission_volume.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

/// The number, its digits read as octal; nothing when one is 8 or 9.
std::int64_t asOctal(std::int64_t decimal) {
  std::int64_t value = 0;
  std::int64_t place = 1;
  for (; decimal > 0; decimal /= 10, place *= 8) {
    if (decimal % 10 > 7) return -1;
    value += decimal % 10 * place;
  }
  return value;
}

bool readsOctal(const Judge& judge, base::Span span) {
  const auto* file = judge.context.sources.fileAt(span.begin);
  return file && (file->name.ends_with(".yaml") || file->name.ends_with(".yml"));
}

/// Modes that people write: what owner, group and others may, each at most 7 and falling.
bool looksLikeMode(std::int64_t octal) {
  const auto owner = octal >> 6 & 7;
  const auto group = octal >> 3 & 7;
  const auto others = octal & 7;
  return octal >= 0 && octal <= 0777 && owner >= 4 && owner >= group && group >= others;
}

}  // namespace

/// YAML's 644 is decimal; Kubernetes takes 0 to 0777 (511), so that 400 is taken, and is 0620.
void judgeFileMode(Judge& judge, const Node& mode) {
  if (mode.kind != ir::NodeKind::Int) return;
  const auto value = mode.integer;
  const auto written = mode.span.known() ? judge.context.sources.text(mode.span) : std::string_view{};
  const auto meant = asOctal(value);
  const bool decimal = written == fmt::format("{}", value) && looksLikeMode(meant) && !looksLikeMode(value);
  if (value >= 0 && value <= 0777 && !decimal) return;
  if (!decimal) return judge.sayRange(mode, judge.path(), "0 to 0777 (511)");
  const bool refused = value > 0777;
  auto d = diag::make<Code::DecimalMode>(mode.span, judge.path(), value, fmt::format("0{:o}", value), refused ? ": Kubernetes takes 0777 at most" : "");
  if (!refused) d.severity = diag::Severity::Warning;
  // YAML reads a leading 0 as octal; the language and JSON do not.
  const auto mend = readsOctal(judge, mode.span) ? fmt::format("0{}", value) : fmt::format("{}", meant);
  d.help = fmt::format("0{} is meant{}", value, mend[0] == '0' ? std::string() : fmt::format(", which is {}", meant));
  d.fixes.push_back({fmt::format("write {}", mend), {{mode.span, mend}}});
  judge.say(std::move(d));
}

namespace {

/// Volume types whose code is gone, or switched off, in every version that is served here.
struct Gone {
  std::string_view field;
  std::string_view since;
  int from;   // the first minor version without it
  std::string_view instead;
};
// Kubernetes: https://kubernetes.io/docs/concepts/storage/volumes/ and the changelogs of those versions.
constexpr Gone kGone[] = {
    {"glusterfs", "1.26", 26, "an NFS share, or another CSI driver"},
    {"cephfs", "1.31", 31, "the CephFS CSI driver (cephfs.csi.ceph.com)"},
    {"rbd", "1.31", 31, "the RBD CSI driver (rbd.csi.ceph.com)"},
    {"flocker", "1.25", 25, "a CSI driver"},
    {"quobyte", "1.25", 25, "the Quobyte CSI driver"},
    {"storageos", "1.25", 25, "a CSI driver"},
    {"scaleIO", "1.22", 22, "a CSI driver"},
    {"photonPersistentDisk", "1.31", 31, "a CSI driver"},
    {"gitRepo", "1.33", 33, "an init container that clones into an emptyDir"},
};

void oneIscsiSecret(Judge& judge, const Node& iscsi) {
  const bool chap = judge.keys.isTrue<"chapAuthDiscovery">(&iscsi) || judge.keys.isTrue<"chapAuthSession">(&iscsi);
  if (chap && !isSet(judge.keys.at<"secretRef">(&iscsi))) judge.sayLacks(iscsi, judge.path(), "`secretRef`", "CHAP needs the secret");
}

void fibreChannel(Judge& judge, const Node& fc) {
  const auto* names = judge.keys.at<"targetWWNs">(&fc);
  const auto* ids = judge.keys.at<"wwids">(&fc);
  if (!isSet(names) && !isSet(ids)) return judge.sayLacks(fc, judge.path(), "`targetWWNs` or `wwids`");
  if (isSet(names) && isSet(ids)) return judge.say(diag::make<Code::FieldsTogether>(judge.headOf(*ids), judge.path(), "targetWWNs", "wwids"));
  if (isSet(names) && !judge.keys.at<"lun">(&fc)) judge.sayLacks(fc, judge.path(), "`lun`", "a target has many");
}

void azureUri(Judge& judge, const Node& disk) {
  const auto kind = judge.keys.text<"kind">(&disk);
  const auto* uri = judge.keys.at<"diskURI">(&disk);
  if (kind.empty() || !isText(uri) || uri->length == 0) return;
  if (kind == "Managed" && !uri->text().starts_with("/subscriptions/")) judge.sayWord(*uri, judge.path("diskURI"), "/subscriptions/… for a managed disk");
  if (kind != "Managed" && !uri->text().starts_with("https://")) judge.sayWord(*uri, judge.path("diskURI"), "https://… for a disk in a blob");
}

/// The API server takes any text, and `mount` asks for "SERVER:/PATH".
void serverOfShare(Judge& judge, const Node& server) {
  const auto text = textOf(&server);
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || text.find("${") != std::string_view::npos) return;
  auto d = diag::make<Code::ValueForm>(judge.spanOf(server), quoted(judge.path()), judge.shown(server), "it is a host's name or address alone, and no node can mount from this one");
  d.help = fmt::format("write \"{}\" here, and the folder as `path`", text.substr(0, text.find(text.find("://") == std::string_view::npos ? ":/" : "://")));
  if (text.find("://") != std::string_view::npos) d.help = "write the name alone here, and the folder as `path`";
  judge.say(std::move(d));
}

/// Files of a projected volume: two cannot be one.
void projectedPaths(Judge& judge, const Node& projected) {
  std::unordered_map<std::string_view, const Node*> seen;
  const auto take = [&](const Node* path, std::string at) {
    if (!isText(path) || path->length == 0) return;
    const auto [known, isNew] = seen.emplace(path->text(), path);
    if (!isNew) judge.sayTwice(*path, at, *known->second, judge.shown(*path));
  };
  std::size_t index = 0;
  for (const auto& source : ir::Children(judge.keys.at<"sources">(&projected))) {
    const auto at = index++;
    for (const auto& part : ir::Children(&source)) {
      const auto name = judge.text(part.key);
      std::size_t item = 0;
      for (const auto& entry : ir::Children(judge.keys.at<"items">(&part)))
        take(judge.keys.at<"path">(&entry), judge.path("sources", at, name, "items", item++, "path"));
      if (name == "clusterTrustBundle") take(judge.keys.at<"path">(&part), judge.path("sources", at, name, "path"));
    }
  }
}

constexpr Row kItemRows[] = {
    filled("key"),
    filled("path"),
    is("path", Form::LocalPath),
    call("mode", judgeFileMode),
};
constexpr Shape kItem{kItemRows};

constexpr Row kDownwardRows[] = {
    filled("path"),
    is("path", Form::LocalPath),
    oneOf("", "fieldRef resourceFieldRef", "path mode"),
    call("fieldRef", judgeVolumeFieldRef),
    call("resourceFieldRef", judgeVolumeResourceRef),
    call("mode", judgeFileMode),
};
constexpr Shape kDownward{kDownwardRows};

constexpr std::string_view kProjections = "secret configMap downwardAPI serviceAccountToken clusterTrustBundle podCertificate";

constexpr Row kProjectedRows[] = {
    call("defaultMode", judgeFileMode),
    atMostOneOf("sources[]", kProjections),
    has("sources[].secret", "name"),
    has("sources[].configMap", "name"),
    use("sources[].secret.items[]", kItem),
    use("sources[].configMap.items[]", kItem),
    use("sources[].downwardAPI.items[]", kDownward),
    range("sources[].serviceAccountToken.expirationSeconds", 600, std::int64_t{1} << 32),
    filled("sources[].serviceAccountToken.path"),
    is("sources[].serviceAccountToken.path", Form::LocalPath),
    filled("sources[].clusterTrustBundle.path"),
    is("sources[].clusterTrustBundle.path", Form::LocalPath),
    oneOf("sources[].clusterTrustBundle", "name signerName", "path labelSelector optional"),
    refuses("sources[].clusterTrustBundle", "name", "labelSelector"),
    call("", projectedPaths),
};
constexpr Shape kProjected{kProjectedRows};

/// Sources that a pod and a PersistentVolume have in common.
constexpr Row kSourceRows[] = {
    filled("hostPath.path"),
    is("hostPath.path", Form::NoBacksteps),
    filled("nfs.server"),
    call("nfs.server", serverOfShare),
    filled("nfs.path"),
    is("nfs.path", Form::AbsolutePath),
    filled("iscsi.targetPortal"),
    filled("iscsi.iqn"),
    is("iscsi.iqn", Form::IscsiName),
    is("iscsi.initiatorName", Form::IscsiName),
    range("iscsi.lun", 0, 255),
    call("iscsi", oneIscsiSecret),
    call("fc", fibreChannel),
    range("fc.lun", 0, 255),
    filled("gcePersistentDisk.pdName"),
    range("gcePersistentDisk.partition", 0, 255),
    filled("awsElasticBlockStore.volumeID"),
    range("awsElasticBlockStore.partition", 0, 255),
    filled("azureFile.secretName"),
    filled("azureFile.shareName"),
    filled("azureDisk.diskName"),
    filled("azureDisk.diskURI"),
    call("azureDisk", azureUri),
    filled("cinder.volumeID"),
    filled("vsphereVolume.volumePath"),
    filled("portworxVolume.volumeID"),
    filled("flexVolume.driver"),
    filled("csi.driver"),
    is("csi.driver", Form::DriverName),
    call("", judgeGoneSources),
};

constexpr Row kVolumeRows[] = {
    filled("name"),
    is("name", Form::DnsLabel),
    oneOf("", kPodSources, "name"),
    use("", kVolumeSource),
    size("emptyDir.sizeLimit", 0),
    is("emptyDir.medium", Form::Medium),
    has("secret", "secretName"),
    call("secret.defaultMode", judgeFileMode),
    use("secret.items[]", kItem),
    has("configMap", "name"),
    call("configMap.defaultMode", judgeFileMode),
    use("configMap.items[]", kItem),
    filled("persistentVolumeClaim.claimName"),
    use("projected", kProjected),
    call("downwardAPI.defaultMode", judgeFileMode),
    use("downwardAPI.items[]", kDownward),
    is("csi.nodePublishSecretRef.name", Form::DnsSubdomain),
    has("csi.nodePublishSecretRef", "name"),
    has("ephemeral", "volumeClaimTemplate"),
    only("ephemeral.volumeClaimTemplate.metadata", "labels annotations"),
    use("ephemeral.volumeClaimTemplate.metadata", kTemplateMeta),
    use("ephemeral.volumeClaimTemplate.spec", kClaimSpec),
    is("gitRepo.directory", Form::RelativePath),
};

}  // namespace

void judgeGoneSources(Judge& judge, const Node& volume) {
  for (const auto& child : ir::Children(&volume)) {
    if (child.kind == ir::NodeKind::Null) continue;
    const auto name = judge.text(child.key);
    for (const auto& row : kGone) {
      if (row.field != name || !judge.context.since(row.from)) continue;
      auto d = diag::make<Code::VolumeTypeGone>(child.knowsKey() ? child.keySpan(name.size()) : judge.spanOf(child), judge.path(name), row.since, row.field);
      d.help = fmt::format("use {}", row.instead);
      judge.say(std::move(d));
    }
  }
}

const Shape kVolumeSource{kSourceRows};
const Shape kVolume{kVolumeRows};

}  // namespace mlstack::storage::admission
