#include "backend/kubeconfig.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "diag/cluster.h"
#include "yaml/yaml.h"

namespace mlstack::backend {
namespace {

using diag::ClusterCode;
using diag::make;
using ir::Children;
using ir::Node;
using ir::NodeKind;

constexpr std::size_t kLargestFile = std::size_t{16} << 20;

/// Keys whose values may be shown. Addresses may hold a password and are shown without `@` only.
constexpr std::array<std::string_view, 24> kHarmless = {
    "apiVersion", "kind", "name", "cluster", "user", "namespace", "current-context", "contexts", "clusters", "users", "context",
    "certificate-authority", "client-certificate", "client-key", "tokenFile", "command", "interactiveMode", "insecure-skip-tls-verify",
    "tls-server-name", "server", "as", "disable-compression", "provideClusterInfo", "preferences"};

/// What a line may show: [0, n). A line is `indent [- ] key: value`; anything else is hidden but for its indent.
std::size_t shownLength(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && (line[at] == ' ' || line[at] == '-' || line[at] == '\t')) ++at;
  const auto first = at;
  while (at < line.size() && (std::isalnum(static_cast<unsigned char>(line[at])) != 0 || line[at] == '-')) ++at;
  const auto key = line.substr(first, at - first);
  if (at >= line.size() || line[at] != ':' || (at + 1 < line.size() && line[at + 1] != ' ' && line[at + 1] != '\r')) return first;
  if (key.size() > 40) return first;
  const auto value = line.substr(at + 1);
  const bool harmless = std::find(kHarmless.begin(), kHarmless.end(), key) != kHarmless.end();
  if (!harmless || value.find_first_of("@{[&*!|>") != std::string_view::npos) return at + 1;
  return line.size();
}

std::string_view textOf(const Node* node) {
  return node != nullptr && node->kind == NodeKind::String ? node->text() : std::string_view{};
}

}  // namespace

std::string withoutSecrets(std::string_view text) {
  std::string shown(text);
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto line = text.substr(begin, end - begin);
    for (auto at = begin + shownLength(line); at < end; ++at) {
      if (shown[at] != ' ' && shown[at] != '\r') shown[at] = '*';
    }
    begin = end + 1;
  }
  return shown;
}

bool KubeconfigReader::read(const std::string& path, bool required, Kubeconfig& into) {
  std::error_code error;
  if (!required && !std::filesystem::exists(path, error) && !error) return true;
  base::ReadError why;
  auto text = base::readFile(path, why, kLargestFile);
  if (!text) {
    auto d = make<ClusterCode::KubeconfigUnreadable>({}, path, why.message);
    d.file = path;
    sink_.add(std::move(d));
    return false;
  }
  into.files.push_back(path);
  const auto& shown = sources_.add(path, withoutSecrets(*text));
  base::SourceFile real;   // the same places, the real bytes; seen by the reader alone
  real.name = path;
  real.text = std::move(*text);
  real.begin = shown.begin;
  diag::Sink found;
  yaml::Limits limits;
  limits.maxNodes = 1'000'000;
  limits.lastKeyCounts = true;
  const auto documents = yaml::readDocuments(real, symbols_, builder_, found, limits);
  for (auto d : found.all()) {
    // These quote the file: an alias or a tag may be the beginning of a password that wants quotes.
    using diag::Code;
    if (d.code == Code::YamlUnknownAlias || d.code == Code::YamlTag || d.code == Code::YamlTagMismatch || d.code == Code::YamlRecursiveAlias) {
      const auto place = d.span;
      d = make<ClusterCode::KubeconfigForm>(place, "*, &, !", "in quotes: `*`, `&` and `!` at its beginning mean something else in YAML");
    }
    d.fixes.clear();
    sink_.add(std::move(d));
  }
  if (found.hasErrors()) return false;
  const auto folder = std::filesystem::absolute(path, error).parent_path().string();
  const auto before = sink_.errorCount();
  if (!documents.empty()) take(*documents.front(), folder, into);
  return sink_.errorCount() == before;
}

void KubeconfigReader::take(const Node& document, const std::string& folder, Kubeconfig& into) {
  if (document.kind != NodeKind::Map) {
    sink_.add(make<ClusterCode::KubeconfigForm>(document.span, "a kubeconfig", "a map with `clusters`, `users` and `contexts`"));
    return;
  }
  for (const auto& field : Children(&document)) {
    const auto key = symbols_.text(field.key);
    if (key == "kind" && textOf(&field) != "Config") {
      sink_.add(make<ClusterCode::KubeconfigForm>(field.span, key, "`Config`: this file is no kubeconfig"));
    } else if (key == "clusters") {
      takeList(field, key, "cluster", folder, into.clusters);
    } else if (key == "users") {
      takeList(field, key, "user", folder, into.users);
    } else if (key == "contexts") {
      takeList(field, key, "context", folder, into.contexts);
    } else if (key == "current-context" && field.kind != NodeKind::Null) {
      if (field.kind != NodeKind::String) {
        sink_.add(make<ClusterCode::KubeconfigForm>(field.span, key, "a text"));
      } else if (into.currentContext.empty()) {
        into.currentContext = field.text();
        into.currentSpan = field.span;
      }
    }
  }
}

void KubeconfigReader::takeList(const Node& list, std::string_view key, std::string_view bodyKey, const std::string& folder,
                                std::map<std::string, KubeconfigEntry, std::less<>>& into) {
  if (list.kind == NodeKind::Null) return;
  if (list.kind != NodeKind::List) {
    sink_.add(make<ClusterCode::KubeconfigForm>(list.span, key, fmt::format("a list of entries with `name` and `{}`", bodyKey)));
    return;
  }
  std::map<std::string, base::Span, std::less<>> here;
  for (const auto& item : Children(&list)) {
    const auto* name = ir::findPath(&item, "name", symbols_);
    const auto* body = ir::findPath(&item, bodyKey, symbols_);
    if (item.kind != NodeKind::Map || (name != nullptr && name->kind != NodeKind::String)) {
      sink_.add(make<ClusterCode::KubeconfigForm>(name != nullptr ? name->span : item.span, fmt::format("name` of an entry of `{}", key), "a text"));
      continue;
    }
    if (body != nullptr && body->kind != NodeKind::Map && body->kind != NodeKind::Null) {
      sink_.add(make<ClusterCode::KubeconfigForm>(body->span, bodyKey, "a map"));
      continue;
    }
    const auto place = name != nullptr ? name->span : item.span;
    std::string text(textOf(name));
    const auto [first, fresh] = here.emplace(text, place);
    if (!fresh) {
      sink_.add(make<ClusterCode::KubeconfigConflict>(place, fmt::format("`{}`", key), fmt::format("two entries named `{}`", text))
                    .note(first->second, "the first one stands here"));
      continue;
    }
    into.emplace(std::move(text), KubeconfigEntry{body != nullptr && body->kind == NodeKind::Map ? body : nullptr, place, folder});
  }
}

}  // namespace mlstack::backend
