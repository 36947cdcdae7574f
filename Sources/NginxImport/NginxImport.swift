package import Routing

/// Converts an nginx configuration into a rule file.
///
/// Does no I/O: the caller reads the files. What cannot be translated is not an error: it is listed.
package struct NginxImport: Sendable {
    /// A rule file; empty if there is no server.
    package let yaml: String
    /// In the order of files and lines.
    package let findings: [NginxFinding]
    /// Directives that do not concern routing, with the first position of each.
    package let ignored: [(name: String, position: SourceLocation)]
    /// What the translated servers listen on, as `berth front --listen` takes it.
    package let listen: String?
    package let ruleCount: Int

    /// Whether every rule decides as the configuration does.
    package var isWhole: Bool { !findings.contains(where: \.isUntranslated) }

    /// - Parameters:
    ///   - listen: the socket whose servers are translated: `address:port` or a port, as in the
    ///     configuration. Nil: the socket with the most servers.
    ///   - include: finds the files of an `include`.
    ///   - page: why a file cannot be an error page of a rule; nil: it can.
    /// - Throws: if nginx could not read the configuration either.
    package init(
        _ bytes: [UInt8],
        file: String,
        listen wanted: String? = nil,
        include: @escaping (String) -> NginxInclude,
        page: @escaping (_ path: String) -> String? = { _ in "files are not read here" }
    ) throws(NginxError) {
        var parser = NginxParser(find: include)
        let directives = try parser.parse(bytes, file: file)
        let findings = FindingCollector()
        for missing in parser.missing where !missing.include.text().hasSuffix("mime.types") {
            let isOutside = missing.block == nil || missing.block == "http"
            if missing.isEmpty, isOutside {
                findings.note(missing.include.text(), at: missing.include.position, missing.reason)
            } else {
                findings.untranslated(missing.include.text(), at: missing.include.position, missing.reason)
            }
        }
        let translation = Translation(directives, listen: wanted, page: page, findings)
        if translation.socket == nil {
            let start = SourceLocation(file: file, line: 1, column: 1)
            findings.untranslated("server", at: start, "there is no server to translate")
        }

        // The main file first, then the included ones by name.
        let order = { (position: SourceLocation) in
            (position.file == file ? "" : position.file, position.line, position.column)
        }
        self.findings = findings.all.sorted { order($0.position) < order($1.position) }
        self.ignored = translation.ignored.map { (name: $0.key, position: $0.value) }
            .sorted { order($0.position) < order($1.position) }
        self.listen = translation.socket?.forBerth
        self.ruleCount = translation.rules.count
        var writer = RuleFileWriter(file: file)
        writer.header(listen: translation.socket)
        writer.rules(translation.rules)
        writer.block(translation.pools)
        writer.block(translation.names)
        writer.block(translation.settings)
        writer.findings(self.findings, ignored: ignored)
        self.yaml = translation.rules.isEmpty ? "" : writer.text
    }
}
