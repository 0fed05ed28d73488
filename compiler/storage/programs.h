#pragma once
// What a container's own words say about state: where its program keeps checkpoints, databases, models and data
// sets, read from its image, its arguments and its environment. The words stand in two tables (programs.cpp).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/model.h"

namespace mlstack::storage {

/// What a folder is to the program.
enum class Content : std::uint8_t {
  Checkpoint,   // written to go on from
  Resume,       // read to go on from
  Output,       // results of a run
  Model,        // weights that are read, or a cache of them
  Dataset,
  Database,     // what the program is there to keep
  Log,
  Scratch
};

/// A program known by its image.
struct Program {
  std::string_view image{};        // the last part of the image's name: "postgres"
  std::string_view owner{};        // the part before it, where that decides: "bitnami"; empty: any
  std::string_view title{};        // "PostgreSQL"
  std::string_view path{};         // where it keeps its data
  std::string_view variable{};     // the environment variable that puts it elsewhere
  std::string_view argument{};     // the argument that does
  Content what = Content::Database;
  bool keepsOnlyIfAsked = false;   // a cache unless an argument asks for persistence (Redis)
  bool oneWriter = false;          // two processes on one data directory damage it
  bool needsLocks = false;         // its makers advise against network file systems
  bool passing = false;            // often run for what need not last: the meeting point of one training run
};

/// Null for images that are not in the table.
[[nodiscard]] const Program* programOf(std::string_view image);

/// The major version in the tag of an image of PostgreSQL ("postgres:16.2", "pgvector:pg17"); nothing for others and for tags without one.
[[nodiscard]] std::optional<std::int64_t> postgresMajor(std::string_view image);
/// The same of every image whose tag begins with its program's version.
[[nodiscard]] std::optional<std::int64_t> majorOf(std::string_view image);

/// A folder (or file) in the container, with the word that names it.
struct StateDirectory {
  std::string path;                     // absolute, without a slash at its end; up to what only the run knows. Of a SQLite file perhaps relative
  Content what = Content::Output;
  base::Span span;                      // the argument, the variable's value, or the image
  std::string_view word{};              // "--output_dir", "PGDATA"; the program's title when it puts it there itself
  const Program* program = nullptr;     // who keeps it, when the image says so
  bool sqlite = false;                  // a database file of the program's own
  bool varies = false;                  // what follows in the path differs from run to run ("/ckpt/$RUN")
};

/// One word of a command line (scripts of `sh -c` are cut into theirs), or one environment variable.
struct Argument {
  std::string_view word{};        // as written, "--output_dir"; of a variable its name
  std::string key;                // to compare with: "outputdir"
  std::string value;              // $(VAR), ${VAR} and $VAR of variables with literal values put in
  const ir::Node* node = nullptr; // the string it stands in
  bool environment = false;
  bool positional = false;        // a word without a value; `value` is the word
};

[[nodiscard]] std::vector<Argument> argumentsOf(const Model& model, const Container& container);

[[nodiscard]] std::vector<StateDirectory> stateDirectories(const Model& model, const Container& container);
/// The same from arguments that are at hand.
[[nodiscard]] std::vector<StateDirectory> stateDirectories(const Model& model, const Container& container, const std::vector<Argument>& arguments);

/// A number that an argument or a variable states.
struct Stated {
  std::int64_t value = 0;
  std::int64_t most = 0;               // of a range "1:4"; otherwise `value`
  const Argument* at = nullptr;

  [[nodiscard]] explicit operator bool() const { return at != nullptr; }
};

/// Only what is written out: values from elsewhere are absent. It points into the arguments that it was read from.
struct Gang {
  Stated nodes;                        // --nnodes, NNODES
  Stated world;                        // WORLD_SIZE: processes, or nodes with one process each
  Stated processes;                    // --nproc_per_node
  Stated port;                         // MASTER_PORT, or of the address
  const Argument* address = nullptr;   // MASTER_ADDR, --rdzv_endpoint
  std::string host;                    // of `address`, without scheme and port

  /// Whether it takes part in a run of several pods.
  [[nodiscard]] bool isPartOfMany() const { return (nodes && nodes.most > 1) || (world && world.value > 1) || address; }
};

/// All of one container.
struct Words {
  std::vector<Argument> arguments;
  std::vector<StateDirectory> directories;
  Gang gang;

  /// Of `arguments`, those that say something of the run, by number and row of the table.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> gangWords;
  // What it was read from, as far as `readAgain` has to compare it.
  const ir::Node* command = nullptr;     // the last words of the lists, which trees may share
  const ir::Node* args = nullptr;
  std::string_view image{};
  std::uint32_t variables = 0;           // how many of `arguments` are; they come first
  bool plain = false;                    // no word refers to a variable, and no folder follows from variables, the image or
                                         // where it works
};
void readWords(const Model& model, const Container& container, Words& words);
/// The same when only values of variables differ from what `words` were read from, as in the turns of a loop; false, with
/// nothing changed, when it has to be read anew.
[[nodiscard]] bool readAgain(const Model& model, const Container& container, Words& words);
/// Writes `gang` (distributed.cpp): all of it, or only the values of words that are known already.
void readGang(Words& words);
void readGangAgain(Words& words);

/// The mount that a path in the container lies on: the deepest at or above it. Null: the container's own layer.
[[nodiscard]] const Mount* mountAt(const Model& model, const Container& container, std::string_view path);
/// Whether `path` is `folder` or lies below it.
[[nodiscard]] bool isWithin(std::string_view path, std::string_view folder);

/// Whether a name of a volume, template, claim or folder speaks of checkpoints: "ckpt", "llama-checkpoints", "/ckpt/run1".
[[nodiscard]] bool speaksOfCheckpoints(std::string_view name);

/// "a checkpoint", "the data of PostgreSQL": for messages.
[[nodiscard]] std::string contentText(const StateDirectory& directory);

}  // namespace mlstack::storage
