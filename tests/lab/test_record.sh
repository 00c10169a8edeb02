#!/bin/bash
# onesdn record --auto on a real lab: a marker a stage, the same text at each marker in two runs, no planted secret on any frame,
# a killed recorder, one stage anew and the takes joined, what cannot be written.
# shellcheck source=tests/lab/lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/record_lib.sh
. "$(dirname "$0")/record_lib.sh"
SHOWS=$BUILD/labtest/cast_shows

whole_act() {
	run "an act is recorded without a terminal" record -o "$PLACE/one.cast" overlay </dev/null
	says "the file and its markers are named" "8 markers"
	says "and the takes" "8 takes kept"
	is "a marker a stage, with the stages' titles" "$(export_ "$PLACE/one.cast" --json | grep -c '"title"')" 9
	is "in order" "$(export_ "$PLACE/one.cast" --json | sed -n 's/.*"title": "\(.*\)",\{0,1\}$/\1/p')" \
		"$(sed -n "/^explore:/q; s/^\\( *\\)\\(- \\)\\{0,1\\}title: *//p" "$TOP/manifests/overlay/overlay.scenario.yaml")"
	run "once more" record -o "$PLACE/two.cast" --cast-version 3 overlay
	same_at_markers "$PLACE/one.cast" "$PLACE/two.cast" 8
	is "asciicast 2" "$(head -c 13 "$PLACE/one.cast")" '{"version": 2'
	is "asciicast 3" "$(head -c 13 "$PLACE/two.cast")" '{"version": 3'
	if command -v asciinema >/dev/null && command -v script >/dev/null; then
		run "asciinema cat takes it" script -qec "asciinema cat $PLACE/one.cast" /dev/null
	fi
	"$SHOWS" "$PLACE/one.cast" LIVE blue-server yellow-server >"$PLACE/seen"
	is "it shows what was done" "$(sort "$PLACE/seen" | xargs)" "LIVE blue-server yellow-server"
	fails "a file that is there is not replaced" 1 record -o "$PLACE/one.cast" overlay </dev/null
	says "but told" "--force"
}

secrets() {
	cat >"$PLACE/planted.scenario.yaml" <<-'END'
		format: 1
		title: Planted hunter22-planted
		namespaces: [planted]
		redact:
		  - hunter22-planted
		  - {pattern: "pw=([a-z]{4,})", with: "#"}
		stages:
		  - id: output
		    title: In the output
		    run: A=$(echo uhagre22-cynagrq | tr a-z n-za-m); echo xyzzy-of-the-config is $A, pw=secretly; echo $HOME/x
		  - id: typed
		    title: Typed, in hunter22-planted
		    run: echo hunter22-planted
		  - id: split
		    title: Over several writes
		    run: printf ${A:0:7}; read -rt 0.4 <> <(:); printf ${A:7:5}; read -rt 0.4 <> <(:); echo ${A:12}
		  - id: wrapped
		    title: Over two lines
		    run: for i in {1..30}; do printf '%*s' $((60 + i)) .; echo $A; done
		  - id: token
		    title: A token
		    run: T=$(echo rlWuoTpvBvWVHmV1AvVfVaE5pPV6VxcKIPW9 | tr a-zA-Z n-za-mN-ZA-M); echo $T.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U
		  - id: title
		    title: In the title line
		    run: printf '\e]2;%s\a' $A
		  - id: server
		    title: The server
		    run: kubectl config view --raw -ojsonpath="{.clusters[0].cluster.server}"; echo
		  - id: error
		    title: In an error
		    run: kubectl get pod -nplanted $A
	END
	printf 'redact:\n  - xyzzy-of-the-config\n' >"$XDG_CONFIG_HOME/onesdn.yaml"
	mkdir -p "$XDG_CONFIG_HOME/onesdn" && mv "$XDG_CONFIG_HOME/onesdn.yaml" "$XDG_CONFIG_HOME/onesdn/config.yaml"
	fails "an act with planted secrets, to the stage that fails" 1 record --pace 0.05 -o "$PLACE/planted.cast" "$PLACE/planted.scenario.yaml"
	says "the stage is named" "error: expected"
	local server
	server=$(sed -n 's/^ *server: *//p' "$XDG_RUNTIME_DIR/onesdn/lab/kubeconfig" | head -n1)
	run "no frame of it shows any of them, nor their beginnings" "$SHOWS" "$PLACE/planted.cast" hunter22-planted hunter22-p hunter22 hunte \
		ter22-pl pw=secre xyzzy-of "$HOME" eyJhbGci dozjgNry "${server##*/}zz"
	run "none is in the file" grep -c '"version"' "$PLACE/planted.cast"
	fails "also not in titles and markers" 1 grep -E 'hunter22-planted|secretly|dozjgNry' "$PLACE/planted.cast"
	"$SHOWS" "$PLACE/planted.cast" 'is****************,pw=########' \~/x '*************************' ':~$' >"$PLACE/seen"
	is "what stands there instead is to be seen" "$(head -n3 "$PLACE/seen" | wc -l)" 3
	rm -r "$XDG_CONFIG_HOME/onesdn"
}

