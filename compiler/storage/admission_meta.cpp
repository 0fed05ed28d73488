// Metadata, selectors, and the terms by which nodes are chosen.
// Kubernetes: staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go, .../apis/meta/v1/validation/validation.go,
// pkg/apis/core/validation/validation.go (ValidateNodeSelector…).

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

constexpr std::int64_t kAnnotationBytes = 256 * 1024;

void annotationBytes(Judge& judge, const Node& annotations) {
  std::int64_t total = 0;
  for (const auto& entry : ir::Children(&annotations))
    total += static_cast<std::int64_t>(judge.text(entry.key).size()) + (isText(&entry) ? entry.length : 0);
  if (total <= kAnnotationBytes) return;
  auto d = diag::make<Code::FieldTooLarge>(judge.headOf(annotations), judge.path(), counted(total, "byte"), kAnnotationBytes);
  d.help = "a ConfigMap takes 1 MiB";
  judge.say(std::move(d));
}

/// What a pod counts when a ReplicaSet chooses which to delete.
void deletionCost(Judge& judge, const Node& annotations) {
  for (const auto& entry : ir::Children(&annotations)) {
    if (judge.text(entry.key) != "controller.kubernetes.io/pod-deletion-cost" || !isText(&entry)) continue;
    if (judge.path().starts_with("metadata") && judge.text(judge.object().kind) != "Pod") return;   // an object's own, and it is no pod
    auto digits = entry.text();
    if (digits.starts_with('-')) digits.remove_prefix(1);
    const bool whole = !digits.empty() && digits.size() <= 10 && digits.find_first_not_of("0123456789") == std::string_view::npos && (digits == "0" || digits[0] != '0');
    if (!whole || std::stoll(std::string(digits)) > kInt32)
      judge.say(diag::make<Code::ValueForm>(judge.spanOf(entry), quoted(judge.path(judge.text(entry.key))), judge.shown(entry), "it must be a whole number of 32 bits"));
  }
}

/// Built-in kinds want a prefix or one of the standard names; of custom resources the API server asks a qualified name only
/// (apiextensions-apiserver, pkg/registry/customresource/validator.go warns).
void finalizer(Judge& judge, const Node& entry) {
  const auto apiVersion = judge.text(judge.object().apiVersion);
  const auto group = apiVersion.substr(0, apiVersion.find('/') == std::string_view::npos ? 0 : apiVersion.find('/'));
  const bool custom = group.find('.') != std::string_view::npos && (!group.ends_with(".k8s.io") || group.ends_with(".x-k8s.io"));
  const auto form = custom ? Form::LabelKey : Form::Finalizer;
  if (isText(&entry) && !faultOf(form, entry.text()).empty()) judge.sayForm(entry, judge.path(), form);
}

void oneController(Judge& judge, const Node& owners) {
  const Node* first = nullptr;
  std::size_t index = 0;
  for (const auto& owner : ir::Children(&owners)) {
    const auto* controller = judge.keys.at<"controller">(&owner);
    const auto at = index++;
    if (!isTrue(controller)) continue;
    if (first) judge.sayTwice(*controller, judge.path(at, "controller"), *first, "true");
    else first = controller;
  }
}

/// matchExpressions: which operators take values.
void selectorValues(Judge& judge, const Node& requirement) {
  const auto op = judge.keys.text<"operator">(&requirement);
  const auto* values = judge.keys.at<"values">(&requirement);
  if ((op == "In" || op == "NotIn") && !isSet(values)) {
    judge.sayLacks(requirement, judge.path(), "`values`", fmt::format("the operator {} needs them", op));
  } else if ((op == "Exists" || op == "DoesNotExist") && isSet(values)) {
    judge.sayRefused(*values, judge.path("values"), fmt::format("with the operator {}", op));
  } else if ((op == "Gt" || op == "Lt") && (!values || values->length != 1)) {
    judge.sayLacks(requirement, judge.path(), "one value in `values`", fmt::format("the operator {} compares with one", op));
  }
}

