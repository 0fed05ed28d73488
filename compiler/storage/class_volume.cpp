// What volumes are, and how pods use them.

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "storage/binding.h"
#include "storage/class.h"
#include "storage/placement.h"

namespace mlstack::storage {

bool soundsShared(std::string_view path) {
  constexpr std::array<std::string_view, 12> kWords{"nfs", "lustre", "gpfs", "efs", "cephfs", "beegfs", "shared", "weka", "fsx", "glusterfs", "quobyte", "netapp"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return path.find(word) != std::string_view::npos; });
}

namespace {

/// A path that belongs to the node: what is there is the same on all, or meant to differ.
bool belongsToNode(std::string_view path) {
  constexpr std::array<std::string_view, 15> kRoots{"/tmp", "/dev", "/sys", "/proc", "/run", "/var/run", "/var/lib/kubelet", "/var/log", "/etc", "/lib", "/usr", "/boot", "/var/lib/docker", "/var/lib/containerd", "/home/kubernetes"};
  return path == "/" || std::any_of(kRoots.begin(), kRoots.end(), [&](std::string_view root) { return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/'); });
}

}  // namespace

bool staysOnNode(const Context& context, const Pods& pods) {
  return pods.pinned || Placement::ofPod(context.keys, *context.stack.symbols, pods.spec).on("kubernetes.io/hostname") != nullptr;
}

namespace {

/// What a kubelet knows a CSI volume by: driver and handle, not the PersistentVolume's name
/// (pkg/volume/csi/csi_plugin.go#GetVolumeName). Empty for other volumes.
std::string handleOf(const Context& context, const ir::Object& volume) {
  const auto* csi = context.keys.at<"spec.csi">(volume.root);
  const auto handle = context.keys.text<"volumeHandle">(csi);
  return handle.empty() ? std::string() : fmt::format("{}\n{}", context.keys.text<"driver">(csi), handle);
}

}  // namespace

/// MLS3050: a hostPath volume is a folder of whichever node the pod runs on.
/// https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
void folderOfSomeNode(Context& context, const State& state) {
  if (!state.volume || state.uses.empty()) return;
  const auto* path = context.keys.at<"spec.hostPath.path">(state.volume->root);
  if (!isText(path) || context.keys.at<"spec.nodeAffinity">(state.volume->root) || soundsShared(path->text())) return;
  for (const auto& use : state.uses) {
    if (use.pods->onePerNode || staysOnNode(context, *use.pods)) continue;
    if (context.model.kindOf(*use.pods->workload) == "Pod") continue;   // placed once, and no controller makes another one
    auto d = diag::make<Code::FolderOfSomeNode>(path->entrySpan(), context.nameOf(*state.volume), path->text(), context.nameOf(*use.pods->workload));
    d.related.push_back({use.span(), fmt::format("used here, by way of the claim `{}`", claimName(context, state))});
    d.help = "give the volume a `nodeAffinity`, as a `local` one has, or use storage that every node reaches";
    context.report(std::move(d), {state.volume, state.object, use.pods->workload});
    return;
  }
}

/// MLS3063: pods on several nodes write one hostPath: each node has its own.
void folderOfEachNode(Context& context, const Pods& pods) {
  if (pods.onePerNode || pods.replicas < 2) return;
  for (const auto& volume : context.model.volumesOf(pods)) {
    if (volume.kind != VolumeKind::HostPath) continue;
    const auto* path = context.keys.at<"path">(volume.source);
    const auto type = context.keys.text<"type">(volume.source);
    if (!isText(path) || belongsToNode(path->text()) || soundsShared(path->text()) || type == "Socket" || type == "File" || type == "CharDevice" || type == "BlockDevice") continue;
    const auto number = static_cast<std::uint32_t>(&volume - context.model.volumes.data());
    bool writes = false;
    for (const auto& container : context.model.containersOf(pods))
      for (const auto& mount : context.model.mountsOf(container)) writes = writes || (mount.volume == number && !mount.readOnly);
    if (!writes || staysOnNode(context, pods)) continue;
    auto d = diag::make<Code::FolderOfEachNode>(path->entrySpan(), pods.replicas, context.nameOf(*pods.workload), path->text());
    d.help = "use a claim that several nodes can mount, or a folder that need not outlive the pod (`emptyDir`)";
    context.report(std::move(d), {pods.workload});
  }
}

/// MLS3051: the kubelet mounts no volume with mount options whose plugin does not support them
/// (pkg/volume/hostpath: SupportsMountOption is false): the pods stay in ContainerCreating.
void mountOptionsRefused(Context& context, const ir::Object& volume) {
  const auto* options = context.keys.at<"spec.mountOptions">(volume.root);
  if (!options || options->length == 0) return;
  const auto* source = context.keys.at<"spec.hostPath">(volume.root);
  if (!source) return;
  auto d = diag::make<Code::MountOptionsRefused>(options->entrySpan(), context.nameOf(volume), "hostPath");
  d.related.push_back({source->entrySpan(), "what it is"});
  d.help = "remove `mountOptions`";
  context.report(std::move(d), {&volume});
}

/// MLS3059: options of mount(8) that only network file systems, or only those of disks, know: the mount fails.
void mountOptionsOfOthers(Context& context, const ir::Object& object) {
  constexpr std::array<std::string_view, 14> kNetwork{"nfsvers", "vers", "nolock", "hard", "soft", "rsize", "wsize", "timeo", "retrans", "noresvport", "resvport", "file_mode", "dir_mode", "nconnect"};
  constexpr std::array<std::string_view, 6> kDisk{"discard", "data", "barrier", "nobarrier", "journal_checksum", "largeio"};
  const auto* options = context.keys.at<"mountOptions">(object.root);
  if (!options) options = context.keys.at<"spec.mountOptions">(object.root);
  if (!options || !object.facts || !object.facts->network || context.keys.at<"spec.hostPath">(object.root)) return;   // that takes no options at all
  const bool isNetwork = *object.facts->network;
  for (const auto& entry : ir::Children(options)) {
    auto rest = textOf(&entry);
    while (!rest.empty()) {
      const auto end = std::min(rest.find(','), rest.size());
      const auto name = rest.substr(0, std::min(rest.find('='), end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const bool foreign = isNetwork ? std::find(kDisk.begin(), kDisk.end(), name) != kDisk.end() : std::find(kNetwork.begin(), kNetwork.end(), name) != kNetwork.end();
      if (!foreign) continue;
      auto d = diag::make<Code::MountOptionOfOther>(entry.span, name, isNetwork ? "a file system on a disk" : "a network file system", context.nameOf(object), isNetwork ? "a network file system" : "a disk");
      context.report(std::move(d), {&object});
    }
  }
}

namespace {

/// The nodes that a local volume names by `kubernetes.io/hostname`; none when it does not say so in each of its terms.
std::vector<std::string_view> nodesOf(const Context& context, const ir::Object& volume) {
  std::vector<std::string_view> nodes;
  for (const auto& term : Placement::ofVolume(context.keys, context.keys.at<"spec">(volume.root)).terms) {
    const auto at = std::find_if(term.begin(), term.end(), [](const Condition& c) { return c.key == "kubernetes.io/hostname" && c.kind == Condition::Kind::In; });
    if (at == term.end()) return {};
    for (const auto value : at->values)
      if (std::find(nodes.begin(), nodes.end(), value) == nodes.end()) nodes.push_back(value);
  }
  return nodes;
}

/// MLS3064 of local volumes: one path on one node.
void sameFolder(Context& context) {
  std::unordered_map<std::string, const ir::Object*> first;
  for (const auto& row : context.model.matching.volumes) {
    const auto& volume = *row.object;
    const auto* path = context.keys.at<"spec.local.path">(volume.root);
    if (volume.external || !isText(path)) continue;
    const auto text = path->text().size() > 1 && path->text().ends_with('/') ? path->text().substr(0, path->text().size() - 1) : path->text();
    for (const auto node : nodesOf(context, volume)) {
      auto place = fmt::format("{} on {}", text, node);
      const auto [at, isNew] = first.emplace(place, &volume);
      if (isNew || at->second == &volume) continue;
      auto d = diag::make<Code::SameDisk>(path->span, context.nameOf(*at->second), context.nameOf(volume), place);
      d.related.push_back({context.keys.at<"spec.local.path">(at->second->root)->entrySpan(), "the other volume of that disk"});
      context.report(std::move(d), {&volume, at->second});
      break;
    }
  }
}

}  // namespace

/// MLS3039, MLS3038: a local volume is a folder of one node; which one its nodeAffinity says, by a label that nodes have.
/// https://kubernetes.io/docs/concepts/storage/volumes/#local
void localOnSeveral(Context& context, const ir::Object& volume) {
  const auto* path = context.keys.at<"spec.local.path">(volume.root);
  if (volume.external || !isText(path)) return;
  const auto* affinity = context.keys.at<"spec.nodeAffinity">(volume.root);
  const auto nodes = nodesOf(context, volume);
  if (nodes.size() > 1 && !soundsShared(path->text())) {
    auto d = diag::make<Code::LocalOnSeveral>(affinity->entrySpan(), context.nameOf(volume), fmt::format("{}", fmt::join(nodes, " or ")), path->text());
    d.help = "make one volume for each node";
    context.report(std::move(d), {&volume});
  }
  const auto place = Placement::ofVolume(context.keys, context.keys.at<"spec">(volume.root));
  for (const auto& term : place.terms) {
    for (const auto& condition : term) {
      if (condition.key != "hostname" && condition.key != "node" && condition.key != "nodename") continue;
      const auto* key = context.keys.at<"key">(condition.node);
      auto d = diag::make<Code::NoNodeHas>(key->span, context.nameOf(volume), condition.key, "Kubernetes gives its nodes no such label, so that no node may reach it");
      d.help = "the name of a node is its label `kubernetes.io/hostname`";
      d.fixes.push_back({"Write `kubernetes.io/hostname`", {{key->span, "kubernetes.io/hostname"}}});
      context.report(std::move(d), {&volume});
      return;
    }
  }
}

/// MLS3064: one disk stands as two volumes, so that each claim counts as its only user.
void sameDisk(Context& context) {
  sameFolder(context);
  std::unordered_map<std::string, const ir::Object*> first;
  for (const auto& row : context.model.matching.volumes) {
    const auto& volume = *row.object;
    if (volume.external || !volume.facts || !volume.facts->attachable.value_or(false)) continue;
    auto handle = handleOf(context, volume);
    if (handle.empty()) continue;
    const auto [at, isNew] = first.emplace(std::move(handle), &volume);
    if (isNew) continue;
    const auto* here = context.keys.at<"spec.csi.volumeHandle">(volume.root);
    auto d = diag::make<Code::SameDisk>(here->span, context.nameOf(*at->second), context.nameOf(volume), here->text());
    d.related.push_back({context.keys.at<"spec.csi.volumeHandle">(at->second->root)->entrySpan(), "the other volume of that disk"});
    context.report(std::move(d), {&volume, at->second});
  }
}

/// MLS3065: two volumes of one handle in one pod are one volume to the kubelet, which waits for the second for ever.
void sameVolumeInPod(Context& context, const Pods& pods) {
  std::unordered_map<std::string, const State*> first;
  for (const auto& volume : context.model.volumesOf(pods)) {
    if (!volume.state || !volume.state->volume || volume.state->kind != StateKind::Claim) continue;
    auto handle = handleOf(context, *volume.state->volume);
    if (handle.empty()) continue;
    const auto [at, isNew] = first.emplace(std::move(handle), volume.state);
    if (isNew || at->second == volume.state || at->second->volume == volume.state->volume) continue;
    auto d = diag::make<Code::SameVolumeInPod>(volume.node->span, context.nameOf(*pods.workload), claimName(context, *at->second), claimName(context, *volume.state),
                                               context.keys.text<"spec.csi.volumeHandle">(volume.state->volume->root));
    d.related.push_back({at->second->volume->span, "one volume"});
    d.related.push_back({volume.state->volume->span, "the other, with the same volumeHandle"});
    d.help = "mount one of them twice, by `subPath`, or give the volumes handles of their own";
    context.report(std::move(d), {pods.workload, at->second->object, volume.state->object});
  }
}

/// MLS3055, MLS3056: a raw block device has no files, and a file system is no device. The kubelet refuses both
/// (pkg/kubelet/volumemanager/populator: "volume has volumeMode Block, but is specified in volumeMounts").
void deviceOrFolder(Context& context, const Pods& pods, const Container& container) {
  for (const auto& mount : context.model.mountsOf(container)) {
    const auto* volume = context.model.volumeOf(mount);
    if (!volume || !volume->state || !volume->state->spec || volume->field == "storageUri") continue;
    const auto& state = *volume->state;
    if (state.block == mount.device) continue;
    const auto name = claimName(context, state);
    auto d = mount.device ? diag::make<Code::FolderAsDevice>(mount.node->span, container.name, name) : diag::make<Code::DeviceAsFolder>(mount.node->span, container.name, name);
    const auto* mode = context.keys.at<"volumeMode">(state.spec);
    if (mode && mode->span.known()) d.related.push_back({mode->entrySpan(), "what the claim asks for"});
    else d.related.push_back({claimSpan(context, state), "the claim: without a volumeMode it is Filesystem"});
    d.help = mount.device ? "list it under `volumeMounts` with a `mountPath`, or ask for `volumeMode: Block`" : "list it under `volumeDevices` with a `devicePath`, or ask for a Filesystem";
    context.report(std::move(d), {pods.workload, state.object});
  }
}

/// MLS3057: the driver makes no raw block volumes.
void blockBeyondDriver(Context& context, const State& state) {
  if (!state.block || state.object->external || !state.facts || state.facts->block.value_or(true)) return;
  const auto* object = classOf(context.model, state);
  if (!object || state.volume) return;
  auto d = diag::make<Code::BlockBeyondDriver>(context.keys.at<"volumeMode">(state.spec)->span, claimName(context, state), context.nameOf(*object), provisionerOf(context.model, *object));
  if (state.classAt && state.classAt->span.known()) d.related.push_back({state.classAt->entrySpan(), "its class"});
  context.report(std::move(d), {state.object, object});
}

}  // namespace mlstack::storage
