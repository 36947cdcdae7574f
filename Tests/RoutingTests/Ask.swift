import Routing
import Testing

/// A request as tests write it.
struct Ask {
    var host: String
    var target = "/"
    var method = "GET"
    var headers: [(name: String, value: String)] = []
    var client = "192.0.2.1"
    var scheme = RequestScheme.http

    init(_ host: String, _ target: String = "/", method: String = "GET") {
        self.host = host
        self.target = target
        self.method = method
    }

    func of(_ table: RouteTable, scratch: RouteScratch = RouteScratch()) throws -> Decision {
        var trace = RouteTrace()
        let traced = try of(table, scratch: scratch, trace: &trace)
        // A trace is a parameter of the decision, not another one.
        let plain = try decide { table.decide($0, headers: $1, scratch: scratch) }
        #expect("\(plain.outcome)" == "\(traced.outcome)")
        #expect(plain.ruleIndex == traced.ruleIndex)
        #expect(plain.dependsOnHostAlone == traced.dependsOnHostAlone)
        return plain
    }

    func of(_ table: RouteTable, scratch: RouteScratch, trace: inout RouteTrace) throws -> Decision {
        try decide { table.decide($0, headers: $1, scratch: scratch, trace: &trace) }
    }

    private func decide(_ body: (borrowing RouteKey, HeaderLookup) -> Decision) throws -> Decision {
        let host = try HostName(host)
        let target = Array(target.utf8)
        let method = Array(method.utf8)
        let client = try #require(IPAddress(client))
        let key = RouteKey(
            host: host.bytes.span,
            target: target.span,
            method: method.span,
            scheme: scheme,
            client: client
        )
        return body(key) { name, visit in
            for header in headers where Array(header.name.lowercased().utf8) == name {
                if visit(Array(header.value.utf8).span) { return true }
            }
            return false
        }
    }
}

extension RouteTable {
    /// A table of one rule.
    convenience init(_ rule: RuleDefinition) throws(RouteTableError) {
        try self.init([rule])
    }

    func ask(_ host: String, _ target: String = "/", method: String = "GET") throws -> Decision {
        try Ask(host, target, method: method).of(self)
    }
}

extension RuleDefinition {
    /// A rule for tests: forwards to its own name, unless told otherwise.
    static func rule(
        _ name: String = "rule",
        host: String? = nil,
        path: String? = nil,
        to: String? = nil,
        _ change: (inout RuleDefinition) -> Void = { _ in }
    ) -> RuleDefinition {
        var rule = RuleDefinition(name: name, host: host, path: path, action: .forward(to: to ?? name))
        change(&rule)
        return rule
    }
}

extension Decision {
    var forward: Forward? { if case .forward(let forward) = outcome { forward } else { nil } }
    var target: String? { forward?.target.description }
    var refusal: Refusal.Reason? { if case .refuse(let refusal) = outcome { refusal.reason } else { nil } }
    var location: String? {
        if case .redirect(_, let location) = outcome {
            String(decoding: location, as: UTF8.self)
        } else {
            nil
        }
    }
    var requestTarget: String? { forward?.requestTarget.map { String(decoding: $0, as: UTF8.self) } }
    var setHeaders: [String] {
        forward?.setHeaders.map {
            "\(String(decoding: $0.name, as: UTF8.self)): \(String(decoding: $0.value, as: UTF8.self))"
        }
            ?? []
    }
}
