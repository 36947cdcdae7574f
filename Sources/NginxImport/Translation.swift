import Routing

/// The parts of a rule file that a configuration becomes.
struct Translation {
    /// The socket whose servers are translated; nil: there is no server.
    let socket: Listen?
    let rules: [ImportedRule]
    /// The block `pools`.
    let pools: [ImportedRule.Line]
    /// The block `names`.
    let names: [ImportedRule.Line]
    /// The blocks `limits` and `timeouts`.
    let settings: [ImportedRule.Line]
    /// Directives that do not concern routing, with the first position of each.
    let ignored: [String: SourceLocation]

    /// - Parameter page: why a file cannot be an error page; nil: it can.
    init(
        _ directives: [Directive],
        listen wanted: String?,
        page: @escaping ErrorPageTranslator.PageCheck,
        _ findings: FindingCollector
    ) {
        // A file of conf.d has the directives of an `http` block.
        let blocks = directives.named("http")
        let http = blocks.isEmpty ? directives : blocks.flatMap { $0.block ?? [] }
        let review = DirectiveReview(findings)
        if !blocks.isEmpty { review.review(directives) }
        review.review(http)
        let regexes = RegexFactory()
        let variables = VariableTable(directives, http: http, regexes: regexes)
        let targets = TargetNames(http, findings)
        let defaults = DefaultBehaviour(variables: variables, names: targets, findings: findings)
        let settings = SettingsWriter(findings: findings)
        let servers = http.named("server").map {
            ServerBlock($0, findings: findings, regexes: regexes)
        }
        let selection = SocketSelection(servers, wanted: wanted, findings)
        socket = selection?.listen
        guard let selection else {
            (self.rules, pools, names, self.settings, ignored) = ([], [], [], [], review.ignored)
            return
        }

        let fields = FieldConditions(findings: findings)
        let guards = ReturnGuards(findings: findings)
        let values = ValueEvaluator(
            variables: variables,
            mapCondition: MapCondition(findings: findings, fields: fields, regexes: regexes)
        )
        let templates = TemplateWriter(findings: findings)
        let redirects = RedirectWriter(templates: templates)
        let responses = ResponseFieldTranslator(values: values, templates: templates, findings: findings)
        let pages = ErrorPageTranslator(findings: findings, check: page)
        let rules = RuleCollector(findings, responses: responses)
        let rewritePhase = RewritePhase(
            values: values,
            returns: ReturnTranslator(
                values: values,
                redirects: redirects,
                rules: rules,
                guards: guards,
                pages: pages,
                findings: findings
            ),
            rewrites: RewriteTranslator(
                values: values,
                redirects: redirects,
                rules: rules,
                regexes: regexes,
                guards: guards
            ),
            conditions: IfConditionParser(values: values, fields: fields, regexes: regexes),
            review: review
        )
        let forwards = ForwardTranslator(
            values: values,
            templates: templates,
            fields: HeaderFieldTranslator(values: values, templates: templates, findings: findings),
            paths: ForwardPathTranslator(templates: templates, findings: findings),
            responses: responses,
            redirects: ProxyRedirectTranslator(values: values, templates: templates, findings: findings),
            pages: pages,
            settings: settings,
            defaults: defaults,
            security: UpstreamTLSTranslator(findings: findings),
            names: targets,
            rules: rules
        )
        let locations = LocationTranslator(
            rewritePhase: rewritePhase,
            handler: LocationHandler(forwards: forwards, pages: pages, rules: rules, findings: findings),
            rules: rules,
            review: review,
            findings: findings
        )
        ServerTranslator(
            http: http,
            rewritePhase: rewritePhase,
            locations: locations,
            review: review,
            rules: rules,
            findings: findings
        ).translate(selection.servers, on: selection.listen)

        self.rules = rules.rules
        pools = PoolsWriter(names: targets).lines()
        names = NamesWriter(names: targets, findings: findings).lines()
        self.settings = settings.fileSettings(http, defaults, queriesNames: !targets.resolvers.isEmpty)
        ignored = review.ignored
    }
}
