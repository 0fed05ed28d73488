// Autoscalers, budgets, quotas, limits, classes of priority and runtime, roles, namespaces.
// Kubernetes: pkg/apis/{autoscaling,policy,scheduling,node,rbac}/validation/validation.go and core's for quotas.

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

void scaleBounds(Judge& judge, const Node& spec) {
  const auto* least = judge.keys.at<"minReplicas">(&spec);
  const auto* most = judge.keys.at<"maxReplicas">(&spec);
  const auto low = intOf(least);
  const auto high = intOf(most);
  if (high && *high < 1) judge.sayRange(*most, judge.path("maxReplicas"), "1 or more");
  if (low && *low < 0) judge.sayRange(*least, judge.path("minReplicas"), "1 or more");
  if (low && *low == 0) {
    auto d = diag::make<Code::ValueRange>(judge.spanOf(*least), judge.path("minReplicas"), "0", "1 or more");
    d.help = "scaling to none needs the feature HPAScaleToZero, which is off, or KEDA";
    judge.say(std::move(d));
  }
  if (low && high && *high >= 1 && *low > *high)
    judge.say(diag::make<Code::OrderOfValues>(judge.spanOf(*least), judge.path("minReplicas"), *low, "above", quoted("maxReplicas"), *high));
}

/// A metric's type names the field that describes it.
void metric(Judge& judge, const Node& entry) {
  const auto type = judge.keys.text<"type">(&entry);
  if (type.empty()) return;
  std::string field(type);
  field[0] = static_cast<char>(field[0] | 0x20);
  const Node* described = nullptr;
  for (const auto& child : ir::Children(&entry)) {
    if (judge.text(child.key) == "type" || child.kind == ir::NodeKind::Null) continue;
    if (judge.text(child.key) == field) described = &child;
    else judge.sayRefused(child, judge.path(judge.text(child.key)), fmt::format("for a metric of type {}", type));
  }
  if (!described) return judge.sayLacks(entry, judge.path(), fmt::format("`{}`", field), fmt::format("the type {} needs it", type));
  const auto* target = judge.keys.at<"target">(described);
  const auto* type2 = judge.keys.at<"type">(target);
  if (!isText(type2)) return;
  const auto kind = type2->text();
  const bool ofResource = type == "Resource" || type == "ContainerResource";
  if (kind == "Utilization" && !ofResource) return judge.sayWord(*type2, judge.path(field, "target", "type"), "Value or AverageValue for what is no resource");
  const std::string_view needed = kind == "Utilization" ? "averageUtilization" : kind == "AverageValue" ? "averageValue" : kind == "Value" && !ofResource ? "value" : "";
  if (needed.empty()) return;
  for (const auto& child : ir::Children(target))
    if (judge.text(child.key) == needed) return;
  judge.sayLacks(*target, judge.path(field, "target"), fmt::format("`{}`", needed), fmt::format("the target type {} needs it", kind));
}

constexpr Row kScalingRows[] = {
    range("stabilizationWindowSeconds", 0, 3600),
    words("selectPolicy", "Max Min Disabled"),
    words("policies[].type", "Pods Percent"),
    range("policies[].value", 1, kInt32),
    range("policies[].periodSeconds", 1, 1800),
    gate("tolerance", "it is dropped without a word").since(33).before(35),
};
constexpr Shape kScaling{kScalingRows};

constexpr Row kMetricTargetRows[] = {
    words("type", "Utilization Value AverageValue"),
    range("averageUtilization", 1, kInt32),
    size("value", 1),
    size("averageValue", 1),
};
constexpr Shape kMetricTarget{kMetricTargetRows};

constexpr Row kAutoscalerRows[] = {
    call("spec", scaleBounds),
    filled("spec.scaleTargetRef.kind"),
    filled("spec.scaleTargetRef.name"),
    is("spec.scaleTargetRef.kind", Form::PathSegment),
    is("spec.scaleTargetRef.name", Form::PathSegment),
    range("spec.targetCPUUtilizationPercentage", 1, kInt32),
    words("spec.metrics[].type", "Resource ContainerResource Pods Object External"),
    call("spec.metrics[]", metric),
    use("spec.metrics[].resource.target", kMetricTarget),
    use("spec.metrics[].containerResource.target", kMetricTarget),
    use("spec.metrics[].pods.target", kMetricTarget),
    use("spec.metrics[].object.target", kMetricTarget),
    use("spec.metrics[].external.target", kMetricTarget),
    use("spec.behavior.scaleUp", kScaling),
    use("spec.behavior.scaleDown", kScaling),
};

