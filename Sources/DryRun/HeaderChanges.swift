/// What a tier does to the header fields.
package struct HeaderChanges: Encodable, Sendable {
    package private(set) var added: [ReceivedRequest.Header] = []
    package private(set) var removed: [ReceivedRequest.Header] = []

    init() {}

    /// A field whose value changes is removed and added.
    init(from before: ReceivedRequest, to after: ReceivedRequest) {
        removed = Self.difference(before.headers, after.headers)
        added = Self.difference(after.headers, before.headers)
    }

    private static func difference(
        _ left: [ReceivedRequest.Header],
        _ right: [ReceivedRequest.Header]
    ) -> [ReceivedRequest.Header] {
        var rest = right
        return left.filter { header in
            let position = rest.firstIndex {
                $0.name.lowercased() == header.name.lowercased() && $0.value == header.value
            }
            if let position { rest.remove(at: position) }
            return position == nil
        }
    }
}
