import Routing

/// The parts of a rule file that a configuration becomes.
struct Translation {
    /// The socket whose servers are translated; nil: there is no server.
    let socket: Listen?
    let rules: [ImportedRule]
    /// The block `names`.
    let names: [ImportedRule.Line]
    /// The blocks `limits` and `timeouts`.
    let settings: [ImportedRule.Line]
    /// Directives that do not concern routing, with the first position of each.
    let ignored: [String: SourceLocation]

    init(_ directives: [Directive], listen wanted: String?, _ findings: FindingCollector) {
        // A file of conf.d has the directives of an `http` block.
        let blocks = directives.named("http")
        let http = blocks.isEmpty ? directives : blocks.flatMap { $0.block ?? [] }
        let review = DirectiveReview(findings)
        if !blocks.isEmpty { review.review(directives) }
        review.review(http)
        let regexes = RegexFactory()
        let variables = VariableTable(directives, http: http, regexes: regexes)
        let targets = TargetNames(http, findings)
        let rules = RuleCollector(findings)
        let settings = SettingsWriter(findings: findings)
        let servers = http.named("server").map {
            ServerBlock($0, findings: findings, regexes: regexes)
        }
        let selection = SocketSelection(servers, wanted: wanted, findings)
        socket = selection?.listen
        guard let selection else {
            (self.rules, names, self.settings, ignored) = ([], [], [], review.ignored)
            return
        }

        let values = ValueEvaluator(
            variables: variables,
            mapCondition: MapCondition(findings: findings, regexes: regexes)
        )
        let templates = TemplateWriter(findings: findings)
        let redirects = RedirectWriter(templates: templates)
        let rewritePhase = RewritePhase(
            values: values,
            returns: ReturnTranslator(values: values, redirects: redirects, rules: rules, findings: findings),
            rewrites: RewriteTranslator(
                values: values,
                redirects: redirects,
                rules: rules,
                regexes: regexes,
                findings: findings
            ),
            conditions: IfConditionParser(values: values, regexes: regexes),
            findings: findings
        )
        let forwards = ForwardTranslator(
            values: values,
            templates: templates,
            fields: HeaderFieldTranslator(values: values, templates: templates, findings: findings),
            paths: ForwardPathTranslator(templates: templates, findings: findings),
            settings: settings,
            names: targets,
            rules: rules
        )
        let locations = LocationTranslator(
            rewritePhase: rewritePhase,
            handler: LocationHandler(forwards: forwards, rules: rules, findings: findings),
            rules: rules,
            review: review,
            findings: findings
        )
        ServerTranslator(
            http: http,
            rewritePhase: rewritePhase,
            locations: locations,
            review: review,
            findings: findings
        ).translate(selection.servers, on: selection.listen)

        self.rules = rules.rules
        names = NamesWriter(names: targets, findings: findings).lines(resolver: Self.resolver(http, servers))
        self.settings = settings.fileSettings(http)
        ignored = review.ignored
    }

    /// The first `resolver` of the `http` blocks, of a server, or of a location.
    private static func resolver(_ http: [Directive], _ servers: [ServerBlock]) -> Directive? {
        http.last { $0.name == "resolver" }
            ?? servers.lazy.compactMap { $0.block.last { $0.name == "resolver" } }.first
            ?? servers.lazy.flatMap(\.locations).compactMap { $0.block.last { $0.name == "resolver" } }.first
    }
}
