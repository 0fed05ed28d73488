// The same objects as workloads.mlstack: `jsonnet -y --ext-code n=1000`.
local n = std.extVar('n');
local labels(id) = { app: id, team: 'ml', tier: 'training' };
local meta(name, id, namespaced=true) = { name: name, labels: labels(id) } + (if namespaced then { namespace: 'bench' } else {});
local objects(i) = local id = 'train-%d' % i; [
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: meta(id + '-pv', id, false),
    spec: {
      capacity: { storage: '10Gi' },
      accessModes: ['ReadWriteMany'],
      storageClassName: 'manual',
      persistentVolumeReclaimPolicy: 'Retain',
      nfs: { server: 'filer.example', path: '/exports/%d' % i },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: meta(id + '-pvc', id),
    spec: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: '10Gi' } },
      storageClassName: 'manual',
      volumeName: id + '-pv',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta(id + '-config', id),
    data: { epochs: '90', 'batch-size': '256', optimizer: 'adamw', schedule: 'cosine', run: id },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta(id, id),
    spec: { clusterIP: 'None', selector: { app: id }, ports: [{ name: 'rendezvous', port: 29500 }] },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: meta(id, id),
    spec: {
      completionMode: 'Indexed',
      parallelism: 2,
      completions: 2,
      backoffLimit: 6,
      template: {
        metadata: { labels: labels(id) },
        spec: {
          restartPolicy: 'Never',
          subdomain: id,
          containers: [{
            name: id,
            image: 'ghcr.io/example/trainer:1.4.2',
            command: ['torchrun', 'train.py'],
            args: ['--data=/data', '--out=/model'],
            env: [
              { name: 'MASTER_ADDR', value: '%s-0.%s' % [id, id] },
              { name: 'MASTER_PORT', value: '29500' },
              { name: 'WORLD_SIZE', value: '2' },
              { name: 'RUN_NAME', value: id },
              { name: 'EPOCHS', valueFrom: { configMapKeyRef: { name: id + '-config', key: 'epochs' } } },
              { name: 'LOG_LEVEL', value: 'info' },
            ],
            volumeMounts: [
              { name: 'model', mountPath: '/model' },
              { name: 'settings', mountPath: '/etc/train' },
              { name: 'dev-shm', mountPath: '/dev/shm' },
            ],
          }],
          initContainers: [{
            name: 'prepare',
            image: 'busybox:1.36',
            command: ['sh', '-c', 'mkdir -p /model/run'],
            volumeMounts: [{ name: 'model', mountPath: '/model' }],
          }],
          volumes: [
            { name: 'model', persistentVolumeClaim: { claimName: id + '-pvc' } },
            { name: 'settings', configMap: { name: id + '-config' } },
            { name: 'dev-shm', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
          ],
        },
      },
    },
  },
];
std.flattenArrays([objects(i) for i in std.range(0, n - 1)])
