# What the scripts here share; sourced, not run.
EXAMPLE=$(dirname "$SCRIPT")
REPO=$(realpath "$EXAMPLE/../..")
. "$REPO/scripts/example-lib.sh"
need_root "$@"
RUN=${BERTH_RUN_DIR:-/var/tmp/berth-topology}
REGISTER_TTL=${REGISTER_TTL:-10}

# Each machine is a network namespace of this prefix and its name; `net` is the switch between them. The
# machine that all of this runs on is not plugged into it.
MACHINES=berth-topo
FRONT=10.80.0.1
DNS=10.80.0.2
ETCD=10.80.0.3
CLIENT=10.80.0.4

# machine NAME ADDRESS: a machine on the wire.
machine() {
    namespace "$MACHINES-$1"
    plug "$MACHINES-$1" "$2" "$1" wire "$MACHINES-net"
}

# on NAME COMMAND...: runs a command in the network of a machine.
on() {
    where=$1
    shift
    nsenter --net="/run/netns/$MACHINES-$where" "$@"
}

# service NAME MACHINE COMMAND...: keeps a command running there.
service() {
    what=$1 where=$2
    shift 2
    tier "$what" nsenter --net="/run/netns/$MACHINES-$where" "$@"
}

need_up() {
    [ -e "/run/netns/$MACHINES-net" ] && [ -d "$RUN" ] || die "nothing is up; run $EXAMPLE/up first"
    need_run_dir
}

# need_host NUMBER: 01 to 09.
need_host() {
    case $1 in
        0[1-9]) ;;
        *) die "a host's number is 01 to 09: '$1'" ;;
    esac
}

# start_etcd: the registry of hosts. What it knows outlives it.
start_etcd() {
    service etcd etcd etcd --name topology --data-dir "$RUN/etcd" --log-level error \
        --listen-client-urls http://$ETCD:2379 --advertise-client-urls http://$ETCD:2379 \
        --listen-peer-urls http://$ETCD:2380 --initial-advertise-peer-urls http://$ETCD:2380 \
        --initial-cluster topology=http://$ETCD:2380
    answers etcd on etcd curl --silent --fail --max-time 1 http://$ETCD:2379/health
}

# engine_of NUMBER: from here on pod() is that host's podman.
engine_of() {
    engine "$RUN/h$1" "$MACHINES-h$1"
}

# start_engine NUMBER: podman's API, a network for containers, and the image.
start_engine() {
    engine_of "$1"
    need_image
    pod network exists containers ||
        pod network create --disable-dns --subnet 10.81.0.0/24 containers >/dev/null
    running "podman-h$1" || rm -f "$RUN/h$1/podman.sock"
    tier "podman-h$1" "$RUN/h$1/pod" system service --time 0 "unix://$RUN/h$1/podman.sock"
    answers "podman-h$1" curl --silent --fail --max-time 1 --unix-socket "$RUN/h$1/podman.sock" http://podman/_ping
}

# add_container NUMBER WORD: one more container on a host.
add_container() {
    case $2 in
        '' | *[!a-z0-9]*) die "a container's name is lower-case letters and digits: '$2'" ;;
    esac
    engine_of "$1"
    container "$2" "$2" "h$1" --network containers
}

# start_local NUMBER: the host's tier, which announces the host.
start_local() {
    address=10.80.0.1${1#0}
    cp "$EXAMPLE/rules/local.yaml" "$RUN/h$1/local.yaml"
    service "local-h$1" "h$1" "$BERTH" local --config "$RUN/h$1/local.yaml" --listen "$address:9000" \
        --register "etcd=http://$ETCD:2379/berth/hosts/host_$1" --advertise "$address:9000" \
        --register-ttl "$REGISTER_TTL" --ready-file "$RUN/local-h$1.ready"
    ready "local-h$1"
}

# host NUMBER: a machine with podman, two containers and a local tier. Starts what is missing.
host() {
    mkdir -p "$RUN/h$1"
    machine "h$1" "10.80.0.1${1#0}"
    start_engine "$1"
    add_container "$1" container001
    add_container "$1" container002
    start_local "$1"
}

# client_gets STATUS NUMBER WORD: whether the client's request to a container of a host gets this status.
client_gets() {
    seen=$(ip netns exec $MACHINES-client curl --silent --output /dev/null --write-out '%{http_code}' \
        --max-time 1 "http://wordpress_$3_$2.test.priv/")
    [ "$seen" = "$1" ]
}

# served NUMBER WORD: waits until the client reaches a container of a host.
served() {
    answers "local-h$1" client_gets 200 "$1" "$2"
}
