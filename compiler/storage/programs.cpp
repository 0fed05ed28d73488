#include "storage/programs.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include <fmt/format.h>

namespace mlstack::storage {

namespace {

// Data directories as the images' own documentation states them.
constexpr std::array kPrograms{
    Program{.image = "postgres", .title = "PostgreSQL", .path = "/var/lib/postgresql/data", .variable = "PGDATA", .oneWriter = true},
    Program{.image = "pgvector", .title = "PostgreSQL", .path = "/var/lib/postgresql/data", .variable = "PGDATA", .oneWriter = true},
    Program{.image = "postgis", .title = "PostgreSQL", .path = "/var/lib/postgresql/data", .variable = "PGDATA", .oneWriter = true},
    Program{.image = "timescaledb", .title = "TimescaleDB", .path = "/var/lib/postgresql/data", .variable = "PGDATA", .oneWriter = true},
    Program{.image = "postgresql", .owner = "bitnami", .title = "PostgreSQL", .path = "/bitnami/postgresql", .oneWriter = true},
    Program{.image = "postgresql", .owner = "bitnamilegacy", .title = "PostgreSQL", .path = "/bitnami/postgresql", .oneWriter = true},
    Program{.image = "mysql", .owner = "bitnami", .title = "MySQL", .path = "/bitnami/mysql", .oneWriter = true},
    Program{.image = "mariadb", .owner = "bitnami", .title = "MariaDB", .path = "/bitnami/mariadb", .oneWriter = true},
    Program{.image = "mysql", .title = "MySQL", .path = "/var/lib/mysql", .argument = "datadir", .oneWriter = true},
    Program{.image = "mysql-server", .title = "MySQL", .path = "/var/lib/mysql", .argument = "datadir", .oneWriter = true},
    Program{.image = "mariadb", .title = "MariaDB", .path = "/var/lib/mysql", .argument = "datadir", .oneWriter = true},
    Program{.image = "percona", .title = "Percona Server", .path = "/var/lib/mysql", .argument = "datadir", .oneWriter = true},
    Program{.image = "mongodb", .owner = "bitnami", .title = "MongoDB", .path = "/bitnami/mongodb", .oneWriter = true},
    Program{.image = "mongo", .title = "MongoDB", .path = "/data/db", .argument = "dbpath", .oneWriter = true},
    Program{.image = "redis", .owner = "bitnami", .title = "Redis", .path = "/bitnami/redis/data", .keepsOnlyIfAsked = true, .oneWriter = true},
    Program{.image = "redis", .title = "Redis", .path = "/data", .keepsOnlyIfAsked = true, .oneWriter = true},
    Program{.image = "redis-stack-server", .title = "Redis", .path = "/data", .keepsOnlyIfAsked = true, .oneWriter = true},
    Program{.image = "valkey", .title = "Valkey", .path = "/data", .keepsOnlyIfAsked = true, .oneWriter = true},
    Program{.image = "milvus", .title = "Milvus", .path = "/var/lib/milvus", .oneWriter = true},
    Program{.image = "etcd", .title = "etcd", .variable = "ETCD_DATA_DIR", .argument = "datadir", .oneWriter = true, .needsLocks = true, .passing = true},
    Program{.image = "qdrant", .title = "Qdrant", .path = "/qdrant/storage", .variable = "QDRANT__STORAGE__STORAGE_PATH", .oneWriter = true, .needsLocks = true},
    Program{.image = "weaviate", .title = "Weaviate", .path = "/var/lib/weaviate", .variable = "PERSISTENCE_DATA_PATH", .oneWriter = true},
    Program{.image = "chroma", .title = "Chroma", .path = "/data", .variable = "PERSIST_DIRECTORY", .oneWriter = true, .needsLocks = true},
    Program{.image = "elasticsearch", .title = "Elasticsearch", .path = "/usr/share/elasticsearch/data", .oneWriter = true},
    Program{.image = "opensearch", .title = "OpenSearch", .path = "/usr/share/opensearch/data", .oneWriter = true},
    Program{.image = "neo4j", .title = "Neo4j", .path = "/data", .oneWriter = true},
    Program{.image = "cassandra", .title = "Cassandra", .path = "/var/lib/cassandra", .oneWriter = true},
    Program{.image = "scylla", .title = "ScyllaDB", .path = "/var/lib/scylla", .oneWriter = true},
    Program{.image = "clickhouse-server", .title = "ClickHouse", .path = "/var/lib/clickhouse", .oneWriter = true},
    Program{.image = "clickhouse", .title = "ClickHouse", .path = "/var/lib/clickhouse", .oneWriter = true},
    Program{.image = "cockroach", .title = "CockroachDB", .path = "/cockroach/cockroach-data", .argument = "store", .oneWriter = true},
    Program{.image = "influxdb", .title = "InfluxDB", .path = "/var/lib/influxdb2", .variable = "INFLUXD_BOLT_PATH", .oneWriter = true, .needsLocks = true},
    Program{.image = "couchdb", .title = "CouchDB", .path = "/opt/couchdb/data", .oneWriter = true},
    Program{.image = "rabbitmq", .title = "RabbitMQ", .path = "/var/lib/rabbitmq", .oneWriter = true},
    Program{.image = "minio", .title = "MinIO", .variable = "MINIO_VOLUMES", .oneWriter = true},
    Program{.image = "registry", .title = "the image registry", .path = "/var/lib/registry", .variable = "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY"},
    Program{.image = "prometheus", .title = "Prometheus", .path = "/prometheus", .argument = "storagetsdbpath", .oneWriter = true, .needsLocks = true},
    Program{.image = "open-webui", .title = "Open WebUI", .path = "/app/backend/data", .variable = "DATA_DIR", .oneWriter = true, .needsLocks = true},
    Program{.image = "label-studio", .title = "Label Studio", .path = "/label-studio/data", .variable = "LABEL_STUDIO_BASE_DATA_DIR"},
};

/// Images of notebook servers have many names and one home.
constexpr Program kNotebook{.title = "Jupyter", .path = "/home/jovyan"};
bool isNotebook(std::string_view image) { return image.starts_with("jupyter") || image.ends_with("-notebook"); }

struct Word {
  std::string_view key;
  Content what;
};

// Arguments and configuration keys, as `keyOf` makes them: lower case without `-`, `_` and leading dashes.
constexpr std::array kArguments{
    Word{"checkpointdir", Content::Checkpoint},      Word{"checkpointsdir", Content::Checkpoint},
    Word{"checkpointdirectory", Content::Checkpoint}, Word{"checkpointfolder", Content::Checkpoint},
    Word{"checkpointlocalpath", Content::Checkpoint}, Word{"checkpointoutputdir", Content::Checkpoint},
    Word{"checkpointpath", Content::Checkpoint},     Word{"checkpointroot", Content::Checkpoint},
    Word{"checkpointsavepath", Content::Checkpoint}, Word{"checkpointsavedir", Content::Checkpoint},
    Word{"ckptdir", Content::Checkpoint},            Word{"ckptoutputdir", Content::Checkpoint},
    Word{"ckptsavedir", Content::Checkpoint},        Word{"savecheckpointdir", Content::Checkpoint},
    Word{"save", Content::Checkpoint},               Word{"savedir", Content::Checkpoint},
    Word{"savefolder", Content::Checkpoint},         Word{"savepath", Content::Checkpoint},
    Word{"snapshotpath", Content::Checkpoint},       Word{"snapshotdir", Content::Checkpoint},
    Word{"weightssavepath", Content::Checkpoint},    Word{"defaultrootdir", Content::Checkpoint},
    Word{"dumpfolder", Content::Checkpoint},         Word{"baseoutputdirectory", Content::Checkpoint},
    Word{"expdir", Content::Checkpoint},

    Word{"resume", Content::Resume},                 Word{"resumefrom", Content::Resume},
    Word{"resumefromcheckpoint", Content::Resume},   Word{"resumepath", Content::Resume},
    Word{"resumedir", Content::Resume},              Word{"resumefrompath", Content::Resume},
    Word{"loadcheckpoint", Content::Resume},         Word{"loadcheckpointpath", Content::Resume},
    Word{"loaddir", Content::Resume},                Word{"load", Content::Resume},
    Word{"loadpath", Content::Resume},               Word{"restorefrom", Content::Resume},
    Word{"restorepath", Content::Resume},            Word{"restoredir", Content::Resume},
    Word{"restorecheckpoint", Content::Resume},      Word{"autoresumefrom", Content::Resume},

    Word{"outputdir", Content::Output},              Word{"outputdirectory", Content::Output},
    Word{"outputpath", Content::Output},             Word{"outputfolder", Content::Output},
    Word{"outdir", Content::Output},                 Word{"outpath", Content::Output},
    Word{"outputmodeldir", Content::Output},         Word{"modeloutputpath", Content::Output},
    Word{"modeloutputdir", Content::Output},         Word{"outputmodelpath", Content::Output},
    Word{"resultsdir", Content::Output},             Word{"resultdir", Content::Output},
    Word{"modelsavedir", Content::Output},           Word{"modelsavepath", Content::Output},
    Word{"savemodeldir", Content::Output},           Word{"exportdir", Content::Output},
    Word{"artifactsdestination", Content::Database}, Word{"defaultartifactroot", Content::Database},

    Word{"downloaddir", Content::Model},             Word{"modelcachedir", Content::Model},
    Word{"huggingfacehubcache", Content::Model},     Word{"modelstore", Content::Model},
    Word{"modelpath", Content::Model},               Word{"modeldir", Content::Model},
    Word{"model", Content::Model},                   Word{"modelnameorpath", Content::Model},
    Word{"modelrepository", Content::Model},         Word{"modelbasepath", Content::Model},

    Word{"datadir", Content::Dataset},               Word{"datapath", Content::Dataset},
    Word{"datasetdir", Content::Dataset},            Word{"datasetpath", Content::Dataset},
    Word{"dataroot", Content::Dataset},              Word{"traindata", Content::Dataset},
    Word{"traindir", Content::Dataset},              Word{"traindatadir", Content::Dataset},
    Word{"trainfile", Content::Dataset},             Word{"validationfile", Content::Dataset},

    Word{"logdir", Content::Log},                    Word{"loggingdir", Content::Log},
    Word{"tensorboarddir", Content::Log},            Word{"tensorboardlogdir", Content::Log},
};

constexpr std::array kVariables{
    Word{"checkpointdir", Content::Checkpoint},      Word{"checkpointpath", Content::Checkpoint},
    Word{"checkpointsdir", Content::Checkpoint},     Word{"ckptdir", Content::Checkpoint},
    Word{"ckptpath", Content::Checkpoint},           Word{"savedir", Content::Checkpoint},
    Word{"resumefromcheckpoint", Content::Resume},   Word{"outputdir", Content::Output},
    Word{"outputpath", Content::Output},             Word{"hfhome", Content::Model},
    Word{"hfhubcache", Content::Model},              Word{"huggingfacehubcache", Content::Model},
    Word{"transformerscache", Content::Model},       Word{"torchhome", Content::Model},
    Word{"vllmcacheroot", Content::Model},           Word{"nimcachepath", Content::Model},
    Word{"ollamamodels", Content::Model},            Word{"modelcachedir", Content::Model},
    Word{"sentencetransformershome", Content::Model}, Word{"hfdatasetscache", Content::Dataset},
    Word{"datasetpath", Content::Dataset},           Word{"datasetdir", Content::Dataset},
    Word{"tmpdir", Content::Scratch},                Word{"tmp", Content::Scratch},
    Word{"temp", Content::Scratch},                  Word{"joblibtempfolder", Content::Scratch},
    Word{"mlflowartifactsdestination", Content::Database}, Word{"mlflowdefaultartifactroot", Content::Database},
};

using WordMap = std::unordered_map<std::string_view, Content>;

template <std::size_t N>
WordMap mapOf(const std::array<Word, N>& words) {
  WordMap map;
  for (const auto& word : words) map.emplace(word.key, word.what);
  return map;
}

const WordMap& argumentWords() {
  static const WordMap words = mapOf(kArguments);
  return words;
}
const WordMap& variableWords() {
  static const WordMap words = mapOf(kVariables);
  return words;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool isNameChar(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }
bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string keyOf(std::string_view word) {
  std::string key;
  key.reserve(word.size());
  for (const char c : word)
    if (c != '-' && c != '_' && c != '.' && c != '+') key += lower(c);
  return key;
}

/// `trainer.ckpt_dir` is known as a whole or by its last part.
std::string_view lastPart(std::string_view word) {
  const auto dot = word.rfind('.');
  return dot == std::string_view::npos ? word : word.substr(dot + 1);
}

// --- words of a command line -----------------------------------------------------------------

class Reader {
 public:
  Reader(const Model& model, const Container& container) : model_(model), container_(container) {}

  std::vector<Argument> read() {
    const auto* environment = model_.keys.at<"env">(container_.node);
    const std::array lists{model_.keys.at<"command">(container_.node), model_.keys.at<"args">(container_.node)};
    found_.reserve(std::size_t{ir::Children(environment).size()} + ir::Children(lists[0]).size() + ir::Children(lists[1]).size());
    readEnvironment(environment);
    bool shell = false;
    bool script = false;
    for (const auto* list : lists) {
      for (const auto& node : ir::Children(list)) {
        const auto text = textOf(&node);
        if (text.empty()) continue;
        if (script || text.find('\n') != std::string_view::npos) {
          cut(text, node);
          script = false;
          continue;
        }
        if (shell && text.size() > 1 && text.front() == '-' && text.back() == 'c') {
          script = true;
          continue;
        }
        if (isShell(text)) shell = true;
        token(text, text, node);
      }
    }
    flush();
    return std::move(found_);
  }

 private:
  static bool isShell(std::string_view text) {
    const auto name = text.substr(text.rfind('/') + 1);
    return name == "sh" || name == "bash" || name == "ash" || name == "zsh" || name == "dash";
  }

  void readEnvironment(const ir::Node* environment) {
    for (const auto& entry : ir::Children(environment)) {
      const auto* value = model_.keys.at<"value">(&entry);
      const auto name = model_.keys.text<"name">(&entry);
      if (name.empty()) continue;
      if (!isText(value)) continue;
      auto text = expand(value->text());
      assigned_.push_back(found_.size());
      auto& one = found_.emplace_back();
      one.word = name;
      one.key = keyOf(name);
      one.value = std::move(text);
      one.node = value;
      one.environment = true;
    }
  }

  /// The value that a variable has by now.
  const std::string* valueOf(std::string_view name) {
    for (; known_ < assigned_.size(); ++known_) variables_[found_[assigned_[known_]].word] = assigned_[known_];
    const auto at = variables_.find(name);
    return at == variables_.end() ? nullptr : &found_[at->second].value;
  }

  /// Variables with literal values are put in; others stay as they are written.
  std::string expand(std::string_view text) {
    if (text.find('$') == std::string_view::npos) return std::string(text);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '$' || i + 1 == text.size()) {
        out += text[i];
        continue;
      }
      const char open = text[i + 1];
      const bool bracketed = open == '(' || open == '{';
      auto begin = i + (bracketed ? 2 : 1);
      auto end = begin;
      while (end < text.size() && isNameChar(text[end])) ++end;
      const bool closed = !bracketed || (end < text.size() && text[end] == (open == '(' ? ')' : '}'));
      const auto* known = closed && end > begin ? valueOf(text.substr(begin, end - begin)) : nullptr;
      if (!known) {
        out += '$';
        continue;
      }
      out += *known;
      i = bracketed ? end : end - 1;
    }
    return out;
  }

