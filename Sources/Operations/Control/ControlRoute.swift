/// One thing that the control socket of a tier offers.
struct ControlRoute: Sendable {
    /// What a client needs to be allowed.
    enum Level: String, Sendable, Comparable {
        /// Nothing: it shows nothing of the tier that a client without a token must not see.
        case open
        /// Looks at the tier.
        case read
        /// Changes it.
        case operate

        private var rank: Int {
            switch self {
            case .open: 0
            case .read: 1
            case .operate: 2
            }
        }

        static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    }

    enum Segment: Sendable, Equatable {
        case literal(String)
        /// Any segment; the name is for descriptions.
        case parameter(String)
    }

    let method: String
    let path: [Segment]
    let level: Level
    /// One sentence, for descriptions.
    let summary: String
    let respond: @Sendable (ControlRequest) async throws(ControlRefusal) -> ControlResponse

    /// - Parameter path: like `/pools/{name}/state`: a segment in braces is a parameter.
    init(
        _ method: String,
        _ path: String,
        _ level: Level,
        _ summary: String,
        respond: @escaping @Sendable (ControlRequest) async throws(ControlRefusal) -> ControlResponse
    ) {
        self.method = method
        self.path = path.split(separator: "/").map { segment in
            segment.hasPrefix("{")
                ? .parameter(String(segment.dropFirst().dropLast())) : .literal(String(segment))
        }
        self.level = level
        self.summary = summary
        self.respond = respond
    }

    func matches(_ path: [String]) -> Bool {
        guard path.count == self.path.count else { return false }
        return zip(self.path, path).allSatisfy { segment, text in
            switch segment {
            case .literal(let literal): literal == text
            case .parameter: true
            }
        }
    }
}

extension ControlRoute: CustomStringConvertible {
    /// Like `GET /pools/NAME`.
    var description: String {
        let segments = path.map { segment in
            switch segment {
            case .literal(let literal): literal
            case .parameter(let name): name.uppercased()
            }
        }
        return "\(method) /" + segments.joined(separator: "/")
    }
}

/// All that the control socket of a tier offers.
struct ControlRouter: Sendable {
    let routes: [ControlRoute]

    /// Responds to a request, with an error where it is not valid: 404 or 405 with a list of what is; 401 or 403 where
    /// the client may not.
    func respond(_ request: ControlRequest) async -> ControlResponse {
        let matching = routes.filter { $0.matches(request.path) }
        // The response to HEAD is that to GET; the connection leaves its body out.
        let method = request.method == "HEAD" ? "GET" : request.method
        guard let route = matching.first(where: { $0.method == method }) else {
            let paths = routes.map(\.description).joined(separator: ", ")
            guard !matching.isEmpty else { return .error(404, "this is not a valid path: \(paths)") }
            var response = ControlResponse.error(405, "the method is not allowed: \(paths)")
            response.fields = [("Allow", Self.allowed(matching))]
            return response
        }
        guard request.level >= route.level else { return Self.refusal(request, route) }
        do throws(ControlRefusal) { return try await route.respond(request) } catch {
            return .error(error.status, error.message)
        }
    }

    private static func allowed(_ routes: [ControlRoute]) -> String {
        var methods = routes.map(\.method)
        if methods.contains("GET") { methods.append("HEAD") }
        return methods.sorted().joined(separator: ", ")
    }

    /// Why a client gets no response of a route.
    private static func refusal(_ request: ControlRequest, _ route: ControlRoute) -> ControlResponse {
        guard request.level == .open else {
            return .error(403, "this needs the level '\(route.level)', and you have '\(request.level)'")
        }
        var response = ControlResponse.error(
            401,
            "a token is needed: send `Authorization: Bearer TOKEN` with one of --admin-token-file"
        )
        response.fields = [("WWW-Authenticate", "Bearer")]
        return response
    }
}
