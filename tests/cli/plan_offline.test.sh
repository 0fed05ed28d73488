# Plans without a server: against what ran before, and into a folder for GitOps.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
stack demo >demo.mlstack
stack demo 20Gi >grown.mlstack
stack demo 5Gi >shrunken.mlstack

# --offline: nothing ran, or an older file did
expect 0 plan demo.mlstack --offline
prints 'create +PersistentVolumeClaim/data'
prints 'create +Pod/worker +demo.mlstack:8:1'
prints 'plan: 2 to create'
prints '^data: 1 new'
expect 2 plan demo.mlstack --offline --detailed-exitcode
expect 0 plan demo.mlstack --offline --was demo.mlstack --detailed-exitcode
prints 'plan: nothing to do, 2 unchanged'
expect 0 plan grown.mlstack --offline --was demo.mlstack
prints 'update +PersistentVolumeClaim/data'
prints 'spec.resources.requests.storage: 10Gi → 20Gi'
prints 'grown +PersistentVolumeClaim/data +10Gi → 20Gi'
"$MLSTACKC" build demo.mlstack >demo.yaml
expect 0 plan grown.mlstack --offline --was demo.yaml
prints 'grown'
sed 's/busybox:1.36/busybox:1.37/; s/access = ReadWriteOnce/access = ReadWriteMany/' demo.mlstack >other.mlstack
expect 1 plan other.mlstack --offline --was demo.mlstack
prints 'refused +PersistentVolumeClaim/data'
prints 'cannot change in place'
prints 'cannot be carried out'
echo 'stack demo' >empty.mlstack
expect 0 plan empty.mlstack --offline --was demo.mlstack
prints 'release +PersistentVolumeClaim/data'
prints 'delete +Pod/worker'
prints 'orphaned'
expect 3 plan empty.mlstack --offline --was demo.mlstack --allow-data-loss claim/data --detailed-exitcode
prints 'delete +PersistentVolumeClaim/data'
prints 'consented'
expect 1 plan shrunken.mlstack --offline --was demo.mlstack
prints 'refused +PersistentVolumeClaim/data'
prints 'cannot shrink from 10Gi to 5Gi'
cat >set.mlstack <<'STACK'
stack set
param n: int = 3
statefulset q {
  replicas = n
  service  = q
  claims-when-scaled  = Delete
  claims-when-deleted = Delete
  claim data { size = 1Gi  access = ReadWriteOnce }
  image = "busybox:1.36"
  write data at "/d"
}
service q { headless = true  selects = q  port p = 80 }
STACK
"$MLSTACKC" build set.mlstack >three.yaml 2>/dev/null
expect 3 plan set.mlstack --set n=2 --offline --was three.yaml --detailed-exitcode
prints 'AT RISK +PersistentVolumeClaim/data-q-2'
expect 1 plan set.mlstack --set n=2 --offline --was three.yaml
mkdir manifests
cp three.yaml manifests/
expect 0 plan set.mlstack --offline --was manifests --detailed-exitcode
sed 's/^stack demo/stack set/' empty.mlstack >noset.mlstack
expect 0 plan noset.mlstack --offline --was three.yaml
prints 'release +StatefulSet/q'
expect 1 plan demo.mlstack --offline --was none.mlstack
silent
says MLS9007
expect 64 plan demo.mlstack --was demo.mlstack
says MLS9030

# views
expect 0 plan grown.mlstack --offline --was demo.mlstack --format json
prints '"version": 1'
prints '"update": 1'
expect 0 plan grown.mlstack --offline --was demo.mlstack --format markdown
prints '^\| update \| `PersistentVolumeClaim/data` \|'
expect 0 plan grown.mlstack --offline --was demo.mlstack --format html -o page.html
silent
grep -q '<svg' page.html || fault "the page has no picture"
! grep -qE '(src|href)="?(https?:)?//' page.html || fault "the page loads something"
for format in text json markdown html; do
  "$MLSTACKC" plan grown.mlstack --offline --was demo.mlstack --format $format >one 2>/dev/null
  "$MLSTACKC" plan grown.mlstack --offline --was demo.mlstack --format $format >two 2>/dev/null
  cmp -s one two || fault "$format differs from run to run"