  /// Cuts a script at blanks and at the shell's operators; quotes keep blanks. Comments are left out.
  void cut(std::string_view script, const ir::Node& node) {
    std::size_t at = 0;
    while (at < script.size()) {
      const char c = script[at];
      if (isSpace(c) || c == ';' || c == '|' || c == '&' || c == '(' || c == ')' || c == '<' || c == '>') {
        if (c == '\n' || c == ';' || c == '|' || c == '&') flush();
        ++at;
        continue;
      }
      if (c == '\\' && at + 1 < script.size() && isSpace(script[at + 1])) {
        at += 2;
        continue;
      }
      if (c == '#') {
        at = std::min(script.find('\n', at), script.size());
        continue;
      }
      const auto begin = at;
      std::string word;
      at = wordAt(script, at, word);
      token(word, script.substr(begin, at - begin), node);
    }
    flush();
  }

  static std::size_t wordAt(std::string_view script, std::size_t at, std::string& word) {
    char quote = 0;
    int depth = 0;   // of $( … ) and ${ … }
    for (; at < script.size(); ++at) {
      const char c = script[at];
      if (quote != 0) {
        if (c == quote) quote = 0;
        else word += c;
        continue;
      }
      if (c == '"' || c == '\'') {
        quote = c;
        continue;
      }
      if (c == '$' && at + 1 < script.size() && (script[at + 1] == '(' || script[at + 1] == '{')) {
        ++depth;
        word += c;
        word += script[++at];
        continue;
      }
      if (depth > 0 && (c == ')' || c == '}')) --depth;
      else if (depth == 0 && (isSpace(c) || c == ';' || c == '|' || c == '&' || c == ')' || c == '<' || c == '>')) break;
      word += c;
    }
    return at;
  }

