# What the scripts here share; sourced, not run.
EXAMPLE=$(dirname "$SCRIPT")
REPO=$(realpath "$EXAMPLE/../..")
. "$REPO/scripts/example-lib.sh"
need_root "$@"
RUN=${BERTH_RUN_DIR:-/var/tmp/berth-ha}

# Each machine is a network namespace of this prefix and its name; `net` is the switch between them.
MACHINES=berth-ha
SHARED=10.83.0.1
FRONTS='a b'
MEMBERS='1 2 3'
HOSTS='01 02'
CLIENT=10.83.0.4
MEMBER_URLS=http://10.83.0.31:2379,10.83.0.32:2379,10.83.0.33:2379

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

# start_member NUMBER: a member of the registry.
start_member() {
    address=10.83.0.3$1
    service "etcd-$1" "etcd-$1" etcd --name "etcd-$1" --data-dir "$RUN/etcd-$1" --log-level error \
        --listen-client-urls "http://$address:2379" --advertise-client-urls "http://$address:2379" \
        --listen-peer-urls "http://$address:2380" --initial-advertise-peer-urls "http://$address:2380" \
        --initial-cluster etcd-1=http://10.83.0.31:2380,etcd-2=http://10.83.0.32:2380,etcd-3=http://10.83.0.33:2380
}

# leads NUMBER: whether that member leads the others.
leads() {
    said=$(on client curl --silent --max-time 1 --data '{}' "http://10.83.0.3$1:2379/v3/maintenance/status") || return 1
    self=$(expr "$said" : '.*"member_id":"\([0-9]*\)"') || return 1
    [ "$(expr "$said" : '.*"leader":"\([0-9]*\)"')" = "$self" ]
}

# start_host NUMBER: a machine with a container (a web server on an address of its own) and a local tier, which
# registers the host.
start_host() {
    mkdir -p "$RUN/h$1/www"
    machine "h$1" "10.83.0.2${1#0}"
    ip -n "$MACHINES-h$1" address replace 10.84.0.11/32 dev lo
    echo "I am container001 on h$1" >"$RUN/h$1/www/index.html"
    echo '10.84.0.11 container001' >"$RUN/h$1/hosts"
    cp "$EXAMPLE/rules/local.yaml" "$RUN/h$1/local.yaml"
    service "container-h$1" "h$1" busybox httpd -f -p 10.84.0.11:8080 -h "$RUN/h$1/www"
    service "local-h$1" "h$1" "$BERTH" local --config "$RUN/h$1/local.yaml" --listen "10.83.0.2${1#0}:9000" \
        --register "etcd=$MEMBER_URLS/berth/hosts/host_$1" --advertise "10.83.0.2${1#0}:9000" \
        --access-log off --ready-file "$RUN/local-h$1.ready"
}

# start_front LETTER: a machine with a front tier, at all of its addresses: the shared one comes and goes.
start_front() {
    mkdir -p "$RUN/front-$1/state"
    machine "front-$1" "$(front_address "$1")"
    cp "$EXAMPLE/rules/front.yaml" "$RUN/front-$1/front.yaml"
    service "front-$1" "front-$1" "$BERTH" front --config "$RUN/front-$1/front.yaml" --listen 0.0.0.0:80 \
        --state-dir "$RUN/front-$1/state" --admin "unix:$RUN/front-$1/admin.sock" \
        --access-log off --ready-file "$RUN/front-$1.ready"
}

front_address() {
    case $1 in
        a) echo 10.83.0.11 ;;
        *) echo 10.83.0.12 ;;
    esac
}

# start_keepalived LETTER: keepalived.conf is the same on both; only the paths of the example are filled in.
start_keepalived() {
    sed "s|/usr/share/doc/berth/examples/keepalived/berth-check|$EXAMPLE/berth-check $BERTH $RUN/front-$1/admin.sock|" \
        "$EXAMPLE/keepalived.conf" >"$RUN/front-$1/keepalived.conf"
    service "keepalived-$1" "front-$1" keepalived --dont-fork --log-console --vrrp --config-id "$1" \
        --use-file "$RUN/front-$1/keepalived.conf" --pid "$RUN/front-$1/keepalived.pid" \
        --vrrp_pid "$RUN/front-$1/vrrp.pid"
}

# holder: the letter of the front tier that has the shared address; nothing while none has it.
holder() {
    for letter in $FRONTS; do
        if ip -n "$MACHINES-front-$letter" -4 address show dev eth0 | grep -q "inet $SHARED/"; then
            echo "$letter"
            return
        fi
    done
    return 1
}

# client_gets STATUS NUMBER: whether the client's request to a host gets this status.
client_gets() {
    seen=$(on client curl --silent --output /dev/null --write-out '%{http_code}' --max-time 1 \
        --header "Host: wordpress_container001_$2.test.priv" "http://$SHARED/")
    [ "$seen" = "$1" ]
}
