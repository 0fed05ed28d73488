// ConfigMaps and Secrets.
// Kubernetes: pkg/apis/core/validation/validation.go, ValidateConfigMap and ValidateSecret.

#include "storage/admission.h"

namespace mlstack::storage::admission {

using ir::Node;

namespace {

constexpr std::int64_t kMostBytes = 1024 * 1024;

/// Bytes that base64 text stands for.
std::int64_t decodedBytes(std::string_view text) {
  std::int64_t symbols = 0;
  for (const char c : text) symbols += c == '\n' || c == '\r' || c == '=' ? 0 : 1;
  return symbols * 3 / 4;
}

std::int64_t bytesOf(const Node* map, bool encoded) {
  std::int64_t total = 0;
  for (const auto& entry : ir::Children(map))
    if (isText(&entry)) total += encoded ? decodedBytes(entry.text()) : entry.length;
  return total;
}

void sayTooLarge(Judge& judge, const Node& data, std::int64_t total) {
  auto d = diag::make<Code::FieldTooLarge>(judge.headOf(data), judge.text(data.key), counted(total, "byte"), kMostBytes);
  d.help = "put it on a volume, or in an image";
  judge.say(std::move(d));
}

void configMap(Judge& judge, const Node& root) {
  const auto* data = judge.keys.at<"data">(&root);
  const auto* binary = judge.keys.at<"binaryData">(&root);
  for (const auto& entry : ir::Children(binary)) {
    const auto* same = ir::find(data, entry.key);
    if (!same) continue;
    const auto key = judge.text(entry.key);
    auto d = diag::make<Code::FieldsTogether>(entry.knowsKey() ? entry.keySpan(key.size()) : judge.spanOf(entry), judge.context.objectText(judge.object()),
                                              judge.path("data", key), judge.path("binaryData", key));
    if (same->span.known()) d.related.push_back({same->entrySpan(), "the other one stands here"});
    judge.say(std::move(d));
  }
  const auto total = bytesOf(data, false) + bytesOf(binary, true);
  if (total > kMostBytes) sayTooLarge(judge, data ? *data : *binary, total);
}

struct Typed {
  std::string_view type;
  std::string_view keys;
  bool any;        // one of them is enough
  bool json;
};
constexpr Typed kTyped[] = {
    {"kubernetes.io/dockerconfigjson", ".dockerconfigjson", false, true},
    {"kubernetes.io/dockercfg", ".dockercfg", false, true},
    {"kubernetes.io/basic-auth", "username password", true, false},
    {"kubernetes.io/ssh-auth", "ssh-privatekey", false, false},
    {"kubernetes.io/tls", "tls.crt tls.key", false, false},
};

const Node* entryOf(const Judge& judge, const Node* map, std::string_view key) {
  for (const auto& entry : ir::Children(map))
    if (judge.text(entry.key) == key) return &entry;
  return nullptr;
}

void typedKeys(Judge& judge, const Node& root, const Typed& typed) {
  const auto* data = judge.keys.at<"data">(&root);
  const auto* plain = judge.keys.at<"stringData">(&root);
  std::vector<std::string_view> lacking;
  for (const auto key : wordsOf(typed.keys)) {
    const auto* text = entryOf(judge, plain, key);
    if (!text && !entryOf(judge, data, key)) lacking.push_back(key);
    if (!typed.json || !isText(text)) continue;
    const auto begin = text->text().find_first_not_of(" \t\r\n");
    if (begin != std::string_view::npos && text->text()[begin] == '{') continue;
    judge.say(diag::make<Code::ValueForm>(judge.spanOf(*text), quoted(judge.path("stringData", key)), "no JSON object", fmt::format("a Secret of type {} holds one", typed.type)));
  }
  const auto wanted = wordsOf(typed.keys).size();
  if (lacking.empty() || (typed.any && lacking.size() < wanted)) return;
  std::string what;
  for (const auto key : lacking) what += fmt::format("{}`{}`", what.empty() ? "" : typed.any ? " and " : ", ", key);
  const auto* type = judge.keys.at<"type">(&root);
  auto d = diag::make<Code::SecretLacksKey>(judge.spanOf(*type), typed.type, what);
  d.help = typed.any ? "one of them is enough" : "another type, such as Opaque, takes any keys";
  judge.say(std::move(d));
}

void secret(Judge& judge, const Node& root) {
  const auto* data = judge.keys.at<"data">(&root);
  const auto* plain = judge.keys.at<"stringData">(&root);
  const auto total = bytesOf(data, true) + bytesOf(plain, false);
  if (total > kMostBytes) sayTooLarge(judge, data ? *data : *plain, total);
  const auto type = judge.keys.text<"type">(&root);
  for (const auto& typed : kTyped)
    if (typed.type == type) typedKeys(judge, root, typed);
  if (type != "kubernetes.io/service-account-token") return;
  const auto* annotations = judge.keys.at<"metadata.annotations">(&root);
  if (!isSet(entryOf(judge, annotations, "kubernetes.io/service-account.name")))
    judge.say(diag::make<Code::SecretLacksKey>(judge.spanOf(*judge.keys.at<"type">(&root)), type, "the annotation `kubernetes.io/service-account.name`"));
}

constexpr Row kConfigMapRows[] = {
    keysAre("data", Form::ConfigKey),
    keysAre("binaryData", Form::ConfigKey),
    call("", configMap),
};

constexpr Row kSecretRows[] = {
    keysAre("data", Form::ConfigKey),
    keysAre("stringData", Form::ConfigKey),
    call("", secret),
};

}  // namespace

const Shape kConfigMap{kConfigMapRows};
const Shape kSecret{kSecretRows};

}  // namespace mlstack::storage::admission
