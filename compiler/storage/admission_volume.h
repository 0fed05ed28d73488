#pragma once
// What pods' volumes and PersistentVolumes have in common.

#include "storage/admission.h"

namespace mlstack::storage::admission {

/// The sources a volume of a pod may have.
inline constexpr std::string_view kPodSources =
    "emptyDir hostPath gitRepo gcePersistentDisk awsElasticBlockStore secret nfs iscsi glusterfs flocker persistentVolumeClaim rbd cinder cephfs quobyte "
    "downwardAPI fc flexVolume configMap azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk storageos projected scaleIO csi ephemeral "
    "image";
/// The sources a PersistentVolume may have.
inline constexpr std::string_view kPersistentSources =
    "hostPath gcePersistentDisk awsElasticBlockStore glusterfs flocker nfs rbd quobyte cephfs iscsi cinder fc flexVolume azureFile vsphereVolume "
    "photonPersistentDisk portworxVolume azureDisk scaleIO local storageos csi";

extern const Shape kVolumeSource;
void judgeGoneSources(Judge& judge, const ir::Node& volume);

}  // namespace mlstack::storage::admission
