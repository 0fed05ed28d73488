# Custom resources that a project adds.
# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cat >crd.yaml <<'CRD'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: caches.data.example.org}
spec:
  group: data.example.org
  names: {kind: Cache, plural: caches, singular: cache}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        description: A cache, described at length.
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer}
              mode: {type: string, enum: [Fast, Safe]}
CRD
cat >cache.mlstack <<'STACK'
stack caches

object "data.example.org/v1/Cache" hot {
  spec {
    size = 3
    mode = Fast
  }
}
STACK
expect 1 build cache.mlstack && silent
expect 0 schema add crd.yaml && says 'wrote .mlstack/schemas/caches.data.example.org'
grep -rq 'at length' .mlstack/schemas && fault "prose was kept"
expect 0 build cache.mlstack && prints '^kind: Cache'
expect 0 schema list && prints 'data.example.org/v1/Cache' && prints '^v1/Pod'
expect 0 schema show data.example.org/v1/Cache.spec && prints 'size' && prints 'Fast'
expect 0 explain data.example.org/v1/Cache.spec && prints 'mode'
expect 1 schema show data.example.org/v1/Cach && says 'did you mean `data.example.org/v1/Cache`'
expect 1 schema show v1/Pod.spec.continers && says 'did you mean `v1/Pod.spec.containers`'
sed 's/mode = Fast/mode = Slow/' cache.mlstack >wrong.mlstack
expect 1 check wrong.mlstack && says 'wrong.mlstack:6:12' && says 'Fast'
sed 's/size = 3/sise = 3/' cache.mlstack >wrong.mlstack
expect 1 check wrong.mlstack && says 'wrong.mlstack:5:' && says 'did you mean `size`'
mkdir sub && cp cache.mlstack sub/
expect 0 build sub/cache.mlstack

printf 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n' >other.yaml
expect 1 schema add other.yaml && says 'MLS40' && says 'other.yaml'
: >empty.yaml
expect 1 schema add empty.yaml && says MLS9017
expect 1 schema add none.yaml && says MLS9007
sed 's/caches/others/; s/Cache/Other/' crd.yaml >two.yaml
expect 1 schema add two.yaml other.yaml
ls .mlstack/schemas | grep >/dev/null others && fault "a part of the files was added"
mkdir -p new/.mlstack
cd new || exit 1
expect 0 schema add ../crd.yaml
[[ -d .mlstack/schemas ]] || fault "add to another project"
finish
