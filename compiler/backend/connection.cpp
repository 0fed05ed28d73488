#include "backend/connection.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "backend/address.h"
#include "backend/api.h"
#include "backend/credentials.h"
#include "backend/kubeconfig.h"
#include "diag/cluster.h"

namespace mlstack::backend {
namespace {

using diag::ClusterCode;
using diag::make;
using ir::Children;
using ir::Node;
using ir::NodeKind;

constexpr std::string_view kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";
constexpr std::size_t kLargestPem = std::size_t{4} << 20;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::vector<std::string> kubeconfigPaths(const ConnectionOptions& options) {
  if (!options.kubeconfig.empty()) return {options.kubeconfig};
  std::vector<std::string> paths;
  const auto list = environment("KUBECONFIG");
  for (std::size_t begin = 0; begin <= list.size() && !list.empty();) {
    const auto end = std::min(list.find(':', begin), list.size());
    auto path = list.substr(begin, end - begin);
    if (!path.empty() && std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(std::move(path));
    begin = end + 1;
  }
  if (list.empty()) {
    if (const auto home = environment("HOME"); !home.empty()) paths.push_back(home + "/.kube/config");
  }
  return paths;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "`" : ", `") + part + "`";
  return text;
}

/// One map of a kubeconfig, read field by field. Every complaint has its place and no value.
class Fields {
 public:
  Fields(const KubeconfigEntry& entry, std::string owner, base::SymbolTable& symbols, diag::Sink& sink)
      : body_(entry.body), place_(entry.place), folder_(entry.folder), owner_(std::move(owner)), symbols_(symbols), sink_(sink) {}
  Fields(const Fields& outer, const Node& body) : body_(&body), place_(body.span), folder_(outer.folder_), owner_(outer.owner_), symbols_(outer.symbols_), sink_(outer.sink_) {}

  [[nodiscard]] const Node* node(std::string_view key) const {
    for (const auto& field : Children(body_)) {
      if (symbols_.text(field.key) == key && field.kind != NodeKind::Null) return &field;
    }
    return nullptr;
  }
  [[nodiscard]] base::Span spanOf(std::string_view key) const {
    const auto* found = node(key);
    return found != nullptr ? found->span : place_;
  }
  [[nodiscard]] std::string text(std::string_view key) const {
    const auto* found = node(key);
    if (found == nullptr) return {};
    if (found->kind == NodeKind::String) return std::string(found->text());
    sink_.add(make<ClusterCode::KubeconfigForm>(found->span, key, "a text")
                  .hint(found->isContainer() ? "" : "put it in quotes: without them YAML reads a number or a boolean"));
    return {};
  }
  [[nodiscard]] bool truth(std::string_view key) const {
    const auto* found = node(key);
    if (found == nullptr) return false;
    if (found->kind != NodeKind::Bool) sink_.add(make<ClusterCode::KubeconfigForm>(found->span, key, "`true` or `false`"));
    return found->kind == NodeKind::Bool && found->boolean;
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const { return textsOf(node(key), key); }
  [[nodiscard]] std::vector<std::string> textsOf(const Node* list, std::string_view key) const {
    std::vector<std::string> result;
    if (list == nullptr) return result;
    if (list->kind != NodeKind::List) sink_.add(make<ClusterCode::KubeconfigForm>(list->span, key, "a list of texts"));
    for (const auto& item : Children(list->kind == NodeKind::List ? list : nullptr)) {
      if (item.kind == NodeKind::String) result.emplace_back(item.text());
      else sink_.add(make<ClusterCode::KubeconfigForm>(item.span, key, "a list of texts"));
    }
    return result;
  }
  [[nodiscard]] std::string path(std::string_view key) const {
    auto text = this->text(key);
    return text.empty() || text.front() == '/' ? text : (std::filesystem::path(folder_) / text).lexically_normal().string();
  }
  /// `KEY-data` in base64, or the file that `KEY` names.
  [[nodiscard]] std::string pem(const std::string& key) const {
    const auto dataKey = key + "-data";
    const auto data = text(dataKey);
    const auto file = path(key);
    if (!data.empty() && !file.empty()) {
      sink_.add(make<ClusterCode::KubeconfigConflict>(spanOf(key), owner_, fmt::format("`{}` and `{}`", key, dataKey)));
      return {};
    }
    if (!data.empty()) {
      std::string bytes;
      if (!decodeBase64(data, bytes)) {
        sink_.add(make<ClusterCode::KubeconfigForm>(spanOf(dataKey), dataKey, "base64 of a file in PEM form"));
        return {};
      }
      return checked(std::move(bytes), dataKey, dataKey);
    }
    if (file.empty()) return {};
    base::ReadError why;
    auto bytes = base::readFile(file, why, kLargestPem);
    if (!bytes) {
      sink_.add(make<ClusterCode::KubeconfigFile>(spanOf(key), key, file, why.message));
      return {};
    }
    return checked(std::move(*bytes), key, file);
  }
  void missing(std::string_view key) const { sink_.add(make<ClusterCode::KubeconfigMissing>(place_, owner_, key)); }
  void conflict(base::Span span, std::string what) const { sink_.add(make<ClusterCode::KubeconfigConflict>(span, owner_, std::move(what))); }
  void add(diag::Diagnostic d) const { sink_.add(std::move(d)); }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] const std::string& owner() const { return owner_; }
  [[nodiscard]] base::SymbolTable& symbols() const { return symbols_; }

