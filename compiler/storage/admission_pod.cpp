// A PodSpec: what its fields may be. What needs volumes, containers and their workload together: admission_pods.cpp.
// Kubernetes: pkg/apis/core/validation/validation.go, ValidatePodSpec and what it calls.

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

void toleration(Judge& judge, const Node& entry) {
  const auto key = judge.keys.text<"key">(&entry);
  const auto op = judge.keys.text<"operator">(&entry);
  const auto* value = judge.keys.at<"value">(&entry);
  const auto* seconds = judge.keys.at<"tolerationSeconds">(&entry);
  if (key.empty() && op != "Exists") judge.sayLacks(entry, judge.path(), "`key`", "without one the operator must be Exists, which tolerates every taint");
  if (op == "Exists" && isSet(value)) {
    judge.sayRefused(*value, judge.path("value"), "with the operator Exists");
  } else if ((op.empty() || op == "Equal") && isText(value) && !faultOf(Form::LabelValue, value->text()).empty()) {
    judge.sayForm(*value, judge.path("value"), Form::LabelValue);
  }
  if (isSet(seconds) && judge.keys.text<"effect">(&entry) != "NoExecute")
    judge.sayRefused(*seconds, judge.path("tolerationSeconds"), "with an `effect` other than NoExecute: only that evicts");
}

void searchLength(Judge& judge, const Node& searches) {
  std::int64_t total = -1;
  for (const auto& search : ir::Children(&searches)) total += 1 + static_cast<std::int64_t>(textOf(&search).size());
  if (total > 2048) judge.say(diag::make<Code::FieldTooLarge>(judge.headOf(searches), judge.path(), counted(total, "character"), 2048));
}

void nameServers(Judge& judge, const Node& spec) {
  const auto* config = judge.keys.at<"dnsConfig">(&spec);
  if (judge.keys.text<"dnsPolicy">(&spec) != "None" || !isSet(config) || isSet(judge.keys.at<"nameservers">(config))) return;
  judge.sayLacks(*config, judge.path("dnsConfig"), "`nameservers`", "with `dnsPolicy` None the pod has no other");
}

/// Pod-level resources: cpu, memory and huge pages; no device claims.
void podResources(Judge& judge, const Node& resources) {
  if (const auto* claims = judge.keys.at<"claims">(&resources); isSet(claims)) judge.sayRefused(*claims, judge.path("claims"), "for a whole pod");
  for (const auto* side : {judge.keys.at<"requests">(&resources), judge.keys.at<"limits">(&resources)})
    for (const auto& amount : ir::Children(side)) {
      const auto name = judge.text(amount.key);
      if (name == "cpu" || name == "memory" || name.starts_with("hugepages-")) continue;
      judge.say(diag::make<Code::UnknownResource>(amount.knowsKey() ? amount.keySpan(name.size()) : judge.spanOf(amount), judge.path(judge.text(side->key), name),
                                                  "for a whole pod there are cpu, memory and hugepages-SIZE"));
    }
  judgeContainerResources(judge, resources);
}

/// Sysctls of a namespace that the pod shares with its node.
void sysctls(Judge& judge, const Node& spec) {
  const bool hostNetwork = judge.keys.isTrue<"hostNetwork">(&spec);
  const bool hostIpc = judge.keys.isTrue<"hostIPC">(&spec);
  std::size_t index = 0;
  for (const auto& entry : ir::Children(judge.keys.at<"securityContext.sysctls">(&spec))) {
    const auto at = index++;
    const auto* name = judge.keys.at<"name">(&entry);
    const auto text = textOf(name);
    const bool net = text.starts_with("net.") || text.starts_with("net/");
    const bool ipc = text.starts_with("kernel.shm") || text.starts_with("kernel.msg") || text == "kernel.sem" || text.starts_with("fs.mqueue.");
    if ((net && hostNetwork) || (ipc && hostIpc))
      judge.sayRefused(*name, judge.path("securityContext", "sysctls", at, "name"), fmt::format("to {} with `{}`: it would set the node's own", text, net ? "hostNetwork" : "hostIPC"));
  }
}

constexpr std::string_view kDropped = "it is dropped without a word";

/// TaintTolerationComparisonOperators: alpha in 1.35.
void comparison(Judge& judge, const Node& op) {
  if (textOf(&op) == "Gt" || textOf(&op) == "Lt") judge.sayGate(op, "the API server then takes Equal and Exists only");
}

constexpr Row kPodTermRows[] = {
    filled("topologyKey"),
    is("topologyKey", Form::LabelKey),
    is("namespaces[]", Form::DnsLabel),
    use("labelSelector", kLabelSelector),
    use("namespaceSelector", kLabelSelector),
    is("matchLabelKeys[]", Form::LabelKey),
    is("mismatchLabelKeys[]", Form::LabelKey),
    needs("", "matchLabelKeys", "labelSelector"),
    needs("", "mismatchLabelKeys", "labelSelector"),
};
constexpr Shape kPodTerm{kPodTermRows};

constexpr Row kPodAffinityRows[] = {
    use("requiredDuringSchedulingIgnoredDuringExecution[]", kPodTerm),
    range("preferredDuringSchedulingIgnoredDuringExecution[].weight", 1, 100),
    use("preferredDuringSchedulingIgnoredDuringExecution[].podAffinityTerm", kPodTerm),
};
constexpr Shape kPodAffinity{kPodAffinityRows};