void fieldSelector(Judge& judge, const Node& requirement) {
  const auto* key = judge.keys.at<"key">(&requirement);
  const auto* op = judge.keys.at<"operator">(&requirement);
  if (isText(key) && key->text() != "metadata.name") judge.sayWord(*key, judge.path("key"), "metadata.name only");
  if (isText(op) && op->text() != "In" && op->text() != "NotIn") judge.sayWord(*op, judge.path("operator"), "In or NotIn");
  const auto* values = judge.keys.at<"values">(&requirement);
  if (values && values->kind == ir::NodeKind::List && values->length != 1)
    judge.sayLacks(requirement, judge.path(), "one value in `values`", "a field selector takes exactly one");
}

constexpr Row kMetaRows[] = {
    call("annotations", deletionCost),
    keysAre("labels", Form::LabelKey),
    is("labels{}", Form::LabelValue),
    keysAre("annotations", Form::AnnotationKey),
    call("annotations", annotationBytes),
    is("namespace", Form::DnsLabel),
    call("finalizers[]", finalizer),
    filled("ownerReferences[].apiVersion"),
    filled("ownerReferences[].kind"),
    filled("ownerReferences[].name"),
    filled("ownerReferences[].uid"),
    call("ownerReferences", oneController),
};

constexpr Row kTemplateMetaRows[] = {
    call("annotations", deletionCost),
    keysAre("labels", Form::LabelKey),
    is("labels{}", Form::LabelValue),
    keysAre("annotations", Form::AnnotationKey),
    call("annotations", annotationBytes),
};

constexpr Row kLabelSelectorRows[] = {
    keysAre("matchLabels", Form::LabelKey),
    is("matchLabels{}", Form::LabelValue),
    words("matchExpressions[].operator", "In NotIn Exists DoesNotExist"),
    is("matchExpressions[].key", Form::LabelKey),
    is("matchExpressions[].values[]", Form::LabelValue),
    filled("matchExpressions[].key"),
    call("matchExpressions[]", selectorValues),
};

// A term: preferred ones may hold values that are no label values, and match nothing then.
constexpr Row kNodeSelectorTermRows[] = {
    is("matchExpressions[].key", Form::LabelKey),
    filled("matchExpressions[].key"),
    call("matchExpressions[]", selectorValues),
    call("matchFields[]", fieldSelector),
};

constexpr Row kNodeSelectorRows[] = {
    filled("nodeSelectorTerms"),
    use("nodeSelectorTerms[]", kNodeSelectorTerm),
    is("nodeSelectorTerms[].matchExpressions[].values[]", Form::LabelValue),
};

constexpr Row kTopologyTermRows[] = {
    is("matchLabelExpressions[].key", Form::LabelKey),
    filled("matchLabelExpressions[].key"),
    filled("matchLabelExpressions[].values"),
    apart("matchLabelExpressions[].values", ""),
    apart("matchLabelExpressions", "key"),
};

/// How the API server judges `metadata.name` of a kind. All others: DNS subdomains.
struct Named {
  std::string_view group;
  std::string_view kind;
  Form form;
};
constexpr Named kNamed[] = {
    {"", "Namespace", Form::DnsLabel},
    {"apps", "StatefulSet", Form::DnsLabel},
    {"jobset.x-k8s.io", "JobSet", Form::ServiceLabel},
    {"leaderworkerset.x-k8s.io", "LeaderWorkerSet", Form::ServiceLabel},
    {"kubeflow.org", "PyTorchJob", Form::ServiceLabel},
    {"kubeflow.org", "TFJob", Form::ServiceLabel},
    {"kubeflow.org", "XGBoostJob", Form::ServiceLabel},
    {"kubeflow.org", "PaddleJob", Form::ServiceLabel},
    {"kubeflow.org", "JAXJob", Form::ServiceLabel},
    {"kubeflow.org", "MPIJob", Form::ServiceLabel},
    {"trainer.kubeflow.org", "TrainJob", Form::ServiceLabel},
    {"ray.io", "RayCluster", Form::ServiceLabel},
    {"ray.io", "RayJob", Form::ServiceLabel},
    {"ray.io", "RayService", Form::ServiceLabel},
    {"serving.kserve.io", "InferenceService", Form::ServiceLabel},
    {"storage.k8s.io", "CSIDriver", Form::DriverName},
    {"rbac.authorization.k8s.io", "Role", Form::PathSegment},
    {"rbac.authorization.k8s.io", "ClusterRole", Form::PathSegment},
    {"rbac.authorization.k8s.io", "RoleBinding", Form::PathSegment},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", Form::PathSegment},
};

