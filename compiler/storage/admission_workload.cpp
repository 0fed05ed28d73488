// Workloads that keep pods running, and the selectors by which they know them.
// Kubernetes: pkg/apis/apps/validation/validation.go; pkg/apis/core/validation/validation.go for ReplicationController.

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

/// Pods that are to run for ever are started again whatever they end with.
void alwaysRestart(Judge& judge, const Node& spec) {
  const auto kind = judge.text(judge.object().kind);
  const auto* policy = judge.keys.at<"template.spec.restartPolicy">(&spec);
  if (isText(policy) && policy->length != 0 && policy->text() != "Always") {
    auto d = diag::make<Code::RestartPolicyOfKind>(judge.spanOf(*policy), judge.path("template", "spec", "restartPolicy"), policy->text(),
                                                   fmt::format("a {}", kind), "Always only");
    d.help = "what runs to its end is a Job";
    judge.say(std::move(d));
  }
  const auto* deadline = judge.keys.at<"template.spec.activeDeadlineSeconds">(&spec);
  if (isSet(deadline)) judge.sayRefused(*deadline, judge.path("template", "spec", "activeDeadlineSeconds"), fmt::format("for the pods of a {}, which never end", kind));
}

bool contains(const Node* list, std::string_view text) {
  for (const auto& entry : ir::Children(list))
    if (textOf(&entry) == text) return true;
  return false;
}

/// The first requirement of a selector that labels do not meet, as "app=web"; empty when all are met.
struct Unmet {
  const Node* at = nullptr;
  std::string why;
};
Unmet unmet(const Judge& judge, const Node* matchLabels, const Node* expressions, const Node* labels) {
  for (const auto& wanted : ir::Children(matchLabels)) {
    if (!isText(&wanted)) continue;
    const auto key = judge.text(wanted.key);
    const auto* there = ir::find(labels, wanted.key);
    if (!there) return {&wanted, fmt::format("it wants {}={}, and the template has no label {}", key, wanted.text(), key)};
    if (isText(there) && there->text() != wanted.text())
      return {&wanted, fmt::format("it wants {}={}, and the template says {}={}", key, wanted.text(), key, there->text())};
  }
  for (const auto& requirement : ir::Children(expressions)) {
    const auto key = judge.keys.text<"key">(&requirement);
    const auto op = judge.keys.text<"operator">(&requirement);
    const auto* values = judge.keys.at<"values">(&requirement);
    const Node* there = nullptr;
    for (const auto& label : ir::Children(labels))
      if (judge.text(label.key) == key) there = &label;
    const bool met = op == "In" ? there && contains(values, textOf(there)) : op == "NotIn" ? !there || !contains(values, textOf(there))
                     : op == "Exists" ? there != nullptr : op == "DoesNotExist" ? there == nullptr : true;
    if (!met) return {&requirement, fmt::format("{} {} is not met by the template's labels", key, op)};
  }
  return {};
}

void saySelector(Judge& judge, const Unmet& found, const Node* labels) {
  auto d = diag::make<Code::SelectorUnlikeLabels>(found.at->span.known() ? found.at->entrySpan() : judge.spanOf(*found.at), judge.path("selector"), found.why);
  if (labels && labels->span.known()) d.related.push_back({labels->knowsKey() ? labels->keySpan(6) : labels->span, "the template's labels"});
  judge.say(std::move(d));
}

}  // namespace

void judgeOwnSelector(Judge& judge, const Node& spec) {
  const auto* selector = judge.keys.at<"selector">(&spec);
  const auto* pods = judge.keys.at<"template">(&spec);
  if (!selector || selector->kind != ir::NodeKind::Map || !pods || pods->kind != ir::NodeKind::Map) return;
  const auto* labels = judge.keys.at<"metadata.labels">(pods);
  const auto* matchLabels = judge.keys.at<"matchLabels">(selector);
  const auto* expressions = judge.keys.at<"matchExpressions">(selector);
  if (!isSet(matchLabels) && !isSet(expressions)) {
    // Other fields than these are slips that the schema names.
    if (selector->length == 0 || matchLabels || expressions) judge.say(diag::make<Code::FieldEmpty>(judge.headOf(*selector), judge.path("selector")));
    return;
  }
  if (const auto found = unmet(judge, matchLabels, expressions, labels); found.at) saySelector(judge, found, labels);
}

