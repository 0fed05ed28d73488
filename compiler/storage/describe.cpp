#include "storage/describe.h"

#include <algorithm>

#include <fmt/format.h>

#include "storage/outside.h"
#include "storage/rule.h"

namespace mlstack::storage {

namespace {

constexpr std::size_t kWidth = 96;

/// Breaks a paragraph between words; every line but the first is indented by two.
std::string wrapped(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const auto blank = text.find(' ');
    const auto word = text.substr(0, blank);
    if (column != 0 && column + 1 + word.size() > kWidth) {
      out += "\n  ";
      column = 2;
    } else if (column != 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  }
  return out + "\n";
}

std::string place(const base::SourceSet& sources, base::Span span) {
  const auto where = span.known() ? sources.place(span.begin) : std::nullopt;
  if (!where || !where->file) return {};
  return fmt::format("{}:{}", where->file->name, where->line);
}

class Describer {
 public:
  Describer(const Model& model, const base::SourceSet& sources) : model_(model), keys_(model.keys), sources_(sources) {}

  std::string all() {
    for (const auto& state : model_.states) paragraph(state);
    for (const auto& pods : model_.pods)
      for (const auto& volume : model_.volumesOf(pods)) outside(pods, volume);
    if (out_.empty()) out_ = "no state: no claim, no claim template, and no pod writes to a volume\n";
    return std::move(out_);
  }

 private:
  void head(std::string_view what, std::string_view name, base::Span span) {
    if (!out_.empty()) out_ += '\n';
    const auto at = place(sources_, span);
    out_ += fmt::format("{} {}{}\n", what, name, at.empty() ? "" : fmt::format("  ({})", at));
  }

  void sentence(std::string_view label, const std::string& text) {
    if (!text.empty()) out_ += wrapped(fmt::format("  {}: {}", label, text));
  }

  // --- claims and templates --------------------------------------------------------------------

  void paragraph(const State& state) {
    const auto& object = *state.object;
    switch (state.kind) {
      case StateKind::Claim: head(object.external ? "claim (exists already)" : "claim", model_.text(object.sourceName ? object.sourceName : object.name), object.span); break;
      case StateKind::Template: head("claim template", fmt::format("{} of {}", state.name, objectText(object)), state.root ? state.root->span : object.span); break;
      case StateKind::Ephemeral: head("claim for each pod", fmt::format("{} of {}", state.name, objectText(object)), state.root ? state.root->span : object.span); break;
    }
    sentence("gives", gives(state));
    sentence("lives", lives(state));
    sentence("used by", usedBy(state));
    sentence("ends", ends(state));
    sentence("would be lost", lost(state));
  }

  std::string gives(const State& state) const {
    std::string text = state.size ? state.size->text() : std::string("a size that is not stated");
    if (state.kind == StateKind::Template) text += fmt::format(" for each of {}", counted(state.copies, "pod"));
    text += state.block ? " as a raw block device" : " as a file system";
    if (state.declared) text += ", " + modesText(state.declared);
    const auto modes = state.classModes();
    if (modes && (state.declared & ~*modes)) text += fmt::format("; its class can give {} only", modesText(*modes));
    const Modes can = state.capability();
    if (can & ReadWriteMany) return text + ": many nodes may write it at once";
    if (can == ReadWriteOncePod) return text + ": one pod in the whole cluster may use it";
    if (can & ReadOnlyMany) return text + ": many nodes may read it, one may write";
    if (can && state.facts && state.facts->attachable && !*state.facts->attachable) return text + ", which nothing enforces on this driver";
    if (can) return text + ": pods of one node at a time may use it";
    return text;
  }

  std::string lives(const State& state) const {
    if (state.volume) return fmt::format("on volume {}, {}", model_.text(state.volume->name), volumeText(*state.volume));
    if (state.className && state.className->empty()) return "on a volume of no class that an administrator made";
    if (!state.className) return "where the cluster's default class puts it; which one that is, is not known here";
    std::string text = fmt::format("on a volume that class {} makes", *state.className);
    if (!state.facts) return text + "; nothing is known of that class";
    if (!state.facts->provisioner.empty()) text += fmt::format(" ({})", state.facts->provisioner);
    if (!state.facts->bindingMode.empty()) text += state.facts->bindingMode == "WaitForFirstConsumer" ? ", made where its first pod is placed" : ", made at once, before a pod is placed";
    if (state.facts->topology == "zone") text += ", in one zone for good";
    if (state.facts->topology == "node") text += ", on one node for good";
    if (state.facts->topology == "region" || state.facts->topology == "any") text += ", reachable from every node of its region";
    if (state.facts->expandable) text += *state.facts->expandable ? ", and may grow" : ", and cannot grow";
    return text;
  }

  std::string volumeText(const ir::Object& volume) const {
    for (const auto& child : ir::Children(keys_.at<"spec">(volume.root))) {
      const auto field = model_.text(child.key);
      if (field == "hostPath" || field == "local") return fmt::format("the folder {} of one node", keys_.text<"path">(&child));
      if (field == "nfs") return fmt::format("{} of the NFS server {}", keys_.text<"path">(&child), keys_.text<"server">(&child));
      if (field == "csi") return fmt::format("{} of driver {}", keys_.text<"volumeHandle">(&child), keys_.text<"driver">(&child));
    }
    return volume.external ? "which exists already" : "declared here";
  }