  void token(std::string_view word, std::string_view raw, const ir::Node& node) {
    if (!word.empty() && word.front() == '-' && word.size() > 1 && !(word[1] >= '0' && word[1] <= '9')) {
      flush();
      const auto equals = word.find('=');
      const auto name = raw.substr(0, std::min(raw.find('='), raw.size()));
      pending_ = {};
      pending_.word = name;
      pending_.key = keyOf(word.substr(0, equals));
      pending_.node = &node;
      open_ = true;
      if (equals != std::string_view::npos) {
        pending_.value = expand(word.substr(equals + 1));
        flush();
      }
      return;
    }
    if (open_) {
      pending_.value = expand(word);
      flush();
      return;
    }
    const auto equals = word.find('=');
    const bool assigns = equals != std::string_view::npos && equals > 0 &&
                         std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals), [](char c) { return isNameChar(c) || c == '.' || c == '+' || c == '-'; });
    Argument one;
    one.node = &node;
    if (assigns) {
      one.word = raw.substr(0, std::min(raw.find('='), raw.size()));
      one.key = keyOf(one.word);
      one.value = expand(word.substr(equals + 1));
      if (std::all_of(one.word.begin(), one.word.end(), isNameChar)) assigned_.push_back(found_.size());
    } else {
      one.word = raw;
      one.value = expand(word);
      one.positional = true;
    }
    found_.push_back(std::move(one));
  }

  void flush() {
    if (!open_) return;
    open_ = false;
    found_.push_back(std::move(pending_));
  }

  const Model& model_;
  const Container& container_;
  std::vector<Argument> found_;
  std::vector<std::size_t> assigned_;   // those of `found_` that are variables
  std::unordered_map<std::string_view, std::size_t> variables_;   // the first `known_` of them, made when one is used
  std::size_t known_ = 0;
  Argument pending_;
  bool open_ = false;
};

