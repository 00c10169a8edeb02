#!/bin/bash
# Golden pictures: objects + size -> what `onesdn diagram` prints, byte for byte. Prints TAP. With GOLDEN_UPDATE=1 the expected
# pictures (tests/golden/diagram/*.txt) are written anew and the difference is shown.
set -u
cd "$(dirname "$0")/../.." || exit 2
. tests/golden/lib.sh
here=tests/golden/diagram
real=tests/data/real-cluster
picture() { # NAME ARG...
	golden "$here/$1.txt" diagram "${@:2}"
}

running=(--objects "$real/overlay-namespaces.json" --objects "$real/overlay-nads.json" --objects "$real/overlay-pods.json"
	--objects "$real/overlay-nodes.json")
seen=(--flow 'blue=ok,0.9 ms' --flow 'yellow=ok,2.1 ms')

# the act as it goes on, in the talk's size
picture planned overlay --planned --size 98x14 --no-flows
picture starting overlay --objects $here/starting.yaml --size 98x14 --no-flows
picture running overlay "${running[@]}" --size 98x14 --no-flows
picture flows-untried overlay "${running[@]}" --size 98x14
picture flows-underway overlay "${running[@]}" --size 98x14 --flow blue=underway
picture flows-seen overlay "${running[@]}" --size 98x14 "${seen[@]}"
picture flow-blocked overlay "${running[@]}" --size 98x16 --flow 'blue=ok,0.9 ms' --flow 'yellow=blocked,3 packets dropped'
picture flow-failed overlay "${running[@]}" --size 98x16 --flow blue=failed --flow yellow=ok
picture terminating overlay --objects $here/terminating.yaml --size 98x14 --no-flows

# sizes
for size in 1x1 20x6 40x10 60x14 78x18 80x24 118x18 120x30 200x50; do
	picture "size-$size" overlay "${running[@]}" --size $size "${seen[@]}"
done
picture ascii overlay "${running[@]}" --size 98x14 --ascii "${seen[@]}"
picture ascii-planned overlay --planned --size 98x14 --ascii

# other clusters
picture third-namespace $here/three.scenario.yaml --objects $here/third-namespace.yaml --size 118x24 --flow red=blocked --flow blue=ok
picture third-namespace-narrow $here/three.scenario.yaml --objects $here/third-namespace.yaml --size 40x30 --no-flows
picture second-network overlay --objects $here/second-network.yaml --size 98x20
picture forty-pods overlay --objects $here/forty-pods.yaml --size 98x14
picture forty-pods-tall overlay --objects $here/forty-pods.yaml --size 120x40
picture forty-pods-focus overlay --objects $here/forty-pods.yaml --size 98x14 --focus tenantblue/blue-server-33
picture broken-nad overlay --objects $here/broken-nad.yaml --size 98x16
picture failed-image overlay --objects $here/failed.yaml --size 98x14

# localnet, frames are nodes
picture localnet $here/nodes.scenario.yaml --objects $here/localnet.yaml --size 98x16 --no-flows
picture localnet-flows $here/nodes.scenario.yaml --objects $here/localnet.yaml --size 120x24 --flow turtles=ok --flow second=blocked
picture localnet-planned $here/nodes.scenario.yaml --planned --size 98x18
picture localnet-by-namespace $here/nodes.scenario.yaml --objects $here/localnet.yaml --size 98x18 --group namespace
picture localnet-real $here/nodes.scenario.yaml --size 118x22 --no-flows --objects "$real/localnet-namespaces.json" \
	--objects "$real/localnet-nads.json" --objects "$real/localnet-nncps.json" --objects "$real/localnet-pods.json" \
	--objects "$real/localnet-vms.json" --objects "$real/overlay-nodes.json"

# the localnet act: a database outside the cluster, and a node whose mapping somebody has taken away
picture localnet-act-planned localnet --planned --size 98x26
picture localnet-act localnet --objects $here/localnet-act.yaml --size 98x26 --flow rest=ok
picture localnet-act-down localnet --objects $here/localnet-act.yaml --size 98x26 --flow rest=ok --flow "direct=blocked,turtle-db is down" \
	--host "turtle-db=down,PostgreSQL has stopped; start it again: turtle-db start"
picture localnet-act-up localnet --objects $here/localnet-act.yaml --size 98x26 --flow direct=ok --host turtle-db=up
# two workloads with one address
twins=(--objects "$here/localnet-act.yaml" --objects "$here/twin.yaml")
picture twins localnet "${twins[@]}" --size 120x26 --no-flows
picture twins-narrow localnet "${twins[@]}" --size 60x24 --no-flows
picture twins-compact localnet "${twins[@]}" --size 40x20 --no-flows
picture localnet-broken localnet --objects $here/localnet-broken.yaml --size 118x30 --host turtle-db=up
picture localnet-act-narrow localnet --objects $here/localnet-act.yaml --size 78x30 --no-flows

# what is asked for in a wrong way
picture bad-file overlay --objects $here/no-such-file.json
picture bad-flow overlay --planned --flow green=ok
picture bad-state overlay --planned --flow blue=maybe
picture bad-size overlay --planned --size 0x0
picture bad-group overlay --planned --group tenant
finish
