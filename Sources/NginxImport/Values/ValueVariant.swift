import Routing

/// What values are for the requests that meet a condition.
struct ValueVariant {
    var condition: RuleCondition
    var values: [[ValuePart]]
    /// The map entry that the values come from, if there is one.
    var position: SourceLocation?
}
