#include "driver/manifests.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <unordered_set>

#include <fmt/format.h>

#include "ir/stack.h"
#include "yaml/yaml.h"

namespace mlstack::driver {
namespace {

namespace fs = std::filesystem;
using diag::Code;
using ir::Children;
using ir::Node;
using ir::NodeKind;

constexpr std::string_view kNeedle = "apiVersion";

std::string_view textOf(const Node* node) {
  return node != nullptr && node->kind == NodeKind::String ? node->text() : std::string_view{};
}

/// https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
bool isKustomizationName(std::string_view path) {
  auto name = path.substr(path.rfind('/') + 1);
  return name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization";
}

std::string absolute(const std::string& path) {
  std::error_code failed;
  auto whole = fs::absolute(path == "-" ? "." : path, failed);
  auto text = (path == "-" ? whole / "-" : whole).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string parentOf(const std::string& path) { return fs::path(path).parent_path().string(); }

bool fileMentions(const std::string& path, std::string_view needle) {
  std::error_code failed;
  if (!fs::is_regular_file(path, failed)) return false;   // opening a pipe would wait for its writer
  std::ifstream in(path, std::ios::binary);
  std::string tail;
  std::string block(64 * 1024, '\0');
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    auto piece = tail + block.substr(0, static_cast<std::size_t>(in.gcount()));
    if (piece.find(needle) != std::string::npos) return true;
    tail = piece.substr(piece.size() - std::min(piece.size(), needle.size() - 1));
  }
  return false;
}

/// Whether the text has marks of Helm's: those that only Helm writes, or, `loosely`, any that its templates may have.
/// Other tools fill in `{{…}}` in the cluster; Argo's begin with a word.
bool hasHelm(std::string_view text, bool loosely) {
  if (loosely && text.find("{%") != std::string_view::npos) return true;   // Jinja
  for (auto at = text.find("{{"); at != std::string_view::npos; at = text.find("{{", at + 2)) {
    auto rest = text.substr(at + 2, 64);
    const bool trims = rest.starts_with('-');
    if (trims) rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    for (const std::string_view word : {".Values", "$.Values", ".Release", ".Chart", "include ", "tpl "})
      if (rest.starts_with(word)) return true;
    if (loosely && (trims || rest.starts_with('.'))) return true;
    for (const std::string_view word : {"template ", "if ", "range ", "with ", "define ", "toYaml", "/*", "end"})
      if (loosely && rest.starts_with(word)) return true;
  }
  return false;
}

/// A directive of a strategic merge patch anywhere: no whole object, whatever lists it.
bool isPatch(const Node& node, const base::SymbolTable& symbols) {
  if (!node.isContainer()) return false;
  for (const auto& child : Children(&node)) {
    if (node.kind == ir::NodeKind::Map) {
      const auto key = symbols.text(child.key);
      if (key == "$patch" || key == "$retainKeys" || key.starts_with("$setElementOrder/") ) return true;
    }
    if (isPatch(child, symbols)) return true;
  }
  return false;
}

/// What tools read that write `apiVersion` and `kind` into files of their own.
bool isToolFile(const Node& document, const base::SymbolTable& symbols) {
  const auto version = textOf(ir::findPath(&document, "apiVersion", symbols));
  return version == "builtin" || version.starts_with("skaffold/");
}

bool isKustomization(const Node& document, const base::SymbolTable& symbols) {
  return textOf(ir::findPath(&document, "apiVersion", symbols)).starts_with("kustomize.config.k8s.io/");
}

}  // namespace

bool isManifestName(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json");
}

bool looksLikeManifest(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    auto first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos || line[first] == '#') continue;
    line.remove_prefix(first);
    if (line[0] == '{' || line[0] == '[' || line.starts_with("---") || line.starts_with("%YAML")) return true;
    // `key:`; a statement of the language never begins so.
    if (line[0] == '"' || line[0] == '\'') return line.find(':') != std::string_view::npos;
    auto stop = line.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./");
    return stop != 0 && stop != std::string_view::npos && line[stop] == ':' &&
           (stop + 1 == line.size() || std::string_view(" \t\r").find(line[stop + 1]) != std::string_view::npos);
  }
  return false;
}

std::vector<std::string> manifestsBelow(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code failed;
  auto skip = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, skip, failed), end; !failed && at != end; at.increment(failed)) {
    auto name = at->path().filename().string();
    if (at->is_directory(failed)) {
      if (name.starts_with('.')) at.disable_recursion_pending();
      continue;
    }
    auto path = at->path().string();
    const bool kustomization = isKustomizationName(path);
    if (!kustomization && (!isManifestName(path) || !fileMentions(path, kNeedle))) continue;
    out.push_back(folder == "." && path.starts_with("./") ? path.substr(2) : path);
  }
  std::ranges::sort(out);
  return out;
}

