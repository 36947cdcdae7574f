/// Makes a rule file of an nginx configuration.
///
/// Pure: who calls reads the files. Never fails on what it does not understand: that is listed.
package struct NginxImport: Sendable {
    /// A rule file; empty when there is no server.
    package let yaml: String
    /// In the order of files and lines.
    package let findings: [NginxFinding]
    /// Directives that are nginx's own affair, and where each stands first.
    package let ignored: [(name: String, place: NginxPlace)]
    /// What the translated servers listen on, as `berth front --listen` takes it.
    package let listen: String?
    package let ruleCount: Int

    /// Whether every rule decides as the configuration does.
    package var isWhole: Bool { !findings.contains { $0.kind == .untranslated } }

    /// - Parameters:
    ///   - listen: `address:port` or a port as the configuration has it: of which socket the servers
    ///     are translated. Nil: of the one with the most servers.
    ///   - include: finds the files of an `include`.
    /// - Throws: what nginx itself could not read either.
    package init(
        _ bytes: [UInt8],
        file: String,
        listen wanted: String? = nil,
        include: @escaping (String) -> NginxInclude
    ) throws(NginxError) {
        var parser = NginxParser(find: include)
        let directives = try parser.parse(bytes, file: file)
        let translator = Translator(directives)
        for missing in parser.missing
        where !missing.include.words.contains(where: { $0.text.hasSuffix("mime.types") }) {
            let what = missing.include.words.map(\.text).joined(separator: " ")
            translator.findings.untranslated(what, at: missing.include.place, missing.reason)
        }
        let servers = translator.http.named("server").map {
            ServerBlock($0, findings: translator.findings, makeRegex: translator.makeRegex)
        }
        let chosen = SocketChoice(servers, wanted: wanted, translator.findings)
        if let chosen {
            translator.translate(chosen.servers, on: chosen.listen)
        } else {
            let start = NginxPlace(file: file, line: 1, column: 1)
            translator.findings.untranslated("server", at: start, "there is none to translate")
        }
        let settings = chosen == nil ? [] : translator.globalSettings()
        let resolver =
            translator.http.last { $0.name == "resolver" }
            ?? servers.lazy.compactMap { $0.block.last { $0.name == "resolver" } }.first
            ?? servers.lazy.flatMap(\.locations).compactMap { $0.block.last { $0.name == "resolver" } }.first
        let names = chosen == nil ? [] : translator.names(resolver: resolver)
        let order = { (place: NginxPlace) in (place.file == file ? "" : place.file, place.line, place.column)
        }
        self.findings = translator.findings.all.sorted { order($0.place) < order($1.place) }
        self.ignored = translator.ignored.map { (name: $0.key, place: $0.value) }
            .sorted { order($0.place) < order($1.place) }
        self.listen = chosen?.listen.forBerth
        self.ruleCount = translator.rules.count
        var writer = RuleFileWriter(file: file)
        writer.header(listen: chosen?.listen)
        writer.rules(translator.rules)
        writer.block(names)
        writer.block(settings)
        writer.findings(findings, ignored: ignored)
        self.yaml = translator.rules.isEmpty ? "" : writer.text
    }
}
