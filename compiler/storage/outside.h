#pragma once
// What pods write outside of claims.

#include "storage/model.h"

namespace mlstack::storage {

struct OutsideClaims {
  const char* word;       // for facts
  const char* lifetime;
  const char* gives;      // for people
  const char* ends;
};

/// What a volume that is state without a claim can do; null for the others.
[[nodiscard]] const OutsideClaims* outsideClaims(VolumeKind kind);

}  // namespace mlstack::storage
