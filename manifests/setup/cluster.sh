#!/bin/bash
# usage: cluster.sh FOLDER OPTION...: OVN-Kubernetes' own kind.sh, which makes the cluster "ovn" and writes $KUBECONFIG.
set -u
folder=${1/#\~/$HOME}
shift
. "$(dirname "$0")/engine.sh"
OCI_BIN=$(find_engine) || { echo "neither docker nor podman answers"; exit 1; }
export OCI_BIN KUBECONFIG=${KUBECONFIG:-$HOME/ovn.conf}
if [ "$OCI_BIN" = podman ]; then export KIND_EXPERIMENTAL_PROVIDER=podman; fi
if kind get clusters 2>/dev/null | grep -qx ovn && ! kubectl get nodes --request-timeout=10s >/dev/null 2>&1; then
	echo "a kind cluster \"ovn\" is there and does not answer. If an earlier attempt left it: kind delete cluster --name ovn, then run the stage again"
	exit 1
fi
cd "$folder/contrib" && ./kind.sh "$@"
