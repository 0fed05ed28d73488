#include <set>
#include <string>

#include <gtest/gtest.h>

#include "backend/inventory.h"

namespace mlstack::backend {
namespace {

/// By the formula of KEP-3659, computed elsewhere.
TEST(Inventory, IdIsTheOneOfTheApplySetSpecification) {
  Inventory inventory;
  inventory.name = "train-x7k2m9wd";
  inventory.nameSpace = "ml";
  EXPECT_EQ(inventory.id(), "applyset-wpKOE7PXUt0pnyHD1dEarX66vky0Enooa0G-awCWZVU-v1");
}

TEST(Inventory, NewOnesNeverHaveTheSameId) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.insert(newInventory("train", "ml", "train.mlstack").id());
  EXPECT_EQ(ids.size(), 100u);
}

/// Names of ConfigMaps and values of labels have a limit.
TEST(Inventory, NameFitsWhateverTheStackIsCalled) {
  const auto inventory = newInventory(std::string(300, 'a'), "ml", {});
  EXPECT_EQ(inventory.name.size(), 253u);
  EXPECT_LE(inventory.id().size(), 63u);
}

TEST(Lease, HoldersAreShownWithoutWhatTellsThemApart) {
  EXPECT_EQ(holderName("lena@laptop pid 4711 in 0123456789ab, 5e1f"), "lena@laptop (process 4711)");
  EXPECT_EQ(holderName("argocd-7f9"), "argocd-7f9");
  EXPECT_EQ(holderName(""), "");
}

}  // namespace
}  // namespace mlstack::backend
