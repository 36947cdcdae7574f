# Shared by the examples' up and down scripts; sourced, not run. POSIX sh.
#
# Everything an example makes lies in one directory of its own ($RUN): podman's storage, pid files, logs,
# the rules as the tiers read them. Nothing of the user's podman, nginx or files is touched.

die() {
    echo "$(basename "$EXAMPLE"): $*" >&2
    exit 1
}

# Namespaces, bridges and podman's networks need root: start the calling script again with sudo.
need_root() {
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null || die "needs root (network namespaces, podman), and there is no sudo"
    exec sudo env ${BERTH:+BERTH="$(realpath "$BERTH")"} ${BERTH_RUN_DIR:+BERTH_RUN_DIR="$BERTH_RUN_DIR"} \
        ${FRONT_LISTEN:+FRONT_LISTEN="$FRONT_LISTEN"} ${REGISTER_TTL:+REGISTER_TTL="$REGISTER_TTL"} "$SCRIPT" "$@"
}

# The run directory must be one that an example made: the default lies where everybody may write, and down
# deletes all of it.
need_run_dir() {
    if mkdir -m 700 "$RUN" 2>/dev/null; then
        echo "A Berth example runs from here; its script 'down' deletes it." >"$RUN/README"
    fi
    [ -f "$RUN/README" ] && [ ! -L "$RUN" ] && [ "$(stat -c %u "$RUN")" = "$(id -u)" ] ||
        die "$RUN is not a run directory of this example; set BERTH_RUN_DIR to a place that does not exist yet"
    mkdir -p "$RUN/pids" "$RUN/logs"
}

# The berth to run: $BERTH, or the release build of this repository.
need_berth() {
    BERTH=${BERTH:-$REPO/.build/release/berth}
    [ -x "$BERTH" ] || die "no berth at $BERTH: run 'swift build -c release' or set BERTH=path/to/berth"
    BERTH=$(realpath "$BERTH")
}

# Deletes the run directory, and what a podman that was killed has left mounted there.
no_run_dir() {
    cut -d ' ' -f 2 /proc/self/mounts | grep -F "$RUN/" | sort -r | while read -r mounted; do
        umount "$mounted"
    done
    rm -rf "$RUN"
}

# namespace NAME: a network namespace with its loopback up.
namespace() {
    [ -e "/run/netns/$1" ] || ip netns add "$1"
    ip -n "$1" link set lo up
}

# no_namespace NAME: takes it away, and whoever is still in it.
no_namespace() {
    [ -e "/run/netns/$1" ] || return 0
    for pid in $(ip netns pids "$1"); do
        kill -KILL "$pid" 2>/dev/null || true
    done
    ip netns delete "$1"
}

# switch NAME [NAMESPACE]: a bridge that cables are plugged into.
switch() {
    ip ${2:+-n "$2"} link show "$1" >/dev/null 2>&1 || ip ${2:+-n "$2"} link add "$1" type bridge
    ip ${2:+-n "$2"} link set "$1" up
}

# plug NAMESPACE ADDRESS CABLE SWITCH [NAMESPACE-OF-SWITCH]: a cable from a namespace's eth0 to a switch.
plug() {
    ip -n "$1" link show eth0 >/dev/null 2>&1 ||
        ip ${5:+-n "$5"} link add "$3" type veth peer name eth0 netns "$1"
    ip ${5:+-n "$5"} link set "$3" master "$4" up
    ip -n "$1" address replace "$2/24" dev eth0
    ip -n "$1" link set eth0 up
}

