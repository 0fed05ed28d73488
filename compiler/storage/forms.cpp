#include "storage/forms.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace mlstack::storage {

namespace {

enum Class : std::uint8_t { Lower = 1, Upper = 2, Digit = 4, Dash = 8, Dot = 16, Underscore = 32 };

constexpr std::uint8_t classIn(char c) {
  if (c >= 'a' && c <= 'z') return Lower;
  if (c >= 'A' && c <= 'Z') return Upper;
  if (c >= '0' && c <= '9') return Digit;
  if (c == '-') return Dash;
  if (c == '.') return Dot;
  if (c == '_') return Underscore;
  return 0;
}

constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t i = 0; i < classes.size(); ++i) classes[i] = classIn(static_cast<char>(i));
  return classes;
}();

std::uint8_t classOf(char c) { return kClasses[static_cast<unsigned char>(c)]; }

constexpr std::uint8_t kAlnum = Lower | Upper | Digit;

/// A form that is a set of characters, a length, and what may stand at its ends.
struct Plain {
  std::string_view noun;       // "a DNS label"
  std::string_view alphabet;   // for people
  std::uint8_t classes;
  std::size_t most;
  std::uint8_t first;          // classes of the first character
  std::uint8_t last;
  bool parted;                 // each part between dots begins and ends so
};

constexpr Plain kDnsLabel{"a DNS label", "lower-case letters, digits and `-`", Lower | Digit | Dash, 63, Lower | Digit, Lower | Digit, false};
constexpr Plain kServiceLabel{"a DNS label that begins with a letter", "lower-case letters, digits and `-`", Lower | Digit | Dash, 63, Lower, Lower | Digit, false};
constexpr Plain kSubdomain{"a DNS subdomain", "lower-case letters, digits, `-` and `.`", Lower | Digit | Dash | Dot, 253, Lower | Digit, Lower | Digit, true};
constexpr Plain kSearch{"a search domain", "lower-case letters, digits, `-`, `_` and `.`", Lower | Digit | Dash | Dot | Underscore, 253,
                        Lower | Digit | Underscore, Lower | Digit | Underscore, true};
constexpr Plain kLabelName{"the name of a key", "letters, digits, `-`, `_` and `.`", kAlnum | Dash | Dot | Underscore, 63, kAlnum, kAlnum, false};
constexpr Plain kLabelValue{"a label's value", "letters, digits, `-`, `_` and `.`", kAlnum | Dash | Dot | Underscore, 63, kAlnum, kAlnum, false};
constexpr Plain kConfigKey{"a key", "letters, digits, `-`, `_` and `.`", kAlnum | Dash | Dot | Underscore, 253, 0xff, 0xff, false};
constexpr Plain kPortName{"a port's name", "lower-case letters, digits and `-`", Lower | Digit | Dash, 15, Lower | Digit, Lower | Digit, false};
constexpr Plain kEnvName{"an environment variable's name", "letters, digits, `_`, `-` and `.`", kAlnum | Dash | Dot | Underscore, 0xffff,
                         Lower | Upper | Dash | Dot | Underscore, 0xff, false};

std::string shown(char c) {
  if (c == ' ') return "a space";
  if (static_cast<unsigned char>(c) >= 0x80) return "a letter beyond ASCII";
  if (std::iscntrl(static_cast<unsigned char>(c))) return "a control character";
  return fmt::format("`{}`", c);
}

std::string classesText(std::uint8_t classes) {
  if (classes == Lower) return "a lower-case letter";
  if ((classes & Digit) == 0) return "no digit";
  return classes & Underscore ? "a letter, digit or `_`" : "a letter or digit";
}

std::string ends(const Plain& form, std::string_view part) {
  if (part.empty()) return form.parted ? fmt::format("a part of {} between two dots is empty", form.noun) : fmt::format("{} is never empty", form.noun);
  if (form.first == Lower && classOf(part.front()) != Lower) return "it must begin with a letter";
  if ((classOf(part.front()) & form.first) == 0) return fmt::format("{} begins with {}", form.noun, classesText(form.first));
  if ((classOf(part.back()) & form.last) == 0) return fmt::format("{} ends with {}", form.noun, classesText(form.last));
  return {};
}