namespace {

/// A ReplicationController's selector is a map of labels, and its template's labels when it has none.
void controllerSelects(Judge& judge, const Node& spec) {
  const auto* selector = judge.keys.at<"selector">(&spec);
  const auto* labels = judge.keys.at<"template.metadata.labels">(&spec);
  if (!isSet(selector)) {
    if (!isSet(labels) && judge.keys.at<"template">(&spec)) judge.sayLacks(spec, judge.path(), "`selector`", "the template has no labels to take instead");
    return;
  }
  if (const auto found = unmet(judge, selector, nullptr, labels); found.at) saySelector(judge, found, labels);
}

bool isNone(const Node* share, bool otherwise) {
  if (!isSet(share)) return otherwise;
  if (share->kind == ir::NodeKind::Int) return share->integer == 0;
  const auto text = textOf(share);
  return text == "0%" || text == "0";
}

void deploymentRolls(Judge& judge, const Node& spec) {
  const auto* rolling = judge.keys.at<"strategy.rollingUpdate">(&spec);
  const auto type = judge.keys.text<"strategy.type">(&spec);
  if (type == "Recreate") {
    if (rolling && rolling->kind != ir::NodeKind::Null) judge.sayRefused(*rolling, judge.path("strategy", "rollingUpdate"), "with the strategy Recreate");
    return;
  }
  const auto* unavailable = judge.keys.at<"maxUnavailable">(rolling);
  // Unset, maxSurge and maxUnavailable are 25%.
  if (isNone(unavailable, false) && isNone(judge.keys.at<"maxSurge">(rolling), false))
    judge.say(diag::make<Code::UpdateStandsStill>(unavailable->entrySpan(), judge.path("strategy", "rollingUpdate"),
                                                  "`maxSurge` and `maxUnavailable` are both 0, so that no pod could be replaced"));
}

/// It must be known to be available before it may be given up.
void deadlineAfterReady(Judge& judge, const Node& spec) {
  const auto* deadlineAt = judge.keys.at<"progressDeadlineSeconds">(&spec);
  const auto* readyAt = judge.keys.at<"minReadySeconds">(&spec);
  const auto ready = intOf(readyAt).value_or(0);
  const auto deadline = intOf(deadlineAt).value_or(600);
  if (deadline < 0 || ready < 0 || deadline > ready) return;
  const auto& at = deadlineAt ? *deadlineAt : *readyAt;
  if (deadlineAt) {
    judge.say(diag::make<Code::OrderOfValues>(judge.spanOf(at), judge.path("progressDeadlineSeconds"), deadline, "not more than", quoted("minReadySeconds"), ready));
  } else {
    judge.say(diag::make<Code::OrderOfValues>(judge.spanOf(at), judge.path("minReadySeconds"), ready, "not less than", quoted("progressDeadlineSeconds"), "600 unless set"));
  }
}

void daemonsRoll(Judge& judge, const Node& spec) {
  const auto* rolling = judge.keys.at<"updateStrategy.rollingUpdate">(&spec);
  if (judge.keys.text<"updateStrategy.type">(&spec) == "OnDelete" || !rolling) return;
  const auto* unavailable = judge.keys.at<"maxUnavailable">(rolling);
  const auto* surge = judge.keys.at<"maxSurge">(rolling);
  const bool surges = !isNone(surge, true);
  const bool gives = !isNone(unavailable, false);   // unset it is 1
  const auto at = judge.path("updateStrategy", "rollingUpdate");
  if (surges && gives) {
    auto d = diag::make<Code::UpdateStandsStill>(surge->entrySpan(), at, "a DaemonSet takes `maxSurge` or `maxUnavailable`, and the other must be 0");
    if (!unavailable) d.help = "`maxUnavailable` is 1 unless it is set: write `maxUnavailable: 0`";
    return judge.say(std::move(d));
  }
  if (!surges && !gives)
    return judge.say(diag::make<Code::UpdateStandsStill>(unavailable->entrySpan(), at, "`maxSurge` and `maxUnavailable` are both 0, so that no pod could be replaced"));
  if (!surges) return;
  for (const auto& container : ir::Children(judge.keys.at<"template.spec.containers">(&spec)))
    for (const auto& port : ir::Children(judge.keys.at<"ports">(&container))) {
      const auto host = intOf(judge.keys.at<"hostPort">(&port));
      if (!host || *host == 0) continue;
      auto d = diag::make<Code::UpdateStandsStill>(surge->entrySpan(), at, fmt::format("with `maxSurge` the new pod waits for the host port {} that the old one holds", *host));
      d.related.push_back({judge.keys.at<"hostPort">(&port)->entrySpan(), "the port"});
      return judge.say(std::move(d));
    }
}

void setRolls(Judge& judge, const Node& spec) {
  const auto* rolling = judge.keys.at<"updateStrategy.rollingUpdate">(&spec);
  if (!rolling || rolling->kind != ir::NodeKind::Map) return;
  if (judge.keys.text<"updateStrategy.type">(&spec) == "OnDelete") return judge.sayRefused(*rolling, judge.path("updateStrategy", "rollingUpdate"), "with the strategy OnDelete");
  const auto* unavailable = judge.keys.at<"maxUnavailable">(rolling);
  if (!isSet(unavailable)) return;
  if (isNone(unavailable, false)) return judge.sayRange(*unavailable, judge.path("updateStrategy", "rollingUpdate", "maxUnavailable"), "1 or more");
  // MaxUnavailableStatefulSet: alpha in 1.24, beta in 1.35, off in both.
  judge.say(diag::make<Code::GateOff>(unavailable->entrySpan(), judge.path("updateStrategy", "rollingUpdate", "maxUnavailable"), judge.context.stack.kubernetes,
                                      "it is dropped without a word, and pods are replaced one at a time"));
}

/// Two templates of one name: the controller keeps them in a map.
/// Kubernetes: pkg/controller/statefulset/stateful_set_utils.go, getPersistentVolumeClaims.
void templateNames(Judge& judge, const Node& templates) {
  std::unordered_map<std::string_view, const Node*> seen;
  for (const auto& entry : ir::Children(&templates)) {
    const auto* name = judge.keys.at<"metadata.name">(&entry);
    if (!isText(name) || name->length == 0) continue;
    const auto [known, isNew] = seen.emplace(name->text(), name);
    if (isNew) continue;
    auto d = diag::make<Code::TemplateTwice>(judge.spanOf(*name), name->text());
    if (known->second->span.known()) d.related.push_back({known->second->span, "the first one stands here"});
    judge.say(std::move(d));
  }
}

constexpr Row kRunningRows[] = {
    range("replicas", 0, kInt32),
    range("minReadySeconds", 0, kInt32),
    range("revisionHistoryLimit", 0, kInt32),
    use("template", kTemplate),
    call("", alwaysRestart),
};
constexpr Shape kRunning{kRunningRows};

constexpr Row kDeploymentRows[] = {
    use("spec", kRunning),
    use("spec.selector", kLabelSelector),
    call("spec", judgeOwnSelector),
    range("spec.progressDeadlineSeconds", 0, kInt32),
    share("spec.strategy.rollingUpdate.maxUnavailable", 100),
    share("spec.strategy.rollingUpdate.maxSurge"),
    call("spec", deploymentRolls),
    call("spec", deadlineAfterReady),
};

constexpr Row kReplicaSetRows[] = {
    use("spec", kRunning),
    use("spec.selector", kLabelSelector),
    call("spec", judgeOwnSelector),
};

constexpr Row kReplicationControllerRows[] = {
    has("spec", "template"),
    use("spec", kRunning),
    keysAre("spec.selector", Form::LabelKey),
    is("spec.selector{}", Form::LabelValue),
    call("spec", controllerSelects),
};

constexpr Row kStatefulSetRows[] = {
    use("spec", kRunning),
    use("spec.selector", kLabelSelector),
    call("spec", judgeOwnSelector),
    range("spec.updateStrategy.rollingUpdate.partition", 0),
    share("spec.updateStrategy.rollingUpdate.maxUnavailable", 100),
    call("spec", setRolls),
    range("spec.ordinals.start", 0),
    words("spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "Retain Delete"),
    words("spec.persistentVolumeClaimRetentionPolicy.whenScaled", "Retain Delete"),
    has("spec.volumeClaimTemplates[].metadata", "name"),
    is("spec.volumeClaimTemplates[].metadata.name", Form::DnsLabel),
    use("spec.volumeClaimTemplates[].metadata", kTemplateMeta),
    has("spec.volumeClaimTemplates[]", "metadata"),
    use("spec.volumeClaimTemplates[].spec", kClaimSpec),
    call("spec.volumeClaimTemplates", templateNames),
};

constexpr Row kDaemonSetRows[] = {
    use("spec", kRunning),
    use("spec.selector", kLabelSelector),
    call("spec", judgeOwnSelector),
    share("spec.updateStrategy.rollingUpdate.maxUnavailable", 100),
    share("spec.updateStrategy.rollingUpdate.maxSurge", 100),
    call("spec", daemonsRoll),
};

}  // namespace

const Shape kDeployment{kDeploymentRows};
const Shape kReplicaSet{kReplicaSetRows};
const Shape kReplicationController{kReplicationControllerRows};
const Shape kStatefulSet{kStatefulSetRows};
const Shape kDaemonSet{kDaemonSetRows};

}  // namespace mlstack::storage::admission