// --- folders ---------------------------------------------------------------------------------

/// Makes a value a path: absolute, up to what only the run knows. Empty when it is none.
std::string pathOf(std::string_view value, bool& varies) {
  constexpr std::string_view kFile = "file://";
  if (value.starts_with(kFile)) value.remove_prefix(kFile.size());
  if (value.size() < 2 || value.front() != '/' || value.starts_with("//")) return {};
  // What only the run knows may hold anything: "/out/run-$(date +%s)".
  const auto dollar = value.find_first_of("$`{<");
  if (value.substr(0, dollar).find_first_of(" \t\n,:*?") != std::string_view::npos) return {};
  for (const std::string_view system : {"/dev", "/proc", "/sys"})
    if (isWithin(value, system)) return {};
  if (dollar != std::string_view::npos) {
    varies = true;
    value = value.substr(0, value.rfind('/', dollar));
  }
  while (value.size() > 1 && value.back() == '/') value.remove_suffix(1);
  return value.size() > 1 ? std::string(value) : std::string();
}

/// `sqlite:////mlruns/mlflow.db` names /mlruns/mlflow.db.
/// https://docs.sqlalchemy.org/en/20/core/engines.html#sqlite
std::string sqlitePath(std::string_view value) {
  const auto at = value.find("sqlite");
  if (at == std::string_view::npos) return {};
  auto rest = value.substr(at + 6);
  if (rest.starts_with('+')) rest.remove_prefix(std::min(rest.find(':'), rest.size()));
  const bool whole = rest.starts_with(":////");
  if (!whole && !rest.starts_with(":///")) return {};
  rest.remove_prefix(4);
  auto path = rest.substr(0, rest.find_first_of("?\"' "));
  while (!whole && path.starts_with("./")) path.remove_prefix(2);
  // ":memory:", "$FILE", "..": nothing that is known.
  if (!whole && (path.empty() || path.find_first_of(":$%{.") == 0)) return {};
  return std::string(path);
}