killed() {
	"$ONESDN" record --auto --no-takes -o "$PLACE/killed.cast" overlay >/dev/null 2>&1 &
	local pid=$!
	eventually "a recording goes on" 20 grep -q '"m"' "$PLACE/killed.cast"
	eventually "for a while" 20 awk 'END { exit NR < 40 }' "$PLACE/killed.cast"
	kill -9 $pid
	wait $pid 2>/dev/null
	run "killed, it is a valid recording" export_ "$PLACE/killed.cast" --txt
	says "of what was on the screen" "LIVE"
	k delete namespace tenantblue tenantyellow --ignore-not-found >/dev/null 2>&1
}

interrupted() {
	cat >"$PLACE/endless.scenario.yaml" <<-'END'
		format: 1
		title: A command that never ends
		namespaces: [endless]
		stages:
		  - {id: make, title: Make, run: kubectl create namespace endless}
		  - {id: wait, title: Wait, run: echo it-"runs"-now; sleep 1000}
		  - {id: never, title: Never, run: kubectl create namespace never}
		  - {id: clean, title: Clean up, run: kubectl delete namespace endless, cleanup: true}
	END
	local pid
	"$ONESDN" record --auto --pace 0 --no-takes -o "$PLACE/endless.cast" "$PLACE/endless.scenario.yaml" 2>"$PLACE/said" &
	pid=$!
	eventually "a command that never ends runs" 20 grep -q it-runs-now "$PLACE/endless.cast"
	kill -TERM $pid
	wait $pid
	is "stopped, the exit status tells the signal" $? 143
	out=$(cat "$PLACE/said")
	says "that it cleans up is said" "what cleans up is still performed"
	says "and done" "✓ endless/clean"
	fails "what was made is gone" 1 k get namespace endless
	fails "the stages between were not performed" 1 k get namespace never
}

takes() {
	local before after
	before=$(md5sum <"$XDG_DATA_HOME/onesdn/takes/overlay/reach-blue.cast")
	run "one stage anew, and the whole joined" record --stage reach-blue -o "$PLACE/joined.cast" overlay
	says "all stages are in it" "8 markers"
	after=$(md5sum <"$XDG_DATA_HOME/onesdn/takes/overlay/reach-blue.cast")
	[ "$before" != "$after" ]
	result $? "the take is another one"
	is "the other stage's text is as it was" "$(settled "$PLACE/joined.cast" 2)" "$(settled "$PLACE/two.cast" 2)"
	is "times go up" "$(export_ "$PLACE/joined.cast" --json | sed -n 's/.*"time": \([0-9.]*\),/\1/p' | sort -cn 2>&1)" ""
	is "the cluster was cleaned up" "$(k get namespace tenantblue -o name 2>/dev/null)" ""
	rm "$XDG_DATA_HOME/onesdn/takes/overlay/ready.cast"
	run "what is missing" "$ONESDN" record --stitch -o "$PLACE/part.cast" overlay
	says "is named" "overlay/ready"
	fails "a stage that there is not" 1 record --stage nonesuch -o "$PLACE/x.cast" overlay
	says "is told" "nonesuch"
}

no_room() {
	fails "a folder that is not there" 1 record -o "$PLACE/none/x.cast" overlay
	says "is told" "$PLACE/none/x.cast"
	if [ "$(id -u)" -eq 0 ]; then
		mkdir "$PLACE/full"
		mount -t tmpfs -o size=16k none "$PLACE/full" || return
		fails "a full disk" 1 record --no-takes -o "$PLACE/full/x.cast" overlay
		says "is told" "No space left"
		is "and the cluster is cleaned up" "$(k get namespace tenantblue -o name 2>/dev/null)" ""
		run "and what was written is valid" export_ "$PLACE/full/x.cast" --txt
		umount "$PLACE/full"
	fi
}

run "a lab" timeout 60 "$LAB" up
whole_act
secrets
killed
interrupted
takes
no_room
finish
