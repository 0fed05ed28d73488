// What a namespace's quotas and limit ranges leave to what is declared in it.

#include <algorithm>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "storage/capacity.h"

namespace mlstack::storage {

namespace {

using base::Quantity;

/// What one object takes of one key.
struct Share {
  const ir::Object* object = nullptr;
  base::Span span;
  Quantity amount;
  std::int64_t times = 1;
  bool steady = true;   // until it is deleted, not until it ends
};

/// What is taken of one key. The sums are made when a quota first asks for them: there may be several quotas.
struct Taken {
  std::vector<Share> shares;
  Quantity all;
  Quantity steady;
  std::vector<const Share*> largest;   // first

  void sum() {
    if (!largest.empty()) return;
    for (const auto& share : shares) {
      const auto taken = share.amount * share.times;
      all = all + taken;
      if (share.steady) steady = steady + taken;
      largest.push_back(&share);
    }
    std::stable_sort(largest.begin(), largest.end(), [](const Share* a, const Share* b) { return a->amount * a->times > b->amount * b->times; });
  }
};

/// Shares of everything in one namespace, by the keys of a ResourceQuota.
using Ledger = std::unordered_map<std::string, Taken>;

struct Space {
  std::vector<const ir::Object*> quotas;
  std::vector<const ir::Object*> ranges;
  std::vector<const Pods*> pods;
  std::vector<const State*> states;
};

bool holdsPods(std::string_view kind) { return kind != "PodTemplate" && kind != "ClusterTrainingRuntime" && kind != "TrainingRuntime"; }

// --- what is taken ---------------------------------------------------------------------------

class Counter {
 public:
  Counter(const Context& context, const Space& space) : context_(context), space_(space) {}

  Ledger count() {
    for (const auto* state : space_.states) claim(*state);
    for (const auto* pods : space_.pods) podsOf(*pods);
    return std::move(ledger_);
  }

 private:
  void add(std::string key, Share share) { ledger_[std::move(key)].shares.push_back(share); }

  void claim(const State& state) {
    Share share;
    share.object = state.object;
    share.times = state.copies;
    share.steady = state.kind != StateKind::Ephemeral || (!state.uses.empty() && !state.uses.front().pods->runsToEnd);
    share.amount = Quantity::ofInt(1);
    share.span = state.root ? state.root->span : state.object->span;
    if (state.kind == StateKind::Claim) share.span = state.object->span;
    add("persistentvolumeclaims", share);
    const auto ofClass = state.className && !state.className->empty() ? fmt::format("{}.storageclass.storage.k8s.io/", *state.className) : std::string();
    if (!ofClass.empty()) add(ofClass + "persistentvolumeclaims", share);
    if (!state.size) return;
    share.amount = *state.size;
    share.span = state.sizeAt->span;
    add("requests.storage", share);
    if (!ofClass.empty()) add(ofClass + "requests.storage", share);
  }

  void podsOf(const Pods& pods) {
    if (pods.onePerNode || pods.replicas < 1) return;   // how many nodes there are is not known
    Share share;
    share.object = pods.workload;
    share.span = pods.workload->span;
    share.times = pods.replicas;
    share.steady = !pods.runsToEnd;
    share.amount = Quantity::ofInt(1);
    add("pods", share);
    std::map<std::string, Quantity> sums;
    for (const auto& container : context_.model.containersOf(pods)) {
      if (container.phase != Phase::Main && container.phase != Phase::Sidecar) continue;
      const auto* limits = context_.keys.at<"resources.limits">(container.node);
      const auto* requests = context_.keys.at<"resources.requests">(container.node);
      for (const auto& limit : ir::Children(limits)) {
        put(sums, "limits.", limit);
        // A request that is not stated is the limit.
        if (!ir::find(requests, limit.key)) put(sums, "requests.", limit);
      }
      for (const auto& request : ir::Children(requests)) put(sums, "requests.", request);
    }
    for (auto& [key, amount] : sums) {
      share.amount = amount;
      add(key, share);
    }
  }

  void put(std::map<std::string, Quantity>& sums, std::string_view prefix, const ir::Node& entry) const {
    const auto amount = quantityOf(&entry);
    if (!amount) return;
    const auto [at, isNew] = sums.emplace(fmt::format("{}{}", prefix, context_.model.text(entry.key)), *amount);
    if (!isNew) at->second = at->second + *amount;
  }

