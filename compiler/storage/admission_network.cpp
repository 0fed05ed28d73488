// Services, ingresses, network policies.
// Kubernetes: pkg/apis/core/validation/validation.go, ValidateService; pkg/apis/networking/validation/validation.go.

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

void servicePorts(Judge& judge, const Node& spec) {
  const auto* ports = judge.keys.at<"ports">(&spec);
  const auto type = judge.keys.text<"type">(&spec);
  const auto* address = judge.keys.at<"clusterIP">(&spec);
  const bool headless = textOf(address) == "None";
  if (!isSet(ports)) {
    if (ports && (ports->flags & ir::FlagError) != 0) return;
    if (!headless && type != "ExternalName") judge.sayLacks(spec, judge.path(), "`ports`", "only a headless Service (`clusterIP: None`) does without");
    return;
  }
  if (headless && (type == "LoadBalancer" || type == "NodePort")) judge.sayRefused(*address, judge.path("clusterIP"), fmt::format("to None with `type` {}", type));
  std::size_t index = 0;
  for (const auto& port : ir::Children(ports)) {
    const auto at = index++;
    if (ports->length > 1 && port.kind == ir::NodeKind::Map && !isSet(judge.keys.at<"name">(&port)))
      judge.sayLacks(port, judge.path("ports", at), "`name`", "a Service of several ports names each");
    const auto* node = judge.keys.at<"nodePort">(&port);
    const auto number = intOf(node);
    if (!number || *number == 0) continue;
    if (type.empty() || type == "ClusterIP") judge.sayRefused(*node, judge.path("ports", at, "nodePort"), "with `type` ClusterIP");
    else if (*number < 1 || *number > 65535) judge.sayRange(*node, judge.path("ports", at, "nodePort"), "1 to 65535");
    else if (*number < 30000 || *number > 32767) judge.say(diag::make<Code::NodePortRange>(judge.spanOf(*node), judge.path("ports", at, "nodePort"), *number));
  }
}

void serviceType(Judge& judge, const Node& spec) {
  const auto type = judge.keys.text<"type">(&spec);
  const bool external = type == "NodePort" || type == "LoadBalancer" || isSet(judge.keys.at<"externalIPs">(&spec));
  const auto onlyFor = [&](const Node* field, std::string_view name, std::string_view wanted) {
    if (isSet(field)) judge.sayRefused(*field, judge.path(name), fmt::format("without `type` {}", wanted));
  };
  if (type != "LoadBalancer") {
    onlyFor(judge.keys.at<"loadBalancerSourceRanges">(&spec), "loadBalancerSourceRanges", "LoadBalancer");
    onlyFor(judge.keys.at<"loadBalancerClass">(&spec), "loadBalancerClass", "LoadBalancer");
    onlyFor(judge.keys.at<"allocateLoadBalancerNodePorts">(&spec), "allocateLoadBalancerNodePorts", "LoadBalancer");
  }
  if (!external) onlyFor(judge.keys.at<"externalTrafficPolicy">(&spec), "externalTrafficPolicy", "NodePort or LoadBalancer");
  const auto* health = judge.keys.at<"healthCheckNodePort">(&spec);
  if (intOf(health).value_or(0) != 0 && (type != "LoadBalancer" || judge.keys.text<"externalTrafficPolicy">(&spec) != "Local"))
    judge.sayRefused(*health, judge.path("healthCheckNodePort"), "without `type` LoadBalancer and `externalTrafficPolicy` Local");
  if (type == "ExternalName") {
    const auto* name = judge.keys.at<"externalName">(&spec);
    if (!isSet(name)) return judge.sayLacks(spec, judge.path(), "`externalName`", "with `type` ExternalName the Service is that name");
    auto text = textOf(name);
    if (text.ends_with('.')) text.remove_suffix(1);
    if (const auto why = faultOf(Form::DnsSubdomain, text); !why.empty()) judge.say(diag::make<Code::ValueForm>(judge.spanOf(*name), quoted(judge.path("externalName")), judge.shown(*name), why));
    for (const auto* field : {judge.keys.at<"clusterIP">(&spec), judge.keys.at<"clusterIPs">(&spec), judge.keys.at<"ipFamilies">(&spec), judge.keys.at<"ipFamilyPolicy">(&spec)})
      if (isSet(field) && textOf(field) != "None") judge.sayRefused(*field, judge.path(judge.text(field->key)), "with `type` ExternalName");
  }
}

