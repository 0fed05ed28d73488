#pragma once
// Values as JSON and YAML text, base64, SHA-256. Private to this folder.

#include <string>
#include <string_view>

#include "sema/value.h"

namespace mlstack::sema {
class Evaluator;
}

namespace mlstack::sema::encode {

[[nodiscard]] std::string base64(std::string_view bytes);
/// In hexadecimal.
[[nodiscard]] std::string sha256(std::string_view bytes);
/// Appends; returns why it cannot be done, or an empty text.
[[nodiscard]] std::string json(Evaluator& evaluator, const Value& value, std::string& out);
[[nodiscard]] std::string yaml(Evaluator& evaluator, const Value& value, std::string& out);

}  // namespace mlstack::sema::encode