  const Context& context_;
  const Space& space_;
  Ledger ledger_;
};

/// Other spellings of one key.
std::string ledgerKey(std::string_view key) {
  if (key == "cpu" || key == "memory" || key == "ephemeral-storage" || key.starts_with("hugepages-")) return fmt::format("requests.{}", key);
  if (key == "count/pods") return "pods";
  if (key == "count/persistentvolumeclaims") return "persistentvolumeclaims";
  return std::string(key);
}

/// MLS3110: what is declared takes more than the quota has.
/// Kubernetes: https://kubernetes.io/docs/concepts/policy/resource-quotas/; charged when a claim or pod is created.
void exceeds(Context& context, const ir::Object& quota, const ir::Node& hard, Taken& taken) {
  const auto most = quantityOf(&hard);
  if (!most) return;
  taken.sum();
  const auto& [shares, all, steady, largest] = taken;
  if (all <= *most) return;
  auto d = diag::make<Code::QuotaExceeded>(hard.span, context.nameOf(quota), most->text(), context.model.text(hard.key), all.text());
  if (steady <= *most) {
    d.severity = diag::Severity::Warning;
    d.help = "that is when all of it runs at one time; what comes last waits or fails";
  } else {
    d.help = "raise the quota or ask for less: what comes last is refused";
  }
  constexpr std::size_t kShown = 3;
  for (std::size_t i = 0; i < std::min(kShown, largest.size()); ++i) {
    const auto& share = *largest[i];
    d.related.push_back({share.span, share.times == 1 ? fmt::format("`{}` takes {}", context.nameOf(*share.object), share.amount.text())
                                                      : fmt::format("`{}` takes {} times {}", context.nameOf(*share.object), share.times, share.amount.text())});
  }
  context.report(std::move(d), {&quota, largest.front()->object});
}

/// MLS3111: keys that the API server takes and nothing counts: of extended resources only `requests.` is counted.
/// Kubernetes: pkg/quota/v1/evaluator/core/pods.go (podResources), persistent_volume_claims.go (pvcResources).
void neverCounted(Context& context, const ir::Object& quota, const ir::Node& hard) {
  const auto key = context.model.text(hard.key);
  if (key.find('/') == std::string_view::npos || key.starts_with("count/")) return;
  constexpr std::string_view kOfClass = ".storageclass.storage.k8s.io/";
  const auto ofClass = key.find(kOfClass);
  std::string instead;
  if (ofClass != std::string_view::npos) {
    const auto what = key.substr(ofClass + kOfClass.size());
    if (what == "requests.storage" || what == "persistentvolumeclaims") return;
    instead = fmt::format("{}requests.storage", key.substr(0, ofClass + kOfClass.size()));
  } else if (key.find(".volumeattributesclass.storage.k8s.io/") != std::string_view::npos || key.find(".deviceclass.resource.k8s.io/") != std::string_view::npos) {
    return;
  } else if (key.starts_with("requests.")) {
    return;
  } else {
    instead = fmt::format("requests.{}", key.starts_with("limits.") ? key.substr(7) : key);
  }
  auto d = diag::make<Code::QuotaNeverCounts>(hard.entrySpan(), key, context.nameOf(quota));
  d.help = fmt::format("write `{}`", instead);
  // Two keys for one resource cannot both be written so.
  const auto resource = std::string_view(instead).substr(instead.rfind("requests.") + 9);
  bool alone = true;
  for (const auto& other : ir::Children(context.keys.at<"spec.hard">(quota.root))) {
    const auto name = context.model.text(other.key);
    alone = alone && (&other == &hard || (name != instead && name != resource && (!name.starts_with("limits.") || name.substr(7) != resource)));
  }
  if (const auto span = hard.keySpan(key.size()); alone && context.sources.text(span) == key) d.fixes.push_back({"use the key that is counted", {{span, instead}}});
  context.report(std::move(d), {&quota});
}

// --- what a limit range says -----------------------------------------------------------------

/// The API server's own defaults: a limit not defaulted is the maximum, a request the limit, then the minimum.
/// Kubernetes: pkg/apis/core/v1/defaults.go#SetDefaults_LimitRangeItem
struct RangeItem {
  const ir::Object* range = nullptr;
  const ir::Node* node = nullptr;
};

class Ranges {
 public:
  Ranges(const Context& context, const Space& space, std::string_view type) {
    for (const auto* range : space.ranges)
      for (const auto& item : ir::Children(context.keys.at<"spec.limits">(range->root)))
        if (context.keys.text<"type">(&item) == type) items.push_back({range, &item});
  }

