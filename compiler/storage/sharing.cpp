// Access modes against the pods that use a claim at the same time.

#include <algorithm>

#include <fmt/format.h>

#include "storage/rule.h"

namespace mlstack::storage {

namespace {

/// "its class is gp3 (ebs.csi.aws.com): ReadWriteOnce and ReadWriteOncePod only"
std::string classSentence(const Context& context, const State& state) {
  return fmt::format("its class is {} ({}): {} only", context.model.text(state.classObject->name), state.facts->provisioner, modesText(*state.classModes()));
}

/// The classes at hand that several nodes can mount, as the source calls them.
std::string classesThatShare(const Context& context, Mode needed) {
  std::vector<std::string_view> names;
  for (const auto& object : context.stack.objects) {
    if (object.role != ir::Role::Class || !object.facts) continue;
    for (const auto mode : object.facts->accessModes)
      if (modeOf(mode) == needed) names.push_back(context.nameOf(object));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// "`nodes = 1`": the source's own word for how many pods run, when it is a name.
std::string onePod(const Context& context, const ir::Object& workload) {
  for (const auto* count : {context.keys.at<"spec.parallelism">(workload.root), context.keys.at<"spec.replicas">(workload.root)}) {
    if (!count) continue;
    const auto text = context.sources.text(count->span);
    const bool isName = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
    });
    return fmt::format("`{} = 1`", isName ? text : context.model.text(count->key));
  }
  return "one pod";
}

/// All pods of one workload on one claim.
struct Crowd {
  const Use* first = nullptr;
  std::int64_t pods = 0;
  bool everyNode = false;
  bool oneNode = true;
  bool separate = false;

  [[nodiscard]] std::string count() const { return everyNode ? "all" : fmt::format("{}", pods); }
};

/// By workload; uses of one stand together.
std::vector<Crowd> crowdsOf(const State& state) {
  std::vector<Crowd> crowds;
  for (const auto& use : state.uses) {
    if (crowds.empty() || crowds.back().first->pods->workload != use.pods->workload) crowds.push_back({.first = &use});
    auto& crowd = crowds.back();
    if (use.writes && !crowd.first->writes) crowd.first = &use;
    crowd.pods += use.pods->together();
    crowd.everyNode = crowd.everyNode || use.pods->onePerNode;
    crowd.oneNode = crowd.oneNode && use.pods->pinned;
    crowd.separate = crowd.separate || use.pods->separateNodes;
  }
  return crowds;
}

/// MLS3004, MLS3005: more pods use a claim than its class can serve from several nodes.
/// Kubernetes: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes; an attachable
/// ReadWriteOnce volume is attached to one node only (attach/detach controller).
bool tooManyNodes(Context& context, const State& state, const Crowd& crowd) {
  const auto& use = *crowd.first;
  const Modes shared = use.writes ? Modes{ReadWriteMany} : kManyNodes;
  if (crowd.pods < 2 || crowd.oneNode || (state.capability() & shared)) return false;
  const auto classModes = state.classModes();
  const bool classRefuses = classModes && !(*classModes & shared);
  if (!classRefuses && !state.declared) return false;
  // Pods that may share a node can all mount it, when the scheduler happens to put them there.
  const bool certain = (state.declared & shared) != 0 || crowd.separate;
  const auto name = context.nameOf(*state.object);
  const auto verb = use.writes ? "write" : "read";
  auto d = certain ? diag::make<Code::TooManyNodes>(use.span(), crowd.count(), verb, name)
                   : diag::make<Code::PodsOfOneNode>(use.span(), crowd.pods, verb, name);
  if (classRefuses && state.classAt && state.classObject) {
    d.related.push_back({state.classAt->entrySpan(), classSentence(context, state)});
  } else if (state.declaredAt) {
    d.related.push_back({state.declaredAt->entrySpan(), fmt::format("the claim asks for {} only", modesText(state.declared))});
  }
  const auto others = classesThatShare(context, use.writes ? ReadWriteMany : ReadOnlyMany);
  d.help = fmt::format("use a class that several nodes can mount{}, or {}", others.empty() ? "" : " (" + others + ")", onePod(context, *use.pods->workload));
  context.report(std::move(d), {use.pods->workload, state.object});
  return true;
}

/// MLS3006: ReadWriteOncePod is enforced by the scheduler: the second pod stays Pending.
void onePodOnly(Context& context, const State& state, const Crowd& crowd) {
  if (crowd.pods < 2) return;
  auto d = diag::make<Code::OnePodOnly>(crowd.first->span(), crowd.count(), context.nameOf(*state.object));
  d.related.push_back({state.declaredAt->entrySpan(), "the claim asks for ReadWriteOncePod: one pod in the whole cluster"});
  d.help = fmt::format("ask for another access mode, or {}", onePod(context, *crowd.first->pods->workload));
  context.report(std::move(d), {crowd.first->pods->workload, state.object});
}

/// MLS3001: the claim asks for a mode that its class cannot give: it stays Pending.
void modeBeyondClass(Context& context, const State& state) {
  const auto classModes = state.classModes();
  if (!classModes || !state.classObject || !state.declaredAt) return;
  const Modes beyond = state.declared & static_cast<Modes>(~*classModes);
  if (!beyond) return;
  auto d = diag::make<Code::ModeBeyondClass>(state.declaredAt->span, context.nameOf(*state.object), modesText(beyond), context.model.text(state.classObject->name));
  if (state.classAt) d.related.push_back({state.classAt->entrySpan(), classSentence(context, state)});
  const auto others = beyond & ReadWriteMany ? classesThatShare(context, ReadWriteMany) : std::string();
  d.help = fmt::format("ask for {}{}", modesText(*classModes), others.empty() ? "" : ", or use a class that can (" + others + ")");
  context.report(std::move(d), {state.object, state.classObject});
}

void accessModes(Context& context, const State& state) {
  bool shared = false;
  if (state.kind == StateKind::Claim) {
    for (const auto& crowd : crowdsOf(state)) {
      if (state.declared == ReadWriteOncePod && state.declaredAt) onePodOnly(context, state, crowd);
      else shared = tooManyNodes(context, state, crowd) || shared;
    }
  }
  if (!shared) modeBeyondClass(context, state);
}

constexpr Rule kRules[] = {accessModes};

}  // namespace

std::span<const Rule> sharingRules() { return kRules; }

}  // namespace mlstack::storage
