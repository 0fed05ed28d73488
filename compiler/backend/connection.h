#pragma once
// Which cluster, as whom: kubeconfigs read and merged as kubectl does (client-go tools/clientcmd), or the service account
// of the pod that this runs in (client-go rest.InClusterConfig).

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"

namespace mlstack::backend {

/// An exec credential plugin (client.authentication.k8s.io).
struct ExecPlugin {
  std::string apiVersion;
  std::string command;                                       // a relative path with a slash: relative to its kubeconfig
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string installHint;
  std::string interactiveMode;                               // "Never", "IfAvailable", "Always"
  bool provideClusterInfo = false;
  std::string clusterConfigJson;                             // the cluster's extension client.authentication.k8s.io/exec
  std::function<void(std::string_view)> says{};              // gets what it tells its user, fit for a terminal; unset: nobody does
};

/// Everything a client needs. Contains secrets: never dumped, never compared, never part of a message.
struct Connection {
  std::string context;          // its name; empty in a pod
  std::string server;           // "https://10.0.0.1:6443", no slash at the end; may have a path
  std::string nameSpace = "default";
  bool insecure = false;        // insecure-skip-tls-verify
  bool compress = true;         // not disable-compression
  std::string serverName;       // tls-server-name
  std::string proxy;            // proxy-url; empty: the environment's
  std::string authorityPem;     // certificate-authority(-data), decoded or read
  std::string certificatePem;   // client-certificate(-data)
  std::string keyPem;
  std::string token;
  std::string tokenFile;        // read anew once a minute and after a 401
  std::string user, password;
  std::optional<ExecPlugin> exec;
  std::string impersonate;
  std::string impersonateUid;
  std::vector<std::string> impersonateGroups;
  std::vector<std::pair<std::string, std::string>> impersonateExtra;
};

/// What the command line and environment ask for.
struct ConnectionOptions {
  std::string kubeconfig;   // --kubeconfig: this file alone; else $KUBECONFIG's list, else ~/.kube/config, else in-cluster
  std::string context;      // --context
  std::string nameSpace;    // --namespace
  std::string impersonate;  // --as
  /// Gets what a credential plugin tells its user (its standard error), piece by piece, fit for a terminal.
  std::function<void(std::string_view)> pluginSays{};
};

/// Reads and merges. What is missing or wrong goes to `sink` (MLS50nn) at its place in the kubeconfig (files are added
/// to `sources`); nothing is returned then.
[[nodiscard]] std::optional<Connection> connect(const ConnectionOptions& options, base::SourceSet& sources,
                                                base::SymbolTable& symbols, diag::Sink& sink);

}  // namespace mlstack::backend
