# Sound source of 50 MB, and of 56 MB, near the limit of one file: all of it is compiled, in memory of ten times
# source and output at the most.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
sizes=(50000000 56000000)
limited=true
if grep -qs '^MLSTACK_SANITIZE:BOOL=ON' "$MLSTACK_BINARY_DIR/CMakeCache.txt"; then
  sizes=(4000000)   # sanitizers take ten times the time, and memory of their own
  limited=false
fi

# One workload as people write it: five objects; `@` is its number.
cat >workload <<'BLOCK'

volume disk-@ {
  name     = "train-@-pv"
  labels { app = "train-@"  team = "ml" }
  capacity = 10Gi
  access   = ReadWriteOnce
  class    = "manual"
  reclaim  = Retain
  source   = nfs("10.0.0.1", "/data/@")
}

claim model-@ {
  labels { app = "train-@"  team = "ml" }
  volume = disk-@
}

config settings-@ {
  labels { app = "train-@"  team = "ml" }
  data {
    epochs     = "90"
    batch-size = "256"
    "run.yaml" = """
      name: train-@
      optimizer: adamw
      """
  }
}

service peers-@ {
  headless        = true
  select { app = "train-@" }
  port rendezvous = 29500
}

job trainer-@ {
  labels { app = "train-@"  team = "ml" }
  pod-labels { app = "train-@"  team = "ml" }
  retries   = 6
  restart   = Never
  subdomain = "peers-@"
  // Files of an earlier run are in the way.
  init prepare {
    image   = "busybox:1.36"
    command = ["sh", "-c", "rm -f /model/.lock"]
    write model-@ at "/model"
  }
  container main {
    image   = "ghcr.io/example/trainer:1.4.2"
    command = ["torchrun", "train.py"]
    env { EPOCHS = settings-@["epochs"]  NAME = "train-@"  POD = field("metadata.name") }
    gpus    = 1
    memory  = 32Gi
    write model-@ at "/model"
    read settings-@ at "/etc/run"
    scratch 1Gi at "/tmp"
  }
}
BLOCK

# generate BYTES: writes big.mlstack and prints how many workloads are in it.
generate() {
  awk -v bytes="$1" '
    { body = body $0 "\n" }
    END {
      print "stack big" >"big.mlstack"
      count = split(body, parts, "@")
      for (n = 0; written < bytes; n++) {
        text = parts[1]
        for (i = 2; i <= count; i++) text = text n parts[i]
        written += length(text)
        printf "%s", text >"big.mlstack"
      }
      print n
    }' workload
}

for size in "${sizes[@]}"; do
  workloads=$(generate "$size")
  expect 0 build big.mlstack
  grep -q 'error\[' err && fault "$size bytes: there are errors"
  objects=$(grep -c '^kind: ' out)
  [[ $objects -eq $((workloads * 5)) ]] || fault "$size bytes: $objects objects of $workloads workloads"
  grep -q "^  name: trainer-$((workloads - 1))$" out || fault "$size bytes: the last job is missing"
  if $limited; then
    most=$((10 * ($(stat -c %s big.mlstack) + $(stat -c %s out)) / 1024))
    "$MLSTACKC" build big.mlstack >again 2>/dev/null &
    build=$!
    taken=0
    while line=$(grep -s '^VmHWM' "/proc/$build/status"); do taken=${line//[^0-9]/}; sleep 0.2; done
    wait "$build" || fault "$size bytes: the second build ends with $?"
    [[ $taken -gt 0 && $taken -le $most ]] || fault "$size bytes: $taken KiB are taken, and $most may be"
    cmp -s out again || fault "$size bytes: a second build differs"
  fi
  expect 0 check big.mlstack
  silent
done
finish
