import Bytes
import FoundationEssentials
import NIOCore

/// A request to the control socket.
struct ControlRequest: Sendable, Equatable {
    var method: String
    /// The segments of the path, decoded.
    var path: [String]
    var body: [UInt8] = []
    /// What follows `?`, decoded: the last value of each name.
    var query: [String: String] = [:]
    /// What the client may do.
    var level = ControlRoute.Level.operate
    /// The client is a process of this machine, and of the tier's user or of root.
    var isLocal = true
    /// How long the response may take, besides what each has; nil: no longer.
    var timeLimit: TimeAmount? {
        if method == "POST", path == ["upgrade"] { return UpgradeRequest.timeLimit(of: body) }
        return isDeployment ? DeployRequest.timeLimit(of: body) : nil
    }

    private var isDeployment: Bool {
        method == "POST" && path.count == 3 && ["deploy", "reset"].contains(path[2])
    }

    /// - Parameter target: the request's target: a path, or a whole URL.
    /// - Returns: nil where it is neither, or is not encoded as it should be.
    init?(method: String, target: String, body: [UInt8] = [], level: ControlRoute.Level = .operate) {
        guard let url = URLComponents(string: target), url.percentEncodedPath.hasPrefix("/") else {
            return nil
        }
        self.method = method
        self.body = body
        self.level = level
        path = []
        for segment in url.percentEncodedPath.split(separator: "/") {
            guard let decoded = PercentEncoding.decoded(segment) else { return nil }
            path.append(decoded)
        }
        for item in url.queryItems ?? [] { query[item.name] = item.value ?? "" }
    }
}

/// A response of the control socket.
struct ControlResponse: Sendable, Equatable {
    var status: Int
    var contentType = "application/json"
    var body: [UInt8]
    /// Besides those that each response has.
    var fields: [(name: String, value: String)] = []

    static func == (left: Self, right: Self) -> Bool {
        left.status == right.status && left.contentType == right.contentType && left.body == right.body
            && left.fields.elementsEqual(right.fields) { $0 == $1 }
    }

    private struct Problem: Codable {
        let error: String
    }

    static func value(_ value: some Encodable) -> ControlResponse {
        guard let body = try? encoder.encode(value) else {
            return error(500, "the response cannot be encoded")
        }
        return ControlResponse(status: 200, body: [UInt8](body) + [UInt8(ascii: "\n")])
    }

    static func error(_ status: Int, _ message: String) -> ControlResponse {
        let body = (try? encoder.encode(Problem(error: message))) ?? Data("{}".utf8)
        return ControlResponse(status: status, body: [UInt8](body) + [UInt8(ascii: "\n")])
    }

    /// The message of an error; nil where there is none.
    var error: String? { try? JSONDecoder().decode(Problem.self, from: Data(body)).error }

    /// The form of all JSON here.
    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return encoder
    }
}

/// Why a request to the control socket changes nothing.
struct ControlRefusal: Error {
    static let starting = ControlRefusal(503, "the tier is starting: try again")

    let status: Int
    let message: String

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }
}
