// Containers: ports, environment, mounts, probes, security.
// Kubernetes: pkg/apis/core/validation/validation.go, validateContainerCommon and what it calls.

#include <algorithm>

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

void judgePort(Judge& judge, const Node& port) {
  if (port.kind == ir::NodeKind::Int) {
    if (port.integer < 1 || port.integer > 65535) judge.sayRange(port, judge.path(), "1 to 65535, or a port's name");
  } else if (isText(&port) && !faultOf(Form::PortName, port.text()).empty()) {
    judge.sayForm(port, judge.path(), Form::PortName);
  }
}

namespace {

constexpr std::string_view kEnvFields =
    "metadata.name metadata.namespace metadata.uid spec.nodeName spec.serviceAccountName status.hostIP status.hostIPs status.podIP status.podIPs";
constexpr std::string_view kVolumeFields = "metadata.name metadata.namespace metadata.labels metadata.annotations metadata.uid";
constexpr std::string_view kResourceFields =
    "limits.cpu limits.memory limits.ephemeral-storage requests.cpu requests.memory requests.ephemeral-storage";

bool isOneOf(std::string_view text, std::string_view list) {
  for (const auto word : wordsOf(list))
    if (word == text) return true;
  return false;
}

void sayPath(Judge& judge, const Node& value, std::string_view field, std::string_view why, std::string_view known) {
  auto d = diag::make<Code::UnknownFieldPath>(judge.spanOf(value), judge.path(field), value.text(), why);
  std::string all;
  for (const auto word : wordsOf(known)) all += fmt::format("{}{}", all.empty() ? "" : ", ", word);
  d.help = "there are " + all;
  judge.say(std::move(d));
}

/// metadata.labels['key'] and metadata.annotations['key'], or one of the list.
void fieldPath(Judge& judge, const Node& ref, std::string_view known, std::string_view where) {
  const auto* path = judge.keys.at<"fieldPath">(&ref);
  if (!isText(path) || path->length == 0) return;
  const auto text = path->text();
  if (const auto open = text.find("['"); open != std::string_view::npos && text.ends_with("']")) {
    const auto field = text.substr(0, open);
    const auto key = text.substr(open + 2, text.size() - open - 4);
    const bool annotations = field == "metadata.annotations";
    if (!annotations && field != "metadata.labels") return sayPath(judge, *path, "fieldPath", "has a key, and only labels and annotations have keys", known);
    if (const auto why = faultOf(annotations ? Form::AnnotationKey : Form::LabelKey, key); !why.empty()) sayPath(judge, *path, "fieldPath", "asks for no key: " + why, known);
    return;
  }
  if (!isOneOf(text, known)) sayPath(judge, *path, "fieldPath", fmt::format("{} cannot have", where), fmt::format("{} metadata.labels['KEY'] metadata.annotations['KEY']", known));
}

void resourcePath(Judge& judge, const Node& ref, bool inVolume) {
  const auto* resource = judge.keys.at<"resource">(&ref);
  if (inVolume && !isSet(judge.keys.at<"containerName">(&ref))) judge.sayLacks(ref, judge.path(), "`containerName`", "a volume belongs to no container of its own");
  if (!isText(resource) || resource->length == 0) return;
  const auto text = resource->text();
  if (!isOneOf(text, kResourceFields) && !text.starts_with("limits.hugepages-") && !text.starts_with("requests.hugepages-"))
    return sayPath(judge, *resource, "resource", "a pod does not tell", fmt::format("{} limits.hugepages-SIZE requests.hugepages-SIZE", kResourceFields));
  const auto* divisor = judge.keys.at<"divisor">(&ref);
  const auto amount = quantityOf(divisor);
  if (!amount || amount->isZero()) return;
  const bool cpu = text.ends_with(".cpu");
  const bool fits = isOneOf(amount->text(), cpu ? "1m 1" : "1 1k 1M 1G 1T 1P 1E 1Ki 1Mi 1Gi 1Ti 1Pi 1Ei");
  if (!fits) judge.sayWord(*divisor, judge.path("divisor"), cpu ? "1m or 1 for cpu" : "1, 1k to 1E or 1Ki to 1Ei");
}

/// Of mounts that only an image or a read-only mount allows.
void recursiveReadOnly(Judge& judge, const Node& mount) {
  const auto how = judge.keys.text<"recursiveReadOnly">(&mount);
  if (how != "Enabled" && how != "IfPossible") return;
  const auto* field = judge.keys.at<"recursiveReadOnly">(&mount);
  if (!judge.keys.isTrue<"readOnly">(&mount)) judge.sayRefused(*field, judge.path("recursiveReadOnly"), "without `readOnly: true`");
  const auto propagation = judge.keys.text<"mountPropagation">(&mount);
  if (!propagation.empty() && propagation != "None") judge.sayRefused(*field, judge.path("recursiveReadOnly"), fmt::format("with `mountPropagation` {}", propagation));
}

/// `value` may be there beside `valueFrom` only when it is empty.
void envValue(Judge& judge, const Node& variable) {
  const auto* value = judge.keys.at<"value">(&variable);
  const auto* from = judge.keys.at<"valueFrom">(&variable);
  if (!isSet(value) || !isSet(from)) return;
  auto d = diag::make<Code::FieldsTogether>(judge.headOf(*from), judge.path(), "value", "valueFrom");
  if (value->span.known()) d.related.push_back({value->entrySpan(), "the other one stands here"});
  judge.say(std::move(d));
}

/// A template with such an image is taken, and then none of its pods.
void imageSpaces(Judge& judge, const Node& image) {
  const auto text = textOf(&image);
  if (!text.empty() && (std::string_view(" \t\n").find(text.front()) != std::string_view::npos || std::string_view(" \t\n").find(text.back()) != std::string_view::npos))
    judge.say(diag::make<Code::ValueForm>(judge.spanOf(image), quoted(judge.path()), judge.shown(image), "an image has no spaces around it"));
}

bool hasCapital(std::string_view text) { return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; }); }

