// Paths in containers: what hides what, what can be written, what is there at all.

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include <fmt/format.h>

#include "storage/programs.h"
#include "storage/rule.h"

namespace mlstack::storage {

namespace {

/// Without the slashes at its end and doubled ones: "/data/" is "/data".
std::string normal(std::string_view path) {
  std::string out;
  for (const char c : path)
    if (c != '/' || out.empty() || out.back() != '/') out += c;
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

/// The same; a path that is so already stays where it is, others are put into `buffer`.
std::string_view normalIn(std::string_view path, std::string& buffer) {
  const bool isSo = path.find("//") == std::string_view::npos && (path.size() < 2 || path.back() != '/');
  if (isSo) return path;
  buffer = normal(path);
  return buffer;
}

bool startsEmpty(VolumeKind kind) { return kind == VolumeKind::EmptyDir || kind == VolumeKind::Memory || kind == VolumeKind::Ephemeral; }
bool isClaim(VolumeKind kind) { return kind == VolumeKind::Claim || kind == VolumeKind::Template || kind == VolumeKind::Ephemeral; }
bool isFromConfig(VolumeKind kind) {
  return kind == VolumeKind::ConfigMap || kind == VolumeKind::Secret || kind == VolumeKind::Projected || kind == VolumeKind::DownwardApi;
}

base::Span pathSpan(const Context& context, const Mount& mount) {
  const auto* at = context.keys.at<"mountPath">(mount.node);
  return at ? at->span : mount.node->span;
}

// --- paths of one container -----------------------------------------------------------------

/// Whether of a few mounts none is inside of another one.
bool areApart(std::span<const Mount> mounts) {
  constexpr std::size_t kFew = 8;
  if (mounts.size() > kFew) return false;
  std::string buffer;
  for (const auto& mount : mounts)
    if (normalIn(mount.path, buffer).data() != mount.path.data()) return false;
  for (std::size_t i = 0; i < mounts.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (isWithin(mounts[i].path, mounts[j].path) || isWithin(mounts[j].path, mounts[i].path)) return false;
  return true;
}

/// MLS3180: two mounts that the API server takes for different paths, as it compares their texts only
/// (pkg/apis/core/validation/validation.go, ValidateVolumeMounts).
/// MLS3181: a mount inside of another one; the runtime makes its mount point inside of the outer volume.
void nested(Context& context, const Pods& pods, const Container& container) {
  const auto mounts = context.model.mountsOf(container);
  if (mounts.size() < 2 || areApart(mounts)) return;
  std::vector<std::pair<std::string_view, const Mount*>> paths;
  paths.reserve(mounts.size());
  std::deque<std::string> buffers;
  for (const auto& mount : mounts) {
    if (mount.device || mount.path.size() < 2) continue;
    if (buffers.empty() || !buffers.back().empty()) buffers.emplace_back();
    paths.emplace_back(normalIn(mount.path, buffers.back()), &mount);
  }
  std::sort(paths.begin(), paths.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::size_t> outer;   // indices whose folders contain what comes
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto& [path, mount] = paths[i];
    while (!outer.empty() && !isWithin(path, paths[outer.back()].first)) outer.pop_back();
    if (!outer.empty()) {
      const auto& [around, parent] = paths[outer.back()];
      const auto* volume = context.model.volumeOf(*mount);
      const auto* parentVolume = context.model.volumeOf(*parent);
      if (around == path) {
        if (parent->path == mount->path) continue;   // the API server refuses that one
        auto d = diag::make<Code::PathsCollide>(pathSpan(context, *mount), mount->path, parent->path, container.name);
        d.related.push_back({pathSpan(context, *parent), "the other one"});
        d.help = "give each volume a folder of its own";
        context.report(std::move(d), {pods.workload});
        continue;
      }
      // Into config and secrets the kubelet makes the folders of inner mounts itself (MakeNestedMountpoints), and what is in
      // them is known; folders of the node are mounted again for their propagation.
      const bool usual = parentVolume && (isFromConfig(parentVolume->kind) || parentVolume->kind == VolumeKind::HostPath);
      if (volume && parentVolume && volume != parentVolume && !usual) {
        auto d = diag::make<Code::MountHides>(pathSpan(context, *mount), mount->path, parent->path, parentVolume->name);
        // A cache or a claim inside of a home is how homes are laid out; a folder that was filled for this pod is not covered on purpose.
        const bool filled = startsEmpty(parentVolume->kind) && !isFromConfig(volume->kind) && mount->subPath.empty();
        if (!filled) d.severity = diag::Severity::Note;
        d.related.push_back({pathSpan(context, *parent), "the outer one"});
        d.help = "mount them beside each other, if the inner folder is not meant to cover part of the outer one";
        context.report(std::move(d), {pods.workload});
      }
    }
    outer.push_back(i);
  }
}

/// Folders that programs cannot do without; `whole` ones may not be covered at all.
struct SystemFolder {
  std::string_view path;
  std::string_view what;
};
constexpr std::array<SystemFolder, 16> kSystemFolders{{
    {"/", "the whole file system of the image"},
    {"/bin", "the programs of the image"},
    {"/sbin", "the programs of the image"},
    {"/lib", "the libraries of the image"},
    {"/lib64", "the libraries of the image"},
    {"/usr", "the programs and libraries of the image"},
    {"/usr/bin", "the programs of the image"},
    {"/usr/lib", "the libraries of the image"},
    {"/usr/local", "what was installed into the image (Python, CUDA)"},
    {"/usr/local/bin", "what was installed into the image"},
    {"/usr/local/lib", "what was installed into the image"},
    {"/etc", "the configuration of the image"},
    {"/proc", "the kernel's view of processes"},
    {"/sys", "the kernel's view of devices"},
    {"/dev", "the devices of the container"},
    {"/var/run/secrets/kubernetes.io/serviceaccount", "the account's token"},
}};

struct ImageFolder {
  std::string_view image;   // a part of the image's name
  std::string_view path;
  bool isHome;              // a claim there is the usual way to keep it
};
/// What images ship at a path, by their own documentation.
constexpr std::array<ImageFolder, 14> kImageFolders{{
    {"-notebook", "/home/jovyan", true},
    {"jupyter/", "/home/jovyan", true},
    {"kubeflownotebookswg/", "/home/jovyan", true},
    {"jupyter", "/opt/conda", false},
    {"-notebook", "/opt/conda", false},
    {"conda", "/opt/conda", false},
    {"pytorch/pytorch", "/opt/conda", false},
    {"nvcr.io/nvidia/pytorch", "/workspace", false},
    {"nvcr.io/nvidia/tensorflow", "/workspace", false},
    {"nvcr.io/nvidia/nemo", "/opt", false},
    {"rayproject/ray", "/home/ray", false},
    {"nvcr.io/nvidia/tritonserver", "/opt/tritonserver", false},
    {"vllm/vllm-openai", "/vllm-workspace", false},
    {"apache/airflow", "/opt/airflow", false},
}};

/// MLS3183: a volume over a folder that the image needs. https://kubernetes.io/docs/concepts/storage/volumes/: a volume
/// never takes over what the image has at its path.
void hidesImage(Context& context, const Pods& pods, const Container& container) {
  std::string buffer;
  for (const auto& mount : context.model.mountsOf(container)) {
    const auto* volume = context.model.volumeOf(mount);
    if (!volume || mount.device || mount.path.empty() || volume->kind == VolumeKind::HostPath || !mount.subPath.empty()) continue;
    const auto path = normalIn(mount.path, buffer);
    for (const auto& folder : kSystemFolders) {
      if (folder.path != path || (volume->kind == VolumeKind::Projected && path.starts_with("/var/run"))) continue;
      auto d = diag::make<Code::HidesImage>(pathSpan(context, mount), volume->name, mount.path, folder.what);
      d.severity = diag::Severity::Error;
      d.help = "mount it in a folder of its own";
      context.report(std::move(d), {pods.workload});
    }
    if (isFromConfig(volume->kind)) continue;
    for (const auto& folder : kImageFolders) {
      if (folder.path != path || container.image.find(folder.image) == std::string_view::npos) continue;
      auto d = diag::make<Code::HidesImage>(pathSpan(context, mount), volume->name, mount.path, fmt::format("what the image {} ships there", container.image));
      if (folder.isHome && isClaim(volume->kind)) d.severity = diag::Severity::Note;
      d.help = folder.isHome ? "mount it in a folder below, or copy what the image ships with an init container" : "mount it in a folder of its own";
      context.report(std::move(d), {pods.workload});
      break;
    }
  }
}

/// "MOUNT_PATH": what somebody fills in before it is applied.
bool isPlaceholder(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '_' || c == '<' || c == '>' || c == '$' || c == '{' || c == '}'; });
}

/// MLS3193: the kubelet puts a slash before a relative path; the API's text forbids a colon and nothing checks it.
void oddPaths(Context& context, const Pods& pods, const Container& container) {
  for (const auto& mount : context.model.mountsOf(container)) {
    if (mount.device || mount.path.empty() || mount.node->kind != ir::NodeKind::Map) continue;
    const bool windows = mount.path.size() > 2 && mount.path[1] == ':';
    if (windows || mount.path.starts_with('\\') || isPlaceholder(mount.path)) continue;
    if (!mount.path.starts_with('/')) {
      auto d = diag::make<Code::OddMountPath>(pathSpan(context, mount), mount.path, fmt::format("is relative: it is mounted at /{}, wherever the program works", mount.path));
      d.fixes.push_back({fmt::format("write /{}", mount.path), {{pathSpan(context, mount), fmt::format("/{}", mount.path)}}});
      context.report(std::move(d), {pods.workload});
    } else if (mount.path.find(':') != std::string_view::npos) {
      context.report(diag::make<Code::OddMountPath>(pathSpan(context, mount), mount.path, "holds a colon, which the field forbids and some runtimes read as an option"), {pods.workload});
    }
  }
}

// --- sub-paths -------------------------------------------------------------------------------

bool definesVariable(const Context& context, const Container& container, std::string_view name) {
  for (const auto& variable : ir::Children(context.keys.at<"env">(container.node)))
    if (context.keys.text<"name">(&variable) == name) return true;
  return false;
}

/// MLS3184: `subPathExpr` is expanded with the container's own variables only (pkg/kubelet/container/helpers.go,
/// ExpandContainerVolumeMounts): a missing one fails the container. Variables of `envFrom` are not known here.
void subPathVariables(Context& context, const Pods& pods, const Container& container) {
  for (const auto& mount : context.model.mountsOf(container)) {
    if (!mount.expandsSubPath || context.keys.at<"envFrom">(container.node)) continue;
    auto rest = mount.subPath;
    while (true) {
      const auto begin = rest.find("$(");
      if (begin == std::string_view::npos) break;
      const bool escaped = begin > 0 && rest[begin - 1] == '$';
      rest.remove_prefix(begin + 2);
      const auto end = rest.find(')');
      if (end == std::string_view::npos) break;
      const auto name = rest.substr(0, end);
      if (escaped || definesVariable(context, container, name)) continue;
      const auto* at = context.keys.at<"subPathExpr">(mount.node);
      auto d = diag::make<Code::SubPathVariable>(at->span, name, container.name);
      d.help = name == "POD_NAME" ? std::string("add it to `env`: valueFrom: {fieldRef: {fieldPath: metadata.name}}") : fmt::format("add `{}` to the container's `env`", name);
      context.report(std::move(d), {pods.workload});
    }
  }
}

bool hasChecksum(const Context& context, const Pods& pods) {
  for (const auto& annotation : ir::Children(context.keys.at<"annotations">(pods.metadata))) {
    const auto key = context.model.text(annotation.key);
    for (const auto word : {"checksum", "hash", "sha", "reload", "restartedAt", "config"})
      if (key.find(word) != std::string_view::npos) return true;
  }
  return false;
}

/// MLS3191: a file mounted by `subPath` is bound when the container starts.
/// https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically
void staleConfig(Context& context, const Pods& pods, const Container& container) {
  if (pods.runsToEnd || container.phase == Phase::Init) return;
  for (const auto& mount : context.model.mountsOf(container)) {
    const auto* volume = context.model.volumeOf(mount);
    if (!volume || mount.subPath.empty() || volume->object == ir::kNoObject) continue;
    if (volume->kind != VolumeKind::ConfigMap && volume->kind != VolumeKind::Secret) continue;
    const auto& config = context.stack.objects[volume->object];
    if (config.external || context.keys.isTrue<"immutable">(config.root) || hasChecksum(context, pods)) continue;
    auto d = diag::make<Code::StaleConfig>(mount.node->span, mount.path, context.objectText(config), context.nameOf(*pods.workload));
    d.help = "mount the folder without `subPath`, or put a hash of the data into an annotation of the pod template";
    context.report(std::move(d), {pods.workload, &config});
  }
}

// --- init containers -------------------------------------------------------------------------

/// Whether a text names the path as a word or the beginning of one: "/models" in "wget -P /models/x".
bool namesPath(std::string_view text, std::string_view path) {
  for (auto at = text.find(path); at != std::string_view::npos; at = text.find(path, at + 1)) {
    const bool begins = at == 0 || std::string_view(" \t\n\"'=:>").find(text[at - 1]) != std::string_view::npos;
    const auto end = at + path.size();
    const bool ends = end == text.size() || std::string_view("/ \t\n\"';&|)").find(text[end]) != std::string_view::npos;
    if (begins && ends) return true;
  }
  return false;
}

const ir::Node* wordThatNames(const Context& context, const Container& container, std::string_view path) {
  for (const auto* list : {context.keys.at<"command">(container.node), context.keys.at<"args">(container.node)})
    for (const auto& word : ir::Children(list))
      if (namesPath(textOf(&word), path)) return &word;
  return nullptr;
}

bool mountsAt(const Context& context, const Container& container, std::string_view path) {
  for (const auto& mount : context.model.mountsOf(container))
    if (isWithin(path, normal(mount.path)) || isWithin(normal(mount.path), path)) return true;
  return false;
}

/// MLS3186: an init container fills a folder that only the others mount: each container has a file system of its own.
void initNotShared(Context& context, const Pods& pods) {
  const auto containers = context.model.containersOf(pods);
  std::string buffer;
  for (const auto& init : containers) {
    if (init.phase != Phase::Init) continue;
    for (const auto& other : containers) {
      if (other.phase == Phase::Init) continue;
      for (const auto& mount : context.model.mountsOf(other)) {
        const auto* volume = context.model.volumeOf(mount);
        if (!volume || !(startsEmpty(volume->kind) || isClaim(volume->kind)) || mount.path.size() < 2) continue;
        const auto path = normalIn(mount.path, buffer);
        if (path == "/tmp" || path.starts_with("/dev") || mountsAt(context, init, path)) continue;
        const auto* word = wordThatNames(context, init, path);
        if (!word) continue;
        auto d = diag::make<Code::InitNotShared>(word->span, init.name, path, other.name);
        if (!startsEmpty(volume->kind)) d.severity = diag::Severity::Warning;
        d.related.push_back({mount.node->span, fmt::format("`{}` mounts volume \"{}\" there", other.name, volume->name)});
        d.help = fmt::format("mount volume \"{}\" at {} in `{}` as well", volume->name, path, init.name);
        context.report(std::move(d), {pods.workload});
        return;
      }
    }
  }
}

// --- who may write ---------------------------------------------------------------------------

std::optional<std::int64_t> userOf(const Context& context, const Pods& pods, const Container& container) {
  if (const auto own = intOf(context.keys.at<"securityContext.runAsUser">(container.node))) return own;
  return intOf(context.keys.at<"securityContext.runAsUser">(pods.spec));
}

/// Whether a root container mounts the volume first, as those that `chown` it do.
bool isPrepared(const Context& context, const Pods& pods, const Volume& volume) {
  const auto number = static_cast<std::uint32_t>(&volume - context.model.volumes.data());
  for (const auto& container : context.model.containersOf(pods)) {
    if (container.phase != Phase::Init) continue;
    if (const auto user = userOf(context, pods, container); user && *user != 0) continue;
    for (const auto& mount : context.model.mountsOf(container))
      if (mount.volume == number && !mount.readOnly) return true;
  }
  return false;
}

/// MLS3187: a new file system belongs to root. `fsGroup` makes the kubelet give it to a group, where the driver lets it
/// (https://kubernetes.io/docs/tasks/configure-pod-container/security-context/).
void rootOwned(Context& context, const Pods& pods, const Container& container) {
  const auto user = userOf(context, pods, container);
  if (!user || *user == 0 || context.keys.at<"securityContext.fsGroup">(pods.spec)) return;
  const auto* groups = context.keys.at<"securityContext.supplementalGroups">(pods.spec);
  const auto group = intOf(context.keys.at<"securityContext.runAsGroup">(container.node)).value_or(intOf(context.keys.at<"securityContext.runAsGroup">(pods.spec)).value_or(-1));
  if (groups || group == 0) return;
  for (const auto& mount : context.model.mountsOf(container)) {
    const auto* volume = context.model.volumeOf(mount);
    if (!volume || mount.readOnly || mount.device || !isClaim(volume->kind) || !volume->state) continue;
    const auto& state = *volume->state;
    if (state.object->external || state.volume || context.keys.at<"volumeName">(state.spec) || context.keys.at<"dataSource">(state.spec) || context.keys.at<"dataSourceRef">(state.spec)) continue;
    if (state.facts && ((state.facts->network && *state.facts->network) || state.facts->fsGroupPolicy == "None")) continue;
    if (isPrepared(context, pods, *volume)) continue;
    auto d = diag::make<Code::RootOwned>(mount.node->span, container.name, *user, volume->refers.empty() ? volume->name : volume->refers);
    d.help = fmt::format("add `fsGroup: {}` to the pod's securityContext", *user);
    context.report(std::move(d), {pods.workload});
    return;
  }
}

/// Images whose programs fill a cache below $HOME, with the variables that put it elsewhere.
constexpr std::array<std::string_view, 8> kCachingImages{"huggingfaceserver", "vllm-openai", "text-generation-inference", "text-embeddings-inference", "sglang", "huggingface/transformers", "huggingface/", "diffusers"};
constexpr std::array<std::string_view, 6> kCacheVariables{"HF_HOME", "HOME", "TRANSFORMERS_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE", "XDG_CACHE_HOME"};

/// MLS3188: a user id without an entry in the image's /etc/passwd has the home "/", which it cannot write.
void cacheNotWritable(Context& context, const Pods& pods, const Container& container) {
  const auto user = userOf(context, pods, container);
  if (!user || *user == 0 || context.keys.at<"envFrom">(container.node)) return;
  const bool caches = std::any_of(kCachingImages.begin(), kCachingImages.end(), [&](std::string_view part) { return container.image.find(part) != std::string_view::npos; });
  if (!caches) return;
  for (const auto variable : kCacheVariables)
    if (definesVariable(context, container, variable)) return;
  for (const auto& mount : context.model.mountsOf(container))
    if (mount.path.find(".cache") != std::string_view::npos) return;
  const auto* at = context.keys.at<"image">(container.node);
  auto d = diag::make<Code::CacheNotWritable>(at ? at->span : container.node->span, container.name, *user);
  d.help = "set HF_HOME to a folder on a volume that this user can write";
  context.report(std::move(d), {pods.workload});
}

// --- databases -------------------------------------------------------------------------------

/// MLS3189: mkfs.ext4 makes `lost+found` at the root of a file system; initdb wants an empty folder
/// (https://hub.docker.com/_/postgres, PGDATA).
void lostAndFound(Context& context, const Pods& pods, const Container& container) {
  const auto* program = programOf(container.image);
  if (!program || program->path != "/var/lib/postgresql/data") return;
  for (const auto& directory : stateDirectories(context.model, container)) {
    if (directory.what != Content::Database) continue;
    const auto* mount = mountAt(context.model, container, directory.path);
    const auto* volume = mount ? context.model.volumeOf(*mount) : nullptr;
    if (!volume || !isClaim(volume->kind) || !mount->subPath.empty() || normal(mount->path) != directory.path) continue;
    const auto* state = volume->state;
    if (state && (state->volume || (state->facts && state->facts->network && *state->facts->network))) continue;
    const bool known = state && state->facts && state->facts->defaultFilesystem.starts_with("ext");
    if (state && state->facts && !state->facts->defaultFilesystem.empty() && !known) continue;
    auto d = diag::make<Code::LostAndFound>(mount->node->span, program->title, mount->path, volume->refers.empty() ? volume->name : volume->refers);
    if (!known) d.severity = diag::Severity::Warning;
    d.help = "add `subPath: pgdata` to the mount, or set PGDATA to a folder below it";
    context.report(std::move(d), {pods.workload});
  }
}

// --- volumes of a pod ------------------------------------------------------------------------

/// MLS3190: one claim as two volumes of a pod; MLS3194: a claim that no container mounts; MLS3195: a volume hidden by a template.
void volumesOfPod(Context& context, const Pods& pods) {
  const auto volumes = context.model.volumesOf(pods);
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const auto& volume = volumes[i];
    if (volume.kind == VolumeKind::Claim && volume.field == "persistentVolumeClaim") {
      for (std::size_t j = 0; j < i; ++j) {
        if (volumes[j].kind != VolumeKind::Claim || volumes[j].refers != volume.refers || volume.refers.empty() || volumes[j].field != volume.field) continue;
        auto d = diag::make<Code::ClaimTwice>(volume.node->span, volume.refers, volumes[j].name, volume.name);
        d.related.push_back({volumes[j].node->span, "the first one"});
        d.help = fmt::format("mount volume \"{}\" at both paths, with `subPath` where they differ", volumes[j].name);
        context.report(std::move(d), {pods.workload});
        break;
      }
      // The containers of a TrainJob stand in its runtime.
      if (!volume.mounted && pods.containers.count > 0 && context.model.kindOf(*pods.workload) != "TrainJob") {
        auto d = diag::make<Code::ClaimNotMounted>(volume.node->span, volume.refers, context.nameOf(*pods.workload));
        d.help = "mount it, or take the volume away";
        context.report(std::move(d), {pods.workload});
      }
    }
    if (volume.kind == VolumeKind::Template && !volume.mounted && pods.containers.count > 0 && context.model.kindOf(*pods.workload) == "StatefulSet") {
      auto d = diag::make<Code::ClaimNotMounted>(volume.node->span, volume.name, context.nameOf(*pods.workload));
      d.help = "mount it, or take the template away: each pod has such a claim made and waits for it";
      context.report(std::move(d), {pods.workload});
    }
    if (volume.kind == VolumeKind::Template) continue;
    for (std::size_t j = 0; j < i && volumes[j].kind == VolumeKind::Template; ++j) {
      if (volumes[j].name != volume.name || volume.name.empty()) continue;
      auto d = diag::make<Code::HiddenByTemplate>(volume.node->span, volume.name, volume.field, context.nameOf(*pods.workload));
      d.related.push_back({volumes[j].node->span, "the claim template of this name counts"});
      d.help = "take one of them away, or give it another name";
      context.report(std::move(d), {pods.workload});
    }
  }
}

/// Folders of a node that are there on every one, made by the system or the kubelet.
constexpr std::array<std::string_view, 13> kNodeFolders{"/dev", "/sys", "/proc", "/etc", "/run", "/var/run", "/var/log", "/var/lib/kubelet", "/var/lib/docker", "/var/lib/containerd", "/lib/modules", "/usr", "/tmp"};

/// MLS3192: `type: Directory` is checked by the kubelet when it mounts (pkg/volume/hostpath).
void hostPathMustExist(Context& context, const Pods& pods) {
  if (pods.onePerNode || pods.pinned || context.keys.at<"nodeSelector">(pods.spec) || context.keys.at<"affinity.nodeAffinity">(pods.spec)) return;
  for (const auto& volume : context.model.volumesOf(pods)) {
    if (volume.kind != VolumeKind::HostPath) continue;
    const auto type = context.keys.text<"type">(volume.source);
    if (type != "Directory" && type != "File") continue;
    const auto* at = context.keys.at<"path">(volume.source);
    const auto path = textOf(at);
    if (path.size() < 2 || std::any_of(kNodeFolders.begin(), kNodeFolders.end(), [&](std::string_view folder) { return isWithin(path, folder); })) continue;
    auto d = diag::make<Code::HostPathMustExist>(at->span, path, type == "File" ? "file" : "folder", context.nameOf(*pods.workload));
    d.help = "choose the nodes that have it with `nodeSelector`, or use a claim";
    context.report(std::move(d), {pods.workload});
  }
}

/// What makes a mount read-only though neither it nor the pod's volume says so.
struct ReadOnlyBy {
  const ir::Node* at = nullptr;
  bool certain = false;
};

const ir::Node* optionRo(const ir::Node* options) {
  for (const auto& option : ir::Children(options))
    if (textOf(&option) == "ro") return &option;
  return nullptr;
}

/// The options of the volume that is there, or of the class that makes it; `readOnly` of the volume's source, which each driver reads
/// in its own way (pkg/volume/volume.go: NewSpecFromPersistentVolume takes it from the pod alone).
ReadOnlyBy readOnlyBy(const Context& context, const Volume& volume) {
  const auto* state = volume.state;
  if (!state) return {};
  if (!state->volume) return state->classObject ? ReadOnlyBy{optionRo(context.keys.at<"mountOptions">(state->classObject->root)), true} : ReadOnlyBy{};
  if (const auto* option = optionRo(context.keys.at<"spec.mountOptions">(state->volume->root))) return {option, true};
  for (const auto& source : ir::Children(context.keys.at<"spec">(state->volume->root)))
    if (source.kind == ir::NodeKind::Map && context.keys.isTrue<"readOnly">(&source)) return {context.keys.at<"readOnly">(&source), false};
  return {};
}

void sayReadOnly(Context& context, const Pods& pods, const Container& container, const Mount& mount, base::Span at, std::string_view what, std::string_view path) {
  const auto* volume = context.model.volumeOf(mount);
  if (!volume) return;
  const auto by = mount.readOnly ? ReadOnlyBy{mount.node, true} : readOnlyBy(context, *volume);
  if (!by.at) return;
  auto d = diag::make<Code::OutputReadOnly>(at, container.name, what, path);
  if (!by.certain) d.severity = diag::Severity::Warning;
  const bool config = isFromConfig(volume->kind);
  d.related.push_back({by.at->isContainer() ? by.at->span : by.at->entrySpan(), config ? "config and secrets are mounted read-only" : mount.readOnly ? "mounted read-only here" : "the volume is mounted read-only by this"});
  d.help = config ? "write to a claim or an emptyDir" : mount.readOnly ? "take `readOnly` away, or write elsewhere" : "take it away, or write elsewhere";
  context.report(std::move(d), {pods.workload});
}

/// MLS3185: what a program says it writes lies on a read-only mount (https://kubernetes.io/docs/concepts/storage/volumes/#read-only-mounts).
void outputReadOnly(Context& context, const Pods& pods, const Container& container) {
  if (container.mounts.count == 0) return;
  for (const auto& directory : context.wordsOf(container).directories) {
    const bool writes = directory.what == Content::Checkpoint || directory.what == Content::Output || directory.what == Content::Database || directory.what == Content::Log;
    const auto* mount = writes ? mountAt(context.model, container, directory.path) : nullptr;
    if (mount) sayReadOnly(context, pods, container, *mount, directory.span, contentText(directory), directory.path);
  }
}

/// Variables that name a cache which the program fills.
constexpr std::array<std::string_view, 9> kFilledCaches{"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "TORCH_HOME", "VLLM_CACHE_ROOT", "NIM_CACHE_PATH", "HF_DATASETS_CACHE", "SENTENCE_TRANSFORMERS_HOME"};

/// MLS3185: the container's own file system is read-only, and a cache or temporary files go there.
/// https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
void rootReadOnly(Context& context, const Pods& pods, const Container& container) {
  const auto* readOnly = context.keys.at<"securityContext.readOnlyRootFilesystem">(container.node);
  if (!isTrue(readOnly) || container.phase == Phase::Init) return;
  const auto& words = context.wordsOf(container);
  const bool offline = std::any_of(words.arguments.begin(), words.arguments.end(), [](const Argument& one) { return (one.word == "HF_HUB_OFFLINE" || one.word == "TRANSFORMERS_OFFLINE") && one.value != "0"; });
  for (const auto& directory : words.directories) {
    const bool cache = !offline && std::find(kFilledCaches.begin(), kFilledCaches.end(), directory.word) != kFilledCaches.end();
    // What a run writes on this layer is told as lost (lifetime.cpp).
    const bool output = !pods.runsToEnd && (directory.what == Content::Checkpoint || directory.what == Content::Output);
    if (!(cache || output || directory.what == Content::Log || directory.what == Content::Scratch) || mountAt(context.model, container, directory.path)) continue;
    auto d = diag::make<Code::OutputReadOnly>(directory.span, container.name, cache ? std::string("a cache") : contentText(directory), directory.path);
    if (!directory.word.starts_with('-')) d.severity = diag::Severity::Warning;
    d.related.push_back({readOnly->entrySpan(), "no volume is mounted there, and the container's own file system is read-only"});
    d.help = fmt::format("mount an emptyDir or a claim at {}", directory.path);
    context.report(std::move(d), {pods.workload});
  }
}

/// MLS3185: a script that writes to a read-only mount: downloads by wget and curl, `> file`.
void scriptWrites(Context& context, const Pods& pods, const Container& container) {
  if (container.mounts.count == 0) return;
  const auto mounts = context.model.mountsOf(container);
  if (std::none_of(mounts.begin(), mounts.end(), [](const Mount& mount) { return mount.readOnly; })) return;
  const auto write = [&](std::string_view path, base::Span at) {
    if (!path.starts_with('/') || path.find_first_of("$`*?{") != std::string_view::npos) return false;
    const auto* mount = mountAt(context.model, container, path);
    if (!mount || !mount->readOnly) return false;
    sayReadOnly(context, pods, container, *mount, at, "a file", path);
    return true;
  };
  std::string_view program;
  for (const auto& one : context.wordsOf(container).arguments) {
    if (one.environment) continue;
    if (one.positional) {
      const std::string_view word = one.value;
      const auto name = word.substr(word.rfind('/') + 1);
      if (name == "wget" || name == "curl") program = name;
      continue;
    }
    const bool wget = program == "wget" && (one.word == "-O" || one.word == "-P" || one.word == "--output-document" || one.word == "--directory-prefix");
    const bool curl = program == "curl" && (one.word == "-o" || one.word == "--output" || one.word == "--output-dir");
    if ((wget || curl) && write(one.value, one.node->span)) return;
  }
  for (const auto* list : {context.keys.at<"command">(container.node), context.keys.at<"args">(container.node)}) {
    for (const auto& word : ir::Children(list)) {
      const auto text = textOf(&word);
      for (auto at = text.find('>'); at != std::string_view::npos; at = text.find('>', at + 1)) {
        const auto begin = text.find_first_not_of("> ", at);
        // "->", "=>" and "2>": no file of the script's own.
        if (begin == std::string_view::npos || at == 0 || text[at - 1] != ' ') continue;
        if (write(text.substr(begin, text.find_first_of(" \t\n;&|)\"'", begin) - begin), word.span)) return;
      }
    }
  }
}

/// MLS3383: what is to be read lies on no mount, and the path is nearly that of one.
void besideAMount(Context& context, const Pods& pods, const Container& container) {
  if (container.mounts.count == 0 || container.phase == Phase::Init) return;
  for (const auto& directory : context.wordsOf(container).directories) {
    const bool reads = directory.what == Content::Model || directory.what == Content::Dataset || directory.what == Content::Resume;
    if (!reads || !directory.span.known() || mountAt(context.model, container, directory.path)) continue;
    for (const auto& mount : context.model.mountsOf(container)) {
      const auto path = normal(mount.path);
      // As many folders deep as the mount.
      auto depth = std::count(path.begin(), path.end(), '/');
      std::size_t end = 0;
      while (end < directory.path.size() && (directory.path[end] != '/' || depth-- > 0)) ++end;
      const auto beside = std::string_view(directory.path).substr(0, end);
      if (mount.device || path.size() < 4 || !isSlip(beside, path)) continue;
      auto d = diag::make<Code::NearMiss>(directory.span, "mount", beside, path);
      d.related.push_back({pathSpan(context, mount), "mounted here"});
      d.help = fmt::format("write `{}{}`, if that is meant", path, directory.path.substr(end));
      context.report(std::move(d), {pods.workload});
      return;
    }
  }
}

constexpr Rule kRules[] = {outputReadOnly, rootReadOnly, scriptWrites, besideAMount, nested, hidesImage, oddPaths, subPathVariables, staleConfig, initNotShared, rootOwned, cacheNotWritable, lostAndFound, volumesOfPod, hostPathMustExist};

}  // namespace

std::span<const Rule> mountRules() { return kRules; }

}  // namespace mlstack::storage
