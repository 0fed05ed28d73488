#include "sema/checks.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace mlstack::sema::checks {

namespace {

bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isAlnum(char c) { return isLower(c) || isDigit(c); }

std::string wrongCharacter(std::string_view text, std::string_view extra) {
  for (char c : text) {
    if (isAlnum(c) || c == '-' || extra.find(c) != std::string_view::npos) continue;
    const std::string_view others = extra.empty() ? "digits and `-`" : "digits, `-` and `.`";
    const std::string shown = static_cast<unsigned char>(c) < 0x80 && c >= ' ' ? fmt::format("`{}`", c) : "such a character";
    return fmt::format("Kubernetes takes lower-case letters, {}, not {}", others, shown);
  }
  return {};
}

std::string endsFault(std::string_view text) {
  if (!isAlnum(text.front())) return "it must begin with a lower-case letter or a digit";
  if (!isAlnum(text.back())) return "it must end with a lower-case letter or a digit";
  return {};
}

}  // namespace

std::string labelFault(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (text.size() > 63) return fmt::format("it has {} characters, and 63 is the most", text.size());
  if (auto fault = wrongCharacter(text, {}); !fault.empty()) return fault;
  return endsFault(text);
}

std::string subdomainFault(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (text.size() > 253) return fmt::format("it has {} characters, and 253 is the most", text.size());
  if (auto fault = wrongCharacter(text, "."); !fault.empty()) return fault;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const auto dot = std::min(text.find('.', begin), text.size());
    const auto part = text.substr(begin, dot - begin);
    if (part.empty()) return "it has an empty part between dots";
    if (auto fault = endsFault(part); !fault.empty()) return fault;
    begin = dot + 1;
  }
  return {};
}

std::string serviceFault(std::string_view text) {
  if (auto fault = labelFault(text); !fault.empty()) return fault;
  if (!isLower(text.front())) return "the name of a service begins with a letter";
  return {};
}

std::string segmentFault(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (text == "." || text == "..") return "it would change the path of a request";
  if (text.find_first_of("/%") != std::string_view::npos) return "`/` and `%` cannot stand in it";
  return {};
}

std::string pathFault(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (text.front() != '/') return "a path in a container is absolute, it begins with `/`";
  if (text.find(':') != std::string_view::npos) return "`:` cannot stand in it";
  return {};
}

namespace {

std::string repositoryFault(std::string_view name, bool first) {
  if (name.empty()) return "a part of it is empty";
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (isAlnum(c) || c == '.' || c == '_' || c == '-') continue;
    if (first && (isUpper(c) || c == ':' || c == '[' || c == ']')) continue;  // a host with a port
    if (isUpper(c)) return "a repository's name is lower case";
    return fmt::format("`{}` cannot stand in a repository's name", c);
  }
  if (!first && (!isAlnum(name.front()) || !isAlnum(name.back()))) return "each part begins and ends with a letter or a digit";
  return {};
}

std::string tagFault(std::string_view tag) {
  if (tag.empty()) return "its tag is empty";
  if (tag.size() > 128) return "its tag has more than 128 characters";
  for (char c : tag) {
    if (isAlnum(c) || isUpper(c) || c == '_' || c == '.' || c == '-') continue;
    return fmt::format("`{}` cannot stand in a tag", c);
  }
  if (tag.front() == '.' || tag.front() == '-') return "a tag begins with a letter, a digit or `_`";
  return {};
}

std::string digestFault(std::string_view digest) {
  const auto colon = digest.find(':');
  if (colon == std::string_view::npos) return "its digest lacks the algorithm (`sha256:`)";
  const auto hex = digest.substr(colon + 1);
  if (hex.size() < 32) return "its digest is too short";
  for (char c : hex) {
    if (!isDigit(c) && !(c >= 'a' && c <= 'f')) return "its digest holds characters that are not hexadecimal";
  }
  return {};
}

}  // namespace

std::string imageFault(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (text.find(' ') != std::string_view::npos) return "a blank cannot stand in it";
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) return "an image has no scheme";
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    if (auto fault = digestFault(text.substr(at + 1)); !fault.empty()) return fault;
    text = text.substr(0, at);
  }
  const auto slash = text.rfind('/');
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    if (auto fault = tagFault(text.substr(colon + 1)); !fault.empty()) return fault;
    text = text.substr(0, colon);
  }
  const auto host = text.substr(0, text.find('/'));   // a host has a dot or a port
  bool first = host.size() < text.size() && (host.find_first_of(".:") != std::string_view::npos || host == "localhost");
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const auto end = std::min(text.find('/', begin), text.size());
    if (auto fault = repositoryFault(text.substr(begin, end - begin), first); !fault.empty()) return fault;
    first = false;
    begin = end + 1;
  }
  return {};
}

