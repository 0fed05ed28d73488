#include <gtest/gtest.h>

#include "backend/api_impl.h"
#include "backend/credentials.h"
#include "backend/http_words.h"

namespace mlstack::backend {
namespace {

HttpAnswer answered(int status, std::string body, std::string type = "application/json") {
  HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.contentType = std::move(type);
  return answer;
}

TEST(Refusals, AreReadFromAStatus) {
  base::SymbolTable symbols;
  const auto failure = failureOf(answered(409, R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"Apply failed","reason":"Conflict",
    "details":{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"hpa\"","field":".spec.replicas"}]},"code":409})"), symbols);
  EXPECT_TRUE(failure.failed());
  EXPECT_TRUE(failure.conflict());
  EXPECT_EQ(failure.reason, "Conflict");
  ASSERT_EQ(failure.causes.size(), 1u);
  EXPECT_EQ(failure.causes[0].field, ".spec.replicas");
  EXPECT_FALSE(Failure{}.failed());
}

TEST(Refusals, OfOthersThanTheServerAreTold) {
  base::SymbolTable symbols;
  const auto page = failureOf(answered(502, "<html><title>502 Bad Gateway</title>", "text/html"), symbols);
  EXPECT_EQ(page.code, 502);
  EXPECT_NE(page.message.find("502 Bad Gateway"), std::string::npos);
  EXPECT_EQ(failureOf(answered(302, "", "text/html"), symbols).reason, "Redirected");
  EXPECT_EQ(failureOf(answered(404, "404 page not found", "text/plain"), symbols).reason, "NotFound");
  // A document of another kind with a status of refusal.
  EXPECT_EQ(failureOf(answered(403, "{\"kind\":\"Pod\"}"), symbols).reason, "Forbidden");
}

TEST(Refusals, QuoteNoValueOfASecret) {
  base::SymbolTable symbols;
  Failure failure;
  failure.message = R"(Secret "a" is invalid: [data[k]: Invalid value: "hunt\"er2": bad, x: Unsupported value: hunter2: supported values: "a", b: Too long: may not be more])";
  failure.causes.push_back({"FieldValueInvalid", "Invalid value: \"hunter2\": no", "data"});
  failure.causes.push_back({"", "admission: swordfish and c3dvcmRmaXNo are weak", ""});
  redact(failure, R"({"data":{"p":"c3dvcmRmaXNo"},"stringData":{"q":"x"}})", symbols);
  for (const auto* text : {&failure.message, &failure.causes[0].message, &failure.causes[1].message}) {
    for (const char* secret : {"hunter2", "hunt", "swordfish", "c3dvcmRmaXNo"}) EXPECT_EQ(text->find(secret), std::string::npos) << *text;
  }
  EXPECT_NE(failure.message.find("b: Too long: may not be more"), std::string::npos) << failure.message;
}

TEST(Paths, NameObjectsAndCollections) {
  Resource resource;
  resource.group = "apps";
  resource.version = "v1";
  resource.kind = "StatefulSet";
  resource.plural = "statefulsets";
  EXPECT_EQ(pathOf(resource, "ml", "db"), "/apis/apps/v1/namespaces/ml/statefulsets/db");
  EXPECT_EQ(pathOf(resource, "", ""), "/apis/apps/v1/statefulsets");
  EXPECT_EQ(pathOf(resource, "a/../b", "c d"), "/apis/apps/v1/namespaces/a%2F..%2Fb/statefulsets/c%20d");
  resource = {};
  resource.version = "v1";
  resource.plural = "nodes";
  resource.namespaced = false;
  EXPECT_EQ(pathOf(resource, "ml", "n1"), "/api/v1/nodes/n1");
}

TEST(Headers, OfWarningsAndImpersonation) {
  EXPECT_EQ(warningText("299 - \"spec.x: \\\"y\\\" is deprecated\""), "spec.x: \"y\" is deprecated");
  EXPECT_EQ(warningText("199 - \"other\""), "");
  EXPECT_EQ(warningText("299 none"), "");
  EXPECT_EQ(escapeHeaderKey("Example.com/A b%"), "example.com%2Fa%20b%25");
}

