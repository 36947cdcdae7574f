import Bytes
import HTTP1
import NIOCore
import Routing

/// Queries among tiers: see `TierQuery`.
extension Exchange {
    /// Sends a query to one endpoint, and to no other.
    func begin(query head: ByteBuffer, to upstream: Upstream, of pool: TargetPool, now: NIODeadline) {
        begin(
            ExchangeMachine(requestComplete: true, idempotent: true, now: now),
            method: .options,
            now: now
        )
        facts.isQuery = true
        machine.apply(.once, now: now)
        facts.route.pool = pool
        outgoing = head
        connect(to: upstream)
    }

    /// Answers a query of a trusted peer.
    ///
    /// - Returns: false: the request is not one.
    func answerQuery(_ head: borrowing RequestHead, _ source: ByteBuffer, _ connection: ConnectionInfo)
        -> Bool
    {
        guard let responder = context.queryResponder,
            let id = TierQuery.id(in: head, source, from: connection)
        else { return false }
        facts.isQuery = true
        // From here on only the client's end can end the exchange in another way.
        machine.respondedLocally()
        // The exchange belongs to the loop that it hops back to.
        nonisolated(unsafe) let exchange = self
        let (serial, loop) = (serial, context.loop)
        let host = [UInt8](copying: source.readableBytesUInt8Span.extracting(head.host.indices))
        responder(id, host) { content in
            loop.execute { exchange.answer(serial, content) }
        }
        return true
    }

    private func answer(_ serial: UInt64, _ content: [UInt8]) {
        // It may serve another request by now.
        guard isActive, self.serial == serial else { return }
        respond(.respond(status: 200, contentType: TierQuery.contentType, body: content))
    }
}
