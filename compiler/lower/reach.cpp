// What Kubernetes finds by its name alone: things of the same namespace, groups of an API, ports of containers.

#include <algorithm>

#include <fmt/format.h>

#include "lower/lowering.h"

namespace mlstack::lower {

namespace {

std::string placeOf(std::string_view nameSpace) {
  return nameSpace.empty() ? "in no stated namespace" : fmt::format("in the namespace `{}`", nameSpace);
}

/// Members that say in which namespace their target is.
bool reachesOut(Via via) { return via == Via::ClaimRef || via == Via::Subjects || via == Via::Facts || via == Via::Self; }

bool isContainer(const Instance& part) {
  const auto name = part.kind->name;
  return name == "container" || name == "init" || name == "sidecar";
}

void portNames(const Instance& owner, const base::SymbolTable& symbols, std::vector<std::string_view>& names) {
  for (const auto* part = owner.parts; part != nullptr; part = part->next) {
    if (part->kind != nullptr && part->kind->name == "port" && part->label) names.push_back(symbols.text(part->label));
  }
}

/// An overlay may add ports that are not seen here.
bool hasOverlay(const Instance& workload) {
  if (workload.overlays != nullptr) return true;
  for (const auto* part = workload.parts; part != nullptr; part = part->next) {
    if (part->overlays != nullptr) return true;
  }
  return false;
}

}  // namespace

/// https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/ : names are looked for in one namespace.
void Lowering::sameNamespace(const Instance& target, Span span) {
  if (resource_ == nullptr || target.kind == nullptr || target.kind->api.empty() || target.kind->clusterScoped) return;
  if (resource_->kind == nullptr || resource_->kind->clusterScoped || resource_->external) return;
  // Of kinds that users declare only they know what their fields reach.
  if (!plans_.of(*resource_->kind).builtin || !plans_.of(*target.kind).builtin) return;
  const auto here = nameSpaceFor(*resource_);
  const auto there = nameSpaceFor(target);
  if (here == there) return;
  const auto user = nameOf(*resource_);
  sink_.add(complain<diag::Code::NamespaceElsewhere>(span, nameOf(target), placeOf(symbols_.text(there)), user, placeOf(symbols_.text(here)), user)
                .note(target.headSpan, "it is declared here")
                .hint(here ? fmt::format("declare one with `namespace = \"{}\"`, or move `{}`", symbols_.text(here), user)
                           : fmt::format("state the same namespace on both, or none on `{}`", nameOf(target))));
}

void Lowering::sameNamespace(const FieldValue& field, const Instance&) {
  if (reachesOut(field.member->via)) return;
  const auto look = [&](const Value& value, Span span) {
    if (value.kind == ValueKind::Ref || value.kind == ValueKind::KeyOf) sameNamespace(*value.instance, span);
  };
  look(field.value, field.span);
  if (field.value.kind == ValueKind::List) {
    for (const auto& item : field.value.list()) look(item.value, item.span.known() ? item.span : field.span);
  }
  if (field.value.kind == ValueKind::Map) {
    for (const auto& entry : field.value.map()) look(entry.value, entry.span.known() ? entry.span : field.span);
  }
}

/// The groups whose resources a rule names. Core, where a name is there as well or nowhere known.
Value Lowering::groupsOf(const Instance& rule) {
  if (groups_.empty()) {
    for (const auto* resource : catalog_.resources()) {
      const auto slash = resource->apiVersion.find('/');
      const auto group = slash == std::string_view::npos ? std::string_view{} : resource->apiVersion.substr(0, slash);
      auto& known = groups_[resource->plural];
      if (std::find(known.begin(), known.end(), group) == known.end()) known.push_back(group);
    }
  }
  std::vector<std::string_view> groups;
  const auto take = [&](const Value& name) {
    if (name.kind != ValueKind::String) return;
    const auto plural = name.text().substr(0, name.text().find('/'));
    const auto found = groups_.find(plural);
    const bool one = found != groups_.end() && found->second.size() == 1;
    const auto group = one ? found->second.front() : std::string_view{};
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  };
  const auto takeAll = [&](const Value& value) {
    take(value);
    if (value.kind != ValueKind::List) return;
    for (const auto& item : value.list()) take(item.value);
  };
  takeAll(rule.labelValue);
  if (const auto* more = rule.field("resources")) takeAll(more->value);
  std::vector<sema::Element> elements;
  for (const auto group : groups) {
    Value text;
    text.kind = ValueKind::String;
    text.chars = group.data();
    text.length = static_cast<std::uint32_t>(group.size());
    elements.push_back({text, rule.headSpan});
  }
  Value list;
  list.kind = ValueKind::List;
  list.elements = scratch_.copy(elements).data();
  list.length = static_cast<std::uint32_t>(elements.size());
  return list;
}

/// Ports that are named: by the service of known pods, by the probes and hooks of a container.
/// https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports
void Lowering::checkPortNames(const Instance& resource) {
  std::vector<std::string_view> names;
  const auto check = [&](const FieldValue* port, const std::string& who, std::string_view consequence) {
    if (port == nullptr || port->value.kind != ValueKind::String) return;
    const auto text = port->value.text();
    if (std::find(names.begin(), names.end(), text) != names.end()) return;
    auto d = complain<diag::Code::UnknownPortName>(port->span, who, text, consequence);
    if (const auto near = diag::nearest(text, names); !near.empty()) {
      d.help = fmt::format("did you mean `{}`?", near);
    } else {
      d.help = names.empty() ? fmt::format("`port {} = NUMBER` in the container names one", text)
                             : fmt::format("its ports are `{}`", fmt::join(names, "`, `"));
    }
    sink_.add(std::move(d));
  };
  const auto actions = [&](const Instance& owner, const std::string& who, const auto& self) -> void {
    for (const auto* field = owner.fields; field != nullptr; field = field->next) {
      if (field->value.kind != ValueKind::Fragment) continue;
      const auto* made = field->value.instance;
      if (made->kind != nullptr && (made->kind->name == "http" || made->kind->name == "tcp")) check(made->field("port"), who, "the call would always fail");
    }
    for (const auto* part = owner.parts; part != nullptr; part = part->next) {
      if (part->kind != nullptr && !isContainer(*part)) self(*part, who, self);
    }
  };
  if (resource.kind->role == KindRole::Service) {
    const auto* selected = resource.field("selects");
    if (selected == nullptr || selected->value.kind != ValueKind::Ref || selected->value.instance->kind == nullptr) return;
    const auto& workload = *selected->value.instance;
    if (workload.kind->role != KindRole::Workload || workload.external || hasOverlay(workload)) return;
    portNames(workload, symbols_, names);
    for (const auto* part = workload.parts; part != nullptr; part = part->next) {
      if (part->kind != nullptr && isContainer(*part)) portNames(*part, symbols_, names);
    }
    for (const auto* part = resource.parts; part != nullptr; part = part->next) {
      if (part->kind == nullptr || part->kind->name != "service-port") continue;
      check(part->field("target"), fmt::format("no container of `{}`", nameOf(workload)), "the service would lead nowhere");
    }
    return;
  }
  if (resource.kind->role != KindRole::Workload || hasOverlay(resource)) return;
  portNames(resource, symbols_, names);
  actions(resource, fmt::format("the container of `{}`", nameOf(resource)), actions);
  for (const auto* part = resource.parts; part != nullptr; part = part->next) {
    if (part->kind == nullptr || !isContainer(*part)) continue;
    names.clear();
    portNames(*part, symbols_, names);
    actions(*part, fmt::format("the container `{}`", nameOf(*part)), actions);
  }
}

}  // namespace mlstack::lower
