/// Requests one page of the prefix's entries.
package struct EtcdPageRequest: Sendable, Equatable {
    /// The first key that may be in it; nil: the prefix's first.
    package var from: [UInt8]?
    /// The revision to read; nil: the newest.
    package var revision: Int64?
    /// The maximum number of entries.
    package var limit: Int
    /// Without values: the entry's value would be too large.
    package var keysOnly: Bool

    package init(from: [UInt8]? = nil, revision: Int64? = nil, limit: Int, keysOnly: Bool = false) {
        self.from = from
        self.revision = revision
        self.limit = limit
        self.keysOnly = keysOnly
    }
}
