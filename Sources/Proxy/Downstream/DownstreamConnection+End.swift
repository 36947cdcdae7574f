import ProxyCore
import Glibc
import HTTP1
import NIOCore
import Routing

/// How an exchange ends: well, or with an answer of Berth's own, or broken off.
extension DownstreamConnection {
    /// The answer is written: record it and go on with the connection.
    func finish() {
        flushAnswer()
        // Writing may have found the client gone, and told the log of it.
        guard phase == .exchange else { return }
        record()
        if exchange.machine.request == .streaming {
            // An answer before the request's end (RFC 9112 §9.5): what still comes is thrown away,
            // so that closing does not destroy the answer on its way.
            exchange.route.bodyLimit = nil
            guard exchange.keepAlive else { return closeGently() }
            phase = .discarding
            stamp = worker.now
        } else if exchange.keepAlive, !saidAll, !worker.draining {
            becomeIdle()
        } else {
            closeAfterAnswer()
        }
        advance()
    }

    func becomeIdle() {
        phase = .idle
        // Now, and not when the answer began: that may be long ago.
        stamp = worker.now
        if worker.draining || saidAll { closeGently() }
    }

    /// Gives the client an answer of Berth's own.
    func answerLocally(_ answer: LocalResponse) {
        if exchange.machine.request == .streaming, exchange.expectsContinue {
            exchange.keepAlive = false
        }
        if saidAll || worker.draining { exchange.keepAlive = false }
        exchange.status = answer.status
        exchange.answered = worker.now
        exchange.machine.answerBegan()
        exchange.machine.answerEnded()
        let withBody = exchange.method != .head
        exchange.bytesOut = withBody ? UInt64(answer.body.count) : 0
        worker.scratch.out.clear()
        answer.write(
            keepAlive: exchange.keepAlive,
            http10: exchange.version == .http10,
            withBody: withBody,
            date: worker.clock.dateLine,
            into: &worker.scratch.out
        )
        writeOut()
        finish()
    }

    /// The exchange fails. Where no answer has begun the client gets one that says why.
    func fail(_ failure: Failure) {
        guard phase == .exchange else { return }
        if exchange.machine.answer != .awaited { return breakOff(failure) }
        note(failure)
        exchange.upstream?.abandon()
        exchange.upstream = nil
        // Where the bytes could not be understood nothing after them can be either.
        if failure.side == .downstream { exchange.keepAlive = false }
        answerLocally(
            .failure(
                failure,
                tier: worker.settings,
                requestID: String(buffer: exchange.requestID),
                representation: exchange.prefersJSON ? .json : .html
            )
        )
    }

    /// An answer has begun and can't be completed: only closing says so.
    func breakOff(_ failure: Failure) {
        note(failure)
        record()
        abort()
    }

    /// The tier's time to shut down is over.
    func breakOff() {
        switch phase {
        case .exchange:
            let failure = Failure(.draining)
            if exchange.machine.answer == .awaited { exchange.status = failure.status }
            breakOff(failure)
        case .tunnel:
            record()
            abort()
        case .idle, .discarding, .lingering, .tail, .closed:
            abort()
        }
    }

    /// The client is gone.
    func downstreamGone() {
        switch phase {
        case .exchange:
            note(Failure(.downstreamClosed))
            if exchange.machine.answer == .awaited {
                exchange.status = Failure.Reason.downstreamClosed.status
            }
            record()
        case .tunnel:
            return tunnelClosedByClient()
        case .idle, .discarding, .lingering, .tail, .closed:
            break
        }
        abort()
    }

    private func note(_ failure: Failure) {
        exchange.failure = failure
        worker.counters.failures[failure.reason, default: 0] &+= 1
    }

    // MARK: Closing

    /// Closes at once; what still waits to be written is lost.
    func abort() {
        guard phase != .closed || place >= 0 else { return }
        phase = .closed
        exchange.upstream?.abandon()
        exchange.upstream = nil
        inbound = ByteBuffer()
        worker.closed(self)
        resetIfCutOff()
        context?.close(promise: nil)
    }

    /// To HTTP/1.0 closing is how an answer ends: only a reset says that this one has not, or
    /// that some of it still waits to be taken.
    private func resetIfCutOff() {
        guard exchange.version == .http10, exchange.machine.answer == .streaming || waitingBytes > 0,
            let socket = channel as? any SocketOptionProvider
        else { return }
        // Done at once, as this is the channel's loop.
        _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }

    /// The exchange was the connection's last.
    ///
    /// Where the client itself said so and nothing of it waits to be read, there is nothing
    /// that a close could make a reset of; else the close is a gentle one.
    private func closeAfterAnswer() {
        if exchange.clientCloses, inbound.readableBytes == 0, waitingBytes == 0 {
            abort()
        } else {
            closeGently()
        }
    }

    /// Closes behind the answer: first the output, then, when the client has seen it or
    /// some time has gone by, the rest (RFC 9112 §9.6).
    func closeGently() {
        guard phase != .lingering, phase != .closed, let context else { return }
        phase = .lingering
        stamp = worker.now
        lingerStamp = stamp
        inbound = ByteBuffer()
        if inputClosed {
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.whenComplete { [self] _ in abort() }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
        } else {
            context.closeOutputAfterWrites()
        }
        resumeReading()
    }

    /// The tier shuts down: an idle connection closes, others after their exchange.
    func drain() {
        guard phase == .idle, !headBegan, inbound.readableBytes <= 2 else { return }
        // The last answer may still be on its way to a slow reader.
        if waitingBytes > 0 { closeGently() } else { abort() }
    }

    // MARK: The log

    func record() {
        guard let log = worker.log else { return }
        log.record(
            ExchangeRecord(
                client: exchange.route.client ?? edge.peer,
                peer: edge.peer,
                method: exchange.notes.methodBytes,
                target: exchange.notes.targetBytes,
                host: exchange.notes.hostBytes,
                version: exchange.version == .http10 ? "HTTP/1.0" : "HTTP/1.1",
                referer: exchange.notes.refererBytes,
                userAgent: exchange.notes.userAgentBytes,
                requestID: exchange.requestID,
                decision: exchange.route.decision?.decision,
                endpoint: exchange.endpoint?.endpoint,
                status: exchange.status,
                failure: exchange.failure,
                bytesIn: exchange.decoder.bodyBytes,
                bytesOut: exchange.bytesOut,
                start: exchange.start,
                connected: exchange.connected,
                responded: exchange.answered,
                end: worker.now,
                reused: exchange.reused,
                retried: exchange.machine.retried
            )
        )
    }
}
