// Completion scripts, from the table. They are plain: no program runs while completing.

#include <algorithm>

#include "driver/command.h"
#include "driver/terminal.h"

namespace mlstack::driver {
namespace {

std::vector<const OptionRow*> allOptions(const CommandRow& row) {
  std::vector<const OptionRow*> out;
  for (const auto& option : row.options) out.push_back(&option);
  for (const auto& option : commonOptions()) out.push_back(&option);
  return out;
}

std::string names(const OptionRow& row, std::string_view between) {
  return row.letter.empty() ? std::string(row.name) : fmt::format("{}{}{}", row.letter, between, row.name);
}

std::string codes() {
  std::string out;
  for (const auto& row : diag::allRows()) {
    auto number = static_cast<unsigned>(row.code);
    if (number < 3000 || number >= 5000) continue;
    if (!out.empty()) out += ' ';
    out += diag::codeText(row.code);
  }
  return out;
}

// --- bash ------------------------------------------------------------------------------------

std::string bashAction(Takes takes, std::span<const std::string_view> choices) {
  switch (takes) {
    case Takes::Nothing: return "";
    case Takes::Text: return "COMPREPLY=()";
    case Takes::Choice:
      return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$current\"))", fmt::join(choices, " "));
    case Takes::Code: return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$current\"))", codes());
    case Takes::File: return "_mlstackc_paths";
    case Takes::Folder: return "_mlstackc_paths -d";
    case Takes::Source: return "_mlstackc_paths -X '!*.mlstack'";
  }
  return "";
}

void bashCommand(std::string& out, const CommandRow& row) {
  out += fmt::format("    {})\n      case \"$previous\" in\n", row.name);
  for (const auto* option : allOptions(row))
    if (option->takes != Takes::Nothing)
      out += fmt::format("        {}) {}; return ;;\n", names(*option, "|"),
                         bashAction(option->takes, option->choices));
  out += "      esac\n";
  std::string words;
  for (const auto* option : allOptions(row)) words += names(*option, " ") + " ";
  words.pop_back();
  out += fmt::format("      if [[ $current == -?* ]]; then COMPREPLY=($(compgen -W '{}' -- \"$current\")); return; fi\n",
                     words);
  if (!row.choices.empty())
    out += fmt::format("      if ((COMP_CWORD == command + 1)); then {}; return; fi\n",
                       bashAction(Takes::Choice, row.choices));
  if (row.name == "help") {
    out += "      COMPREPLY=($(compgen -W \"$commands\" -- \"$current\"))\n";
  } else if (row.takes != Takes::Nothing && row.takes != Takes::Choice) {
    out += fmt::format("      {}\n", bashAction(row.takes, row.choices));
  }
  out += "      ;;\n";
}

std::string bash() {
  std::string out = R"(# bash completion for mlstackc
_mlstackc_paths() {
  local IFS=$'\n' path
  compopt -o filenames 2>/dev/null
  COMPREPLY=()
  for path in $(compgen -d -- "$current"); do
    # Hidden folders are offered to those who typed their dot.
    [[ ${path##*/} == .* && ${current##*/} != .* ]] || COMPREPLY+=("$path")
  done
  [[ ${1-} == -d ]] && return
  for path in $(compgen -f "$@" -- "$current"); do [[ -d $path ]] || COMPREPLY+=("$path"); done
}
_mlstackc() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=1
  local commands=')";
  for (const auto& row : commands()) out += fmt::format("{}{}", &row == commands().data() ? "" : " ", row.name);
  out += R"('
  COMPREPLY=()
  while ((command < COMP_CWORD)); do
    case "${COMP_WORDS[command]}" in
      --color) ((command += 2)) ;;
      -*) ((command += 1)) ;;
      *) break ;;
    esac
  done
  if ((command >= COMP_CWORD)); then
    if [[ $previous == --color ]]; then COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return; fi
    COMPREPLY=($(compgen -W "$commands --color --help --version" -- "$current"))
    return
  fi
  case "${COMP_WORDS[command]}" in
)";
  for (const auto& row : commands()) bashCommand(out, row);
  out += "  esac\n}\ncomplete -F _mlstackc mlstackc\n";
  return out;
}

// --- zsh -------------------------------------------------------------------------------------

/// Inside single quotes, and without the characters that _arguments reads.
std::string zshText(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '[' || c == ']' || c == ':') {
      out += fmt::format("\\{}", c);
    } else {
      out += c;
    }
  }
  return out;
}

std::string zshAction(Takes takes, std::span<const std::string_view> choices) {
  switch (takes) {
    case Takes::Nothing: return "";
    case Takes::Text: return " ";
    case Takes::Choice: return fmt::format("({})", fmt::join(choices, " "));
    case Takes::Code: return fmt::format("({})", codes());
    case Takes::File: return "_files";
    case Takes::Folder: return "_files -/";
    case Takes::Source: return "_files -g \"*.mlstack(-.)\"";
  }
  return "";
}

