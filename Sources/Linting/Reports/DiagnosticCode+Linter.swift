package import RoutingConfig

/// What the linter reports; docs/findings.md has a section for each.
extension Diagnostic.Code {
    /// Earlier rules match every request that the rule could match.
    package static let unreachableRule = Self(rawValue: "unreachable_rule")
    /// A rule repeats an earlier one.
    package static let duplicateRule = Self(rawValue: "duplicate_rule")
    /// Two rules share some hosts, and each has others.
    package static let overlappingRules = Self(rawValue: "overlapping_rules")
    /// A host can be divided among a pattern's captures in two ways.
    package static let ambiguousCaptures = Self(rawValue: "ambiguous_captures")
    /// `.` between letters of a host, where `\.` was meant.
    package static let unescapedDot = Self(rawValue: "unescaped_dot")
    /// A pattern without an anchor matches at positions where it was not meant to.
    package static let missingAnchor = Self(rawValue: "missing_anchor")
    /// What looks like one label matches several.
    package static let dotInLabel = Self(rawValue: "dot_in_label")
    /// No host can match.
    package static let impossibleHost = Self(rawValue: "impossible_host")
    /// A repetition beyond the longest label.
    package static let labelTooLong = Self(rawValue: "label_too_long")
    /// A host that the given wildcard certificates do not cover.
    package static let uncoveredHost = Self(rawValue: "uncovered_host")
    /// Hosts under one certificate demand different certificates of clients.
    package static let mixedClientCertificates = Self(rawValue: "mixed_client_certificates")
    /// No name source can know the target.
    package static let unknownTarget = Self(rawValue: "unknown_target")
    /// The request chooses the target's domain.
    package static let unboundedTarget = Self(rawValue: "unbounded_target")
    /// A capture without a name that is not used.
    package static let unusedCapture = Self(rawValue: "unused_capture")
    /// Rules lead to names, and there is no name source.
    package static let missingNames = Self(rawValue: "missing_names")
    /// A path or field value is written like a pattern, and is compared as text.
    package static let literalPattern = Self(rawValue: "literal_pattern")
    /// `{name}` in a template, where `${name}` was meant.
    package static let missingDollar = Self(rawValue: "missing_dollar")
    /// No rule leads to a target of the pool.
    package static let unusedPool = Self(rawValue: "unused_pool")
    /// Other pools are for every target of a pool.
    package static let shadowedPool = Self(rawValue: "shadowed_pool")
    /// A pool's retries end before one attempt to connect may.
    package static let retryTime = Self(rawValue: "retry_time")
    /// A pool's requests have nothing to wait for.
    package static let unlimitedQueue = Self(rawValue: "unlimited_queue")
    /// Whoever responds at an address is taken for the endpoint.
    package static let unverifiedTarget = Self(rawValue: "unverified_target")
    /// A note: something was not compared.
    package static let notCompared = Self(rawValue: "not_compared")

    /// All codes of the linter.
    package static let linterCodes: [Self] = [
        .unreachableRule, .duplicateRule, .overlappingRules, .ambiguousCaptures, .unescapedDot,
        .missingAnchor, .dotInLabel, .impossibleHost, .labelTooLong, .uncoveredHost, .mixedClientCertificates,
        .unknownTarget,
        .unboundedTarget, .unusedCapture, .missingNames, .literalPattern, .missingDollar, .unusedPool,
        .shadowedPool, .retryTime, .unlimitedQueue, .unverifiedTarget, .notCompared,
    ]
}
