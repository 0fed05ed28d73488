// The rows of command.h.

#include "driver/command.h"

namespace mlstack::driver {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kEmit[] = {"yaml", "json", "ir", "ast", "tokens"};
constexpr std::string_view kCheckFormat[] = {"text", "json", "sarif", "github"};
constexpr std::string_view kGraphFormat[] = {"dot", "mermaid", "svg"};
constexpr std::string_view kVersionFormat[] = {"text", "json"};
constexpr std::string_view kColor[] = {"auto", "always", "never"};
constexpr std::string_view kShells[] = {"bash", "zsh", "fish"};
constexpr std::string_view kSchemaVerbs[] = {"add", "list", "show"};
constexpr std::string_view kVersions[] = {"1.31", "1.32", "1.33", "1.34", "1.35", "1.36"};

constexpr OptionRow kSet{.name = "--set",
                         .takes = Takes::Text,
                         .value = "NAME=VALUE",
                         .repeats = true,
                         .doc = "Give the parameter NAME a value; of several, the last one counts"};
constexpr OptionRow kParams{.name = "--params",
                            .takes = Takes::File,
                            .value = "FILE",
                            .variable = "MLSTACK_PARAMS",
                            .repeats = true,
                            .doc = "Read parameters from a YAML file; later files and --set win"};
constexpr OptionRow kKubernetes{.name = "--kubernetes",
                                .takes = Takes::Choice,
                                .value = "VERSION",
                                .choices = kVersions,
                                .variable = "MLSTACK_KUBERNETES",
                                .doc = "Target this version instead of the one that the stack names"};
constexpr OptionRow kCluster{.name = "--cluster",
                             .takes = Takes::File,
                             .value = "FILE",
                             .doc = "Take the cluster's classes, volumes and kinds from FILE, as `kubectl get … -o yaml` printed them"};
constexpr OptionRow kWerror{.name = "--werror",
                            .variable = "MLSTACK_WERROR",
                            .doc = "Treat warnings as errors"};

constexpr OptionRow kContext{.name = "--context",
                             .takes = Takes::Text,
                             .value = "NAME",
                             .variable = "MLSTACK_CONTEXT",
                             .doc = "Use this context of the kubeconfig instead of the current one"};
constexpr OptionRow kNamespace{.name = "--namespace",
                               .letter = "-n",
                               .takes = Takes::Text,
                               .value = "NAME",
                               .variable = "MLSTACK_NAMESPACE",
                               .doc = "For a stack that names none, instead of the context's namespace"};
constexpr OptionRow kKubeconfig{.name = "--kubeconfig",
                                .takes = Takes::File,
                                .value = "FILE",
                                .doc = "Read this file alone, not $KUBECONFIG or ~/.kube/config"};
constexpr OptionRow kAs{.name = "--as", .takes = Takes::Text, .value = "USER", .doc = "Act as this user, as far as the cluster lets you"};
constexpr OptionRow kLive{.name = "--live", .doc = "Ask the cluster itself instead of a file (--cluster)"};
constexpr OptionRow kTo{.name = "--to",
                        .takes = Takes::Folder,
                        .value = "DIR",
                        .doc = "Into a folder, one file an object, for GitOps, instead of a cluster"};
constexpr OptionRow kAllowLoss{.name = "--allow-data-loss",
                               .takes = Takes::Text,
                               .value = "KIND/NAME",
                               .repeats = true,
                               .doc = "Consent to the loss of this claim, volume or snapshot"};
constexpr OptionRow kForceConflicts{.name = "--force-conflicts", .doc = "Take fields that another field manager owns with another value"};
constexpr OptionRow kTakeOver{.name = "--take-over", .doc = "Take objects that another stack or tool owns, or a stack that another file made"};
constexpr OptionRow kNoPrune{.name = "--no-prune", .doc = "Leave alone what the stack no longer has"};
constexpr OptionRow kTimeout{.name = "--timeout",
                             .takes = Takes::Text,
                             .value = "TIME",
                             .variable = "MLSTACK_TIMEOUT",
                             .doc = "Give up after so long (`90s`, `1h`; 10m unless said): exit code 124"};
constexpr OptionRow kAutoApprove{.name = "--auto-approve", .variable = "MLSTACK_AUTO_APPROVE", .doc = "Do not ask; the loss of data still needs its own consent"};
constexpr OptionRow kNoWait{.name = "--no-wait", .doc = "End when the server has accepted everything, not when it runs"};
constexpr OptionRow kStackName{.name = "--stack", .takes = Takes::Text, .value = "NAME", .doc = "The stack's name, without its source"};

constexpr std::string_view kPlanFormat[] = {"text", "json", "markdown", "html"};
constexpr OptionRow kPlanOptions[] = {
    {.name = "--output", .letter = "-o", .takes = Takes::File, .value = "FILE", .doc = "Write what is shown to FILE instead of stdout"},
    {.name = "--format",
     .takes = Takes::Choice,
     .value = "FORMAT",
     .choices = kPlanFormat,
     .doc = "text (the default), json, markdown for a comment, or html: one page with the picture of state and work"},
    {.name = "--out", .takes = Takes::File, .value = "FILE", .doc = "Keep the plan in FILE for `mlstackc apply FILE`"},
    {.name = "--offline", .doc = "Ask no cluster: plan against what --was names, or against nothing"},
    {.name = "--was", .takes = Takes::File, .value = "OLD", .doc = "With --offline: what runs now (a file or folder of stacks or manifests)"},
    {.name = "--detailed-exitcode", .doc = "Exit with 2 when there are changes, 3 when they put data at risk"},
    {.name = "--show-unchanged", .doc = "Name the objects that stay as they are as well"},
    kSet,
    kParams,
    kKubernetes,
    kTo,
    kContext,
    kNamespace,
    kKubeconfig,
    kAs,
    kAllowLoss,
    kForceConflicts,
    kTakeOver,
    kNoPrune,
    kWerror,
};
constexpr Example kPlanExamples[] = {
    {"mlstackc plan train.mlstack", "What an apply would do, above all to data"},
    {"mlstackc plan train.mlstack --format html -o plan.html", "A page for a pull request"},
    {"mlstackc plan train.mlstack --out night.plan", "Decide now, apply later: `mlstackc apply night.plan`"},
    {"mlstackc plan new/ --offline --was old/", "In CI, without a cluster"},
};

constexpr OptionRow kApplyOptions[] = {
    kAutoApprove,
    kAllowLoss,
    kTimeout,
    kNoWait,
    {.name = "--wait-jobs", .doc = "Wait until Jobs are complete, not only until they run"},
    kSet,
    kParams,
    kKubernetes,
    kTo,
    kContext,
    kNamespace,
    kKubeconfig,
    kAs,
    kForceConflicts,
    kTakeOver,
    kNoPrune,
    kWerror,
};
constexpr Example kApplyExamples[] = {
    {"mlstackc apply train.mlstack", "Show the plan, ask, carry it out, wait until all of it runs"},
    {"mlstackc apply train.mlstack --auto-approve --wait-jobs --timeout 6h", "In CI: until the training is done"},
    {"mlstackc apply night.plan --auto-approve", "What `plan --out` kept, if the cluster is still as it was"},
    {"mlstackc apply train.mlstack --to clusters/gpu/", "Into the folder that Argo CD or Flux watches"},
};

constexpr OptionRow kDestroyOptions[] = {
    kStackName, kAutoApprove, kAllowLoss, kTimeout, kNoWait, kSet, kParams, kTo, kContext, kNamespace, kKubeconfig, kAs, kTakeOver,
};
constexpr Example kDestroyExamples[] = {
    {"mlstackc destroy train.mlstack", "Everything but what holds data"},
    {"mlstackc destroy --stack train --allow-data-loss claim/checkpoints", "By name, and this claim as well"},
};

constexpr OptionRow kStatusOptions[] = {
    {.name = "--format",
     .takes = Takes::Choice,
     .value = "FORMAT",
     .choices = kVersionFormat,
     .doc = "text (the default) or json"},
    kStackName, kSet, kParams, kContext, kNamespace, kKubeconfig, kAs,
};
constexpr Example kStatusExamples[] = {
    {"mlstackc status train.mlstack", "State, work and health on one screen"},
    {"mlstackc status --stack train --format json", "By name, for a program"},
};
constexpr Example kOutputsExamples[] = {
    {"mlstackc outputs train.mlstack", "The values of `output` statements as they are now"},
    {"mlstackc outputs --stack train --format json", "Typed, for a program"},
};

constexpr OptionRow kBuildOptions[] = {
    {.name = "--output",
     .letter = "-o",
     .takes = Takes::File,
     .value = "FILE|DIR",
     .doc = "Write to FILE, or one file an object into DIR (a folder, or a name that ends in /)"},
    {.name = "--emit",
     .takes = Takes::Choice,
     .value = "WHAT",
     .choices = kEmit,
     .doc = "What to write: manifests as yaml (the default) or json, or the ir, ast or tokens"},
    kSet,
    kParams,
    kKubernetes,
    kCluster,
    kWerror,
    {.name = "--force",
     .doc = "With -o DIR, replace files of the same name that mlstackc did not write"},
};
constexpr Example kBuildExamples[] = {
    {"mlstackc build train.mlstack | kubectl apply -f -", "Apply what a stack makes"},
    {"mlstackc build train.mlstack --set nodes=4 -o manifests/",
     "One file an object; files of objects that are gone are removed"},
    {"mlstackc build envs/ --params production.yaml --werror -o all.yaml",
     "All stacks of a folder in one file"},
};

constexpr OptionRow kCheckOptions[] = {
    {.name = "--format",
     .takes = Takes::Choice,
     .value = "FORMAT",
     .choices = kCheckFormat,
     .variable = "MLSTACK_FORMAT",
     .doc = "text to stderr (the default), or json, sarif or github annotations to stdout"},
    kSet,
    kParams,
    kKubernetes,
    kCluster,
    kLive,
    kContext,
    kNamespace,
    kKubeconfig,
    kAs,
    {.name = "--was",
     .takes = Takes::File,
     .value = "OLD",
     .doc = "Say also what the update from OLD (a file or folder) would refuse, replace or lose"},
    kWerror,
    {.name = "--deny",
     .takes = Takes::Code,
     .value = "CODE",
     .repeats = true,
     .doc = "Treat this warning as an error"},
    {.name = "--warn",
     .takes = Takes::Code,
     .value = "CODE",
     .repeats = true,
     .doc = "Treat this error of a storage or Kubernetes rule (MLS3nnn, MLS4nnn) as a warning"},
    {.name = "--show-allowed", .doc = "Show as notes what an `allow` silences"},
    {.name = "--fix", .doc = "Apply the fixes that need no decision, then check again"},
};
constexpr Example kCheckExamples[] = {
    {"mlstackc check", "The only stack of the current folder"},
    {"mlstackc check . --format github --werror", "All stacks and manifests below, as annotations on a pull request"},
    {"mlstackc check train.mlstack --fix", "Mend misspelt names and the like"},
    {"helm template chart | mlstackc check -", "What Helm or kustomize makes"},
    {"mlstackc check k8s/ --was k8s.old/ --cluster cluster.yaml", "An update, against what the cluster has"},
    {"mlstackc check train.mlstack --live", "Whether what it takes for granted is there, in the current context"},
};

constexpr std::string_view kClusterVerbs[] = {"snapshot"};
constexpr OptionRow kClusterOptions[] = {
    {.name = "--output", .letter = "-o", .takes = Takes::File, .value = "FILE", .doc = "Write to FILE instead of stdout"},
    kContext,
    kNamespace,
    kKubeconfig,
    kAs,
};
constexpr Example kClusterExamples[] = {
    {"mlstackc cluster snapshot -o cluster.yaml", "Keep what the cluster has, for checks without it"},
    {"mlstackc check . --cluster cluster.yaml", "In CI: hold stacks and manifests against it"},
};

constexpr OptionRow kFmtOptions[] = {
    {.name = "--check", .doc = "Change nothing; name the files that would change, and exit 1 if any"},
    {.name = "--diff", .doc = "Change nothing; show what would change as a unified diff"},
};
constexpr Example kFmtExamples[] = {
    {"mlstackc fmt .", "Every .mlstack file below the current folder"},
    {"mlstackc fmt --check --diff .", "In CI: show and refuse what is not in canonical style"},
    {"mlstackc fmt - < train.mlstack", "From an editor"},
};

constexpr OptionRow kExplainOptions[] = {
    {.name = "--reference", .doc = "Show every kind, part, source and function as one page of Markdown"},
};
constexpr Example kExplainExamples[] = {
    {"mlstackc explain MLS3004", "What a diagnostic means, with a failing and a mended program"},
    {"mlstackc explain claim", "A kind and its fields"},
    {"mlstackc explain container.read", "One field or part"},
    {"mlstackc explain v1/Pod.spec.containers", "A field of Kubernetes or of an added CRD"},
    {"mlstackc explain join", "A function"},
    {"mlstackc explain ebs.csi.aws.com", "What a storage driver can do, and what its classes may say"},
};

constexpr Example kSchemaExamples[] = {
    {"mlstackc schema add crd.yaml", "Let `object` and `with` know a custom resource"},
    {"mlstackc schema list", "Every API that is known"},
    {"mlstackc schema show apps/v1/StatefulSet.spec", "The fields at one place"},
};

constexpr OptionRow kGraphOptions[] = {
    {.name = "--output",
     .letter = "-o",
     .takes = Takes::File,
     .value = "FILE",
     .doc = "Write to FILE instead of stdout"},
    {.name = "--format",
     .takes = Takes::Choice,
     .value = "FORMAT",
     .choices = kGraphFormat,
     .doc = "dot for Graphviz (the default), mermaid for Markdown, or svg"},
    kSet,
    kParams,
    kKubernetes,
};
constexpr Example kGraphExamples[] = {
    {"mlstackc graph train.mlstack --format svg -o train.svg", "A picture without other tools"},
    {"mlstackc graph train.mlstack | dot -Tpng > train.png", "With Graphviz"},
};

constexpr OptionRow kStateOptions[] = {kSet, kParams, kKubernetes, kCluster, kLive, kContext, kNamespace, kKubeconfig, kAs};
constexpr Example kStateExamples[] = {
    {"mlstackc explain-state train.mlstack", "Every claim and scratch of a stack, a paragraph each"},
    {"mlstackc explain-state k8s/ --cluster cluster.yaml", "Of plain manifests, with what the cluster's classes give"},
};

constexpr OptionRow kInitOptions[] = {
    {.name = "--name",
     .takes = Takes::Text,
     .value = "NAME",
     .doc = "The stack's name; by default the folder's"},
};
constexpr Example kInitExamples[] = {
    {"mlstackc init", "A starter stack in the current folder"},
    {"mlstackc init experiments/resnet --name resnet", "In a folder of its own"},
};

constexpr Example kCompletionExamples[] = {
    {"source <(mlstackc completion bash)", "For this shell"},
    {"mlstackc completion zsh > ~/.zsh/completions/_mlstackc", "For good, in a folder of $fpath"},
    {"mlstackc completion fish > ~/.config/fish/completions/mlstackc.fish", "For good"},
};

constexpr OptionRow kVersionOptions[] = {
    {.name = "--format",
     .takes = Takes::Choice,
     .value = "FORMAT",
     .choices = kVersionFormat,
     .doc = "text (the default) or json"},
};
constexpr Example kVersionExamples[] = {
    {"mlstackc version --format json", "For scripts"},
};
constexpr Example kHelpExamples[] = {
    {"mlstackc help build", "The same as `mlstackc build --help`"},
};

constexpr OptionRow kCommon[] = {
    {.name = "--color",
     .takes = Takes::Choice,
     .value = "WHEN",
     .choices = kColor,
     .variable = "MLSTACK_COLOR",
     .doc = "Colour on auto (terminals, unless NO_COLOR is set), always or never"},
    {.name = "--help", .letter = "-h", .doc = "Show this help"},
};

constexpr std::string_view kSources = "[FILE|DIR|-]…";

constexpr CommandRow kCommands[] = {
    {.name = "build",
     .summary = "Compile stacks and write their manifests",
     .operands = kSources,
     .takes = Takes::Source,
     .maxOperands = kAny,
     .options = kBuildOptions,
     .text = "Manifests go to stdout, everything else to stderr. A folder is searched for stacks, `-` is\n"
             "stdin, and without a file the only stack of the current folder is meant. When there are\n"
             "errors nothing is written.",
     .examples = kBuildExamples,
     .run = runBuild},
    {.name = "check",
     .summary = "Report everything that is wrong with stacks or plain manifests, and write nothing",
     .operands = kSources,
     .takes = Takes::File,
     .maxOperands = kAny,
     .options = kCheckOptions,
     .text = "Syntax, names, types, Kubernetes schemas and storage rules. Parameters need no value: what\n"
             "depends on them is then checked by its type. Files named .yaml, .yml or .json are manifests, and\n"
             "are held against the same rules; so is what `-` brings when it begins as YAML does. Files whose\n"
             "objects have different names belong together, others are checked folder by folder. An\n"
             "annotation `mlstack.dev/allow: \"MLS3004 reason\"` silences a rule on its object.\n"
             "--cluster takes what `kubectl get sc,pv,csidriver,nodes,crd,ns -o yaml` prints; of the kinds in\n"
             "it, what it does not list does not exist. A first document `kind: ClusterSnapshot` of\n"
             "`apiVersion: mlstack.dev/v1` may name the version (`kubernetes: \"1.34\"`) and the kinds that are\n"
             "listed in full (`complete: [StorageClass]`).",
     .examples = kCheckExamples,
     .run = runCheck},
    {.name = "plan",
     .summary = "Say what an apply would do, and above all what happens to data",
     .operands = "[FILE|DIR|-]",
     .takes = Takes::Source,
     .maxOperands = 1,
     .options = kPlanOptions,
     .text = "Compares the stack with the cluster by meaning, lets the server try every change without doing it,\n"
             "and says what becomes of each claim and volume. Nothing is changed.",
     .examples = kPlanExamples,
     .run = runPlan},
    {.name = "apply",
     .summary = "Carry a plan out, and wait until what it made is there",
     .operands = "[FILE|DIR|-|PLAN]",
     .takes = Takes::File,
     .maxOperands = 1,
     .options = kApplyOptions,
     .text = "Shows the plan and asks; without a terminal it needs --auto-approve. What holds data never goes\n"
             "without --allow-data-loss and its name. Cut short at any point, the next apply goes on from there.",
     .examples = kApplyExamples,
     .run = runApply},
    {.name = "destroy",
     .summary = "Take a stack out of the cluster, and keep its data unless it is named",
     .operands = "[FILE|DIR|-]",
     .takes = Takes::Source,
     .maxOperands = 1,
     .options = kDestroyOptions,
     .text = "Consumers go before the claims that they use. Claims, volumes and snapshots stay in the cluster\n"
             "unless --allow-data-loss names them; namespaces always stay.",
     .examples = kDestroyExamples,
     .run = runDestroy},
    {.name = "status",
     .summary = "Show how a stack is doing: its state, its work, what others changed",
     .operands = "[FILE|DIR|-]",
     .takes = Takes::Source,
     .maxOperands = 1,
     .options = kStatusOptions,
     .text = "Claims with their volumes and who uses them, work with what is ready and why it is not, and fields\n"
             "that others set after the last apply. Exits with 1 when something has failed.",
     .examples = kStatusExamples,
     .run = runStatus},
    {.name = "outputs",
     .summary = "Print the outputs of a stack, those that only the cluster knows included",
     .operands = "[FILE|DIR|-]",
     .takes = Takes::Source,
     .maxOperands = 1,
     .options = kStatusOptions,
     .text = "As of the last apply. What is not known yet says why; what a Secret holds is not shown.",
     .examples = kOutputsExamples,
     .run = runOutputs},
    {.name = "cluster",
     .summary = "Write down what a cluster has: classes, drivers, volumes, claims, nodes, kinds",
     .operands = "snapshot",
     .takes = Takes::Text,
     .choices = kClusterVerbs,
     .minOperands = 1,
     .maxOperands = 1,
     .options = kClusterOptions,
     .text = "For `check --cluster FILE`. Of Secrets and ConfigMaps there are names and keys, never values. What may\n"
             "not be listed is said, and counts as unknown then, not as absent.",
     .examples = kClusterExamples,
     .run = runCluster},
    {.name = "fmt",
     .summary = "Rewrite sources in canonical style",
     .operands = kSources,
     .takes = Takes::Source,
     .maxOperands = kAny,
     .options = kFmtOptions,
     .text = "Files are replaced only when they change; a folder stands for all .mlstack files below it,\n"
             "no operand for the current folder; stdin is formatted to stdout. Only layout changes.",
     .examples = kFmtExamples,
     .run = runFmt},
    {.name = "explain",
     .summary = "Explain a diagnostic, a kind, a field, a function, a storage driver or a Kubernetes field",
     .operands = "[WHAT]",
     .takes = Takes::Text,
     .maxOperands = 1,
     .options = kExplainOptions,
     .text = "Without WHAT: every kind and function in a line each.",
     .examples = kExplainExamples,
     .run = runExplain},
    {.name = "schema",
     .summary = "Add custom resources; list and show what is known",
     .operands = "add FILE… | list | show WHAT",
     .takes = Takes::File,
     .choices = kSchemaVerbs,
     .minOperands = 1,
     .maxOperands = kAny,
     .text = "`add` copies CustomResourceDefinitions, without their prose, to .mlstack/schemas of the\n"
             "project: the nearest folder upwards that holds .mlstack, else the current one. Commit them.",
     .examples = kSchemaExamples,
     .run = runSchema},
    {.name = "graph",
     .summary = "Draw storage and work: who reads, who writes",
     .operands = "[FILE|DIR|-]",
     .takes = Takes::File,
     .maxOperands = 1,
     .options = kGraphOptions,
     .text = "A stack, or the plain manifests of a file or folder.",
     .examples = kGraphExamples,
     .run = runGraph},
    {.name = "explain-state",
     .summary = "Say of each piece of state what it can give, who uses it, and what would lose it",
     .operands = kSources,
     .takes = Takes::File,
     .maxOperands = kAny,
     .options = kStateOptions,
     .text = "Of stacks and of plain manifests alike.",
     .examples = kStateExamples,
     .run = runExplainState},
    {.name = "init",
     .summary = "Write a commented starter stack",
     .operands = "[DIR]",
     .takes = Takes::Folder,
     .maxOperands = 1,
     .options = kInitOptions,
     .text = "Writes DIR/NAME.mlstack: a training job, its dataset and its checkpoints. Never overwrites.",
     .examples = kInitExamples,
     .run = runInit},
    {.name = "completion",
     .summary = "Print the completion script of a shell",
     .operands = "bash|zsh|fish",
     .takes = Takes::Choice,
     .choices = kShells,
     .minOperands = 1,
     .maxOperands = 1,
     .examples = kCompletionExamples,
     .run = runCompletion},
    {.name = "version",
     .summary = "Print the version, and the Kubernetes versions that can be targeted",
     .options = kVersionOptions,
     .examples = kVersionExamples,
     .run = runVersion},
    {.name = "help",
     .summary = "Show help on a command",
     .operands = "[COMMAND]",
     .takes = Takes::Text,
     .maxOperands = 1,
     .examples = kHelpExamples,
     .run = runHelp},
};

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }
std::span<const OptionRow> commonOptions() { return kCommon; }

const CommandRow* findCommand(std::string_view name) {
  for (const auto& row : kCommands)
    if (row.name == name) return &row;
  return nullptr;
}

diag::Diagnostic unknownCommand(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& row : kCommands) names.push_back(row.name);
  auto near = diag::nearest(name, names);
  return diag::make<diag::Code::UnknownCommand>({}, name)
      .hint(near.empty() ? fmt::format("its commands are {}", fmt::join(names, ", "))
                         : fmt::format("did you mean `{}`?", near));
}

}  // namespace mlstack::driver
