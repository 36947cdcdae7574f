/// Changes of the header fields of responses, as a rule writes them.
public struct ResponseHeaderEdit: Sendable, Hashable {
    /// Fields that replace the response's of the same names; the values are templates.
    public var set: [HeaderSetting]
    /// Fields that the response gets in addition; the values are templates.
    public var add: [HeaderSetting]
    /// Names of fields that do not go on.
    public var remove: [String]
    /// Of the responses that are changed.
    public var statuses: StatusSet
    /// Whether the responses that the proxy makes when a request of the rule fails are changed, too.
    public var changesErrors: Bool

    public init(
        set: [HeaderSetting] = [],
        add: [HeaderSetting] = [],
        remove: [String] = [],
        statuses: StatusSet = .all,
        changesErrors: Bool = false
    ) {
        self.set = set
        self.add = add
        self.remove = remove
        self.statuses = statuses
        self.changesErrors = changesErrors
    }
}

/// A change of the URLs in `Location` and `Refresh`. Of several, the first that fits is applied.
public enum LocationRewrite: Sendable, Hashable {
    /// A URL of the endpoint itself loses scheme and authority, and the prefix of `to`.
    case ownAddress
    /// `from` is the URL's beginning (a template), or a pattern (`~…`, `~*…`); `to` is a template.
    case pair(from: String, to: String)
}
