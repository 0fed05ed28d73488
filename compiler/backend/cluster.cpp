// The backend that talks to an API server.

#include "backend/apply.h"
#include "backend/cluster_plan.h"

namespace mlstack::backend {

namespace {

class Cluster final : public Backend {
 public:
  Cluster(Api& api, const Connection& connection, const schema::Catalog& catalog) : api_(api), connection_(connection), catalog_(catalog) {}

  std::optional<Plan> plan(const ir::Stack& desired, const PlanOptions& options, diag::Sink& sink) override {
    return ClusterPlanner(api_, connection_, catalog_, desired, options, sink).run();
  }

  Report apply(const Plan& plan, const ApplyOptions& options, Progress& progress, diag::Sink& sink) override { return applyPlan(api_, connection_, plan, options, progress, sink); }

 private:
  Api& api_;
  const Connection& connection_;
  const schema::Catalog& catalog_;
};

}  // namespace

std::unique_ptr<Backend> clusterBackend(Api& api, const Connection& connection, const schema::Catalog& catalog) {
  return std::make_unique<Cluster>(api, connection, catalog);
}

}  // namespace mlstack::backend
