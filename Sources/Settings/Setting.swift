/// Settings that stand together in a rule file: `limits`, `timeouts`, the keys of a name source.
///
/// A new value has every setting at its default. What may be set, and what it means, is in `settings`.
package protocol SettingGroup: Sendable {
    /// The key that a rule file has the group under.
    static var name: String { get }
    /// Each setting once, in the order of docs/rules.md.
    static var settings: [Setting<Self>] { get }

    init()
}

/// One setting: its key, its type with unit and range, where its value is kept, and what it means.
///
/// The loader of rule files reads by it, and the tables of docs/rules.md are made from it.
package struct Setting<Group: SettingGroup>: Sendable {
    package typealias Location<Value> = any WritableKeyPath<Group, Value> & Sendable

    package enum Kind: Sendable {
        /// A number of something.
        case count(Location<Int>, unit: String, range: ClosedRange<Int>)
        /// A number of something; nil where it is not set.
        case optionalCount(Location<Int?>, unit: String, range: ClosedRange<Int>)
        /// Bytes.
        case size(Location<Int>, range: ClosedRange<Int>)
        /// Bytes, or `unlimited`: then nil, which is the default.
        case sizeOrUnlimited(Location<UInt64?>)
        /// A time; more than zero, unless `zero` says that 0 may be set.
        case duration(Location<Duration>, zero: Bool)
        /// A time, more than zero; nil where it is not set.
        case optionalDuration(Location<Duration?>)
        /// `true` or `false`.
        case flag(Location<Bool>)
        /// Any text that is not empty; nil where it is not set.
        case text(Location<String?>)
        /// The path of a file, counted from the folder of the rule file; nil where it is not set.
        case path(Location<String?>)
        /// A list whose items have a form of their own, which their reader knows.
        case list(of: String, example: String, count: ClosedRange<Int>)
        /// A value of a form of its own, which its reader knows.
        case special(type: String)
    }

    package let key: String
    package let kind: Kind
    /// What the default is, where the value itself does not show it.
    package let unset: String?
    /// What it means: a sentence or two, in the Markdown of docs/rules.md.
    package let meaning: String

    package init(_ key: String, _ kind: Kind, unset: String? = nil, _ meaning: String) {
        self.key = key
        self.kind = kind
        self.unset = unset
        self.meaning = meaning
    }
}
