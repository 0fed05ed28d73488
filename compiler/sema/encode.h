#pragma once
// Values as JSON and YAML text, base64, SHA-256. Private to this folder.

#include <string>
#include <string_view>

#include "base/span.h"
#include "sema/value.h"

namespace mlstack::sema {
class Evaluator;
}

namespace mlstack::sema::encode {

[[nodiscard]] std::string base64(std::string_view bytes);
/// In hexadecimal.
[[nodiscard]] std::string sha256(std::string_view bytes);
/// Appends. False after a diagnostic at `span`, or when the value holds an error.
[[nodiscard]] bool json(Evaluator& evaluator, const Value& value, base::Span span, std::string& out);
[[nodiscard]] bool yaml(Evaluator& evaluator, const Value& value, base::Span span, std::string& out);

}  // namespace mlstack::sema::encode