/// The path of a repository is in small letters; before it may stand a host, and behind it a tag.
/// https://github.com/distribution/reference/blob/main/reference.go
void imageCapitals(Judge& judge, const Node& image) {
  const auto text = textOf(&image);
  if (!hasCapital(text) || text.find_first_of("{}<>$%() \t\n") != std::string_view::npos) return;
  auto path = text.substr(0, text.find('@'));
  const auto slash = path.find('/');
  if (const auto colon = path.rfind(':'); colon != std::string_view::npos && (path.rfind('/') == std::string_view::npos || colon > path.rfind('/'))) path = path.substr(0, colon);
  if (slash != std::string_view::npos) {
    const auto first = path.substr(0, slash);
    if (first.find_first_of(".:") != std::string_view::npos || first == "localhost" || hasCapital(first)) path.remove_prefix(slash + 1);
  }
  if (!hasCapital(path)) return;
  auto d = diag::make<Code::ValueForm>(judge.spanOf(image), quoted(judge.path()), judge.shown(image), "the path of an image's repository has no capitals, and a pod with this one stays in InvalidImageName");
  // A part that is all capitals is likely to be filled in: gcr.io/PROJECT_ID/trainer.
  bool likely = false;
  for (std::size_t from = 0; from <= path.size();) {
    const auto end = std::min(path.find('/', from), path.size());
    const auto part = path.substr(from, end - from);
    const bool small = std::any_of(part.begin(), part.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    likely = likely || (hasCapital(part) && !small && part.size() >= 4);
    from = end + 1;
  }
  if (likely) {
    d.severity = diag::Severity::Warning;
    d.help = "this looks like a placeholder: put its value in before it is applied";
  }
  judge.say(std::move(d));
}

void graceOfReadiness(Judge& judge, const Node& seconds) { judge.sayRefused(seconds, judge.path(), "on a readiness probe: it ends no container"); }

void privilege(Judge& judge, const Node& security) {
  const auto* escalation = judge.keys.at<"allowPrivilegeEscalation">(&security);
  if (!isFalse(escalation)) return;
  if (judge.keys.isTrue<"privileged">(&security)) return judge.sayRefused(*escalation, judge.path("allowPrivilegeEscalation"), "to false with `privileged` true");
  for (const auto& capability : ir::Children(judge.keys.at<"capabilities.add">(&security)))
    if (textOf(&capability) == "CAP_SYS_ADMIN") judge.sayRefused(*escalation, judge.path("allowPrivilegeEscalation"), "to false with the capability CAP_SYS_ADMIN");
}

constexpr std::string_view kDropped = "it is dropped without a word";

constexpr Row kHandlerRows[] = {
    oneOf("", "exec httpGet tcpSocket grpc sleep", "exec httpGet tcpSocket grpc sleep"),
    has("exec", "command"),
    call("httpGet.port", judgePort),
    is("httpGet.httpHeaders[].name", Form::HeaderName),
    call("tcpSocket.port", judgePort),
    range("sleep.seconds", 1).before(33),
    range("sleep.seconds", 0).since(33),
};
constexpr Shape kHandler{kHandlerRows};

constexpr Row kProbeRows[] = {
    oneOf("", "exec httpGet tcpSocket grpc",
          "initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold terminationGracePeriodSeconds"),
    has("exec", "command"),
    call("httpGet.port", judgePort),
    is("httpGet.httpHeaders[].name", Form::HeaderName),
    call("tcpSocket.port", judgePort),
    range("grpc.port", 1, 65535),
    range("initialDelaySeconds", 0),
    range("timeoutSeconds", 0),
    range("periodSeconds", 0),
    range("successThreshold", 0),
    range("failureThreshold", 0),
    range("terminationGracePeriodSeconds", 1),
};
constexpr Shape kProbe{kProbeRows};

constexpr Row kSeccompRows[] = {
    filled("type"),
    needs("", "type=Localhost", "localhostProfile"),
    refuses("", "type!=Localhost", "localhostProfile"),
    is("localhostProfile", Form::SeccompPath),
};
constexpr Shape kSeccomp{kSeccompRows};

constexpr Row kAppArmorRows[] = {
    filled("type"),
    needs("", "type=Localhost", "localhostProfile"),
    refuses("", "type!=Localhost", "localhostProfile"),
    bytes("localhostProfile", 4095),
};
constexpr Shape kAppArmor{kAppArmorRows};

constexpr Row kSecurityRows[] = {
    range("runAsUser", 0, kInt32),
    range("runAsGroup", 0, kInt32),
    use("seccompProfile", kSeccomp),
    use("appArmorProfile", kAppArmor),
    is("windowsOptions.gmsaCredentialSpecName", Form::DnsSubdomain),
    bytes("windowsOptions.gmsaCredentialSpec", 64 * 1024),
    filled("windowsOptions.runAsUserName"),
    call("", privilege),
};
constexpr Shape kSecurity{kSecurityRows};

constexpr Row kContainerRows[] = {
    is("name", Form::DnsLabel),
    filled("name"),
    has("", "image"),
    call("image", imageSpaces),
    call("image", imageCapitals),
    is("ports[].name", Form::PortName),
    apart("ports", "name"),
    range("ports[].containerPort", 1, 65535),
    range("ports[].hostPort", 0, 65535),
    filled("env[].name"),
    is("env[].name", Form::EnvName).before(32),       // RelaxedEnvironmentVariableValidation
    is("env[].name", Form::LaxEnvName).since(32),
    call("env[]", envValue),
    oneOf("env[].valueFrom", "fieldRef resourceFieldRef configMapKeyRef secretKeyRef fileKeyRef",
          "fieldRef resourceFieldRef configMapKeyRef secretKeyRef fileKeyRef"),
    call("env[].valueFrom.fieldRef", judgeFieldRef),
    call("env[].valueFrom.resourceFieldRef", judgeResourceRef),
    is("env[].valueFrom.configMapKeyRef.key", Form::ConfigKey),
    is("env[].valueFrom.secretKeyRef.key", Form::ConfigKey),
    filled("env[].valueFrom.configMapKeyRef.key"),
    filled("env[].valueFrom.secretKeyRef.key"),
    has("env[].valueFrom.configMapKeyRef", "name"),
    has("env[].valueFrom.secretKeyRef", "name"),
    is("env[].valueFrom.configMapKeyRef.name", Form::DnsSubdomain),
    is("env[].valueFrom.secretKeyRef.name", Form::DnsSubdomain),
    oneOf("envFrom[]", "configMapRef secretRef", "configMapRef secretRef prefix"),
    has("envFrom[].configMapRef", "name"),
    has("envFrom[].secretRef", "name"),
    is("envFrom[].configMapRef.name", Form::DnsSubdomain),
    is("envFrom[].secretRef.name", Form::DnsSubdomain),
    is("envFrom[].prefix", Form::EnvName).before(32),
    is("envFrom[].prefix", Form::LaxEnvName).since(32),
    filled("volumeMounts[].mountPath"),
    is("volumeMounts[].subPath", Form::RelativePath),
    is("volumeMounts[].subPathExpr", Form::RelativePath),
    atMostOneOf("volumeMounts[]", "subPath subPathExpr"),
    words("volumeMounts[].recursiveReadOnly", "Disabled IfPossible Enabled"),
    call("volumeMounts[]", recursiveReadOnly),
    filled("volumeDevices[].devicePath"),
    is("volumeDevices[].devicePath", Form::NoBacksteps),
    apart("volumeDevices", "name"),
    use("livenessProbe", kProbe),
    use("readinessProbe", kProbe),
    use("startupProbe", kProbe),
    range("livenessProbe.successThreshold", 0, 1),
    range("startupProbe.successThreshold", 0, 1),
    call("readinessProbe.terminationGracePeriodSeconds", graceOfReadiness),
    use("lifecycle.postStart", kHandler),
    use("lifecycle.preStop", kHandler),
    call("resources", judgeContainerResources),
    words("resizePolicy[].resourceName", "cpu memory"),
    words("resizePolicy[].restartPolicy", "NotRequired RestartContainer"),
    use("securityContext", kSecurity),
    gate("resizePolicy", kDropped).before(33),
    gate("securityContext.procMount", kDropped).before(33),
    gate("restartPolicyRules", kDropped).since(34).before(35),
    gate("env[].valueFrom.fileKeyRef", "the variable would have no source, and the API server refuses it").since(34).before(35),
};

}  // namespace

void judgeFieldRef(Judge& judge, const Node& ref) { fieldPath(judge, ref, kEnvFields, "an environment variable"); }
void judgeVolumeFieldRef(Judge& judge, const Node& ref) { fieldPath(judge, ref, kVolumeFields, "a file"); }
void judgeResourceRef(Judge& judge, const Node& ref) { resourcePath(judge, ref, false); }
void judgeVolumeResourceRef(Judge& judge, const Node& ref) { resourcePath(judge, ref, true); }

const Shape kContainer{kContainerRows};

}  // namespace mlstack::storage::admission
