# Plain manifests: which files are read, what belongs together, lists, templates, kustomize, allowing, updates, clusters.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

claim() {   # claim NAME [MODE] [NAMESPACE]
  printf 'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: %s\n' "$1"
  [[ -z ${3:-} ]] || printf '  namespace: %s\n' "$3"
  printf 'spec:\n  accessModes: [%s]\n  resources: {requests: {storage: 10Gi}}\n' "${2:-ReadWriteOnce}"
}
web() {   # web NAME CLAIM [REPLICAS]
  cat <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1}
spec:
  replicas: ${3:-3}
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}}
    spec:
      containers:
      - name: main
        image: nginx:1.27
        volumeMounts: [{name: data, mountPath: /data}]
      volumes:
      - name: data
        persistentVolumeClaim: {claimName: $2}
YAML
}
both() { claim "$@" && echo --- && web web "$1"; }

# operands: a file by its name, standard input and pipes by what they hold, a folder by what is below
both data ReadWriteOncePod >bad.yaml
claim data >good.yml
expect 1 check bad.yaml && says '^bad\.yaml:[0-9]+:[0-9]+: error\[MLS3006\]' && says '^2 objects in 1 manifest checked: 1 error'
silent
expect 0 check good.yml && says '^1 object in 1 manifest checked'
expect 1 check - <bad.yaml && says '^-:[0-9]+:[0-9]+: error\[MLS3006\]'
expect 1 check /dev/stdin <bad.yaml && says 'MLS3006'
(echo '# made by hand'; echo; cat bad.yaml) >comments.txt
expect 1 check comments.txt && says 'MLS3006'
stack >good.mlstack
expect 0 check - <good.mlstack
expect 0 check good.mlstack good.yml && says '^1 stack, 1 object in 1 manifest checked'
mkdir -p all/.hidden all/k8s
cp good.mlstack all/ && cp bad.yaml all/.hidden/ && cp good.yml all/k8s/a.yml && echo 'replicas: {' >all/values.yaml
echo '{"name": "x", }' >all/package.json
expect 0 check all && says '^1 stack, 1 object in 1 manifest checked'
expect 1 check nowhere.yaml && says 'MLS9007'

# what holds no object
printf 'replicas: 3\n' >values.yaml
expect 0 check values.yaml && says 'warning\[MLS9040\]'
: >empty.yaml
expect 0 check empty.yaml && says 'MLS9040'
printf 'a: [1\n' >broken.yaml
expect 1 check broken.yaml && says 'broken\.yaml:[0-9]+:[0-9]+: error\[MLS1401\]'
mkdir mixed && printf 'apiVersion: v1\nkind: [x\n' >mixed/a.yaml
expect 1 check mixed && says 'mixed/a\.yaml:.*MLS1401'

# JSON, lists, typed lists, anchors
printf '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"nam": "x"}]}}\n' >pod.json
expect 1 check pod.json && says 'pod\.json:1:[0-9]+: error\[MLS4005\]'
{ echo 'apiVersion: v1'; echo 'kind: List'; echo 'items:'; both data ReadWriteOncePod | sed 's/^---$//; s/^/  /; s/^  apiVersion/- apiVersion/'; } >list.yaml
expect 1 check list.yaml && says 'MLS3006' && says '^2 objects in 1 manifest'
printf 'apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n  data: {x: 1}\n- metadata: {name: b}\n' >typed.yaml
expect 1 check typed.yaml && says 'typed\.yaml:5:[0-9]+: error\[MLS4007\]' && says '^2 objects'
printf 'apiVersion: v1\nkind: List\nitems: []\n' >none.yaml
expect 0 check none.yaml
printf 'apiVersion: v1\nkind: Pod\nmetadata: &m {name: a, labels: {x: y}}\nspec: {containers: [{name: c, image: "i:1", env: [{name: A, value: &v 7}]}]}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n' >anchors.yaml
expect 1 check anchors.yaml && says 'anchors\.yaml:4:.*MLS4007'

