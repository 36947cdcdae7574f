package import DryRun
import Names
package import RoutingConfig
import Routing

/// Loads the rules that cases test, each set once.
package final class RuleSets {
    private var loaded: [[String]: Configuration] = [:]
    private let failures: Failures

    /// Collects the errors of all files, each once.
    package final class Failures {
        package private(set) var diagnostics: [Diagnostic] = []

        package init() {}

        package func add(_ failure: ConfigurationFailure) {
            // Several files of cases may name the same broken rules.
            for diagnostic in failure.diagnostics where !diagnostics.contains(diagnostic) {
                diagnostics.append(diagnostic)
            }
        }
    }

    package init(_ failures: Failures) {
        self.failures = failures
    }

    /// Nil: the rules cannot be used, and their errors were added.
    package func dryRun(_ tier: CaseFile.Tier) -> DryRunTier? {
        do throws(ConfigurationFailure) {
            return try Self.dryRun(try configuration(tier.paths), tier)
        } catch {
            failures.add(error)
            return nil
        }
    }

    private func configuration(_ paths: [String]) throws(ConfigurationFailure) -> Configuration {
        if let known = loaded[paths] { return known }
        let configuration = try ConfigurationLoader.load(paths)
        loaded[paths] = configuration
        return configuration
    }

    private static func dryRun(
        _ configuration: Configuration,
        _ tier: CaseFile.Tier
    ) throws(ConfigurationFailure) -> DryRunTier {
        // Offline, so that cases neither wait for a network nor depend on its state.
        let origin = SourceLocation(file: tier.paths.first ?? "", line: 1, column: 1)
        var sources = configuration.names
        if let names = tier.names {
            // Those of pools belong to the rules.
            sources.removeAll { if case .pools = $0 { false } else { true } }
            sources.append(.static(names, origin: origin))
        }
        do {
            let names = try NameTable(offline: sources)
            return DryRunTier(tier.name, configuration, names: .offline(names))
        } catch {
            let hint = "the cases can define names: \(tier.name): { rules: …, names: { name: 10.0.0.1 } }"
            throw ConfigurationFailure([
                Diagnostic(code: .unreadable, file: tier.paths.first ?? "", message: "\(error)", hint: hint)
            ])
        }
    }
}
