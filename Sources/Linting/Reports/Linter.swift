package import RoutingConfig
package import Routing

/// Finds what a configuration does and probably should not do, and proves it with a host or a path.
///
/// Only certain findings are reported: for patterns that are not regular, and where a limit was hit,
/// there is a note instead of a finding. May be called from any thread; takes as long as it takes,
/// within the bounds of ``LintBounds``.
package enum Linter {
    package struct Options: Sendable {
        /// Names of the certificates that listeners have, `*.test.priv` or `www.test.priv`; empty: nothing
        /// is reported about them.
        package var certificateNames: [String]
        /// The certificates of the listeners; nothing is reported about those that are not there.
        package var certificates: [Certificate]
        /// The configuration is all that a tier has: without name sources it can resolve no name.
        package var isWhole: Bool

        package init(
            certificateNames: [String] = [],
            certificates: [Certificate] = [],
            isWhole: Bool = false
        ) {
            self.certificateNames = certificateNames
            self.certificates = certificates
            self.isWhole = isWhole
        }
    }

    /// A certificate of a listener.
    package struct Certificate: Sendable {
        /// `*.test.priv`, `www.test.priv`
        package var names: [String]
        /// What the listener demands of clients where a rule does not say; nil: nothing.
        package var standard: ClientCertificates?

        package init(names: [String], standard: ClientCertificates? = nil) {
            self.names = names
            self.standard = standard
        }
    }

    /// - Returns: findings in the order of the rules; those that a comment on the line allows are left out.
    package static func findings(
        _ inspected: InspectedConfiguration,
        options: Options = Options()
    ) -> [Diagnostic] {
        let context = LintContext(inspected)
        for rule in context.rules {
            HostChecks(context: context, rule: rule).run()
            PatternChecks(context: context, rule: rule).run()
            TargetChecks(context: context, rule: rule).run()
            SpellingChecks(context: context, rule: rule).run()
            if !options.certificateNames.isEmpty {
                CertificateCheck(context: context, rule: rule, names: options.certificateNames).run()
            }
        }
        if options.isWhole { NamesCheck(context: context).run() }
        var searches = LintBounds.policySearches
        for certificate in options.certificates {
            ClientPolicyCheck(context: context, certificate: certificate).run(&searches)
        }
        PoolChecks(context: context).run()
        UpstreamTLSCheck(context: context).run()
        ShadowingCheck(context: context).run()
        OverlapCheck(context: context).run()
        return context.sorted().filter { !Suppressions.allow($0, in: inspected) }
    }
}

extension Linter {
    /// What keeps each request of a rule from being served: quick, for the start of a tier.
    package static func missingNames(_ inspected: InspectedConfiguration) -> [Diagnostic] {
        guard inspected.configuration.names.isEmpty else { return [] }
        let context = LintContext(inspected)
        NamesCheck(context: context).run()
        return context.sorted().filter { !Suppressions.allow($0, in: inspected) }
    }
}

/// The limits of one lint.
package enum LintBounds {
    /// The maximum number of rules that are examined together as the ones that match another rule's hosts first.
    package static let takers = 24
    /// Pairs of rules whose ends are compared.
    package static let pairs = 4_000_000
    /// Pairs of rules whose hosts are compared.
    package static let comparisons = 20_000
    /// Hosts of rules that are searched under certificates, to compare what is demanded of clients.
    package static let policySearches = 2_000
    /// Patterns of targets that are compared with pools; with more, every pool counts as used.
    package static let targetLanguages = 200
    /// Findings of one code; what is beyond is counted.
    package static let findingsOfACode = 200
}
