package import Balancing
package import NIOCore

/// `RetrySettings` as each request reads them: no references, so that a copy costs nothing.
package struct RetryPolicy: Sendable, Equatable {
    private struct Conditions: OptionSet, Equatable {
        let rawValue: UInt8
        static let emptyResponse = Conditions(rawValue: 1)
        static let responseTimeout = Conditions(rawValue: 2)
        static let junkResponse = Conditions(rawValue: 4)
    }

    /// Statuses from 400 to 599, a bit each.
    private struct Statuses: Equatable {
        private var bits: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        private(set) var isEmpty = true

        mutating func insert(_ status: Int) {
            guard (400...599).contains(status) else { return }
            isEmpty = false
            let bit = UInt64(1) << UInt64((status - 400) % 64)
            switch (status - 400) / 64 {
            case 0: bits.0 |= bit
            case 1: bits.1 |= bit
            case 2: bits.2 |= bit
            default: bits.3 |= bit
            }
        }

        func contains(_ status: Int) -> Bool {
            guard !isEmpty, (400...599).contains(status) else { return false }
            let bit = UInt64(1) << UInt64((status - 400) % 64)
            let word =
                switch (status - 400) / 64 {
                case 0: bits.0
                case 1: bits.1
                case 2: bits.2
                default: bits.3
                }
            return word & bit != 0
        }

        static func == (a: Statuses, b: Statuses) -> Bool { a.bits == b.bits }
    }

    /// Of a target without settings of its own: connections that cannot be made, and nothing else.
    package static let standard = RetryPolicy(RetrySettings())

    /// To one endpoint, and no other.
    static let once: RetryPolicy = {
        var settings = RetrySettings()
        settings.attempts = 1
        return RetryPolicy(settings)
    }()

    /// Endpoints that one request is sent to at most.
    package let attempts: Int
    /// After this time no other attempt begins; nil: no limit.
    package let totalTime: TimeAmount?
    /// Retries among the target's requests of the last seconds, percent (`RetryBudget`).
    package let budget: Int
    /// The largest body that is kept to be sent again, bytes; zero where no retry would send it.
    package let bodyBytes: Int
    /// The endpoints are tiers, which are believed when they state that a request was sent nowhere.
    package let trustsTier: Bool
    private var conditions: Conditions = []
    private var statuses = Statuses()

    package init(_ settings: RetrySettings) {
        for condition in settings.conditions {
            switch condition {
            case .connectFailure: continue
            case .emptyResponse: conditions.insert(.emptyResponse)
            case .responseTimeout: conditions.insert(.responseTimeout)
            case .junkResponse: conditions.insert(.junkResponse)
            case .status(let status): statuses.insert(status)
            }
        }
        attempts = settings.attempts
        totalTime = settings.totalTime.map(TimeAmount.init)
        budget = settings.budget
        trustsTier = settings.trustedTier
        bodyBytes = conditions.isEmpty && statuses.isEmpty && !trustsTier ? 0 : settings.bodyBytes
    }

    /// Whether a request that failed after it was sent may be sent elsewhere, as far as the settings go.
    ///
    /// - Parameter hasResponseBytes: a part of a response had arrived.
    func includes(_ failure: Failure, hasResponseBytes: Bool) -> Bool {
        switch failure.reason {
        case .connectionReset, .streamReset, .tlsAlert:
            conditions.contains(hasResponseBytes ? .junkResponse : .emptyResponse)
        case .upstreamTimeout: conditions.contains(.responseTimeout)
        case .invalidResponse, .responseHeadTooLarge: conditions.contains(.junkResponse)
        default: false
        }
    }

    func includes(status: Int) -> Bool { statuses.contains(status) }
}