std::string fault(const Plain& form, std::string_view text) {
  if (text.size() > form.most) return fmt::format("{} has {} characters at most, and this has {}", form.noun, form.most, text.size());
  for (const char c : text)
    if ((classOf(c) & form.classes) == 0) return fmt::format("{} has {} only, not {}", form.noun, form.alphabet, shown(c));
  if (!form.parted) return ends(form, text);
  for (std::size_t from = 0; from <= text.size();) {
    const auto dot = std::min(text.find('.', from), text.size());
    if (auto why = ends(form, text.substr(from, dot - from)); !why.empty()) return why;
    from = dot + 1;
  }
  return {};
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// [prefix/]name
std::string qualifiedFault(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return fault(kLabelName, text);
  if (text.find('/', slash + 1) != std::string_view::npos) return "a key has one `/` at most, between a DNS subdomain and a name";
  if (slash == 0) return "there is no prefix before the `/`";
  if (auto why = fault(kSubdomain, text.substr(0, slash)); !why.empty()) return "its prefix: " + why;
  return fault(kLabelName, text.substr(slash + 1));
}

bool hasBackstep(std::string_view path) {
  for (std::size_t from = 0; from <= path.size();) {
    const auto slash = std::min(path.find('/', from), path.size());
    if (path.substr(from, slash - from) == "..") return true;
    from = slash + 1;
  }
  return false;
}

std::string relativeFault(std::string_view path) {
  if (path.starts_with('/')) return "it must be relative: without a `/` in front";
  return hasBackstep(path) ? "it may not leave the volume by `..`" : "";
}

std::string portNameFault(std::string_view text) {
  if (auto why = fault(kPortName, text); !why.empty()) return why;
  if (text.find("--") != std::string_view::npos) return "a port's name has no two `-` in a row";
  const bool letter = std::any_of(text.begin(), text.end(), [](char c) { return classOf(c) == Lower; });
  return letter ? "" : "a port's name has one letter at least";
}

std::optional<int> number(std::string_view text, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0 || value > most) return std::nullopt;
  return value;
}

bool isIpv4(std::string_view text) {
  int parts = 0;
  for (std::size_t from = 0; from <= text.size(); ++parts) {
    const auto dot = std::min(text.find('.', from), text.size());
    const auto part = text.substr(from, dot - from);
    if (part.size() > 3 || !number(part, 255)) return false;
    from = dot + 1;
  }
  return parts == 4;
}

bool isIpv6(std::string_view text) {
  int groups = 0;
  bool gap = false;
  std::size_t at = 0;
  if (text.starts_with("::")) gap = true, at = 2;
  while (at < text.size()) {
    const auto colon = std::min(text.find(':', at), text.size());
    const auto group = text.substr(at, colon - at);
    if (group.find('.') != std::string_view::npos) return colon == text.size() && isIpv4(group) && (gap ? groups <= 5 : groups == 6);
    if (group.empty() || group.size() > 4) return false;
    if (!std::all_of(group.begin(), group.end(), [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; })) return false;
    ++groups;
    if (colon == text.size()) break;
    at = colon + 1;
    if (at == text.size()) return false;
    if (text[at] == ':') {
      if (gap) return false;
      gap = true;
      if (++at == text.size()) break;
    }
  }
  return gap ? groups <= 7 : groups == 8;
}

bool isIp(std::string_view text) { return isIpv4(text) || isIpv6(text); }

bool isCidr(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const auto address = text.substr(0, slash);
  const auto length = text.substr(slash + 1);
  return (isIpv4(address) && number(length, 32)) || (isIpv6(address) && number(length, 128));
}

std::string hostFault(std::string_view text) {
  if (isIpv4(text) || isIpv6(text)) return "it must be a DNS name, not an address";
  return fault(kSubdomain, text.starts_with("*.") ? text.substr(2) : text);
}

