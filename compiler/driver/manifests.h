#pragma once
// Manifest files: which of them hold Kubernetes objects, and which of those form one deployment.

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "ir/node.h"

namespace mlstack::driver {

/// One file and the objects in it.
struct Manifest {
  const base::SourceFile* source = nullptr;
  bool named = false;               // on the command line, not found in a folder
  bool whole = true;                // false: broken YAML hides some of its objects
  std::vector<ir::Node*> objects;   // lists taken apart
  std::vector<base::Symbol> ids;    // of the objects that have a name, each once
};

/// Names that kustomize will make, of which only that much is known.
struct GeneratedName {
  std::string_view kind;            // "ConfigMap"
  base::Symbol name;
  base::Symbol nameSpace;
  base::Span span;
  std::string folder;               // two above the kustomization: its bases and overlays lie there

  [[nodiscard]] bool concerns(const Manifest& file) const;
};

/// Files whose objects are applied together: references between them resolve.
struct Deployment {
  std::string label;                // the folder or the file
  std::vector<const Manifest*> files;
};

class Manifests {
 public:
  Manifests(base::SymbolTable& symbols, base::Arena& arena) : symbols_(symbols), arena_(arena) {}

  /// Takes a file; one that is given twice counts once.
  void add(const base::SourceFile& file, bool named);
  void clear();
  [[nodiscard]] bool empty() const { return files_.empty(); }
  [[nodiscard]] const std::vector<Manifest>& files() const { return files_; }
  [[nodiscard]] const std::vector<GeneratedName>& generated() const { return generated_; }

  /// Reads every file and says what is no YAML, what holds nothing, and what is a template.
  void read(diag::Sink& sink);

  /// A deployment is the largest folder tree in which no object is declared in two files. A tree with such
  /// doubles is parted: each sub-folder by itself, its own files together; those, if doubled, file by file.
  [[nodiscard]] std::vector<Deployment> deployments() const;

 private:
  struct Folder;
  void readFile(Manifest& file, diag::Sink& sink);
  void readKustomization(const ir::Node& document, const base::SourceFile& file);
  void passOver(const ir::Node* list, std::string_view folder, std::string_view field);
  [[nodiscard]] bool isPassedOver(const std::string& path) const;
  void takeIds(Manifest& file) const;
  void sayTemplates(diag::Sink& sink) const;
  static void split(const Folder& folder, std::vector<Deployment>& found);

  base::SymbolTable& symbols_;
  base::Arena& arena_;
  std::vector<Manifest> files_;
  std::unordered_map<const base::SourceFile*, std::size_t> places_;   // in files_, until they are read
  std::vector<GeneratedName> generated_;
  std::vector<const base::SourceFile*> templates_;
  std::set<std::string, std::less<>> patches_;      // files that kustomizations lay over objects, absolute
  std::set<std::string, std::less<>> components_;   // folders likewise
};

/// By a file's name: .yaml, .yml, .json.
[[nodiscard]] bool isManifestName(std::string_view path);
/// Whether a text begins as YAML or JSON does, and not as the language.
[[nodiscard]] bool looksLikeManifest(std::string_view text);
/// All files below `folder` that may hold manifests, sorted; hidden folders are left out, links to folders not
/// followed. Of files that never say `apiVersion` only kustomizations count.
[[nodiscard]] std::vector<std::string> manifestsBelow(const std::string& folder);

/// What tells an object from all others: kind, group, namespace and name as one symbol; none without a name.
[[nodiscard]] base::Symbol manifestId(const ir::Node& root, base::SymbolTable& symbols);

}  // namespace mlstack::driver
