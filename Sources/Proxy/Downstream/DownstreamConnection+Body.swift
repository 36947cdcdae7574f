import ProxyCore
import HTTP1
import NIOCore

/// The request's body on its way upstream.
extension DownstreamConnection {
    /// Passes on what is there of the body, as long as the upstream takes it.
    func pumpBody() -> Bool {
        guard exchange.machine.request == .streaming, inbound.readableBytes > 0,
            let upstream = exchange.upstream, upstream.isWritable
        else { return false }
        let now = worker.now
        exchange.machine.downstreamSpoke(now: now)
        let source = inbound
        let ended: Bool
        do throws(Failure) {
            ended = try decodeBody(source)
        } catch {
            fail(error)
            return true
        }
        let serial = exchange.serial
        if !worker.scratch.runs.isEmpty {
            exchange.machine.bodyLeft()
            exchange.machine.upstreamTook(now: now)
            sendRuns(source, to: upstream)
        }
        if ended {
            exchange.machine.requestEnded()
        } else if inputClosed {
            downstreamGone()
            return true
        }
        upstream.flush()
        // Writing may have found the upstream gone, and ended the exchange.
        return exchange.serial != serial || phase != .exchange
    }

    /// Large stretches go as they are; small ones, between which something was left out, in one piece.
    private func sendRuns(_ source: ByteBuffer, to upstream: UpstreamConnection) {
        var small = ByteBuffer()
        for run in worker.scratch.runs {
            guard let slice = source.getSlice(at: source.readerIndex + run.lowerBound, length: run.count)
            else {
                continue
            }
            if worker.scratch.runs.count > 1, slice.readableBytes <= DataPathConstants.smallPieceBytes {
                small.writeImmutableBuffer(slice)
                continue
            }
            if small.readableBytes > 0 {
                upstream.write(small)
                small = ByteBuffer()
            }
            upstream.write(slice.withoutRoom())
        }
        if small.readableBytes > 0 { upstream.write(small) }
    }

    /// Finds the stretches of `inbound` that pass on and leaves them in the worker's
    /// `runs`, as offsets from the reader index of `source`; takes them from `inbound`.
    ///
    /// - Returns: whether the body is whole.
    func decodeBody(_ source: ByteBuffer) throws(Failure) -> Bool {
        worker.scratch.runs.removeAll(keepingCapacity: true)
        var offset = 0
        var ended = false
        do {
            runs: while true {
                switch try exchange.decoder.nextRun(source.readableBytesUInt8Span, offset: &offset) {
                case .pass(let range): worker.scratch.runs.append(range.indices)
                case .needMore: break runs
                case .end:
                    ended = true
                    break runs
                }
            }
        } catch {
            throw Failure(requestBody: error)
        }
        inbound.moveReaderIndex(forwardBy: offset)
        if let limit = exchange.route.bodyLimit, exchange.decoder.bodyBytes > limit {
            throw Failure(.bodyTooLarge)
        }
        return ended
    }

    /// Throws away the rest of a request that has its answer; goes on with the next
    /// one when the end is near, and closes when it is not.
    func discardBody() -> Bool {
        guard inbound.readableBytes > 0 else { return false }
        let before = inbound.readableBytes
        let ended: Bool
        do throws(Failure) {
            ended = try decodeBody(inbound)
        } catch {
            closeGently()
            return false
        }
        discarded &+= before - inbound.readableBytes
        if ended {
            becomeIdle()
            return true
        }
        if discarded > DataPathConstants.discardBytes { closeGently() }
        return false
    }
}
