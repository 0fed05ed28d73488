#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <unistd.h>

#include "backend/address.h"
#include "backend/connection.h"
#include "backend/credentials.h"
#include "backend/kubeconfig.h"
#include "diag/render.h"

namespace mlstack::backend {
namespace {

constexpr const char* kPem = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";

/// A folder of kubeconfigs and an environment without those of whoever runs the test.
class Kubeconfigs : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("mlstack-kubeconfig-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    for (const char* name : {"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "POD_NAMESPACE"}) ::unsetenv(name);
    ::setenv("HOME", folder_.c_str(), 1);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  std::optional<Connection> read(const ConnectionOptions& options = {}) {
    sink_ = {};
    auto found = connect(options, sources_, symbols_, sink_);
    sink_.sort();
    said_ = diag::render(sink_.all(), sources_, {});
    EXPECT_EQ(found.has_value(), !sink_.hasErrors()) << said_;
    return found;
  }
  /// One context `c` of a cluster and a user; what stands in them.
  std::optional<Connection> readOne(const std::string& cluster, const std::string& user) {
    ConnectionOptions options;
    options.kubeconfig = file("one", "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  context: {cluster: k, user: u}\nclusters:\n- name: k\n  cluster:\n" +
                                         cluster + "users:\n- name: u\n  user:\n" + user);
    return read(options);
  }
  [[nodiscard]] std::string code() const { return sink_.all().empty() ? "" : diag::codeText(sink_.all().front().code); }

  std::filesystem::path folder_;
  base::SourceSet sources_;
  base::SymbolTable symbols_;
  diag::Sink sink_;
  std::string said_;
};

std::string config(const std::string& current, const std::string& name, const std::string& server, const std::string& user = "u") {
  return "apiVersion: v1\nkind: Config\n" + (current.empty() ? "" : "current-context: " + current + "\n") + "clusters:\n- name: " + name +
         "\n  cluster:\n    server: " + server + "\ncontexts:\n- name: " + name + "\n  context:\n    cluster: " + name + "\n    user: " + user +
         "\nusers:\n- name: " + user + "\n  user:\n    token: of-" + name + "\n";
}

TEST_F(Kubeconfigs, TheFirstOfAListWinsEntryByEntry) {
  const auto a = file("a", config("", "one", "https://a:1", "ua"));
  const auto b = file("b", config("two", "two", "https://b:2", "ub") + "");
  const auto c = file("c", config("one", "one", "https://c:3", "ua"));
  ::setenv("KUBECONFIG", (a + "::" + (folder_ / "absent").string() + ":" + b + ":" + c).c_str(), 1);
  auto found = read();
  ASSERT_TRUE(found) << said_;
  EXPECT_EQ(found->context, "two");   // the first current-context that is not empty
  EXPECT_EQ(found->server, "https://b:2");
  ConnectionOptions options;
  options.context = "one";
  found = read(options);
  ASSERT_TRUE(found) << said_;
  EXPECT_EQ(found->server, "https://a:1");
  EXPECT_EQ(found->token, "of-one");
}

TEST_F(Kubeconfigs, OneNamedOnTheCommandLineIsReadAlone) {
  ::setenv("KUBECONFIG", file("a", config("one", "one", "https://a:1")).c_str(), 1);
  ConnectionOptions options;
  options.kubeconfig = file("b", config("two", "two", "https://b:2"));
  const auto found = read(options);
  ASSERT_TRUE(found) << said_;
  EXPECT_EQ(found->server, "https://b:2");
  options.kubeconfig = (folder_ / "absent").string();
  EXPECT_FALSE(read(options));
  EXPECT_EQ(code(), "MLS5001");
}

TEST_F(Kubeconfigs, WithoutAListTheOneOfHomeIsRead) {
  EXPECT_FALSE(read());
  EXPECT_EQ(code(), "MLS5002");
  file(".kube/config", config("one", "one", "https://home:1"));
  const auto found = read();
  ASSERT_TRUE(found) << said_;
  EXPECT_EQ(found->server, "https://home:1");
}

