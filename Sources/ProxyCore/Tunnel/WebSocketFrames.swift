package import NIOCore

/// Follows the frames of a WebSocket in one direction (RFC 6455 §5.2): between which bytes a frame may be added, and
/// whether the closing handshake has begun. Looks at headers alone, and holds no bytes.
package struct WebSocketFrames: Sendable {
    private static let closeOpcode: UInt8 = 0x8
    /// The endpoint goes away (RFC 6455 §7.4.1).
    private static let goingAwayCode: UInt16 = 1001

    /// Bytes of the header that is arriving.
    private var headerBytes = 0
    private var opcode: UInt8 = 0
    /// Bytes of the extended length.
    private var lengthBytes = 0
    private var maskBytes = 0
    private var length: UInt64 = 0
    /// Bytes of the payload that are to come.
    private var left: UInt64 = 0
    /// What has come can be frames.
    package private(set) var isValid = true
    /// A close frame has begun.
    private var closes = false

    package init() {}

    /// The last frame is whole.
    package var isAtBoundary: Bool { isValid && headerBytes == 0 && left == 0 }
    /// A whole close frame has passed.
    package var isClosed: Bool { closes && isAtBoundary }

    /// Takes note of bytes that pass.
    ///
    /// - Parameter stops: at the first end of a frame.
    /// - Returns: how many bytes were looked at.
    @discardableResult
    package mutating func pass(_ bytes: Span<UInt8>, stopsAtBoundary stops: Bool = false) -> Int {
        var offset = 0
        while offset < bytes.count, isValid {
            if left > 0 {
                let count = min(left, UInt64(UInt(bitPattern: bytes.count &- offset)))
                left -= count
                offset &+= Int(count)
            } else {
                take(bytes[offset])
                offset &+= 1
            }
            if stops, isAtBoundary { return offset }
        }
        return bytes.count
    }

    /// A byte of a header.
    private mutating func take(_ byte: UInt8) {
        switch headerBytes {
        case 0:
            opcode = byte & 0x0F
            // 3 to 7 and B to F are reserved.
            isValid = opcode & 0x7 <= 2
        case 1:
            lengthBytes = byte & 0x7F == 127 ? 8 : byte & 0x7F == 126 ? 2 : 0
            maskBytes = byte & 0x80 != 0 ? 4 : 0
            length = lengthBytes == 0 ? UInt64(byte & 0x7F) : 0
        case ..<(2 + lengthBytes):
            length = length << 8 | UInt64(byte)
            // The highest bit must be 0.
            if length > UInt64(Int64.max) { isValid = false }
        default:
            break
        }
        headerBytes += 1
        guard headerBytes >= 2, headerBytes == 2 + lengthBytes + maskBytes else { return }
        headerBytes = 0
        left = length
        if opcode == Self.closeOpcode { closes = true }
    }

    /// A close frame: the endpoint goes away.
    ///
    /// - Parameter mask: of a frame to a server (RFC 6455 §5.3); nil: to a client.
    package static func goingAway(mask: UInt32?) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(0x80 | closeOpcode)
        guard let mask else {
            frame.writeInteger(UInt8(2))
            frame.writeInteger(goingAwayCode)
            return frame
        }
        frame.writeInteger(UInt8(0x80 | 2))
        frame.writeInteger(mask)
        frame.writeInteger(goingAwayCode ^ UInt16(mask >> 16))
        return frame
    }
}
