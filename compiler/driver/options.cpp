// Words to an Invocation. The only file that knows CLI11, and it builds only the chosen command's
// options: start-up is what every user feels.

#include <algorithm>
#include <map>

#include <CLI/CLI.hpp>

#include "driver/command.h"

namespace mlstack::driver {
namespace {

using diag::Code;

std::string quotedList(std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) out += i + 1 == words.size() ? " or " : ", ";
    out += fmt::format("`{}`", words[i]);
  }
  return out;
}

std::vector<std::string_view> optionNames(const CommandRow& row) {
  std::vector<std::string_view> names;
  for (const auto& option : row.options) names.push_back(option.name);
  for (const auto& option : commonOptions()) names.push_back(option.name);
  return names;
}

std::string helpHint(const CommandRow& row) {
  return fmt::format("`mlstackc {} --help` shows what it takes", row.name);
}

void unknownOption(const CommandRow& row, std::string word, diag::Sink& sink) {
  word = word.substr(0, word.find('='));
  auto names = optionNames(row);
  auto near = diag::nearest(word, names);
  auto d = diag::make<Code::UnknownOption>({}, row.name, word);
  d.help = near.empty() ? helpHint(row) : fmt::format("did you mean `{}`?", near);
  sink.add(std::move(d));
}

/// "v1.34.2" and "1.34.2" mean the minor version.
std::string minorVersion(std::string text) {
  if (text.starts_with("v")) text.erase(0, 1);
  auto dot = text.find('.');
  auto patch = dot == std::string::npos ? dot : text.find('.', dot + 1);
  if (patch != std::string::npos) text.resize(patch);
  return text;
}

/// Checks a value against the row; `shown` is how the user said it: `--emit` or `MLSTACK_COLOR`.
void checkValue(const OptionRow& row, std::string& value, std::string_view shown, diag::Sink& sink) {
  if (row.name == "--kubernetes") value = minorVersion(value);
  if (row.takes == Takes::Choice && std::ranges::find(row.choices, value) == row.choices.end()) {
    if (row.name == "--kubernetes") {
      sink.add(diag::make<Code::UnknownKubernetes>({}, value, row.choices.front(), row.choices.back())
                   .hint(fmt::format("known versions: {}", fmt::join(row.choices, ", "))));
      return;
    }
    auto near = diag::nearest(value, {row.choices.begin(), row.choices.end()});
    auto d = diag::make<Code::BadOptionValue>({}, shown, quotedList(row.choices), value);
    if (!near.empty()) d.help = fmt::format("did you mean `{}`?", near);
    sink.add(std::move(d));
  }
  if (value.empty() && row.takes != Takes::Choice)
    sink.add(diag::make<Code::MissingOptionValue>({}, shown, row.value));
}

void fromEnvironment(const OptionRow& row, const char* (*environment)(const char*), Invocation& to,
                     diag::Sink& sink) {
  if (row.variable.empty() || to.has(row.name)) return;
  const char* text = environment(std::string(row.variable).c_str());
  if (text == nullptr || *text == '\0') return;
  std::string value = text;
  if (row.takes == Takes::Nothing) {
    constexpr std::string_view on[] = {"1", "true", "yes", "on"};
    constexpr std::string_view off[] = {"0", "false", "no", "off"};
    if (std::ranges::find(on, value) != std::end(on))
      to.given.push_back({&row, {}});
    else if (std::ranges::find(off, value) == std::end(off))
      sink.add(diag::make<Code::BadOptionValue>({}, row.variable, "`1` or `0`", value));
    return;
  }
  checkValue(row, value, row.variable, sink);
  to.given.insert(to.given.begin(), {&row, std::move(value)});
}

/// One CLI11 option for each row; `rowOf` finds back.
struct Words {
  CLI::App app;
  std::map<const CLI::Option*, const OptionRow*> rowOf;
  std::vector<std::string> operands;
  std::map<const OptionRow*, std::vector<std::string>> values;
  std::map<const OptionRow*, bool> flags;

  explicit Words(const CommandRow& row) {
    app.set_help_flag("");
    app.allow_extras();
    for (const auto& option : row.options) add(option);
    for (const auto& option : commonOptions()) add(option);
    app.add_option("operands", operands)->expected(0, CLI::detail::expected_max_vector_size);
  }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  void add(const OptionRow& row) {
    std::string names(row.name);
    if (!row.letter.empty()) names = fmt::format("{},{}", row.letter, row.name);
    auto* option = row.takes == Takes::Nothing
                       ? app.add_flag(names, flags[&row])
                       : app.add_option(names, values[&row])->expected(1)->allow_extra_args(false);
    option->multi_option_policy(row.takes == Takes::Nothing ? CLI::MultiOptionPolicy::TakeLast
                                                            : CLI::MultiOptionPolicy::TakeAll);
    rowOf[option] = &row;
  }
};