Form formOfName(const Judge& judge, std::string_view group, std::string_view kind) {
  // RelaxedServiceNameValidation: a digit may come first from 1.36 on.
  if (group.empty() && kind == "Service") return judge.context.since(36) ? Form::DnsLabel : Form::ServiceLabel;
  if (group == "certificates.k8s.io") return Form::PathSegment;   // ClusterTrustBundle: domain:name
  for (const auto& row : kNamed)
    if (row.group == group && row.kind == kind) return row.form;
  return Form::DnsSubdomain;
}

/// Kinds whose objects or pods get a suffix or a label of the name.
struct Length {
  std::string_view group;
  std::string_view kind;
  std::size_t most;
  std::string_view why;
};
constexpr Length kLengths[] = {
    {"batch", "CronJob", 52, "each run's Job has its name and 11 characters more"},
    {"batch", "Job", 63, "its pods carry the name as the label batch.kubernetes.io/job-name"},
};

/// The pod of an Indexed Job is called "NAME-INDEX", which is its host name too.
/// Kubernetes: pkg/apis/batch/validation/validation.go, ValidateJob.
void indexedJob(Judge& judge, const Node& name) {
  const auto* spec = judge.keys.at<"spec">(judge.object().root);
  if (judge.keys.text<"completionMode">(spec) != "Indexed") return;
  const auto completions = intOf(judge.keys.at<"completions">(spec));
  if (!completions || *completions < 1) return;
  const auto pod = fmt::format("{}-{}", name.text(), *completions - 1);
  const auto why = faultOf(Form::DnsLabel, pod);
  if (why.empty()) return;
  auto d = diag::make<Code::ValueForm>(judge.spanOf(name), quoted("metadata.name"), judge.shown(name), fmt::format("its last pod would be called \"{}\", and {}", pod, why));
  judge.say(std::move(d));
}

}  // namespace

const Shape kMeta{kMetaRows};
const Shape kTemplateMeta{kTemplateMetaRows};
const Shape kLabelSelector{kLabelSelectorRows};
const Shape kNodeSelectorTerm{kNodeSelectorTermRows};
const Shape kNodeSelector{kNodeSelectorRows};
const Shape kTopologyTerm{kTopologyTermRows};

void judgeName(Judge& judge) {
  const auto& object = judge.object();
  const auto* name = judge.keys.at<"metadata.name">(object.root);
  const bool generated = !isSet(name);
  if (generated) name = judge.keys.at<"metadata.generateName">(object.root);
  if (!isText(name) || name->length == 0 || (name->flags & ir::FlagError) != 0) return;
  // A name that the language made was judged there (MLS2017).
  const bool judged = (name->flags & ir::FlagRaw) == 0;
  if (judged && object.kind != judge.keys.symbol<"Job">()) return;
  const auto group = groupOf(judge.text(object.apiVersion));
  const auto kind = judge.text(object.kind);
  if (judged && group != "batch") return;
  const auto form = formOfName(judge, group, kind);
  // Of a generated name more follows, so that it may end with what a name cannot.
  const std::string whole = generated ? std::string(name->text()) + "a" : std::string(name->text());
  for (const auto& row : kLengths) {
    if (judged || row.group != group || row.kind != kind || whole.size() <= row.most) continue;
    return judge.say(diag::make<Code::NameTooLong>(judge.spanOf(*name), kind, whole.size(), row.most, row.why));
  }
  const auto why = faultOf(form, whole);
  if (!why.empty()) {
    if (judged) return;
    auto d = diag::make<Code::ValueForm>(judge.spanOf(*name), quoted(generated ? "metadata.generateName" : "metadata.name"), judge.shown(*name), why);
    if (looksLikePlaceholder(whole)) d.severity = diag::Severity::Warning, d.help = "this looks like a placeholder: put its value in before it is applied";
    else if (const auto other = mended(form, whole); !other.empty() && !generated) d.help = fmt::format("\"{}\" would do", other);
    return judge.say(std::move(d));
  }
  if (group == "batch" && kind == "Job" && !generated) indexedJob(judge, *name);
}

}  // namespace mlstack::storage::admission