namespace {

struct CronField {
  std::string_view name;
  int low;
  int high;
  std::string_view words;  // three letters each, from `low`
};

constexpr std::array<CronField, 5> kCronFields{{
    {"minute", 0, 59, {}},
    {"hour", 0, 23, {}},
    {"day of the month", 1, 31, {}},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of the week", 0, 7, "sunmontuewedthufrisat"},
}};

std::optional<int> cronNumber(std::string_view text, const CronField& field) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  if (text.size() != 3) return std::nullopt;
  std::string lower;
  for (char c : text) lower.push_back(isUpper(c) ? static_cast<char>(c - 'A' + 'a') : c);
  for (std::size_t at = 0; at + 3 <= field.words.size(); at += 3) {
    if (field.words.substr(at, 3) == lower) return field.low + static_cast<int>(at / 3);
  }
  return std::nullopt;
}

std::string cronRangeFault(std::string_view item, const CronField& field) {
  auto range = item;
  if (const auto slash = item.find('/'); slash != std::string_view::npos) {
    int step = 0;
    const auto text = item.substr(slash + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (error != std::errc() || end != text.data() + text.size() || step < 1) {
      return fmt::format("the step `{}` of the {} is no number above 0", text, field.name);
    }
    range = item.substr(0, slash);
  }
  if (range == "*" || range == "?") return {};
  const auto dash = range.find('-');
  const auto low = cronNumber(range.substr(0, dash), field);
  const auto high = dash == std::string_view::npos ? low : cronNumber(range.substr(dash + 1), field);
  if (!low || !high) return fmt::format("`{}` is no {}", range, field.name);
  if (*low < field.low || *high > field.high) {
    return fmt::format("the {} `{}` is not in {}..{}", field.name, range, field.low, field.high);
  }
  if (*low > *high) return fmt::format("the {} `{}` runs backwards", field.name, range);
  return {};
}

}  // namespace

std::string cronFault(std::string_view text) {
  if (!text.empty() && text.front() == '@') {
    for (std::string_view known : {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}) {
      if (text == known) return {};
    }
    if (text.substr(0, 7) == "@every ") return {};
    return "the short forms are @yearly, @monthly, @weekly, @daily and @hourly";
  }
  if (text.find("TZ=") != std::string_view::npos) return "a CronJob's time zone stands in its own field";
  std::array<std::string_view, 6> fields;
  std::size_t count = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == '\t') {
      ++at;
      continue;
    }
    const auto end = std::min(text.find_first_of(" \t", at), text.size());
    if (count < fields.size()) fields[count] = text.substr(at, end - at);
    ++count;
    at = end;
  }
  if (count != 5) return fmt::format("it has {} fields; minute, hour, day of the month, month and day of the week are five", count);
  for (std::size_t i = 0; i < 5; ++i) {
    auto rest = fields[i];
    while (true) {
      const auto comma = rest.find(',');
      if (auto fault = cronRangeFault(rest.substr(0, comma), kCronFields[i]); !fault.empty()) return fault;
      if (comma == std::string_view::npos) break;
      rest = rest.substr(comma + 1);
    }
  }
  return {};
}

std::string portNameFault(std::string_view text) {
  if (text.empty()) return "it is empty";
  if (text.size() > 15) return fmt::format("it has {} characters, and 15 is the most for a port's name", text.size());
  if (auto fault = wrongCharacter(text, {}); !fault.empty()) return fault;
  if (auto fault = endsFault(text); !fault.empty()) return fault;
  bool letter = false;
  for (char c : text) letter = letter || isLower(c);
  if (!letter) return "it needs a letter";
  if (text.find("--") != std::string_view::npos) return "it has two `-` side by side";
  return {};
}

std::string objectNameFault(std::string_view api, std::string_view name) {
  const auto kind = api.substr(api.rfind('/') + 1);
  if (kind == "Service") return serviceFault(name);
  if (kind == "Namespace") return labelFault(name);
  if (kind == "Role" || kind == "ClusterRole" || kind == "RoleBinding" || kind == "ClusterRoleBinding") return segmentFault(name);
  if (auto fault = subdomainFault(name); !fault.empty()) return fault;
  std::size_t most = 253;
  if (kind == "CronJob" || kind == "StatefulSet") most = 52;  // names made of it carry a suffix, and end as labels of 63
  if (kind == "Job" || kind == "JobSet") most = 63;
  if (name.size() > most) {
    return fmt::format("it has {} characters; {} is the most, because pods carry it in a label", name.size(), most);
  }
  return {};
}

std::string slug(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (isUpper(c)) c = static_cast<char>(c - 'A' + 'a');
    if (isAlnum(c)) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != '-') {
      out.push_back('-');
    }
  }
  if (out.size() > 63) out.resize(63);
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

}  // namespace mlstack::sema::checks