const OptionRow* findOption(const CommandRow& row, std::string_view name) {
  for (auto rows : {row.options, commonOptions()})
    for (const auto& option : rows)
      if (option.name == name || (!option.letter.empty() && option.letter == name)) return &option;
  return nullptr;
}

/// CLI11 would take `--werror=no`; a flag is there or not.
bool flagsHaveNoValues(const CommandRow& row, const std::vector<std::string>& words, diag::Sink& sink) {
  auto before = sink.errorCount();
  for (const auto& word : words) {
    if (word == "--") break;
    auto equals = word.find('=');
    if (equals == std::string::npos || !word.starts_with("--")) continue;
    const auto* option = findOption(row, std::string_view(word).substr(0, equals));
    if (option != nullptr && option->takes == Takes::Nothing)
      sink.add(diag::make<Code::FlagWithValue>({}, option->name));
  }
  return sink.errorCount() == before;
}

void parseFailed(const CommandRow& row, const std::string& what, diag::Sink& sink) {
  // "--emit: 1 required TEXT missing"
  auto name = what.substr(0, what.find_first_of(": "));
  const auto* option = findOption(row, name);
  if (option == nullptr) {
    unknownOption(row, name, sink);
  } else {
    auto d = diag::make<Code::MissingOptionValue>({}, option->name, option->value);
    if (!option->choices.empty()) d.help = "one of " + quotedList(option->choices);
    sink.add(std::move(d));
  }
}

void checkOperands(const CommandRow& row, const Invocation& invocation, diag::Sink& sink) {
  const auto& operands = invocation.operands;
  if (operands.size() < row.minOperands) {
    sink.add(diag::make<Code::MissingOperand>({}, row.name, row.operands).hint(helpHint(row)));
    return;
  }
  if (operands.size() > row.maxOperands) {
    sink.add(diag::make<Code::UnexpectedOperand>({}, row.name, operands[row.maxOperands])
                 .hint(helpHint(row)));
    return;
  }
  if (!row.choices.empty() && std::ranges::find(row.choices, operands[0]) == row.choices.end()) {
    auto near = diag::nearest(operands[0], {row.choices.begin(), row.choices.end()});
    auto d = diag::make<Code::BadOptionValue>({}, row.name, quotedList(row.choices), operands[0]);
    if (!near.empty()) d.help = fmt::format("did you mean `{}`?", near);
    sink.add(std::move(d));
  }
}

}  // namespace

bool Invocation::has(std::string_view option) const {
  return std::ranges::any_of(given, [&](const Given& g) { return g.option->name == option; });
}

std::string_view Invocation::value(std::string_view option, std::string_view otherwise) const {
  for (auto at = given.rbegin(); at != given.rend(); ++at)
    if (at->option->name == option) return at->value;
  return otherwise;
}

std::vector<std::string> Invocation::values(std::string_view option) const {
  std::vector<std::string> out;
  for (const auto& g : given)
    if (g.option->name == option) out.push_back(g.value);
  return out;
}

Invocation parseWords(const CommandRow& row, const std::vector<std::string>& words,
                      const char* (*environment)(const char*), diag::Sink& sink) {
  Invocation out(row);
  if (!flagsHaveNoValues(row, words, sink)) return out;
  Words parsed(row);
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());   // as CLI11 wants them
    parsed.app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    parseFailed(row, error.what(), sink);
    return out;
  }
  for (const auto& word : parsed.app.remaining())
    if (word.size() > 1 && word[0] == '-' && word != "--") unknownOption(row, word, sink);
  out.operands = std::move(parsed.operands);

  // CLI11 keeps values by option and, apart, the order in which options were seen.
  std::map<const CLI::Option*, std::size_t> next;
  for (const auto* option : parsed.app.parse_order()) {
    auto found = parsed.rowOf.find(option);
    if (found == parsed.rowOf.end()) continue;
    const auto& option_row = *found->second;
    if (option_row.takes == Takes::Nothing) {
      if (parsed.flags[&option_row] && !out.has(option_row.name)) out.given.push_back({&option_row, {}});
      continue;
    }
    const auto& results = option->results();
    auto& index = next[option];
    if (index >= results.size()) continue;
    std::string value = results[index++];
    checkValue(option_row, value, option_row.name, sink);
    out.given.push_back({&option_row, std::move(value)});
  }
  for (const auto& option : row.options) fromEnvironment(option, environment, out, sink);
  for (const auto& option : commonOptions()) fromEnvironment(option, environment, out, sink);
  checkOperands(row, out, sink);
  return out;
}

}  // namespace mlstack::driver
