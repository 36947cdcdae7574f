/// Whether an event stream ends after a whole event: with an empty line (Server-sent events, HTML Standard §9.2.5).
struct EventBoundary {
    /// The last four bytes.
    private var last: UInt32 = 0x0A0A_0A0A

    /// Between two events. A stream that has not begun is, too.
    var isBetweenEvents: Bool {
        switch last & 0xFFFF {
        case 0x0A0A, 0x0D0D: true
        case 0x0D0A: last >> 16 & 0xFF == 0x0A
        default: false
        }
    }

    mutating func append(_ bytes: Span<UInt8>) {
        for index in max(0, bytes.count &- 4)..<bytes.count {
            last = last << 8 | UInt32(bytes[index])
        }
    }
}