 private:
  [[nodiscard]] std::string checked(std::string bytes, std::string_view key, std::string_view from) const {
    if (bytes.find("-----BEGIN ") != std::string::npos) return bytes;
    sink_.add(make<ClusterCode::KubeconfigFile>(spanOf(key), key, from, "it has no block in PEM form (`-----BEGIN …`)"));
    return {};
  }

  const Node* body_;
  base::Span place_;
  std::string folder_;
  std::string owner_;
  base::SymbolTable& symbols_;
  diag::Sink& sink_;
};

/// Without the user that may stand in it, a query, or a slash at the end; with a scheme (client-go rest/url_utils.go).
void takeServer(const Fields& cluster, Connection& to) {
  auto server = cluster.text("server");
  if (server.empty()) return cluster.missing("server");
  const bool tls = to.insecure || !to.authorityPem.empty() || !to.certificatePem.empty();
  if (server.find("://") == std::string::npos) server = (tls ? "https://" : "http://") + server;
  server.resize(std::min(server.size(), server.find_first_of("?#")));
  if (takeApart(server).withUser) {
    const auto from = server.find("://") + 3;
    const auto at = server.substr(0, server.find('/', from)).rfind('@');
    const auto colon = std::min(server.find(':', from), at);
    if (to.user.empty() && to.token.empty()) {
      to.user = server.substr(from, colon - from);
      to.password = colon < at ? server.substr(colon + 1, at - colon - 1) : "";
    }
    server = withoutUser(server);
  }
  while (server.ends_with('/')) server.pop_back();
  const auto scheme = server.substr(0, server.find("://"));
  const auto address = takeApart(server);
  const bool digits = std::all_of(address.port.begin(), address.port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if ((scheme != "https" && scheme != "http") || address.host.empty() || !digits ||
      std::any_of(server.begin(), server.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; })) {
    return cluster.add(make<ClusterCode::ServerAddress>(cluster.spanOf("server"), server, "a server, like `https://host:6443`"));
  }
  to.server = std::move(server);
}

void takeCluster(const Fields& cluster, Connection& to) {
  to.insecure = cluster.truth("insecure-skip-tls-verify");
  to.serverName = cluster.text("tls-server-name");
  to.compress = !cluster.truth("disable-compression");
  to.authorityPem = cluster.pem("certificate-authority");
  if (to.insecure && !to.authorityPem.empty()) {
    cluster.conflict(cluster.spanOf("insecure-skip-tls-verify"), "a certificate authority and `insecure-skip-tls-verify`");
  }
  to.proxy = cluster.text("proxy-url");
  if (to.proxy.empty()) return;
  const auto scheme = to.proxy.substr(0, to.proxy.find("://"));
  if ((scheme != "http" && scheme != "https" && scheme != "socks5") || takeApart(to.proxy).host.empty()) {
    cluster.add(make<ClusterCode::ServerAddress>(cluster.spanOf("proxy-url"), withoutUser(to.proxy), "a proxy, like `http://host:3128` (http, https or socks5)"));
  }
}

void takeImpersonation(const Fields& user, Connection& to) {
  to.impersonate = user.text("as");
  to.impersonateUid = user.text("as-uid");
  to.impersonateGroups = user.texts("as-groups");
  if (const auto* extra = user.node("as-user-extra")) {
    if (extra->kind != NodeKind::Map) user.add(make<ClusterCode::KubeconfigForm>(extra->span, "as-user-extra", "a map of lists"));
    for (const auto& values : Children(extra->kind == NodeKind::Map ? extra : nullptr)) {
      const std::string key(user.symbols().text(values.key));
      for (auto& value : user.textsOf(&values, key)) to.impersonateExtra.emplace_back(key, std::move(value));
    }
  }
  if (to.impersonate.empty() && (!to.impersonateUid.empty() || !to.impersonateGroups.empty() || !to.impersonateExtra.empty())) user.missing("as");
}

void takeExec(const Fields& user, const Node& body, Connection& to) {
  if (body.kind != NodeKind::Map) return user.add(make<ClusterCode::KubeconfigForm>(body.span, "exec", "a map with `apiVersion` and `command`"));
  const Fields exec(user, body);
  ExecPlugin plugin;
  plugin.apiVersion = exec.text("apiVersion");
  plugin.command = exec.text("command");
  plugin.arguments = exec.texts("args");
  plugin.installHint = exec.text("installHint");
  plugin.interactiveMode = exec.text("interactiveMode");
  plugin.provideClusterInfo = exec.truth("provideClusterInfo");
  if (const auto* list = exec.node("env")) {
    if (list->kind != NodeKind::List) exec.add(make<ClusterCode::KubeconfigForm>(list->span, "env", "a list of entries with `name` and `value`"));
    for (const auto& item : Children(list->kind == NodeKind::List ? list : nullptr)) {
      const Fields variable(exec, item);
      auto name = variable.text("name");
      if (name.empty() || name.find('=') != std::string::npos) variable.missing("name");
      else plugin.environment.emplace_back(std::move(name), variable.text("value"));
    }
  }
  if (plugin.command.empty()) exec.missing("command");
  // A name alone is looked for in PATH.
  if (plugin.command.find('/') != std::string::npos && plugin.command.front() != '/') {
    plugin.command = (std::filesystem::path(exec.folder()) / plugin.command).lexically_normal().string();
  }
  const bool stable = plugin.apiVersion == "client.authentication.k8s.io/v1";
  if (plugin.apiVersion.empty()) {
    exec.missing("apiVersion");
  } else if (!stable && plugin.apiVersion != "client.authentication.k8s.io/v1beta1") {
    exec.add(make<ClusterCode::KubeconfigForm>(exec.spanOf("apiVersion"), "apiVersion", "`client.authentication.k8s.io/v1` or `…/v1beta1`")
                 .hint("v1alpha1 was removed from clients in Kubernetes 1.24: renew the kubeconfig with the tool that wrote it"));
  }
  if (plugin.interactiveMode.empty()) {
    if (stable) exec.missing("interactiveMode");
    plugin.interactiveMode = "IfAvailable";   // of v1beta1
  } else if (plugin.interactiveMode != "Never" && plugin.interactiveMode != "IfAvailable" && plugin.interactiveMode != "Always") {
    exec.add(make<ClusterCode::KubeconfigForm>(exec.spanOf("interactiveMode"), "interactiveMode", "`Never`, `IfAvailable` or `Always`"));
  }
  to.exec = std::move(plugin);
}

/// What the cluster has to say to exec plugins (client-go tools/clientcmd/api/types.go, ExecConfig.Config).
std::string pluginConfig(const Fields& cluster) {
  std::string json;
  for (const auto& extension : Children(cluster.node("extensions"))) {
    const auto& symbols = cluster.symbols();
    const auto* config = ir::findPath(&extension, "extension", symbols);
    if (config != nullptr && textAt(&extension, "name", symbols) == "client.authentication.k8s.io/exec") appendCompactJson(json, *config, symbols);
  }
  return json;
}

void takeUser(const Fields& user, std::string_view name, Connection& to) {
  to.certificatePem = user.pem("client-certificate");
  to.keyPem = user.pem("client-key");
  if (!to.certificatePem.empty() && to.keyPem.empty() && user.node("client-key") == nullptr && user.node("client-key-data") == nullptr) user.missing("client-key");
  to.token = user.text("token");
  to.tokenFile = user.path("tokenFile");
  to.user = user.text("username");
  to.password = user.text("password");
  const bool tokens = !to.token.empty() || !to.tokenFile.empty();
  if (tokens && !to.user.empty()) user.conflict(user.spanOf("username"), "a token and a `username`");
  const auto* exec = user.node("exec");
  if (const auto* provider = user.node("auth-provider")) {
    user.add(make<ClusterCode::AuthProvider>(provider->span, name).hint("renew the kubeconfig with the tool that wrote it: clouds have an `exec` plugin instead"));
  }
  if (exec != nullptr) takeExec(user, *exec, to);
  takeImpersonation(user, to);
}

/// client-go rest.InClusterConfig
bool inCluster(const ConnectionOptions& options, Connection& to) {
  const auto host = environment("KUBERNETES_SERVICE_HOST");
  const auto port = environment("KUBERNETES_SERVICE_PORT");
  std::error_code error;
  const auto tokenFile = std::string(kServiceAccount) + "token";
  if (host.empty() || port.empty() || !std::filesystem::exists(tokenFile, error)) return false;
  to.server = fmt::format("https://{}:{}", host.find(':') == std::string::npos ? host : "[" + host + "]", port);
  to.tokenFile = tokenFile;
  base::ReadError why;
  if (auto authority = base::readFile(std::string(kServiceAccount) + "ca.crt", why, kLargestPem)) to.authorityPem = std::move(*authority);
  to.nameSpace = environment("POD_NAMESPACE");
  if (to.nameSpace.empty()) {
    if (const auto space = base::readFile(std::string(kServiceAccount) + "namespace", why, 4096)) {
      to.nameSpace = space->substr(0, space->find_last_not_of(" \r\n\t") + 1);
    }
  }
  if (to.nameSpace.empty()) to.nameSpace = "default";
  if (!options.nameSpace.empty()) to.nameSpace = options.nameSpace;
  to.impersonate = options.impersonate;
  return true;
}

std::string contextNames(const Kubeconfig& config) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : config.contexts) names.push_back(name);
  return names.empty() ? "there is no context at all" : "there are " + joined(names);
}

