#include "storage/rule.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace mlstack::storage {

std::string counted(std::int64_t count, std::string_view noun) { return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"); }

bool isSlip(std::string_view wrong, std::string_view right) {
  const std::size_t shorter = std::min(wrong.size(), right.size());
  const std::size_t longer = std::max(wrong.size(), right.size());
  if (longer - shorter > 2 || shorter < 3) return false;
  // Two transposed letters count as one difference, as a slip of the fingers does.
  std::vector<std::size_t> before(right.size() + 1), last(right.size() + 1), now(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= wrong.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (wrong[i - 1] == right[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && wrong[i - 1] == right[j - 2] && wrong[i - 2] == right[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  const auto distance = last[right.size()];
  // Numbers tell things apart: "data-1" is not "data-2".
  for (const char c : {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9'})
    if (std::count(wrong.begin(), wrong.end(), c) != std::count(right.begin(), right.end(), c)) return false;
  return distance > 0 && distance <= 2 && distance * 3 < shorter;
}

namespace {

/// Findings that rest on something not being there.
bool isOfAbsence(diag::Code code) {
  constexpr std::array kOfAbsence{Code::VolumeMissing, Code::NoVolumeFits, Code::NoClassNoVolume, Code::ReservedForNobody, Code::ClassMissing, Code::AttributesMissing,
                                  Code::SelectsNothing, Code::NotDeclared, Code::NotInCluster, Code::NearMiss};
  return std::find(kOfAbsence.begin(), kOfAbsence.end(), code) != kOfAbsence.end();
}

}  // namespace

bool Context::report(diag::Diagnostic d, std::initializer_list<const ir::Object*> about) {
  ++reports_;
  if (!whole && isOfAbsence(d.code)) return false;
  bool allowed = false;
  for (std::size_t i = 0; i < stack.allows.size(); ++i) {
    const auto& allow = stack.allows[i];
    if (allow.code != static_cast<std::uint16_t>(d.code)) continue;
    bool here = allow.object == ir::kNoObject;
    for (const auto* object : about) here = here || (object && object->order == allow.object);
    if (!here) continue;
    allowUsed_[i] = true;
    allowed = true;
  }
  if (allowed) {
    silenced_.push_back(std::move(d));
    return false;
  }
  for (const auto* object : about) {
    if (!object || !d.object.empty()) continue;
    d.object = objectText(*object);
  }
  sink_.add(std::move(d));
  return true;
}

std::string Context::objectText(const ir::Object& object) const { return fmt::format("{}/{}", model.text(object.kind), model.text(object.name)); }

std::string_view Context::nameOf(const ir::Object& object) const { return model.text(object.sourceName ? object.sourceName : object.name); }

const Words& Context::wordsOf(const Container& container) const {
  Read* oldest = read_.data();
  for (auto& one : read_) {
    if (one.container == container.node) {
      one.asked = ++asked_;
      one.pods = podsAsked_;
      return one.words;
    }
    if (one.asked < oldest->asked) oldest = &one;
  }
  for (auto& one : read_) {
    if (one.pods == podsAsked_ || !readAgain(model, container, one.words)) continue;
    one.container = container.node;
    one.asked = ++asked_;
    one.pods = podsAsked_;
    return one.words;
  }
  oldest->container = container.node;
  oldest->asked = ++asked_;
  oldest->pods = podsAsked_;
  readWords(model, container, oldest->words);
  return oldest->words;
}

bool Context::since(int minor) const {
  auto text = stack.kubernetes;
  text.remove_prefix(std::min(text.size(), text.find('.') + 1));
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number >= minor;
}

}  // namespace mlstack::storage
