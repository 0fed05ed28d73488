// Names that grow, labels and selectors that must meet, variables that collide.

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <unordered_set>

#include <fmt/format.h>

#include "storage/rule.h"

namespace mlstack::storage {

namespace {

/// What a controller makes of its object's name: a label value or a pod's name of 63 characters at most.
struct Grows {
  std::string_view kind;
  std::size_t most;
  std::string_view why;
};
// StatefulSet: controller-revision-hash is "<name>-<10 characters>" (pkg/controller/statefulset/stateful_set_utils.go).
// Notebook: its controller makes a StatefulSet of the same name. LeaderWorkerSet: it makes "<name>-<group>".
// Ray: ray-operator/controllers/ray/utils/constant.go, MaxRayClusterNameLength and those after it.
constexpr std::array<Grows, 6> kGrows{{
    {"StatefulSet", 52, "its pods carry the label controller-revision-hash: the name and 11 characters more, of which 63 fit"},
    {"Notebook", 52, "its controller makes a StatefulSet of this name, whose pods carry it and 11 characters more in a label"},
    {"LeaderWorkerSet", 51, "its controller makes StatefulSets of this name and a number, whose pods carry both and 11 characters more in a label"},
    {"RayCluster", 53, "its Services are called by it and up to 10 characters more, and KubeRay refuses a longer one"},
    {"RayJob", 47, "its cluster is called by it and 6 characters more, and KubeRay refuses a longer one"},
    {"RayService", 47, "its cluster is called by it and 6 characters more, and KubeRay refuses a longer one"},
}};

/// MLS3340: accepted, and then no pod can be made.
void nameGrows(Context& context, const ir::Object& object) {
  const auto kind = context.model.kindOf(object);
  const auto name = context.model.text(object.name);
  for (const auto& row : kGrows) {
    if (row.kind != kind || name.size() <= row.most) continue;
    auto d = diag::make<Code::NameGrows>(object.span, kind, name, name.size(), row.most, row.why);
    d.help = fmt::format("shorten it by {}", name.size() - row.most);
    context.report(std::move(d), {&object});
  }
}

/// MLS3340: JobSet's webhook looks at the longest names that come of it: a Job's, and a pod's of an Indexed one.
/// https://github.com/kubernetes-sigs/jobset/blob/main/pkg/webhooks/jobset_webhook.go
void jobsOfSet(Context& context, const ir::Object& object) {
  const auto name = context.model.text(object.name);
  for (const auto& job : ir::Children(context.keys.at<"spec.replicatedJobs">(object.root))) {
    const auto role = context.keys.text<"name">(&job);
    const auto replicas = intOf(context.keys.at<"replicas">(&job)).value_or(1);
    const auto* spec = context.keys.at<"template.spec">(&job);
    const auto completions = intOf(context.keys.at<"completions">(spec));
    const auto mode = context.keys.text<"completionMode">(spec);
    if (role.empty() || replicas < 1) continue;
    auto longest = fmt::format("-{}-{}", role, replicas - 1);
    if (completions && *completions > 0 && mode != "NonIndexed") longest += fmt::format("-{}-xxxxx", *completions - 1);
    if (longest.size() >= 63 || name.size() + longest.size() <= 63) continue;
    const auto most = 63 - longest.size();
    auto d = diag::make<Code::NameGrows>(object.span, "JobSet", name, name.size(), most, fmt::format("what it makes of `{}` is called by it and \"{}\", of which 63 characters fit", role, longest));
    d.help = fmt::format("shorten it by {}", name.size() - most);
    context.report(std::move(d), {&object});
    return;
  }
}

// --- selectors -------------------------------------------------------------------------------

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

Labels labelsOf(const Context& context, const ir::Node* map) {
  Labels labels;
  for (const auto& label : ir::Children(map)) labels.emplace_back(context.model.text(label.key), textOf(&label));
  return labels;
}

/// MLS3341: endpoints are computed at run time, nothing compares a Service's selector with pods before.
void servicesSelect(Context& context) {
  std::vector<bool> selecting(context.stack.objects.size(), false);
  for (const auto& edge : context.stack.edges)
    if (edge.kind == ir::EdgeKind::Selects && edge.to != ir::kNoObject) selecting[edge.from] = true;
  // Values by namespace and key: where a selector's value is a near miss of one of them. Comparing every one with all
  // is a square: after a million comparisons in a run nothing is suggested any more.
  struct Values {
    std::vector<std::string_view> each;
    std::unordered_set<std::string_view> known;
  };
  std::map<std::pair<std::uint32_t, std::string_view>, Values> values;
  std::size_t left = 1'000'000;
  bool collected = false;
  for (const auto& object : context.stack.objects) {
    if (object.external || !object.root || selecting[object.order]) continue;
    const auto kind = context.model.kindOf(object);
    const auto* selector = kind == "Service" && object.role == ir::Role::Service ? context.keys.at<"spec.selector">(object.root)
                           : kind == "PodDisruptionBudget"                        ? context.keys.at<"spec.selector.matchLabels">(object.root)
                                                                                  : nullptr;
    if (ir::Children(selector).size() == 0) continue;
    if (!collected) {
      for (const auto& pods : context.model.pods)
        for (const auto& [key, value] : labelsOf(context, context.keys.at<"labels">(pods.metadata)))
          if (auto& of = values[{context.model.nameSpaceOf(*pods.workload).id, key}]; of.known.insert(value).second) of.each.push_back(value);
      collected = true;
    }
    for (const auto& label : ir::Children(selector)) {
      const auto found = values.find({context.model.nameSpaceOf(object).id, context.model.text(label.key)});
      if (found == values.end() || found->second.known.contains(textOf(&label)) || found->second.each.size() > left) continue;
      left -= found->second.each.size();
      const auto near = diag::nearest(textOf(&label), found->second.each);
      if (!isSlip(textOf(&label), near)) continue;
      auto d = diag::make<Code::SelectsNothing>(label.span, context.objectText(object), context.model.text(label.key), textOf(&label));
      d.help = fmt::format("did you mean \"{}\"?", near);
      d.fixes.push_back({fmt::format("write {}", near), {{label.span, std::string(near)}}});
      context.report(std::move(d), {&object});
    }
  }
}

// --- variables -------------------------------------------------------------------------------

/// Programs that read `<SERVICE>_PORT` as a number of their own, by a part of the image's name.
struct PortReader {
  std::string_view image;
  std::string_view variable;
};
// vLLM: https://docs.vllm.ai/en/latest/configuration/env_vars.html; the others by their documented variables.
constexpr std::array<PortReader, 7> kPortReaders{{
    {"vllm", "VLLM_PORT"},
    {"mlflow", "MLFLOW_PORT"},
    {"label-studio", "LABEL_STUDIO_PORT"},
    {"superset", "SUPERSET_PORT"},
    {"jupyter", "JUPYTER_PORT"},
    {"-notebook", "JUPYTER_PORT"},
    {"n8n", "N8N_PORT"},
}};

std::string serviceVariable(std::string_view name) {
  std::string variable;
  for (const char c : name) variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable + "_PORT";
}

std::string_view lastPart(std::string_view image) {
  const auto slash = image.rfind('/');
  if (slash != std::string_view::npos) image.remove_prefix(slash + 1);
  return image.substr(0, image.find_first_of(":@"));
}

/// MLS3342: every Service of the namespace puts variables into pods unless `enableServiceLinks: false`
/// (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
void serviceLinks(Context& context) {
  std::map<std::pair<std::uint32_t, std::string>, const ir::Object*> variables;
  for (const auto& object : context.stack.objects) {
    if (object.role != ir::Role::Service || !object.root) continue;
    if (context.keys.text<"spec.clusterIP">(object.root) == "None" || context.keys.text<"spec.type">(object.root) == "ExternalName") continue;   // no variables for these
    variables.emplace(std::pair{context.model.nameSpaceOf(object).id, serviceVariable(context.model.text(object.name))}, &object);
  }
  if (variables.empty()) return;
  for (const auto& pods : context.model.pods) {
    if (isFalse(context.keys.at<"enableServiceLinks">(pods.spec))) continue;
    for (const auto& container : context.model.containersOf(pods)) {
      for (const auto& reader : kPortReaders) {
        if (lastPart(container.image).find(reader.image) == std::string_view::npos) continue;
        const auto found = variables.find({context.model.nameSpaceOf(*pods.workload).id, std::string(reader.variable)});
        if (found == variables.end()) continue;
        bool states = false;
        for (const auto& variable : ir::Children(context.keys.at<"env">(container.node))) states = states || context.keys.text<"name">(&variable) == reader.variable;
        if (states) continue;
        auto d = diag::make<Code::ServiceLinks>(found->second->span, context.model.text(found->second->name), reader.variable, context.nameOf(*pods.workload));
        const auto* at = context.keys.at<"image">(container.node);
        if (at) d.related.push_back({at->span, fmt::format("this program reads {} as its own setting", reader.variable)});
        d.help = "set `enableServiceLinks: false` on the pod, or give the Service another name";
        context.report(std::move(d), {found->second, pods.workload});
      }
    }
  }
}

constexpr Rule kRules[] = {{"", nameGrows}, {"JobSet", jobsOfSet}, servicesSelect, serviceLinks};

}  // namespace

std::span<const Rule> nameRules() { return kRules; }

}  // namespace mlstack::storage
