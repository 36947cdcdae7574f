import ProxyCore
import HTTP1
import Names
import NIOCore
import Routing
import Settings

/// From a head to an upstream.
extension DownstreamConnection {
    /// Takes the next head, if it is there; true when an exchange began or ended.
    func beginRequest() -> Bool {
        let source = inbound
        do {
            let complete = try worker.requestHead.parse(
                source.readableBytesUInt8Span,
                scanned: &scanned,
                limits: headLimits
            )
            guard complete else {
                // An empty line behind a request begins no head (RFC 9112 §2.2): its sender, who
                // owes nothing, must not be told one day that it is late.
                if !headBegan, source.readableBytes > 2 {
                    headBegan = true
                    stamp = worker.now
                }
                return false
            }
        } catch {
            refuseHead(Failure(error), now: worker.now)
            return true
        }
        beginExchange(now: worker.now)
        inbound.moveReaderIndex(forwardBy: worker.requestHead.length)
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        do throws(Failure) {
            try route(worker.requestHead, source)
        } catch {
            fail(error)
        }
        return true
    }

    /// A head that can't be read, or does not come: an exchange that begins and fails.
    func refuseHead(_ failure: Failure, now: NIODeadline) {
        let begun = inbound
        beginExchange(now: now)
        exchange.machine = ExchangeMachine(requestComplete: true, idempotent: false, now: now)
        exchange.method = MethodKind(atFrontOf: begun.readableBytesUInt8Span)
        exchange.version = .http11
        exchange.decoder = BodyDecoder(.none)
        makeRequestID()
        fail(failure)
    }

    private func beginExchange(now: NIODeadline) {
        phase = .exchange
        headBegan = false
        scanned = 0
        discarded = 0
        requests &+= 1
        worker.counters.requests &+= 1
        exchange.reset(now: now)
    }

    /// Asks the rules and does what they say. `head` is valid only as long as no other
    /// head is parsed on this loop: what is needed later is copied here.
    private func route(_ head: borrowing RequestHead, _ source: ByteBuffer) throws(Failure) {
        takeNotes(head, source)
        var untraced: RouteTrace?
        try worker.stages.route(head, source, from: edge, into: &exchange.route, trace: &untraced)
        guard let ruling = exchange.route.decision else { throw Failure(.internal) }
        if let forwarding = ruling.forwarding {
            return try forward(head, source, forwarding)
        }
        switch ruling.decision.outcome {
        case .forward:
            throw Failure(.internal)
        case .redirect(let status, let location):
            answerLocally(.redirect(status: status, location: location))
        case .respond(let status, let contentType, let body):
            answerLocally(.respond(status: status, contentType: contentType, body: body))
        case .refuse(let refusal):
            throw Failure(refusal)
        }
    }

    private func forward(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ forwarding: ForwardTarget
    ) throws(Failure) {
        let name = try worker.stages.resolve(&exchange.route)
        let endpoint = name == nil ? try worker.stages.pick(&exchange.route) : nil
        exchange.outgoing.clear()
        HTTP1RequestHeadWriter(
            connection: edge,
            via: worker.stages.rules.viaLine(head.version),
            requestID: exchange.requestID
        ).write(head, from: source, edits: forwarding.edits, into: &exchange.outgoing)
        try takeSmallBody()
        if let name { try worker.wait(for: name, self) }
        if let endpoint { connect(to: endpoint) }
    }

    /// The name that this exchange waits for is known, or will not be.
    func nameSettled(_ lookup: NameLookup) {
        do throws(Failure) {
            try worker.stages.resolve(&exchange.route, with: lookup)
            connect(to: try worker.stages.pick(&exchange.route))
        } catch {
            fail(error)
        }
        advance()
    }