base::Symbol manifestId(const Node& root, base::SymbolTable& symbols) {
  auto name = textOf(ir::findPath(&root, "metadata.name", symbols));
  if (name.empty()) return {};
  auto version = textOf(ir::findPath(&root, "apiVersion", symbols));
  auto slash = version.find('/');
  auto nameSpace = textOf(ir::findPath(&root, "metadata.namespace", symbols));
  return symbols.intern(fmt::format("{}/{}/{}/{}", slash == std::string_view::npos ? "" : version.substr(0, slash),
                                    textOf(ir::findPath(&root, "kind", symbols)),
                                    nameSpace.empty() ? "default" : nameSpace, name));
}

// --- reading ---------------------------------------------------------------------------------

void Manifests::add(const base::SourceFile& file, bool named) {
  auto [at, fresh] = places_.emplace(&file, files_.size());
  if (!fresh) {
    files_[at->second].named = files_[at->second].named || named;
    return;
  }
  auto& added = files_.emplace_back();
  added.source = &file;
  added.named = named;
}

void Manifests::clear() {
  files_.clear();
  places_.clear();
  generated_.clear();
  templates_.clear();
  patches_.clear();
  components_.clear();
}

void Manifests::read(diag::Sink& sink) {
  for (auto& file : files_) readFile(file, sink);
  std::erase_if(files_, [&](const Manifest& file) { return !file.named && isPassedOver(absolute(file.source->name)); });
  for (auto& file : files_) takeIds(file);
  sayTemplates(sink);
}

void Manifests::readFile(Manifest& file, diag::Sink& sink) {
  ir::Builder builder(arena_);
  diag::Sink said;
  auto documents = yaml::readDocuments(*file.source, symbols_, builder, said, {.lastKeyCounts = true});
  if (hasHelm(file.source->text, said.hasErrors())) {
    templates_.push_back(file.source);
    return;
  }
  file.whole = !said.hasErrors();
  for (const auto& d : said.all()) sink.add(d);
  bool other = false;   // something that belongs to a tool
  const bool mayPatch = file.source->text.find("$patch") != std::string::npos || file.source->text.find("$retainKeys") != std::string::npos ||
                        file.source->text.find("$setElementOrder/") != std::string::npos;
  for (auto* document : documents) {
    if (isKustomization(*document, symbols_) || isKustomizationName(file.source->name)) {
      readKustomization(*document, *file.source);
      other = true;
      continue;
    }
    if (isToolFile(*document, symbols_) || (mayPatch && isPatch(*document, symbols_))) {
      other = true;
      continue;
    }
    for (auto* object : ir::manifestObjects(document, symbols_, arena_)) file.objects.push_back(object);
  }
  if (!file.objects.empty() || other || !file.named || !file.whole) return;
  auto d = diag::make<Code::NoKubernetesObject>({}, file.source->name);
  d.file = file.source->name;
  d.help = "an object has `apiVersion` and `kind`";
  sink.add(std::move(d));
}

void Manifests::takeIds(Manifest& file) const {
  std::unordered_set<std::uint32_t> seen;
  for (const auto* object : file.objects) {
    auto id = manifestId(*object, symbols_);
    if (id && seen.insert(id.id).second) file.ids.push_back(id);
  }
}

void Manifests::sayTemplates(diag::Sink& sink) const {
  if (templates_.empty()) return;
  auto others = templates_.size() - 1;
  auto d = diag::make<Code::HelmTemplate>({}, templates_[0]->name,
                                          others == 0 ? "" : fmt::format(", as {} other{}", others, others == 1 ? " is" : "s are"));
  d.file = templates_[0]->name;
  d.help = "check what it makes: `helm template … | mlstackc check -`";
  sink.add(std::move(d));
}

// --- kustomize -------------------------------------------------------------------------------

void Manifests::passOver(const Node* list, std::string_view folder, std::string_view field) {
  for (const auto& item : Children(list)) {
    auto path = field.empty() ? textOf(&item) : textOf(ir::findPath(&item, field, symbols_));
    if (path.empty() || path.find('\n') != std::string_view::npos) continue;   // a patch in place
    patches_.insert((fs::path(folder) / path).lexically_normal().string());
  }
}