/// The entry that the context names; null with a complaint when there is none.
const KubeconfigEntry* follow(const std::map<std::string, KubeconfigEntry, std::less<>>& entries, const Fields& context, const std::string& contextName,
                              std::string_view key) {
  const auto name = context.text(key);
  if (name.empty()) {
    context.missing(key);
    return nullptr;
  }
  const auto found = entries.find(name);
  if (found != entries.end()) return &found->second;
  context.add(make<ClusterCode::KubeconfigReference>(context.spanOf(key), contextName, key, name));
  return nullptr;
}

}  // namespace

std::optional<Connection> connect(const ConnectionOptions& options, base::SourceSet& sources, base::SymbolTable& symbols, diag::Sink& sink) {
  const auto before = sink.errorCount();
  KubeconfigReader reader(sources, symbols, sink);
  Kubeconfig config;
  const auto paths = kubeconfigPaths(options);
  for (const auto& path : paths) {
    if (!reader.read(path, !options.kubeconfig.empty(), config)) return std::nullopt;
  }
  Connection to;
  const auto& wanted = options.context.empty() ? config.currentContext : options.context;
  if (wanted.empty() || (config.empty() && options.context.empty())) {
    if (options.kubeconfig.empty() && inCluster(options, to)) return to;
    if (config.files.empty() || config.empty()) {
      const auto looked = paths.empty() ? std::string("neither KUBECONFIG nor HOME is set") : joined(paths) + (config.files.empty() ? " is not there" : " is empty");
      sink.add(make<ClusterCode::NoKubeconfig>({}, looked).hint("name one with `--kubeconfig FILE` or the variable KUBECONFIG"));
    } else {
      sink.add(make<ClusterCode::NoCurrentContext>({}, joined(config.files)).hint(fmt::format("choose one with `--context NAME`: {}", contextNames(config))));
    }
    return std::nullopt;
  }
  const auto context = config.contexts.find(wanted);
  if (context == config.contexts.end()) {
    sink.add(make<ClusterCode::NoContext>(options.context.empty() ? config.currentSpan : base::Span{}, wanted, config.files.empty() ? joined(paths) : joined(config.files))
                 .hint(contextNames(config)));
    return std::nullopt;
  }
  to.context = wanted;
  const Fields fields(context->second, fmt::format("the context `{}`", wanted), symbols, sink);
  const auto* cluster = follow(config.clusters, fields, wanted, "cluster");
  const auto* user = fields.text("user").empty() ? nullptr : follow(config.users, fields, wanted, "user");
  if (user != nullptr) {
    const auto name = fields.text("user");
    takeUser(Fields(*user, fmt::format("the user `{}`", name), symbols, sink), name, to);
  }
  if (cluster != nullptr) {
    const Fields place(*cluster, fmt::format("the cluster `{}`", fields.text("cluster")), symbols, sink);
    takeCluster(place, to);
    takeServer(place, to);
    if (to.exec) {
      to.exec->clusterConfigJson = pluginConfig(place);
      to.exec->says = options.pluginSays;
    }
  }
  to.nameSpace = !options.nameSpace.empty() ? options.nameSpace : fields.text("namespace");
  if (to.nameSpace.empty()) to.nameSpace = "default";
  if (!options.impersonate.empty()) to.impersonate = options.impersonate;
  if (sink.errorCount() != before) return std::nullopt;
  return to;
}

}  // namespace mlstack::backend
