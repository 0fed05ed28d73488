// `mlstackc init`.

#include <cerrno>
#include <cctype>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "driver/command.h"
#include "driver/terminal.h"

namespace mlstack::driver {
namespace {

namespace fs = std::filesystem;
using diag::Code;

// In canonical style; a test compiles and formats what init writes.
constexpr std::string_view kStarter = R"(// A training run and the state that it owns. To see what Kubernetes will get:
//   mlstackc build {name}.mlstack
// What can be said about each thing:
//   mlstackc explain claim
stack {name} {{
  namespace = "default"
}}

/// The image that trains.
param image: image = "pytorch/pytorch:2.7.1-cuda12.6-cudnn9-runtime"

/// GPUs of the run. Another value for one build: `--set gpus=4`.
param gpus: int in 0..8 = 1

// What the run reads. Without `class` the cluster's default storage class is meant.
claim dataset {{
  size   = 100Gi
  access = ReadWriteOnce
}}

// What the run must not lose: a protected claim is never deleted or replaced by a later apply.
claim checkpoints {{
  size    = 50Gi
  access  = ReadWriteOnce
  protect = true
}}

job train {{
  image   = image
  command = ["python", "train.py", "--data", "/data", "--resume", "/checkpoints"]
  gpus    = gpus
  reserve {{ cpu = 8  memory = 32Gi }}  // asked for, and the limit: a run without is ended first when its node is full
  retries = 3
  restart = OnFailure
  grace   = 2m  // from the stop signal to the kill: time for a last checkpoint

  read dataset at "/data"

  // A checkpoint every ten minutes. Three are kept while a fourth is written: that fits the claim.
  checkpoint checkpoints at "/checkpoints" {{
    every = 10m
    keep  = 3
    size  = 10Gi
    flush = 60s
  }}

  // Shared memory for data loaders. It ends with the pod.
  scratch 8Gi at "/dev/shm" {{ medium = Memory }}
}}

output job = train.name
)";

/// A text made fit to name a stack: a DNS label that begins with a letter.
std::string labelOf(std::string_view text) {
  std::string out;
  for (char c : text) {
    auto b = static_cast<unsigned char>(c);
    if (std::isalnum(b) != 0) {
      out += static_cast<char>(std::tolower(b));
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (!out.empty() && (std::isdigit(static_cast<unsigned char>(out.front())) != 0 || out.front() == '-'))
    out.erase(0, 1);
  out.resize(std::min<std::size_t>(out.size(), 50));   // room for what is derived from it
  while (out.ends_with('-')) out.pop_back();
  return out.empty() ? "stack" : out;
}

bool isLabel(std::string_view text) { return labelOf(text) == text; }

int fail(diag::Diagnostic d) {
  diag::Sink sink;
  int code = d.code == Code::BadStackName ? ExitUsage : ExitErrors;
  sink.add(std::move(d));
  showDiagnostics(sink);
  return code;
}

/// Creates, and never replaces: the kernel decides, so that nobody comes in between.
int createFile(const std::string& path, std::string_view text) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0 && errno == EEXIST) return fail(diag::make<Code::FileExists>({}, path).hint("choose another name: `--name NAME`"));
  if (fd < 0) return fail(diag::make<Code::CannotWrite>({}, path, reason(errno)));
  StreamWriter out(fd);
  bool ok = out.write(text) && out.flush();
  ok = ::close(fd) == 0 && ok;
  if (ok) return ExitDone;
  ::unlink(path.c_str());
  return fail(diag::make<Code::CannotWrite>({}, path, reason(out.error())));
}

}  // namespace

int runInit(Invocation& invocation) {
  std::error_code failed;
  fs::path folder = invocation.operands.empty() ? "." : invocation.operands[0];
  std::string name(invocation.value("--name"));
  if (name.empty()) name = labelOf(fs::weakly_canonical(fs::absolute(folder, failed), failed).filename().string());
  if (!isLabel(name))
    return fail(diag::make<Code::BadStackName>({}, name).hint(fmt::format("for example `{}`", labelOf(name))));
  fs::create_directories(folder, failed);
  if (failed) return fail(diag::make<Code::CannotWrite>({}, folder.string(), reason(failed.value())));
  auto path = (folder / (name + ".mlstack")).lexically_normal().string();
  int code = createFile(path, fmt::format(fmt::runtime(fmt::string_view(kStarter.data(), kStarter.size())), fmt::arg("name", name)));
  if (code == ExitDone)
    printError(fmt::format("wrote {}\nnext: mlstackc check {}\n", path, path));
  return code;
}

}  // namespace mlstack::driver
