package import Routing

/// A configuration with the location of each of its rules and pools: for tools that report on it.
public struct InspectedConfiguration: Sendable {
    public let configuration: Configuration
    private let builder: ConfigurationBuilder

    init(configuration: Configuration, builder: ConfigurationBuilder) {
        self.configuration = configuration
        self.builder = builder
    }

    /// A finding about a rule.
    ///
    /// - Parameters:
    ///   - code: what kind of finding it is.
    ///   - severity: an error or a warning.
    ///   - rule: its index in the table.
    ///   - key: as in `RuleIssue.key`; if the rule has no such key, the finding points at the rule.
    ///   - part: bytes of the key's text; nil: all of it.
    ///   - message: what is wrong, in one line.
    ///   - hint: what to do about it.
    public func finding(
        _ code: Diagnostic.Code,
        _ severity: Diagnostic.Severity = .warning,
        rule: Int,
        key: String,
        part: Range<Int>? = nil,
        _ message: String,
        hint: String? = nil
    ) -> Diagnostic {
        let location = builder.locations.indices.contains(rule) ? builder.locations[rule] : nil
        return finding(code, severity, at: location, key: key, part: part, message, hint: hint)
    }

    /// A finding about a pool.
    ///
    /// - Parameters:
    ///   - code: what kind of finding it is.
    ///   - severity: an error or a warning.
    ///   - pool: `Pool.index`.
    ///   - key: as in `PoolIssue.key`, or `retries.total_time`; if the pool has no such key, the finding points at the
    ///     pool.
    ///   - message: what is wrong, in one line.
    ///   - hint: what to do about it.
    public func finding(
        _ code: Diagnostic.Code,
        _ severity: Diagnostic.Severity = .warning,
        pool: Int,
        key: String,
        _ message: String,
        hint: String? = nil
    ) -> Diagnostic {
        let location = builder.poolLocations.indices.contains(pool) ? builder.poolLocations[pool] : nil
        return finding(code, severity, at: location, key: key, part: nil, message, hint: hint)
    }

    /// A finding about what stands at a location of one of the files.
    package func finding(
        _ code: Diagnostic.Code,
        _ severity: Diagnostic.Severity = .warning,
        at origin: SourceLocation,
        _ message: String,
        hint: String? = nil
    ) -> Diagnostic {
        builder.finding(code, severity, at: origin, message, hint: hint)
    }

    private func finding(
        _ code: Diagnostic.Code,
        _ severity: Diagnostic.Severity,
        at location: ConfigurationBuilder.Location?,
        key: String,
        part: Range<Int>?,
        _ message: String,
        hint: String?
    ) -> Diagnostic {
        guard let location else {
            let file = configuration.files.first ?? ""
            return Diagnostic(severity: severity, code: code, file: file, message: message, hint: hint)
        }
        let source = builder.sources[location.source]
        let reader = NodeReader(source: source, findings: DiagnosticCollector())
        let node = location.node.descendant(key).value
        var range = reader.range(of: node)
        if let part, node.text != nil { range = reader.range(of: node, part: part) }
        return source.diagnostic(code, at: range, message, hint: hint, severity: severity)
    }

    /// The location of a rule, for a finding about another rule: "line 6", or with the file if that
    /// is another one.
    public func location(ofRule rule: Int, seenFrom other: Int) -> String {
        guard builder.locations.indices.contains(rule), builder.locations.indices.contains(other) else {
            return ""
        }
        return location(builder.locations[rule], seenFrom: builder.locations[other])
    }

    /// The location of a pool, for a finding about another pool.
    public func location(ofPool pool: Int, seenFrom other: Int) -> String {
        guard builder.poolLocations.indices.contains(pool), builder.poolLocations.indices.contains(other)
        else {
            return ""
        }
        return location(builder.poolLocations[pool], seenFrom: builder.poolLocations[other])
    }

    private func location(
        _ a: ConfigurationBuilder.Location,
        seenFrom b: ConfigurationBuilder.Location
    ) -> String {
        let line = "line \(a.node.line)"
        return a.source == b.source ? line : "\(builder.sources[a.source].file):\(a.node.line)"
    }

    /// The text of a line of a file, from 1; nil if there is no such line.
    public func line(_ line: Int, of file: String) -> String? {
        guard let source = builder.sources.first(where: { $0.file == file }), line >= 1,
            line <= source.lineCount
        else { return nil }
        return source.string(source.line(line))
    }
}