# engine FOLDER [NAMESPACE]: from here on pod() is a podman with everything inside that folder, on the network of
# that namespace. People have it as the script FOLDER/pod. The runtime, storage driver, manager and limits are
# those that also work without CAP_SYS_RESOURCE and on hybrid cgroups (small virtual machines, CI). Locks are
# files: those in shared memory would be shared with the user's own podman.
engine() {
    # podman takes no more than 50 characters for its run root.
    [ ${#1} -le 39 ] || die "$1 is too long for podman: at most 39 characters, please"
    ENGINE=$1
    [ -x "$1/pod" ] && return
    mkdir -p "$1"
    printf '[engine]\nlock_type = "file"\n' >"$1/containers.conf"
    cat >"$1/pod.new" <<SCRIPT
#!/bin/sh
# The podman of this example.
export CONTAINERS_CONF='$1/containers.conf'
exec ${2:+nsenter --net='/run/netns/$2' }podman --root '$1/podman/root' --runroot '$1/podman/run' \\
    --tmpdir '$1/podman/tmp' --network-config-dir '$1/podman/networks' --storage-driver vfs --runtime runc \\
    --cgroup-manager cgroupfs --events-backend file "\$@"
SCRIPT
    chmod 755 "$1/pod.new"
    mv "$1/pod.new" "$1/pod"
}

pod() {
    "$ENGINE/pod" "$@"
}

IMAGE=localhost/berth-example

# The image: nothing but busybox and one script. Built from scratch, so that no registry is asked.
need_image() {
    pod image exists $IMAGE && return
    context=$ENGINE/image
    rm -rf "$context"
    mkdir -p "$context"
    cp "$REPO/examples/image/Containerfile" "$REPO/examples/image/serve" "$context"
    cp /bin/busybox "$context/busybox"
    pod build --quiet --isolation chroot --tag $IMAGE "$context" >"$RUN/logs/image.log" 2>&1 ||
        { cat "$RUN/logs/image.log" >&2 && die "the container image could not be built"; }
    rm -rf "$context"
}

# container NAME WORD HOST PODMAN-OPTIONS...: starts a container that answers "I am WORD on HOST".
container() {
    name=$1 word=$2 host=$3
    shift 3
    [ "$(pod container inspect --format '{{.State.Running}}' "$name" 2>/dev/null)" = true ] && return
    pod rm --force --time 0 "$name" >/dev/null 2>&1 || true
    pod run --detach --name "$name" --hostname "$word" --env HOST="$host" \
        --ulimit nofile=10000:10000 --ulimit nproc=10000:10000 "$@" $IMAGE >"$RUN/logs/$name.log" 2>&1 ||
        { cat "$RUN/logs/$name.log" >&2 && die "container $name did not start"; }
}

# Start time of a process in clock ticks since boot: with the pid, its identity. Empty when it has ended.
started_at() {
    # The command's name may hold spaces and brackets: count from behind the last one. Z: ended, not yet reaped.
    sed 's/.*) //; /^Z/d' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# running NAME: whether the process started under that name still lives.
running() {
    [ -r "$RUN/pids/$1" ] || return 1
    read -r pid since <"$RUN/pids/$1"
    [ -n "$since" ] && [ "$(started_at "$pid")" = "$since" ]
}

# tier NAME COMMAND...: runs a command in the background, its output in a log, its pid on record.
tier() {
    name=$1
    shift
    running "$name" && return
    rm -f "$RUN/$name.ready"
    setsid "$@" >"$RUN/logs/$name.log" 2>&1 </dev/null &
    pid=$!
    echo "$pid $(started_at $pid)" >"$RUN/pids/$name"
}

# stop NAME: ends the process started under that name, and only that.
stop() {
    if running "$1"; then
        read -r pid since <"$RUN/pids/$1"
        kill -TERM "$pid"
        deadline=$(($(date +%s) + 10))
        while running "$1"; do
            [ "$(date +%s)" -lt $deadline ] || { kill -KILL "$pid" 2>/dev/null && break; }
            sleep 0.05
        done
    fi
    rm -f "$RUN/pids/$1"
}

# ended NAME: whether a process was started under that name, and no longer runs.
ended() {
    [ -e "$RUN/pids/$1" ] && ! running "$1"
}

# answers NAME COMMAND...: waits (10 s at most) until the command succeeds; shows the log of NAME if it
# does not, or has ended: then another program may be the one that answers.
answers() {
    name=$1
    shift
    deadline=$(($(date +%s) + 10))
    until "$@" >/dev/null 2>&1 && ! ended "$name"; do
        if [ "$(date +%s)" -ge $deadline ] || ended "$name"; then
            cat "$RUN/logs/$name.log" >&2 2>/dev/null || true
            die "$name does not answer"
        fi
        sleep 0.05
    done
}

# ready NAME: waits until the tier of that name listens and has its names. It was started with
# --ready-file "$RUN/NAME.ready".
ready() {
    answers "$1" test -e "$RUN/$1.ready"
}

# gets STATUS CURL-OPTIONS...: whether a request gets this status.
gets() {
    status=$1
    shift
    [ "$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 1 "$@")" = "$status" ]
}
