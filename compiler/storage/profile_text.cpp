// A profile in words.

#include <algorithm>

#include <fmt/format.h>

#include "storage/describe.h"
#include "storage/profiles.h"

namespace mlstack::storage {

namespace {

void row(std::string& out, std::string_view label, std::string_view text) {
  if (!text.empty()) out += fmt::format("  {:<22} {}\n", label, text);
}

void line(std::string& out, std::string_view label, const std::optional<bool>& known) {
  if (known) row(out, label, *known ? "yes" : "no");
}

void line(std::string& out, std::string_view label, std::span<const std::string_view> words) {
  if (!words.empty()) row(out, label, fmt::format("{}", fmt::join(words, ", ")));
}

void line(std::string& out, std::string_view label, const std::optional<base::Quantity>& amount) {
  if (amount) row(out, label, amount->text());
}

void facts(std::string& out, const ir::Facts& facts) {
  line(out, "access modes", facts.accessModes);
  line(out, "as raw block", facts.blockModes);
  line(out, "attached to a node", facts.attachable);
  line(out, "network file system", facts.network);
  line(out, "lives on one node", facts.nodeLocal);
  line(out, "volumes by hand only", facts.staticOnly);
  row(out, "place", facts.topology);
  line(out, "can grow", facts.expandable);
  line(out, "snapshots", facts.snapshots);
  line(out, "clones", facts.clones);
  line(out, "size is a limit", facts.capacityEnforced);
  line(out, "smallest", facts.minimumSize);
  line(out, "largest", facts.maximumSize);
  line(out, "in steps of", facts.sizeStep);
  row(out, "file system", facts.defaultFilesystem);
  row(out, "fsGroup", facts.fsGroupPolicy);
  line(out, "class parameters", facts.parameters);
  line(out, "required", facts.required);
  row(out, "served by", facts.csiDriver);
  row(out, "known up to", facts.removedIn.empty() ? std::string() : fmt::format("Kubernetes before {}", facts.removedIn));
}

}  // namespace

std::string describeProfile(std::string_view name) {
  const auto* profile = profileOf(name);
  if (!profile) profile = sourceProfile(name);
  if (!profile) return {};
  std::string out = profile->title.empty() ? fmt::format("{}\n\n", name) : fmt::format("{}: {}\n\n", name, profile->title);
  facts(out, *profile);
  for (const auto& variant : profile->variants) {
    std::string when;
    for (const auto& one : variant.when) when += fmt::format("{}{} {}", when.empty() ? "" : ", ", one.parameter, fmt::join(one.values, " or "));
    out += fmt::format("\nwith {}:\n", when);
    std::string own;
    facts(own, *variant.facts);
    // What is the same as above says nothing new.
    std::string base;
    facts(base, *profile);
    for (std::size_t at = 0; at < own.size();) {
      const auto end = own.find('\n', at) + 1;
      const auto row = own.substr(at, end - at);
      if (base.find(row) == std::string::npos) out += row;
      at = end;
    }
  }
  out += fmt::format("\nsource: {}\n", profile->source);
  return out;
}

}  // namespace mlstack::storage