constexpr Row kSpreadRows[] = {
    range("maxSkew", 1),
    filled("topologyKey"),
    is("topologyKey", Form::LabelKey),
    range("minDomains", 1),
    refuses("", "whenUnsatisfiable=ScheduleAnyway", "minDomains"),
    use("labelSelector", kLabelSelector),
    is("matchLabelKeys[]", Form::LabelKey),
    needs("", "matchLabelKeys", "labelSelector"),
};
constexpr Shape kSpread{kSpreadRows};

constexpr Row kPodRows[] = {
    filled("containers"),
    use("containers[]", kContainer),
    use("initContainers[]", kContainer),
    use("ephemeralContainers[]", kContainer),
    use("volumes[]", kVolume),
    range("activeDeadlineSeconds", 1, kInt32),
    is("hostname", Form::DnsLabel),
    is("subdomain", Form::DnsLabel),
    is("nodeName", Form::DnsSubdomain),
    is("serviceAccountName", Form::DnsSubdomain),
    is("priorityClassName", Form::DnsSubdomain),
    is("runtimeClassName", Form::DnsSubdomain),
    keysAre("nodeSelector", Form::LabelKey),
    is("nodeSelector{}", Form::LabelValue),
    use("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution", kNodeSelector),
    range("affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[].weight", 1, 100),
    use("affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[].preference", kNodeSelectorTerm),
    use("affinity.podAffinity", kPodAffinity),
    use("affinity.podAntiAffinity", kPodAffinity),
    is("tolerations[].key", Form::LabelKey),
    words("tolerations[].operator", "Equal Exists").before(35),
    call("tolerations[]", toleration),
    use("topologySpreadConstraints[]", kSpread),
    needs("", "dnsPolicy=None", "dnsConfig"),
    call("", nameServers),
    most("dnsConfig.nameservers", 3),
    is("dnsConfig.nameservers[]", Form::Ip),
    most("dnsConfig.searches", 32),
    call("dnsConfig.searches", searchLength),
    is("dnsConfig.searches[]", Form::DnsSubdomain).before(33),
    is("dnsConfig.searches[]", Form::DnsSearch).since(33),
    has("dnsConfig.options[]", "name"),
    is("hostAliases[].ip", Form::Ip),
    is("hostAliases[].hostnames[]", Form::DnsSubdomain),
    is("readinessGates[].conditionType", Form::Qualified),
    is("schedulingGates[].name", Form::Qualified),
    words("os.name", "linux windows"),
    size("overhead{}", 0),
    refuses("", "hostUsers=false", "hostNetwork=true hostPID=true hostIPC=true"),
    refuses("", "hostPID=true", "shareProcessNamespace=true"),
    is("resourceClaims[].name", Form::DnsLabel),
    oneOf("resourceClaims[]", "resourceClaimName resourceClaimTemplateName", "name"),
    is("resourceClaims[].resourceClaimName", Form::DnsSubdomain),
    is("resourceClaims[].resourceClaimTemplateName", Form::DnsSubdomain),
    call("resources", podResources),
    range("securityContext.runAsUser", 0, kInt32),
    range("securityContext.runAsGroup", 0, kInt32),
    range("securityContext.fsGroup", 0, kInt32),
    range("securityContext.supplementalGroups[]", 0, kInt32),
    is("securityContext.sysctls[].name", Form::SysctlName),
    filled("securityContext.sysctls[].name"),
    apart("securityContext.sysctls", "name"),
    needs("securityContext.seccompProfile", "type=Localhost", "localhostProfile"),
    refuses("securityContext.seccompProfile", "type!=Localhost", "localhostProfile"),
    is("securityContext.seccompProfile.localhostProfile", Form::SeccompPath),
    words("securityContext.seLinuxChangePolicy", "Recursive MountOption"),
    is("securityContext.windowsOptions.gmsaCredentialSpecName", Form::DnsSubdomain),
    bytes("securityContext.windowsOptions.gmsaCredentialSpec", 64 * 1024),
    filled("securityContext.windowsOptions.runAsUserName"),
    call("", sysctls),
    // Kubernetes: pkg/features/kube_features.go. A field that the version does not have is the schema's business.
    gate("securityContext.supplementalGroupsPolicy", kDropped).before(33),
    gate("securityContext.seLinuxChangePolicy", kDropped).since(32).before(33),
    gate("hostnameOverride", kDropped).since(34).before(35),
    gate("resources", "it is dropped without a word, and the containers' own count").since(32).before(34),
    call("tolerations[].operator", comparison).since(35),
};

constexpr Row kTemplateRows[] = {
    use("metadata", kTemplateMeta),
    use("spec", kPod),
};

constexpr Row kBarePodRows[] = {
    use("spec", kPod),
    refuses("spec", "schedulingGates", "nodeName"),
};

constexpr Row kPodTemplateRows[] = {
    use("template", kTemplate),
};

}  // namespace

const Shape kPod{kPodRows};
const Shape kTemplate{kTemplateRows};
const Shape kBarePod{kBarePodRows};
const Shape kPodTemplate{kPodTemplateRows};

}  // namespace mlstack::storage::admission
