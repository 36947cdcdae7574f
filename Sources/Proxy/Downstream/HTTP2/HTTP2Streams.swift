import Bytes
import EpollLoop
import HTTP1
import HTTP2
import NIOCore
package import ProxyCore
import Routing
import Settings
import Transports

/// Called on an event loop when a client sends a flood of frames.
package typealias AbuseReport = @Sendable (_ detail: String, _ connection: ConnectionInfo) -> Void

/// What the HTTP/2 connections of one event loop share.
///
/// `@unchecked Sendable`: used on that loop alone.
final class HTTP2Streams: @unchecked Sendable {
    let memory = HTTP2Memory()
    let turns = HTTP2Turns()
    /// To be set before the first connection.
    var abuse: AbuseReport?
    /// Streams of requests that are over, to be used again with their exchanges.
    private var free: [HTTP2DownstreamStream] = []

    private static let maxFree = 128
    /// Those with something to send.
    private var links: [any HTTP2Link] = []
    /// … that wait for no other stream.
    private var soleLinks: [any HTTP2Link] = []

    func takeStream(of worker: Worker) -> HTTP2DownstreamStream {
        free.popLast() ?? HTTP2DownstreamStream(worker: worker)
    }

    func give(_ stream: HTTP2DownstreamStream) {
        stream.release()
        if free.count < Self.maxFree { free.append(stream) }
    }

    /// Calls `flush` of the connection at the end of the loop's round: one task for all that have something to send.
    ///
    /// - Parameter isSole: no other stream of the connection could send together with the one that does: `flush` comes
    ///   right after what the loop does now.
    func flushSoon(_ link: any HTTP2Link, on loop: any EventLoop, isSole: Bool) {
        if isSole, let loop = loop as? EpollLoop {
            soleLinks.append(link)
            guard soleLinks.count == 1 else { return }
            return loop.afterEvent { [self] in
                let due = soleLinks
                soleLinks = []
                for link in due { link.flush() }
            }
        }
        links.append(link)
        guard links.count == 1 else { return }
        loop.execute { [self] in
            let due = links
            links = []
            for link in due { link.flush() }
        }
    }

    func report(_ detail: String, _ meter: AbuseMeter, _ connection: ConnectionInfo, _ worker: Worker) {
        worker.context.counters.abusiveConnections &+= 1
        abuse?(
            "\(detail) (\(meter.controls) control frames, \(meter.resets) resets, \(meter.slivers) slivers)",
            connection
        )
    }
}

/// The first bytes of a connection decide its protocol.
enum HTTP2Preface {
    /// RFC 9113 §3.4.
    static let bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// A connection error: SETTINGS, which come first, and GOAWAY with PROTOCOL_ERROR before any stream.
    static let refusal: [UInt8] =
        [0, 0, 0, 4, 0, 0, 0, 0, 0] + [0, 0, 8, 7, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 1]

    enum Match { case whole, beginning, none }

    static func match(_ received: ByteBuffer) -> Match {
        let view = received.readableBytesView.prefix(bytes.count)
        guard bytes.starts(with: view) else { return .none }
        return view.count == bytes.count ? .whole : .beginning
    }
}

extension Worker {
    /// Reports a client that uses another protocol than HTTP.
    ///
    /// - Parameter error: of the head that arrived.
    func noteProtocol(_ error: RequestError, _ client: DownstreamConnection) {
        guard let name = error.otherProtocol else { return }
        otherProtocol?(name, client.connection.peer, client.connection.localPort)
    }

    /// Ends a connection without TLS whose first bytes are neither HTTP/1 nor HTTP/2, where the listener allows both: the
    /// client gets an error of HTTP/2 (RFC 9113 §3.4). A line with a method or a path gets a response of HTTP/1.
    ///
    /// - Parameter error: of the head that arrived.
    /// - Returns: whether it was ended.
    func refusesPreface(_ error: RequestError, _ client: DownstreamConnection) -> Bool {
        guard error == .badVersion, client.requests == 0, client.connection.scheme == .http,
            client.connection.listener?.allowsHTTP2 == true
        else { return false }
        let line = client.inbound
        let words = line.readableBytesView.split(separator: ASCII.space, maxSplits: 1)
        guard words.last?.first != ASCII.slash, MethodKind(atFrontOf: line.readableBytesUInt8Span) == .other
        else { return false }
        client.transport?.write(ByteBuffer(bytes: HTTP2Preface.refusal))
        client.transport?.flush()
        client.closeGently()
        return true
    }

    /// Serves a connection over HTTP/2 from its first bytes on, where the listener allows that and the client wants it.
    ///
    /// - Parameters:
    ///   - first: that has served nothing yet.
    ///   - bytes: what has arrived.
    /// - Returns: false where it stays with HTTP/1.
    func becomesHTTP2(_ first: DownstreamConnection, _ bytes: inout ByteBuffer) -> Bool {
        guard first.connection.listener?.allowsHTTP2 == true, let transport = first.transport else {
            return false
        }
        if first.connection.scheme == .https {
            guard transport.negotiatedProtocol == "h2" else { return false }
        } else {
            var all = first.inbound
            all.writeImmutableBuffer(bytes)
            switch HTTP2Preface.match(all) {
            case .none: return false
            case .beginning:
                // More has to arrive, in the time of a head.
                first.inbound = all
                first.clock.headArrives(now: now)
                transport.awaitInput()
                return true
            case .whole: bytes = all
            }
        }
        let limits = context.settings.limits.head(trusted: first.connection.trusted)
        let settings = HTTP2Settings(
            streams: context.settings.limits.streams,
            streamWindow: first.connection.trusted ? 256 << 10 : 65_535,
            headBytes: limits.headBytes,
            fields: limits.fields,
            metersAbuse: !first.connection.trusted
        )
        guard let session = try? HTTP2Session(.server, settings, http2.memory, now: now) else {
            first.abort()
            return true
        }
        let connection = HTTP2DownstreamConnection(
            worker: self,
            connection: first.connection,
            session: session,
            now: now
        )
        replace(first, by: connection)
        first.transport = nil
        // Its list has another in its place, so that this changes nothing but itself.
        first.abort()
        connection.begin(transport, &bytes)
        return true
    }
}