void zshOption(std::string& out, const OptionRow& row) {
  auto one = [&](std::string_view name) {
    out += fmt::format("        '{}{}[{}]", row.repeats ? "*" : "", name, zshText(row.doc));
    if (row.takes != Takes::Nothing)
      out += fmt::format(":{}:{}", zshText(row.value), zshAction(row.takes, row.choices));
    out += "' \\\n";
  };
  one(row.name);
  if (!row.letter.empty()) one(row.letter);
}

void zshCommand(std::string& out, const CommandRow& row) {
  out += fmt::format("    {})\n      _arguments -s \\\n", row.name);
  for (const auto* option : allOptions(row)) zshOption(out, *option);
  if (!row.choices.empty()) out += fmt::format("        '1:what:({})' \\\n", fmt::join(row.choices, " "));
  if (row.name == "help") out += "        '1:command:->commands' \\\n";
  if (row.takes != Takes::Nothing && row.takes != Takes::Choice && row.takes != Takes::Text)
    out += fmt::format("        '*:{}:{}' \\\n", row.takes == Takes::Folder ? "folder" : "file",
                       zshAction(row.takes, row.choices));
  out.erase(out.size() - 3);   // the last line's " \"
  out += "\n      ;;\n";
}

std::string zsh() {
  std::string out = "#compdef mlstackc\n_mlstackc() {\n  local context state line\n  local -a commands\n  commands=(\n";
  for (const auto& row : commands()) out += fmt::format("    '{}:{}'\n", row.name, zshText(row.summary));
  out += R"(  )
  _arguments -C '--color[colour]:when:(auto always never)' '--help[show help]' '--version[print the version]' \
    '1:command:->command' '*::operand:->operands'
  case $state in
    command) _describe command commands; return ;;
  esac
  case ${line[1]} in
)";
  for (const auto& row : commands()) zshCommand(out, row);
  out += "  esac\n  [[ $state == commands ]] && _describe command commands\n}\n"
         "if [[ ${funcstack[1]} == _mlstackc ]]; then _mlstackc \"$@\"; else compdef _mlstackc mlstackc; fi\n";
  return out;
}

// --- fish ------------------------------------------------------------------------------------

std::string fishText(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string fishAction(Takes takes, std::span<const std::string_view> choices) {
  switch (takes) {
    case Takes::Nothing: return "";
    case Takes::Text: return " -x";
    case Takes::Choice: return fmt::format(" -x -a '{}'", fmt::join(choices, " "));
    case Takes::Code: return fmt::format(" -x -a '{}'", codes());
    case Takes::File: return " -r -F";
    case Takes::Folder: return " -x -a '(__fish_complete_directories)'";
    case Takes::Source: return " -k -x -a '(__fish_complete_suffix .mlstack)'";
  }
  return "";
}

std::string fish() {
  std::string out = "# fish completion for mlstackc\ncomplete -c mlstackc -f\n";
  for (const auto& row : commands())
    out += fmt::format("complete -c mlstackc -n __fish_use_subcommand -a {} -d '{}'\n", row.name,
                       fishText(row.summary));
  out += "complete -c mlstackc -n __fish_use_subcommand -l version -d 'Print the version'\n";
  for (const auto& option : commonOptions())
    out += fmt::format("complete -c mlstackc{} -l {}{} -d '{}'\n",
                       option.letter.empty() ? "" : fmt::format(" -s {}", option.letter.substr(1)),
                       option.name.substr(2), fishAction(option.takes, option.choices), fishText(option.doc));
  for (const auto& row : commands()) {
    auto when = fmt::format("complete -c mlstackc -n '__fish_seen_subcommand_from {}'", row.name);
    for (const auto& option : row.options)
      out += fmt::format("{}{} -l {}{} -d '{}'\n", when,
                         option.letter.empty() ? "" : fmt::format(" -s {}", option.letter.substr(1)),
                         option.name.substr(2), fishAction(option.takes, option.choices), fishText(option.doc));
    if (!row.choices.empty()) out += fmt::format("{} -a '{}'\n", when, fmt::join(row.choices, " "));
    if (row.takes == Takes::File || row.takes == Takes::Folder || row.takes == Takes::Source)
      out += fmt::format("{}{}\n", when, row.takes == Takes::File ? " -F" : fishAction(row.takes, {}));
  }
  return out;
}

}  // namespace

std::string completionScript(std::string_view shell) {
  if (shell == "bash") return bash();
  if (shell == "zsh") return zsh();
  if (shell == "fish") return fish();
  return {};
}

int runCompletion(Invocation& invocation) { return printOut(completionScript(invocation.operands[0])); }

}  // namespace mlstack::driver
