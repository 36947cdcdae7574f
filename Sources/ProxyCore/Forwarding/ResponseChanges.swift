import Bytes
package import HTTP1
package import NIOCore
package import Routing

/// What a rule changes in the head of one response: the fields that do not pass, and those that are written after the
/// ones that do. How a version of HTTP spells the result is the job of a writer.
package struct ResponseChanges: Sendable {
    package private(set) var fields: [(name: [UInt8], value: [UInt8])] = []
    /// In any case.
    private var removed: [[UInt8]] = []

    /// - Parameters:
    ///   - status: of the response.
    ///   - isError: the response is one that Berth makes because a request failed.
    package init(_ edits: ResponseEdits, status: Int, isError: Bool) {
        for item in edits.fields where item.statuses.contains(status) && (item.changesErrors || !isError) {
            for name in item.remove { remove(name) }
            for field in item.set {
                remove(field.name)
                add(field)
            }
            for field in item.add { add(field) }
        }
    }

    init() {}

    /// Adds a field to those that pass.
    mutating func append(_ field: (name: [UInt8], value: [UInt8])) { fields.append(field) }

    package var isEmpty: Bool { fields.isEmpty && removed.isEmpty }

    /// Whether the response's own fields of this name do not pass.
    package func removes(_ name: Span<UInt8>) -> Bool {
        for removed in removed where removed.span.equalsIgnoringCase(name) { return true }
        return false
    }

    private mutating func remove(_ name: [UInt8]) {
        removed.append(name)
        fields.removeAll { $0.name.span.equalsIgnoringCase(name.span) }
    }

    private mutating func add(_ field: (name: [UInt8], value: [UInt8])) {
        if !field.value.isEmpty { fields.append(field) }
    }

    // MARK: URLs

    private static let location = Array("Location".utf8)
    private static let refresh = Array("Refresh".utf8)

    /// Rewrites the URLs of `Location` and `Refresh`.
    ///
    /// - Parameters:
    ///   - source: the bytes that `head` was parsed from, at its reader index.
    ///   - endpoint: that sent the response.
    package mutating func rewriteURLs(
        of head: borrowing ResponseHead,
        _ source: ByteBuffer,
        _ edits: ResponseEdits,
        from endpoint: Endpoint,
        scratch: RouteScratch
    ) {
        let bytes = source.readableBytesUInt8Span
        var isChanged = false
        var written: [(name: [UInt8], value: [UInt8])] = []
        for index in head.fields.indices {
            let field = head.fields[index]
            let name = field.id == .location ? Self.location : Self.refresh
            guard field.id == .location || field.id == .other,
                bytes.extracting(field.name.indices).equalsIgnoringCase(name.span), !removes(name.span)
            else { continue }
            let value = bytes.extracting(field.value.indices)
            let range = field.id == .location ? 0..<value.count : RefreshField.url(value)
            if let range,
                let url = edits.location(
                    inPlaceOf: value.extracting(range),
                    from: endpoint,
                    scratch: scratch
                )
            {
                written.append((name, RefreshField.replacing(range, of: value, by: url)))
                isChanged = true
            } else {
                written.append((name, [UInt8](copying: value)))
            }
        }
        guard isChanged else { return }
        for field in written {
            removed.append(field.name)
            fields.append(field)
        }
    }
}

/// The field `Refresh`, which browsers read as `5; url=http://…`.
enum RefreshField {
    private static let mark = Array("url=".utf8)

    /// Where the URL is; nil: there is none.
    static func url(_ value: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start + mark.count <= value.count {
            guard value.extracting(start..<(start + mark.count)).equalsIgnoringCase(mark.span) else {
                start += 1
                continue
            }
            start += mark.count
            var end = value.count
            if let quote = value.byte(at: start), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
                start += 1
                end = start
                while let byte = value.byte(at: end), byte != quote { end += 1 }
            }
            return start..<end
        }
        return nil
    }

    static func replacing(_ range: Range<Int>, of value: Span<UInt8>, by new: [UInt8]) -> [UInt8] {
        [UInt8](copying: value.extracting(0..<range.lowerBound)) + new
            + [UInt8](copying: value.extracting(range.upperBound..<value.count))
    }
}
