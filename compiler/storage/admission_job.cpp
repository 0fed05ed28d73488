// Jobs, what makes them, and sets of them.
// Kubernetes: pkg/apis/batch/validation/validation.go; sigs.k8s.io/jobset pkg/webhooks/jobset_webhook.go.

#include <algorithm>

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

constexpr std::int64_t kManyCompletions = 100'000;
constexpr std::int64_t kFewAtOnce = 10'000;

/// A JobSet's Jobs are Indexed unless they say otherwise.
bool isIndexed(const Judge& judge, const Node& spec) {
  const auto mode = judge.keys.text<"completionMode">(&spec);
  return mode == "Indexed" || (mode.empty() && judge.text(judge.object().kind) == "JobSet");
}

/// A pod that is always started again never ends.
void jobRestart(Judge& judge, const Node& spec) {
  const auto* pod = judge.keys.at<"template.spec">(&spec);
  if (!pod || pod->kind != ir::NodeKind::Map) return;
  const auto* policy = judge.keys.at<"restartPolicy">(pod);
  if (policy && (policy->flags & ir::FlagError) != 0) return;
  if (!isSet(policy)) {
    judge.sayLacks(*pod, judge.path("template", "spec"), "`restartPolicy`", "it would be Always, and the pods of a Job take OnFailure or Never");
  } else if (textOf(policy) == "Always") {
    judge.say(diag::make<Code::RestartPolicyOfKind>(judge.spanOf(*policy), judge.path("template", "spec", "restartPolicy"), "Always", "a Job", "OnFailure or Never: they run to their end"));
  }
}

/// A Job knows its pods by labels that are made for it.
void jobSelector(Judge& judge, const Node& spec) {
  if (judge.keys.isTrue<"manualSelector">(&spec)) return judgeOwnSelector(judge, spec);
  if (const auto* selector = judge.keys.at<"selector">(&spec); isSet(selector))
    judge.sayRefused(*selector, judge.path("selector"), "without `manualSelector: true`: Kubernetes makes the selector of a Job");
}

void indexed(Judge& judge, const Node& spec) {
  const auto* completionsAt = judge.keys.at<"completions">(&spec);
  if (!isSet(completionsAt)) {
    const auto* mode = judge.keys.at<"completionMode">(&spec);
    const auto* pods = judge.keys.at<"parallelism">(&spec);
    if (!isSet(pods)) return;   // both are 1
    const auto* at = mode ? mode : pods;
    auto d = diag::make<Code::FieldLacking>(at->entrySpan(), judge.path(), "`completions`",
                                            mode ? "with `completionMode` Indexed each pod has an index below it"
                                                 : "the Jobs of a JobSet are Indexed unless they say otherwise, and each pod has an index below it");
    if (const auto count = intOf(pods)) d.help = fmt::format("`completions: {}` gives each pod an index", *count);
    return judge.say(std::move(d));
  }
  const auto known = intOf(completionsAt);
  if (!known || *known < 0) return;   // said already
  const auto completions = *known;
  const auto* parallelismAt = judge.keys.at<"parallelism">(&spec);
  const auto parallelism = intOf(parallelismAt).value_or(1);
  const auto* failedAt = judge.keys.at<"maxFailedIndexes">(&spec);
  const auto failed = intOf(failedAt).value_or(0);
  if (parallelism > kManyCompletions) judge.sayRange(*parallelismAt, judge.path("parallelism"), "100000 at most with `completionMode` Indexed");
  if (failed > kManyCompletions) judge.sayRange(*failedAt, judge.path("maxFailedIndexes"), "100000 at most");
  else if (failed > completions) judge.say(diag::make<Code::OrderOfValues>(judge.spanOf(*failedAt), judge.path("maxFailedIndexes"), failed, "above", quoted("completions"), completions));
  if (completions <= kManyCompletions || !isSet(judge.keys.at<"backoffLimitPerIndex">(&spec))) return;
  if (!isSet(failedAt)) judge.sayLacks(spec, judge.path(), "`maxFailedIndexes`", "Kubernetes requires it above 100000 completions");
  else if (failed > kFewAtOnce) judge.sayRange(*failedAt, judge.path("maxFailedIndexes"), "10000 at most above 100000 completions");
  if (parallelism > kFewAtOnce) judge.sayRange(*parallelismAt, judge.path("parallelism"), "10000 at most above 100000 completions");
}

