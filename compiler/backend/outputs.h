#pragma once
// The `output` statements of a stack with their values: literals, and fields that only the cluster knows.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/api.h"
#include "diag/diag.h"
#include "ir/stack.h"

namespace mlstack::backend {

/// What a stack's outputs are, as compact JSON, so that the inventory can keep it and `outputs` needs no source:
/// `[{"name":"host","type":"string","value":"db"},{"name":"ip","type":"string","object":{…},"path":"status.podIP"}]`.
/// What a Secret holds is never in it.
[[nodiscard]] std::string outputDefinitions(const ir::Stack& stack);

struct OutputValue {
  std::string name;
  std::string type;       // as the language calls it: "string", "int"
  std::string json;       // the value as compact JSON; empty: not known (yet), and `why` says the reason
  std::string text;       // the value for people: texts without quotes
  std::string why;
};

/// Reads what the definitions name from the cluster. Blocks. Fields that are not there yet are no failure.
[[nodiscard]] std::optional<std::vector<OutputValue>> readOutputs(Api& api, std::string_view definitions, diag::Sink& sink);
/// Those of the stack as it was last applied. Nothing with a diagnostic when there is no such stack.
[[nodiscard]] std::optional<std::vector<OutputValue>> readOutputs(Api& api, std::string_view stack, std::string_view nameSpace, diag::Sink& sink);

/// "name = value" a line; those that are not known say why.
[[nodiscard]] std::string outputsText(const std::vector<OutputValue>& outputs);
/// `{"version": 1, "outputs": {"ip": {"type": "string", "value": "10.0.0.7"}, "late": {"type": …, "value": null, "why": "…"}}}`.
[[nodiscard]] std::string outputsJson(const std::vector<OutputValue>& outputs);

}  // namespace mlstack::backend