/// The first of `clusterIPs` is `clusterIP`; two addresses are one of each family, and so many families has a policy.
/// Kubernetes: pkg/apis/core/validation/validation.go, ValidateServiceClusterIPsRelatedFields.
void addressFamilies(Judge& judge, const Node& spec) {
  const auto* one = judge.keys.at<"clusterIP">(&spec);
  const auto* all = judge.keys.at<"clusterIPs">(&spec);
  const auto* families = judge.keys.at<"ipFamilies">(&spec);
  const bool single = judge.keys.text<"ipFamilyPolicy">(&spec) == "SingleStack";
  const auto count = [](const Node* list) { return list && list->kind == ir::NodeKind::List ? list->length : 0; };
  if (count(all) > 0 && isText(one)) {
    const auto& first = *ir::Children(all).begin();
    if (isText(&first) && first.text() != one->text()) judge.say(diag::make<Code::ValueForm>(judge.spanOf(first), quoted(judge.path("clusterIPs", 0)), judge.shown(first), fmt::format("the first of them is `clusterIP`, \"{}\"", one->text())));
  }
  if (single && count(families) > 1) judge.sayRefused(*families, judge.path("ipFamilies"), "to two families with `ipFamilyPolicy` SingleStack");
  if (single && count(all) > 1) judge.sayRefused(*all, judge.path("clusterIPs"), "to two addresses with `ipFamilyPolicy` SingleStack");
  if (count(all) != 2) return;
  const auto isSix = [](const Node& address) { return textOf(&address).find(':') != std::string_view::npos; };
  auto at = ir::Children(all).begin();
  const auto& first = *at;
  const auto& second = *++at;
  if (isText(&first) && isText(&second) && isSix(first) == isSix(second)) judge.sayRefused(*all, judge.path("clusterIPs"), "to two addresses of one family");
}

constexpr Row kServiceRows[] = {
    call("spec", servicePorts),
    call("spec", serviceType),
    call("spec", addressFamilies),
    apart("spec.ipFamilies", ""),
    most("spec.ipFamilies", 2),
    most("spec.clusterIPs", 2),
    is("spec.clusterIPs[]", Form::ClusterIp),
    range("spec.ports[].port", 1, 65535),
    is("spec.ports[].name", Form::DnsLabel),
    apart("spec.ports", "name"),
    call("spec.ports[].targetPort", judgePort),
    is("spec.ports[].appProtocol", Form::Qualified),
    apart("spec.ports", "nodePort protocol"),
    keysAre("spec.selector", Form::LabelKey),
    is("spec.selector{}", Form::LabelValue),
    is("spec.clusterIP", Form::ClusterIp),
    is("spec.externalIPs[]", Form::Ip),
    is("spec.loadBalancerSourceRanges[]", Form::Cidr),
    refuses("spec", "sessionAffinity=None", "sessionAffinityConfig"),
    range("spec.sessionAffinityConfig.clientIP.timeoutSeconds", 1, 86400),
    words("spec.trafficDistribution", "PreferClose").before(34),
    words("spec.trafficDistribution", "PreferClose PreferSameZone PreferSameNode").since(34),
};

void ingressPath(Judge& judge, const Node& entry) {
  const auto* path = judge.keys.at<"path">(&entry);
  const auto type = judge.keys.text<"pathType">(&entry);
  if (type != "Exact" && type != "Prefix") {
    if (isSet(path) && isText(path) && !path->text().starts_with('/')) judge.sayForm(*path, judge.path("path"), Form::SlashPath);
    return;
  }
  if (!isSet(path)) return judge.sayLacks(entry, judge.path(), "`path`", fmt::format("the path type {} compares with it", type));
  if (isText(path) && !faultOf(Form::SlashPath, path->text()).empty()) judge.sayForm(*path, judge.path("path"), Form::SlashPath);
}

