package import HTTP1

/// What changes in a response head on its way to the client: which fields pass on, and whether Berth adds `Date`.
/// How a version of HTTP spells the result is the job of a writer (`HTTP1ResponseHeadWriter`).
package struct ResponseHeadEdits {
    private let isUpgrade: Bool
    /// A final response without `Date` gets one (RFC 9110 §6.6.1). Final once `passes` was called for each field.
    package private(set) var addsDate: Bool

    package init(_ head: borrowing ResponseHead) {
        isUpgrade = head.isUpgrade
        addsDate = head.status >= 200
    }

    /// Whether the field passes on: hop-by-hop fields do not (RFC 9110 §7.6.1), but for `Upgrade` in a response
    /// that switches protocols.
    package mutating func passes(_ field: Field) -> Bool {
        guard !field.hopByHop || (isUpgrade && field.id == .upgrade) else { return false }
        if field.id == .date { addsDate = false }
        return true
    }
}
