import Names
import NIOCore
import ProxyCore
import Routing

/// What operators have set of one target: where its requests go, and whether they do.
package struct ControlRecord: Codable, Equatable, Sendable {
    /// Where `berth deploy` leads the target's requests.
    package struct Deployed: Codable, Hashable, Sendable {
        package var endpoint: String
        /// Tells what is at the endpoint from what was there before; nil: it was the target's before it was deployed.
        package var identity: String?

        package init(endpoint: String, identity: String? = nil) {
            self.endpoint = endpoint
            self.identity = identity
        }
    }

    package struct Hold: Codable, Hashable, Sendable {
        package enum State: String, Codable, Sendable {
            case paused, stopped
        }

        package var state: State
        /// Of a pause: how long each request waits at most, seconds.
        package var max: Double?
        /// Of a stop: what the response says; nil: the usual.
        package var message: String?

        package static func paused(max: Double) -> Hold { Hold(state: .paused, max: max) }
        package static func stopped(message: String?) -> Hold { Hold(state: .stopped, message: message) }

        init(state: State, max: Double? = nil, message: String? = nil) {
            self.state = state
            self.max = max
            self.message = message
        }
    }

    /// Nil: the target has the endpoints of its name sources.
    package var endpoints: [Deployed]?
    /// Nil: its requests go on.
    package var hold: Hold?

    package init(endpoints: [Deployed]? = nil, hold: Hold? = nil) {
        self.endpoints = endpoints
        self.hold = hold
    }

    package var isEmpty: Bool { endpoints == nil && hold == nil }

    // MARK: For the data path

    /// As a name source has it; of a record that is valid.
    var addresses: [NamedAddress] {
        (endpoints ?? []).compactMap { deployed in
            Endpoint(deployed.endpoint).map {
                NamedAddress(address: $0.address, port: $0.port, identity: deployed.identity)
            }
        }
    }

    // MARK: Limits

    /// How long requests of a target that is paused wait, where the operator does not say, seconds.
    package static let usualWait = 30.0
    /// An hour: longer than any client waits.
    static let maxWait = 3600.0
    /// The longest message, bytes.
    static let messageBytes = 200
    /// Endpoints of one target.
    static let maxEndpoints = 256
    static let identityBytes = 256

    /// A target's name as records have it: in lower case.
    ///
    /// - Throws: why it cannot be one.
    static func name(_ text: String) throws(RecordFlaw) -> String {
        let name = text.lowercased()
        guard let host = try? HostName(name), host.port == nil else {
            throw RecordFlaw("'\(name)' is not a valid name of a target")
        }
        return name
    }

    /// - Parameter name: of the target.
    func validate(_ name: String) throws(RecordFlaw) {
        guard !isEmpty else { throw RecordFlaw("'\(name)' has neither endpoints nor a hold") }
        if let hold { try hold.validate() }
        guard let endpoints else { return }
        try Self.validate(endpoints, of: name)
    }

    /// - Parameter name: of the target.
    static func validate(_ endpoints: [Deployed], of name: String) throws(RecordFlaw) {
        let target = Target(name: name)
        guard IPAddress(name) == nil, !name.hasPrefix("["), !target.isAddressInDisguise else {
            throw RecordFlaw("'\(name)' is an address: a rule that has it leads there")
        }
        guard (1...maxEndpoints).contains(endpoints.count) else {
            throw RecordFlaw("a target has 1 to \(maxEndpoints) endpoints")
        }
        var seen: Set<Endpoint> = []
        for one in endpoints {
            guard let endpoint = Endpoint(one.endpoint), endpoint.port > 0 else {
                throw RecordFlaw("'\(one.endpoint)' is not an endpoint; write it like 10.0.0.2:8080")
            }
            guard seen.insert(endpoint).inserted else {
                throw RecordFlaw("the endpoint \(endpoint) is there twice")
            }
            if let identity = one.identity {
                guard (1...identityBytes).contains(identity.utf8.count),
                    identity.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
                else { throw RecordFlaw("the identity of \(endpoint) is not valid") }
            }
        }
    }
}

/// Why a record is not valid: a message for the operator.
package struct RecordFlaw: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

extension ControlRecord.Hold {
    /// For the data path.
    var targetHold: TargetHold {
        switch state {
        case .paused:
            let seconds = min(ControlRecord.maxWait, max ?? ControlRecord.usualWait)
            return .paused(max: .milliseconds(Swift.max(1, Int64(seconds * 1000))))
        case .stopped: return .stopped(message: message)
        }
    }

    func validate() throws(RecordFlaw) {
        switch state {
        case .paused:
            guard let max, max > 0, max <= ControlRecord.maxWait, message == nil else {
                throw RecordFlaw("the longest wait is from 1 ms to 1 h")
            }
        case .stopped:
            guard max == nil else { throw RecordFlaw("a target that is stopped has no longest wait") }
            if let message { try Self.check(message) }
        }
    }

    /// The message is a part of a field, of HTML and of JSON, as it is.
    private static func check(_ message: String) throws(RecordFlaw) {
        let special = Set("\"\\<>&".utf8)
        guard (1...ControlRecord.messageBytes).contains(message.utf8.count),
            message.utf8.allSatisfy({ (0x20...0x7E).contains($0) && !special.contains($0) })
        else {
            throw RecordFlaw(
                "the message has to be 1 to \(ControlRecord.messageBytes) printable ASCII characters without \" \\ < > &"
            )
        }
    }
}
