// The computed facts as lines.

#include <fmt/format.h>

#include "storage/describe.h"
#include "storage/outside.h"
#include "storage/rule.h"

namespace mlstack::storage {

const OutsideClaims* outsideClaims(VolumeKind kind) {
  static constexpr OutsideClaims kEmptyDir{"emptyDir", "pod", "room on the node's disk", "with the pod; a restarted container still finds it"};
  static constexpr OutsideClaims kMemory{"memory", "pod", "memory of the node, counted against the containers' limits", "with the pod, and with the node"};
  static constexpr OutsideClaims kHostPath{"hostPath", "node", "a folder of whichever node the pod runs on",
                                           "with the node; a pod on another node finds another folder"};
  static constexpr OutsideClaims kInline{"inline", "outside of the cluster", "a volume that is written straight into the pod: no claim guards it",
                                         "with whoever owns it outside of the cluster"};
  switch (kind) {
    case VolumeKind::EmptyDir: return &kEmptyDir;
    case VolumeKind::Memory: return &kMemory;
    case VolumeKind::HostPath: return &kHostPath;
    case VolumeKind::Network:
    case VolumeKind::Disk:
    case VolumeKind::Csi: return &kInline;
    case VolumeKind::Claim:
    case VolumeKind::Template:
    case VolumeKind::Ephemeral:
    case VolumeKind::ConfigMap:
    case VolumeKind::Secret:
    case VolumeKind::Projected:
    case VolumeKind::DownwardApi:
    case VolumeKind::Image:
    case VolumeKind::Other: return nullptr;
  }
  return nullptr;
}

namespace {

std::string_view word(StateKind kind) {
  switch (kind) {
    case StateKind::Claim: return "claim";
    case StateKind::Template: return "template";
    case StateKind::Ephemeral: return "ephemeral";
  }
  return {};
}

std::string_view lifetimeOf(const Model& model, const State& state) {
  if (state.kind == StateKind::Ephemeral) return "pod";
  if (state.kind == StateKind::Template) {
    const bool deleted = model.keys.text<"spec.persistentVolumeClaimRetentionPolicy.whenDeleted">(state.object->root) == "Delete" || model.kindOf(*state.object) == "JobSet";
    return deleted ? "workload" : "until its claim is deleted";
  }
  if (state.volume) {
    const auto policy = model.keys.text<"spec.persistentVolumeReclaimPolicy">(state.volume->root);
    return policy == "Delete" ? "Delete" : "Retain";
  }
  return state.facts && !state.facts->reclaim.empty() ? state.facts->reclaim : "unknown";
}

std::string placeOf(const Model& model, const State& state) {
  if (state.volume) return fmt::format("volume {}", model.text(state.volume->name));
  if (state.facts && !state.facts->topology.empty()) return std::string(state.facts->topology);
  return "unknown";
}

std::string useLine(const Model& model, const Use& use) {
  auto text = fmt::format("    {}/{}  pods {}  {}", model.kindOf(*use.pods->workload), model.text(use.pods->workload->name),
                          use.pods->onePerNode ? "one a node" : fmt::format("{}", use.pods->replicas), use.writes ? "writes" : use.mount ? "reads" : "lists");
  if (use.mount && !use.mount->path.empty()) text += fmt::format("  {}", use.mount->path);
  if (use.mount && !use.mount->subPath.empty()) text += fmt::format("  subPath {}", use.mount->subPath);
  if (use.pods->rolling) text += "  rolling";
  if (use.pods->separateNodes) text += "  separate nodes";
  if (use.mount && use.mount->edge && use.mount->edge->contract) {
    const auto& contract = *use.mount->edge->contract;
    text += "  checkpoint";
    if (contract.everyMs) text += fmt::format(" every {}ms", *contract.everyMs);
    if (contract.keep) text += fmt::format(" keep {}", *contract.keep);
    if (contract.size) text += fmt::format(" size {}", contract.size->text());
    if (contract.flushMs) text += fmt::format(" flush {}ms", *contract.flushMs);
  }
  return text + "\n";
}

}  // namespace

std::string stateFacts(const ir::Stack& stack) {
  const Model model(stack);
  std::string out;
  for (const auto& state : model.states) {
    const auto owner = state.kind == StateKind::Claim ? std::string() : fmt::format(" of {}/{} x{}", model.kindOf(*state.object), model.text(state.object->name), state.copies);
    out += fmt::format("  {} {}{}  {}  {}  {}  place {}  lifetime {}\n", word(state.kind), state.name, owner, state.size ? state.size->text() : "size unknown",
                       modesText(state.capability()), state.block ? "Block" : "Filesystem", placeOf(model, state), lifetimeOf(model, state));
    for (const auto& use : state.uses) out += useLine(model, use);
  }
  for (const auto& pods : model.pods) {
    for (const auto& volume : model.volumesOf(pods)) {
      const auto* outside = volume.readOnly ? nullptr : outsideClaims(volume.kind);
      if (!outside || !volume.mounted) continue;
      const auto limit = quantityOf(model.keys.at<"sizeLimit">(volume.source));
      out += fmt::format("  {} {} of {}/{}  {}  lifetime {}\n", outside->word, volume.name, model.kindOf(*pods.workload), model.text(pods.workload->name),
                         limit ? limit->text() : "no limit", outside->lifetime);
    }
  }
  return out.empty() ? out : "\nstate\n" + out;
}

}  // namespace mlstack::storage
