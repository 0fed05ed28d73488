// Sizes: how they are written, what classes make, what limits leave.

#include "storage/capacity.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "storage/programs.h"

namespace mlstack::storage {

namespace {

/// Smaller than any file system: whoever wrote it left the unit out.
constexpr std::int64_t kLeastSize = std::int64_t{1} << 20;

// --- what a class makes ----------------------------------------------------------------------

/// MLS3002, MLS3100: the claim asks for less or more than its class can make, or for what is no step of it.
void sizeOutsideClass(Context& context, const State& state) {
  if (!state.facts || !state.size || state.size->isZero()) return;
  const auto& facts = *state.facts;
  if (state.volume || state.size->ceiling() < kLeastSize) return;   // a volume that is there, or no unit: told elsewhere
  const bool small = facts.minimumSize && *state.size < *facts.minimumSize;
  const bool large = facts.maximumSize && *facts.maximumSize < *state.size;
  const bool offStep = facts.sizeStep && !facts.sizeStep->isZero() && state.size->nanos % facts.sizeStep->nanos != 0;
  if (!small && !large && !offStep) return;
  const auto className = state.className.value_or("");
  const auto name = state.name;
  diag::Diagnostic d;
  if (large || (small && facts.roundsUp != true)) {
    d = diag::make<Code::SizeOutsideClass>(state.sizeAt->span, name, state.size->text(), className, small ? "starts at" : "ends at",
                                           (small ? *facts.minimumSize : *facts.maximumSize).text());
  } else {
    auto made = small ? *facts.minimumSize : *state.size;
    if (facts.sizeStep && made.nanos % facts.sizeStep->nanos != 0) made.nanos += facts.sizeStep->nanos - made.nanos % facts.sizeStep->nanos;
    made.format = state.size->format;
    d = diag::make<Code::SizeRounded>(state.sizeAt->span, name, state.size->text(), className, made.text());
    if (!small) d.severity = diag::Severity::Note;
    d.help = fmt::format("ask for {}: that is what is made and paid", made.text());
  }
  if (state.classAt) d.related.push_back({state.classAt->entrySpan(), fmt::format("the class is named here; its limits: {}", facts.source)});
  context.report(std::move(d), {state.object, state.classObject});
}

// --- how a size is written -------------------------------------------------------------------

/// "100 bytes", "0.1 bytes, which is rounded up to 1".
std::string bytesText(const base::Quantity& size) {
  if (size.isWhole()) return counted(size.ceiling(), "byte");
  return fmt::format("{:g} bytes, rounded up to {}", size.toDouble(), size.ceiling());
}

/// MLS3101, MLS3102: an amount of storage without a unit, in thousandths of bytes, or beyond what a number holds.
/// Kubernetes: a bare number is bytes, `m` thousandths; apimachinery/pkg/api/resource/quantity.go.
/// `what` makes the name of it.
template <class What>
void amount(Context& context, const ir::Node* node, const std::optional<base::Quantity>& size, const ir::Object& object, What what) {
  if (!size || size->nanos <= 0 || (node->flags & ir::FlagError)) return;
  if (size->ceiling() < kLeastSize) {
    auto d = diag::make<Code::SizeWithoutUnit>(node->span, what(), bytesText(*size));
    const auto written = context.sources.text(node->span);
    const auto digits = size->isWhole() ? size->text() : std::string();
    if (written.find('m') != std::string_view::npos) d.help = "`m` is a thousandth: write `M`, `Mi` or `Gi`";
    else d.help = digits.empty() ? "write the size with its unit: `10Gi`" : fmt::format("write the unit: `{}Gi`?", digits);
    context.report(std::move(d), {&object});
  } else if (size->nanos >= base::Quantity::ofInt(INT64_MAX).nanos) {
    auto d = diag::make<Code::SizeBeyondNumbers>(node->span, what());
    d.help = "the largest size that a number holds is one byte less than 8Ei";
    context.report(std::move(d), {&object});
  }
}

void claimAmounts(Context& context, const State& state) {
  if (state.object->external) return;
  amount(context, state.sizeAt, state.size, *state.object, [&] { return fmt::format("`{}`", state.name); });
}

void volumeAmounts(Context& context, const ir::Object& volume) {
  const auto* node = context.keys.at<"spec.capacity.storage">(volume.root);
  amount(context, node, quantityOf(node), volume, [&] { return fmt::format("volume `{}`", context.nameOf(volume)); });
}

/// The keys of a claim's `resources`: only `storage` is read, and its limit by nothing but a LimitRange's ratio.
/// Kubernetes: pkg/apis/core/validation/validation.go#ValidatePersistentVolumeClaimSpec looks at requests.storage alone.
void claimResources(Context& context, const State& state) {
  const auto* resources = context.keys.at<"resources">(state.spec);
  if (!resources || state.object->external) return;
  for (const auto* list : {context.keys.at<"requests">(resources), context.keys.at<"limits">(resources)}) {
    for (const auto& entry : ir::Children(list)) {
      const auto key = context.model.text(entry.key);
      if (key == "storage") continue;
      auto d = diag::make<Code::ClaimResourceUnread>(entry.entrySpan(), key, state.name);
      const bool speed = key == "iops" || key == "throughput" || key == "bandwidth";
      d.help = speed ? "speed is a matter of the class: set it in its `parameters`, or in a VolumeAttributesClass" : "a claim has one resource: `storage`";
      context.report(std::move(d), {state.object});
    }
  }
  const auto* limit = context.keys.at<"limits.storage">(resources);
  const auto most = quantityOf(limit);
  if (!most || !state.size || *most >= *state.size) return;
  auto d = diag::make<Code::ClaimLimitBelowRequest>(limit->span, most->text(), state.name, state.size->text());
  d.related.push_back({state.sizeAt->entrySpan(), "the size that is made stands here"});
  d.help = "remove the limit: nothing holds a claim to it";
  context.report(std::move(d), {state.object});
}

// --- what a pod may fill ---------------------------------------------------------------------

/// The sum of a resource's limits over containers for which `counts` holds; nothing when one of them has none.
template <class Counts>
std::optional<base::Quantity> limitOf(const Context& context, const Pods& pods, base::Symbol resource, bool all, Counts counts) {
  if (const auto whole = quantityOf(ir::find(context.keys.at<"resources.limits">(pods.spec), resource))) return whole;
  base::Quantity sum;
  bool any = false;
  for (const auto& container : context.model.containersOf(pods)) {
    if (container.phase == Phase::Init || container.phase == Phase::Ephemeral || !counts(container)) continue;
    const auto limit = quantityOf(ir::find(context.keys.at<"resources.limits">(container.node), resource));
    if (!limit && all) return std::nullopt;
    if (!limit) continue;
    sum = any ? sum + *limit : *limit;
    any = true;
  }
  return any ? std::optional(sum) : std::nullopt;
}

bool mounts(const Context& context, const Container& container, std::string_view volume) {
  for (const auto& mount : context.model.mountsOf(container))
    if (mount.name == volume) return true;
  return false;
}

/// MLS3106: what is written to a Memory volume counts as the writer's memory: beyond its limit it is killed.
/// Kubernetes: https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
void memoryVolume(Context& context, const Pods& pods, const Volume& volume, const ir::Node& sizeNode, const base::Quantity& size) {
  const auto limit = limitOf(context, pods, context.keys.symbol<"memory">(), true, [&](const Container& one) { return mounts(context, one, volume.name); });
  if (!limit || size < *limit) return;
  auto d = diag::make<Code::MemoryVolumeBeyondLimit>(sizeNode.span, volume.name, size.text(), limit->text());
  d.help = "what is written to it counts as memory of the container: raise `limits.memory` by the volume's size, or make the volume smaller";
  context.report(std::move(d), {pods.workload});
}

/// MLS3107: a pod is evicted when its folders, layers and logs together pass its ephemeral-storage limits.
/// Kubernetes: pkg/kubelet/eviction/eviction_manager.go#podEphemeralStorageLimitEviction
void diskVolume(Context& context, const Pods& pods, const Volume& volume, const ir::Node& sizeNode, const base::Quantity& size) {
  const auto limit = limitOf(context, pods, context.keys.symbol<"ephemeral-storage">(), false, [](const Container&) { return true; });
  if (!limit || size <= *limit) return;
  auto d = diag::make<Code::FolderBeyondLimit>(sizeNode.span, volume.name, size.text(), limit->text());
  d.help = "raise `limits.ephemeral-storage`, or use an `ephemeral` volume for what is large";
  context.report(std::move(d), {pods.workload});
}

void podFolders(Context& context, const Pods& pods) {
  for (const auto& volume : context.model.volumesOf(pods)) {
    if (volume.kind != VolumeKind::EmptyDir && volume.kind != VolumeKind::Memory) continue;
    const auto* node = context.keys.at<"sizeLimit">(volume.source);
    const auto size = quantityOf(node);
    if (!size) continue;
    amount(context, node, size, *pods.workload, [&] { return fmt::format("`{}`", volume.name); });
    if (volume.kind == VolumeKind::Memory) memoryVolume(context, pods, volume, *node, *size);
    else diskVolume(context, pods, volume, *node, *size);
  }
}

/// MLS3108: the container's layer is scratch space, and has a limit: what the program writes there counts with its
/// logs. Kubernetes: https://kubernetes.io/docs/concepts/storage/ephemeral-storage/
void scratchOnLayer(Context& context, const Pods& pods, const Container& container) {
  const auto* resources = context.keys.at<"resources">(container.node);
  if (!resources) return;
  const auto resource = context.keys.symbol<"ephemeral-storage">();
  const auto* limit = ir::find(context.keys.at<"limits">(resources), resource);
  for (const auto* list : {context.keys.at<"limits">(resources), context.keys.at<"requests">(resources)})
    if (const auto* node = ir::find(list, resource)) amount(context, node, quantityOf(node), *pods.workload, [&] { return fmt::format("ephemeral-storage of `{}`", container.name); });
  const auto most = quantityOf(limit);
  if (!most) return;
  for (const auto& directory : context.wordsOf(container).directories) {
    if (directory.what != Content::Scratch || mountAt(context.model, container, directory.path)) continue;
    auto d = diag::make<Code::ScratchOnLayer>(directory.span, directory.path, most->text());
    d.related.push_back({limit->entrySpan(), "beyond this the pod is evicted; logs and what else is written count too"});
    d.help = fmt::format("mount a volume at {}: an `emptyDir` with a `sizeLimit`, or an `ephemeral` claim", directory.path);
    context.report(std::move(d), {pods.workload});
    return;
  }
}

/// MLS3109: processes of one container that exchange data through /dev/shm have 64 MiB of it unless a volume is there.
/// https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html#shared-memory
void sharedMemory(Context& context, const Pods& pods, const Container& container) {
  if (pods.gpus < 2 || container.phase != Phase::Main || context.keys.isTrue<"hostIPC">(pods.spec)) return;
  const ir::Node* asked = nullptr;
  std::int64_t gpus = 0;
  for (const auto& limit : ir::Children(context.keys.at<"resources.limits">(container.node))) {
    const auto amount = context.model.text(limit.key).ends_with("/gpu") ? quantityOf(&limit) : std::nullopt;
    if (!amount || amount->ceiling() < 2) continue;
    asked = &limit;
    gpus = amount->ceiling();
  }
  if (!asked) return;
  const auto* mount = mountAt(context.model, container, "/dev/shm");
  if (mount && mount->path != "/") return;
  auto d = diag::make<Code::SharedMemoryDefault>(asked->entrySpan(), container.name, gpus);
  d.help = "mount `emptyDir: {medium: Memory, sizeLimit: …}` at /dev/shm; what is written there counts as memory of the container";
  context.report(std::move(d), {pods.workload});
}

/// MLS3101: memory without a unit, or in thousandths of bytes: no container starts with so little.
void memoryAmounts(Context& context, const Pods& pods, const Container& container) {
  const auto* resources = context.keys.at<"resources">(container.node);
  if (!resources) return;
  const auto* limit = context.keys.at<"limits.memory">(resources);
  const auto* request = context.keys.at<"requests.memory">(resources);
  amount(context, limit, quantityOf(limit), *pods.workload, [&] { return fmt::format("the memory limit of `{}`", container.name); });
  if (!limit) amount(context, request, quantityOf(request), *pods.workload, [&] { return fmt::format("the memory request of `{}`", container.name); });
}

/// MLS3115: the kubelet takes the page's size from the requests of the pod's containers.
/// Kubernetes: pkg/volume/emptydir/empty_dir.go#getPageSizeMountOption
void pagesNotAsked(Context& context, const Pods& pods) {
  constexpr std::string_view kPages = "hugepages-";
  for (const auto& volume : context.model.volumesOf(pods)) {
    const auto* medium = volume.kind == VolumeKind::EmptyDir ? context.keys.at<"medium">(volume.source) : nullptr;
    if (!textOf(medium).starts_with("HugePages")) continue;
    const auto size = textOf(medium) == "HugePages" ? std::string_view{} : textOf(medium).substr(std::string_view("HugePages-").size());
    std::vector<std::string_view> asked;
    for (const auto& container : context.model.containersOf(pods)) {
      const auto* resources = context.keys.at<"resources">(container.node);
      for (const auto* list : {context.keys.at<"limits">(resources), context.keys.at<"requests">(resources)}) {
        for (const auto& entry : ir::Children(list)) {
          const auto name = context.model.text(entry.key);
          if (name.starts_with(kPages) && std::find(asked.begin(), asked.end(), name.substr(kPages.size())) == asked.end()) asked.push_back(name.substr(kPages.size()));
        }
      }
    }
    const bool found = size.empty() ? asked.size() == 1 : std::find(asked.begin(), asked.end(), size) != asked.end();
    if (found) continue;
    auto d = diag::make<Code::PagesNotAsked>(medium->span, volume.name,
                                             asked.empty()   ? std::string("no container of the pod asks for any")
                                             : size.empty() ? fmt::format("its containers ask for pages of {} sizes", asked.size())
                                                            : fmt::format("no container asks for pages of {}", size));
    d.help = asked.empty() || !size.empty() ? fmt::format("add `hugepages-{}: …` to the limits of the container that uses it", size.empty() ? "2Mi" : size) : "name the size: `medium: HugePages-2Mi`";
    context.report(std::move(d), {pods.workload});
  }
}

/// MLS3116: what a program may keep before it removes the oldest, against the volume it keeps it on.
/// https://prometheus.io/docs/prometheus/latest/storage/#operational-aspects: its units are powers of 2.
void keepsBeyondClaim(Context& context, const Pods& pods, const Container& container) {
  const auto* program = programOf(container.image);
  if (!program || program->title != "Prometheus") return;
  const auto& words = context.wordsOf(container);
  for (const auto& one : words.arguments) {
    if (one.environment || one.key != "storagetsdbretentionsize") continue;
    std::string text = one.value;
    if (text.size() > 2 && text.back() == 'B' && text[text.size() - 2] >= 'A' && text[text.size() - 2] <= 'Z') text.back() = 'i';
    const auto most = base::parseQuantity(text);
    for (const auto& directory : words.directories) {
      if (!most || directory.program != program) continue;
      const auto* mount = mountAt(context.model, container, directory.path);
      const auto* volume = mount ? context.model.volumeOf(*mount) : nullptr;
      const auto* state = volume ? volume->state : nullptr;
      if (!state || !state->size || *most <= *state->size || (state->facts && state->facts->capacityEnforced == false)) continue;
      auto d = diag::make<Code::KeepsBeyondClaim>(one.node->span, program->title, one.value, directory.path, state->name, state->size->text());
      d.related.push_back({state->sizeAt->entrySpan(), "the size is stated here"});
      d.help = "let it keep four fifths of the volume at most: the log of what is not yet written to blocks counts too";
      context.report(std::move(d), {pods.workload, state->object});
      return;
    }
  }
}

constexpr Rule kRules[] = {
    memoryAmounts,
    pagesNotAsked,
    keepsBeyondClaim,
    sizeOutsideClass,
    claimAmounts,
    {"PersistentVolume", volumeAmounts},
    claimResources,
    podFolders,
    scratchOnLayer,
    sharedMemory,
    quotas,
};

}  // namespace

std::span<const Rule> capacityRules() { return kRules; }

}  // namespace mlstack::storage
