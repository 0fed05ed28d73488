// What Services and Ingresses send to: ports by name and by number.
// Kubernetes: pkg/controller/endpointslice, FindPort of pkg/api/v1/pod/util.go.

#include <algorithm>

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

/// Kinds whose pods have the ports that are written, and no more.
bool keepsPorts(const Context& context, const ir::Object& workload) {
  const auto group = groupOf(context.model.text(workload.apiVersion));
  return !workload.external && (group.empty() || group == "apps" || group == "batch" || group == "jobset.x-k8s.io" || group == "leaderworkerset.x-k8s.io") &&
         !isPatch(context, workload);
}

/// Whether a pod's template has all labels of a selector.
bool isSelected(const Context& context, const Node* selector, const Pods& pods) {
  const auto* labels = context.keys.at<"labels">(pods.metadata);
  for (const auto& wanted : ir::Children(selector)) {
    const auto* there = ir::find(labels, wanted.key);
    if (!isText(&wanted) || !isText(there) || there->text() != wanted.text()) return false;
  }
  return true;
}

void take(const Context& context, const Pods& pods, std::vector<std::string_view>& names) {
  for (const auto& container : context.model.containersOf(pods))
    for (const auto& port : ir::Children(context.keys.at<"ports">(container.node)))
      if (const auto name = context.keys.text<"name">(&port); !name.empty()) names.push_back(name);
}

/// Of a Service: a target by name that none of its pods declares is left out of its endpoints.
void service(Context& context, const ir::Object& object, const std::vector<ir::ObjectId>& workloads) {
  const auto* selector = context.keys.at<"spec.selector">(object.root);
  if (ir::Children(selector).size() == 0) return;
  std::vector<std::string_view> names;
  const ir::Object* first = nullptr;
  bool collected = false;
  std::size_t index = 0;
  for (const auto& port : ir::Children(context.keys.at<"spec.ports">(object.root))) {
    const auto at = index++;
    const auto* target = context.keys.at<"targetPort">(&port);
    const auto name = textOf(target);
    if (name.empty() || name.find_first_not_of("0123456789") == std::string_view::npos || name.find_first_of("{}<>$") != std::string_view::npos) continue;
    if (!collected) {
      collected = true;
      for (const auto id : workloads) {
        const auto& workload = context.stack.objects[id];
        for (const auto& pods : context.model.podsOf(id)) {
          if (!isSelected(context, selector, pods)) continue;
          if (!keepsPorts(context, workload)) return;
          first = first ? first : &workload;
          take(context, pods, names);
        }
      }
    }
    if (!first || std::find(names.begin(), names.end(), name) != names.end()) continue;
    auto d = diag::make<Code::PortNotThere>(target->span.known() ? target->span : object.span, fmt::format("spec.ports[{}].targetPort", at), fmt::format("\"{}\"", name),
                                            fmt::format("no container of `{}`", context.nameOf(*first)), "name");
    d.message = fmt::format("`spec.ports[{}].targetPort` of `{}` is \"{}\", and no container of `{}` has a port of that name: the Service has no endpoints for it", at,
                            context.nameOf(object), name, context.nameOf(*first));
    if (const auto near = diag::nearest(name, names); !near.empty()) d.help = fmt::format("did you mean \"{}\"?", near);
    else d.help = names.empty() ? "name the port of the container, or write its number here" : fmt::format("its ports are called {}", fmt::join(names, ", "));
    context.report(std::move(d), {&object, first});
  }
}

void backend(Context& context, const ir::Object& ingress, const Node* to) {
  const auto name = context.keys.text<"service.name">(to);
  const auto* number = context.keys.at<"service.port.number">(to);
  const auto* called = context.keys.at<"service.port.name">(to);
  const auto* asked = number ? number : called;
  if (name.empty() || !asked) return;
  const auto* target = context.model.find(&ingress, "Service", name);
  if (!target || target->external || !target->root || context.keys.text<"spec.type">(target->root) == "ExternalName") return;
  const auto* ports = context.keys.at<"spec.ports">(target->root);
  if (ir::Children(ports).size() == 0) return;
  for (const auto& port : ir::Children(ports)) {
    if (number && intOf(context.keys.at<"port">(&port)) == intOf(number)) return;
    if (!number && context.keys.text<"name">(&port) == textOf(called)) return;
  }
  if (number ? !intOf(number) : textOf(called).empty()) return;
  const auto shown = number ? fmt::format("{}", *intOf(number)) : fmt::format("\"{}\"", textOf(called));
  auto d = diag::make<Code::PortNotThere>(asked->span.known() ? asked->span : ingress.span, number ? "service.port.number" : "service.port.name", shown,
                                          fmt::format("the Service `{}`", context.nameOf(*target)), number ? "number" : "name");
  d.severity = diag::Severity::Warning;
  d.related.push_back({ports->span.known() ? ports->entrySpan() : target->span, "its ports"});
  context.report(std::move(d), {&ingress, target});
}

}  // namespace

void judgeTargets(Context& context) {
  // What each Service selects, made when the first one needs it.
  std::unordered_map<ir::ObjectId, std::vector<ir::ObjectId>> selected;
  bool collected = false;
  for (const auto& object : context.stack.objects) {
    if (object.external || !object.root) continue;
    const auto kind = context.model.kindOf(object);
    if (kind == "Service" && groupOf(context.model.text(object.apiVersion)).empty()) {
      bool named = false;
      for (const auto& port : ir::Children(context.keys.at<"spec.ports">(object.root))) named = named || isText(context.keys.at<"targetPort">(&port));
      if (!named) continue;
      if (!collected)
        for (const auto& edge : context.stack.edges)
          if (edge.kind == ir::EdgeKind::Selects && edge.to != ir::kNoObject) selected[edge.from].push_back(edge.to);
      collected = true;
      if (const auto found = selected.find(object.order); found != selected.end()) service(context, object, found->second);
    } else if (kind == "Ingress" && groupOf(context.model.text(object.apiVersion)) == "networking.k8s.io") {
      backend(context, object, context.keys.at<"spec.defaultBackend">(object.root));
      for (const auto& rule : ir::Children(context.keys.at<"spec.rules">(object.root)))
        for (const auto& path : ir::Children(context.keys.at<"http.paths">(&rule))) backend(context, object, context.keys.at<"backend">(&path));
    }
  }
}

}  // namespace mlstack::storage::admission
