// Help pages and the manual page, from the table.

#include <algorithm>

#include "driver/command.h"

namespace mlstack::driver {
namespace {

constexpr std::size_t kWidth = 96;

std::string optionHead(const OptionRow& row) {
  std::string head = row.letter.empty() ? "    " : fmt::format("{}, ", row.letter);
  head += row.name;
  if (!row.value.empty()) head += fmt::format(" {}", row.value);
  return head;
}

/// Words of `text` from column `indent` on; the first line is already begun.
void appendWrapped(std::string& out, std::string_view text, std::size_t indent) {
  std::size_t column = indent;
  while (!text.empty()) {
    auto space = text.find(' ');
    auto word = text.substr(0, space);
    if (column > indent && column + 1 + word.size() > kWidth) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    }
    if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    if (space == std::string_view::npos) break;
    text.remove_prefix(space + 1);
  }
  out += '\n';
}

void appendRow(std::string& out, std::string_view head, std::string_view text, std::size_t indent) {
  out += "  ";
  out += head;
  if (head.size() + 4 > indent) {
    out += '\n';
    out.append(indent, ' ');
  } else {
    out.append(indent - head.size() - 2, ' ');
  }
  appendWrapped(out, text, indent);
}

std::string optionText(const OptionRow& row) {
  std::string text(row.doc);
  if (!row.choices.empty() && row.name != "--color") {
    bool named = std::ranges::all_of(row.choices, [&](auto word) { return row.doc.find(word) != row.doc.npos; });
    if (!named) text += fmt::format(": {}", fmt::join(row.choices, ", "));
  }
  if (!row.variable.empty()) text += fmt::format(" [{}]", row.variable);
  return text;
}

void appendOptions(std::string& out, std::span<const OptionRow> rows, std::size_t indent) {
  for (const auto& row : rows) appendRow(out, optionHead(row), optionText(row), indent);
}

constexpr std::string_view kExitCodes =
    "Exit codes: 0 done, 1 errors in the source or a file, 64 the command line is not understood,\n"
    "130 interrupted.\n";

// --- roff ------------------------------------------------------------------------------------

/// Text as roff shows it: backslashes and leading dots are the only characters with a meaning.
std::string roff(std::string_view text) {
  std::string out;
  bool lineStart = true;
  for (char c : text) {
    if (lineStart && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '`') {
      out += '"';
    } else {
      out += c;
    }
    lineStart = c == '\n';
  }
  std::string ascii;
  for (std::size_t i = 0; i < out.size();) {
    if (out.compare(i, 3, "…") == 0) {
      ascii += "...";
      i += 3;
    } else {
      ascii += out[i++];
    }
  }
  return ascii;
}

void appendRoffOptions(std::string& out, std::span<const OptionRow> rows) {
  for (const auto& row : rows) {
    out += ".TP\n\\fB";
    if (!row.letter.empty()) out += roff(row.letter) + "\\fR, \\fB";
    out += roff(row.name) + "\\fR";
    if (!row.value.empty()) out += fmt::format(" \\fI{}\\fR", roff(row.value));
    out += fmt::format("\n{}.\n", roff(optionText(row)));
  }
}

void appendRoffCommand(std::string& out, const CommandRow& row) {
  out += fmt::format(".SS {}", row.name);
  if (!row.options.empty()) out += " \\fR[\\fIoption\\fR...]";
  if (!row.operands.empty()) out += fmt::format(" \\fR{}", roff(row.operands));
  out += fmt::format("\n{}.\n", roff(row.summary));
  if (!row.text.empty()) out += fmt::format(".PP\n{}\n", roff(row.text));
  appendRoffOptions(out, row.options);
  for (const auto& example : row.examples)
    out += fmt::format(".PP\n{}:\n.RS 4\n.nf\n{}\n.fi\n.RE\n", roff(example.doc), roff(example.line));
}

constexpr std::string_view kManualHead = R"(.TH MLSTACKC 1 "" "mlstackc" "User Commands"
.SH NAME
mlstackc \- compile .mlstack to Kubernetes manifests for stateful machine learning
.SH SYNOPSIS
\fBmlstackc\fR \fIcommand\fR [\fIoption\fR...] [\fIoperand\fR...]
.SH DESCRIPTION
\fBmlstackc\fR reads stacks written in the \fI.mlstack\fR language \- training and serving
workloads, and the storage they read and write \- checks them, and writes Kubernetes manifests.
It needs neither a cluster nor a network.
.PP
Manifests and other results go to standard output, everything else to standard error.
A file is written beside its place and then renamed: it is never there in part.
The same input gives the same bytes, on every machine.
.SH COMMANDS
)";

