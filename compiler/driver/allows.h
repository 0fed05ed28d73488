#pragma once
// `allow` in manifests.

#include "base/source.h"
#include "diag/diag.h"
#include "ir/stack.h"

namespace mlstack::driver {

/// The annotation that allows findings on its object: "MLS3004 reason", several parted by `;` or line breaks.
inline constexpr std::string_view kAllowAnnotation = "mlstack.dev/allow";

/// Reads the annotation of an object into `stack.allows`; an unknown code and a missing reason are warnings there.
void readAllows(ir::Stack& stack, ir::ObjectId object, const base::SourceSet& sources, diag::Sink& sink);

}  // namespace mlstack::driver
