/// The condition of an `if`.
struct IfCondition {
    var condition = RuleCondition()
    /// The regular expressions that match where it holds.
    var active: [NginxRegex] = []
    /// Whether it holds for every request.
    var isAlways = false
}
