// What a container says of its folders: words, variables, scripts and images.

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/programs.h"
#include "yaml/yaml.h"

namespace mlstack::storage {
namespace {

struct Read {
  explicit Read(const std::string& container) {
    stack.symbols = &symbols;
    const auto& file = sources.add("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n" + container);
    ir::Builder builder(stack.arena);
    for (auto* document : yaml::readDocuments(file, symbols, builder, sink)) ir::addManifest(stack, document);
    ir::link(stack);
    model.emplace(stack);
    directories = stateDirectories(*model, model->containers.front());
  }
  /// "checkpoints /ckpt (--output_dir); …"
  std::string text() const {
    std::string out;
    for (const auto& one : directories)
      out += fmt::format("{}{} {}{} ({})", out.empty() ? "" : "; ", contentText(one), one.path, one.varies ? "/*" : "", one.word);
    return out;
  }

  base::SourceSet sources;
  base::SymbolTable symbols;
  diag::Sink sink;
  ir::Stack stack;
  std::optional<Model> model;
  std::vector<StateDirectory> directories;
};

std::string said(const std::string& fields) { return Read("    - {name: c, " + fields + "}\n").text(); }

TEST(Programs, ArgumentsInEveryForm) {
  EXPECT_EQ(said("args: [--output_dir=/out]"), "its output /out (--output_dir)");
  EXPECT_EQ(said("args: [--output-dir, /out/]"), "its output /out (--output-dir)");
  EXPECT_EQ(said("args: [train.py, 'trainer.checkpoint_dir=/ckpt']"), "checkpoints /ckpt (trainer.checkpoint_dir)");
  EXPECT_EQ(said("args: ['--resume_from_checkpoint=/ckpt/run1']"), "the checkpoint to resume from /ckpt/run1 (--resume_from_checkpoint)");
}

TEST(Programs, WhatIsNoFolderIsNotTaken) {
  EXPECT_EQ(said("args: [--output_dir=s3://bucket/run, --output-path=/dev/stdout, --save=relative, --model=org/name]"), "");
  EXPECT_EQ(said("args: [-o, /out]"), "");
}

TEST(Programs, VariablesArePutIn) {
  EXPECT_EQ(said("env: [{name: OUT, value: /out}], args: ['--output_dir=$(OUT)/a']"), "its output /out/a (--output_dir)");
  EXPECT_EQ(said("args: ['--output_dir=/out/$(RUN)/a']"), "its output /out/* (--output_dir)");
  EXPECT_EQ(said("env: [{name: HF_HOME, value: /cache}, {name: OTHER, value: /other}]"), "model weights /cache (HF_HOME)");
}

TEST(Programs, ScriptsAreCutIntoWords) {
  const Read read("    - name: c\n      command: [bash, -ec]\n      args:\n        - |\n          export CKPT=/ckpt   # where it goes\n          cd /work && torchrun train.py --save_dir \"${CKPT}/a\" \\\n            --epochs 3; echo --output_dir=/not-a-comment\n");
  EXPECT_EQ(read.text(), "checkpoints /ckpt/a (--save_dir); its output /not-a-comment (--output_dir)");
  const auto arguments = argumentsOf(*read.model, read.model->containers.front());
  EXPECT_EQ(arguments[2].key, "ckpt");
  EXPECT_EQ(arguments[2].value, "/ckpt");
}

TEST(Programs, FirstWordOfAScriptIsOne) {
  const Read read("    - {name: c, command: [sh, -c, 'rm -rf /ckpt/*']}\n");
  const auto arguments = argumentsOf(*read.model, read.model->containers.front());
  ASSERT_EQ(arguments.size(), 3u);
  EXPECT_EQ(arguments[1].value, "rm");
  EXPECT_EQ(arguments[2].key, "rf");
  EXPECT_EQ(arguments[2].value, "/ckpt/*");
}

TEST(Programs, ImagesAndWhatMovesTheirData) {
  EXPECT_EQ(said("image: 'postgres:16'"), "the data of PostgreSQL /var/lib/postgresql/data (PostgreSQL)");
  EXPECT_EQ(said("image: 'docker.io/library/postgres:16@sha256:0'"), "the data of PostgreSQL /var/lib/postgresql/data (PostgreSQL)");
  EXPECT_EQ(said("image: 'postgres:16', env: [{name: PGDATA, value: /pg/data}]"), "the data of PostgreSQL /pg/data (PGDATA)");
  EXPECT_EQ(said("image: 'minio/minio:1', args: [server, /data]"), "the data of MinIO /data (MinIO)");
  EXPECT_EQ(said("image: 'redis:7'"), "");
  EXPECT_EQ(said("image: 'redis:7', args: [--appendonly, 'yes']"), "the data of Redis /data (Redis)");
  EXPECT_EQ(said("image: 'example.com/postgres-exporter:1'"), "");
}

TEST(Programs, AnImageMayRunSomethingElse) {
  EXPECT_EQ(said("image: 'postgres:16', command: [psql, -c, select]"), "");
  EXPECT_EQ(said("image: 'postgres:16', args: [pg_dump, db]"), "");
  EXPECT_EQ(said("image: 'postgres:16', args: [-c, max_connections=200]"), "the data of PostgreSQL /var/lib/postgresql/data (PostgreSQL)");
  EXPECT_EQ(said("image: 'postgres:16', command: [sh, -c, 'exec docker-entrypoint.sh postgres']"), "the data of PostgreSQL /var/lib/postgresql/data (PostgreSQL)");
  EXPECT_EQ(said("image: 'redis:7', command: [redis-cli, --save, x]"), "");
  EXPECT_EQ(said("image: 'quay.io/coreos/etcd:v3.5.0', command: [/usr/local/bin/etcd, --data-dir=/var/lib/etcd]"), "the data of etcd /var/lib/etcd (--data-dir)");
}

TEST(Programs, SqliteFiles) {
  EXPECT_EQ(said("args: [mlflow, server, --backend-store-uri, 'sqlite:////mlruns/mlflow.db']"), "a SQLite database /mlruns/mlflow.db (--backend-store-uri)");
  EXPECT_EQ(said("args: [--storage, 'sqlite:///relative.db']"), "a SQLite database relative.db (--storage)");
}

TEST(Programs, Paths) {
  EXPECT_TRUE(isWithin("/a/b", "/a"));
  EXPECT_TRUE(isWithin("/a", "/a/"));
  EXPECT_TRUE(isWithin("/a", "/"));
  EXPECT_FALSE(isWithin("/ab", "/a"));
  EXPECT_TRUE(speaksOfCheckpoints("llama-Checkpoints"));
  EXPECT_FALSE(speaksOfCheckpoints("check"));
}

}  // namespace
}  // namespace mlstack::storage