std::string slashPathFault(std::string_view text) {
  if (!text.starts_with('/')) return "it must begin with `/`";
  for (const std::string_view part : {"//", "/./", "/../", "%2f", "%2F"})
    if (text.find(part) != std::string_view::npos) return fmt::format("it may not hold `{}`", part);
  return text.ends_with("/..") || text.ends_with("/.") ? "it may not end with `/.` or `/..`" : "";
}

bool isIscsiName(std::string_view text) {
  const auto rest = text.substr(std::min<std::size_t>(text.size(), 4));
  const auto alnum = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(), [](char c) { return (classOf(c) & kAlnum) != 0; });
  };
  if (text.starts_with("eui.")) return rest.size() == 16 && alnum(rest);
  if (text.starts_with("naa.")) return rest.size() == 32 && alnum(rest);
  if (!text.starts_with("iqn.")) return false;
  // iqn.YYYY-MM.reversed.domain:name
  if (rest.size() < 10 || rest[4] != '-' || rest[7] != '.' || !number(rest.substr(0, 4), 9999) || !number(rest.substr(5, 2), 99)) return false;
  const auto colon = rest.find(':');
  return colon != std::string_view::npos && colon > 8 && colon + 1 < rest.size();
}

// ---- cron: github.com/robfig/cron ParseStandard -------------------------------------------------------------------

struct CronField {
  std::string_view noun;
  int low;
  int high;
  std::string_view names;   // "jan feb …", from `low` on
};

constexpr std::array<CronField, 5> kCron{{{"minute", 0, 59, ""},
                                          {"hour", 0, 23, ""},
                                          {"day of the month", 1, 31, ""},
                                          {"month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"},
                                          {"day of the week", 0, 6, "sun mon tue wed thu fri sat"}}};

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find(by, from), text.size());
    parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  std::size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
    const auto from = at;
    while (at < text.size() && text[at] != ' ' && text[at] != '\t') ++at;
    if (at > from) found.push_back(text.substr(from, at - from));
  }
  return found;
}

std::optional<int> cronNumber(const CronField& field, std::string_view text) {
  int at = field.low;
  if (!field.names.empty())
    for (const auto name : words(field.names)) {
      if (name == lowered(text)) return at;
      ++at;
    }
  return number(text, 1'000'000);
}

std::string cronPart(const CronField& field, std::string_view part) {
  const auto stepAt = part.find('/');
  const auto range = part.substr(0, stepAt);
  if (stepAt != std::string_view::npos) {
    const auto step = number(part.substr(stepAt + 1), 1'000'000);
    if (!step) return fmt::format("`{}` is no step of the {}", part, field.noun);
    if (*step == 0) return fmt::format("the step of the {} is 0", field.noun);
  }
  if (range == "*" || range == "?") return {};
  const auto dash = range.find('-');
  const auto first = cronNumber(field, range.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : cronNumber(field, range.substr(dash + 1));
  if (!first || !last) return fmt::format("`{}` is no {}", range, field.noun);
  if (*first < field.low || *last > field.high)
    return fmt::format("the {} goes from {} to {}, and this says {}", field.noun, field.low, field.high, *first < field.low ? *first : *last);
  if (*first > *last) return fmt::format("the {} goes backwards in `{}`", field.noun, range);
  return {};
}

std::string everyFault(std::string_view text) {
  // Go's time.ParseDuration, roughly: digits and units in turn.
  bool unit = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto from = at;
    while (at < text.size() && (classOf(text[at]) == Digit || text[at] == '.')) ++at;
    if (at == from) return "`@every` takes a duration such as 1h30m";
    const auto unitFrom = at;
    while (at < text.size() && classOf(text[at]) == Lower) ++at;
    const auto word = text.substr(unitFrom, at - unitFrom);
    if (word != "h" && word != "m" && word != "s" && word != "ms" && word != "us" && word != "ns") return "`@every` takes a duration such as 1h30m";
    unit = true;
  }
  return unit ? "" : "`@every` takes a duration such as 1h30m";
}

