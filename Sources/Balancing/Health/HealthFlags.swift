/// An endpoint's health as one word, for whoever picks endpoints: no flag means that it is well and nothing has to be
/// reported or computed.
public struct HealthFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Requests go to other endpoints while there are any.
    public static let avoided = HealthFlags(rawValue: 1 << 0)
    /// Checks have found it down, or have not found it up yet. Comes with `avoided`.
    public static let checkedDown = HealthFlags(rawValue: 1 << 1)
    /// It must get no request at all (`down` of an operator or the settings). Comes with `avoided`.
    public static let administrativelyDown = HealthFlags(rawValue: 1 << 2)
    /// It gets only requests that are bound to it.
    public static let drains = HealthFlags(rawValue: 1 << 3)
    /// Only a request whose `beginTrial` returns true may go there. Comes without `avoided`.
    public static let trialDue = HealthFlags(rawValue: 1 << 4)
    /// Its share grows: see `EndpointHealth.share`.
    public static let growing = HealthFlags(rawValue: 1 << 5)
    /// `tick` has to be called.
    public static let unsettled = HealthFlags(rawValue: 1 << 6)
    /// Successes of requests have to be reported.
    public static let awaitsSuccess = HealthFlags(rawValue: 1 << 7)
    /// Failures of requests have to be reported: they count.
    public static let countsFailures = HealthFlags(rawValue: 1 << 8)
    /// An operator has set its administrative state, which counts before what a name source states.
    public static let setByOperator = HealthFlags(rawValue: 1 << 9)
}
