// Amounts of resources: names, forms, requests against limits.
// Kubernetes: pkg/apis/core/validation/validation.go, validateResourceRequirements; pkg/apis/core/helper/helpers.go.

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

constexpr std::string_view kContainerNames = "cpu memory ephemeral-storage";
constexpr std::string_view kQuotaNames =
    "cpu memory ephemeral-storage requests.cpu requests.memory requests.storage requests.ephemeral-storage limits.cpu limits.memory "
    "limits.ephemeral-storage pods resourcequotas services replicationcontrollers secrets persistentvolumeclaims configmaps services.nodeports "
    "services.loadbalancers";
/// Names of the core whose amounts are counts.
constexpr std::string_view kCounts =
    "pods resourcequotas services replicationcontrollers secrets persistentvolumeclaims configmaps services.nodeports services.loadbalancers";

bool listed(std::string_view name, std::string_view list) {
  for (const auto word : wordsOf(list))
    if (word == name) return true;
  return false;
}

bool isNative(std::string_view name) { return name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos; }
bool isPages(std::string_view name) { return name.starts_with("hugepages-"); }
/// Devices: they are counted.
bool isExtended(std::string_view name) { return !isNative(name) && !name.starts_with("requests."); }

struct Place {
  const Node* list;
  std::string_view side;   // "limits"
};

void name(Judge& judge, const Place& place, const Node& amount) {
  const auto text = judge.text(amount.key);
  std::string why = faultOf(Form::Qualified, text);
  if (why.empty() && text.find('/') == std::string_view::npos && !listed(text, kContainerNames) && !isPages(text)) {
    why = "a container has cpu, memory, ephemeral-storage, hugepages-SIZE, and devices with a domain such as nvidia.com/gpu";
  } else if (why.empty() && !isNative(text) && text.starts_with("requests.")) {
    why = "`requests.` belongs to quotas";
  }
  if (why.empty()) return;
  auto d = diag::make<Code::UnknownResource>(amount.knowsKey() ? amount.keySpan(text.size()) : judge.spanOf(amount), judge.path(place.side, text), why);
  if (text == "gpu" || text == "nvidia-gpu" || text == "gpus") d.help = "nvidia.com/gpu is meant, or the device plugin's own name";
  judge.say(std::move(d));
}

void amountOf(Judge& judge, const Place& place, const Node& node, const base::Quantity& amount) {
  const auto text = judge.text(node.key);
  if (amount < base::Quantity::ofInt(0)) return judge.sayRange(node, judge.path(place.side, text), "no negative amount");
  if (isExtended(text) && !amount.isWhole()) return judge.sayRange(node, judge.path(place.side, text), "whole numbers of devices");
  if (!isPages(text)) return;
  const auto page = base::parseQuantity(text.substr(10));
  if (!page || page->isZero()) return;
  if (amount.nanos % page->nanos != 0) judge.sayRange(node, judge.path(place.side, text), fmt::format("a multiple of the page's {}", page->text()));
}

/// One request against the limit of the same name.
void pair(Judge& judge, const Node& limits, const Node& request, const base::Quantity& asked) {
  const auto resource = judge.text(request.key);
  const auto* limit = ir::find(&limits, request.key);
  const auto allowed = quantityOf(limit);
  const auto at = judge.path();
  const auto what = at.empty() ? std::string("resources") : at;
  if (!mayOvercommit(resource)) {
    if (limit && !allowed) return;
    if (allowed && *allowed == asked) return;
    auto d = diag::make<Code::RequestUnlikeLimit>(judge.spanOf(request), what, asked.text(), resource,
                                                  allowed ? fmt::format("its limit of {} must be the same", allowed->text()) : "it needs a limit of the same amount");
    if (limit && limit->span.known()) d.related.push_back({limit->entrySpan(), "the limit"});
    if (!allowed) d.help = "a limit alone is enough: the request is taken from it";
    return judge.say(std::move(d));
  }
  if (!allowed || asked <= *allowed) return;
  auto d = diag::make<Code::RequestAboveLimit>(judge.spanOf(request), what, asked.text(), resource, allowed->text());
  if (limit->span.known()) d.related.push_back({limit->entrySpan(), "the limit"});
  judge.say(std::move(d));
}

}  // namespace

bool mayOvercommit(std::string_view resource) { return isNative(resource) && !isPages(resource); }

void judgeContainerResources(Judge& judge, const Node& resources) {
  const auto* limits = judge.keys.at<"limits">(&resources);
  const auto* requests = judge.keys.at<"requests">(&resources);
  const Node* pages = nullptr;
  bool compute = false;
  for (const Place place : {Place{limits, "limits"}, Place{requests, "requests"}}) {
    for (const auto& node : ir::Children(place.list)) {
      if (node.kind == ir::NodeKind::Null) continue;
      const auto resource = judge.text(node.key);
      name(judge, place, node);
      const auto amount = quantityOf(&node);
      if (amount) amountOf(judge, place, node, *amount);
      if (isPages(resource)) pages = &node;
      compute = compute || resource == "cpu" || resource == "memory";
      if (amount && place.list == requests && *amount >= base::Quantity::ofInt(0)) {
        static const Node none{.kind = ir::NodeKind::Map};
        pair(judge, limits ? *limits : none, node, *amount);
      }
    }
  }
  if (pages && !compute) judge.say(diag::make<Code::PagesAlone>(pages->knowsKey() ? pages->keySpan(judge.text(pages->key).size()) : judge.spanOf(*pages), judge.path()));
}

void judgeQuotaKeys(Judge& judge, const Node& hard) {
  for (const auto& node : ir::Children(&hard)) {
    const auto resource = judge.text(node.key);
    std::string why = faultOf(Form::Qualified, resource);
    if (why.empty() && resource.find('/') == std::string_view::npos && !listed(resource, kQuotaNames) && !isPages(resource) && !resource.starts_with("requests.hugepages-"))
      why = "a quota has the core's own names, count/RESOURCE.GROUP, and devices as in requests.nvidia.com/gpu";
    if (!why.empty()) judge.say(diag::make<Code::UnknownResource>(node.knowsKey() ? node.keySpan(resource.size()) : judge.spanOf(node), judge.path(resource), why));
    const auto amount = quantityOf(&node);
    if (!amount) continue;
    if (*amount < base::Quantity::ofInt(0)) judge.sayRange(node, judge.path(resource), "no negative amount");
    else if (!amount->isWhole() && (listed(resource, kCounts) || isExtended(resource))) judge.sayRange(node, judge.path(resource), "whole numbers");
  }
}

}  // namespace mlstack::storage::admission