done

# --to DIR: the same plan, carried out in files
expect 64 apply demo.mlstack --to gitops
says MLS9032
[[ ! -e gitops ]] || fault "something was written without approval"
expect 0 apply demo.mlstack --to gitops --auto-approve
silent
says 'apply: 2 created'
cat gitops/*.yaml >all.yaml
for kind in PersistentVolumeClaim Pod; do grep -q "kind: $kind" all.yaml || fault "no $kind in the folder"; done
expect 0 plan demo.mlstack --to gitops --detailed-exitcode
prints 'nothing to do'
touch -d '2001-01-01' gitops/*
expect 0 apply demo.mlstack --to gitops --auto-approve
[[ -z $(find gitops -name '*.yaml' -newermt 2002-01-01) ]] || fault "unchanged files were written again"
expect 0 apply grown.mlstack --to gitops --auto-approve
grep -q 'storage: 20Gi' gitops/*persistentvolumeclaim* || fault "the claim has not grown"
expect 1 apply other.mlstack --to gitops --auto-approve
says MLS5207
grep -q 'ReadWriteOnce' gitops/*persistentvolumeclaim* || fault "a refused plan was carried out"
# what is not ours stays, and is never written over
echo '# mine' >gitops/zzz.yaml
mkdir taken
cp gitops/*pod-worker.yaml taken/
expect 1 apply demo.mlstack --to taken --auto-approve
says 'in the way'
cmp -s gitops/*pod-worker.yaml taken/*pod-worker.yaml || fault "somebody's file was replaced"
expect 0 apply empty.mlstack --to gitops --auto-approve
says '1 deleted, 1 released'
[[ -e gitops/zzz.yaml ]] || fault "somebody's file was removed"
ls gitops/*persistentvolumeclaim* >/dev/null || fault "a claim's file went without consent"
! ls gitops/*pod* >/dev/null 2>&1 || fault "the pod's file is still there"
# --no-prune: what has no step is not touched
expect 0 apply demo.mlstack --to pruned --auto-approve
expect 0 apply empty.mlstack --to pruned --auto-approve --no-prune
[[ $(find pruned -name '*.yaml' | wc -l) -eq 2 ]] || fault "--no-prune removed files"
expect 0 apply demo.mlstack --to pruned --auto-approve
says 'nothing to do'
# what is protected stays so when its line is gone
sed 's/size   = 10Gi/size   = 10Gi  protect = true/' demo.mlstack >protected.mlstack
expect 0 apply protected.mlstack --to safe --auto-approve
expect 0 apply empty.mlstack --to safe --auto-approve --allow-data-loss claim/data
ls safe/*persistentvolumeclaim* >/dev/null || fault "a protected claim went"
expect 0 apply grown.mlstack --to again --auto-approve
expect 0 destroy grown.mlstack --to again --auto-approve --allow-data-loss pvc/data
[[ -z $(find again -name '*.yaml') ]] || fault "destroy left files"

# a kept plan: carried out as it is, or not at all
expect 0 plan demo.mlstack --to kept --out night.plan
[[ ! -e kept ]] || fault "a plan wrote something"
expect 0 apply night.plan --auto-approve
grep -q 'storage: 10Gi' kept/*persistentvolumeclaim* || fault "the kept plan made something else"
expect 1 apply night.plan --auto-approve
says MLS5206
head -c 300 night.plan >cut.plan
expect 1 apply cut.plan --auto-approve
says MLS5201
sed 's/10Gi/11Gi/' night.plan >changed.plan
expect 1 apply changed.plan --auto-approve
says MLS5201
finish
