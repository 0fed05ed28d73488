#pragma once
// Files to deployment graphs: the pipeline that every command runs, and how far.

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "driver/cluster.h"
#include "driver/command.h"
#include "driver/manifests.h"
#include "driver/project.h"
#include "ir/stack.h"
#include "schema/schema.h"
#include "sema/program.h"
#include "sema/sema.h"
#include "syntax/ast.h"

namespace mlstack::driver {

/// One stack on its way through the compiler; what later phases need no more is freed early.
struct Unit {
  const base::SourceFile* source = nullptr;
  bool isStack = true;                      // false: a library found in a folder, only parsed
  bool isManifest = false;                  // made of manifests: `source` is the first, and there is no tree
  std::string label;                        // of manifests: the folder or file that they are
  std::unique_ptr<syntax::File> tree;
  std::unique_ptr<Imports> imports;
  const schema::Catalog* catalog = nullptr;
  std::unique_ptr<sema::Program> program;   // null after lowering
  std::unique_ptr<ir::Stack> stack;         // null when there were errors
};

/// What the user asked for beside the files.
struct Settings {
  std::string kubernetes;
  std::vector<sema::ParamValue> params;
  int paramsFromStdin = 0;                  // how often `--params -` was given
  bool missingParamsAreUnknown = false;
  bool libraries = false;                   // parse files of folders that hold no stack, too
  std::string was;                          // `--was`: what runs now
  std::string cluster;                      // `--cluster`: what the cluster has
  bool manifestsBesideStacks = true;        // of a folder that has stacks, read the manifests as well
  bool manifestsInFolders = true;
  bool showAllowed = false;                 // keep what an `allow` silences as notes
  sema::Budgets budgets;                    // what evaluating a stack may take
  bool rules = true;                        // hold objects against schemas and storage rules
};

/// What was looked at, for the summary.
struct Counts {
  std::size_t manifests = 0;                // files with objects
  std::size_t objects = 0;                  // in them
  std::size_t allowed = 0;                  // findings that an `allow` silenced
};

/// One run of the compiler over independent stacks. Diagnostics of all go to one sink.
class Session {
 public:
  Session() : files_(sources) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Reads `--set`, `--params`, `--kubernetes`; with `--live`, asks the cluster.
  void configure(const Invocation& invocation);

  /// Reads what the operands name: files, `-`, folders (searched for stacks and manifests). Without operands,
  /// the only stack of the current folder. False when there is nothing to go on with.
  [[nodiscard]] bool open(const std::vector<std::string>& operands);

  /// Parses every unit.
  void parse();
  /// Parses and evaluates every unit.
  void evaluate();
  /// All of it: evaluates, lowers, checks against the schemas, verifies, applies the storage rules. Manifests
  /// become units here, one for each deployment that they form.
  void compile();

  /// What `path` (a file or folder) makes, built like the operands: what ran before. Null when it cannot be read, with
  /// diagnostics, or holds nothing. It lives as long as the session.
  [[nodiscard]] const ir::Stack* compileWas(const std::string& path);

  /// The required parameters that have no value; such a stack cannot be lowered.
  [[nodiscard]] std::vector<std::string_view> missingParams(const sema::Program& program) const;

  base::SourceSet sources;
  base::SymbolTable symbols;
  diag::Sink sink;
  Settings settings;
  std::deque<Unit> units;
  Counts counts;
  [[nodiscard]] bool hasManifests() const { return !manifests_.empty(); }

 private:
  void takeLive(const Invocation& invocation);
  [[nodiscard]] bool openOperands(const std::vector<std::string>& operands);
  void addFile(const std::string& path);
  void addUnit(const std::string& path, bool isStack);
  void addUnit(const base::SourceFile& file, bool isStack);
  void compileUnits();
  void compileManifests();
  /// Builds what `--was` names, the same way; false when it cannot be.
  [[nodiscard]] bool loadWas();
  /// Holds the units against it.
  void compileChange();
  void compileDeployment(const Deployment& deployment);
  /// Adds what the cluster has, links, verifies and judges.
  void judge(const Unit& unit, ir::Stack& stack, bool whole, bool lowered);
  void checkSchemas(const Unit& unit, const ir::Stack& stack, diag::Sink& found) const;
  void checkStorage(ir::Stack& stack, bool whole, diag::Sink& into);
  /// Takes over what was found in manifests, but for what cannot be meant of them.
  void takeForManifests(const Unit& unit, const diag::Sink& found);
  using Finished = decltype(sema::Options::finished);
  using Repeat = decltype(sema::Options::repeat);
  void noteParams(const syntax::File& tree);
  [[nodiscard]] std::vector<sema::ParamValue> paramsFor(const syntax::File& tree) const;
  void evaluateUnit(Unit& unit, Finished finished = {}, Repeat repeat = {});
  void compileUnit(Unit& unit);
  void readParamsFile(const std::string& path);
  void addSet(const base::SourceFile& file, std::size_t& offset, const std::string& text);
  [[nodiscard]] const schema::Catalog& catalogFor(const std::string& root);

  std::set<std::string, std::less<>> declaredParams_;   // by any stack of this run
  Sources files_;
  base::Arena arena_;                        // of parameters and manifests
  Manifests manifests_{symbols, arena_};
  Cluster cluster_{symbols, arena_};
  std::deque<Unit> was_;
  std::unique_ptr<ir::Stack> allWas_;        // of several, in one
  std::vector<std::string> operands_;        // as opened
  std::map<std::string, std::unique_ptr<schema::Catalog>> catalogs_;   // by project
};

/// ExitUsage when the command line is at fault, ExitErrors for other errors, else ExitDone.
[[nodiscard]] int exitFor(const std::vector<diag::Diagnostic>& diagnostics);

/// The row of "MLS3004", "mls3004" or "3004"; null when there is none.
[[nodiscard]] const diag::MessageRow* findRow(std::string_view text);

/// The shortest exit: destructors of a large run take longer than writing its output.
[[noreturn]] void leave(int code);

/// Whether a text's first statement is `stack`; comments may come before it.
[[nodiscard]] bool beginsWithStack(std::string_view text);

/// All .mlstack files below `folder`, sorted; hidden folders are left out, links to folders not followed.
[[nodiscard]] std::vector<std::string> sourcesBelow(const std::string& folder);

}  // namespace mlstack::driver