TEST_F(Kubeconfigs, NamespacesComeFromTheCommandLineThenTheContext) {
  auto text = config("one", "one", "https://a:1");
  ::setenv("KUBECONFIG", file("a", text).c_str(), 1);
  EXPECT_EQ(read()->nameSpace, "default");
  text.replace(text.find("    user: u\n"), 0, "    namespace: ml\n");
  file("a", text);
  EXPECT_EQ(read()->nameSpace, "ml");
  ConnectionOptions options;
  options.nameSpace = "other";
  EXPECT_EQ(read(options)->nameSpace, "other");
}

TEST_F(Kubeconfigs, PathsAreRelativeToTheirFile) {
  file("sub/ca.pem", kPem);
  file("sub/cert.pem", kPem);
  file("sub/key.pem", "-----BEGIN PRIVATE KEY-----\n");
  ::setenv("KUBECONFIG", file("sub/config", R"(
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://h:6443/base/", certificate-authority: ca.pem}}]
users: [{name: u, user: {client-certificate: ./cert.pem, client-key: ../sub/key.pem, exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, interactiveMode: Never}}}]
)").c_str(), 1);
  const auto found = read();
  ASSERT_TRUE(found) << said_;
  EXPECT_EQ(found->server, "https://h:6443/base");
  EXPECT_EQ(found->authorityPem, kPem);
  EXPECT_EQ(found->certificatePem, kPem);
  EXPECT_EQ(found->keyPem, "-----BEGIN PRIVATE KEY-----\n");
  EXPECT_EQ(found->exec->command, (folder_ / "sub/plugin").string());
}

