#pragma once
// Written forms that Kubernetes checks. Each returns what is wrong with the text, or an empty text.

#include <string>
#include <string_view>

namespace mlstack::sema::checks {

/// DNS-1123 label: pods' containers, namespaces.
[[nodiscard]] std::string labelFault(std::string_view text);
/// DNS-1123 subdomain: most objects.
[[nodiscard]] std::string subdomainFault(std::string_view text);
/// DNS-1035 label: services.
[[nodiscard]] std::string serviceFault(std::string_view text);
/// What may stand in a URL path: roles and bindings.
[[nodiscard]] std::string segmentFault(std::string_view text);
[[nodiscard]] std::string pathFault(std::string_view text);
[[nodiscard]] std::string imageFault(std::string_view text);
[[nodiscard]] std::string cronFault(std::string_view text);
/// IANA service name: a port's name.
[[nodiscard]] std::string portNameFault(std::string_view text);
/// How an object of this kind ("v1/Service") may be named.
[[nodiscard]] std::string objectNameFault(std::string_view api, std::string_view name);
/// A DNS-1123 label made of any text (`slug`).
[[nodiscard]] std::string slug(std::string_view text);

}  // namespace mlstack::sema::checks