  [[nodiscard]] const ir::Node* defaultLimit(const Context& context, base::Symbol resource) const {
    for (const auto& item : items)
      for (const auto* map : {context.keys.at<"default">(item.node), context.keys.at<"max">(item.node)})
        if (const auto* found = ir::find(map, resource)) return found;
    return nullptr;
  }
  [[nodiscard]] const ir::Node* defaultRequest(const Context& context, base::Symbol resource) const {
    for (const auto& item : items)
      if (const auto* found = ir::find(context.keys.at<"defaultRequest">(item.node), resource)) return found;
    if (const auto* found = defaultLimit(context, resource)) return found;
    for (const auto& item : items)
      if (const auto* found = ir::find(context.keys.at<"min">(item.node), resource)) return found;
    return nullptr;
  }

  std::vector<RangeItem> items;
};

/// MLS3112: an amount that the namespace's LimitRange refuses.
/// Kubernetes: plugin/pkg/admission/limitranger/admission.go
void outOfRange(Context& context, const RangeItem& item, const ir::Node& amountNode, const ir::Node& bound, bool isMaximum, const std::string& what, const ir::Object& object) {
  const auto amount = quantityOf(&amountNode);
  const auto limit = quantityOf(&bound);
  if (!amount || !limit || (isMaximum ? *amount <= *limit : *amount >= *limit)) return;
  auto d = diag::make<Code::OutsideLimitRange>(amountNode.span, what, amount->text(), isMaximum ? "at most" : "at least", limit->text(), context.nameOf(*item.range));
  d.related.push_back({bound.span, "the limit range says so here"});
  context.report(std::move(d), {&object, item.range});
}

void claimsInRange(Context& context, const Space& space) {
  const Ranges ranges(context, space, "PersistentVolumeClaim");
  for (const auto& item : ranges.items) {
    for (const auto* state : space.states) {
      if (!state->size) continue;
      for (const bool isMaximum : {true, false}) {
        const auto* bound = isMaximum ? context.keys.at<"max.storage">(item.node) : context.keys.at<"min.storage">(item.node);
        if (bound) outOfRange(context, item, *state->sizeAt, *bound, isMaximum, fmt::format("`{}`", state->name), *state->object);
      }
    }
  }
}

void containerInRange(Context& context, const Ranges& ranges, const Pods& pods, const Container& container) {
  const auto* limits = context.keys.at<"resources.limits">(container.node);
  const auto* requests = context.keys.at<"resources.requests">(container.node);
  for (const auto& item : ranges.items) {
    for (const bool isMaximum : {true, false}) {
      const auto* bounds = isMaximum ? context.keys.at<"max">(item.node) : context.keys.at<"min">(item.node);
      for (const auto& bound : ir::Children(bounds)) {
        for (const auto* list : {limits, requests}) {
          const auto* stated = ir::find(list, bound.key);
          if (!stated) continue;
          outOfRange(context, item, *stated, bound, isMaximum, fmt::format("{} of `{}`", context.model.text(bound.key), container.name), *pods.workload);
          break;   // a limit beyond the maximum says it; its request would say it again
        }
      }
    }
  }
  // A default limit below the request that is stated: the pod is refused.
  for (const auto& request : ir::Children(requests)) {
    if (ir::find(limits, request.key)) continue;
    const auto* given = ranges.defaultLimit(context, request.key);
    const auto amount = quantityOf(&request);
    const auto limit = quantityOf(given);
    if (!amount || !limit || *amount <= *limit) continue;
    auto d = diag::make<Code::DefaultBelowRequest>(request.span, container.name, amount->text(), context.model.text(request.key), limit->text());
    d.related.push_back({given->span, "a container that states no limit gets this one"});
    d.help = fmt::format("state `limits.{}`", context.model.text(request.key));
    context.report(std::move(d), {pods.workload, ranges.items.front().range});
  }
}

void containersInRange(Context& context, const Space& space) {
  const Ranges ranges(context, space, "Container");
  if (ranges.items.empty()) return;
  for (const auto* pods : space.pods)
    for (const auto& container : context.model.containersOf(*pods))
      if (container.phase != Phase::Ephemeral) containerInRange(context, ranges, *pods, container);
}

/// MLS3114: a quota on cpu or memory makes the API server refuse pods that do not state them.
/// Kubernetes: pkg/quota/v1/evaluator/core/pods.go#Constraints
void quotaDemands(Context& context, const Space& space, const ir::Object& quota) {
  const Ranges ranges(context, space, "Container");
  for (const auto& hard : ir::Children(context.keys.at<"spec.hard">(quota.root))) {
    const auto key = context.model.text(hard.key);
    const bool limit = key == "limits.cpu" || key == "limits.memory";
    if (!limit && key != "cpu" && key != "memory" && key != "requests.cpu" && key != "requests.memory") continue;
    const auto resource = key.ends_with("cpu") ? context.keys.symbol<"cpu">() : context.keys.symbol<"memory">();
    if (limit ? ranges.defaultLimit(context, resource) : ranges.defaultRequest(context, resource)) continue;
    for (const auto* pods : space.pods) {
      if (pods->replicas < 1) continue;
      const auto* ofPod = context.keys.at<"resources">(pods->spec);
      if (ofPod && ir::find(limit ? context.keys.at<"limits">(ofPod) : context.keys.at<"requests">(ofPod), resource)) continue;
      for (const auto& container : context.model.containersOf(*pods)) {
        if (container.phase == Phase::Ephemeral) continue;
        const auto* limits = context.keys.at<"resources.limits">(container.node);
        const auto* requests = context.keys.at<"resources.requests">(container.node);
        if (ir::find(limits, resource) || (!limit && ir::find(requests, resource))) continue;
        auto d = diag::make<Code::QuotaDemands>(container.node->span, container.name, context.nameOf(*pods->workload), limit ? "limit" : "request", context.model.text(resource), context.nameOf(quota), key);
        if (const auto* name = context.keys.at<"name">(container.node)) d.span = name->span;
        d.related.push_back({hard.entrySpan(), "the quota counts it"});
        d.help = fmt::format("state `{}.{}`, or give the namespace a LimitRange with a default", limit ? "limits" : "requests", context.model.text(resource));
        context.report(std::move(d), {pods->workload, &quota});
        break;
      }
    }
  }
}

}  // namespace

void quotas(Context& context) {
  std::unordered_map<std::uint32_t, Space> spaces;
  const auto spaceOf = [&](const ir::Object& object) { return context.model.nameSpaceOf(object).id; };
  for (const auto& object : context.stack.objects) {
    const auto kind = context.model.kindOf(object);
    if (!object.root) continue;
    if (kind == "ResourceQuota") spaces[spaceOf(object)].quotas.push_back(&object);
    if (kind == "LimitRange") spaces[spaceOf(object)].ranges.push_back(&object);
  }
  if (spaces.empty()) return;
  for (const auto& pods : context.model.pods) {
    const auto space = spaces.find(spaceOf(*pods.workload));
    if (space != spaces.end() && holdsPods(context.model.kindOf(*pods.workload))) space->second.pods.push_back(&pods);
  }
  for (const auto& state : context.model.states) {
    const auto space = spaces.find(spaceOf(*state.object));
    if (space != spaces.end() && holdsPods(context.model.kindOf(*state.object))) space->second.states.push_back(&state);
  }
  for (const auto& object : context.stack.objects) {
    const auto found = spaces.find(spaceOf(object));
    if (found == spaces.end() || found->second.quotas.empty() || found->second.quotas.front() != &object) continue;
    auto ledger = Counter(context, found->second).count();
    for (const auto* quota : found->second.quotas) {
      const bool scoped = context.keys.at<"spec.scopes">(quota->root) || context.keys.at<"spec.scopeSelector">(quota->root);
      for (const auto& hard : ir::Children(context.keys.at<"spec.hard">(quota->root))) {
        neverCounted(context, *quota, hard);
        const auto shares = ledger.find(ledgerKey(context.model.text(hard.key)));
        if (!scoped && shares != ledger.end()) exceeds(context, *quota, hard, shares->second);
      }
      if (!scoped) quotaDemands(context, found->second, *quota);
    }
  }
  for (const auto& object : context.stack.objects) {
    const auto found = spaces.find(spaceOf(object));
    if (found == spaces.end() || found->second.ranges.empty() || found->second.ranges.front() != &object) continue;
    claimsInRange(context, found->second);
    containersInRange(context, found->second);
  }
}

}  // namespace mlstack::storage
