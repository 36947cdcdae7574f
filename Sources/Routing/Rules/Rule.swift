/// A rule of a table.
public final class Rule: Sendable {
    /// Position in the table, from 0: the order in which rules are evaluated.
    public let index: Int

    // What every decision reads comes first, on as few cache lines as possible.
    let host: HostMatcher
    let action: Action
    /// What changes in responses; nil: nothing.
    let response: ResponsePlan?
    /// Whether the rule has no condition but the host.
    let matchesOnHostAlone: Bool
    /// Whether the rule's action depends on nothing but the host either.
    let dependsOnHostAlone: Bool

    let path: PathMatcher
    let methods: [[UInt8]]
    let headers: [HeaderMatcher]
    let clients: [CIDR]
    /// The certificate that a client needs; nil: the listener's, or none.
    package let clientCertificates: ClientCertificates?
    /// Which requests the access log has; nil: as the tier has it.
    package let accessLog: AccessLogPolicy?
    /// What is recorded of requests and responses; nil: nothing.
    package let tap: TapPolicy?
    /// As it was written.
    public let definition: RuleDefinition

    public var name: String { definition.name }
    public var origin: SourceLocation? { definition.origin }

    enum Action: Sendable {
        case forward(ForwardPlan)
        case redirect(RedirectPlan)
        case respond(status: Int, contentType: String?, body: [UInt8])
    }

    /// All that a rule does once it matches: rules may share it.
    struct Effect: Sendable {
        let action: Action
        let response: ResponsePlan?

        var dependsOnHostAlone: Bool {
            guard response?.dependsOnHostAlone ?? true else { return false }
            return switch action {
            case .forward(let plan): plan.dependsOnHostAlone
            case .redirect(let plan): plan.dependsOnHostAlone
            case .respond: true
            }
        }
    }

    init(
        index: Int,
        definition: RuleDefinition,
        host: HostMatcher,
        path: PathMatcher,
        headers: [HeaderMatcher],
        effect: Effect
    ) {
        self.index = index
        self.definition = definition
        self.host = host
        self.path = path
        self.methods = definition.methods.map { Array($0.utf8) }
        self.headers = headers
        self.clients = definition.clients
        self.clientCertificates = definition.clientCertificates
        self.accessLog = definition.accessLog
        self.tap = definition.tap
        self.action = effect.action
        self.response = effect.response
        self.matchesOnHostAlone = path.isAny && methods.isEmpty && headers.isEmpty && clients.isEmpty
        self.dependsOnHostAlone = effect.dependsOnHostAlone
    }
}