  std::string usedBy(const State& state) const {
    if (state.uses.empty()) return "nothing here";
    std::vector<std::string> users;
    for (const auto& use : state.uses) {
      auto text = fmt::format("{} ({})", objectText(*use.pods->workload), use.pods->onePerNode ? "a pod on each node" : counted(use.pods->replicas, "pod"));
      text += use.writes ? " writes it" : use.mount ? " reads it" : " lists it and mounts it nowhere";
      if (use.mount && !use.mount->path.empty()) text += fmt::format(" at {}", use.mount->path);
      if (use.mount && !use.mount->subPath.empty()) text += fmt::format(", in {}", use.mount->subPath);
      if (use.mount && use.mount->edge && use.mount->edge->intent == ir::Intent::Checkpoint) text += contract(*use.mount->edge);
      users.push_back(std::move(text));
    }
    return fmt::format("{}", fmt::join(users, "; "));
  }

  static std::string contract(const ir::Edge& edge) {
    std::string text = " for its checkpoints";
    if (!edge.contract) return text;
    if (edge.contract->everyMs) text += fmt::format(", every {} s", *edge.contract->everyMs / 1000);
    if (edge.contract->keep) text += fmt::format(", keeping {}", *edge.contract->keep);
    if (edge.contract->size) text += fmt::format(" of {} each", edge.contract->size->text());
    return text;
  }

  std::string_view reclaim(const State& state) const {
    if (state.volume) {
      const auto policy = keys_.text<"spec.persistentVolumeReclaimPolicy">(state.volume->root);
      return policy.empty() ? "Retain" : policy;
    }
    return state.facts ? state.facts->reclaim : std::string_view{};
  }

  std::string ends(const State& state) const {
    switch (state.kind) {
      case StateKind::Ephemeral: return "with its pod";
      case StateKind::Template: return templateEnds(*state.object);
      case StateKind::Claim: break;
    }
    const auto policy = reclaim(state);
    if (policy == "Retain") return "when someone deletes its volume: deleting the claim keeps the data (Retain)";
    if (policy == "Delete") return "when the claim or its namespace is deleted (Delete); restarts, new pods and lost nodes do not end it";
    return "when the claim is deleted, unless its volume has the reclaim policy Retain, which is not known here";
  }

  std::string templateEnds(const ir::Object& object) const {
    if (model_.kindOf(object) == "JobSet") return "with the JobSet, unless its claim policy says whenDeleted: Retain";
    const auto* policy = keys_.at<"spec.persistentVolumeClaimRetentionPolicy">(object.root);
    const bool deleted = keys_.text<"whenDeleted">(policy) == "Delete";
    const bool scaled = keys_.text<"whenScaled">(policy) == "Delete";
    std::string text = deleted ? "with the set (whenDeleted: Delete)" : "when someone deletes the claims: they stay when the set goes";
    if (scaled) text += ", and with each pod that is scaled away (whenScaled: Delete)";
    return text;
  }

  std::string lost(const State& state) const {
    if (state.kind == StateKind::Ephemeral) return "all of it, with every pod that ends";
    if (state.facts && state.facts->nodeLocal && *state.facts->nodeLocal) return "all of it, with the node it lies on";
    if (state.volume) {
      const auto* spec = keys_.at<"spec">(state.volume->root);
      if (keys_.at<"hostPath">(spec) || keys_.at<"local">(spec)) return "all of it, with the node it lies on";
    }
    if (reclaim(state) == "Delete") return state.object->isProtected ? "nothing by accident: it is protected" : "all of it, when the claim is deleted";
    return {};
  }

  // --- what pods write outside of claims -----------------------------------------------------

  void outside(const Pods& pods, const Volume& volume) {
    if (volume.readOnly) return;
    const auto* about = outsideClaims(volume.kind);
    if (about == nullptr) return;
    std::vector<std::string> paths;
    const auto number = static_cast<std::uint32_t>(&volume - model_.volumes.data());
    for (const auto& container : model_.containersOf(pods))
      for (const auto& mount : model_.mountsOf(container))
        if (mount.volume == number && !mount.readOnly) paths.push_back(fmt::format("{} at {}", container.name, mount.path));
    if (paths.empty()) return;
    head(volume.field, fmt::format("{} of {}", volume.name, objectText(*pods.workload)), volume.node->span);
    auto room = std::string(about->gives);
    if (const auto limit = quantityOf(keys_.at<"sizeLimit">(volume.source))) room += ", " + limit->text() + " at most";
    sentence("gives", room);
    sentence("written by", fmt::format("{}", fmt::join(paths, ", ")));
    sentence("ends", about->ends);
  }

  std::string objectText(const ir::Object& object) const {
    return fmt::format("{}/{}", model_.kindOf(object), model_.text(object.sourceName ? object.sourceName : object.name));
  }

  const Model& model_;
  const Keys& keys_;
  const base::SourceSet& sources_;
  std::string out_;
};

}  // namespace

std::string describeState(const ir::Stack& stack, const base::SourceSet& sources) {
  const Model model(stack);
  return Describer(model, sources).all();
}

}  // namespace mlstack::storage
