/// An error, in any of the shapes that the gateway's versions have.
struct EtcdErrorResponse: Decodable, Sendable {
    /// gRPC's status code; 2 (unknown) when there is none.
    let code: Int
    let message: String

    private enum Key: String, CodingKey { case code, grpc_code, message, error }

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            (code, message) = (2, Self.printable(text))
            return
        }
        let object = try decoder.container(keyedBy: Key.self)
        let code = try? object.decode(Int.self, forKey: .code)
        let grpc = try? object.decode(Int.self, forKey: .grpc_code)
        let message = try? object.decode(String.self, forKey: .message)
        let error = try? object.decode(String.self, forKey: .error)
        self.code = code ?? grpc ?? 2
        self.message = Self.printable(message ?? error ?? "an error without a message")
    }

    /// The member's words reach logs and terminals.
    private static func printable(_ text: String) -> String { EtcdEntry.printable(Array(text.utf8)) }

    var failure: EtcdFailure {
        // gRPC: 16 unauthenticated, 11 out of range. Older members report a missing or unknown token as
        // 3 (invalid argument) with this message: etcd has no other sign of it.
        if code == 16 || (code == 3 && message.contains("user name is empty")) {
            return .unauthenticated(message)
        }
        if code == 11, message.contains("compacted") { return .compacted }
        if code == 5, message.contains("lease") { return .leaseGone }
        return .refused(message)
    }
}
