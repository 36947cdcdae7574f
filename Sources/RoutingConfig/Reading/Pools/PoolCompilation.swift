import PatternSafety
import Routing

extension ConfigurationBuilder {
    /// Reads the `pools` of a file.
    ///
    /// - Parameter source: index into `sources`.
    mutating func addPools(_ node: YAMLNode, source: Int, _ reader: NodeReader) {
        guard case .sequence(let items) = node.content else {
            let hint = "each pool starts with `- name: …` or `- match: …`"
            reader.reportUnfit(node, "`pools`", "a list of pools", hint: hint)
            return
        }
        let poolReader = PoolReader(reader: reader)
        for item in items {
            guard let pool = poolReader.pool(item) else { continue }
            pools.append(pool)
            poolLocations.append(Location(node: item, source: source))
        }
    }

    /// Compiles the pools; errors are reported at their position in the files.
    func compilePools(_ findings: DiagnosticCollector) -> PoolTable {
        do throws(PoolTableError) {
            let table = try PoolTable(pools)
            for pattern in table.catastrophicPatterns() { report(pattern, findings) }
            return table
        } catch {
            for issue in error.issues { report(issue, findings) }
            return PoolTable()
        }
    }

    private func report(_ issue: PoolIssue, _ findings: DiagnosticCollector) {
        guard let (pool, reader) = pool(issue.poolIndex, findings) else { return }
        let found = pool.node.descendant(issue.key)
        let code: Diagnostic.Code
        switch issue.kind {
        case .badValue: code = .badValue
        case .badPattern: code = .badPattern
        case .badTemplate: code = .badTemplate
        case .duplicateName: code = .duplicateName
        case .missingKey: code = .missingKey
        case .conflictingKeys: code = .conflictingKeys
        }
        // What excludes another key is marked itself.
        let node = issue.kind == .conflictingKeys ? found.key ?? found.value : found.value
        if let range = issue.range, node.text != nil {
            reader.report(code, node, at: range, issue.message, hint: issue.hint)
        } else {
            reader.report(code, node, issue.message, hint: issue.hint)
        }
    }

    private func report(_ pattern: CatastrophicPoolPattern, _ findings: DiagnosticCollector) {
        guard let (pool, reader) = pool(pattern.pool, findings) else { return }
        reader.report(
            .catastrophicPattern,
            pool.node.descendant("match").value,
            "this pattern backtracks without end, e.g. on `\(pattern.witness)`",
            hint: "let only one repetition match each byte"
        )
    }

    private func pool(_ index: Int, _ findings: DiagnosticCollector) -> (Location, NodeReader)? {
        guard poolLocations.indices.contains(index) else { return nil }
        let location = poolLocations[index]
        return (location, NodeReader(source: sources[location.source], findings: findings))
    }
}
