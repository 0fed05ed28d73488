// Claims of devices.
// Kubernetes: pkg/apis/resource/validation/validation.go, validateDeviceClaim.

#include <algorithm>

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

/// What one request asks for: itself up to v1beta1, below `exactly` or one of `firstAvailable` since.
void exactRequest(Judge& judge, const Node& request) {
  const auto* mode = judge.keys.at<"allocationMode">(&request);
  const auto* count = judge.keys.at<"count">(&request);
  const auto word = textOf(mode);
  if (!word.empty() && word != "ExactCount" && word != "All") return judge.sayWord(*mode, judge.path("allocationMode"), "ExactCount or All");
  const auto number = intOf(count);
  if (!number) return;
  if (word == "All" && *number != 0) judge.sayRefused(*count, judge.path("count"), "with `allocationMode` All: all devices that fit are taken");
  else if (word != "All" && *number < 1) judge.sayRange(*count, judge.path("count"), "1 or more");
}

void requestItself(Judge& judge, const Node& request) {
  if (!judge.keys.at<"exactly">(&request) && !judge.keys.at<"firstAvailable">(&request)) exactRequest(judge, request);
}

/// What a constraint or a setting holds for: "gpu", or "gpu/small" for one of several that would do.
void namesOfRequests(Judge& judge, const Node& devices) {
  std::vector<std::string> known;
  for (const auto& request : ir::Children(judge.keys.at<"requests">(&devices))) {
    const auto name = judge.keys.text<"name">(&request);
    known.emplace_back(name);
    for (const auto& other : ir::Children(judge.keys.at<"firstAvailable">(&request))) known.push_back(fmt::format("{}/{}", name, judge.keys.text<"name">(&other)));
  }
  const auto check = [&](const Node* list, std::string_view field) {
    std::size_t index = 0;
    for (const auto& entry : ir::Children(list)) {
      const auto at = index++;
      std::size_t place = 0;
      for (const auto& name : ir::Children(judge.keys.at<"requests">(&entry))) {
        const auto number = place++;
        if (isText(&name) && std::find(known.begin(), known.end(), name.text()) == known.end())
          judge.sayWord(name, judge.path(field, at, "requests", number), fmt::format("names of its requests: {}", fmt::join(known, ", ")));
      }
    }
  };
  check(judge.keys.at<"constraints">(&devices), "constraints");
  check(judge.keys.at<"config">(&devices), "config");
}

constexpr Row kExactRows[] = {
    has("", "deviceClassName"),
    is("deviceClassName", Form::DnsSubdomain),
    call("", exactRequest),
    most("selectors", 32),
    most("tolerations", 16),
};
constexpr Shape kExact{kExactRows};

constexpr Row kDevicesRows[] = {
    most("requests", 32),
    most("constraints", 32),
    most("config", 32),
    is("requests[].name", Form::DnsLabel),
    atMostOneOf("requests[]", "exactly firstAvailable"),
    call("requests[]", requestItself),
    use("requests[].exactly", kExact),
    use("requests[].firstAvailable[]", kExact),
    is("requests[].firstAvailable[].name", Form::DnsLabel),
    most("requests[].firstAvailable", 8),
    is("constraints[].matchAttribute", Form::Qualified),
    call("", namesOfRequests),
};
constexpr Shape kDevices{kDevicesRows};

constexpr Row kDeviceClaimRows[] = {
    use("spec.devices", kDevices),
};
constexpr Row kDeviceClaimTemplateRows[] = {
    use("spec.metadata", kTemplateMeta),
    use("spec.spec.devices", kDevices),
};

}  // namespace

const Shape kDeviceClaim{kDeviceClaimRows};
const Shape kDeviceClaimTemplate{kDeviceClaimTemplateRows};

}  // namespace mlstack::storage::admission
