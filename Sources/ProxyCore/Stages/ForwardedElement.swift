import Bytes
import HTTP1

/// What one proxy wrote into `Forwarded` (RFC 7239 §4).
struct ForwardedElement {
    /// `for`, without its quotes; nil where the element has none, or cannot be read.
    private(set) var node: [UInt8]?
    /// `proto`.
    private(set) var proto: [UInt8]?

    /// All elements of all lines, in their order. An element that cannot be read has neither value.
    static func all(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> [ForwardedElement] {
        var elements: [ForwardedElement] = []
        for index in head.fields.indices where head.fields[index].id == .forwarded {
            read(bytes.extracting(head.fields[index].value.indices), into: &elements)
        }
        return elements
    }

    private static func read(_ value: Span<UInt8>, into elements: inout [ForwardedElement]) {
        var reader = Reader(position: 0)
        while true {
            var element = ForwardedElement()
            var isReadable = true
            pairs: while true {
                reader.skipBlanks(value)
                let name = reader.token(value)
                guard !name.isEmpty else { break pairs }
                guard reader.take(UInt8(ascii: "="), value), let text = reader.value(value) else {
                    isReadable = false
                    break pairs
                }
                switch String(decoding: name.map(ASCII.lowercased), as: UTF8.self) {
                case "for":
                    if element.node != nil { isReadable = false }
                    element.node = text
                case "proto":
                    if element.proto != nil { isReadable = false }
                    element.proto = text
                default: break
                }
                reader.skipBlanks(value)
                guard reader.take(ASCII.semicolon, value) else { break pairs }
            }
            reader.skipBlanks(value)
            if !reader.isAtEnd(value), !reader.isAt(ASCII.comma, value) { isReadable = false }
            elements.append(isReadable ? element : ForwardedElement())
            // After an error nobody knows where the next element begins: the rest is one that cannot be read.
            guard isReadable, reader.take(ASCII.comma, value) else { return }
        }
    }

    private struct Reader {
        var position: Int

        func isAtEnd(_ text: Span<UInt8>) -> Bool { position >= text.count }

        func isAt(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
            position < text.count && text[position] == byte
        }

        mutating func take(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
            guard isAt(byte, text) else { return false }
            position += 1
            return true
        }

        mutating func skipBlanks(_ text: Span<UInt8>) {
            while isAt(ASCII.space, text) || isAt(ASCII.tab, text) { position += 1 }
        }

        mutating func token(_ text: Span<UInt8>) -> [UInt8] {
            var token: [UInt8] = []
            while position < text.count, ASCII.isToken(text[position]) {
                token.append(text[position])
                position += 1
            }
            return token
        }

        /// A token or a quoted string.
        mutating func value(_ text: Span<UInt8>) -> [UInt8]? {
            guard take(UInt8(ascii: "\""), text) else {
                let token = token(text)
                return token.isEmpty ? nil : token
            }
            var value: [UInt8] = []
            while position < text.count {
                var byte = text[position]
                position += 1
                if byte == UInt8(ascii: "\"") { return value }
                if byte == ASCII.backslash {
                    guard position < text.count else { return nil }
                    byte = text[position]
                    position += 1
                }
                value.append(byte)
            }
            return nil
        }
    }
}