void modeOfJob(Judge& judge, const Node& spec) {
  if (isIndexed(judge, spec)) return indexed(judge, spec);
  for (const auto* field : {judge.keys.at<"backoffLimitPerIndex">(&spec), judge.keys.at<"maxFailedIndexes">(&spec), judge.keys.at<"successPolicy">(&spec)})
    if (field && field->kind != ir::NodeKind::Null) judge.sayRefused(*field, judge.path(judge.text(field->key)), "without `completionMode` Indexed");
}

bool hasContainer(const Judge& judge, const Node& job, std::string_view name) {
  const auto* pod = judge.keys.at<"template.spec">(&job);
  for (const auto* list : {judge.keys.at<"containers">(pod), judge.keys.at<"initContainers">(pod)})
    for (const auto& container : ir::Children(list))
      if (judge.keys.text<"name">(&container) == name) return true;
  return false;
}

void exitCodes(Judge& judge, const Node& job, const Node& codes, const std::string& at) {
  const auto* name = judge.keys.at<"containerName">(&codes);
  if (isSet(name) && !hasContainer(judge, job, textOf(name)))
    judge.sayWord(*name, at + ".containerName", "the name of a container of these pods");
  const auto* values = judge.keys.at<"values">(&codes);
  const bool in = judge.keys.text<"operator">(&codes) == "In";
  if (values && values->kind == ir::NodeKind::List && values->length > 255)
    judge.say(diag::make<Code::FieldTooLarge>(judge.headOf(*values), at + ".values", fmt::format("{} entries", values->length), 255));
  std::size_t index = 0;
  for (const auto& value : ir::Children(values)) {
    const auto place = index++;
    if (in && value.kind == ir::NodeKind::Int && value.integer == 0)
      judge.sayRange(value, fmt::format("{}.values[{}]", at, place), "no 0 with the operator In: that is success");
  }
}

void failurePolicy(Judge& judge, const Node& spec) {
  const auto* policy = judge.keys.at<"podFailurePolicy">(&spec);
  if (!policy || policy->kind != ir::NodeKind::Map) return;
  const auto* restart = judge.keys.at<"template.spec.restartPolicy">(&spec);
  if (textOf(restart) != "Never") judge.sayRefused(*policy, judge.path("podFailurePolicy"), "with a `restartPolicy` other than Never: it looks at pods that failed");
  const auto* replacement = judge.keys.at<"podReplacementPolicy">(&spec);
  if (isText(replacement) && replacement->text() != "Failed") judge.sayWord(*replacement, judge.path("podReplacementPolicy"), "Failed only beside a `podFailurePolicy`");
  std::size_t index = 0;
  for (const auto& rule : ir::Children(judge.keys.at<"rules">(policy))) {
    const auto at = judge.path("podFailurePolicy", "rules", index++);
    const auto* codes = judge.keys.at<"onExitCodes">(&rule);
    const auto* conditions = judge.keys.at<"onPodConditions">(&rule);
    if (!isSet(codes) && !isSet(conditions)) judge.sayLacks(rule, at, "`onExitCodes` or `onPodConditions`");
    if (isSet(codes) && isSet(conditions)) judge.say(diag::make<Code::FieldsTogether>(judge.headOf(*conditions), at, "onExitCodes", "onPodConditions"));
    if (codes) exitCodes(judge, spec, *codes, at + ".onExitCodes");
    const auto* action = judge.keys.at<"action">(&rule);
    if (textOf(action) == "FailIndex" && !isSet(judge.keys.at<"backoffLimitPerIndex">(&spec)))
      judge.sayRefused(*action, at + ".action", "to FailIndex without `backoffLimitPerIndex`");
  }
}

void successPolicy(Judge& judge, const Node& spec) {
  const auto* policy = judge.keys.at<"successPolicy">(&spec);
  if (!isSet(policy)) return;
  const auto completions = intOf(judge.keys.at<"completions">(&spec));
  std::size_t index = 0;
  for (const auto& rule : ir::Children(judge.keys.at<"rules">(policy))) {
    const auto at = judge.path("successPolicy", "rules", index++);
    const auto* count = judge.keys.at<"succeededCount">(&rule);
    if (!isSet(count) && !isSet(judge.keys.at<"succeededIndexes">(&rule))) judge.sayLacks(rule, at, "`succeededCount` or `succeededIndexes`");
    const auto wanted = intOf(count);
    if (wanted && *wanted < 1) judge.sayRange(*count, at + ".succeededCount", "1 or more");
    else if (wanted && completions && *wanted > *completions)
      judge.say(diag::make<Code::OrderOfValues>(judge.spanOf(*count), at + ".succeededCount", *wanted, "above", quoted("completions"), *completions));
  }
}