constexpr Row kBudgetRows[] = {
    atMostOneOf("spec", "minAvailable maxUnavailable"),
    share("spec.minAvailable", 100),
    share("spec.maxUnavailable", 100),
    use("spec.selector", kLabelSelector),
};

void quotaScopes(Judge& judge, const Node& scopes) {
  constexpr std::array<std::array<std::string_view, 2>, 2> kPairs{{{"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"}}};
  for (const auto& pair : kPairs) {
    const Node* found[2] = {nullptr, nullptr};
    for (const auto& scope : ir::Children(&scopes))
      for (std::size_t i = 0; i < 2; ++i)
        if (textOf(&scope) == pair[i]) found[i] = &scope;
    if (found[0] && found[1]) judge.say(diag::make<Code::FieldsTogether>(judge.spanOf(*found[1]), judge.path(), pair[0], pair[1]));
  }
}

void scopeValues(Judge& judge, const Node& requirement) {
  const auto op = judge.keys.text<"operator">(&requirement);
  const auto* values = judge.keys.at<"values">(&requirement);
  const auto scope = judge.keys.text<"scopeName">(&requirement);
  if ((op == "In" || op == "NotIn") && !isSet(values)) judge.sayLacks(requirement, judge.path(), "`values`", fmt::format("the operator {} needs them", op));
  if ((op == "Exists" || op == "DoesNotExist") && isSet(values)) judge.sayRefused(*values, judge.path("values"), fmt::format("with the operator {}", op));
  const bool valued = scope == "PriorityClass" || scope == "VolumeAttributesClass" || scope.empty();
  if (!valued && !op.empty() && op != "Exists") judge.sayWord(*judge.keys.at<"operator">(&requirement), judge.path("operator"), fmt::format("Exists only for the scope {}", scope));
}

/// Scopes are of pods: nothing else can be counted by them.
/// Kubernetes: pkg/apis/core/helper/helpers.go, IsResourceQuotaScopeValidForResource.
void scopedResources(Judge& judge, const Node& spec) {
  constexpr std::string_view kOfPods = "pods cpu memory limits.cpu limits.memory requests.cpu requests.memory";
  constexpr std::string_view kOthers =
      "ephemeral-storage requests.storage requests.ephemeral-storage limits.ephemeral-storage resourcequotas services replicationcontrollers secrets "
      "persistentvolumeclaims configmaps services.nodeports services.loadbalancers";
  std::string_view scope;
  for (const auto& entry : ir::Children(judge.keys.at<"scopes">(&spec)))
    if (scope.empty() || textOf(&entry) == "BestEffort") scope = textOf(&entry);
  for (const auto& entry : ir::Children(judge.keys.at<"scopeSelector.matchExpressions">(&spec)))
    if (scope.empty() || judge.keys.text<"scopeName">(&entry) == "BestEffort") scope = judge.keys.text<"scopeName">(&entry);
  if (scope.empty() || scope == "VolumeAttributesClass") return;
  const auto listed = [](std::string_view name, std::string_view list) {
    for (const auto word : wordsOf(list))
      if (word == name) return true;
    return false;
  };
  for (const auto& amount : ir::Children(judge.keys.at<"hard">(&spec))) {
    const auto name = judge.text(amount.key);
    if (listed(name, kOthers) || (scope == "BestEffort" && name != "pods" && listed(name, kOfPods)))
      judge.sayRefused(amount, judge.path("hard", name), fmt::format("with the scope {}, which is one of pods{}", scope, scope == "BestEffort" ? " that ask for nothing" : ""));
  }
}

void limitRatio(Judge& judge, const Node& ratio) {
  const auto amount = quantityOf(&ratio);
  if (amount && *amount < base::Quantity::ofInt(1)) judge.sayRange(ratio, judge.path(), "1 or more");
}

void limitType(Judge& judge, const Node& type) {
  const auto text = textOf(&type);
  if (text.empty() || text.find('/') != std::string_view::npos || text == "Pod" || text == "Container" || text == "PersistentVolumeClaim") return;
  judge.sayWord(type, judge.path(), "Pod, Container or PersistentVolumeClaim");
}