# custom resources that no table knows are none of our business; kinds of Kubernetes are
printf 'apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w}\nspec: {x: 1}\n' >widget.yaml
expect 0 check widget.yaml && says 'no complaints'
printf 'apiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: w}\n' >typo.yaml
expect 1 check typo.yaml && says 'MLS4001|MLS4002'
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, uid: x, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", managedFields: [{manager: m, fieldsV1: {"f:x": {}}}]}\nspec: {containers: [{name: c, image: "i:1"}]}\nstatus: {phase: Running}\n' >live.yaml
expect 0 check live.yaml && says 'no complaints'

printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n' >nameless.yaml
expect 1 check nameless.yaml && says 'nameless\.yaml:3:11: error\[MLS4008\].*metadata.name'
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 7}\n' >number-name.yaml
expect 1 check number-name.yaml && says 'number-name\.yaml:3:18: error\[MLS4007\]'
printf 'apiVersion: v1\nkind: Config\nclusters: []\n' >kubeconfig.yaml
expect 0 check kubeconfig.yaml

# an object without a name of its own
printf 'apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: train-}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "i:1"}]}}}\n' >generated.yaml
cat generated.yaml <(echo ---) generated.yaml >twice.yaml
expect 0 check twice.yaml && says '^2 objects'

# what belongs together: names resolve in a tree without doubles
mkdir -p tree/one tree/two
claim data ReadWriteOncePod >tree/one/claim.yaml && web web data >tree/one/web.yaml
expect 1 check tree && says 'tree/one/web\.yaml:.*MLS3006'
expect 1 check tree/one/claim.yaml tree/one/web.yaml && says 'MLS3006'
cp tree/one/claim.yaml tree/two/ && web other data 1 | sed 's/^spec:/spec:\n  strategy: {type: Recreate}/' >tree/two/web.yaml
expect 1 check tree && says 'tree/one/web\.yaml:.*MLS3006' && says '^4 objects in 4 manifests checked: 1 error'
! grep -q 'tree/two.*error' err || fault "two deployments were mixed"
cp tree/one/web.yaml tree/one/web-too.yaml   # now each file of one/ stands alone
expect 0 check tree
claim data ReadWriteOncePod other >far.yaml && web web data >near.yaml
run check far.yaml near.yaml
! grep -q MLS3006 err || fault "a name was found in another namespace"
(claim data; echo ---; claim data ReadWriteMany) >double.yaml
expect 0 check double.yaml && says 'double\.yaml:12:[0-9]+: warning\[MLS4030\]'

# templates
mkdir -p chart/templates
printf 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n{{- if .Values.x }}\nspec: {}\n{{- end }}\n' >chart/templates/pod.yaml
printf 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: "{{ .Values.name }}"\nspec: {}\n' >chart/templates/quoted.yaml
expect 0 check chart && says 'note\[MLS9041\]' && says 'helm template'
[[ $(grep -c 'MLS9041' err) -eq 1 ]] || fault "more than one note on templates"
printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: a-}\nspec:\n  entrypoint: m\n  templates:\n  - name: m\n    container: {image: "i:1", args: ["{{inputs.parameters.x}}"]}\n' >argo.yaml
expect 0 check argo.yaml && ! grep -q MLS9041 err || fault "a workflow is no template"

# kustomize: what is laid over objects is none, what is generated is there
mkdir -p kust/base kust/over
claim data ReadWriteOncePod >kust/base/claim.yaml
printf 'resources: [claim.yaml]\n' >kust/base/kustomization.yaml
printf 'resources: [../base]\npatches:\n- path: patch.yaml\npatchesStrategicMerge: [merge.yaml]\nconfigMapGenerator:\n- name: made\n' >kust/over/kustomization.yaml
printf 'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {resources: {requests: {storage: nonsense}}}\n' >kust/over/patch.yaml
cp kust/over/patch.yaml kust/over/merge.yaml
expect 0 check kust && says '^. objects? in 1 manifest checked: no complaints'
expect 1 check kust/over/patch.yaml && says 'MLS4010'

# allowing
both data ReadWriteOncePod | sed '0,/  name: data/s//  name: data\n  annotations:\n    mlstack.dev\/allow: "MLS3006 in reserve"/' >allowed.yaml
expect 0 check allowed.yaml && says 'no complaints, 1 allowed'
expect 0 check allowed.yaml --show-allowed && says 'note\[MLS3006\]' && says 'allowed here: in reserve'
sed 's/in reserve"/in reserve; MLS3002 size; MLS1 x; MLS3006"/' allowed.yaml >entries.yaml
expect 0 check entries.yaml && says 'entries\.yaml:6:[0-9]+: warning\[MLS3003\].*MLS3002' && says 'warning\[MLS4031\].*MLS1' && says 'warning\[MLS4032\].*MLS3006'

