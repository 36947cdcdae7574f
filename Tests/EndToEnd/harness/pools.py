"""Pools of servers for comparisons of balancing methods, as nginx and Berth write them."""

import dataclasses
import random

ROUND_ROBIN, LEAST_CONN, IP_HASH, HASH, CONSISTENT = "round_robin", "least_conn", "ip_hash", "hash", "hash consistent"
METHODS = (ROUND_ROBIN, LEAST_CONN, IP_HASH, HASH, CONSISTENT)

# Servers that listen: 127.0.9.1 to 127.0.9.60. Those with higher numbers refuse connections.
SERVERS = 60


@dataclasses.dataclass(frozen=True)
class Server:
    number: int
    weight: int = 1
    backup: bool = False
    # down or drain; empty: up.
    state: str = ""

    @property
    def address(self):
        return f"127.0.9.{self.number}"

    def nginx(self, port):
        words = [f"{self.address}:{port}"]
        words += [f"weight={self.weight}"] if self.weight != 1 else []
        words += ["backup"] if self.backup else []
        words += [self.state] if self.state else []
        # A failure changes nothing for the next request.
        words += ["max_fails=0"] if self.number > SERVERS else []
        return " ".join(words)

    def berth(self, port):
        values = [f"address: '{self.address}:{port}'", f"weight: {self.weight}"]
        values += ["backup: true"] if self.backup else []
        values += [f"{self.state}: true"] if self.state else []
        return "{ " + ", ".join(values) + " }"


@dataclasses.dataclass(frozen=True)
class Pool:
    name: str
    method: str
    servers: tuple

    @property
    def host(self):
        return f"{self.name}.test"

    @property
    def drains(self):
        return any(server.state == "drain" for server in self.servers)

    def nginx(self, port):
        method = {
            ROUND_ROBIN: [], LEAST_CONN: ["least_conn;"], IP_HASH: ["ip_hash;"], HASH: ["hash $request_uri;"],
            CONSISTENT: ["hash $request_uri consistent;"],
        }[self.method]  # fmt: skip
        servers = [f"server {server.nginx(port)};" for server in self.servers]
        # nginx refuses `backup` after a hash, and takes it before one.
        lines = [*servers, *method, "keepalive 4;"]
        return f"upstream {self.name} {{ " + " ".join(lines) + " }"

    def berth(self, port):
        method, _, consistent = self.method.partition(" ")
        lines = [f"  - name: {self.name}", f"    balance: {method}"]
        lines += ["    hash_key: '${uri}'"] if method == HASH else []
        lines += ["    consistent: true"] if consistent else []
        lines += ["    endpoints:", *(f"      - {server.berth(port)}" for server in self.servers)]
        return "\n".join(lines)


def make(seed, methods=METHODS, sizes=(1, 2, 3, 4, 5, 8, 13, 27, 50), drains=False, twice=True):
    """Pools of each size with equal and with different weights, and what becomes of them.

    Members added and removed, marked down and as backups; with `drains` also draining ones, which nginx before 1.29
    does not know. With `twice` some pools list an address twice, which is an error in a rule file of Berth.
    """
    numbers = random.Random(seed)
    pools = []

    def add(method, servers):
        pools.append(Pool(f"p{len(pools)}", method, tuple(servers)))

    for method in methods:
        for size in sizes:
            places = numbers.sample(range(1, SERVERS), size)
            equal = [Server(place) for place in places]
            most = numbers.choice((3, 10, 100 if size < 10 else 20))
            weighted = [Server(place, numbers.randint(1, most)) for place in places]
            add(method, equal)
            add(method, weighted)
            for servers in (equal, weighted):
                for change in numbers.sample(_changes(drains), 2):
                    add(method, change(numbers, list(servers)))
    # The same address twice: its places on a ring are the same, and the two take turns there.
    for method in methods if twice else ():
        add(method, [Server(1, 2), Server(2), Server(1, 5), Server(3, 2)])
        add(method, [Server(1), Server(1), Server(1, state="down")])
    return [pool for pool in pools if twice or len({server.number for server in pool.servers}) == len(pool.servers)]


def with_refusals(seed):
    """Pools of which some servers refuse connections, so that a request goes to several."""
    numbers = random.Random(seed)
    pools = []
    for method in METHODS:
        for size in (2, 3, 5, 9, 14):
            for _ in range(2):
                refusing = numbers.randint(1, max(1, size // 2))
                places = numbers.sample(range(1, SERVERS), size - refusing)
                places += range(SERVERS + 1, SERVERS + 1 + refusing)
                numbers.shuffle(places)
                servers = [Server(place, numbers.randint(1, 6)) for place in places]
                pools.append(Pool(f"p{len(pools)}", method, tuple(servers)))
    return pools


def _changes(drains):
    return [_added, _removed, _down, _backups, _all_down] + ([_draining] if drains else [])


def _added(numbers, servers):
    servers.insert(numbers.randint(0, len(servers)), Server(SERVERS, numbers.randint(1, 5)))
    return servers


def _removed(numbers, servers):
    if len(servers) > 1:
        servers.pop(numbers.randrange(len(servers)))
    return servers


def _mark(numbers, servers, share, **changes):
    """Changes a share of the servers, and never all."""
    count = min(len(servers) - 1, max(1, int(len(servers) * share)))
    for place in numbers.sample(range(len(servers)), max(0, count)):
        servers[place] = dataclasses.replace(servers[place], **changes)
    return servers


def _down(numbers, servers):
    return _mark(numbers, servers, numbers.choice((0.1, 0.5, 0.9)), state="down")


def _draining(numbers, servers):
    return _mark(numbers, servers, numbers.choice((0.1, 0.5)), state="drain")


def _backups(numbers, servers):
    return _mark(numbers, servers, 0.3, backup=True)


def _all_down(numbers, servers):
    """Every server that is not a backup is down."""
    servers = [dataclasses.replace(server, state="down") for server in servers]
    return servers + [Server(SERVERS - n, numbers.randint(1, 4), backup=True) for n in range(3)]


def keys(count):
    """Paths with which requests are sent."""
    return [f"/k/{number * 7919 % 100_003}" for number in range(count)]


def addresses(count):
    """Addresses of clients, IPv4 and IPv6 in turn."""
    return [
        f"2001:db8:{number * 7919 % 65536:x}::{number + 1:x}" if number % 2
        else f"10.{number * 37 % 256}.{number * 101 % 256}.{number % 256}"
        for number in range(count)
    ]  # fmt: skip
