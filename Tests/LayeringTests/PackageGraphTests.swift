import Foundation
import Testing

/// What `Package.swift` says each target is linked with, directly.
private func declaredDependencies() throws -> [String: Set<String>] {
    let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Package.swift")
    let text = try String(contentsOf: package, encoding: .utf8)
    let declaration =
        /(?:target|tests|executableTarget)\(\s*(?:name:\s*)?"(\w+)",(?:\s*path:\s*"[^"]*",)?\s*(?:dependencies:\s*)?\[([^\]]*)\]/
        .ignoresCase()
    var found: [String: Set<String>] = [:]
    for match in text.matches(of: declaration) {
        let names = match.output.2.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        found[String(match.output.1), default: []].formUnion(names.map(String.init))
    }
    return found
}

/// Everything that a target is linked with, through whatever.
private func linked(with target: String, _ dependencies: [String: Set<String>]) -> Set<String> {
    var seen: Set<String> = []
    var open = [target]
    while let next = open.popLast() {
        for dependency in dependencies[next] ?? [] where seen.insert(dependency).inserted {
            open.append(dependency)
        }
    }
    return seen
}

@Suite struct PackageGraphTests {
    @Test(arguments: ["DryRun", "RuleTesting", "DryRunTests", "RuleTestingTests"])
    func `The dry run and rule tests are linked with neither an HTTP client nor a TLS library nor sockets`(
        target: String
    ) throws {
        let dependencies = try declaredDependencies()
        let all = linked(with: target, dependencies)
        #expect(all.contains("ProxyCore"), "the dependencies of \(target) could not be read")
        #expect(
            all.isDisjoint(with: ["CCurl", "COpenSSL", "nioPosix", "Proxy", "Operations"])
        )
        // Else the test would see nothing at all.
        #expect(
            linked(with: "berth", dependencies).isSuperset(of: [
                "CCurl", "COpenSSL", target.hasSuffix("Tests") ? "DryRun" : target,
            ])
        )
    }
}
