// A status for people and for programs.

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backend/status.h"
#include "base/json.h"
#include "diag/printable.h"

namespace mlstack::backend {
namespace {

std::string_view word(Health health) {
  switch (health) {
    case Health::Good: return "good";
    case Health::Waiting: return "waiting";
    case Health::Failed: return "failed";
  }
  return {};
}

std::string sign(Health health, bool color) {
  switch (health) {
    case Health::Good: return color ? "\x1b[32m✓\x1b[0m" : "✓";
    case Health::Waiting: return color ? "\x1b[33m…\x1b[0m" : "…";
    case Health::Failed: return color ? "\x1b[31m✗\x1b[0m" : "✗";
  }
  return {};
}

std::string safe(std::string_view text) {
  auto out = diag::printable(text);
  for (auto& c : out) {
    if (c == '\n') c = ' ';
  }
  return out;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// Rows of cells in columns; the last cell of a row is as long as it likes.
template <std::size_t N>
class Table {
 public:
  using Row = std::array<std::string, N>;
  void add(std::string before, Row row) {
    for (auto& cell : row) cell = safe(cell);
    rows_.push_back({std::move(before), std::move(row)});
  }
  void write(std::string& out) const {
    std::array<std::size_t, N> widths{};
    for (const auto& entry : rows_) {
      for (std::size_t i = 0; i < N; ++i) widths[i] = std::max(widths[i], columns(entry.row[i]));
    }
    for (const auto& entry : rows_) {
      auto line = fmt::format("  {} ", entry.before);
      for (std::size_t i = 0; i < N; ++i) {
        line += entry.row[i];
        if (i + 1 < N) line.append(widths[i] - columns(entry.row[i]) + (widths[i] == 0 ? 0 : 2), ' ');
      }
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
    }
  }
  [[nodiscard]] bool empty() const { return rows_.empty(); }

 private:
  struct Entry {
    std::string before;
    Row row;
  };
  std::vector<Entry> rows_;
};

void heading(std::string& out, std::string_view text, bool color) { out += fmt::format("\n{}{}{}\n", color ? "\x1b[1m" : "", text, color ? "\x1b[0m" : ""); }

std::string sizeOf(const ClaimStatus& claim) { return claim.wanted.empty() ? claim.size : fmt::format("{} → {}", claim.size, claim.wanted); }

void writeClaims(std::string& out, const StackStatus& status, bool color) {
  if (status.claims.empty()) return;
  heading(out, "state", color);
  Table<7> table;
  table.add(" ", {"claim", "size", "access", "class", "volume", "used by", ""});
  for (const auto& claim : status.claims) {
    const auto volume = claim.volume.empty() ? std::string("–") : claim.reclaim.empty() ? claim.volume : fmt::format("{} ({})", claim.volume, claim.reclaim);
    const auto users = claim.usedBy.size() > 3 ? fmt::format("{} and {} more", fmt::join(claim.usedBy.begin(), claim.usedBy.begin() + 3, ", "), claim.usedBy.size() - 3) : fmt::format("{}", fmt::join(claim.usedBy, ", "));
    ObjectRef ref = claim.object;
    const auto name = ref.nameSpace.empty() || ref.nameSpace == status.nameSpace ? ref.name : fmt::format("{}/{}", ref.nameSpace, ref.name);
    table.add(sign(claim.health, color), {name, sizeOf(claim), claim.modes, claim.storageClass.empty() ? "–" : claim.storageClass, volume, users.empty() ? "–" : users, claim.what});
  }
  table.write(out);
}

void writeWork(std::string& out, const StackStatus& status, bool color) {
  if (status.work.empty()) return;
  heading(out, "work", color);
  Table<4> table;
  for (const auto& work : status.work) {
    const auto& kind = work.object.kind;
    const auto ready = work.desired == 0 && kind != "DaemonSet" && kind != "Deployment" && kind != "StatefulSet" ? std::string() : fmt::format("{}/{} {}", work.ready, work.desired, kind == "Job" ? "done" : "ready");
    const auto restarts = work.restarts == 0 ? std::string() : fmt::format("{} {}", work.restarts, work.restarts == 1 ? "restart" : "restarts");
    auto what = work.what;
    if (!work.lastReason.empty() && what.find(work.lastReason) == std::string::npos) what += fmt::format("{}last end: {}", what.empty() ? "" : "; ", work.lastReason);
    table.add(sign(work.health, color), {work.object.text(status.nameSpace), ready, restarts, what});
  }
  table.write(out);
}

void writeRef(base::JsonWriter& out, const ObjectRef& ref) {
  out.key("object").beginObject().field("apiVersion", ref.apiVersion).field("kind", ref.kind).field("namespace", ref.nameSpace).field("name", ref.name).endObject();
}

void writeTexts(base::JsonWriter& out, std::string_view name, const std::vector<std::string>& texts) {
  out.key(name).beginArray();
  for (const auto& text : texts) out.value(text);
  out.endArray();
}

}  // namespace

std::string statusText(const StackStatus& status, bool color) {
  auto out = fmt::format("{} {} in {}", sign(status.health, color), safe(status.stack), safe(status.nameSpace));
  if (status.applied > status.members) out += fmt::format(": {} of {} objects are there", status.members, status.applied);
  else out += fmt::format(": {} {}", status.members, status.members == 1 ? "object" : "objects");
  if (!status.lastApply.empty()) out += fmt::format(", applied {} by {}", safe(status.lastApply), safe(status.appliedBy));
  out += "\n";
  for (const auto& holder : status.holder) out += fmt::format("an apply is under way: {}\n", safe(holder));
  writeClaims(out, status, color);
  writeWork(out, status, color);
  if (!status.others.empty()) {
    heading(out, "not as they should be", color);
    Table<2> table;
    for (const auto& [ref, what] : status.others) table.add(sign(Health::Waiting, color), {ref.text(status.nameSpace), what});
    table.write(out);
  }
  if (!status.drift.empty()) {
    heading(out, "changed by others since", color);
    Table<3> table;
    for (const auto& drift : status.drift) {
      constexpr std::size_t kShown = 4;
      const auto shown = std::min(drift.fields.size(), kShown);
      auto fields = fmt::format("{}", fmt::join(drift.fields.begin(), drift.fields.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
      if (drift.fields.size() > shown) fields += fmt::format(" and {} more", drift.fields.size() - shown);
      table.add(sign(Health::Waiting, color), {drift.object.text(status.nameSpace), fmt::format("{} at {}", drift.manager, drift.time), fields});
    }
    table.write(out);
  }
  for (const auto& note : status.notes) out += fmt::format("\nnote: {}\n", safe(note));
  return out;
}

std::string statusJson(const StackStatus& status) {
  std::string text;
  base::JsonWriter out(text, 2);
  out.beginObject().field("version", 1).field("stack", status.stack).field("namespace", status.nameSpace).field("health", word(status.health));
  out.field("inventory", status.inventory).field("setId", status.setId).field("origin", status.origin);
  out.field("lastApply", status.lastApply).field("appliedBy", status.appliedBy).field("members", status.members).field("applied", status.applied);
  writeTexts(out, "applying", status.holder);
  out.key("claims").beginArray();
  for (const auto& claim : status.claims) {
    out.beginObject();
    writeRef(out, claim.object);
    out.field("health", word(claim.health)).field("what", claim.what).field("phase", claim.phase).field("size", claim.size).field("wanted", claim.wanted);
    out.field("modes", claim.modes).field("class", claim.storageClass).field("volume", claim.volume).field("reclaim", claim.reclaim);
    writeTexts(out, "usedBy", claim.usedBy);
    out.endObject();
  }
  out.endArray().key("work").beginArray();
  for (const auto& work : status.work) {
    out.beginObject();
    writeRef(out, work.object);
    out.field("health", word(work.health)).field("what", work.what).field("ready", work.ready).field("desired", work.desired).field("restarts", work.restarts).field("lastReason", work.lastReason).endObject();
  }
  out.endArray().key("others").beginArray();
  for (const auto& other : status.others) {
    out.beginObject();
    writeRef(out, other.first);
    out.field("what", other.second).endObject();
  }
  out.endArray().key("drift").beginArray();
  for (const auto& drift : status.drift) {
    out.beginObject();
    writeRef(out, drift.object);
    out.field("manager", drift.manager).field("time", drift.time);
    writeTexts(out, "fields", drift.fields);
    out.endObject();
  }
  out.endArray();
  writeTexts(out, "notes", status.notes);
  out.endObject();
  text += '\n';
  return text;
}

}  // namespace mlstack::backend
