#include <algorithm>
#include <unordered_map>

#include "base/json.h"
#include "diag/fingerprint.h"
#include "diag/formats.h"
#include "diag/render.h"

namespace mlstack::diag {
namespace {

using base::JsonWriter;

constexpr std::string_view kVersion =
#include "version.inc"
    ;
constexpr std::string_view kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

// A path as a URI reference, relative to where the compiler ran.
std::string uriOf(std::string_view path) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  while (path.starts_with("./") || path.starts_with("//")) path.remove_prefix(path[0] == '.' ? 2 : 1);
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    if (plain.find(c) != std::string_view::npos) {
      uri += c;
    } else {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return uri;
}

class SarifPrinter {
 public:
  SarifPrinter(const std::vector<Diagnostic>& all, const base::SourceSet& sources, std::string& out)
      : all_(all), sources_(sources), json_(out, 2) {
    for (const Diagnostic& d : all_) rules_.push_back(d.code);
    std::sort(rules_.begin(), rules_.end());
    rules_.erase(std::unique(rules_.begin(), rules_.end()), rules_.end());
  }

  void print() {
    json_.beginObject().field("$schema", kSchema).field("version", "2.1.0").key("runs").beginArray().beginObject();
    json_.key("tool").beginObject().key("driver").beginObject();
    json_.field("name", "mlstackc").field("version", kVersion).field("semanticVersion", kVersion);
    json_.key("rules").beginArray();
    for (const Code code : rules_) rule(code);
    json_.endArray().endObject().endObject();
    notifications();
    json_.field("columnKind", "unicodeCodePoints").key("results").beginArray();
    for (const Diagnostic& d : all_) {
      const Region place = regionOf(d.span, d.file, sources_);
      if (!place.file.empty()) result(d, place);
    }
    json_.endArray().endObject().endArray().endObject();
  }

 private:
  void text(std::string_view key, std::string_view content) {
    json_.key(key).beginObject().field("text", content).endObject();
  }

  void rule(Code code) {
    const std::string id = codeText(code);
    const ExplainParts parts = explainParts(id);
    const std::string_view page = explainPage(id);
    const MessageRow& known = row(code);
    json_.beginObject().field("id", id).field("name", known.name);
    text("shortDescription", parts.title.empty() ? known.name : parts.title);
    text("fullDescription", parts.paragraph.empty() ? known.name : parts.paragraph);
    const std::string_view help = page.empty() ? known.name : page;
    json_.key("help").beginObject().field("text", help).field("markdown", help).endObject();
    json_.key("defaultConfiguration").beginObject().field("level", severityText(known.severity)).endObject();
    json_.endObject();
  }

  void artifact(std::string_view file) {
    json_.key("artifactLocation").beginObject().field("uri", uriOf(file)).endObject();
  }

  void region(std::string_view key, const Region& place) {
    json_.key(key).beginObject().field("startLine", place.line).field("startColumn", place.column);
    json_.field("endLine", place.endLine).field("endColumn", place.endColumn).endObject();
  }

  void physical(const Region& place) {
    json_.key("physicalLocation").beginObject();
    artifact(place.file);
    if (place.line != 0) region("region", place);
    json_.endObject();
  }

  void logical(const std::string& object) {
    if (object.empty()) return;
    json_.key("logicalLocations").beginArray().beginObject();
    json_.field("fullyQualifiedName", object).field("kind", "object").endObject().endArray();
  }

  [[nodiscard]] auto ruleIndex(Code code) const {
    return std::lower_bound(rules_.begin(), rules_.end(), code) - rules_.begin();
  }

  // GitHub refuses results that lie in no file: what is wrong with the command line, or with no place in
  // particular, is said of the run.
  void notifications() {
    std::vector<const Diagnostic*> nowhere;
    for (const Diagnostic& d : all_)
      if (regionOf(d.span, d.file, sources_).file.empty()) nowhere.push_back(&d);
    if (nowhere.empty()) return;
    const bool failed = std::any_of(nowhere.begin(), nowhere.end(), [](const Diagnostic* d) { return d->severity == Severity::Error; });
    json_.key("invocations").beginArray().beginObject().field("executionSuccessful", !failed);
    json_.key("toolConfigurationNotifications").beginArray();
    for (const Diagnostic* d : nowhere) {
      json_.beginObject().key("associatedRule").beginObject();
      json_.field("id", codeText(d->code)).field("index", ruleIndex(d->code)).endObject();
      json_.field("level", severityText(d->severity));
      message(*d);
      if (!d->object.empty()) {
        json_.key("locations").beginArray().beginObject();
        logical(d->object);
        json_.endObject().endArray();
      }
      json_.endObject();
    }
    json_.endArray().endObject().endArray();
  }

