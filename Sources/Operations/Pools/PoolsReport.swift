import FoundationEssentials

/// The targets of a tier with their endpoints, as the control socket shows them. Times are seconds.
package struct PoolsReport: Codable, Sendable, Equatable {
    /// `front` or `local`.
    package var tier: String
    package var targets: [Target]
    /// The targets that an operator has paused or stopped.
    package var holds: [Hold] = []
    /// The targets that are split between others.
    package var splits: [Split] = []

    package struct Split: Codable, Sendable, Equatable {
        package struct Part: Codable, Sendable, Equatable {
            /// The target; as the rule file writes it, where it depends on the name that is split.
            package var to: String
            package var weight: Int
            /// Of the rule file.
            package var written: Int
        }

        /// The target; of a pattern that no request has led to lately, the pattern.
        package var name: String
        /// The pool of the rule file, by its name or its pattern.
        package var pool: String
        package var parts: [Part]
        /// An operator has set the weights.
        package var setByOperator: Bool
    }

    /// The targets whose endpoints an operator has deployed.
    package var deployed: [Deployed] = []
    /// What an operator has set of endpoints that no target has now.
    package var states: [State] = []

    package struct Deployed: Codable, Sendable, Equatable {
        package var name: String
        package var endpoints: [String]
    }

    package struct State: Codable, Sendable, Equatable {
        package var endpoint: String
        /// Nil: of targets without a pool.
        package var pool: String?
        package var identity: String?
        package var state: Member.State
    }

    package struct Hold: Codable, Sendable, Equatable {
        package enum State: String, Codable, Sendable {
            case paused, stopped
        }

        package var name: String
        package var state: State
        /// How long each request waits at most.
        package var max: Double?
        /// Requests that wait.
        package var waiting: Int
        package var message: String?
    }

    /// On several lines, with the keys of the control socket.
    package func json() throws -> String {
        let encoder = ControlResponse.encoder
        encoder.outputFormatting.insert(.prettyPrinted)
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    package struct Target: Codable, Sendable, Equatable {
        package var name: String
        /// The pool of the rule file, by its name or its pattern; nil: the rule file says nothing of the target.
        package var pool: String?
        package var method: String
        /// The name source that has the target.
        package var source: String?
        /// A request came for it lately: its endpoints are kept, and checked.
        package var inUse: Bool
        package var next: Next
        package var members: [Member]
        /// The requests of a target that has a limit or a queue of its own; nil: it has neither.
        package var places: Places?
    }

    /// The requests of a target on all event loops, and their limits.
    package struct Places: Codable, Sendable, Equatable {
        package var requests = 0
        package var maxRequests: Int?
        package var waiting = 0
        /// How many may wait.
        package var queue: Int?
    }

    /// What the next request would get. Each event loop has turns of its own.
    package struct Next: Codable, Sendable, Equatable {
        /// One for each turn of an event loop, without repetitions.
        package var endpoints: [String]
        /// A key of the request decides.
        package var byKey: Bool
        /// The cause of the response where no endpoint can be picked.
        package var failure: String?
    }

    package struct Member: Codable, Sendable, Equatable {
        package enum State: String, Codable, Sendable {
            case up, avoided, probing, down, drain
        }

        package var endpoint: String
        /// How connections to it are made: `https`, `h2c`; nil: `http`.
        package var scheme: String?
        package var identity: String?
        package var state: State
        /// Why it is down or avoided: a word of the log for operators.
        package var cause: String?
        /// Until it is tried again.
        package var triedIn: Double?
        /// An operator has set its state.
        package var setByOperator: Bool
        /// The name source states its state; nil: it does not.
        package var setBySource: Bool?
        /// `up` or `down`, where the tier that has published the name states it.
        package var publishedHealth: String?
        package var weight: Int
        /// The part of the weight that counts now, above 0 to 1.
        package var share: Double
        package var backup: Bool
        /// In flight, on all event loops.
        package var requests: Int
        package var maxConns: Int?
        package var check: Check?
        /// The oldest first.
        package var transitions: [Transition]
    }

    package struct Check: Codable, Sendable, Equatable {
        /// Nil: it is under way, or paused.
        package var dueIn: Double?
        /// No target that has the endpoint is in use.
        package var paused: Bool
        package var isUp: Bool
        /// Results in a row that contradict `isUp`.
        package var contradictions: Int
        package var rise: Int
        package var fall: Int
    }

    package struct Transition: Codable, Sendable, Equatable {
        package var age: Double
        package var from: String
        package var to: String
        package var cause: String
        /// The exact failure in one word; empty where there is none.
        package var detail: String
        /// What shows it, such as a request id; empty where there is nothing.
        package var evidence: String
    }
}
