import ArgumentParser
import Glibc
import RuleTesting
import Routing
import RoutingConfig

extension Test {
    /// `berth test --replay access.log`: a whole log, counted.
    func runReplay() throws {
        guard let replay else { return }
        guard format == nil || format == .text || format == .json, !update, failUnder == nil, !explain else {
            throw CommandFailure(
                "berth test: --replay goes with --format text or json, and not with options of cases"
            )
        }
        let (front, local) = try replayedRules()
        let report: ReplayReport
        do {
            var tiers: [ReplayTier] = []
            if !front.isEmpty { tiers.append(try ReplayTier("front", try RuleFiles.load(front))) }
            if !local.isEmpty { tiers.append(try ReplayTier("local", try RuleFiles.load(local))) }
            let progress = Progress("replay")
            defer { progress.end() }
            report = try Replay(tiers, frontAddress: try givenFrontAddress).run(replay) { progress.show($0) }
        } catch let failure as ReplayFailure {
            throw CommandFailure("berth test: \(failure)")
        }
        if json || format == .json {
            Terminal.output(try JSONText.pretty(report))
        } else {
            Terminal.text(ReplayText(color: Terminal.outputHasColor).render(report))
        }
    }

    /// The rules named by options, or front.yaml and local.yaml of a folder.
    private func replayedRules() throws -> (front: [String], local: [String]) {
        if !front.isEmpty || !local.isEmpty {
            guard urls.isEmpty else {
                throw CommandFailure(
                    "berth test: --replay takes its requests from the log, not from arguments"
                )
            }
            return (front, local)
        }
        guard urls.count == 1, let folder = urls.first else {
            throw CommandFailure(
                "berth test: name the rules with --front, --local or both, or the folder that has front.yaml and "
                    + "local.yaml"
            )
        }
        func found(_ name: String) -> [String] {
            let path = "\(folder)/\(name).yaml"
            return access(path, R_OK) == 0 ? [path] : []
        }
        let (front, local) = (found("front"), found("local"))
        guard !front.isEmpty || !local.isEmpty else {
            throw CommandFailure("berth test: \(folder) has neither front.yaml nor local.yaml")
        }
        return (front, local)
    }
}
