import CMalloc
import Dispatch
import Linting
import Logging
import NIOConcurrencyHelpers
import Routing
import RoutingConfig

/// Counts what `berth check` would report about the rules in force, in the background, and logs it in one line.
final class RuleFindings: Sendable {
    /// More rules are not checked beside traffic: `berth check` takes a core for seconds.
    static let maxRules = 10_000

    private let paths: [String]
    private let logger: Logger
    private let queue = DispatchQueue(label: "berth.findings", qos: .utility)
    /// The rules that wait to be checked: the newest alone.
    private let waiting = NIOLockedValueBox<InspectedConfiguration?>(nil)

    /// - Parameter paths: rule files and folders, as on the command line.
    init(_ paths: [String], logger: Logger) {
        self.paths = paths
        self.logger = logger
    }

    /// Checks rules that were put in force. Any thread.
    func check(_ inspected: InspectedConfiguration) {
        guard inspected.configuration.table.rules.count <= Self.maxRules else { return }
        let isFirst = waiting.withLockedValue { waiting in
            defer { waiting = inspected }
            return waiting == nil
        }
        guard isFirst else { return }
        queue.async { [self] in
            guard let newest = waiting.withLockedValue({ $0.take() }) else { return }
            report(newest)
        }
    }

    private func report(_ inspected: InspectedConfiguration) {
        // The linter's automata take more memory than the tier, and nothing else on this thread would use it again.
        defer { malloc_trim(0) }
        let found =
            inspected.configuration.warnings + Linter.findings(inspected, options: .init(isWhole: true))
        let count = found.count { $0.severity == .warning }
        guard count > 0 else { return }
        logger.warning(
            "the rules have findings: run berth check",
            metadata: [
                "findings": "\(count)", "command": "berth check \(paths.joined(separator: " "))",
            ]
        )
    }
}