constexpr std::string_view kManualTail = R"(.SH EXIT STATUS
.TP
\fB0\fR
Done; there may have been warnings.
.TP
\fB1\fR
Errors in the source, in parameters or with a file; or \fBfmt \-\-check\fR found files to change.
.TP
\fB64\fR
The command line is not understood.
.TP
\fB130\fR
Interrupted.
.SH ENVIRONMENT
)";

constexpr std::string_view kManualFiles = R"(.TP
\fBNO_COLOR\fR
When set and not empty, \fB\-\-color auto\fR means never.
.SH FILES
.TP
\fI.mlstack/\fR
Marks the top folder of a project; \fBfile()\fR and \fBimport\fR reach nothing outside of it.
Without it, the folder of the version control repository is the project, or the stack's own folder.
.TP
\fI.mlstack/schemas/\fR
Custom resources that \fBschema add\fR brought.
.TP
\fI.mlstackc\-files\fR
In a folder written by \fBbuild \-o\fR: which files belong to which stack.
)";

}  // namespace

std::string helpText() {
  std::string out =
      "mlstackc compiles .mlstack, a language for training and serving on Kubernetes in which storage\n"
      "comes first, to manifests.\n\n"
      "Usage: mlstackc COMMAND [OPTION]… [FILE|DIR|-]…\n\n"
      "Commands:\n";
  for (const auto& row : commands()) appendRow(out, row.name, row.summary, 15);
  out += "\nOptions:\n";
  appendOptions(out, commonOptions(), 20);
  appendRow(out, "    --version", "Print the version", 20);
  out += "\nExamples:\n"
         "  mlstackc init                  a starter stack to read and change\n"
         "  mlstackc check .               what is wrong with the stacks below\n"
         "  mlstackc build train.mlstack   manifests on stdout\n"
         "\n`mlstackc COMMAND --help` says more.\n";
  out += kExitCodes;
  return out;
}

std::string helpText(const CommandRow& row) {
  std::string out = fmt::format("{}.\n\nUsage: mlstackc {}{}{}{}\n", row.summary, row.name,
                                row.options.empty() ? "" : " [OPTION]…", row.operands.empty() ? "" : " ",
                                row.operands);
  if (!row.text.empty()) out += fmt::format("\n{}\n", row.text);
  out += "\nOptions:\n";
  std::size_t indent = 20;
  for (const auto& option : row.options)
    indent = std::max(indent, std::min<std::size_t>(optionHead(option).size() + 4, 28));
  appendOptions(out, row.options, indent);
  appendOptions(out, commonOptions(), indent);
  if (!row.examples.empty()) {
    out += "\nExamples:\n";
    for (const auto& example : row.examples) out += fmt::format("  {}\n      {}\n", example.line, example.doc);
  }
  return out;
}

std::string manualPage() {
  std::string out(kManualHead);
  for (const auto& row : commands()) appendRoffCommand(out, row);
  out += ".SH COMMON OPTIONS\n";
  appendRoffOptions(out, commonOptions());
  out += kManualTail;
  std::vector<std::string_view> seen;
  auto variables = [&](std::span<const OptionRow> rows) {
    for (const auto& row : rows) {
      if (row.variable.empty() || std::ranges::find(seen, row.variable) != seen.end()) continue;
      seen.push_back(row.variable);
      out += fmt::format(".TP\n\\fB{}\\fR\nStands in for \\fB{}\\fR.\n", roff(row.variable), roff(row.name));
    }
  };
  for (const auto& row : commands()) variables(row.options);
  variables(commonOptions());
  out += kManualFiles;
  return out;
}

}  // namespace mlstack::driver