constexpr Row kQuotaRows[] = {
    call("spec", scopedResources),
    call("spec.hard", judgeQuotaKeys),
    call("spec.scopes", quotaScopes),
    call("spec.scopeSelector.matchExpressions[]", scopeValues),
};

/// min ≤ defaultRequest ≤ default ≤ max, resource by resource.
void limitOrder(Judge& judge, const Node& limit) {
  constexpr std::array<std::array<std::string_view, 2>, 6> kOrder{{{"min", "max"}, {"min", "defaultRequest"}, {"min", "default"},
                                                                   {"defaultRequest", "default"}, {"defaultRequest", "max"}, {"default", "max"}}};
  const auto listOf = [&](std::string_view name) -> const Node* {
    for (const auto& child : ir::Children(&limit))
      if (judge.text(child.key) == name) return &child;
    return nullptr;
  };
  const auto type = judge.keys.text<"type">(&limit);
  for (const auto& order : kOrder) {
    if (type == "Pod" && order[1] == "default") continue;
    const auto* lower = listOf(order[0]);
    const auto* higher = listOf(order[1]);
    for (const auto& low : ir::Children(lower)) {
      const auto* high = ir::find(higher, low.key);
      const auto a = quantityOf(&low);
      const auto b = quantityOf(high);
      if (!a || !b || *a <= *b) continue;
      auto d = diag::make<Code::OrderOfValues>(judge.spanOf(low), judge.path(order[0], judge.text(low.key)), a->text(), "above", quoted(order[1]), b->text());
      if (high->span.known()) d.related.push_back({high->entrySpan(), "it stands here"});
      judge.say(std::move(d));
    }
  }
  for (const auto& amount : ir::Children(listOf("default"))) {
    const auto resource = judge.text(amount.key);
    const auto* request = ir::find(listOf("defaultRequest"), amount.key);
    const auto a = quantityOf(&amount);
    const auto b = quantityOf(request);
    if (a && b && *b < *a && !mayOvercommit(resource))
      judge.say(diag::make<Code::RequestUnlikeLimit>(judge.spanOf(*request), judge.path("defaultRequest"), b->text(), resource, fmt::format("its default of {} must be the same", a->text())));
  }
  if (type == "Pod")
    for (const std::string_view field : {"default", "defaultRequest"})
      if (const auto* list = listOf(field); isSet(list)) judge.sayRefused(*list, judge.path(field), "for the type Pod: defaults are those of containers");
  if (type == "PersistentVolumeClaim" && !isSet(judge.keys.at<"storage">(listOf("min"))) && !isSet(judge.keys.at<"storage">(listOf("max"))))
    judge.sayLacks(limit, judge.path(), "`min.storage` or `max.storage`");
}

constexpr Row kLimitRangeRows[] = {
    apart("spec.limits", "type"),
    call("spec.limits[].type", limitType),
    call("spec.limits[]", limitOrder),
    call("spec.limits[].maxLimitRequestRatio{}", limitRatio),
};

constexpr std::int64_t kHighestPriority = 1'000'000'000;

void systemName(Judge& judge, const Node& root) {
  const auto* name = judge.keys.at<"metadata.name">(&root);
  const auto text = textOf(name);
  if (text.starts_with("system-") && text != "system-node-critical" && text != "system-cluster-critical")
    judge.say(diag::make<Code::ValueForm>(judge.spanOf(*name), quoted("metadata.name"), judge.shown(*name), "names that begin with `system-` are Kubernetes' own"));
}

constexpr Row kPriorityClassRows[] = {
    range("value", std::numeric_limits<std::int32_t>::min(), kHighestPriority),
    call("", systemName),
};

constexpr Row kRuntimeClassRows[] = {
    filled("handler"),
    is("handler", Form::DnsLabel),
    size("overhead.podFixed{}", 0),
    keysAre("scheduling.nodeSelector", Form::LabelKey),
    is("scheduling.nodeSelector{}", Form::LabelValue),
};

