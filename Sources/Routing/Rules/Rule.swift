/// A rule of a table.
public final class Rule: Sendable {
    /// Place in the table, from 0: the order in which rules are asked.
    public let index: Int

    // What every decision reads stands in front, on as few cache lines as it fits.
    let host: HostMatcher
    let action: Action
    /// Whether the host is all that the rule asks about.
    let asksHostAlone: Bool
    /// Whether what the rule gives depends on nothing else either.
    let dependsOnHostAlone: Bool

    let path: PathMatcher
    let methods: [[UInt8]]
    let headers: [HeaderMatcher]
    let clients: [CIDR]
    /// As it was written.
    public let definition: RuleDefinition

    public var name: String { definition.name }
    public var origin: SourceLocation? { definition.origin }

    enum Action: Sendable {
        case forward(ForwardPlan)
        case redirect(RedirectPlan)
        case respond(status: Int, contentType: String?, body: [UInt8])
    }

    init(
        index: Int,
        definition: RuleDefinition,
        host: HostMatcher,
        path: PathMatcher,
        headers: [HeaderMatcher],
        action: Action
    ) {
        self.index = index
        self.definition = definition
        self.host = host
        self.path = path
        self.methods = definition.methods.map { Array($0.utf8) }
        self.headers = headers
        self.clients = definition.clients
        self.action = action
        self.asksHostAlone = path.isAny && methods.isEmpty && headers.isEmpty && clients.isEmpty
        self.dependsOnHostAlone =
            switch action {
            case .forward(let plan): plan.dependsOnHostAlone
            case .redirect(let plan): plan.location.dependsOnHostAlone
            case .respond: true
            }
    }
}
