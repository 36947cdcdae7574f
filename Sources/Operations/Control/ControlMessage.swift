import Foundation
import NIOCore

/// A request to the control socket.
struct ControlRequest: Sendable, Equatable {
    var method: String
    /// The segments of the path, decoded.
    var path: [String]
    var body: [UInt8] = []
    /// How long the response may take, besides what each has; nil: no longer.
    var timeLimit: TimeAmount? { isDeployment ? DeployRequest.timeLimit(of: body) : nil }

    private var isDeployment: Bool {
        method == "POST" && path.count == 3 && ["deploy", "reset"].contains(path[2])
    }

    /// - Parameter target: the request's target: a path, or a whole URL. What follows `?` is left out.
    /// - Returns: nil where it is neither, or is not encoded as it should be.
    init?(method: String, target: String, body: [UInt8] = []) {
        guard let url = URLComponents(string: target), url.percentEncodedPath.hasPrefix("/") else {
            return nil
        }
        self.method = method
        self.body = body
        path = []
        for segment in url.percentEncodedPath.split(separator: "/") {
            guard let decoded = segment.removingPercentEncoding else { return nil }
            path.append(decoded)
        }
    }
}

/// A response of the control socket: always JSON.
struct ControlResponse: Sendable, Equatable {
    var status: Int
    var body: [UInt8]

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
    let status: Int
    let message: String

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }
}
