import Routing
import RoutingConfig

/// Reads a file of cases into a ``CaseFile``, with the reader of rule files.
struct CaseReader {
    let reader: NodeReader

    private static let keys = ["front", "local", "front_address", "defaults", "cases"]
    private static let tierKeys = ["rules", "names"]
    private static let requestKeys = ["method", "headers", "client"]
    private static let caseKeys = ["name", "url"] + requestKeys + ["expect"]

    /// - Throws: all diagnostics of the file.
    static func load(_ file: String) throws(ConfigurationFailure) -> CaseFile {
        let findings = DiagnosticCollector()
        var loaded: CaseFile?
        do throws(RuleFiles.Fault) {
            let bytes = try RuleFiles.read(file, limit: ConfigurationLoader.maxFileBytes)
            if let source = TextCheck.text(bytes, file: file, findings: findings) {
                loaded = read(source, findings)
            }
        } catch {
            findings.add(Diagnostic(code: error.code, file: file, message: error.message, hint: error.hint))
        }
        guard let loaded, !findings.hasErrors else {
            throw ConfigurationFailure(findings.sorted(files: [file]))
        }
        return loaded
    }

    static func read(_ source: SourceText, _ findings: DiagnosticCollector) -> CaseFile? {
        guard let root = YAMLParser.parse(source, findings: findings) else { return nil }
        return CaseReader(reader: NodeReader(source: source, findings: findings)).file(root)
    }

    private func file(_ root: YAMLNode) -> CaseFile? {
        guard reader.mapping(root, "a file of cases", known: Self.keys) != nil else { return nil }
        let tiers = ["front", "local"].compactMap { name in root[name].flatMap { tier(name, $0) } }
        if root["front"] == nil, root["local"] == nil {
            reader.report(
                .missingKey,
                root,
                "the file does not say which rules its cases test",
                hint: "name the rule files: front: front.yaml, local: local.yaml, or both"
            )
        }
        let defaults = request(root["defaults"], "`defaults`")
        guard let node = root["cases"], !node.isNull else {
            reader.report(
                .missingKey,
                root,
                "the file has no `cases`",
                hint: "write them as a list, each with its `url`: - url: http://a.test.priv/"
            )
            return nil
        }
        guard case .sequence(let items) = node.content else {
            reader.reportUnfit(node, "`cases`", "a list of cases", hint: "each case begins with `- name: …`")
            return nil
        }
        let frontAddress = root["front_address"].flatMap { address($0, "`front_address`") }
        return CaseFile(
            file: reader.source.file,
            tiers: tiers,
            frontAddress: frontAddress,
            cases: items.compactMap { routeCase($0, defaults, tiers.map(\.name)) },
            source: reader.source
        )
    }

    /// A path, a list of them, or `{ rules: …, names: … }`.
    private func tier(_ name: String, _ node: YAMLNode) -> CaseFile.Tier? {
        var rules = node
        var names: [StaticName]?
        if case .mapping = node.content {
            guard reader.mapping(node, "`\(name)`", known: Self.tierKeys) != nil else { return nil }
            names = node["names"].flatMap { NamesReader(reader: reader).staticNames($0) }
            guard let given = node["rules"] else {
                reader.report(
                    .missingKey,
                    node,
                    "`\(name)` has no `rules`",
                    hint: "name the rule file: rules: \(name).yaml"
                )
                return nil
            }
            rules = given
        }
        let texts: [String]?
        if case .sequence = rules.content {
            texts = reader.texts(rules, "`\(name)`", example: "\(name).yaml")
        } else {
            texts = reader.text(rules, "`\(name)`").map { [$0] }
        }
        guard let texts, !texts.isEmpty else { return nil }
        let paths = texts.map { RuleFiles.resolve($0, relativeTo: reader.source.file) }
        return CaseFile.Tier(name: name, paths: paths, names: names)
    }

    private func routeCase(_ node: YAMLNode, _ defaults: Request, _ tiers: [String]) -> RouteCase? {
        guard reader.mapping(node, "a case", known: Self.caseKeys) != nil else { return nil }
        guard let urlNode = node["url"] else {
            reader.report(
                .missingKey,
                node,
                "this case has no `url`",
                hint: "add the URL of the request: url: http://a.test.priv/"
            )
            return nil
        }
        guard let url = reader.text(urlNode, "`url`") else { return nil }
        let own = request(node, "a case")
        let method = own.method ?? defaults.method ?? "GET"
        let expect = node["expect"].flatMap { $0.isNull ? nil : $0 }
        if let expect { ExpectationReader(reader: reader, tiers: tiers).check(expect) }
        return RouteCase(
            name: node["name"].flatMap { reader.text($0, "`name`") } ?? "\(method) \(url)",
            line: Int(node.line),
            url: url,
            method: method,
            headers: defaults.headers.filter { header in
                !own.headers.contains { $0.name.lowercased() == header.name.lowercased() }
            } + own.headers,
            client: own.client ?? defaults.client ?? IPAddress(v4: 0x7F00_0001),
            expectation: Expectation(node: expect),
            node: node
        )
    }

    /// The parts of a request that `defaults` can set for all cases.
    private struct Request {
        var method: String?
        var headers: [(name: String, value: String)] = []
        var client: IPAddress?
    }

    private func request(_ node: YAMLNode?, _ key: String) -> Request {
        var request = Request()
        guard let node, !node.isNull else { return request }
        if key == "`defaults`", reader.mapping(node, key, known: Self.requestKeys) == nil { return request }
        request.method = node["method"].flatMap { reader.text($0, "`method`") }
        request.client = node["client"].flatMap { address($0, "`client`") }
        if let headers = node["headers"] { request.headers = fields(headers) }
        return request
    }

    /// Field names, each with a text, or with a list of texts for several fields of that name.
    private func fields(_ node: YAMLNode) -> [(name: String, value: String)] {
        (reader.mapping(node, "`headers`") ?? []).flatMap { pair -> [(name: String, value: String)] in
            guard let name = pair.key.text else { return [] }
            if case .sequence = pair.value.content {
                return (reader.texts(pair.value, "`\(name)`", example: "text") ?? []).map { (name, $0) }
            }
            return reader.text(pair.value, "`\(name)` in `headers`").map { [(name, $0)] } ?? []
        }
    }

    private func address(_ node: YAMLNode, _ key: String) -> IPAddress? {
        guard let text = reader.text(node, key) else { return nil }
        guard let address = IPAddress(text) else {
            let hint = "write an address like 192.0.2.7 or '2001:db8::7'"
            reader.report(.badValue, node, "`\(YAMLNode.shortened(text))` is not an IP address", hint: hint)
            return nil
        }
        return address
    }
}
