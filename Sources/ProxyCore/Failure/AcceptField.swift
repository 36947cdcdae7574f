import Bytes

/// Which of its two representations of a failure a client prefers (RFC 9110 §12.5.1).
package enum AcceptField {
    private static let html = [Array("text/html".utf8), Array("application/xhtml+xml".utf8)]
    private static let json = Array("application/json".utf8)
    private static let jsonSuffix = Array("+json".utf8)

    /// Whether a value of `Accept` lists JSON, and no HTML before it. Called for each request: no allocation.
    package static func prefersJSON(_ value: Span<UInt8>) -> Bool {
        var elements = ListElements(0..<value.count)
        while let element = elements.next(value) {
            let type = mediaType(value.extracting(element))
            for known in html where type.equalsIgnoringCase(known.span) { return false }
            if type.equalsIgnoringCase(json.span) { return true }
            if type.extracting(last: jsonSuffix.count).equalsIgnoringCase(jsonSuffix.span) { return true }
        }
        return false
    }

    /// The element without its parameters.
    @_lifetime(copy element)
    private static func mediaType(_ element: Span<UInt8>) -> Span<UInt8> {
        var end = 0
        while end < element.count, element[end] != ASCII.semicolon, !isBlank(element[end]) { end &+= 1 }
        return element.extracting(first: end)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }
}
