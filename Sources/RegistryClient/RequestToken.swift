/// Identifies one request of a machine: its response, its failure and its cancellation carry the same token.
/// A machine ignores events whose token is no longer pending, so the order in which cancellations and
/// responses cross does not matter.
package struct RequestToken: Sendable, Hashable {
    package let id: UInt64
    /// The member of the registry that the request goes to, 0 ..< members; 0 where there is only one.
    package let member: Int

    package init(id: UInt64, member: Int = 0) {
        self.id = id
        self.member = member
    }
}

/// Issues the tokens of one machine.
package struct RequestTokens: Sendable {
    private var last: UInt64 = 0

    package init() {}

    package mutating func next(member: Int = 0) -> RequestToken {
        last &+= 1
        return RequestToken(id: last, member: member)
    }
}
