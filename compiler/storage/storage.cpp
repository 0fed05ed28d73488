#include "storage/storage.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "storage/state.h"

namespace mlstack::storage {

namespace {

using diag::Code;

struct Context {
  const ir::Stack& stack;
  const base::SourceSet& sources;
  diag::Sink& sink;
  std::vector<bool> allowUsed;
  std::optional<std::string> manyWrite;   // classesThatShare
  std::optional<std::string> manyRead;

  /// Whether an `allow` stands for this code on one of the two objects or the stack.
  bool allowed(Code code, const ir::Object* a, const ir::Object* b) {
    bool found = false;
    for (std::size_t i = 0; i < stack.allows.size(); ++i) {
      const auto& allow = stack.allows[i];
      if (allow.code != static_cast<std::uint16_t>(code)) continue;
      const ir::Object* on = allow.object == ir::kNoObject ? nullptr : &stack.objects[allow.object];
      if (on && on != a && on != b) continue;
      allowUsed[i] = true;
      found = true;
    }
    return found;
  }
};

std::string objectText(const ir::Stack& stack, const ir::Object& object) {
  return fmt::format("{}/{}", stack.symbols->text(object.kind), stack.symbols->text(object.name));
}

std::string_view shownName(const ir::Stack& stack, const ir::Object& object) {
  return stack.symbols->text(object.sourceName ? object.sourceName : object.name);
}

/// "its class is gp3 (ebs.csi.aws.com): ReadWriteOnce and ReadWriteOncePod only"
std::string classSentence(const ir::Stack& stack, const State& state) {
  const auto& object = *state.classObject;
  return fmt::format("its class is {} ({}): {} only", stack.symbols->text(object.name), object.facts->provisioner,
                     modesText(*state.classModes));
}

/// The classes at hand that several nodes can mount, as the source calls them; looked up once a run.
const std::string& classesThatShare(Context& context, Modes needed) {
  auto& known = needed == ReadWriteMany ? context.manyWrite : context.manyRead;
  if (known) return *known;
  std::vector<std::string_view> names;
  for (const auto& object : context.stack.objects) {
    if (object.role != ir::Role::Class || !object.facts) continue;
    for (const auto mode : object.facts->accessModes)
      if (mode == modesText(needed)) names.push_back(shownName(context.stack, object));
  }
  return known.emplace(fmt::format("{}", fmt::join(names, ", ")));
}

/// "`nodes = 1`": the source's own word for how many pods run, when it is a name.
std::string onePod(const Context& context, const Use& use) {
  for (const auto path : {"spec.parallelism", "spec.replicas"}) {
    const ir::Node* count = ir::findPath(use.workload->root, path, *context.stack.symbols);
    if (!count) continue;
    const auto text = context.sources.text(count->span);
    const bool isName = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
    });
    return isName ? fmt::format("`{} = 1`", text) : fmt::format("`{} = 1`", std::string_view(path).substr(5));
  }
  return "one pod";
}

/// MLS3004: more pods use a claim than its class can serve from several nodes.
/// Kubernetes: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes; an attachable
/// ReadWriteOnce volume is attached to one node only (attach/detach controller).
bool tooManyNodes(Context& context, const State& state, const Use& use) {
  const Modes shared = use.writes ? ReadWriteMany : ReadWriteMany | ReadOnlyMany;
  if (use.pods < 2 || use.oneNode || (state.capability() & shared)) return false;
  const bool classRefuses = state.classModes && !(*state.classModes & shared);
  const bool wantsToShare = (state.declared & shared) != 0;
  if (!classRefuses && !state.declared) return false;
  // Pods that may share a node can all mount it, when the scheduler happens to put them there.
  const bool certain = wantsToShare || use.separateNodes;
  if (context.allowed(certain ? Code::TooManyNodes : Code::PodsOfOneNode, state.claim, use.workload)) return true;
  const auto name = shownName(context.stack, *state.claim);
  const auto verb = use.writes ? "write" : "read";
  auto d = certain ? diag::make<Code::TooManyNodes>(use.edge->span, use.everyNode ? "all" : fmt::format("{}", use.pods), verb, name)
                   : diag::make<Code::PodsOfOneNode>(use.edge->span, use.pods, verb, name);
  d.object = objectText(context.stack, *use.workload);
  if (classRefuses && state.classAt) {
    d.related.push_back({state.classAt->entrySpan(), classSentence(context.stack, state)});
  } else if (state.declaredAt) {
    d.related.push_back({state.declaredAt->entrySpan(), fmt::format("the claim asks for {} only", modesText(state.declared))});
  }
  const auto& others = classesThatShare(context, use.writes ? ReadWriteMany : ReadOnlyMany);
  d.help = fmt::format("use a class that several nodes can mount{}, or {}", others.empty() ? "" : " (" + others + ")",
                       onePod(context, use));
  context.sink.add(std::move(d));
  return true;
}

