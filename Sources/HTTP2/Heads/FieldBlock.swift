import Bytes
import CNghttp2
import Glibc
import HTTP1
import NIOCore

/// The fields of a head as the library takes them, from its text as HTTP/1 has it. The text is Berth's own.
///
/// Unsafe: the fields refer to the text, and are only valid while it is.
struct FieldBlock {
    /// How the text begins.
    enum FirstLine {
        case request(scheme: StaticString)
        /// A request that changes to WebSocket becomes an extended CONNECT (RFC 8441).
        case connect(scheme: StaticString, protocol: StaticString)
        case status
        /// Field lines alone.
        case none
    }

    private var fields: [nghttp2_nv] = []
    /// How the text frames the body that follows it.
    private(set) var framing = BodyFraming.none
    /// Bytes of the text with its empty line.
    private(set) var length = 0
    /// It is a request with the method HEAD.
    private(set) var isHead = false

    /// Reads the text, whose names become lower case, and calls `body` with the fields.
    ///
    /// - Returns: nil where the text is not a head.
    mutating func read<Result>(
        _ text: inout ByteBuffer,
        _ firstLine: FirstLine,
        _ body: (UnsafeMutableBufferPointer<nghttp2_nv>, BodyFraming) -> Result
    ) -> Result? {
        fields.removeAll(keepingCapacity: true)
        framing = .none
        isHead = false
        return text.withUnsafeMutableReadableBytes { memory -> Result? in
            let bytes = memory.bindMemory(to: UInt8.self)
            var position = 0
            switch firstLine {
            case .none: break
            case .status: guard addStatus(bytes, &position) else { return nil }
            case .request(let scheme):
                guard addRequest(bytes, &position, scheme, upgrade: nil) else { return nil }
            case .connect(let scheme, let upgrade):
                guard addRequest(bytes, &position, scheme, upgrade: upgrade) else { return nil }
            }
            if case .request = firstLine {
                // Trailers pass on, and servers of gRPC demand that this is said.
                add("te", "trailers")
            }
            while position < bytes.count, bytes[position] != ASCII.cr {
                guard addLine(bytes, &position, firstLine) else { return nil }
            }
            length = min(position + 2, bytes.count)
            return fields.withUnsafeMutableBufferPointer { body($0, framing) }
        }
    }

    // MARK: First lines

    /// `HTTP/1.1 200 …`
    private mutating func addStatus(
        _ bytes: UnsafeMutableBufferPointer<UInt8>,
        _ position: inout Int
    ) -> Bool {
        guard let end = Self.lineEnd(bytes, from: 0), end >= 12 else { return false }
        add(":status", bytes, 9..<12)
        position = end + 2
        return true
    }

    /// `METHOD TARGET HTTP/1.1`, and the line of `Host`, which Berth writes next.
    private mutating func addRequest(
        _ bytes: UnsafeMutableBufferPointer<UInt8>,
        _ position: inout Int,
        _ scheme: StaticString,
        upgrade: StaticString?
    ) -> Bool {
        guard let end = Self.lineEnd(bytes, from: 0), let method = bytes[..<end].firstIndex(of: ASCII.space),
            let target = bytes[..<end].lastIndex(of: ASCII.space), target > method
        else { return false }
        if let upgrade {
            add(":method", "CONNECT")
            add(":protocol", upgrade)
        } else {
            add(":method", bytes, 0..<method)
            isHead = bytes[..<method].elementsEqual("HEAD".utf8)
        }
        add(":scheme", scheme)
        position = end + 2
        let host = "Host: ".utf8
        let start = position + host.count
        guard start <= bytes.count, bytes[position..<start].elementsEqual(host),
            let hostEnd = Self.lineEnd(bytes, from: start)
        else { return false }
        if hostEnd > start { add(":authority", bytes, start..<hostEnd) }
        add(":path", bytes, (method + 1)..<target)
        position = hostEnd + 2
        return true
    }

    // MARK: Lines

    /// `Name: value`
    private mutating func addLine(
        _ bytes: UnsafeMutableBufferPointer<UInt8>,
        _ position: inout Int,
        _ firstLine: FirstLine
    ) -> Bool {
        let start = position
        var end = start
        while end < bytes.count, bytes[end] != ASCII.colon {
            bytes[end] = ASCII.lowercased(bytes[end])
            end += 1
        }
        guard end > start, end < bytes.count, let lineEnd = Self.lineEnd(bytes, from: end) else {
            return false
        }
        position = lineEnd + 2
        var value = (end + 1)..<lineEnd
        while let first = value.first, Self.isBlank(bytes[first]) { value.removeFirst() }
        while let last = value.last, Self.isBlank(bytes[last]) { value.removeLast() }
        let name = UnsafeBufferPointer(rebasing: bytes[start..<end])
        switch ConnectionField.of(name) {
        case .forbidden:
            if name.spells("transfer-encoding") { framing = .chunked }
            return true
        case .te: return true
        case .other:
            if case .connect = firstLine, name.spells("sec-websocket-key") { return true }
            if case .status = firstLine, name.spells("sec-websocket-accept") { return true }
        case .contentLength:
            if framing != .chunked { framing = Self.number(bytes[value]).map { .length($0) } ?? .none }
        case .cookie, .host: break
        }
        let flags = Self.isUnique(name) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE
        fields.append(
            nghttp2_nv(
                name: bytes.baseAddress.unsafelyUnwrapped + start,
                value: bytes.baseAddress.unsafelyUnwrapped + value.lowerBound,
                namelen: end - start,
                valuelen: value.count,
                flags: UInt8(flags.rawValue)
            )
        )
        return true
    }

    /// Fields whose value is another one in each message. In the peer's table they would take the place of those that come
    /// again, and each would be compared with all before it.
    private static func isUnique(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        switch name.count {
        case 11: name.spells("traceparent")
        case 12: name.spells("x-request-id")
        default: false
        }
    }

    private static func number(_ digits: Slice<UnsafeMutableBufferPointer<UInt8>>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            guard ASCII.isDigit(digit), !isTooLarge else { return nil }
            let (sum, overflow) = product.addingReportingOverflow(UInt64(digit - ASCII.zero))
            guard !overflow else { return nil }
            number = sum
        }
        return digits.isEmpty ? nil : number
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Where the CR of the line end is; CR and LF stand nowhere else.
    private static func lineEnd(_ bytes: UnsafeMutableBufferPointer<UInt8>, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(ASCII.cr), bytes.count - start)
        else { return nil }
        let end = UnsafeRawPointer(found) - UnsafeRawPointer(base)
        guard end + 1 < bytes.count, bytes[end + 1] == ASCII.lf else { return nil }
        return end
    }

    private mutating func add(_ name: StaticString, _ value: StaticString) {
        fields.append(
            nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start),
                value: UnsafeMutablePointer(mutating: value.utf8Start),
                namelen: name.utf8CodeUnitCount,
                valuelen: value.utf8CodeUnitCount,
                flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
            )
        )
    }

    private mutating func add(
        _ name: StaticString,
        _ bytes: UnsafeMutableBufferPointer<UInt8>,
        _ value: Range<Int>
    ) {
        fields.append(
            nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start),
                value: bytes.baseAddress.unsafelyUnwrapped + value.lowerBound,
                namelen: name.utf8CodeUnitCount,
                valuelen: value.count,
                flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
            )
        )
    }
}