std::string scheduleFault(std::string_view text) {
  if (text.find("TZ=") != std::string_view::npos) return "a time zone belongs in `timeZone`, not in the schedule";
  if (text.starts_with('@')) {
    for (const std::string_view known : {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
      if (text == known) return {};
    if (text.starts_with("@every ")) return everyFault(text.substr(7));
    return "no such word is known: there are @yearly, @monthly, @weekly, @daily, @hourly and @every DURATION";
  }
  const auto fields = words(text);
  if (fields.size() != kCron.size())
    return fmt::format("a schedule has five fields (minute, hour, day, month, weekday), and this has {}", fields.size());
  for (std::size_t i = 0; i < kCron.size(); ++i)
    for (const auto part : split(fields[i], ','))
      if (auto why = cronPart(kCron[i], part); !why.empty()) return why;
  return {};
}

std::string timeZoneFault(std::string_view text) {
  if (lowered(text) == "local") return "a zone has a name, such as Europe/Berlin or Etc/UTC: the node's own is not taken";
  if (text.starts_with('/') || hasBackstep(text)) return "a zone's name is like Europe/Berlin";
  for (const char c : text)
    if ((classOf(c) & (kAlnum | Dash | Underscore)) == 0 && c != '/' && c != '+') return fmt::format("a zone's name is like Europe/Berlin, without {}", shown(c));
  return {};
}

std::string indexesFault(std::string_view text) {
  int last = -1;
  for (const auto part : split(text, ',')) {
    const auto dash = part.find('-');
    const auto from = number(part.substr(0, dash), 1'000'000'000);
    const auto to = dash == std::string_view::npos ? from : number(part.substr(dash + 1), 1'000'000'000);
    if (!from || !to) return fmt::format("`{}` is no index nor a range such as 2-5", part);
    if (*from <= last || *to < *from) return "indexes rise";
    last = *to;
  }
  return {};
}

std::string sysctlFault(std::string_view text) {
  if (text.size() > 253) return "a sysctl's name has 253 characters at most";
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find_first_of("./", from), text.size());
    const auto part = text.substr(from, end - from);
    const bool whole = !part.empty() && (classOf(part.front()) & (Lower | Digit)) && (classOf(part.back()) & (Lower | Digit)) &&
                       std::all_of(part.begin(), part.end(), [](char c) { return (classOf(c) & (Lower | Digit | Dash | Underscore)) != 0; });
    if (!whole) return "a sysctl's name has parts of lower-case letters, digits, `-` and `_`, with a dot between two";
    from = end + 1;
  }
  return {};
}

std::string finalizerFault(std::string_view text) {
  if (auto why = qualifiedFault(text); !why.empty()) return why;
  if (text.find('/') != std::string_view::npos) return {};
  for (const std::string_view own : {"kubernetes", "orphan", "foregroundDeletion"})
    if (text == own) return {};
  return "a finalizer has a prefix: example.com/name";
}

std::string segmentFault(std::string_view text) {
  if (text == "." || text == "..") return "it cannot be `.` or `..`";
  for (const char c : {'/', '%'})
    if (text.find(c) != std::string_view::npos) return fmt::format("it may not hold `{}`", c);
  return {};
}

std::string domainPathFault(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) return "it has a domain and a path: example.com/name";
  return fault(kSubdomain, text.substr(0, slash));
}

std::string headerFault(std::string_view text) {
  for (const char c : text)
    if ((classOf(c) & (kAlnum | Dash)) == 0) return fmt::format("a header's name has letters, digits and `-` only, not {}", shown(c));
  return text.empty() ? "a header has a name" : "";
}

std::string laxEnvFault(std::string_view text) {
  for (const char c : text) {
    if (c == '=') return "an environment variable's name has no `=`";
    if (c < 0x20 || c > 0x7e) return fmt::format("an environment variable's name has printable ASCII only, not {}", shown(c));
  }
  return {};
}

std::string envFault(std::string_view text) {
  if (text == "." || text == ".." || text.starts_with("..")) return "an environment variable's name does not begin with `..`";
  return fault(kEnvName, text);
}

std::string configKeyFault(std::string_view text) {
  if (text == "." || text.starts_with("..")) return "a key is not `.` and does not begin with `..`";
  if (text.empty()) return "a key is never empty";
  return fault(kConfigKey, text);
}

std::string mediumFault(std::string_view text) {
  if (text == "Memory" || text == "HugePages" || text.starts_with("HugePages-")) return {};
  return "the kubelet knows \"\", Memory, HugePages and HugePages-SIZE";
}

std::string searchFault(std::string_view text) {
  if (text == ".") return {};
  if (text.ends_with('.')) text.remove_suffix(1);
  return fault(kSearch, text);
}

std::string hostPathTypeFault(std::string_view text) {
  constexpr std::array<std::string_view, 7> known{"DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"};
  if (std::find(known.begin(), known.end(), text) != known.end()) return {};
  return fmt::format("Kubernetes knows {}", fmt::join(known, ", "));
}

std::string driverFault(std::string_view text) {
  if (text.size() > 63) return fmt::format("a driver's name has 63 characters at most, and this has {}", text.size());
  return fault(kSubdomain, lowered(text));
}

}  // namespace

