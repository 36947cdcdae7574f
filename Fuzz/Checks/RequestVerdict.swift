package import HTTP1
import NIOCore
import Names
package import ProxyCore
import Routing
import Settings

/// What a tier does with a head, by the functions that live traffic calls.
package enum RequestVerdict: Equatable {
    case refused(Failure)
    /// Passed on, in this meaning.
    case passes(method: String, target: String, host: String, framing: BodyFraming, keepAlive: Bool)

    /// Not a whole head.
    package struct Incomplete: Error {}

    package init(_ bytes: [UInt8]) throws {
        let source = ByteBuffer(bytes: bytes)
        var head = RequestHead()
        var scanned = 0
        do {
            guard try head.parse(source.readableBytesUInt8Span, scanned: &scanned, limits: .default) else {
                throw Incomplete()
            }
        } catch let error as RequestError {
            self = .refused(Failure(error))
            return
        }
        let stages = RequestStages(
            settings: TierSettings(name: "front", instance: "test"),
            table: try RouteTable([RuleDefinition(name: "all", action: .forward(to: "origin"))]),
            names: .empty,
            addressGuard: AddressGuard(listening: [], ownAddresses: []),
            canWait: false,
            upstreams: nil,
            seed: 0
        )
        var route = RequestRoute()
        var untraced: RouteTrace?
        let peer = ConnectionInfo(peer: IPAddress(v4: 0x7F00_0001), localPort: 80, trustedProxies: [])
        do throws(Failure) {
            try stages.route(head, source, from: peer, into: &route, trace: &untraced)
        } catch {
            self = .refused(error)
            return
        }
        let text = { (range: ByteRange) in String(decoding: bytes[range.indices], as: UTF8.self) }
        let target = head.form == .asterisk ? "*" : (head.needsSlash ? "/" : "") + text(head.originForm)
        self = .passes(
            method: text(head.methodRange),
            target: target,
            host: text(head.host),
            framing: head.framing,
            keepAlive: head.keepAlive
        )
    }
}