/// MLS3006: ReadWriteOncePod is enforced by the scheduler: the second pod stays Pending.
void onePodOnly(Context& context, const State& state, const Use& use) {
  if (use.pods < 2 || state.declared != ReadWriteOncePod || !state.declaredAt) return;
  if (context.allowed(Code::OnePodOnly, state.claim, use.workload)) return;
  auto d = diag::make<Code::OnePodOnly>(use.edge->span, use.everyNode ? "all" : fmt::format("{}", use.pods),
                                        shownName(context.stack, *state.claim));
  d.object = objectText(context.stack, *use.workload);
  d.related.push_back({state.declaredAt->entrySpan(), "the claim asks for ReadWriteOncePod: one pod in the whole cluster"});
  d.help = fmt::format("ask for another access mode, or {}", onePod(context, use));
  context.sink.add(std::move(d));
}

/// MLS3001: the claim asks for a mode that its class cannot give: it stays Pending.
void modeBeyondClass(Context& context, const State& state) {
  if (!state.classModes || !state.declared || !state.declaredAt) return;
  const Modes beyond = state.declared & static_cast<Modes>(~*state.classModes);
  if (!beyond || context.allowed(Code::ModeBeyondClass, state.claim, state.classObject)) return;
  auto d = diag::make<Code::ModeBeyondClass>(state.declaredAt->span, shownName(context.stack, *state.claim),
                                             modesText(beyond), context.stack.symbols->text(state.classObject->name));
  d.object = objectText(context.stack, *state.claim);
  if (state.classAt) d.related.push_back({state.classAt->entrySpan(), classSentence(context.stack, state)});
  const auto& others = classesThatShare(context, ReadWriteMany);
  d.help = fmt::format("ask for {}{}", modesText(*state.classModes),
                       others.empty() || !(beyond & ReadWriteMany) ? "" : ", or use a class that can (" + others + ")");
  context.sink.add(std::move(d));
}

/// MLS3002: the claim asks for less or more than its class can make.
void sizeOutsideClass(Context& context, const State& state) {
  if (!state.classObject || !state.classObject->facts || !state.size) return;
  const auto& facts = *state.classObject->facts;
  const bool small = facts.minimumSize && *state.size < *facts.minimumSize;
  const bool large = facts.maximumSize && *facts.maximumSize < *state.size;
  if (!small && !large) return;
  if (context.allowed(Code::SizeOutsideClass, state.claim, state.classObject)) return;
  const ir::Node* at = ir::findPath(state.claim->root, "spec.resources.requests.storage", *context.stack.symbols);
  auto d = diag::make<Code::SizeOutsideClass>(at->span, shownName(context.stack, *state.claim), state.size->text(),
                                              context.stack.symbols->text(state.classObject->name),
                                              small ? "starts at" : "ends at",
                                              (small ? *facts.minimumSize : *facts.maximumSize).text());
  d.object = objectText(context.stack, *state.claim);
  if (state.classAt) d.related.push_back({state.classAt->entrySpan(), fmt::format("the class is named here; its limits: {}", facts.source)});
  context.sink.add(std::move(d));
}

}  // namespace

void analyse(const ir::Stack& stack, const base::SourceSet& sources, bool whole, diag::Sink& sink) {
  Context context{stack, sources, sink, std::vector<bool>(stack.allows.size(), false), {}, {}};
  for (const auto& state : states(stack)) {
    bool shared = false;
    for (const auto& use : state.uses) {
      if (state.declared == ReadWriteOncePod) onePodOnly(context, state, use);
      else shared = tooManyNodes(context, state, use) || shared;
    }
    if (!shared) modeBeyondClass(context, state);
    sizeOutsideClass(context, state);
  }
  for (std::size_t i = 0; whole && i < stack.allows.size(); ++i) {
    const auto& allow = stack.allows[i];
    if (context.allowUsed[i] || allow.code < 3000 || allow.code >= 4000) continue;
    sink.add(diag::make<Code::UnneededAllow>(allow.span, fmt::format("MLS{}", allow.code)));
  }
}

}  // namespace mlstack::storage
