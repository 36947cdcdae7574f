import Bytes
import NIOCore

/// What a request does that has not ended.
package enum RunningStage: String, Sendable {
    /// It waits for the endpoints of a name.
    case name
    /// … for a target that is paused.
    case hold
    /// … for a place at its target.
    case place
    /// A connection is being made for it.
    case connect
    /// Its endpoint has not responded yet.
    case firstByte = "first_byte"
    /// The response is on its way.
    case body
    /// Another protocol passes both ways.
    case tunnel
    /// An error page is being fetched for it.
    case page

    /// Nil: it does not run.
    init?(_ exchange: Exchange) {
        guard exchange.isActive else { return nil }
        guard exchange.facts.pageFetch == nil else {
            self = .page
            return
        }
        switch exchange.machine.state {
        case .waiting(for: .name, _, _): self = .name
        case .waiting(for: .verdict, _, _), .waiting(for: .start, _, _): self = .hold
        case .waiting(for: .slot, _, _): self = .place
        case .connecting: self = .connect
        case .sending: self = .firstByte
        case .streaming, .finishing: self = .body
        case .tunnel: self = .tunnel
        case .deciding, .done: return nil
        }
    }
}

/// A request that runs, for `berth why`.
extension Exchange {
    /// A copy of what is known of it; nil: none runs.
    ///
    /// - Parameter generation: of the rules in force.
    package func running(generation: UInt64) -> KeptRequest? {
        guard isObserved, !facts.isQuery, let downstream, let stage = RunningStage(self) else { return nil }
        var slot = RequestSlot()
        var texts = TextShelf(places: 1)
        texts.begin(0)
        slot.generation = rulesGeneration
        RequestHistory.fill(&slot, &texts, &facts, end(downstream), downstream, isFailed: false)
        slot.bytesOut &+= tunnel?.bytesDown ?? 0
        return KeptRequest(
            slot: slot,
            bytes: texts.bytes(of: 0, count: texts.count),
            notes: facts.notes,
            age: context.now - slot.start,
            hasCurrentRules: slot.generation == generation,
            running: stage
        )
    }

    /// Whether the request has this id. As for those that are kept, case does not matter.
    package func hasID(_ id: [UInt8]) -> Bool {
        let own = facts.requestID
        return own.readableBytesUInt8Span.equalsIgnoringCase(id.span)
    }

    /// - Parameter host: without a port: requests with any are for it.
    package func isRequest(for host: [UInt8]) -> Bool {
        facts.withHost { own in
            guard host.count <= own.count, own.extracting(first: host.count).equalsIgnoringCase(host.span)
            else { return false }
            return own.count == host.count || own[host.count] == ASCII.colon
        }
    }
}
