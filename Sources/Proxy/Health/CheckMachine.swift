import Balancing
import Bytes
import HTTP1
import NIOCore
import PCRE2
import Transports

/// One check, without I/O: what each event means for its result.
///
/// Report events until one returns a result; then the connection is to be closed. The time that a check may take is the
/// caller's to watch.
struct CheckMachine {
    enum Outcome: Equatable, Sendable {
        case success
        /// In one word, such as `status_503`.
        case failure(String)
    }

    private enum Phase {
        case head
        case body(BodyDecoder)
    }

    /// Interim responses before the final one.
    private static let interimHeads = 32

    private let check: PreparedCheck
    private var phase = Phase.head
    private var inbound = ByteBuffer()
    private var scanned = 0
    private var interims = 0
    /// What the pattern is matched with.
    private var body: [UInt8] = []

    init(_ check: PreparedCheck) {
        self.check = check
    }

    /// The connection is there: what to send.
    ///
    /// - Returns: nil where nothing is sent, because the connection is all that was wanted.
    func connected() -> ByteBuffer? {
        if case .tcp = check.check.kind { nil } else { check.request }
    }

    /// - Parameters:
    ///   - head: scratch.
    ///   - scratch: for the pattern.
    mutating func received(
        _ bytes: inout ByteBuffer,
        head: inout ResponseHead,
        scratch: MatchScratch
    ) -> Outcome? {
        inbound.appendRead(&bytes)
        bytes = ByteBuffer()
        defer { inbound.keep() }
        while case .head = phase {
            let source = inbound
            do {
                let complete = try head.parse(
                    source.readableBytesUInt8Span,
                    scanned: &scanned,
                    limits: .default,
                    requestMethod: check.method
                )
                guard complete else { return nil }
            } catch {
                return .failure("invalid_response")
            }
            inbound.moveReaderIndex(forwardBy: head.length)
            scanned = 0
            if head.isInterim {
                interims += 1
                guard interims <= Self.interimHeads else { return .failure("invalid_response") }
                continue
            }
            guard isHealthy(head.status) else { return .failure("status_\(head.status)") }
            guard check.pattern != nil else { return .success }
            phase = .body(BodyDecoder(head.framing))
        }
        return readBody(scratch)
    }

    /// The endpoint sends no more.
    mutating func inputEnded(scratch: MatchScratch) -> Outcome {
        guard case .body(var decoder) = phase else {
            let isEmpty = inbound.readableBytes == 0 && interims == 0
            return .failure(isEmpty ? "empty_response" : "response_incomplete")
        }
        guard (try? decoder.finish()) != nil else { return .failure("response_incomplete") }
        return match(scratch)
    }

    private func isHealthy(_ status: Int) -> Bool {
        guard case .http(let http) = check.check.kind else { return false }
        return http.statuses.contains { $0.contains(status) }
    }

    private mutating func readBody(_ scratch: MatchScratch) -> Outcome? {
        guard case .body(var decoder) = phase else { return nil }
        var offset = 0
        var isComplete = decoder.isComplete
        let source = inbound
        let bytes = source.readableBytesUInt8Span
        do {
            pieces: while !isComplete, body.count < PreparedCheck.bodyBytes {
                switch try decoder.next(bytes, offset: &offset) {
                case .data(let range):
                    let missing = PreparedCheck.bodyBytes - body.count
                    body += [UInt8](copying: bytes.extracting(range.indices).extracting(first: missing))
                case .framing, .trailer, .skipped: continue
                case .needMore: break pieces
                case .end: isComplete = true
                }
            }
        } catch {
            return .failure("invalid_response")
        }
        inbound.moveReaderIndex(forwardBy: offset)
        phase = .body(decoder)
        return isComplete || body.count >= PreparedCheck.bodyBytes ? match(scratch) : nil
    }

    private func match(_ scratch: MatchScratch) -> Outcome {
        guard let pattern = check.pattern else { return .success }
        switch pattern.match(body.span, scratch: scratch) {
        case .matched: return .success
        case .noMatch: return .failure("body_mismatch")
        case .limitExceeded, .failed: return .failure("match_limit")
        }
    }
}
