// Sizes: what classes make, what quotas and limits leave.

#include <fmt/format.h>

#include "storage/rule.h"

namespace mlstack::storage {

namespace {

/// MLS3002: the claim asks for less or more than its class can make.
void sizeOutsideClass(Context& context, const State& state) {
  if (!state.classObject || !state.facts || !state.size) return;
  const auto& facts = *state.facts;
  const bool small = facts.minimumSize && *state.size < *facts.minimumSize;
  const bool large = facts.maximumSize && *facts.maximumSize < *state.size;
  if (!small && !large) return;
  auto d = diag::make<Code::SizeOutsideClass>(state.sizeAt->span, context.nameOf(*state.object), state.size->text(), context.model.text(state.classObject->name),
                                              small ? "starts at" : "ends at", (small ? *facts.minimumSize : *facts.maximumSize).text());
  if (state.classAt) d.related.push_back({state.classAt->entrySpan(), fmt::format("the class is named here; its limits: {}", facts.source)});
  context.report(std::move(d), {state.object, state.classObject});
}

constexpr Rule kRules[] = {sizeOutsideClass};

}  // namespace

std::span<const Rule> capacityRules() { return kRules; }

}  // namespace mlstack::storage