TEST(TlsWords, SayWhatIsWrong) {
  Connection to;
  to.server = "https://10.0.0.1:6443";
  const auto reason = [&](long verified, std::string_view said) { return explain(CURLE_PEER_FAILED_VERIFICATION, said, false, verified, to); };
  EXPECT_EQ(reason(10, "").outcome, Outcome::Untrusted);
  EXPECT_NE(reason(10, "").reason.find("expired"), std::string::npos);
  EXPECT_NE(reason(19, "").reason.find("unknown authority"), std::string::npos);
  EXPECT_NE(reason(0, "SSL: no alternative certificate subject name matches target host name '10.0.0.1'").reason.find("not for `10.0.0.1`"), std::string::npos);
  EXPECT_EQ(explain(CURLE_RECV_ERROR, "OpenSSL SSL_read: tlsv13 alert certificate required", true, 0, to).outcome, Outcome::NoCredentials);
  EXPECT_EQ(explain(CURLE_RECV_ERROR, "reset", true, 0, to).outcome, Outcome::Broken);
  EXPECT_EQ(explain(CURLE_OPERATION_TIMEDOUT, "", false, 0, to).outcome, Outcome::Unreachable);
  EXPECT_EQ(explain(CURLE_OPERATION_TIMEDOUT, "", true, 0, to).outcome, Outcome::TimedOut);
  EXPECT_EQ(explain(CURLE_SSL_CONNECT_ERROR, "wrong version number", false, 0, to).outcome, Outcome::Untrusted);
}

/// Against a port where nothing listens: every call ends, and says why.
TEST(Unreachable, EndsWithAReason) {
  base::SymbolTable symbols;
  Connection to;
  to.server = "https://127.0.0.1:1";
  Api api(to, symbols);
  const auto failure = api.discover();
  EXPECT_EQ(failure.outcome, Outcome::Unreachable);
  EXPECT_NE(failure.message.find("127.0.0.1:1"), std::string::npos) << failure.message;
  bool done = false;
  api.get({"v1", "ConfigMap", "a", "b"}, [&](Answer answer) {
    done = true;
    EXPECT_EQ(answer.failure.reason, "UnknownKind");
    EXPECT_FALSE(answer.failure.notFound());
  });
  api.run();
  EXPECT_TRUE(done);
}

TEST(Plugins, ThatDoNotWorkAreNamed) {
  base::SymbolTable symbols;
  Connection to;
  to.server = "https://127.0.0.1:1";
  const auto run = [&](std::string script, std::string hint = {}) {
    ExecPlugin plugin;
    plugin.apiVersion = "client.authentication.k8s.io/v1";
    plugin.interactiveMode = "Never";
    plugin.command = script.empty() ? "no-such-plugin-anywhere" : "/bin/sh";
    if (!script.empty()) plugin.arguments = {"-c", std::move(script)};
    plugin.installHint = std::move(hint);
    std::string told;
    plugin.says = [&](std::string_view piece) { told += piece; };
    PluginAnswer answer;
    std::string error;
    const bool good = runExecPlugin(plugin, to, answer, error);
    return good ? "token " + answer.token : error + "|" + told;
  };
  EXPECT_EQ(run("", "get it at example.com"), "the credential plugin `no-such-plugin-anywhere` is not installed\nget it at example.com|");
  EXPECT_EQ(run("printf 'a\\033[1mb' >&2; exit 3"), "the credential plugin `/bin/sh` failed with exit code 3|a[1mb");
  EXPECT_EQ(run("kill -9 $$"), "the credential plugin `/bin/sh` was ended by signal 9|");
  EXPECT_EQ(run("echo hunter2"), "of the credential plugin `/bin/sh`: what it wrote is no ExecCredential in JSON|");
  const std::string head = R"(echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/)";
  EXPECT_EQ(run(head + R"(v1","status":{"token":"t"}}')"), "token t");
  EXPECT_EQ(run(head + R"(v1","status":{"token":"t","expirationTimestamp":"2030-01-01T00:00:00.5+01:00"}}'; sleep 9 &)"), "token t");
  EXPECT_NE(run(head + R"(v1","status":{"token":"t","expirationTimestamp":"soon"}}')").find("RFC 3339"), std::string::npos);
  EXPECT_NE(run(head + R"(v1","status":{}}')").find("neither a token"), std::string::npos);
  EXPECT_NE(run(head + R"(v1","status":{"clientCertificateData":"x"}}')").find("without its key"), std::string::npos);
  EXPECT_NE(run(head + R"(v1beta1","status":{"token":"t"}}')").find("v1beta1"), std::string::npos);
}

}  // namespace
}  // namespace mlstack::backend
