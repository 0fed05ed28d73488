#include "storage/storage.h"

#include <array>
#include <unordered_map>

#include <fmt/format.h>

#include "storage/rule.h"

namespace mlstack::storage {

namespace {

/// All families in one table, sorted by what a rule is called with; made once.
struct Table {
  std::vector<Rule::OfStack> ofStack;
  std::vector<Rule::OfState> ofState;
  std::vector<Rule::OfPods> ofPods;
  std::vector<Rule::OfContainer> ofContainer;
  std::vector<Rule::OfObject> ofAny;
  std::unordered_map<std::string_view, std::vector<Rule::OfObject>> ofKind;

  Table() {
    for (const auto family : {sharingRules, bindingRules, classRules, capacityRules, lifetimeRules, mountRules, checkpointRules, distributedRules,
                              resourceRules, workloadRules, nameRules, configRules, snapshotRules, admissionRules})
      for (const auto& rule : family()) add(rule);
  }

  void add(const Rule& rule) {
    if (rule.ofStack) ofStack.push_back(rule.ofStack);
    if (rule.ofState) ofState.push_back(rule.ofState);
    if (rule.ofPods) ofPods.push_back(rule.ofPods);
    if (rule.ofContainer) ofContainer.push_back(rule.ofContainer);
    if (rule.ofObject && rule.kind.empty()) ofAny.push_back(rule.ofObject);
    if (rule.ofObject && !rule.kind.empty()) ofKind[rule.kind].push_back(rule.ofObject);
  }
};

const Table& table() {
  static const Table all;
  return all;
}

/// The functions for one object's kind; found once a kind, as many objects are of one.
class ByKind {
 public:
  explicit ByKind(const Model& model) : model_(model) {}
  const std::vector<Rule::OfObject>& of(const ir::Object& object) {
    const auto [at, isNew] = known_.try_emplace(object.kind.id, nullptr);
    if (isNew) {
      const auto found = table().ofKind.find(model_.kindOf(object));
      at->second = found == table().ofKind.end() ? &none_ : &found->second;
    }
    return *at->second;
  }

 private:
  const Model& model_;
  std::unordered_map<std::uint32_t, const std::vector<Rule::OfObject>*> known_;
  const std::vector<Rule::OfObject> none_;
};

void run(Context& context) {
  const auto& all = table();
  const auto& model = context.model;
  for (const auto rule : all.ofStack) rule(context);
  ByKind byKind(model);
  for (const auto& object : context.stack.objects) {
    if (object.external || !object.root) continue;
    for (const auto rule : all.ofAny) rule(context, object);
    for (const auto rule : byKind.of(object)) rule(context, object);
  }
  for (const auto& state : model.states)
    for (const auto rule : all.ofState) rule(context, state);
  for (const auto& pods : model.pods) {
    context.nextPods();
    for (const auto rule : all.ofPods) rule(context, pods);
    for (const auto& container : model.containersOf(pods))
      for (const auto rule : all.ofContainer) rule(context, pods, container);
  }
}

}  // namespace

std::size_t analyse(const ir::Stack& stack, const base::SourceSet& sources, bool whole, diag::Sink& sink) {
  const Model model(stack);
  Context context(model, sources, sink);
  context.whole = whole;
  run(context);
  for (std::size_t i = 0; whole && i < stack.allows.size(); ++i) {
    const auto& allow = stack.allows[i];
    if (context.allowUsed()[i] || allow.code < 3000 || allow.code >= 4000) continue;
    sink.add(diag::make<Code::UnneededAllow>(allow.span, fmt::format("MLS{}", allow.code)));
  }
  return context.silenced().size();
}

}  // namespace mlstack::storage
