#pragma once
// The forms that Kubernetes asks of texts: names, keys, labels, paths, addresses.
// Kubernetes: staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go and
// pkg/apis/core/validation/validation.go.

#include <cstdint>
#include <string>
#include <string_view>

namespace mlstack::storage {

enum class Form : std::uint8_t {
  DnsLabel,            // 63 of a-z 0-9 -, begins and ends with a letter or digit
  ServiceLabel,        // likewise, and begins with a letter (RFC 1035)
  DnsSubdomain,        // 253, labels parted by dots
  DnsSearch,           // a subdomain that may have `_`; "." alone; a dot at its end
  HostOrWildcard,      // a subdomain, or `*.` and one
  PathSegment,         // what can stand between two `/` of an address
  LabelKey,            // [prefix/]name
  AnnotationKey,       // a label's key in any case
  LabelValue,
  Qualified,           // [prefix/]name of a condition, gate, resource
  Finalizer,           // qualified with a prefix, or one of the core's own
  DomainPath,          // prefix/path, both there
  PortName,            // 15 of a-z 0-9 -, one letter at least
  EnvName,
  LaxEnvName,          // printable ASCII without `=`
  ConfigKey,
  DriverName,          // a subdomain in any case, 63
  Provisioner,         // a qualified name in any case
  SysctlName,
  HeaderName,
  AbsolutePath,
  RelativePath,        // not absolute, no `..`
  LocalPath,           // likewise, and does not begin with `..`
  NoBacksteps,         // no `..`
  SlashPath,           // of an ingress: begins with `/`, no `//`, `/./`, `/../`
  Ip,
  Cidr,
  ClusterIp,           // an IP, "None" or ""
  IscsiName,
  Medium,              // of an emptyDir
  HostPathType,
  SeccompPath,
  TimeZone,
  Schedule,            // of a CronJob
  Indexes              // "0,3-5" of a Job's success policy
};

/// Why `text` is not of that form, as the end of a sentence ("`_` cannot stand in a DNS label (…)"); empty when it is.
[[nodiscard]] std::string faultOf(Form form, std::string_view text);

/// Whether the time zone database has that name (https://www.iana.org/time-zones, with its backward links).
[[nodiscard]] bool isTimeZone(std::string_view name);
/// The name that may be meant; empty when none is near.
[[nodiscard]] std::string nearestTimeZone(std::string_view name);

/// What `text` most likely stands for in that form; empty when nothing can be said.
[[nodiscard]] std::string mended(Form form, std::string_view text);

}  // namespace mlstack::storage
