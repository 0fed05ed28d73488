// Controllers that get in each other's way, and autoscalers that cannot measure.

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "storage/workload.h"

namespace mlstack::storage {

namespace {

/// What a metric of an autoscaler is measured against.
struct Metric {
  std::string_view resource{};    // "cpu"
  std::string_view container{};   // of a ContainerResource
  const ir::Node* at = nullptr;
};

std::vector<Metric> utilizations(const Context& context, const ir::Object& scaler) {
  std::vector<Metric> found;
  const auto* spec = context.keys.at<"spec">(scaler.root);
  if (const auto* percent = context.keys.at<"targetCPUUtilizationPercentage">(spec)) found.push_back({"cpu", {}, percent});
  for (const auto& metric : ir::Children(context.keys.at<"metrics">(spec))) {
    const auto type = context.keys.text<"type">(&metric);
    const auto* source = type == "Resource" ? context.keys.at<"resource">(&metric) : type == "ContainerResource" ? context.keys.at<"containerResource">(&metric) : nullptr;
    const bool ofRequest = context.keys.text<"target.type">(source) == "Utilization" || context.keys.at<"targetAverageUtilization">(source);
    if (!source || !ofRequest) continue;
    found.push_back({context.keys.text<"name">(source), context.keys.text<"container">(source), source});
  }
  return found;
}

bool requests(const Context& context, const Container& container, std::string_view resource) {
  for (const auto* list : {context.keys.at<"resources.requests">(container.node), context.keys.at<"resources.limits">(container.node)})   // a limit is a request, too
    for (const auto& one : ir::Children(list))
      if (context.model.text(one.key) == resource) return true;
  return false;
}

/// MLS3325: utilization is of what is requested; one container without a request and nothing is computed
/// (pkg/controller/podautoscaler/replica_calculator.go: calculatePodRequests, "missing request for").
void scalesByNothing(Context& context, const ir::Object& scaler, const ir::Object& workload) {
  for (const auto& metric : utilizations(context, scaler)) {
    if (metric.resource != "cpu" && metric.resource != "memory") continue;
    for (const auto& pods : context.model.podsOf(workload.order)) {
      if (context.keys.at<"resources">(pods.spec)) return;   // of the whole pod
      for (const auto& container : context.model.containersOf(pods)) {
        if (container.phase != Phase::Main && container.phase != Phase::Sidecar) continue;
        if (!metric.container.empty() && metric.container != container.name) continue;
        if (requests(context, container, metric.resource)) continue;
        auto d = diag::make<Code::ScalesByNothing>(metric.at->entrySpan(), context.nameOf(scaler), metric.resource, container.name, context.nameOf(workload));
        d.related.push_back({container.node->span, "it states no request"});
        d.help = fmt::format("state `requests.{}` of every container", metric.resource);
        context.report(std::move(d), {&scaler, &workload});
        return;
      }
    }
  }
}

}  // namespace

void scalers(Context& context) {
  std::unordered_map<ir::ObjectId, const ir::Object*> first;   // by workload, its first autoscaler
  const bool anyRange = std::any_of(context.stack.objects.begin(), context.stack.objects.end(), [&](const ir::Object& object) { return context.model.kindOf(object) == "LimitRange"; });
  for (const auto& edge : context.stack.edges) {
    if (edge.kind != ir::EdgeKind::Selects || edge.to == ir::kNoObject) continue;
    const auto& scaler = context.stack.objects[edge.from];
    if (context.model.kindOf(scaler) != "HorizontalPodAutoscaler" || scaler.external) continue;
    const auto& workload = context.stack.objects[edge.to];
    // Defaults of a namespace would be requests.
    if (!anyRange && !workload.external) scalesByNothing(context, scaler, workload);
    const auto [at, isNew] = first.emplace(edge.to, &scaler);
    if (isNew || at->second == &scaler) continue;
    auto d = diag::make<Code::TwoScalers>(scaler.span, context.nameOf(*at->second), context.nameOf(scaler), context.nameOf(workload));
    d.related.push_back({at->second->span, "the other one"});
    d.help = "state all metrics in one of them: the largest number counts";
    context.report(std::move(d), {&scaler, at->second, &workload});
  }
}

void sameSelector(Context& context) {
  constexpr std::array<std::string_view, 5> kKinds{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"};
  std::map<std::string, const ir::Object*> first;
  for (const auto& object : context.stack.objects) {
    const auto kind = context.model.kindOf(object);
    if (object.external || std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) continue;
    const auto* selector = kind == "ReplicationController" ? context.keys.at<"spec.selector">(object.root) : context.keys.at<"spec.selector.matchLabels">(object.root);
    if (ir::Children(selector).size() == 0 || context.keys.at<"spec.selector.matchExpressions">(object.root)) continue;
    std::vector<std::string> labels;
    for (const auto& one : ir::Children(selector)) labels.push_back(fmt::format("{}={}", context.model.text(one.key), textOf(&one)));
    std::sort(labels.begin(), labels.end());
    // Examples that stand beside each other are often alternatives; what is in one file is applied together.
    const auto* file = object.span.known() ? context.sources.fileAt(object.span.begin) : nullptr;
    auto key = fmt::format("{}\n{}\n{}", file ? file->name : std::string(), context.model.text(context.model.nameSpaceOf(object)), fmt::join(labels, ","));
    const auto [at, isNew] = first.emplace(std::move(key), &object);
    if (isNew || at->second->name == object.name) continue;
    auto d = diag::make<Code::SameSelector>(selector->entrySpan(), context.nameOf(*at->second), context.nameOf(object), fmt::format("{}", fmt::join(labels, ",")));
    d.related.push_back({at->second->span, "the other one"});
    d.help = "give each a label of its own, in its selector and its template";
    context.report(std::move(d), {&object, at->second});
  }
}

}  // namespace mlstack::storage