TEST_F(Kubeconfigs, EveryFieldOfAUser) {
  const auto found = readOne("    server: h\n    insecure-skip-tls-verify: true\n    tls-server-name: other\n    proxy-url: http://me:pw@proxy:1\n    disable-compression: true\n",
                             "    tokenFile: /run/token\n    as: ada\n    as-uid: '7'\n    as-groups: [a, b]\n    as-user-extra: {Dept: [x, z]}\n");
  ASSERT_TRUE(found) << said_;
  EXPECT_EQ(found->server, "https://h");   // as client-go: TLS is spoken of, so it is TLS
  EXPECT_TRUE(found->insecure);
  EXPECT_FALSE(found->compress);
  EXPECT_EQ(found->serverName, "other");
  EXPECT_EQ(found->proxy, "http://me:pw@proxy:1");
  EXPECT_EQ(found->tokenFile, "/run/token");
  EXPECT_EQ(found->impersonate, "ada");
  EXPECT_EQ(found->impersonateUid, "7");
  EXPECT_EQ(found->impersonateGroups, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(found->impersonateExtra.size(), 2u);
  EXPECT_EQ(found->impersonateExtra[1], (std::pair<std::string, std::string>{"Dept", "z"}));
}

TEST_F(Kubeconfigs, WhatCannotBeIsSaidAtItsPlace) {
  const std::string server = "    server: https://h\n";
  const std::string ca = "    certificate-authority-data: " + encodeBase64(kPem) + "\n";
  const std::pair<std::pair<std::string, std::string>, std::string> wrong[] = {
      {{server, "    token: 12345\n"}, "MLS5004"},
      {{server, "    client-certificate-data: '%%%'\n"}, "MLS5004"},
      {{server, "    client-certificate-data: " + encodeBase64(kPem) + "\n"}, "MLS5008"},
      {{server, "    client-certificate: absent.pem\n    client-key: absent.key\n"}, "MLS5009"},
      {{server, "    token: x\n    username: me\n    password: z\n"}, "MLS5006"},
      {{server, "    auth-provider: {name: gcp}\n"}, "MLS5007"},
      {{server, "    exec: {command: x}\n"}, "MLS5008"},
      {{server, "    exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}\n"}, "MLS5004"},
      {{server, "    exec: {command: x, apiVersion: client.authentication.k8s.io/v1}\n"}, "MLS5008"},
      {{server, "    as-groups: [a]\n"}, "MLS5008"},
      {{"    tls-server-name: x\n", "    token: x\n"}, "MLS5008"},
      {{"    server: 'ftp://h'\n", "    token: x\n"}, "MLS5010"},
      {{"    server: 'https://h:port'\n", "    token: x\n"}, "MLS5010"},
      {{server + "    proxy-url: ftp://p\n", "    token: x\n"}, "MLS5010"},
      {{server + "    insecure-skip-tls-verify: true\n" + ca, "    token: x\n"}, "MLS5006"},
      {{server + "    insecure-skip-tls-verify: 'yes'\n", "    token: x\n"}, "MLS5004"},
      {{server + ca + "    certificate-authority: /ca.pem\n", "    token: x\n"}, "MLS5006"},
  };
  for (const auto& [texts, expected] : wrong) {
    EXPECT_FALSE(readOne(texts.first, texts.second)) << texts.first << texts.second;
    EXPECT_EQ(code(), expected) << said_;
    EXPECT_NE(said_.find(":"), std::string::npos);
  }
}

TEST_F(Kubeconfigs, ContextsThatLeadNowhere) {
  ConnectionOptions options;
  options.kubeconfig = file("a", config("", "one", "https://a:1"));
  EXPECT_FALSE(read(options));
  EXPECT_EQ(code(), "MLS5011");
  options.context = "two";
  EXPECT_FALSE(read(options));
  EXPECT_EQ(code(), "MLS5003");
  EXPECT_NE(said_.find("`one`"), std::string::npos) << said_;
  options.kubeconfig = file("b", "contexts: [{name: two, context: {cluster: x, user: y}}]\n");
  EXPECT_FALSE(read(options));
  EXPECT_EQ(sink_.errorCount(), 2u) << said_;
  EXPECT_EQ(code(), "MLS5005");
  options.kubeconfig = file("c", config("one", "one", "https://a:1") + "- name: u\n  user: {}\n");
  options.context.clear();
  EXPECT_FALSE(read(options));
  EXPECT_EQ(code(), "MLS5006");
  options.kubeconfig = file("d", "kind: Pod\n");
  EXPECT_FALSE(read(options));
  EXPECT_EQ(code(), "MLS5004");
}

TEST_F(Kubeconfigs, NoMessageShowsASecret) {
  const std::string secret = "hunter2hunter2";
  const std::string texts[] = {
      "    token: [" + secret + "]\n",
      "    token: *" + secret + "\n",
      "    token: !" + secret + " x\n",
      "    token: &" + secret + " x\n    username: me\n",
      "    token: \"" + secret + "\n",
      "    token:\t" + secret + "\n    password: 'x\n",
      "    token: >-\n      " + secret + "\n    username: me\n",
      "    password: {a: " + secret + "}\n",
      "    {token: " + secret + ", username: z}\n",
      "    token: x\n    " + secret + "\n",
      "    client-key-data: " + secret + "=\n    client-certificate-data: " + secret + "=\n",
      "    exec: {command: x, args: [--token, " + secret + "], env: [{name: A, value: [" + secret + "]}]}\n",
      "    exec:\n      apiVersion: none\n      command: x\n      env:\n      - name: A\n        value: {" + secret + ": 1}\n",
      "    auth-provider: {name: oidc, config: {id-token: " + secret + "}}\n",
      "    as-user-extra: " + secret + "\n",
  };
  for (const auto& text : texts) {
    for (const std::string server : {"    server: https://h\n", "    server: ftp://me:hunter2hunter2@h\n    proxy-url: x://me:hunter2hunter2@p\n"}) {
      readOne(server, text);
      for (const auto format : {diag::Format::Text, diag::Format::Json, diag::Format::Sarif, diag::Format::GitHub}) {
        diag::RenderOptions options;
        options.format = format;
        const auto said = diag::render(sink_.all(), sources_, options);
        EXPECT_EQ(said.find(secret), std::string::npos) << said;
        EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
      }
    }
  }
}

TEST(Secrets, AreBlankedLineByLine) {
  EXPECT_EQ(withoutSecrets("users:\n- name: a\n  user:\n    token: abc def\n    client-key: k.pem\n"),
            "users:\n- name: a\n  user:\n    token: *** ***\n    client-key: k.pem\n");
  EXPECT_EQ(withoutSecrets("server: https://me:pw@h\n"), "server: ***************\n");
  EXPECT_EQ(withoutSecrets("  abc\n{\"token\": \"x\"}"), "  ***\n********* ****");
}

TEST(Base64, BothWays) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar", "\xff\xfe\x01"}) {
    std::string back;
    EXPECT_TRUE(decodeBase64(encodeBase64(text), back));
    EXPECT_EQ(back, text);
  }
  std::string bytes;
  EXPECT_TRUE(decodeBase64("Zm9v\nYmFy\n", bytes));
  EXPECT_EQ(bytes, "foobar");
  for (const char* wrong : {"Zg", "Zg=", "Z===", "Zm9v!", "Zg==Zg==", "===="}) EXPECT_FALSE(decodeBase64(wrong, bytes)) << wrong;
}

