#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "ir/dump.h"
#include "support.h"

namespace mlstack {
namespace {

/// Real manifests, when they are beside the checkout.
std::filesystem::path corpus() {
  const char* shared = std::getenv("MLSTACK_SHARED");
  const auto root = shared ? std::filesystem::path(shared)
                           : std::filesystem::path(MLSTACK_SOURCE_DIR).parent_path() / "shared";
  return root / "corpus";
}

TEST(Corpus, EveryManifestLinksAndDraws) {
  if (!std::filesystem::is_directory(corpus())) GTEST_SKIP() << "no corpus";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus())) {
    const auto extension = entry.path().extension();
    if (entry.is_regular_file() &&
        (extension == ".yaml" || extension == ".yml" || extension == ".json"))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::size_t objects = 0;
  std::size_t mounts = 0;
  for (const auto& path : files) {
    base::ReadError error;
    auto text = base::readFile(path.string(), error);
    ASSERT_TRUE(text) << error.message;
    LinkedStack linked(std::move(*text), path.filename().string());
    objects += linked.stack.objects.size();
    for (const auto& edge : linked.stack.edges) mounts += edge.kind == ir::EdgeKind::Mounts;
    for (const auto& breach : ir::verify(linked.stack))
      EXPECT_NE(breach.find("twice"), std::string::npos) << path << ": " << breach;
    EXPECT_FALSE(ir::dumpText(linked.stack, linked.sources).empty());
    EXPECT_FALSE(ir::dumpJson(linked.stack, linked.sources).empty());
    EXPECT_NE(ir::graphSvg(linked.stack).find("</svg>"), std::string::npos);
    EXPECT_FALSE(ir::graphDot(linked.stack).empty());
    EXPECT_FALSE(ir::graphMermaid(linked.stack).empty());
  }
  EXPECT_GT(objects, 400u);
  EXPECT_GT(mounts, 250u);
}

}  // namespace
}  // namespace mlstack