/// A rule speaks of resources or of addresses.
void roleRule(Judge& judge, const Node& rule, bool clusterWide) {
  const auto* verbs = judge.keys.at<"verbs">(&rule);
  if (verbs && !isSet(verbs)) judge.sayLacks(rule, judge.path(), "`verbs`", "a rule without one allows nothing");
  const auto* urls = judge.keys.at<"nonResourceURLs">(&rule);
  const auto* groups = judge.keys.at<"apiGroups">(&rule);
  const auto* resources = judge.keys.at<"resources">(&rule);
  if (isSet(urls)) {
    if (!clusterWide) return judge.sayRefused(*urls, judge.path("nonResourceURLs"), "in a Role: addresses belong to no namespace");
    if (isSet(resources)) judge.say(diag::make<Code::FieldsTogether>(judge.headOf(*resources), judge.path(), "nonResourceURLs", "resources"));
    return;
  }
  if (!isSet(groups)) judge.sayLacks(rule, judge.path(), "`apiGroups`", "the core group is [\"\"]");
  if (!isSet(resources)) judge.sayLacks(rule, judge.path(), "`resources`");
}
void ruleOfRole(Judge& judge, const Node& rule) { roleRule(judge, rule, false); }
void ruleOfClusterRole(Judge& judge, const Node& rule) { roleRule(judge, rule, true); }

void subject(Judge& judge, const Node& entry) {
  const auto* kind = judge.keys.at<"kind">(&entry);
  const auto* group = judge.keys.at<"apiGroup">(&entry);
  const auto text = textOf(kind);
  if (text.empty()) return;
  if (text != "ServiceAccount" && text != "User" && text != "Group") return judge.sayWord(*kind, judge.path("kind"), "ServiceAccount, User or Group");
  if (text == "ServiceAccount") {
    if (isSet(group)) judge.sayWord(*group, judge.path("apiGroup"), "\"\" for a ServiceAccount");
    if (judge.text(judge.object().kind) == "ClusterRoleBinding" && !isSet(judge.keys.at<"namespace">(&entry))) {
      // What kustomize lays over a file may set it.
      auto d = diag::make<Code::FieldLacking>(judge.headOf(entry), judge.path(), "`namespace`", "a ServiceAccount lives in one, and Kubernetes refuses the binding without");
      d.severity = diag::Severity::Note;
      judge.say(std::move(d));
    }
    if (const auto* name = judge.keys.at<"name">(&entry); isSet(name) && isText(name) && !faultOf(Form::DnsSubdomain, name->text()).empty())
      judge.sayForm(*name, judge.path("name"), Form::DnsSubdomain);
  } else if (isSet(group) && textOf(group) != "rbac.authorization.k8s.io") {
    judge.sayWord(*group, judge.path("apiGroup"), "rbac.authorization.k8s.io");
  }
}

constexpr Row kRoleRows[] = {
    call("rules[]", ruleOfRole),
};
constexpr Row kClusterRoleRows[] = {
    call("rules[]", ruleOfClusterRole),
    use("aggregationRule.clusterRoleSelectors[]", kLabelSelector),
};
constexpr Row kBindingRows[] = {
    words("roleRef.apiGroup", "rbac.authorization.k8s.io"),
    filled("roleRef.name"),
    is("roleRef.name", Form::PathSegment),
    filled("subjects[].name"),
    call("subjects[]", subject),
};
constexpr Shape kBinding{kBindingRows};
constexpr Row kRoleBindingRows[] = {
    use("", kBinding),
    words("roleRef.kind", "Role ClusterRole"),
};
constexpr Row kClusterRoleBindingRows[] = {
    use("", kBinding),
    words("roleRef.kind", "ClusterRole"),
};

constexpr Row kNamespaceRows[] = {
    is("spec.finalizers[]", Form::Finalizer),
};

}  // namespace

const Shape kAutoscaler{kAutoscalerRows};
const Shape kBudget{kBudgetRows};
const Shape kQuota{kQuotaRows};
const Shape kLimitRange{kLimitRangeRows};
const Shape kPriorityClass{kPriorityClassRows};
const Shape kRuntimeClass{kRuntimeClassRows};
const Shape kRole{kRoleRows};
const Shape kClusterRole{kClusterRoleRows};
const Shape kRoleBinding{kRoleBindingRows};
const Shape kClusterRoleBinding{kClusterRoleBindingRows};
const Shape kNamespace{kNamespaceRows};

}  // namespace mlstack::storage::admission