struct Name {
  std::string_view owner;
  std::string_view last;
};

/// "docker.io/bitnami/redis:7@sha256:…" is redis of bitnami.
Name nameOf(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const auto slash = image.rfind('/');
  auto last = slash == std::string_view::npos ? image : image.substr(slash + 1);
  last = last.substr(0, last.find(':'));
  auto before = slash == std::string_view::npos ? std::string_view() : image.substr(0, slash);
  return {before.substr(before.rfind('/') + 1), last};
}

// What an image is run for when its command is not its own: its server, or something else that comes with it.
constexpr std::array<std::string_view, 27> kServers{"postgres", "mysqld", "mysqld_safe", "mariadbd", "mariadbd-safe", "mongod", "redis-server", "redis-stack-server", "valkey-server",
                                                    "milvus", "etcd", "qdrant", "weaviate", "chroma", "elasticsearch", "opensearch", "neo4j", "cassandra", "scylla",
                                                    "clickhouse-server", "cockroach", "influxd", "couchdb", "rabbitmq-server", "minio", "registry", "prometheus"};

/// Whether a container with this image runs the program it is known for.
bool runsServer(const Model& model, const Container& container, const std::vector<Argument>& arguments) {
  const bool own = model.keys.at<"command">(container.node) == nullptr;
  bool first = true;
  for (const auto& one : arguments) {
    if (one.environment) continue;
    const std::string_view word = one.positional ? std::string_view(one.value) : std::string_view();
    const auto name = word.substr(word.rfind('/') + 1);
    // An entry point of the image or of the author; the image's own takes another program as its first argument.
    if (std::find(kServers.begin(), kServers.end(), name) != kServers.end() || name.find("entrypoint") != std::string_view::npos || name.ends_with(".sh")) return true;
    if (own && first) return name != "psql" && !name.starts_with("pg_") && !name.ends_with("-cli") && !name.ends_with("dump") && name != "sleep" && name != "sh" && name != "bash" && name != "etcdctl" && name != "mysql";
    first = false;
  }
  return own;
}