    /// What later steps and the log want to know of the head.
    private func takeNotes(_ head: borrowing RequestHead, _ source: ByteBuffer) {
        exchange.method = head.method
        exchange.version = head.version
        exchange.keepAlive = head.keepAlive && !worker.draining && worker.settings.timeouts.keepAlive > .zero
        exchange.clientCloses = !head.keepAlive
        exchange.wantsUpgrade = head.wantsUpgrade
        exchange.decoder = BodyDecoder(head.framing, limits: headLimits)
        exchange.machine = ExchangeMachine(
            requestComplete: head.framing.isEmpty,
            idempotent: head.idempotent && !head.wantsUpgrade,
            now: exchange.start
        )
        var kept = false
        for index in head.fields.indices {
            let field = head.fields[index]
            switch field.id {
            case .xRequestID:
                let value = source.readableBytesUInt8Span.extracting(field.value.indices)
                if !kept, RequestID.isKept(value) {
                    exchange.requestID.writeBytes(value.bytes)
                    kept = true
                }
            case .accept:
                exchange.prefersJSON =
                    exchange.prefersJSON
                    || AcceptField.prefersJSON(source.readableBytesUInt8Span.extracting(field.value.indices))
            default:
                break
            }
        }
        if !kept { makeRequestID() }
        if head.expectsContinue {
            // Whether the body follows an answer other than 100 nobody can know (RFC 9110 §10.1.1).
            exchange.expectsContinue = true
        }
        if worker.log != nil {
            exchange.notes.take(head, source)
            worker.stages.noteClient(head, source, from: edge, into: &exchange.route)
        }
    }

    private func makeRequestID() {
        RequestID.make(&worker.random, into: &exchange.requestID)
    }

    /// The same endpoint, unless the names have changed: then another may stand behind its address.
    private func endpointForRetry() -> Upstream? {
        if let endpoint = exchange.endpoint, worker.stages.isCurrent(endpoint, exchange.route) {
            return endpoint
        }
        return try? worker.stages.pick(&exchange.route)
    }

    /// A body that came whole with its head goes in the same write, and can be sent again.
    private func takeSmallBody() throws(Failure) {
        guard exchange.machine.request == .streaming, inbound.readableBytes > 0,
            inbound.readableBytes <= DataPathConstants.coalescedBytes
        else { return }
        let source = inbound
        let before = exchange.decoder
        guard try decodeBody(source) else {
            // Not whole: it goes by the ordinary way.
            exchange.decoder = before
            inbound = source
            return
        }
        for run in worker.scratch.runs {
            let range = run.lowerBound..<run.upperBound
            exchange.outgoing.writeBytes(source.readableBytesUInt8Span.extracting(range).bytes)
        }
        exchange.machine.requestEnded()
    }

    // MARK: The upstream connection

    private func connect(to endpoint: Upstream) {
        exchange.endpoint = endpoint
        if let connection = endpoint.checkOut(probing: !exchange.machine.maySendAgain) {
            attach(connection as! UpstreamConnection, reused: true)
        } else {
            connectAnew(to: endpoint)
        }
    }

    /// Makes a new connection; the answer comes to `upstreamConnected`.
    func connectAnew(to endpoint: Upstream) {
        exchange.machine.connecting()
        let serial = exchange.serial
        let timeout = exchange.route.timeouts.connect.map(TimeAmount.init) ?? worker.settings.timeouts.connect
        worker.connect(endpoint, worker, timeout) { [self] result in
            guard exchange.serial == serial, phase == .exchange else {
                // The client went away meanwhile: somebody else may have use for it.
                if case .success(let connection) = result {
                    worker.upstreams.checkIn(connection, now: worker.now)
                }
                return
            }
            switch result {
            case .success(let connection): attach(connection, reused: false)
            case .failure(let failure)
            where failure.reason == .outOfDescriptors && worker.upstreams.closeIdle():
                // Some were held by connections that wait for work.
                connectAnew(to: endpoint)
            case .failure(let failure): upstreamLost(failure)
            }
            advance()
        }
    }

    private func attach(_ connection: UpstreamConnection, reused: Bool) {
        let now = worker.now
        exchange.upstream = connection
        exchange.connected = now
        exchange.reused = reused
        exchange.machine.attached(reused: reused, now: now)
        connection.begin(self)
        connection.write(exchange.outgoing)
        connection.flush()
    }

    /// The upstream connection ended, or could not be made.
    func upstreamLost(_ failure: Failure) {
        guard phase == .exchange else { return }
        exchange.upstream = nil
        switch exchange.machine.upstreamLost(failure) {
        case .retry:
            guard let endpoint = endpointForRetry() else { return fail(failure) }
            worker.counters.retries &+= 1
            exchange.endpoint = endpoint
            connectAnew(to: endpoint)
        case .answer(let failure):
            fail(failure)
        case .breakOff(let failure):
            breakOff(failure)
        case .nothing:
            break
        }
    }
}
