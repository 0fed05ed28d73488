// A compact cluster behind the API server: what kube-controller-manager, kube-scheduler, the kubelets and the
// provisioners of volumes would do to the objects. One loop: whenever something changed, every controller looks at
// everything and does the next step; steps are changes, so the loop goes on until nothing is left to do.
//
// What tests ask for by annotations on pods (see controllers/kubelet.mjs), claims and classes:
//   test.mlstack.dev/fail: ImagePullBackOff | CrashLoopBackOff | OOMKilled | Error | Unready | FailedMount | Evicted | Unschedulable
//   test.mlstack.dev/run: milliseconds that a container of a Job works (default options.jobMilliseconds, 0)
//   test.mlstack.dev/stuck: "true": the pod never ends when it is deleted
//   on a StorageClass or a claim, test.mlstack.dev/fail: the text with which provisioning or growth fails

import { accounts, namespaces } from './controllers/namespaces.mjs';
import { Cluster } from './controllers/cluster.mjs';
import { collectGarbage } from './controllers/garbage.mjs';
import { kubelet, makeNodes } from './controllers/kubelet.mjs';
import { budgets } from './controllers/counts.mjs';
import { daemonSets } from './controllers/daemonsets.mjs';
import { deployments, replicaSets } from './controllers/deployments.mjs';
import { jobs } from './controllers/jobs.mjs';
import { protection } from './controllers/protection.mjs';
import { schedule } from './controllers/scheduler.mjs';
import { snapshots } from './controllers/snapshots.mjs';
import { statefulSets } from './controllers/statefulsets.mjs';
import { volumes } from './controllers/volumes.mjs';

// Makers before those who look at what was made: fewer rounds until all is quiet.
const controllers = [accounts, deployments, replicaSets, statefulSets, daemonSets, jobs, volumes, schedule, kubelet, snapshots, budgets,
                     collectGarbage, protection, namespaces];

/**
 * Starts them; the answer stops them. `options`: nodes (how many; 1), jobMilliseconds (0), log. Changes are
 * answered in the next turn of the event loop.
 */
export function startControllers(store, options = {}) {
  const cluster = new Cluster(store, options);
  let stopped = false, waiting = false;

  // A cluster that was emptied begins anew, with nodes.
  let cradle;
  function begin() {
    const uid = cluster.get('namespaces', '', 'kube-system')?.metadata.uid;
    if (uid === cradle) return;
    cradle = uid;
    cluster.forget();
    makeNodes(cluster);
  }

  function round() {
    waiting = false;
    if (stopped) return;
    begin();
    for (const controller of controllers) {
      try {
        controller(cluster);
      } catch (error) {
        // One object that a controller cannot handle must not keep the others from theirs.
        options.log?.(`${controller.name}: ${error.stack ?? error}`);
      }
    }
  }
  function look() {
    if (waiting || stopped) return;
    waiting = true;
    setImmediate(round);
  }

  cluster.look = look;
  const leave = store.onEvent(({ resource }) => {
    cluster.changed(resource);
    // Events and leases say what was done; nothing follows from them.
    if (resource !== 'events' && resource !== 'leases.coordination.k8s.io') look();
  });
  look();
  return () => {
    stopped = true;
    cluster.stop();
    if (typeof leave === 'function') leave();
  };
}