/// Words by which a program that is a cache otherwise is told to keep its data.
bool asksToKeep(const std::vector<Argument>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const Argument& one) {
    if (one.key == "appendonly") return one.value == "yes";
    if (one.key == "save") return !one.value.empty() && one.value != "\"\"";
    return one.key == "redisaofenabled" && one.value == "yes";
  });
}

class Finder {
 public:
  Finder(const Model& model, const Container& container, const std::vector<Argument>& arguments) : model_(model), container_(container), arguments_(arguments) {}

  std::vector<StateDirectory> find() {
    program_ = programOf(container_.image);
    works_ = std::string(model_.keys.text<"workingDir">(container_.node));
    if (!works_.starts_with('/') || works_.find('$') != std::string::npos) works_.clear();
    if (program_ && program_ != &kNotebook && !runsServer(model_, container_, arguments_)) program_ = nullptr;
    if (program_ && program_->keepsOnlyIfAsked && !asksToKeep(arguments_)) program_ = nullptr;
    for (const auto& one : arguments_) word(one);
    if (program_ && !moved_) {
      if (auto folder = ownFolder(); !folder.empty()) add(std::move(folder), program_->what, imageNode_ ? imageNode_->span : base::Span{}, program_->title, program_);
    }
    return std::move(found_);
  }
  void setImage(const ir::Node* node) { imageNode_ = node; }

 private:
  void word(const Argument& one) {
    if (auto file = sqlitePath(one.value); !file.empty()) {
      add(std::move(file), Content::Database, one.node->span, one.word, nullptr).sqlite = true;
      return;
    }
    if (program_ && ofProgram(one)) return;
    // `minio server /data`
    if (one.positional) {
      if (program_ && program_->image == "minio" && server_) path(one, Content::Database, program_);
      if (one.value == "server") server_ = true;
      return;
    }
    if (works_.empty() && !one.value.starts_with('/') && !one.value.starts_with("file://")) return;   // no path (pathOf, relative)
    // `OUTPUT_DIR=/out` in a script is a variable, too.
    const bool variable = one.environment || std::none_of(one.word.begin(), one.word.end(), [](char c) { return c == '-' || c == '.' || (c >= 'a' && c <= 'z'); });
    const auto& words = variable ? variableWords() : argumentWords();
    auto known = words.find(one.key);
    if (known == words.end() && !variable) {
      const auto last = lastPart(one.word);
      if (last.size() == one.word.size()) return;
      known = words.find(keyOf(last));
      // Short words mean something only as a whole.
      if (known != words.end() && keyOf(last).size() < 7) return;
    }
    if (known == words.end()) return;
    // Of a database's own arguments only those in its row are known.
    if (program_ && program_->what == Content::Database && !one.environment) return;
    path(one, known->second, nullptr);
  }

  /// Where the program keeps its data when nothing puts it elsewhere.
  std::string ownFolder() const {
    const auto major = postgresMajor(container_.image);
    if (major && *major >= 18 && program_->path == "/var/lib/postgresql/data") return fmt::format("/var/lib/postgresql/{}/docker", *major);
    if (program_->image != "etcd" || nameOf(container_.image).owner.starts_with("bitnami")) return std::string(program_->path);
    // `NAME.etcd` where it works, which is / in its image. https://etcd.io/docs/v3.6/op-guide/configuration/
    std::string name = "default";
    for (const auto& one : arguments_) {
      if (one.key == "configfile" || one.key == "etcdconfigfile") return {};
      if ((one.key == "name" && !one.environment) || one.word == "ETCD_NAME") name = one.value.find('$') == std::string::npos ? one.value : "NAME";
    }
    return fmt::format("{}/{}.etcd", works_ == "/" ? "" : works_, name);
  }

  bool ofProgram(const Argument& one) {
    const bool itsVariable = one.environment && !program_->variable.empty() && one.word == program_->variable;
    const bool itsArgument = !one.environment && !program_->argument.empty() && one.key == program_->argument;
    if (!itsVariable && !itsArgument) return false;
    moved_ = true;
    path(one, program_->what, program_);
    return true;
  }

