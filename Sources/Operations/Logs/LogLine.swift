import Bytes
import NIOCore
import ProxyCore
import Routing

/// The bytes of log records, written without a `String` or another buffer in between: a record is made for every
/// request.
///
/// Bytes from clients are escaped: nothing that a client sends may end a line, close a quote or move the cursor of a
/// terminal.
///
/// It owns its memory: with `Array`, the checks of some sixty small appends took as long as parsing the request. Only
/// `append(_: UnsafeRawBufferPointer)` and `append(byte:)` write, and both make room first.
///
/// `@unchecked Sendable`: one loop writes, then passes it on and does not write again.
final class LogLine: @unchecked Sendable {
    /// How bytes that are not plain are escaped.
    enum Escape {
        /// `\xHH`, as in nginx's log: the inside of quotation marks.
        case text
        /// The same for a value without quotation marks, which ends with a space.
        case field
        /// The same for a part of such a value, which ends with a comma or a colon.
        case part
        /// The inside of a JSON string: `\"`, `\\`, and `\u00HH` for a byte beyond ASCII.
        case json
    }

    private(set) var count = 0
    private var memory: UnsafeMutableRawBufferPointer

    /// - Parameter capacity: initial bytes; it grows when needed.
    init(capacity: Int = 1024) {
        memory = .allocate(byteCount: max(capacity, 64), alignment: 1)
    }

    deinit { memory.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    func append(byte: UInt8) {
        if count == memory.count { grow(1) }
        memory[count] = byte
        count += 1
    }

    private func append(_ text: UnsafeRawBufferPointer) {
        if memory.count - count < text.count { grow(text.count) }
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: text)
        count += text.count
    }

    private func grow(_ size: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(memory.count * 2, count + size),
            alignment: 1
        )
        larger.copyMemory(from: bytes)
        memory.deallocate()
        memory = larger
    }

    func append(_ text: StaticString) {
        text.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) }
    }

    func append(_ text: String) {
        append(text.utf8.span)
    }

    func append(plain: [UInt8]) {
        append(plain.span)
    }

    func append(_ address: IPAddress) {
        guard let bits = address.v4Bits else { return append(address.description) }
        append(number: UInt64(bits >> 24))
        append(byte: UInt8(ascii: "."))
        append(number: UInt64(bits >> 16 & 0xFF))
        append(byte: UInt8(ascii: "."))
        append(number: UInt64(bits >> 8 & 0xFF))
        append(byte: UInt8(ascii: "."))
        append(number: UInt64(bits & 0xFF))
    }

    func append(_ endpoint: Endpoint) {
        if !endpoint.address.isIPv4 { append(byte: UInt8(ascii: "[")) }
        append(endpoint.address)
        append(endpoint.address.isIPv4 ? ":" : "]:")
        append(number: UInt64(endpoint.port))
    }

    func append(_ target: Target) {
        // The description puts an IPv6 address in brackets.
        if target.literal != nil { return append(target.description) }
        if target.scheme != .http {
            append(target.scheme.rawValue)
            append("://")
        }
        append(target.name)
        guard let port = target.port else { return }
        append(byte: UInt8(ascii: ":"))
        append(number: UInt64(port))
    }

    /// In 16 digits.
    func append(hexadecimal number: UInt64) {
        append(HexDigits(number).span)
    }

    /// In decimal, with leading zeros up to `digits` digits.
    func append(number: UInt64, digits: Int = 1) {
        let text = DecimalDigits(number)
        for _ in 0..<max(0, digits - text.span.count) { append(byte: ASCII.zero) }
        append(text.span)
    }

    /// A span of time in seconds with six decimals; negative spans count as zero.
    func append(seconds amount: TimeAmount) {
        let microseconds = UInt64(max(amount.nanoseconds, 0) / 1000)
        append(number: microseconds / 1_000_000)
        append(byte: UInt8(ascii: "."))
        append(number: microseconds % 1_000_000, digits: 6)
    }

    func append(escaped text: ByteBuffer, _ escape: Escape) {
        append(escaped: text.readableBytesUInt8Span, escape)
    }

    func append(escaped text: String, _ escape: Escape) {
        append(escaped: text.utf8.span, escape)
    }

    /// Plain runs are copied whole.
    func append(escaped text: Span<UInt8>, _ escape: Escape) {
        var start = 0
        for index in text.indices {
            let byte = text[index]
            if Self.isPlain(byte, escape) { continue }
            append(text.extracting(start..<index))
            start = index + 1
            switch escape {
            case .text, .field, .part:
                append("\\x")
                appendHex(byte)
            case .json where byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\"):
                append(byte: UInt8(ascii: "\\"))
                append(byte: byte)
            case .json:
                append("\\u00")
                appendHex(byte)
            }
        }
        append(text.extracting(start..<text.count))
    }

    private static func isPlain(_ byte: UInt8, _ escape: Escape) -> Bool {
        guard byte >= 0x20, byte <= 0x7E, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else {
            return false
        }
        switch escape {
        case .text, .json: return true
        case .field: return byte != ASCII.space
        case .part: return byte != ASCII.space && byte != ASCII.comma && byte != ASCII.colon
        }
    }

    /// Escapes a value where `-` alone stands for no value: a value that is `-` becomes `\x2d`.
    func append(value: Span<UInt8>, _ escape: Escape) {
        if value.count == 1, value[0] == ASCII.hyphen { return append("\\x2d") }
        append(escaped: value, escape)
    }

    private func append(_ text: Span<UInt8>) {
        text.withUnsafeBytes { append($0) }
    }

    private func appendHex(_ byte: UInt8) {
        appendDigit(byte >> 4)
        appendDigit(byte & 0xF)
    }

    private func appendDigit(_ digit: UInt8) {
        append(byte: digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + (digit - 10))
    }
}
