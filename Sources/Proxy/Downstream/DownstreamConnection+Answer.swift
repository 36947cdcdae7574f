import ProxyCore
import HTTP1
import NIOCore

/// The answer on its way back.
extension DownstreamConnection {
    /// What an answer's head makes of the upstream connection.
    enum AfterHead {
        /// Another head follows.
        case interim
        /// The body follows, which may be none.
        case body
        /// Another protocol follows.
        case tunnel
        /// The exchange is over: it has failed.
        case over
    }

    /// An answer's head came.
    func answerHead(_ head: borrowing ResponseHead, from source: ByteBuffer) -> AfterHead {
        if head.isInterim { return interim(head, from: source) }
        if head.isUpgrade, !exchange.wantsUpgrade {
            fail(Failure(.upgradeFailed))
            return .over
        }
        let coding = BodyCoding(framing: head.framing, downstream: exchange.version)
        let endsByClose = coding == .dechunk || (coding == .passthrough && head.framing == .untilClose)
        exchange.keepAlive = exchange.keepAlive && !endsByClose && !saidAll && !worker.draining
        exchange.coding = coding
        exchange.status = head.status
        exchange.answered = worker.now
        exchange.machine.answerBegan()
        let forwarding = HTTP1ResponseHeadWriter(
            coding: coding,
            framing: head.framing,
            keepAlive: exchange.keepAlive,
            downstream: exchange.version,
            date: worker.clock.dateLine
        )
        worker.scratch.out.clear()
        forwarding.write(head, from: source, into: &worker.scratch.out)
        if head.isUpgrade {
            beginTunnel()
            return .tunnel
        }
        exchange.isHeadHeld = true
        return .body
    }

    /// Takes back an answer of which nothing has been written yet: the client gets another.
    ///
    /// - Returns: false when it is too late for that.
    func withdrawAnswer() -> Bool {
        guard phase == .exchange, exchange.isHeadHeld else { return false }
        worker.scratch.out.clear()
        exchange.isHeadHeld = false
        exchange.coding = .passthrough
        exchange.machine.answerWithdrawn()
        return true
    }

    /// 1xx: passed on, though not to HTTP/1.0, which does not know them (RFC 9110 §15.2).
    private func interim(_ head: borrowing ResponseHead, from source: ByteBuffer) -> AfterHead {
        guard exchange.machine.interimAnswer(limit: DataPathConstants.interimAnswers) else {
            fail(Failure(.invalidResponse, "the target sent too many interim responses"))
            return .over
        }
        guard exchange.version == .http11 else { return .interim }
        let forwarding = HTTP1ResponseHeadWriter(
            coding: .passthrough,
            framing: .none,
            keepAlive: true,
            downstream: .http11,
            date: []
        )
        worker.scratch.out.clear()
        forwarding.write(head, from: source, into: &worker.scratch.out)
        writeOut()
        return .interim
    }

    /// The body goes on without its chunk framing.
    var wantsBareBody: Bool { exchange.coding == .dechunk }

    /// Bytes of the answer's body, or of its framing; small ones are collected behind
    /// the head, large ones go as they are.
    func answerBytes(_ source: ByteBuffer, _ range: ByteRange) {
        let framed = exchange.coding == .chunk
        if framed {
            worker.scratch.out.writeHexadecimal(UInt64(UInt(bitPattern: range.count)))
            worker.scratch.out.writeStaticString("\r\n")
        }
        if worker.scratch.out.readableBytes &+ range.count <= DataPathConstants.coalescedBytes {
            worker.scratch.out.writeBytes(
                source.readableBytesUInt8Span.extracting(range.indices).bytes
            )
        } else {
            writeOut()
            if let slice = source.getSlice(at: source.readerIndex + range.lowerBound, length: range.count) {
                write(slice)
            }
        }
        if framed { worker.scratch.out.writeStaticString("\r\n") }
    }

    /// All that a read brought has been handed over; `bytes` of content so far.
    func answerContent(bytes: UInt64) {
        exchange.bytesOut = bytes
        writeOut()
    }

    /// The answer is whole.
    func answerEnded(from upstream: UpstreamConnection) {
        guard phase == .exchange, exchange.upstream === upstream else { return }
        if exchange.coding == .chunk {
            worker.scratch.out.writeStaticString("0\r\n\r\n")
            writeOut()
        }
        exchange.machine.answerEnded()
        exchange.upstream = nil
        if exchange.machine.request == .complete, upstream.keepsAlive {
            worker.upstreams.checkIn(upstream, now: worker.now)
        } else {
            upstream.close()
        }
        finish()
    }

    /// Writes what was collected, in a buffer of its size: the loop's own keeps its room, and what
    /// waits for a slow reader holds no more than it says.
    func writeOut() {
        guard worker.scratch.out.readableBytes > 0 else { return }
        exchange.isHeadHeld = false
        var bytes = ByteBuffer()
        bytes.reserveCapacity(worker.scratch.out.readableBytes)
        bytes.writeImmutableBuffer(worker.scratch.out)
        write(bytes)
        worker.scratch.out.clear()
    }

    // MARK: After 101

    private func beginTunnel() {
        // First of all: writing may find either side gone, which then ends a tunnel.
        phase = .tunnel
        exchange.upstream?.beginTunnel()
        stamp = worker.now
        let early = inbound
        inbound = ByteBuffer()
        writeOut()
        flushAnswer()
        if early.readableBytes > 0 { tunnelFromDownstream(early) }
        if inputClosed { exchange.upstream?.closeOutput() }
        // The early bytes may have stopped the reading.
        resumeReading()
    }

    func tunnelFromDownstream(_ bytes: ByteBuffer) {
        stamp = worker.now
        exchange.upstream?.write(bytes.withoutRoom())
        exchange.upstream?.flush()
    }

    func tunnelFromUpstream(_ bytes: ByteBuffer) {
        guard phase == .tunnel else { return }
        stamp = worker.now
        exchange.bytesOut &+= UInt64(UInt(bitPattern: bytes.readableBytes))
        write(bytes.withoutRoom())
    }

    /// The upstream has closed its half: so does Berth, behind what still waits.
    func tunnelInputClosedByUpstream() {
        guard phase == .tunnel else { return }
        context?.closeOutputAfterWrites()
    }

    /// The upstream connection is gone altogether.
    func tunnelClosedByUpstream() {
        switch phase {
        case .tunnel:
            exchange.upstream = nil
            record()
            closeGently()
        case .tail:
            abort()
        default:
            break
        }
    }

    /// The client is gone. What it said before an orderly end still reaches the upstream: either half
    /// may close first, and NIO makes of the second a close of the whole.
    func tunnelClosedByClient() {
        record()
        guard inputClosed || !failed, let upstream = exchange.upstream, upstream.waitingBytes > 0 else {
            return abort()
        }
        phase = .tail
        stamp = worker.now
        upstream.closeOutput()
        // What it says now nobody hears; but its end is waited for.
        upstream.resumeReading()
    }
}