# mending keeps what is not meant
printf '# a comment\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:   # of the pod\n  - name: c\n    image: "i:1"\n    volumeMount: []   # misspelt\n' >mend.yaml
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  container: []\n  containers: [{name: c, image: "i:1"}]\n' >there.yaml
expect 1 check there.yaml --fix && ! grep -q 'MLS1402' err || fault "mended into a key that is there"
expect 0 check mend.yaml --fix && says '1 fix applied'
[[ $(sed 's/volumeMount:/volumeMounts:/' <<<"$(printf '# a comment\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:   # of the pod\n  - name: c\n    image: "i:1"\n    volumeMount: []   # misspelt\n')") == "$(cat mend.yaml)" ]] || fault "mended to: $(cat mend.yaml)"

# versions and clusters
printf 'apiVersion: mlstack.dev/v1\nkind: ClusterSnapshot\nkubernetes: "1.31"\ncomplete: [StorageClass]\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: storage.k8s.io/v1\n  kind: StorageClass\n  metadata: {name: fast}\n  provisioner: ebs.csi.aws.com\n' >cluster.yaml
both data | sed 's/\[ReadWriteOnce\]/[ReadWriteMany]\n  storageClassName: fast/' >fast.yaml
expect 0 check fast.yaml
expect 1 check fast.yaml --cluster cluster.yaml && says 'MLS3001|MLS3004'
expect 0 build fast.yaml --emit ir --cluster cluster.yaml && prints 'StorageClass.*fast'
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {resources: {requests: {cpu: 1}}, containers: [{name: c, image: "i:1"}]}\n' >newer.yaml
expect 0 check newer.yaml
expect 1 check newer.yaml --kubernetes 1.31 && says 'MLS4006'
expect 1 check newer.yaml --cluster cluster.yaml && says 'MLS4006'
sed 's/"1.31"/1.31/' cluster.yaml >number.yaml
expect 1 check fast.yaml --cluster number.yaml && says 'number\.yaml:3:[0-9]+: error\[MLS9043\]'
expect 1 check fast.yaml --cluster nowhere.yaml && says 'MLS9007'

# updates
claim data >old.yaml && claim data | sed 's/10Gi/5Gi/' >new.yaml
expect 1 check new.yaml --was old.yaml && says 'new\.yaml:.*MLS3141'
expect 0 check old.yaml --was old.yaml
expect 1 check new.yaml --was nowhere.yaml && says 'MLS9007'
mkdir was now && cp tree/two/*.yaml was/ && cp -r was now/a && sed -i 's/10Gi/5Gi/' now/a/claim.yaml
expect 1 check now --was was && says 'now/a/claim\.yaml:.*MLS3141'
mkdir -p envs.old/dev envs.old/prod envs/dev envs/prod
for at in envs.old/dev envs/dev envs/prod; do claim data >$at/claim.yaml; done
claim data | sed 's/10Gi/20Gi/' >envs.old/prod/claim.yaml
expect 1 check envs --was envs.old/ && says '^envs/prod/claim\.yaml:.*MLS3141'
! grep -q '^envs/dev.*MLS3141' err || fault "dev was held against prod"
stack demo 20Gi >old.mlstack && stack demo 10Gi >new.mlstack
expect 1 check new.mlstack --was old.mlstack && says 'new\.mlstack:.*MLS3141'

# other commands by the same door
expect 0 graph bad.yaml && prints '^digraph'
expect 0 explain-state bad.yaml && prints 'data'
expect 0 explain-state good.mlstack && prints 'data'
expect 1 build good.yml && says 'MLS9042'
silent
mkdir project && cp good.mlstack project/ && expect 0 build project -o project/made/
expect 0 build project && prints '^kind: PersistentVolumeClaim'
expect 0 graph project
expect 0 check project && says '^1 stack, 2 objects in 2 manifests checked'
expect 1 check bad.yaml --format sarif && prints 'MLS3006'
expect 1 check bad.yaml --format github && prints '^::error file=bad\.yaml,line='
finish
