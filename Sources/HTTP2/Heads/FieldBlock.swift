import Bytes
import CNghttp2
import Glibc
import HTTP1
import NIOCore

/// The fields of a head as the library takes them, from its text as HTTP/1 has it. The text is Berth's own.
///
/// Unsafe: the fields refer to the text and to `names`, and are only valid within `read`.
///
/// Used on one event loop alone.
final class FieldBlock {
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
    /// The names of lines in small letters, one after another.
    private var names = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
    private var namesEnd = 0
    /// How the text frames the body that follows it.
    private(set) var framing = BodyFraming.none
    /// Bytes of the text with its empty line.
    private(set) var length = 0
    /// It is a request with the method HEAD.
    private(set) var isHead = false

    deinit { names.deallocate() }

    /// Reads the text and calls `body` with the fields, whose names are in lower case.
    ///
    /// - Returns: nil where the text is not a head.
    func read<Result>(
        _ text: ByteBuffer,
        _ firstLine: FirstLine,
        _ body: (UnsafeMutableBufferPointer<nghttp2_nv>, BodyFraming) -> Result
    ) -> Result? {
        fields.removeAll(keepingCapacity: true)
        framing = .none
        isHead = false
        makeRoom(text.readableBytes)
        return text.withUnsafeReadableBytes { memory -> Result? in
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

    /// All names have room in what the text has: memory does not move while fields refer to it.
    private func makeRoom(_ count: Int) {
        namesEnd = 0
        guard names.count < count || names.count > max(count, Self.keptBytes) else { return }
        names.deallocate()
        names = .allocate(capacity: max(count, Self.leastBytes))
    }

    private static let leastBytes = 4 << 10
    private static let keptBytes = 64 << 10

    // MARK: First lines

    /// `HTTP/1.1 200 …`
    private func addStatus(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ position: inout Int
    ) -> Bool {
        guard let end = Self.lineEnd(bytes, from: 0), end >= 12 else { return false }
        add(":status", bytes, 9..<12)
        position = end + 2
        return true
    }

    /// `METHOD TARGET HTTP/1.1`, and the line of `Host`, which Berth writes next.
    private func addRequest(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ position: inout Int,
        _ scheme: StaticString,
        upgrade: StaticString?
    ) -> Bool {
        guard let end = Self.lineEnd(bytes, from: 0) else { return false }
        var (method, target) = (0, end - 1)
        while method < end, bytes[method] != ASCII.space { method += 1 }
        while target > method, bytes[target] != ASCII.space { target -= 1 }
        guard target > method else { return false }
        if let upgrade {
            add(":method", "CONNECT")
            add(":protocol", upgrade)
        } else {
            add(":method", bytes, 0..<method)
            isHead = UnsafeBufferPointer(rebasing: bytes[..<method]).spells("HEAD")
        }
        add(":scheme", scheme)
        position = end + 2
        let start = position + 6
        guard start <= bytes.count, UnsafeBufferPointer(rebasing: bytes[position..<start]).spells("Host: "),
            let hostEnd = Self.lineEnd(bytes, from: start)
        else { return false }
        if hostEnd > start { add(":authority", bytes, start..<hostEnd) }
        add(":path", bytes, (method + 1)..<target)
        position = hostEnd + 2
        return true
    }

    // MARK: Lines

    /// `Name: value`
    private func addLine(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ position: inout Int,
        _ firstLine: FirstLine
    ) -> Bool {
        guard let base = bytes.baseAddress, let lineEnd = Self.lineEnd(bytes, from: position) else {
            return false
        }
        let start = position
        guard let colon = memchr(base + start, Int32(ASCII.colon), lineEnd - start) else { return false }
        let end = UnsafeRawPointer(colon) - UnsafeRawPointer(base)
        guard end > start else { return false }
        position = lineEnd + 2
        var (first, last) = (end + 1, lineEnd)
        while first < last, Self.isBlank(bytes[first]) { first += 1 }
        while first < last, Self.isBlank(bytes[last - 1]) { last -= 1 }
        let name = lowercased(UnsafeBufferPointer(start: base + start, count: end - start))
        var flags = NGHTTP2_NV_FLAG_NONE
        switch ConnectionField.of(UnsafeBufferPointer(name)) {
        case .transferEncoding:
            framing = .chunked
            return true
        case .forbidden, .te: return true
        case .webSocketKey: if case .connect = firstLine { return true }
        case .webSocketAccept: if case .status = firstLine { return true }
        case .contentLength:
            if framing != .chunked { framing = Self.number(bytes[first..<last]).map { .length($0) } ?? .none }
        case .unique: flags = NGHTTP2_NV_FLAG_NO_INDEX
        case .cookie, .host, .other: break
        }
        fields.append(
            nghttp2_nv(
                name: name.baseAddress,
                value: UnsafeMutablePointer(mutating: base + first),
                namelen: name.count,
                valuelen: last - first,
                flags: UInt8(flags.rawValue)
            )
        )
        return true
    }

    private func lowercased(_ name: UnsafeBufferPointer<UInt8>) -> UnsafeMutableBufferPointer<UInt8> {
        let copy = UnsafeMutableBufferPointer(rebasing: names[namesEnd..<(namesEnd + name.count)])
        if let memory = copy.baseAddress { Span(_unsafeElements: name).lowercased(into: memory) }
        namesEnd += name.count
        return copy
    }

    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
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
    private static func lineEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(ASCII.cr), bytes.count - start)
        else { return nil }
        let end = UnsafeRawPointer(found) - UnsafeRawPointer(base)
        guard end + 1 < bytes.count, bytes[end + 1] == ASCII.lf else { return nil }
        return end
    }

    private func add(_ name: StaticString, _ value: StaticString) {
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

    private func add(
        _ name: StaticString,
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ value: Range<Int>
    ) {
        fields.append(
            nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start),
                value: UnsafeMutablePointer(mutating: bytes.baseAddress.unsafelyUnwrapped + value.lowerBound),
                namelen: name.utf8CodeUnitCount,
                valuelen: value.count,
                flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
            )
        )
    }
}
