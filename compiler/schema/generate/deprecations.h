#pragma once
// APIs that Kubernetes 1.31 to 1.36 serve with a deprecation warning. The OpenAPI documents do not
// say it; the lifecycle markers of the API types do.

#include <string_view>

namespace mlstack::schemagen {

struct Deprecation {
  std::string_view apiVersion;
  std::string_view kind;        // "*": all of the group version
  int since = 0;                // minor
  int gone = 0;                 // minor from which it is not served; 0: not announced
  std::string_view successor;   // "group/version Kind", "group/version" with "*", or empty
};

inline constexpr Deprecation kDeprecations[] = {
    {"v1", "ComponentStatus", 19, 0, ""},
    {"v1", "Endpoints", 33, 0, "discovery.k8s.io/v1 EndpointSlice"},
    {"admissionregistration.k8s.io/v1alpha1", "ValidatingAdmissionPolicy", 28, 32, "admissionregistration.k8s.io/v1"},
    {"admissionregistration.k8s.io/v1alpha1", "ValidatingAdmissionPolicyBinding", 28, 32, "admissionregistration.k8s.io/v1"},
    {"admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy", 31, 34, "admissionregistration.k8s.io/v1"},
    {"admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicyBinding", 31, 34, "admissionregistration.k8s.io/v1"},
    {"authentication.k8s.io/v1alpha1", "*", 27, 32, "authentication.k8s.io/v1"},
    {"authentication.k8s.io/v1beta1", "*", 30, 33, "authentication.k8s.io/v1"},
    {"flowcontrol.apiserver.k8s.io/v1beta3", "*", 29, 32, "flowcontrol.apiserver.k8s.io/v1"},
    {"networking.k8s.io/v1beta1", "*", 34, 37, "networking.k8s.io/v1"},
    {"resource.k8s.io/v1beta1", "*", 35, 38, "resource.k8s.io/v1"},
    {"resource.k8s.io/v1beta2", "DeviceClass", 36, 39, "resource.k8s.io/v1"},
    {"resource.k8s.io/v1beta2", "ResourceClaim", 36, 39, "resource.k8s.io/v1"},
    {"resource.k8s.io/v1beta2", "ResourceClaimTemplate", 36, 39, "resource.k8s.io/v1"},
    {"resource.k8s.io/v1beta2", "ResourceSlice", 36, 39, "resource.k8s.io/v1"},
    {"storage.k8s.io/v1beta1", "VolumeAttributesClass", 34, 37, "storage.k8s.io/v1"},
};

}  // namespace mlstack::schemagen
