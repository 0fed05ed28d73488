#include "diag/diag.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>

namespace mlstack::diag {
namespace {

std::vector<MessageRow> sortedRows() {
  std::vector<MessageRow> rows = {
#define MLSTACK_MESSAGE(number, name, severity, text) {Code{number}, #name, Severity::severity, text},
#include "diag/messages.def"
#include "diag/rules.def"
#include "diag/cluster.def"
#undef MLSTACK_MESSAGE
  };
  std::sort(rows.begin(), rows.end(), [](const MessageRow& a, const MessageRow& b) { return a.code < b.code; });
  return rows;
}

bool same(const Diagnostic& a, const Diagnostic& b) {
  return a.code == b.code && a.span == b.span && a.file == b.file && a.message == b.message;
}

std::size_t hashOf(const Diagnostic& d) {
  const std::size_t place = std::hash<std::uint64_t>{}(std::uint64_t{d.span.begin} << 32 | d.span.end);
  std::size_t hash = std::hash<std::string_view>{}(d.message);
  hash = hash * 31 + std::hash<std::string_view>{}(d.file);
  return (hash * 31 + place) * 31 + static_cast<std::size_t>(d.code);
}

}  // namespace

const std::vector<MessageRow>& allRows() {
  static const std::vector<MessageRow> rows = sortedRows();
  return rows;
}

const MessageRow& row(Code code) {
  const auto& rows = allRows();
  return *std::lower_bound(rows.begin(), rows.end(), code, [](const MessageRow& r, Code c) { return r.code < c; });
}

std::string codeText(Code code) { return fmt::format("MLS{:04}", static_cast<unsigned>(code)); }

std::size_t Sink::slotOf(const Diagnostic& d) const {
  const std::size_t mask = seen_.size() - 1;
  std::size_t at = hashOf(d) & mask;
  while (seen_[at] != 0 && !same(all_[seen_[at] - 1], d)) at = (at + 1) & mask;
  return at;
}

void Sink::index(std::size_t slots) {
  seen_.assign(slots, 0);
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const std::size_t slot = slotOf(all_[i]);
    if (seen_[slot] == 0) seen_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

void Sink::add(Diagnostic d) {
  if (seen_.size() < (all_.size() + 1) * 2) index(std::max<std::size_t>(16, seen_.size() * 2));
  const std::size_t slot = slotOf(d);
  if (seen_[slot] != 0) return;
  if (d.severity == Severity::Error) ++errors_;
  all_.push_back(std::move(d));
  seen_[slot] = static_cast<std::uint32_t>(all_.size());
}

void Sink::sort() {
  std::stable_sort(all_.begin(), all_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.span.begin, a.file, a.span.end, a.code) < std::tie(b.span.begin, b.file, b.span.end, b.code);
  });
  if (!all_.empty()) index(seen_.size());
}

void Sink::promoteWarnings() {
  for (Diagnostic& d : all_) {
    if (d.severity != Severity::Warning) continue;
    d.severity = Severity::Error;
    ++errors_;
  }
}

void Sink::drop(const std::function<bool(const Diagnostic&)>& gone) {
  std::erase_if(all_, gone);
  errors_ = static_cast<std::size_t>(std::count_if(all_.begin(), all_.end(), [](const Diagnostic& d) { return d.severity == Severity::Error; }));
  index(seen_.size());
}

}  // namespace mlstack::diag
