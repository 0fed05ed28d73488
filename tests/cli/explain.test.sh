# shellcheck source=tests/cli/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
expect 0 explain && prints 'claim' && prints 'join'
for code in MLS3004 mls3004 3004; do expect 0 explain $code && prints 'MLS3004'; done
expect 0 explain --reference && prints '^### `claim`' && prints '^## Functions'
expect 1 explain MLS0001 && says MLS9016
for kind in claim container job claim.size container.read; do
  expect 0 explain $kind
  [[ -s out ]] || fault "explain $kind printed nothing"
done
expect 0 explain join && prints 'join\('
expect 0 explain v1/Pod.spec.containers && prints 'image'
expect 0 explain apps/v1/StatefulSet && prints 'spec'
expect 0 explain StatefulSet && prints 'apps/v1'
expect 1 explain backoffLimit && says '`retries` sets `spec.backoffLimit`'
expect 1 explain pvc && says 'mlstackc explain claim'
expect 1 explain clam && says 'did you mean `claim`'
expect 1 explain claim.sise && says 'did you mean `claim.size`'
expect 1 explain jion && says 'did you mean `join`'
expect 0 explain std/train && prints 'train.pytorch'
expect 0 explain train && prints 'train.pytorch'
expect 0 explain train.pytorch && prints 'nodes: int in 1..4096 = 1' && prints 'must be given' && prints 'What it hands out'
expect 0 explain aws.efs && prints 'efs.csi.aws.com'
expect 1 explain aws.efss && says 'did you mean `aws.efs`'
expect 1 explain std/nothing && says 'std/aws'
# What a driver can do, by any of its names.
expect 0 explain ebs.csi.aws.com && prints 'Elastic Block Store' && prints 'access modes +ReadWriteOnce' && prints 'class parameters'
expect 0 explain kubernetes.io/aws-ebs && prints 'Elastic Block Store'
expect 1 explain nothing.csi.example.com && says MLS9016
printf 'stack p\n/// How many nodes.\nparam nodes: int in 1..4 = 2\nparam image: image\n' >p.mlstack
expect 0 explain p.mlstack && prints 'nodes' && prints 'How many nodes' && prints 'image'
finish
