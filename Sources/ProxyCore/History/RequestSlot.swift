package import Balancing
import Glibc
package import NIOCore
package import Routing

/// What is kept of one request, but for its texts. Used again by later ones.
package struct RequestSlot: Sendable {
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The connection to the endpoint had been used before.
        package static let reused = Flags(rawValue: 1)
        /// The request was sent again.
        package static let retried = Flags(rawValue: 2)
        /// The client's connection was encrypted, as far as the tier knows.
        package static let secure = Flags(rawValue: 4)
        /// A protocol followed 101.
        package static let tunnel = Flags(rawValue: 8)
        /// The peer is one of `trusted_proxies`.
        package static let trusted = Flags(rawValue: 16)
        /// The rules decided, whatever they decided.
        package static let decided = Flags(rawValue: 32)
    }

    /// Counts the requests of the loop, from 1; 0: the place is empty.
    package internal(set) var number: UInt64 = 0
    package internal(set) var start = NIODeadline.uptimeNanoseconds(0)
    package internal(set) var end = NIODeadline.uptimeNanoseconds(0)
    /// When the connection to the endpoint was there; nil: it never was.
    package internal(set) var connected: NIODeadline?
    /// When the head of the response arrived, or was made.
    package internal(set) var responded: NIODeadline?
    package internal(set) var client = IPAddress(v4: 0)
    package internal(set) var peer = IPAddress(v4: 0)
    package internal(set) var endpoint: Endpoint?
    package internal(set) var status = 0
    package internal(set) var reason: Failure.Reason?
    /// The stage that was reached.
    package internal(set) var stage = RequestStage.admit
    package internal(set) var flags: Flags = []
    package internal(set) var pick = PickReason.method
    /// How many endpoints the target had; 0: none was known.
    package internal(set) var endpoints = 0
    /// … and how many of them were well at the end. Counted for failed requests.
    package internal(set) var wellEndpoints: Int?
    package internal(set) var method: BalancingMethod?
    /// As in the access log: `HTTP/1.1`.
    package internal(set) var protocolName: StaticString = ""
    package internal(set) var bytesIn: UInt64 = 0
    package internal(set) var bytesOut: UInt64 = 0
    /// Of the rules that decided: see `RequestStages.generation`.
    package internal(set) var generation: UInt64 = 0
    package internal(set) var texts = RequestTexts()
    /// The host that the rule sets in the request that is sent; nil: as received.
    package internal(set) var sentHost: [UInt8]?
}

/// A copy of what is kept of one request, for commands.
package struct KeptRequest: Sendable {
    package let slot: RequestSlot
    private let bytes: [UInt8]
    package let attempts: [RequestAttempt]
    /// Attempts before that were not kept.
    package let moreAttempts: Int
    package let waits: RequestWaits
    /// When the connection that carried the request was begun; nil: it had been there before.
    package let connectBegan: NIODeadline?
    /// When its TLS handshake began; nil: it has none.
    package let handshakeBegan: NIODeadline?
    /// What the slot has of an endpoint is an attempt of its own, after `attempts`; else it is their last one.
    package let hasLastAttempt: Bool
    /// When the request began: nanoseconds since 1970.
    package let time: Int64
    /// The rules that decided are still in force.
    package let hasCurrentRules: Bool
    /// What it does; nil: it has ended.
    package let running: RunningStage?

    init(
        slot: RequestSlot,
        bytes: [UInt8],
        notes: RequestNotes?,
        age: TimeAmount,
        hasCurrentRules: Bool,
        running: RunningStage? = nil
    ) {
        self.slot = slot
        self.bytes = bytes
        attempts = notes?.attempts ?? []
        moreAttempts = notes?.moreAttempts ?? 0
        waits = notes?.waits(now: slot.end) ?? RequestWaits()
        connectBegan = notes?.connectBegan
        handshakeBegan = notes?.handshakeBegan
        hasLastAttempt = notes?.hasAttempt ?? true
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        self.time = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) - age.nanoseconds
        self.hasCurrentRules = hasCurrentRules
        self.running = running
    }

    /// The bytes of a text, as far as they are kept; empty: there is none.
    package func bytes(of text: RequestText) -> ArraySlice<UInt8> { bytes[slot.texts.range(of: text)] }

    /// Nil: there is none. Bytes that are not UTF-8 are replaced; where it was cut, `…` follows.
    package func text(_ text: RequestText) -> String? {
        let bytes = bytes(of: text)
        guard !bytes.isEmpty else { return nil }
        return String(decoding: bytes, as: UTF8.self) + (slot.texts.isCut(text) ? "…" : "")
    }

    /// As in the access log: `HTTP/1.1`.
    package var protocolName: String { slot.protocolName.description }

    /// The named groups of the rule's patterns, as far as they are kept.
    package var captures: [(name: String, value: String)] {
        let parts = bytes(of: .captures).split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        return stride(from: 0, to: parts.count - 1, by: 2).map { (parts[$0], parts[$0 + 1]) }
    }

    /// It failed, or its endpoint responded with 500 or more.
    package var isFailed: Bool { RequestHistory.isFailed(slot.reason, status: slot.status) }
}
