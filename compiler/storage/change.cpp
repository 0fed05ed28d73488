// What an update would do to what runs.

#include "storage/rule.h"
#include "storage/storage.h"

namespace mlstack::storage {

void analyseChange(const ir::Stack&, const ir::Stack&, const base::SourceSet&, diag::Sink&) {}

}  // namespace mlstack::storage