constexpr Row kBackendRows[] = {
    oneOf("", "service resource", "service resource"),
    filled("service.name"),
    is("service.name", Form::ServiceLabel).before(36),
    is("service.name", Form::DnsLabel).since(36),
    has("service", "port"),
    oneOf("service.port", "name number", "name number"),
    range("service.port.number", 1, 65535),
    is("service.port.name", Form::PortName),
};
constexpr Shape kBackend{kBackendRows};

void ingressTargets(Judge& judge, const Node& spec) {
  if (!isSet(judge.keys.at<"rules">(&spec)) && !isSet(judge.keys.at<"defaultBackend">(&spec))) judge.sayLacks(spec, judge.path(), "`rules` or `defaultBackend`");
}

constexpr Row kIngressRows[] = {
    call("spec", ingressTargets),
    use("spec.defaultBackend", kBackend),
    is("spec.rules[].host", Form::HostOrWildcard),
    filled("spec.rules[].http.paths"),
    call("spec.rules[].http.paths[]", ingressPath),
    use("spec.rules[].http.paths[].backend", kBackend),
    is("spec.tls[].hosts[]", Form::HostOrWildcard),
    is("spec.tls[].secretName", Form::DnsSubdomain),
    is("spec.ingressClassName", Form::DnsSubdomain),
};

void policyPort(Judge& judge, const Node& entry) {
  const auto* port = judge.keys.at<"port">(&entry);
  const auto* end = judge.keys.at<"endPort">(&entry);
  if (!isSet(end)) return;
  if (!isSet(port)) return judge.sayLacks(entry, judge.path(), "`port`", "`endPort` ends the range that begins there");
  if (isText(port)) return judge.sayRefused(*end, judge.path("endPort"), "with a `port` that is a name");
  const auto low = intOf(port);
  const auto high = intOf(end);
  if (low && high && *high < *low) judge.say(diag::make<Code::OrderOfValues>(judge.spanOf(*end), judge.path("endPort"), *high, "below", quoted("port"), *low));
}

void policyPeer(Judge& judge, const Node& peer) {
  const auto* block = judge.keys.at<"ipBlock">(&peer);
  const auto* pods = judge.keys.at<"podSelector">(&peer);
  const auto* spaces = judge.keys.at<"namespaceSelector">(&peer);
  if (!block && !pods && !spaces) return judge.sayLacks(peer, judge.path(), "`podSelector`, `namespaceSelector` or `ipBlock`");
  if (block && (pods || spaces)) judge.say(diag::make<Code::FieldsTogether>(judge.headOf(*block), judge.path(), pods ? "podSelector" : "namespaceSelector", "ipBlock"));
}

constexpr Row kPeerRows[] = {
    call("", policyPeer),
    use("podSelector", kLabelSelector),
    use("namespaceSelector", kLabelSelector),
    is("ipBlock.cidr", Form::Cidr),
    filled("ipBlock.cidr"),
    is("ipBlock.except[]", Form::Cidr),
};
constexpr Shape kPeer{kPeerRows};

constexpr Row kDirectionRows[] = {
    call("ports[].port", judgePort),
    call("ports[]", policyPort),
    range("ports[].endPort", 1, 65535),
    use("from[]", kPeer),
    use("to[]", kPeer),
};
constexpr Shape kDirection{kDirectionRows};

constexpr Row kNetworkPolicyRows[] = {
    use("spec.podSelector", kLabelSelector),
    use("spec.ingress[]", kDirection),
    use("spec.egress[]", kDirection),
    most("spec.policyTypes", 2),
};

}  // namespace

const Shape kService{kServiceRows};
const Shape kIngress{kIngressRows};
const Shape kNetworkPolicy{kNetworkPolicyRows};

}  // namespace mlstack::storage::admission