std::string faultOf(Form form, std::string_view text) {
  switch (form) {
    case Form::DnsLabel: return fault(kDnsLabel, text);
    case Form::ServiceLabel: return fault(kServiceLabel, text);
    case Form::DnsSubdomain: return fault(kSubdomain, text);
    case Form::DnsSearch: return searchFault(text);
    case Form::HostOrWildcard: return hostFault(text);
    case Form::PathSegment: return segmentFault(text);
    case Form::LabelKey:
    case Form::Qualified: return qualifiedFault(text);
    case Form::AnnotationKey:
    case Form::Provisioner: return qualifiedFault(lowered(text));
    case Form::LabelValue: return text.empty() ? "" : fault(kLabelValue, text);
    case Form::Finalizer: return finalizerFault(text);
    case Form::DomainPath: return domainPathFault(text);
    case Form::PortName: return portNameFault(text);
    case Form::EnvName: return envFault(text);
    case Form::LaxEnvName: return laxEnvFault(text);
    case Form::ConfigKey: return configKeyFault(text);
    case Form::DriverName: return driverFault(text);
    case Form::SysctlName: return sysctlFault(text);
    case Form::HeaderName: return headerFault(text);
    case Form::AbsolutePath: return text.starts_with('/') ? "" : "it must be absolute: begin with `/`";
    case Form::RelativePath:
    case Form::SeccompPath: return relativeFault(text);
    case Form::LocalPath:
      if (auto why = relativeFault(text); !why.empty()) return why;
      return text.starts_with("..") ? "it may not begin with `..`" : "";
    case Form::NoBacksteps: return hasBackstep(text) ? "it may not hold `..`" : "";
    case Form::SlashPath: return slashPathFault(text);
    case Form::Ip: return isIp(text) ? "" : "it must be an IP address";
    case Form::Cidr: return isCidr(text) ? "" : "it must be a range of addresses such as 10.0.0.0/8";
    case Form::ClusterIp: return text == "None" || isIp(text) ? "" : "it must be an IP address, `None` or empty";
    case Form::IscsiName: return isIscsiName(text) ? "" : "it must be an iSCSI name such as iqn.2001-04.com.example:storage.disk1";
    case Form::Medium: return mediumFault(text);
    case Form::HostPathType: return hostPathTypeFault(text);
    case Form::TimeZone: return timeZoneFault(text);
    case Form::Schedule: return scheduleFault(text);
    case Form::Indexes: return indexesFault(text);
  }
  return {};
}

std::string mended(Form form, std::string_view text) {
  const bool label = form == Form::DnsLabel || form == Form::ServiceLabel || form == Form::PortName;
  if (!label && form != Form::DnsSubdomain) return {};
  std::string out;
  for (const char c : lowered(text)) {
    const bool stays = (classOf(c) & (Lower | Digit)) != 0 || (!label && c == '.');
    if (stays) out += c;
    else if (!out.empty() && out.back() != '-' && out.back() != '.') out += '-';
  }
  const std::size_t most = form == Form::PortName ? 15 : label ? 63 : 253;
  if (out.size() > most) out.resize(most);
  while (!out.empty() && (classOf(out.back()) & (Lower | Digit)) == 0) out.pop_back();
  return out == text || !faultOf(form, out).empty() ? std::string() : out;
}

}  // namespace mlstack::storage