TEST(Addresses, AreTakenApart) {
  auto address = takeApart("https://Host:6443/base");
  EXPECT_EQ(address.host, "host");
  EXPECT_EQ(address.port, "6443");
  EXPECT_EQ(address.path, "/base");
  EXPECT_EQ(takeApart("http://h").port, "80");
  EXPECT_EQ(takeApart("https://[::1]:7").host, "::1");
  EXPECT_EQ(takeApart("https://[::1]:7").port, "7");
  EXPECT_EQ(takeApart("https://[::1]").hostInUrl(), "[::1]");
  EXPECT_TRUE(takeApart("https://me:p@w@h:1").withUser);
  EXPECT_EQ(withoutUser("https://me:p@w@h:1/x@y"), "https://h:1/x@y");
}

TEST(Proxies, AreLeftOutAsGoDoes) {
  EXPECT_TRUE(goesDirect("localhost", "443", ""));
  EXPECT_TRUE(goesDirect("127.0.0.5", "443", ""));
  EXPECT_TRUE(goesDirect("::1", "443", ""));
  EXPECT_FALSE(goesDirect("10.1.2.3", "443", ""));
  EXPECT_TRUE(goesDirect("10.1.2.3", "443", "10.0.0.0/8"));
  EXPECT_FALSE(goesDirect("11.1.2.3", "443", "10.0.0.0/8"));
  EXPECT_TRUE(goesDirect("fd00::5", "443", "fd00::/16"));
  EXPECT_TRUE(goesDirect("10.1.2.3", "443", "other, 10.1.2.3"));
  EXPECT_TRUE(goesDirect("a.example.com", "443", "example.com"));
  EXPECT_TRUE(goesDirect("example.com", "443", "Example.com"));
  EXPECT_FALSE(goesDirect("notexample.com", "443", "example.com"));
  EXPECT_TRUE(goesDirect("a.example.com", "443", ".example.com"));
  EXPECT_FALSE(goesDirect("example.com", "443", ".example.com"));
  EXPECT_TRUE(goesDirect("a.example.com", "443", "*.example.com"));
  EXPECT_TRUE(goesDirect("example.com", "6443", "example.com:6443"));
  EXPECT_FALSE(goesDirect("example.com", "443", "example.com:6443"));
  EXPECT_TRUE(goesDirect("example.com", "443", "*"));
}

}  // namespace
}  // namespace mlstack::backend
