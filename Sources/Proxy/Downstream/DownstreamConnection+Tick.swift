import ProxyCore
import NIOCore
import Routing
import Settings

/// The deadlines, looked at four times a second: no timer for a request.
extension DownstreamConnection {
    func tick(now: NIODeadline) {
        watchBacklog(now: now)
        let timeouts = worker.settings.timeouts
        switch phase {
        case .idle:
            if backlog > 0 {
                if now - stamp >= timeouts.downstream { abort() }
            } else if headBegan {
                if now - stamp >= timeouts.header { refuseHead(Failure(.requestTimeout), now: now) }
            } else if now - stamp >= (requests == 0 ? timeouts.header : timeouts.keepAlive) {
                abort()
            } else if now - stamp >= .seconds(1), inbound.readableBytes == 0 {
                exchange.releaseBuffers()
            }
        case .exchange:
            tickExchange(now: now)
        case .discarding:
            if now - stamp >= DataPathConstants.lingerTime { closeGently() }
        case .lingering:
            tickLingering(now: now)
        case .tunnel:
            exchange.outgoing = ByteBuffer()
            if now - stamp >= timeouts.tunnel {
                record()
                abort()
            }
        case .tail:
            guard let upstream = exchange.upstream else { return abort() }
            if upstream.hasTaken() { stamp = now }
            let wait = upstream.waitingBytes > 0 ? timeouts.upstream : DataPathConstants.lingerTime
            if now - stamp >= wait { abort() }
        case .closed:
            break
        }
    }

    private func tickLingering(now: NIODeadline) {
        if backlog > 0 {
            if now - stamp >= worker.settings.timeouts.downstream { abort() }
        } else if now - stamp >= DataPathConstants.lingerTime
            || now - lingerStamp >= DataPathConstants.lingerMost
        {
            abort()
        }
    }

    private func tickExchange(now: NIODeadline) {
        let timeouts = worker.settings.timeouts
        // An answer may take hours: what would be sent again, had it not begun, is of no more use.
        if exchange.machine.answer != .awaited { exchange.outgoing = ByteBuffer() }
        if let upstream = exchange.upstream, upstream.hasTaken() { exchange.machine.upstreamTook(now: now) }
        let overdue = exchange.machine.overdue(
            now: now,
            upstreamBlocked: exchange.upstream.map { !$0.isWritable } ?? false,
            downstreamBlocked: !takesAnswerBytes,
            upstreamTimeout: exchange.route.timeouts.upstream.map(TimeAmount.init) ?? timeouts.upstream,
            downstreamTimeout: exchange.route.timeouts.downstream.map(TimeAmount.init) ?? timeouts.downstream
        )
        switch overdue {
        case .upstream: fail(Failure(.upstreamTimeout))
        case .downstream:
            fail(Failure(exchange.machine.request == .streaming ? .requestTimeout : .downstreamStalled))
        case nil: break
        }
    }

    /// What has been written and the kernel has not taken yet, bytes.
    var waitingBytes: Int { channel?.waitingBytes ?? 0 }

    /// Bytes that the client took since the last tick are a sign of life, however few; and its
    /// time to take them begins when there are some.
    private func watchBacklog(now: NIODeadline) {
        let before = backlog
        let waiting = waitingBytes
        backlog = waiting
        guard waiting > 0 || before > 0 else { return }
        // Where some waits the kernel's own buffer is full, and says sooner what was taken.
        let taken = outflow.tookMore(
            waiting: waiting &+ (waiting > 0 ? channel?.unacknowledgedBytes ?? 0 : 0)
        )
        guard taken || (before == 0) != (waiting == 0) else { return }
        exchange.machine.downstreamTook(now: now)
        if phase == .idle || phase == .lingering {
            stamp = now
            lingerStamp = now
        }
    }
}