  void path(const Argument& one, Content what, const Program* program) {
    bool varies = false;
    auto text = pathOf(one.value, varies);
    if (text.empty()) text = relative(one, what, varies);
    if (text.empty()) return;
    auto& added = add(std::move(text), what, one.node->span, program && one.positional ? program->title : one.word, program);
    added.varies = varies;
  }

  /// A folder that a program writes below where it works, when that is stated and the word says that it is a folder.
  std::string relative(const Argument& one, Content what, bool& varies) const {
    // A variable may be half of a path, or the key of an object store.
    if (works_.empty() || !one.word.starts_with('-') || (what != Content::Checkpoint && what != Content::Output)) return {};
    std::string_view value = one.value;
    while (value.starts_with("./")) value.remove_prefix(2);
    if (value.empty() || value.find_first_of("./$`{<~-") == 0 || value.find(':') != std::string_view::npos) return {};
    const bool folder = std::any_of(kFolderWords.begin(), kFolderWords.end(), [&](std::string_view word) { return std::string_view(one.key).ends_with(word); });
    const bool moves = std::any_of(arguments_.begin(), arguments_.end(), [](const Argument& other) { return other.positional && (other.value == "cd" || other.value == "pushd"); });
    return folder && !moves ? pathOf(fmt::format("{}/{}", works_ == "/" ? "" : works_, value), varies) : std::string();
  }
  static constexpr std::array<std::string_view, 5> kFolderWords{"dir", "path", "folder", "directory", "root"};

  StateDirectory& add(std::string path, Content what, base::Span span, std::string_view word, const Program* program) {
    auto& added = found_.emplace_back();
    added.path = std::move(path);
    added.what = what;
    added.span = span;
    added.word = word;
    added.program = program;
    return added;
  }

  const Model& model_;
  const Container& container_;
  const std::vector<Argument>& arguments_;
  const Program* program_ = nullptr;
  const ir::Node* imageNode_ = nullptr;
  std::string works_;   // `workingDir`; empty when the image decides
  bool moved_ = false;
  bool server_ = false;
  std::vector<StateDirectory> found_;
};

}  // namespace

const Program* programOf(std::string_view image) {
  if (image.empty()) return nullptr;
  // By image, the first row; others of the same image come behind it.
  static const auto firstRows = [] {
    std::unordered_map<std::string_view, std::size_t> rows;
    for (std::size_t i = 0; i < kPrograms.size(); ++i) rows.emplace(kPrograms[i].image, i);
    return rows;
  }();
  const auto name = nameOf(image);
  if (const auto first = firstRows.find(name.last); first != firstRows.end()) {
    for (auto i = first->second; i < kPrograms.size(); ++i)
      if (kPrograms[i].image == name.last && (kPrograms[i].owner.empty() || kPrograms[i].owner == name.owner)) return &kPrograms[i];
  }
  return isNotebook(name.last) ? &kNotebook : nullptr;
}

std::optional<std::int64_t> majorOf(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const auto colon = image.rfind(':');
  if (colon == std::string_view::npos || image.find('/', colon) != std::string_view::npos) return std::nullopt;
  auto tag = image.substr(colon + 1);
  if (nameOf(image).last == "pgvector" || nameOf(image).last == "timescaledb") {
    const auto at = tag.find("pg");
    if (at == std::string_view::npos) return std::nullopt;
    tag.remove_prefix(at + 2);
  }
  if (tag.starts_with('v')) tag.remove_prefix(1);
  std::int64_t major = 0;
  std::size_t digits = 0;
  while (digits < tag.size() && tag[digits] >= '0' && tag[digits] <= '9' && digits < 6) major = major * 10 + (tag[digits++] - '0');
  // A whole number, then nothing, a point or a variant: no digest and no date.
  const bool ends = digits == tag.size() || tag[digits] == '.' || tag[digits] == '-';
  return digits > 0 && digits < 4 && ends ? std::optional(major) : std::nullopt;
}

std::optional<std::int64_t> postgresMajor(std::string_view image) {
  const auto* program = programOf(image);
  return program && program->path == "/var/lib/postgresql/data" ? majorOf(image) : std::nullopt;
}

std::vector<Argument> argumentsOf(const Model& model, const Container& container) { return Reader(model, container).read(); }

std::vector<StateDirectory> stateDirectories(const Model& model, const Container& container, const std::vector<Argument>& arguments) {
  Finder finder(model, container, arguments);
  finder.setImage(model.keys.at<"image">(container.node));
  return finder.find();
}

