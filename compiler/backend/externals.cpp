// What a stack takes for granted, looked for: by name and metadata alone, so that no value of a Secret travels.

#include <fmt/format.h>

#include "backend/cluster_plan.h"
#include "diag/cluster.h"

namespace mlstack::backend {

using diag::ClusterCode;

void ClusterPlanner::lookForExternals() {
  // A library declares more than a stack uses.
  std::vector<bool> used(stack_.objects.size());
  for (const auto& edge : stack_.edges) {
    if (edge.from != ir::kNoObject) used[edge.from] = true;
    if (edge.to != ir::kNoObject) used[edge.to] = true;
  }
  for (std::size_t id = 0; id < used.size(); ++id) {
    const auto& object = stack_.objects[id];
    if (!used[id] || !object.external || object.observed || !object.kind || !object.name) continue;
    const auto kind = symbols_.text(object.kind);
    const auto name = symbols_.text(object.name);
    const auto* resource = api_.resource(symbols_.text(object.apiVersion), kind);
    if (!resource || !resource->canList) continue;
    ListQuery query;
    query.resource = resource;
    if (resource->namespaced) query.nameSpace = object.nameSpace ? std::string(symbols_.text(object.nameSpace)) : home_;
    query.fields = fmt::format("metadata.name={}", name);
    query.metadataOnly = true;
    const auto there = std::make_shared<bool>(false);
    api_.list(
        query, [there](ir::Node&, const std::shared_ptr<Document>&) { *there = true; }, [there] { *there = false; },
        [this, &object, there, where = query.nameSpace](const Failure& failure, const std::string&) {
          if (api_.interrupted && api_.interrupted()) return;
          const auto what = symbols_.text(object.kind);
          const auto who = symbols_.text(object.name);
          if (failure.failed()) {
            plan_.notes.push_back(fmt::format("whether {} `{}` is there could not be looked at: {}", what, who, failure.message));
          } else if (!*there) {
            auto d = diag::make<ClusterCode::ExternalMissing>(object.span, what, who);
            d.severity = diag::Severity::Warning;   // somebody may be about to make it
            sink_.add(std::move(d).hint(where.empty() ? "what needs it waits until it is there" : fmt::format("it is looked for in namespace `{}`; what needs it waits until it is there", where)));
          }
        });
  }
  api_.run();
}

}  // namespace mlstack::backend
