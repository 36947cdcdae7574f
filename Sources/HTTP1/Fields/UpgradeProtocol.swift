import Bytes

/// An element of `Upgrade`: `name ["/" version]` (RFC 9110 §7.8).
package enum UpgradeProtocol {
    /// Whether the element is a token, or two with a slash in between.
    static func isValid(_ bytes: Span<UInt8>, _ element: ByteRange) -> Bool {
        let end = bytes.tokenEnd(from: element.lowerBound)
        guard end > element.lowerBound else { return false }
        if end >= element.upperBound { return end == element.upperBound }
        guard bytes.byte(at: end) == ASCII.slash else { return false }
        let version = end &+ 1
        return version < element.upperBound && bytes.tokenEnd(from: version) == element.upperBound
    }

    /// Whether the element is HTTP in some spelling: `h2c`, `H2C/2`, `h2c-14`, `"h2c"`, `h2c;q=1`, `h2`, `HTTP/2.0`.
    static func isHTTP(_ bytes: Span<UInt8>, _ element: ByteRange) -> Bool {
        var start = element.lowerBound
        // Readers that strip quotes would find the name in them.
        while let byte = bytes.byte(at: start), start < element.upperBound, !ASCII.isLetterOrDigit(byte) {
            start &+= 1
        }
        let rest = ByteRange(start, element.upperBound)
        if bytes.begins(rest, with: "h2c") { return true }
        for name in ["h2", "h3", "http", "https"] as [StaticString] where bytes.begins(rest, with: name) {
            let next = start &+ name.utf8CodeUnitCount
            if next == element.upperBound { return true }
            if let byte = bytes.byte(at: next), !ASCII.isLetterOrDigit(byte) { return true }
        }
        return bytes.begins(rest, with: "http2") || bytes.begins(rest, with: "http3")
    }

    /// Whether a response with 101 names the protocols that follow, and each of them is one that was requested.
    ///
    /// - Parameters:
    ///   - bytes: what `head` was parsed from.
    ///   - requested: the value of the request's `Upgrade`.
    package static func isGranted(
        _ head: borrowing ResponseHead,
        _ bytes: Span<UInt8>,
        requested: Span<UInt8>
    ) -> Bool {
        var granted = 0
        for index in head.fields.indices where head.fields[index].id == .upgrade {
            var elements = ListElements(head.fields[index].value.indices)
            while let element = elements.next(bytes) {
                guard isListed(bytes.extracting(element), in: requested) else { return false }
                granted &+= 1
            }
        }
        return granted > 0
    }

    /// Whether a response with 101 switches to WebSocket.
    package static func isWebSocket(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>) -> Bool {
        isGranted(head, bytes, requested: webSocket.span)
    }

    /// Whether WebSocket is among the protocols that the value of `Upgrade` names.
    package static func namesWebSocket(_ requested: Span<UInt8>) -> Bool {
        isListed(webSocket.span, in: requested)
    }

    private static let webSocket = Array("websocket".utf8)

    /// Names are compared without regard to case; a version counts where both have one.
    private static func isListed(_ granted: Span<UInt8>, in requested: Span<UInt8>) -> Bool {
        var elements = ListElements(0..<requested.count)
        while let element = elements.next(requested) {
            let candidate = requested.extracting(element)
            if granted.equalsIgnoringCase(candidate) { return true }
            let names = (nameEnd(granted), nameEnd(candidate))
            guard names.0 == granted.count || names.1 == candidate.count else { continue }
            if granted.extracting(first: names.0).equalsIgnoringCase(candidate.extracting(first: names.1)) {
                return true
            }
        }
        return false
    }

    private static func nameEnd(_ element: Span<UInt8>) -> Int {
        var end = 0
        while end < element.count, element[end] != ASCII.slash { end &+= 1 }
        return end
    }
}