/// The indexes of a rule that no pod has.
void indexesBeyond(Judge& judge, const Node& spec) {
  const auto completions = intOf(judge.keys.at<"completions">(&spec));
  if (!completions || *completions < 1) return;
  std::size_t rule = 0;
  for (const auto& entry : ir::Children(judge.keys.at<"successPolicy.rules">(&spec))) {
    const auto at = rule++;
    const auto* indexes = judge.keys.at<"succeededIndexes">(&entry);
    const auto text = textOf(indexes);
    if (text.empty() || !faultOf(Form::Indexes, text).empty()) continue;
    const auto last = text.substr(text.find_last_of(",-") == std::string_view::npos ? 0 : text.find_last_of(",-") + 1);
    const auto highest = last.size() > 9 ? std::int64_t{1'000'000'000} : std::stoll(std::string(last));
    if (highest >= *completions)
      judge.say(diag::make<Code::OrderOfValues>(judge.spanOf(*indexes), judge.path("successPolicy", "rules", at, "succeededIndexes"), judge.shown(*indexes),
                                                fmt::format("beyond {}, the last index with", *completions - 1), quoted("completions"), *completions));
  }
}

/// It is taken, and the controller ends the Job when it first looks at it.
/// Kubernetes: pkg/controller/job/job_controller.go, pastActiveDeadline.
void deadlineAtOnce(Judge& judge, const Node& seconds) {
  if (intOf(&seconds) == 0) judge.say(diag::make<Code::ValueInVain>(judge.spanOf(seconds), judge.path(), 0, "the Job has failed (DeadlineExceeded) before a pod of it runs"));
}

/// The API server looks the name up in its tables of zones, which may be newer than these.
void zoneIsKnown(Judge& judge, const Node& zone) {
  const auto text = textOf(&zone);
  if (text.empty() || !faultOf(Form::TimeZone, text).empty() || isTimeZone(text) || looksLikePlaceholder(text)) return;
  auto d = diag::make<Code::ValueInVain>(judge.spanOf(zone), judge.path(), judge.shown(zone), "the time zone database has no such name, and the API server refuses one that it does not know");
  if (const auto near = nearestTimeZone(text); !near.empty()) d.help = fmt::format("did you mean \"{}\"?", near);
  judge.say(std::move(d));
}

void generatedSelector(Judge& judge, const Node& spec) {
  if (const auto* manual = judge.keys.at<"manualSelector">(&spec); isTrue(manual))
    judge.sayRefused(*manual, judge.path("manualSelector"), "in a CronJob: each Job gets a selector of its own");
  if (const auto* selector = judge.keys.at<"selector">(&spec); isSet(selector))
    judge.sayRefused(*selector, judge.path("selector"), "in a CronJob: each Job gets a selector of its own");
}

void zoneInSchedule(Judge& judge, const Node& zone) {
  if (isText(&zone) && zone.length == 0) judge.say(diag::make<Code::FieldEmpty>(judge.spanOf(zone), judge.path()));
}

constexpr Row kSpecRows[] = {
    range("parallelism", 0, kInt32),
    range("completions", 0, kInt32),
    range("activeDeadlineSeconds", 0),
    range("backoffLimit", 0, kInt32),
    range("ttlSecondsAfterFinished", 0, kInt32),
    range("backoffLimitPerIndex", 0, kInt32),
    range("maxFailedIndexes", 0, kInt32),
    needs("", "maxFailedIndexes", "backoffLimitPerIndex"),
    is("managedBy", Form::DomainPath),
    bytes("managedBy", 63),
    gate("managedBy", "it is dropped without a word, and the Job controller runs the Job as well").before(32),
    call("", modeOfJob),
    most("podFailurePolicy.rules", 20),
    words("podFailurePolicy.rules[].action", "FailJob FailIndex Ignore Count"),
    filled("podFailurePolicy.rules[].onExitCodes.values"),
    most("podFailurePolicy.rules[].onPodConditions", 20),
    is("podFailurePolicy.rules[].onPodConditions[].type", Form::Qualified),
    words("podFailurePolicy.rules[].onPodConditions[].status", "True False Unknown"),
    call("", failurePolicy),
    filled("successPolicy.rules"),
    most("successPolicy.rules", 20),
    is("successPolicy.rules[].succeededIndexes", Form::Indexes),
    call("", successPolicy),
    call("", indexesBeyond),
    call("activeDeadlineSeconds", deadlineAtOnce),
    use("template", kTemplate),
};

constexpr Row kJobRows[] = {
    use("spec", kJobSpec),
    use("spec.selector", kLabelSelector),
    call("spec", jobRestart),
    call("spec", jobSelector),
};

constexpr Row kCronJobRows[] = {
    filled("spec.schedule"),
    is("spec.schedule", Form::Schedule),
    call("spec.timeZone", zoneInSchedule),
    is("spec.timeZone", Form::TimeZone),
    call("spec.timeZone", zoneIsKnown),
    range("spec.startingDeadlineSeconds", 0),
    range("spec.successfulJobsHistoryLimit", 0, kInt32),
    range("spec.failedJobsHistoryLimit", 0, kInt32),
    use("spec.jobTemplate.spec", kJobSpec),
    use("spec.jobTemplate.metadata", kTemplateMeta),
    call("spec.jobTemplate.spec", jobRestart),
    call("spec.jobTemplate.spec", generatedSelector),
};

/// The names of the replicated jobs that a JobSet's policies mean.
void namesInSet(Judge& judge, const Node& spec) {
  std::vector<std::string_view> names;
  for (const auto& job : ir::Children(judge.keys.at<"replicatedJobs">(&spec))) names.push_back(judge.keys.text<"name">(&job));
  const auto check = [&](const Node* list, const std::string& at) {
    std::size_t index = 0;
    for (const auto& entry : ir::Children(list)) {
      const auto place = fmt::format("{}[{}]", at, index++);
      if (isText(&entry) && std::find(names.begin(), names.end(), entry.text()) == names.end())
        judge.sayWord(entry, place, fmt::format("names of its replicated jobs: {}", fmt::join(names, ", ")));
    }
  };
  check(judge.keys.at<"successPolicy.targetReplicatedJobs">(&spec), judge.path("successPolicy", "targetReplicatedJobs"));
  std::size_t rule = 0;
  for (const auto& entry : ir::Children(judge.keys.at<"failurePolicy.rules">(&spec)))
    check(judge.keys.at<"targetReplicatedJobs">(&entry), judge.path("failurePolicy", "rules", rule++, "targetReplicatedJobs"));
  if (const auto* chosen = judge.keys.at<"coordinator.replicatedJob">(&spec); isText(chosen) && std::find(names.begin(), names.end(), chosen->text()) == names.end())
    judge.sayWord(*chosen, judge.path("coordinator", "replicatedJob"), fmt::format("names of its replicated jobs: {}", fmt::join(names, ", ")));
  // A job waits for those before it.
  std::size_t index = 0;
  for (const auto& job : ir::Children(judge.keys.at<"replicatedJobs">(&spec))) {
    const auto at = index++;
    std::size_t other = 0;
    for (const auto& entry : ir::Children(judge.keys.at<"dependsOn">(&job))) {
      const auto place = other++;
      const auto* name = judge.keys.at<"name">(&entry);
      const auto before = names.begin() + static_cast<std::ptrdiff_t>(at);
      if (isText(name) && std::find(names.begin(), before, name->text()) == before)
        judge.sayWord(*name, judge.path("replicatedJobs", at, "dependsOn", place, "name"), "the name of a replicated job that stands before this one");
    }
  }
}

/// The pod that coordinates is one of an Indexed job, by its numbers.
void coordinator(Judge& judge, const Node& spec) {
  const auto* chosen = judge.keys.at<"coordinator">(&spec);
  const auto name = judge.keys.text<"replicatedJob">(chosen);
  for (const auto& job : ir::Children(judge.keys.at<"replicatedJobs">(&spec))) {
    if (name.empty() || judge.keys.text<"name">(&job) != name) continue;
    const auto replicas = intOf(judge.keys.at<"replicas">(&job)).value_or(1);
    const auto completions = intOf(judge.keys.at<"template.spec.completions">(&job));
    const auto* number = judge.keys.at<"jobIndex">(chosen);
    const auto* pod = judge.keys.at<"podIndex">(chosen);
    if (const auto at = intOf(number); at && (*at < 0 || *at >= replicas))
      judge.sayRange(*number, judge.path("coordinator", "jobIndex"), fmt::format("0 to {}, as `{}` is {}", replicas - 1, name, counted(replicas, "Job")));
    if (judge.keys.text<"template.spec.completionMode">(&job) == "NonIndexed")
      return judge.sayRefused(*chosen, judge.path("coordinator"), fmt::format("to a pod of `{}`, whose pods have no index", name));
    if (const auto at = intOf(pod); at && completions && (*at < 0 || *at >= *completions))
      judge.sayRange(*pod, judge.path("coordinator", "podIndex"), fmt::format("0 to {}, as a Job of `{}` has {}", *completions - 1, name, counted(*completions, "completion")));
  }
}

/// The claims that a set makes for itself.
constexpr Row kClaimTemplateRows[] = {
    has("metadata", "name"),
    is("metadata.name", Form::DnsLabel),
    use("metadata", kTemplateMeta),
    use("spec", kClaimSpec),
};
constexpr Shape kClaimTemplate{kClaimTemplateRows};

/// An update must be able to take a group away or to add one.
/// https://github.com/kubernetes-sigs/lws/blob/main/pkg/webhooks/leaderworkerset_webhook.go
void groupsRoll(Judge& judge, const Node& rolling) {
  const auto* unavailable = judge.keys.at<"maxUnavailable">(&rolling);
  const auto* surge = judge.keys.at<"maxSurge">(&rolling);
  const auto isNone = [](const Node* value) { return intOf(value) == 0 || textOf(value) == "0%" || textOf(value) == "0"; };
  if (isNone(unavailable) && (!surge || isNone(surge))) judge.sayRange(*unavailable, judge.path("maxUnavailable"), "1 or more while `maxSurge` is 0");
}

/// A group is parted into equal ones, with or without its leader.
void subGroups(Judge& judge, const Node& group) {
  const auto* at = judge.keys.at<"subGroupPolicy.subGroupSize">(&group);
  const auto each = intOf(at);
  const auto* sizeAt = judge.keys.at<"size">(&group);
  const auto size = intOf(sizeAt).value_or(1);
  if (!each || size < 1) return;
  if (*each < 1) return judge.sayRange(*at, judge.path("subGroupPolicy", "subGroupSize"), "1 or more");
  if (*each > size) return judge.say(diag::make<Code::OrderOfValues>(judge.spanOf(*at), judge.path("subGroupPolicy", "subGroupSize"), *each, "above", quoted("size"), size));
  const bool apart = judge.keys.text<"subGroupPolicy.subGroupPolicyType">(&group) == "LeaderExcluded";
  if ((size - 1) % *each == 0 || (!apart && size % *each == 0)) return;
  judge.sayRange(*at, judge.path("subGroupPolicy", "subGroupSize"),
                 apart ? fmt::format("what divides {}, the workers of a group", size - 1) : fmt::format("what divides {} or {}, a group with or without its leader", size, size - 1));
}

constexpr Row kLeaderWorkerSetRows[] = {
    range("spec.replicas", 0, kInt32),
    range("spec.leaderWorkerTemplate.size", 1, kInt32),
    share("spec.rolloutStrategy.rollingUpdateConfiguration.maxUnavailable", 100),
    share("spec.rolloutStrategy.rollingUpdateConfiguration.maxSurge", 100),
    call("spec.rolloutStrategy.rollingUpdateConfiguration", groupsRoll),
    call("spec.leaderWorkerTemplate", subGroups),
    use("spec.leaderWorkerTemplate.leaderTemplate", kTemplate),
    use("spec.leaderWorkerTemplate.workerTemplate", kTemplate),
    use("spec.leaderWorkerTemplate.volumeClaimTemplates[]", kClaimTemplate),
};

constexpr Row kJobSetRows[] = {
    use("spec.volumeClaimPolicies[].templates[]", kClaimTemplate),
    call("spec", namesInSet),
    call("spec", coordinator),
    apart("spec.failurePolicy.rules", "name"),
    words("spec.failurePolicy.rules[].onJobFailureReasons[]", "BackoffLimitExceeded DeadlineExceeded FailedIndexes MaxFailedIndexesExceeded PodFailurePolicy"),
    is("spec.network.subdomain", Form::ServiceLabel),
    is("spec.managedBy", Form::DomainPath),
    bytes("spec.managedBy", 63),
    is("spec.replicatedJobs[].name", Form::ServiceLabel),
    range("spec.replicatedJobs[].replicas", 0, kInt32),
    use("spec.replicatedJobs[].template.spec", kJobSpec),
};

}  // namespace

const Shape kJobSpec{kSpecRows};
const Shape kJob{kJobRows};
const Shape kCronJob{kCronJobRows};
const Shape kJobSet{kJobSetRows};
const Shape kLeaderWorkerSet{kLeaderWorkerSetRows};

}  // namespace mlstack::storage::admission