/// What a kustomization lays over objects is no whole object; what it generates has a name and nothing that is known.
void Manifests::readKustomization(const Node& document, const base::SourceFile& file) {
  auto folder = parentOf(absolute(file.name));
  auto at = [&](std::string_view field) { return ir::findPath(&document, field, symbols_); };
  passOver(at("patches"), folder, "path");
  passOver(at("patchesJson6902"), folder, "path");
  passOver(at("replacements"), folder, "path");
  for (const std::string_view field : {"patchesStrategicMerge", "configurations", "transformers", "validators", "generators"})
    passOver(at(field), folder, {});
  for (const auto& component : Children(at("components"))) {
    auto path = textOf(&component);
    if (!path.empty()) components_.insert(absolute((fs::path(folder) / path).string()));
  }
  if (textOf(at("kind")) == "Component") components_.insert(folder);
  auto nameSpace = textOf(at("namespace"));
  for (auto [field, kind] : {std::pair<std::string_view, std::string_view>{"configMapGenerator", "ConfigMap"},
                             {"secretGenerator", "Secret"}}) {
    for (const auto& item : Children(at(field))) {
      const auto* name = ir::findPath(&item, "name", symbols_);
      if (textOf(name).empty()) continue;
      auto own = textOf(ir::findPath(&item, "namespace", symbols_));
      auto in = own.empty() ? nameSpace : own;
      generated_.push_back({kind, symbols_.intern(textOf(name)), in.empty() ? base::Symbol{} : symbols_.intern(in), name->span,
                            parentOf(parentOf(folder))});
    }
  }
}

bool GeneratedName::concerns(const Manifest& file) const {
  auto path = absolute(file.source->name);
  return path.starts_with(folder) && (folder.ends_with('/') || path.substr(folder.size()).starts_with('/'));
}

bool Manifests::isPassedOver(const std::string& path) const {
  if (patches_.contains(path)) return true;
  for (auto folder = parentOf(path); !components_.empty(); folder = parentOf(folder)) {
    if (components_.contains(folder)) return true;
    if (folder == parentOf(folder)) break;
  }
  return false;
}

// --- grouping --------------------------------------------------------------------------------

/// A folder with files somewhere below.
struct Manifests::Folder {
  std::string label;
  std::map<std::string, Folder> folders;
  std::vector<const Manifest*> files;

  void collect(std::vector<const Manifest*>& all) const {
    all.insert(all.end(), files.begin(), files.end());
    for (const auto& [name, folder] : folders) folder.collect(all);
  }
};

namespace {

bool haveDoubles(const std::vector<const Manifest*>& files) {
  std::unordered_set<std::uint32_t> seen;
  for (const auto* file : files)
    for (auto id : file->ids)
      if (!seen.insert(id.id).second) return true;
  return false;
}

}  // namespace

void Manifests::split(const Folder& folder, std::vector<Deployment>& found) {
  std::vector<const Manifest*> all;
  folder.collect(all);
  if (all.empty()) return;
  if (!haveDoubles(all)) {
    found.push_back({all.size() == 1 ? all[0]->source->name : folder.label, std::move(all)});
    return;
  }
  if (haveDoubles(folder.files)) {
    for (const auto* file : folder.files) found.push_back({file->source->name, {file}});
  } else if (!folder.files.empty()) {
    found.push_back({folder.files.size() == 1 ? folder.files[0]->source->name : folder.label, folder.files});
  }
  for (const auto& [name, below] : folder.folders) split(below, found);
}

std::vector<Deployment> Manifests::deployments() const {
  Folder top;
  for (const auto& file : files_) {
    if (file.objects.empty()) continue;
    std::vector<Folder*> way = {&top};
    auto folder = fs::path(parentOf(absolute(file.source->name)));
    for (const auto& step : folder) way.push_back(&way.back()->folders[step.string()]);
    way.back()->files.push_back(&file);
    // Upwards the path as it was given, as far as it goes.
    auto shown = fs::path(file.source->name).lexically_normal().parent_path();
    for (auto at = way.rbegin(); at != way.rend() && (*at)->label.empty(); ++at) {
      (*at)->label = shown.empty() ? "." : shown.string();
      if (shown.empty() || shown.filename() == ".." || shown == shown.parent_path()) break;
      shown = shown.parent_path();
    }
  }
  // Down to where paths part: what is above tells nothing.
  const auto* from = &top;
  while (from->files.empty() && from->folders.size() == 1) from = &from->folders.begin()->second;
  std::vector<Deployment> found;
  split(*from, found);
  return found;
}

}  // namespace mlstack::driver
