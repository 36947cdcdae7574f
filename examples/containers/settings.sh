# What up, add, remove and down share; sourced, not run.
EXAMPLE=$(dirname "$SCRIPT")
REPO=$(realpath "$EXAMPLE/../..")
. "$REPO/scripts/example-lib.sh"
need_root "$@"
RUN=${BERTH_RUN_DIR:-/var/tmp/berth-containers}
FRONT_LISTEN=${FRONT_LISTEN:-$(cat "$RUN/front.address" 2>/dev/null || echo 127.0.0.1:8080)}
LOCAL_LISTEN=127.0.0.1:9000
NETWORK=berth-containers

need_engine() {
    need_run_dir
    engine "$RUN"
}

# add_container WORD: starts a container and waits until it serves.
add_container() {
    case $1 in
        '' | *[!a-z0-9]*) die "a container's name is lower-case letters and digits: '$1'" ;;
    esac
    container "berth-$1" "$1" h01 --network $NETWORK
    address=$(address_of "berth-$1")
    answers "berth-$1" curl --silent --fail --max-time 1 "http://$address:8080/"
}

address_of() {
    pod container inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"
}

# Asks podman what runs and writes the hosts file: one rename, so that no reader sees half of it.
write_hosts() {
    pod ps --format '{{.Names}}' | while read -r name; do
        echo "$(address_of "$name") ${name#berth-}"
    done >"$RUN/hosts.new"
    mv "$RUN/hosts.new" "$RUN/hosts"
}

# served WORD: waits until the tiers serve a container.
served() {
    answers "berth-$1" gets 200 --header "Host: wordpress_$1_01.test.priv" "http://$FRONT_LISTEN/"
}

# unknown WORD: waits until no tier knows the name of a container.
unknown() {
    answers front gets 503 --header "Host: wordpress_$1_01.test.priv" "http://$FRONT_LISTEN/"
}
