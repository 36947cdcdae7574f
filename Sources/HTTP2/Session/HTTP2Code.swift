/// Error codes of RST_STREAM and GOAWAY (RFC 9113 §7).
package struct HTTP2Code: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let noError = HTTP2Code(rawValue: 0x0)
    package static let protocolError = HTTP2Code(rawValue: 0x1)
    package static let internalError = HTTP2Code(rawValue: 0x2)
    package static let streamClosed = HTTP2Code(rawValue: 0x5)
    package static let refusedStream = HTTP2Code(rawValue: 0x7)
    package static let cancel = HTTP2Code(rawValue: 0x8)
    package static let connectError = HTTP2Code(rawValue: 0xa)
    package static let enhanceYourCalm = HTTP2Code(rawValue: 0xb)
    package static let http11Required = HTTP2Code(rawValue: 0xd)
}

extension HTTP2Code: CustomStringConvertible {
    private static let names = [
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
    ]

    /// In one word, for the log: `cancel`.
    package var token: String { description.lowercased() }

    /// As RFC 9113 spells it; the number of an unknown one.
    package var description: String {
        let index = Int(rawValue)
        return Self.names.indices.contains(index) ? Self.names[index] : "0x\(String(rawValue, radix: 16))"
    }
}
