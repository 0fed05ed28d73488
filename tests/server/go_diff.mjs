// Some refusals show a change as the server sees it from the inside: Go structs without JSON names, as a
// unified diff (k8s.io/apimachinery/pkg/util/diff).

const inside = (name) => ({ apiGroup: 'APIGroup', fsType: 'FSType', nfs: 'NFS', csi: 'CSI', gcePersistentDisk: 'GCEPersistentDisk', awsElasticBlockStore: 'AWSElasticBlockStore',
  rbd: 'RBD', iscsi: 'ISCSI', cephfs: 'CephFS', fc: 'FC', storageos: 'StorageOS' })[name] ?? name[0].toUpperCase() + name.slice(1);

// Structs by their fields in order; a field's own struct behind a colon. `false` and `''` are Go's zero values.
const structs = {
  Claim: ['accessModes', 'selector', 'resources:Resources', 'volumeName=', 'storageClassName', 'volumeMode', 'dataSource:Local', 'dataSourceRef:Typed', 'volumeAttributesClassName'],
  Resources: ['limits', 'requests'],
  Local: ['apiGroup', 'kind=', 'name='],
  Typed: ['apiGroup', 'kind=', 'name=', 'namespace'],
  Volume: ['gcePersistentDisk', 'awsElasticBlockStore', 'hostPath:HostPath', 'glusterfs', 'nfs:Nfs', 'rbd', 'quobyte', 'iscsi', 'flexVolume', 'cinder', 'cephfs', 'fc', 'flocker',
           'azureFile', 'vsphereVolume', 'azureDisk', 'photonPersistentDisk', 'portworxVolume', 'scaleIO', 'local:LocalVolume', 'storageos', 'csi:Csi'],
  HostPath: ['path=', 'type'],
  Nfs: ['server=', 'path=', 'readOnly!'],
  LocalVolume: ['path=', 'fsType'],
  Csi: ['driver=', 'volumeHandle=', 'readOnly!', 'fsType=', 'volumeAttributes', 'controllerPublishSecretRef', 'nodeStageSecretRef', 'nodePublishSecretRef',
        'controllerExpandSecretRef', 'nodeExpandSecretRef'],
};

function internal(value, struct) {
  const out = {};
  for (const entry of structs[struct]) {
    const [, name, zero, below] = /^(\w+)([=!])?(?::(\w+))?$/.exec(entry);
    const own = value[name];
    if (own === undefined || own === null) out[inside(name)] = zero === '=' ? '' : zero === '!' ? false : below === 'Resources' ? internal({}, below) : null;
    else out[inside(name)] = below === undefined ? own : internal(own, below);
  }
  return out;
}

/** The difference of two claims' specs (`Claim`) or of two volumes' sources (`Volume`). */
export function goDiff(before, after, struct) {
  const lines = (value) => JSON.stringify(internal(value, struct), null, 1).split('\n');
  return unified(lines(before), lines(after));
}

/** A unified diff with three lines around each change. */
export function unified(before, after, around = 3) {
  const steps = script(before, after);
  let out = '';
  for (let i = 0; i < steps.length;) {
    if (steps[i].kind === ' ') {
      ++i;
      continue;
    }
    // A hunk reaches on while the next change is no farther than both their surroundings.
    let last = i;
    for (let j = i; j < steps.length && j <= last + 2 * around; ++j) if (steps[j].kind !== ' ') last = j;
    const hunk = steps.slice(Math.max(0, i - around), last + around + 1);
    const count = (kind) => hunk.filter((step) => step.kind === ' ' || step.kind === kind).length;
    out += `@@ -${hunk[0].left + 1},${count('-')} +${hunk[0].right + 1},${count('+')} @@\n` + hunk.map(({ kind, text }) => `${kind}${text}\n`).join('');
    i = last + around + 1;
  }
  return out;
}

/** The lines of both by the longest common subsequence: {kind: ' ' | '-' | '+', text, left, right}. */
function script(before, after) {
  const length = Array.from({ length: before.length + 1 }, () => new Array(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; --i) {
    for (let j = after.length - 1; j >= 0; --j) length[i][j] = before[i] === after[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
  }
  const out = [];
  let i = 0, j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) out.push({ kind: ' ', text: before[i], left: i++, right: j++ });
    else if (j >= after.length || (i < before.length && length[i + 1][j] >= length[i][j + 1])) out.push({ kind: '-', text: before[i], left: i++, right: j });
    else out.push({ kind: '+', text: after[j], left: i, right: j++ });
  }
  return out;
}
