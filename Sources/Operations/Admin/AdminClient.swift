import NIOHTTP1

/// What commands read of a running tier over its admin interface, and change.
package struct AdminClient: Sendable {
    private let client: ControlClient

    package init(_ client: ControlClient) {
        self.client = client
    }

    package func status() async throws(ControlClient.Problem) -> StatusReport {
        try await client.send(.GET, ["status"])
    }

    package func rules() async throws(ControlClient.Problem) -> RulesReport {
        try await client.send(.GET, ["rules"])
    }

    /// - Parameters:
    ///   - source: nil: of all sources.
    ///   - limit: nil: as many as the tier shows by itself.
    package func names(
        source: String?,
        prefix: String?,
        limit: Int?
    ) async throws(ControlClient.Problem) -> LoadedNames {
        var query: [(name: String, value: String)] = []
        if let source { query.append(("source", source)) }
        if let prefix { query.append(("prefix", prefix)) }
        if let limit { query.append(("limit", "\(limit)")) }
        return try await client.send(.GET, ["names"], query: query)
    }

    package func connections(limit: Int?) async throws(ControlClient.Problem) -> OpenConnections {
        try await client.send(.GET, ["connections"], query: limit.map { [("limit", "\($0)")] } ?? [])
    }

    package func logLevel() async throws(ControlClient.Problem) -> String {
        try await client.send(.GET, ["log-level"], as: LogLevelControl.Setting.self).level
    }

    package func set(logLevel level: String) async throws(ControlClient.Problem) {
        let setting = LogLevelControl.Setting(level: level)
        _ = try await client.send(.PUT, ["log-level"], body: setting, as: LogLevelControl.Setting.self)
    }

    /// - Parameter wait: seconds until the listeners close.
    package func drain(wait: Double) async throws(ControlClient.Problem) {
        let options = DrainControl.Options(wait: wait)
        _ = try await client.send(.POST, ["drain"], body: options, as: DrainControl.Report.self)
    }

    /// Nil: the tier does not offer it.
    func optional<Value: Decodable>(
        _ path: [String],
        query: [(name: String, value: String)] = []
    ) async throws(ControlClient.Problem) -> Value? {
        do throws(ControlClient.Problem) { return try await client.send(.GET, path, query: query) } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }

    package func pools() async throws(ControlClient.Problem) -> PoolsReport {
        try await client.send(.GET, ["pools"])
    }
}
