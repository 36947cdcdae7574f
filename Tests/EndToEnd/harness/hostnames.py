"""Hostnames by the thousand: matching, near misses and hostile ones; the same for the same seed."""

import random

APPS = ["wordpress", "shop", "a", "x1", "0", "nextcloud2"]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
# What ends a URL's authority or a line can't stand in one; blanks at its ends are not the host's.
UNUSABLE = b"/?#\r\n"


def matching(r):
    """Names of the scheme, most of them with a container behind them."""
    container = r.choice(["container001", "container002", "container001", "container002", "nosuch", "dead"])
    number = r.choice(["01", "02", "01", "02", "03", "77"])
    return f"{r.choice(APPS)}_{container}_{number}.test.priv"


def spelled(r):
    """The same name in another spelling."""
    name = matching(r)
    name = "".join(letter.upper() if r.random() < 0.3 else letter for letter in name)
    return name + r.choice(["", ".", ":80", ":8080", ".:443", ":", ":0", ":65535"])


def near_miss(r):
    name = matching(r)
    place = r.randrange(len(name))
    return r.choice(
        [
            name + ".evil.example",
            "evil." + name,
            name.replace(".test", "xtest"),
            name.replace("_", "-", 1),
            name.replace("_", "__", 1),
            name[:place] + name[place + 1 :],
            name[:place] + r.choice(LETTERS + "._-") + name[place + 1 :],
            name[:place] + r.choice(LETTERS + "._-") + name[place:],
            name.replace(".test.priv", "1.test.priv"),
            name.replace(".priv", ".priv.."),
            name + ":65536",
            name + ":x",
            name + ":80:80",
            "." + name,
            name[::-1],
        ]
    )


def others(r):
    """What the other rules of the table are for."""
    label = "".join(r.choices(LETTERS + "-_", k=r.randint(1, 12)))
    return r.choice(
        [
            "www.test.priv",
            "old.test.priv",
            f"{label}.internal.test.priv",
            f"{label}.{label}.internal.test.priv",
            "internal.test.priv",
            f"{label}internal.test.priv",
            f"x{label}.test.priv",
            f"{label}.direct.test.priv",
        ]
    )


def hostile(r):
    name = matching(r)
    place = r.randrange(len(name) + 1)
    noise = bytes(r.choices(range(256), k=r.randint(1, 20)))
    return r.choice(
        [
            noise,
            name.encode()[:place] + noise + name.encode()[place:],
            name.encode() + bytes([r.choice(b"\0\x01\x0b\x0c\x1f\x7f\x80\x85\xa0\xff %,;@&\"'<>\\^`{|}$()*+=!~")]),
            ("ü" + name).encode(),
            name.replace(".", "。").encode(),
            name.replace("test", "te\u200bst").encode(),
            b"..",
            b".",
            b"",
            b"a" * r.choice([63, 64, 253, 254, 255, 1000]) + b".test.priv",
            b".".join([b"a" * 63] * r.choice([3, 4, 5])),
            b"[::1]",
            b"[::1]:80",
            b"[::ffff:169.254.169.254]",
            b"[::1",
            b"::1",
            b"[" + noise + b"]",
            b"169.254.169.254",
            b"127.0.0.1:80",
            b"0x7f000001",
            b"user@" + name.encode(),
            name.encode() + b"@evil.example",
            b"%77ordpress_container001_01.test.priv",
            b"${uri}_container001_01.test.priv",
            b"$1." + name.encode(),
            b"~^.*$",
            b"*.internal.test.priv",
        ]
    )


KINDS = [(matching, 0.40), (spelled, 0.15), (near_miss, 0.20), (others, 0.10), (hostile, 0.15)]


def generate(count, seed):
    """`count` hosts as bytes."""
    r = random.Random(seed)
    kinds, weights = zip(*KINDS)
    hosts = []
    while len(hosts) < count:
        name = r.choices(kinds, weights)[0](r)
        name = name if isinstance(name, bytes) else name.encode()
        if not any(byte in UNUSABLE for byte in name) and name == name.strip(b" \t"):
            hosts.append(name)
    return hosts
