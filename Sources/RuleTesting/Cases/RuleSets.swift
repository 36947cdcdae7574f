package import Operations
package import RoutingConfig
import Routing

/// The rules that cases test, each set loaded once.
package final class RuleSets {
    private var loaded: [[String]: Configuration] = [:]
    private let findings: Collected

    /// What is wrong with any of the files: all of it is told at once.
    package final class Collected {
        package private(set) var diagnostics: [Diagnostic] = []

        package init() {}

        package func add(_ failure: ConfigurationFailure) {
            // Two files of cases may name the same broken rules.
            for diagnostic in failure.diagnostics where !diagnostics.contains(diagnostic) {
                diagnostics.append(diagnostic)
            }
        }
    }

    package init(_ findings: Collected) {
        self.findings = findings
    }

    /// Nil: the rules cannot be used, and the findings say why.
    package func stage(_ tier: CaseFile.Tier) -> DryRun.Stage? {
        do throws(ConfigurationFailure) {
            return try Self.stage(try configuration(tier.paths), tier)
        } catch {
            findings.add(error)
            return nil
        }
    }

    private func configuration(_ paths: [String]) throws(ConfigurationFailure) -> Configuration {
        if let known = loaded[paths] { return known }
        let configuration = try ConfigurationLoader.load(paths)
        loaded[paths] = configuration
        return configuration
    }

    package static func stage(
        _ configuration: Configuration,
        _ tier: CaseFile.Tier
    ) throws(ConfigurationFailure) -> DryRun.Stage {
        // No request is to wait for a network, nor to depend on what somebody else changed there.
        let origin = SourceLocation(file: tier.paths.first ?? "", line: 1, column: 1)
        let plan = TierPlan(
            name: tier.name,
            configuration: configuration,
            instance: "dry-run",
            names: tier.names.map { [.static($0, origin: origin)] }
        )
        do {
            return try DryRun.Stage(plan, files: configuration.files, offline: true)
        } catch {
            let hint = "the cases may bring their own: \(tier.name): { rules: …, names: { name: 10.0.0.1 } }"
            throw ConfigurationFailure([
                Diagnostic(code: .unreadable, file: tier.paths.first ?? "", message: "\(error)", hint: hint)
            ])
        }
    }
}