namespace {

const ir::Node* lastOf(const ir::Node* list) { return ir::Children(list).size() == 0 ? nullptr : list->last; }

/// Whether a variable of that value may lead to a folder.
bool mayNameFolder(std::string_view value) { return value.starts_with('/') || value.starts_with("file://") || value.find("sqlite") != std::string_view::npos; }

bool isPlain(const Model& model, const Container& container, const Words& words) {
  if (programOf(container.image) != nullptr || model.keys.at<"workingDir">(container.node) != nullptr) return false;
  for (const auto* list : {model.keys.at<"command">(container.node), model.keys.at<"args">(container.node)})
    for (const auto& word : ir::Children(list))
      if (textOf(&word).find('$') != std::string_view::npos) return false;
  return std::none_of(words.arguments.begin(), words.arguments.begin() + words.variables,
                      [](const Argument& one) { return one.value.find('$') != std::string::npos || mayNameFolder(one.value); });
}

}  // namespace

void readWords(const Model& model, const Container& container, Words& words) {
  words.arguments = argumentsOf(model, container);
  words.directories = stateDirectories(model, container, words.arguments);
  words.command = lastOf(model.keys.at<"command">(container.node));
  words.args = lastOf(model.keys.at<"args">(container.node));
  words.image = container.image;
  words.variables = 0;
  while (words.variables < words.arguments.size() && words.arguments[words.variables].environment) ++words.variables;
  words.plain = isPlain(model, container, words);
  readGang(words);
}

bool readAgain(const Model& model, const Container& container, Words& words) {
  const auto& keys = model.keys;
  if (!words.plain || container.image != words.image || keys.at<"workingDir">(container.node)) return false;
  if (lastOf(keys.at<"command">(container.node)) != words.command || lastOf(keys.at<"args">(container.node)) != words.args) return false;
  const auto* environment = keys.at<"env">(container.node);
  std::uint32_t number = 0;
  for (const auto& entry : ir::Children(environment)) {
    const auto* value = keys.at<"value">(&entry);
    if (!isText(value)) continue;
    const auto name = keys.text<"name">(&entry);
    if (name.empty()) continue;
    if (number == words.variables || words.arguments[number].word != name) return false;
    const auto text = value->text();
    if (words.arguments[number++].value != text && (text.find('$') != std::string_view::npos || mayNameFolder(text))) return false;
  }
  if (number != words.variables) return false;
  number = 0;
  for (const auto& entry : ir::Children(environment)) {
    const auto* value = keys.at<"value">(&entry);
    if (!isText(value)) continue;
    const auto name = keys.text<"name">(&entry);
    if (name.empty()) continue;
    auto& one = words.arguments[number++];
    one.word = name;
    one.node = value;
    if (one.value != value->text()) one.value = value->text();
  }
  words.image = container.image;
  readGangAgain(words);
  return true;
}

std::vector<StateDirectory> stateDirectories(const Model& model, const Container& container) {
  return stateDirectories(model, container, argumentsOf(model, container));
}

bool isWithin(std::string_view path, std::string_view folder) {
  while (folder.size() > 1 && folder.back() == '/') folder.remove_suffix(1);
  if (folder == "/") return path.starts_with('/');
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

const Mount* mountAt(const Model& model, const Container& container, std::string_view path) {
  const Mount* deepest = nullptr;
  for (const auto& mount : model.mountsOf(container)) {
    if (mount.device || mount.path.empty() || !isWithin(path, mount.path)) continue;
    if (!deepest || mount.path.size() > deepest->path.size()) deepest = &mount;
  }
  return deepest;
}

bool speaksOfCheckpoints(std::string_view name) {
  const auto begins = [](std::string_view text, std::string_view word) {
    return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) { return a == lower(b); });
  };
  for (auto at = name.find_first_of("cC"); at != std::string_view::npos; at = name.find_first_of("cC", at + 1))
    if (begins(name.substr(at), "ckpt") || begins(name.substr(at), "checkpoint")) return true;
  return false;
}

std::string contentText(const StateDirectory& directory) {
  if (directory.sqlite) return "a SQLite database";
  switch (directory.what) {
    case Content::Checkpoint: return "checkpoints";
    case Content::Resume: return "the checkpoint to resume from";
    case Content::Output: return "its output";
    case Content::Model: return "model weights";
    case Content::Dataset: return "a data set";
    case Content::Database: return directory.program ? fmt::format("the data of {}", directory.program->title) : std::string("the program's data");
    case Content::Log: return "logs";
    case Content::Scratch: return "temporary files";
  }
  return {};
}

}  // namespace mlstack::storage
