import ArgumentParser
import Glibc
import RuleTesting
import Routing
import RoutingConfig

extension TestCommand {
    /// `berth test --replay access.log`: sends a whole log through the rules.
    func runReplay() throws {
        guard let replay else { return }
        guard format == nil || format == .text || format == .json, !update, failUnder == nil, !explain else {
            throw CommandFailure(
                "berth test: --replay can be used with --format text or json, and not with --update, --fail-under or --explain"
            )
        }
        let (front, local) = try replayedRules()
        let report: ReplayReport
        do {
            var tiers: [ReplayTier] = []
            if !front.isEmpty { tiers.append(try tier("front", front)) }
            if !local.isEmpty { tiers.append(try tier("local", local)) }
            let progress = Progress("replay")
            defer { progress.end() }
            report = try Replay(tiers, frontAddress: try parsedFrontAddress).run(replay) { progress.show($0) }
        } catch let failure as ReplayFailure {
            throw CommandFailure("berth test: \(failure)")
        }
        if json || format == .json {
            Terminal.output(try JSONText.pretty(report))
        } else {
            Terminal.text(ReplayText(color: Terminal.outputHasColor).render(report))
        }
    }

    private func tier(_ name: String, _ paths: [String]) throws -> ReplayTier {
        try ReplayTier(name, try ConfigurationLoader.loadForCommand(paths))
    }

    /// The rules of the options, or front.yaml and local.yaml of a folder.
    private func replayedRules() throws -> (front: [String], local: [String]) {
        if !front.isEmpty || !local.isEmpty {
            guard urls.isEmpty else {
                throw CommandFailure(
                    "berth test: --replay reads requests from the log, so it takes no URLs"
                )
            }
            return (front, local)
        }
        guard urls.count == 1, let folder = urls.first else {
            throw CommandFailure(
                "berth test: name the rules with --front, --local or both, or a folder with front.yaml and "
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
