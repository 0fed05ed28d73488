#pragma once
// What pods' volumes and PersistentVolumes have in common.

#include "storage/admission.h"

namespace mlstack::storage::admission {

/// The sources a volume of a pod may have, common ones first.
inline constexpr std::string_view kPodSources =
    "emptyDir persistentVolumeClaim configMap secret hostPath csi ephemeral projected downwardAPI nfs image gitRepo gcePersistentDisk awsElasticBlockStore "
    "iscsi glusterfs flocker rbd cinder cephfs quobyte fc flexVolume azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk storageos scaleIO";
/// The sources a PersistentVolume may have.
inline constexpr std::string_view kPersistentSources =
    "csi nfs hostPath local iscsi fc gcePersistentDisk awsElasticBlockStore glusterfs flocker rbd quobyte cephfs cinder flexVolume azureFile vsphereVolume "
    "photonPersistentDisk portworxVolume azureDisk scaleIO storageos";

extern const Shape kVolumeSource;
void judgeGoneSources(Judge& judge, const ir::Node& volume);

}  // namespace mlstack::storage::admission