  // Whatever has no place of its own in the format is said in the text.
  void message(const Diagnostic& d) {
    std::string all = d.message;
    for (const Related& other : d.related)
      if (regionOf(other.span, {}, sources_).file.empty()) all += "\nnote: " + other.message;
    if (!d.help.empty()) all += "\nhelp: " + d.help;
    text("message", all);
  }

  void result(const Diagnostic& d, const Region& place) {
    json_.beginObject().field("ruleId", codeText(d.code)).field("ruleIndex", ruleIndex(d.code));
    json_.field("level", severityText(d.severity));
    message(d);
    json_.key("locations").beginArray().beginObject();
    physical(place);
    logical(d.object);
    json_.endObject().endArray();
    fingerprint(place);
    related(d);
    fixes(d);
    json_.endObject();
  }

  void fingerprint(const Region& place) {
    if (place.text == nullptr || place.line == 0) return;
    const LineHashes& hashes = hashes_.try_emplace(place.text, place.text->text).first->second;
    const std::string hash = hashes.of(place.line);
    if (!hash.empty()) json_.key("partialFingerprints").beginObject().field("primaryLocationLineHash", hash).endObject();
  }

  void related(const Diagnostic& d) {
    std::size_t id = 0;
    for (const Related& other : d.related) {
      const Region place = regionOf(other.span, {}, sources_);
      if (place.file.empty()) continue;
      if (id == 0) json_.key("relatedLocations").beginArray();
      json_.beginObject().field("id", ++id);
      text("message", other.message);
      physical(place);
      json_.endObject();
    }
    if (id != 0) json_.endArray();
  }

  [[nodiscard]] bool hasPlace(const Edit& edit) const { return regionOf(edit.span, {}, sources_).text != nullptr; }

  void fixes(const Diagnostic& d) {
    bool any = false;
    for (const Fix& each : d.fixes) {
      if (std::none_of(each.edits.begin(), each.edits.end(), [&](const Edit& edit) { return hasPlace(edit); })) continue;
      if (!any) json_.key("fixes").beginArray();
      any = true;
      fix(each);
    }
    if (any) json_.endArray();
  }

  // A fix lists its edits file by file.
  void fix(const Fix& each) {
    std::vector<const Edit*> edits;
    for (const Edit& edit : each.edits)
      if (hasPlace(edit)) edits.push_back(&edit);
    std::stable_sort(edits.begin(), edits.end(),
                     [](const Edit* a, const Edit* b) { return a->span.begin < b->span.begin; });
    json_.beginObject();
    text("description", each.title);
    json_.key("artifactChanges").beginArray();
    const base::SourceFile* file = nullptr;
    for (const Edit* edit : edits) {
      const Region place = regionOf(edit->span, {}, sources_);
      if (place.text != file) {
        if (file != nullptr) json_.endArray().endObject();
        file = place.text;
        json_.beginObject();
        artifact(place.file);
        json_.key("replacements").beginArray();
      }
      json_.beginObject();
      region("deletedRegion", place);
      text("insertedContent", edit->text);
      json_.endObject();
    }
    json_.endArray().endObject().endArray().endObject();
  }

  const std::vector<Diagnostic>& all_;
  const base::SourceSet& sources_;
  JsonWriter json_;
  std::vector<Code> rules_;
  std::unordered_map<const base::SourceFile*, LineHashes> hashes_;
};

}  // namespace

std::string renderSarif(const std::vector<Diagnostic>& all, const base::SourceSet& sources) {
  std::string out;
  SarifPrinter(all, sources, out).print();
  out += '\n';
  return out;
}

}  // namespace mlstack::diag
