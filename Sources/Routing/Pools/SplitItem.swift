/// One line of a pool's `split`, as it is written: a target, and which requests it gets.
public struct SplitItem: Sendable, Hashable {
    public enum Share: Sendable, Hashable {
        /// Its share beside the others.
        case weight(UInt16)
        /// Requests that have the field, with the value; nil: with any.
        case header(String, value: String?)
        /// Requests that have the cookie, with the value; nil: with any.
        case cookie(String, value: String?)
    }

    /// The name of the target: a text, or a template of the pool's own target.
    public var to: String
    public var share: Share

    public init(to: String, _ share: Share) {
        self.to = to
        self.share = share
    }
}
